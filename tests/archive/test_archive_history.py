"""The history of sessions, and the session's file as the place for spans that memory has no room for."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from otelwod import conventions as c
from otelwod.archive.history import History, HistoryError, entry_of, history_folder
from otelwod.archive.otlp_json import SessionWriter
from otelwod.archive.session_file import SessionFile
from otelwod.trace import SpanRecord
from otelwod.tracking import ExecutionTracker

S = 1_000_000_000


def write(history: History, session_id: str, start: int = 0, workout: str = "w1", **attributes: object) -> Path:
    with SessionWriter(history.path_of(session_id)) as writer:
        tracker = ExecutionTracker(
            "Fran",
            session_id=session_id,
            anchor_ns=1_700_000_000 * S + start,
            clock=lambda: 0,
            attributes={c.WORKOUT_ID: workout, c.WORKOUT_FORMAT: "for_time", c.WORKOUT_SOURCE: "script", **attributes},
            on_record=lambda record: writer.write((record,)),
        )
        tracker.start_span("effort", "E", at=0)
        tracker.close(at=5 * S, attributes={c.SCORE_DISPLAY: "0:05", c.SCORE_TIME: 5.0})
    return writer.path


def test_the_history_is_off_until_it_is_asked_for(tmp_path: Path) -> None:
    home = str(Path.home())
    data = str(tmp_path)
    assert history_folder({}) is None
    assert history_folder({"OTELWOD_HISTORY": " Off "}) is None
    assert history_folder({"OTELWOD_HISTORY": "1", "XDG_DATA_HOME": data}) == tmp_path / "otelwod"
    assert history_folder({"OTELWOD_HISTORY": "yes", "XDG_DATA_HOME": "not/absolute"}) == Path(
        home, ".local", "share", "otelwod"
    )
    assert history_folder({"OTELWOD_HISTORY": "true"}) == Path(home, ".local", "share", "otelwod")
    assert history_folder({"OTELWOD_HISTORY": "~/mine"}) == Path(home, "mine")
    assert history_folder() is None


def test_sessions_are_found_by_workout_and_id_the_newest_first(tmp_path: Path) -> None:
    with History(tmp_path / "data") as history:
        for number, workout in enumerate(("w1", "w2", "w1")):
            history.add_file(write(history, f"s{number}", number * S, workout))
        assert [e.session_id for e in history.entries()] == ["s2", "s1", "s0"]
        assert [e.session_id for e in history.entries(workout_id="w1")] == ["s2", "s0"]
        assert [e.session_id for e in history.entries(limit=1)] == ["s2"]
        entry = history.find("s0")
        assert entry is not None
        assert (entry.workout_name, entry.workout_format, entry.source) == ("Fran", "for_time", "script")
        assert (entry.start_ns, entry.end_ns - entry.start_ns) == (1_700_000_000 * S, 5 * S)
        assert (entry.score, entry.score_time, entry.score_reps, entry.status) == ("0:05", 5.0, None, "completed")
        assert entry.file == "sessions/s0.otlp.jsonl"
        assert history.file_of(entry).exists()
        assert history.find("nobody") is None
    assert oct(history.folder.stat().st_mode & 0o777) == "0o700"
    assert oct(history.index.stat().st_mode & 0o777) == "0o600"


def test_the_same_session_never_appears_twice(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        path = write(history, "s")
        history.add_file(path)
        history.add_file(path)
        again = write(history, "s", start=7 * S)
        history.add_file(again)
        (entry,) = history.entries()
        assert entry.start_ns == 1_700_000_007 * S
        assert history.rebuild() == 1


def test_hostile_ids_stay_in_the_folder_and_in_the_index(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        for session_id in ("../../etc/passwd", "'; DROP TABLE session; --", "a\x00b\x1b[31m"):
            entry = history.add_file(write(history, session_id, workout="x' OR 1=1 --"))
            assert history.file_of(entry).resolve().is_relative_to(tmp_path.resolve())
            assert history.find(session_id) == entry
        assert len(history.entries(workout_id="x' OR 1=1 --")) == 3
        assert history.entries(workout_id="x") == ()


def test_numbers_and_texts_that_sqlite_cannot_take_harm_nobody(tmp_path: Path) -> None:
    root = SpanRecord("t" * 32, "s" * 16, None, "bad \ud800", 2**70, 2**70 + 1, attributes={c.SESSION_ID: "s"})
    with History(tmp_path) as history:
        history.add(root, tmp_path / "file")
        (entry,) = history.entries()
        assert (entry.workout_name, entry.start_ns) == ("bad \\ud800", float(2**70))


def test_files_elsewhere_keep_their_own_place(tmp_path: Path) -> None:
    with History(tmp_path / "elsewhere") as other:
        path = write(other, "s")
    with History(tmp_path / "data") as history:
        entry = history.add_file(path)
        assert entry.file == str(path)
        assert history.rebuild() == 1
        assert history.forget("s")
        assert path.exists()
        assert history.entries() == ()
        history.add_file(path)
        path.unlink()
        assert history.rebuild() == 0


def test_a_session_can_be_forgotten(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        path = write(history, "s")
        history.add_file(path)
        assert history.forget("s")
        assert not path.exists()
        assert not history.forget("s")


@pytest.mark.parametrize("damage", [b"", b"garbage" * 999, None])
def test_a_damaged_or_missing_index_is_built_anew(tmp_path: Path, damage: bytes | None) -> None:
    with History(tmp_path) as history:
        for number in range(3):
            history.add_file(write(history, f"s{number}", number * S))
        (history.sessions / "torn.otlp.jsonl").write_bytes(b'{"resourceSpans": [')
        (history.sessions / "other.otlp.jsonl").write_bytes(b"")
    if damage is None:
        history.index.unlink()
    elif damage:
        history.index.write_bytes(damage)
    else:
        content = bytearray(history.index.read_bytes())
        content[4096:8192] = bytes(4096)
        history.index.write_bytes(bytes(content))
    with History(tmp_path) as again:
        assert [e.session_id for e in again.entries()] == ["s2", "s1", "s0"]


def test_an_index_of_another_version_is_set_aside(tmp_path: Path) -> None:
    with History(tmp_path) as history:
        history.add_file(write(history, "s"))
    with sqlite3.connect(history.index) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with History(tmp_path) as again:
        assert [e.session_id for e in again.entries()] == ["s"]
    assert history.index.with_suffix(".bad").exists()


def test_what_cannot_be_used_says_so_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(HistoryError, match="OTELWOD_HISTORY names another folder"):
        History(file / "folder")
    folder = tmp_path / "data"
    (folder / "history.sqlite3").mkdir(parents=True)
    with pytest.raises(HistoryError, match="OTELWOD_HISTORY names another folder"):
        History(folder)
    with History(tmp_path / "good") as history:
        database = sqlite3.connect(history.index)
        database.execute("DROP TABLE session")
        database.close()
        with pytest.raises(HistoryError, match="built anew"):
            history.entries()
    with History(tmp_path / "good2") as history, pytest.raises(ValueError, match="no finished session"):
        history.add_file(file)


def test_only_the_root_of_a_finished_session_is_an_entry() -> None:
    root = SpanRecord("t" * 32, "s" * 16, None, "S", 1, 2, attributes={c.SESSION_ID: "s"})
    assert entry_of(root, "f").workout_name == "S"
    for wrong in (replace(root, end_ns=None), replace(root, parent_id="p"), replace(root, attributes={})):
        with pytest.raises(ValueError, match="root of a finished session"):
            entry_of(wrong, "f")


def test_many_writers_share_one_index(tmp_path: Path) -> None:
    def work(number: int) -> None:
        with History(tmp_path) as history:
            history.add_file(write(history, f"s{number}", number * S))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with History(tmp_path) as history:
        assert len(history.entries()) == 8


# ------------------------------------------------------------------------------------------------ the session's file


def test_spans_beyond_the_capacity_are_found_in_the_sessions_file(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "s.otlp.jsonl")
    file = SessionFile(writer)
    tracker = ExecutionTracker(
        "S",
        anchor_ns=S,
        clock=lambda: 0,
        resource={"service.name": "x"},
        capacity=2,
        overflow=file,
        on_record=file.write,
    )
    ids = []
    for number in range(6):
        ids.append(tracker.start_span("effort", f"E{number}", at=number))
        tracker.record_metric("reps", number, at=number)
        tracker.end_span(at=number + 1)
    assert len(tracker.records) == 2
    assert [tracker.find(i).name for i in ids] == [f"E{n}" for n in range(6)]
    view = tracker.spans.by_id(ids[3])
    assert (view.metrics.reps.value, view.label) == (3, "E3")
    assert tracker.losses["records_let_go"] == 0
    tracker.close(at=6)
    writer.close()
    assert tracker.find(ids[0]).attributes[c.REPS_DONE] == 0
    assert tracker.find("no such span") is None


def test_a_record_that_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "s.otlp.jsonl")
    file = SessionFile(writer)
    real, full = writer.write, [True]

    def write_or_fail(records: object) -> None:
        if full[0]:
            raise OSError(28, os.strerror(28))
        real(records)  # type: ignore[arg-type]

    writer.write = write_or_fail  # type: ignore[method-assign]
    tracker = ExecutionTracker("S", anchor_ns=S, clock=lambda: 0, capacity=1, overflow=file, on_record=file.write)
    ids = []
    for number in range(3):
        ids.append(tracker.start_span("effort", f"E{number}", at=number))
        tracker.end_span(at=number + 1)
        full[0] = number == 0
    completed = tracker._writer.completed
    assert (completed.moved, completed.let_go, tracker.losses["listener_failures"]) == (1, 1, 2)
    assert tracker.find(ids[0]) is None
    assert tracker.find(ids[1]).name == "E1"
    tracker.close(at=9)
    writer.close()
