"""What is around a call to the outside: the record that answers, and the run that is being recorded."""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar
from typing import Final, Literal, get_args

from otelwod.stages.taskrun.capture import Json
from otelwod.stages.taskrun.model import MAX_CALLS, BoundaryCall, TaskRun

Mode = Literal["live", "record", "replay", "replay-or-live", "fail-on-unknown"]

MODES: Final = frozenset(get_args(Mode))
NEEDS_RECORD: Final = frozenset({"replay", "replay-or-live", "fail-on-unknown"})


class UnknownCallError(LookupError):
    """The record has no such call; the message names the boundary and the arguments."""


class Tape:
    """The answers of a record, by call; and the run that is being recorded. Safe to share between threads."""

    def __init__(self, run: TaskRun, mode: Mode, record: TaskRun | None, outer: Tape | None) -> None:
        self.run = run
        self.mode = mode
        self.outer = outer
        self._dropped = record.dropped.get("calls", 0) if record is not None else 0
        self._lock = threading.Lock()
        self._answers: dict[str, list[BoundaryCall]] = {}
        self._next: dict[str, int] = {}
        for call in record.calls if record is not None else ():
            if call.complete:
                self._answers.setdefault(_key(call.boundary, call.input), []).append(call)

    @property
    def keeps(self) -> bool:
        """Whether what a call got and gave is wanted: not live, nor when the run has all the calls that it may keep."""
        return self.mode != "live" and len(self.run.calls) < MAX_CALLS

    def answer(self, boundary: str, given: Json) -> BoundaryCall | None:
        """The next answer to this call, None where the record does not know it."""
        key = _key(boundary, given)
        with self._lock:
            answers = self._answers.get(key)
            if not answers:
                return None
            index = self._next.get(key, 0)
            self._next[key] = index + 1
        return answers[min(index, len(answers) - 1)]

    def keep(self, call: BoundaryCall, size: int) -> None:
        """Adds a call to the run; live without what it got and gave."""
        with self._lock:
            if self.mode == "live":
                self.run.add_call(BoundaryCall(call.boundary, None, timing=call.timing, complete=False))
            else:
                self.run.add_call(call, size)

    def unknown(self, boundary: str, given: Json) -> UnknownCallError:
        """Says which call the record does not know, and why that may be."""
        why = f"; {self._dropped:,} calls were beyond what a record keeps" if self._dropped else ""
        return UnknownCallError(
            f"the record has no complete answer of {boundary}({_shown(given)}){why}; record it, or run live"
        )


current: ContextVar[Tape | None] = ContextVar("otelwod_task_run", default=None)


def tapes() -> tuple[Tape, ...]:
    """Those of the tasks around, innermost first."""
    found = []
    tape = current.get()
    while tape is not None:
        found.append(tape)
        tape = tape.outer
    return tuple(found)


def _key(boundary: str, given: Json) -> str:
    return f"{boundary}\n{json.dumps(given, sort_keys=True)}"


def _shown(given: Json) -> str:
    """Arguments as they would be written in a call, at most 200 characters."""
    if not isinstance(given, dict):
        return ""
    args, kwargs = given.get("args"), given.get("kwargs")
    parts = [json.dumps(item, ensure_ascii=False) for item in args] if isinstance(args, list) else []
    if isinstance(kwargs, dict):
        parts += [f"{key}={json.dumps(item, ensure_ascii=False)}" for key, item in kwargs.items()]
    text = ", ".join(parts)
    return text if len(text) <= 200 else f"{text[:199]}…"
