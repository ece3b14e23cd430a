"""A workout from a file: what cannot be read is a diagnostic, never an exception."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from otelwod.workout.model import Diagnostic, Workout
from otelwod.workout.program import parse
from otelwod.workout.source import MAX_BYTES

_MARKDOWN = frozenset({".md", ".markdown"})


def unreadable(path: str | os.PathLike[str]) -> Diagnostic | None:
    """Why a file cannot be read, at line 1 and with a remedy; None where it can."""
    found = _read(path)
    return found if isinstance(found, Diagnostic) else None


def load(path: str | os.PathLike[str]) -> Workout:
    """Read the workout in a file, named after the file where its text has no title.

    A file that is missing, a directory, no regular file, unreadable or over `MAX_BYTES` gives a workout without
    statements and one error at line 1.
    """
    name = Path(path).stem or "Workout"
    found = _read(path)
    if isinstance(found, Diagnostic):
        return Workout(name, "custom", "", (), (found,))
    return parse(found, name=name, markdown=Path(path).suffix.lower() in _MARKDOWN)


def _read(path: str | os.PathLike[str]) -> bytes | Diagnostic:
    try:
        # O_NONBLOCK: a pipe without a writer must not block the open
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return _error("there is no such file", "check the path")
    except PermissionError:
        return _error("the file may not be read", "change its permissions")
    except (OSError, ValueError) as error:
        return _error(f"the file cannot be read: {getattr(error, 'strerror', None) or error}", "check the path")
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            return _error("this is a directory", "name a file in it")
        if not stat.S_ISREG(mode):
            return _error("this is no regular file", "name a text file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _error(f"the file cannot be read: {error.strerror}", "check the disk")
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        return _error(f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it into several files")
    return data


def _error(message: str, hint: str) -> Diagnostic:
    return Diagnostic(1, 1, "error", message, hint)
