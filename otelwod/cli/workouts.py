"""From a file on the command line to a program, or to diagnostics with place and remedy."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from otelwod.cli.errors import UsageError
from otelwod.runtime.inputs import Input, InputError, read_inputs
from otelwod.runtime.kinds import unknown_blocks
from otelwod.runtime.program import Program, ProgramError, compile_workout
from otelwod.views.program import diagnostic_line
from otelwod.views.text import visible
from otelwod.workout import Workout, load, parse, unreadable
from otelwod.workout.model import Diagnostic, Profile
from otelwod.workout.source import MAX_BYTES

MAX_INPUT_BYTES = 64 * 1024 * 1024
MOST_ERRORS = 20
STDIN = "<stdin>"
"""What diagnostics call a board that came by pipe."""
_STDIN_FILES = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def is_stdin(file: str) -> bool:
    """Whether a name on the command line means standard input."""
    return file in _STDIN_FILES


def called(file: str) -> str:
    """The name of a file in diagnostics."""
    return STDIN if is_stdin(file) else file


def read_workout(file: str) -> tuple[Workout, Diagnostic | None]:
    """The workout in a file or on standard input, and why it could not be read, where that is so."""
    if not is_stdin(file):
        return load(file), unreadable(file)
    found = _read_stdin()
    if isinstance(found, Diagnostic):
        return Workout("Workout", "custom", "", (), (found,)), found
    return parse(found, name="Workout"), None


def _read_stdin() -> bytes | Diagnostic:
    """Everything that the pipe holds, up to the bytes that a file may have."""
    if sys.stdin is None:
        return _refused("there is no standard input", "pipe a board into it, or name a file")
    if sys.stdin.isatty():
        return _refused("standard input is a terminal", "pipe a board into it, or name a file")
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        return _refused(f"standard input cannot be read: {error.strerror or error}", "pipe a board into it")
    if len(data) > MAX_BYTES:
        return _refused(f"the text is larger than {MAX_BYTES // 2**20} MiB", "split it into several")
    return data


def _refused(message: str, hint: str) -> Diagnostic:
    return Diagnostic(1, 1, "error", message, hint)


def load_program(file: str, *, profile: Profile, block: int | None) -> Program:
    """The program of a workout file, or of the board on standard input. `UsageError` lists every error in it."""
    workout, _ = read_workout(file)
    try:
        program = compile_workout(workout, profile=profile, block=block)
    except ProgramError as error:
        raise UsageError(*_lines(called(file), error.diagnostics)) from None
    if program.errors:
        raise UsageError(*_lines(called(file), program.errors))
    return program


def load_inputs(file: str) -> tuple[Input, ...]:
    """The inputs of a ``--replay`` file. `UsageError` names file and line."""
    path = Path(file)
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise UsageError(f"{visible(file)}: is no regular file; save the inputs in one")
        if status.st_size > MAX_INPUT_BYTES:
            raise UsageError(
                f"{visible(file)}:1:1: over {MAX_INPUT_BYTES:,} bytes; an hour of inputs has a few thousand"
            )
        text = path.read_text(encoding="utf-8")
        inputs = tuple(read_inputs(text.splitlines()))
    except InputError as error:
        raise UsageError(f"{visible(file)}:{error.line}:1: {visible(str(error))}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{visible(file)}:1:1: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{visible(file)}: {error.strerror or error}; check the path") from None
    if not inputs:
        raise UsageError(f'{visible(file)}:1:1: no inputs; write one a line, like {{"t": 12.5, "input": "next"}}')
    return inputs


def remark_lines(file: str, program: Program) -> list[str]:
    """The warnings, and the choices that were made: what a coach should know before believing a score."""
    said = (*program.diagnostics, *unknown_blocks(program))
    return _lines(file, (d for d in said if d.severity != "error"))


def _lines(file: str, diagnostics: Iterable[Diagnostic]) -> list[str]:
    found = [diagnostic_line(file, d) for d in diagnostics]
    more = len(found) - MOST_ERRORS
    return found if more <= 0 else [*found[:MOST_ERRORS], f"… and {more:,} more"]
