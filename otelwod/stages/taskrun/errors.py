"""Exceptions as a record keeps them, and how a replay makes them again."""

from __future__ import annotations

import ast
import builtins
import contextlib
from collections.abc import Iterator
from typing import Any

from otelwod.stages import failure
from otelwod.stages.guard import type_name
from otelwod.stages.taskrun.model import RunError


class ReplayedError(RuntimeError):
    """An error that the record has, of a type that cannot be made again; ``type`` is its name."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(f"{type}: {message}" if message else type)
        self.type = type


def run_error(error: BaseException) -> RunError:
    """An exception as a record keeps it: type, and message without secrets."""
    return RunError(type_name(type(error)), failure.message_of(error))


def made_again(error: RunError, known: dict[str, type[Exception]]) -> Exception:
    """An exception of the recorded type whose text is the recorded one."""
    kind: Any = known.get(error.type) or getattr(builtins, error.type, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return ReplayedError(error.type, error.message)
    for argument in _arguments_of(kind, error.message):
        with contextlib.suppress(Exception):  # a constructor that wants more than a message
            made = kind(argument)
            if str(made) == error.message:
                return made
    with contextlib.suppress(Exception):
        body = {
            "__init__": lambda self, message: None,
            "__str__": lambda self: error.message,
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
        }
        again = type(kind.__name__, (kind,), body)(error.message)
        if isinstance(again, Exception) and str(again) == error.message:
            return again
    return ReplayedError(error.type, error.message)


def _arguments_of(kind: type, message: str) -> Iterator[object]:
    if issubclass(kind, KeyError):  # its text is the repr of its argument
        with contextlib.suppress(Exception):
            yield ast.literal_eval(message)
    yield message
