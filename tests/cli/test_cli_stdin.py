"""A board by pipe: ``otelwod check -`` and ``otelwod run - --simulate``."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from otelwod.cli import main, workouts

BOARD = "Fran\n21-15-9\n  Thrusters 95/65 lb\n  Pull-ups\n"
NAMES = ["-", "/dev/stdin", "/dev/fd/0"]


class _Stdin:
    def __init__(self, buffer: io.RawIOBase | io.BytesIO, terminal: bool) -> None:
        self.buffer = buffer
        self.isatty = lambda: terminal


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts bytes, or something that reads like them, on standard input."""

    def put(data: bytes | io.BytesIO, *, terminal: bool = False) -> None:
        buffer = io.BytesIO(data) if isinstance(data, bytes) else data
        monkeypatch.setattr("sys.stdin", _Stdin(buffer, terminal))

    return put


@pytest.mark.parametrize("name", NAMES)
def test_check_reads_a_board_by_pipe(name: str, pipe: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    pipe(BOARD.encode())
    assert main(["check", name]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Fran (for time)\n  21-15-9 repetitions:\n")
    assert err == ""


@pytest.mark.parametrize("name", NAMES)
def test_diagnostics_call_it_stdin(name: str, pipe: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    pipe(b"(3)\n  5 Squats 1:90\n")
    assert main(["check", name]) == 1
    assert capsys.readouterr().err == "<stdin>:2:12: error: '1:90' is not a time; write 2:30\n"
    pipe(b"(3)\n  5 Squats 1:90\n")
    assert main(["run", name, "--simulate"]) == 2
    assert capsys.readouterr().err.startswith("<stdin>:2:12: error: '1:90' is not a time")


def test_json_names_it_and_it_is_read_once(
    pipe: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "board.wod"
    file.write_text("10 Burpees\n", "utf-8")
    pipe(BOARD.encode())
    assert main(["check", "-", str(file), "/dev/stdin", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["files"]
    assert [entry["file"] for entry in found] == ["<stdin>", str(file)]
    assert found[0]["totals"]["reps"] == 90


def test_a_text_by_pipe_is_bounded(
    pipe: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workouts, "MAX_BYTES", 2**20)
    endless = io.BytesIO(b"x" * (2**20 + 100))
    pipe(endless)
    assert main(["check", "-"]) == 2
    assert "<stdin>:1:1: error: the text is larger than 1 MiB; split it into several" in capsys.readouterr().err
    assert endless.tell() == 2**20 + 1, "no more was read than is needed to know"


@pytest.mark.parametrize("command", [["check", "-"], ["run", "-", "--simulate"]])
def test_what_cannot_be_read_is_told(
    command: list[str],
    pipe: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe(b"", terminal=True)
    assert main(command) == 2
    assert "<stdin>:1:1: error: standard input is a terminal; pipe a board into it" in capsys.readouterr().err
    pipe(_Broken())
    assert main(command) == 2
    assert "<stdin>:1:1: error: standard input cannot be read: Input/output error" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", None)
    assert main(command) == 2
    assert "<stdin>:1:1: error: there is no standard input" in capsys.readouterr().err


def test_an_empty_pipe_is_an_empty_text(pipe: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    pipe(b"")
    assert main(["check", "-"]) == 1
    assert capsys.readouterr().err.startswith("<stdin>:1:1: error: the text is empty")


def test_a_board_by_pipe_is_simulated_like_a_file(
    pipe: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "fran.wod"
    file.write_text(BOARD, "utf-8")
    arguments = ["--simulate", "--seed", "1", "--no-export"]
    assert main(["run", str(file), *arguments]) == 0
    by_name = capsys.readouterr().out
    pipe(BOARD.encode())
    assert main(["run", "-", *arguments]) == 0
    assert capsys.readouterr().out == by_name


def test_remarks_on_a_run_call_it_stdin(pipe: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    pipe(b"10 Thrustres\n")
    assert main(["run", "-", "--simulate", "--seed", "1", "--no-export"]) == 0
    assert "<stdin>:1:1: info: the movement 'Thrustres'" in capsys.readouterr().err


def test_a_live_run_says_that_it_needs_the_keys(pipe: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    pipe(BOARD.encode())
    assert main(["run", "-"]) == 2
    assert capsys.readouterr().err == (
        "<stdin>: a live run needs standard input for its keys; save the board in a file, "
        "or give --simulate, or --replay INPUTS\n"
    )


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_real_pipe(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "otelwod", "check", name], input=BOARD.encode(), capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Fran (for time)\n")
