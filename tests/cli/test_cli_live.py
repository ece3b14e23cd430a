"""A live session: the keyboard as an athlete, the status line, the journal and its resumption, a real terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from otelwod.archive.otlp_json import read
from otelwod.cli.journals import LiveJournal, state_folder, unfinished_journal
from otelwod.cli.live import one_line, run_live, status_line, steady_ns
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.stages.pipeline.progress import Progress
from otelwod.workout import parse

S = 10**9


class Script:
    """Keys with the second at which each is pressed; the clock of the session is the script's."""

    def __init__(self, presses: list[tuple[float, str]]) -> None:
        self._presses = list(presses)
        self.now = 0

    def read(self, timeout_s: float) -> str:
        if not self._presses:
            self.now += int(timeout_s * S)
            return ""
        at, key = self._presses[0]
        until = self.now + int(timeout_s * S)
        if at * S > until:
            self.now = until
            return ""
        self.now = max(self.now, int(at * S))
        self._presses.pop(0)
        return key


def play(text: str, presses: list[tuple[float, str]]) -> tuple[Session, list[Input], list[str]]:
    session = Session(compile_workout(parse(text)))
    session.send(Input("start", 0))
    recorded: list[Input] = []
    shown: list[str] = []
    script = Script(presses)
    run_live(session, script, elapsed_ns=lambda: script.now, record=recorded.append, show=shown.append)
    return session, recorded, shown


def taps(recorded: list[Input]) -> list[tuple[str, float, float]]:
    return [(entry.kind, entry.t / S, entry.value) for entry in recorded if entry.kind != "tick"]


def test_the_keys_of_an_athlete() -> None:
    session, recorded, _ = play(
        "10 Burpees\n20 Sit-ups\n",
        [(1, "5"), (1, "r"), (2, "p"), (4, "p"), (5, "b"), (6, "\n"), (7, "u"), (8, " "), (9, "x"), (10, "s")],
    )
    assert session.is_done
    assert taps(recorded) == [
        ("reps", 1, 5),
        ("pause", 2, 0),
        ("resume", 4, 0),
        ("rest", 5, 0),
        ("next", 6, 0),
        ("undo", 7, 0),
        ("next", 8, 0),
        ("skip", 10, 0),
    ]


def test_stop_ends_it() -> None:
    session, recorded, shown = play("10 Burpees\n", [(1, "q"), (2, "x"), (3, "q"), (4, "q")])
    assert session.is_done
    assert taps(recorded) == [("stop", 4, 0)]
    assert "Press q again to stop, any other key to go on." in shown


def test_the_count_is_shown() -> None:
    _, _, shown = play("10 Burpees\n", [(1, "7"), (1, "r"), (2, "q"), (2.05, "q")])
    assert any("10 Burpees · 7 reps" in line for line in shown)


def test_the_clock_is_in_the_journal_once_a_second() -> None:
    _, recorded, _ = play(":05 Plank\n", [])
    ticks = [entry.t for entry in recorded if entry.kind == "tick"]
    assert 4 <= len(ticks) <= 6
    assert all(later - earlier >= S for earlier, later in pairwise(ticks))


def test_the_status_line_says_what_a_gym_clock_says() -> None:
    session = Session(compile_workout(parse("EMOM 2\n  5 Power Cleans\n")))
    session.send(Input("start", 0))
    session.send(Input("tick", 12 * S))
    assert status_line(session) == "0:12 · Interval 1 · 5 Power Cleans · 0:48 left · next: 5 Power Cleans"
    session.send(Input("pause", 13 * S))
    assert status_line(session, "7") == "0:13 · Interval 1 · 5 Power Cleans · PAUSED · next: 5 Power Cleans · [7]"


def test_rounds_and_hostile_names_in_the_status_line() -> None:
    session = Session(compile_workout(parse("(2)\n  10 Burpees\n")))
    session.send(Input("start", 0))
    session.send(Input("next", 5 * S))
    assert status_line(session) == "0:05 · Round 2 · 10 Burpees"


def test_one_line_is_cleared() -> None:
    stream = io.StringIO()
    stream.fileno = lambda: 0  # type: ignore[method-assign]
    with one_line(stream) as show:
        show("0:01")
    assert stream.getvalue() == "\r\x1b[K0:01\r\x1b[K"


def test_steady_time_never_goes_back() -> None:
    first = steady_ns()
    assert steady_ns() >= first


def test_progress_only_on_a_terminal_and_only_when_long() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    now = [0.0]
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        now[0] = 0.0
        with Progress("running", stream, lambda: now[0]) as progress:
            for _ in range(200):
                progress.step()
                now[0] += 0.01
    assert "running: 128 steps" in terminal.getvalue()
    assert pipe.getvalue() == ""


# ------------------------------------------------------------------------------------------------------------- journals


def test_a_finished_session_leaves_no_journal() -> None:
    with LiveJournal.open("s1", "w1", 5) as journal:
        journal.write(Input("next", S))
        assert unfinished_journal("w1") is not None
        journal.finish()
    assert unfinished_journal("w1") is None


def test_a_cut_journal_goes_on_behind_its_last_whole_line() -> None:
    with LiveJournal.open("s1", "w1", 5) as journal:
        journal.write(Input("next", S))
    (path,) = state_folder().iterdir()
    whole = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(whole + b'{"t": 12')
    with LiveJournal.open("s1", "w1", 99) as journal:
        journal.write(Input("next", 3 * S))
    cut_off = unfinished_journal("w1")
    assert cut_off is not None
    assert (cut_off.session_id, cut_off.started_ns) == ("s1", 5)
    assert [(e.kind, e.t) for e in cut_off.journal.inputs] == [("start", 0), ("next", S), ("next", 3 * S)]


def test_only_journals_of_this_workout_and_only_sound_ones() -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "a.journal.jsonl").write_text('{"t": 0, "input": "start", "at": 1, "workout": "other"}\n')
    (state_folder() / "b.journal.jsonl").write_text("nonsense\nnonsense\n")
    (state_folder() / "c.journal.jsonl").write_text('{"t": 0, "input": "start", "workout": "w1"}\n')
    assert unfinished_journal("w1") is None


def test_a_folder_that_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with LiveJournal.open("s1", "w1", 5) as journal:
        journal.write(Input("next", S))
        journal.finish()
    assert "cannot be resumed" in capsys.readouterr().err


def test_without_state_home_journals_are_below_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "otelwod"


# ------------------------------------------------------------------------------------------------------ a real terminal


_started: list[subprocess.Popen[bytes]] = []


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    while _started:
        process = _started.pop()
        process.kill()
        process.wait()


class Terminal:
    """The command on a pseudo-terminal, driven and read as a person would."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "otelwod", *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}
        )
        _started.append(self.process)
        os.close(slave)
        self.seen = ""

    def modes(self) -> int:
        """The local modes of the terminal: echo, line by line, …"""
        return int(termios.tcgetattr(self._master)[3])

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._master, 4096).decode("utf-8", "replace")
                except OSError:
                    break
        assert text in self.seen, self.seen

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        os.close(self._master)

    def end(self) -> int:
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._master, 4096).decode("utf-8", "replace")
                except OSError:
                    break
        os.close(self._master)
        return self.process.wait(timeout=60)


def test_live_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "two.wod"
    file.write_text("10 Burpees\n20 Sit-ups\n")
    terminal = Terminal("run", str(file), "--out", str(tmp_path / "out"))
    terminal.wait_for("Press Enter to start")
    terminal.press("\n")
    terminal.wait_for("10 Burpees")
    terminal.press("\n")
    terminal.wait_for("· 20 Sit-ups")
    terminal.press("\n")
    terminal.wait_for("Trace written to")
    assert terminal.end() == 0
    (path,) = (tmp_path / "out").glob("*.otlp.jsonl")
    assert {r.name for r in read(path)} >= {"10 Burpees", "20 Sit-ups"}
    assert not list(state_folder().iterdir())


def test_a_killed_session_is_resumed(tmp_path: Path) -> None:
    file = tmp_path / "two.wod"
    file.write_text("10 Burpees\n20 Sit-ups\n")
    terminal = Terminal("run", str(file))
    terminal.wait_for("Press Enter to start")
    terminal.press("\n")
    terminal.wait_for("10 Burpees")
    terminal.press("\n")
    terminal.wait_for("· 20 Sit-ups")
    terminal.process.send_signal(signal.SIGKILL)
    terminal.end()
    (journal,) = state_folder().iterdir()
    assert [json.loads(line)["input"] for line in journal.read_text().splitlines()][:2] == ["start", "next"]
    resumed = Terminal("run", str(file), "--resume", "--out", str(tmp_path / "out"))
    resumed.wait_for("· 20 Sit-ups")
    resumed.press("\n")
    resumed.wait_for("Trace written to")
    assert resumed.end() == 0
    (path,) = (tmp_path / "out").glob("*.otlp.jsonl")
    names = [r.name for r in read(path)]
    assert {"10 Burpees", "20 Sit-ups", "Paused"} <= set(names)
    assert not list(state_folder().iterdir())


def test_leaving_before_the_start(tmp_path: Path) -> None:
    file = tmp_path / "one.wod"
    file.write_text("10 Burpees\n")
    terminal = Terminal("run", str(file))
    terminal.wait_for("Press Enter to start")
    terminal.press("xq")
    assert terminal.end() == 0
    assert not state_folder().exists()


def test_a_terminal_that_goes_away_ends_the_session(tmp_path: Path) -> None:
    file = tmp_path / "one.wod"
    file.write_text("10 Burpees\n")
    terminal = Terminal("run", str(file))
    terminal.wait_for("Press Enter to start")
    terminal.hang_up()
    assert terminal.process.wait(timeout=60) is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_terminal_back_and_keeps_the_journal(tmp_path: Path, number: signal.Signals) -> None:
    file = tmp_path / "two.wod"
    file.write_text("10 Burpees\n20 Sit-ups\n")
    terminal = Terminal("run", str(file), "--out", str(tmp_path / "out"))
    before = terminal.modes()
    terminal.wait_for("Press Enter to start")
    terminal.press("\n")
    terminal.wait_for("· 10 Burpees")
    assert terminal.modes() != before
    terminal.process.send_signal(number)
    assert terminal.process.wait(timeout=60) == (130 if number == signal.SIGINT else 128 + number)
    assert terminal.modes() == before
    assert len(list(state_folder().iterdir())) == 1
    (path,) = (tmp_path / "out").glob("*.otlp.jsonl")
    assert {r.attributes["otelwod.completion.reason"] for r in read(path) if r.parent_id is None} == {"interrupted"}


def test_nothing_to_resume(tmp_path: Path) -> None:
    file = tmp_path / "one.wod"
    file.write_text("10 Burpees\n")
    terminal = Terminal("run", str(file), "--resume")
    terminal.wait_for("no cut-off session")
    assert terminal.end() == 2
