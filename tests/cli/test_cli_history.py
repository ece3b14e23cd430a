"""``OTELWOD_HISTORY``: sessions are kept when the user asks for it, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from otelwod.archive.history import History
from otelwod.archive.otlp_json import read
from otelwod.cli import main

RUN = ["run", "--simulate", "--no-export", "--start", "2026-01-02T03:04:05Z"]


def test_sessions_are_kept_once_each(
    tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTELWOD_HISTORY", str(tmp_path / "mine"))
    fran = str(examples / "fran.wod")
    assert main([*RUN, fran, "--seed", "1"]) == 0
    assert main([*RUN, fran, "--seed", "1", "--out", str(tmp_path / "out")]) == 0
    assert main([*RUN, fran, "--seed", "2"]) == 0
    with History(tmp_path / "mine") as history:
        one, two = sorted(history.entries(), key=lambda e: e.session_id)
        assert one.workout_id == two.workout_id
        assert one.score is not None
        for entry in (one, two):
            root = list(read(history.file_of(entry)))[-1]
            assert (root.start_ns, root.end_ns) == (entry.start_ns, entry.end_ns)
    (out,) = (tmp_path / "out").iterdir()
    assert out.read_bytes() in [(tmp_path / "mine" / e.file).read_bytes() for e in (one, two)]
    assert capsys.readouterr().err == ""


def test_nothing_is_kept_unless_asked_for(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTELWOD_HISTORY", "off")
    assert main([*RUN, str(examples / "fran.wod"), "--seed", "1"]) == 0
    assert not (Path.home() / "data").exists()


def test_a_history_that_cannot_be_used_is_said_and_the_session_goes_on(
    tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OTELWOD_HISTORY", str(tmp_path / "file" / "folder"))
    assert main([*RUN, str(examples / "fran.wod"), "--seed", "1"]) == 0
    said = capsys.readouterr()
    assert "OTELWOD_HISTORY names another folder" in said.err
    assert "Fran" in said.out
