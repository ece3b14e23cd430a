"""`boundary`: a call to the outside, timed, recorded, and answered from a record.

Where the answers come from is said once, around the task (`task`, `run_task`), not at the call:

========================  ====================================================================================
live                      calls; the run keeps boundary and timing, neither input nor output
record                    calls; the run keeps everything
replay                    answers from the record; a call that it does not know fails and is never made
replay-or-live            answers from the record where it knows the call, else calls, and keeps everything
fail-on-unknown           calls, but only what the record knows: anything else fails before it is made
========================  ====================================================================================

A call is known by its boundary and its arguments (as JSON, secrets masked). Equal calls are answered in the order in
which they were recorded, the last one again and again. Outside a task a boundary calls straight through.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, TypeVar, cast, get_args, overload

from opentelemetry.trace import SpanKind

from otelwod.stages import failure
from otelwod.stages.guard import type_name
from otelwod.stages.span import span
from otelwod.stages.taskrun.capture import Json, capture
from otelwod.stages.taskrun.model import BoundaryCall, RunError, TaskRun
from otelwod.stages.taskrun.timing import Timing

Mode = Literal["live", "record", "replay", "replay-or-live", "fail-on-unknown"]
F = TypeVar("F", bound=Callable[..., Any])

_MODES: Final = frozenset(get_args(Mode))
_NEEDS_RECORD: Final = frozenset({"replay", "replay-or-live", "fail-on-unknown"})


class UnknownCallError(LookupError):
    """The record has no such call; the message names the boundary and the arguments."""


class ReplayedError(RuntimeError):
    """An error that the record has, of a type that cannot be made again; ``type`` is its name."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(f"{type}: {message}" if message else type)
        self.type = type


class _Tape:
    """The answers of a record, by call; and the run that is being recorded. Safe to share between threads."""

    def __init__(self, run: TaskRun, mode: Mode, record: TaskRun | None) -> None:
        self.run = run
        self.mode = mode
        self._lock = threading.Lock()
        self._answers: dict[str, list[BoundaryCall]] = {}
        self._next: dict[str, int] = {}
        for call in record.calls if record is not None else ():
            self._answers.setdefault(_key(call.boundary, call.input), []).append(call)

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

    def keep(self, call: BoundaryCall) -> None:
        with self._lock:
            self.run.add_call(call)


_current: ContextVar[_Tape | None] = ContextVar("otelwod_task_run", default=None)


def _key(boundary: str, given: Json) -> str:
    return f"{boundary}\n{json.dumps(given, sort_keys=True, ensure_ascii=False)}"


# ---------------------------------------------------------------------------------------------------------- boundary


@overload
def boundary(target: F, /) -> F: ...


@overload
def boundary(name: str | None = None, /, *, raises: tuple[type[Exception], ...] = ()) -> Callable[[F], F]: ...


def boundary(target: Any = None, /, *, raises: tuple[type[Exception], ...] = ()) -> Any:
    """Mark a function, sync or async, as a call to the outside: ``@boundary``, ``@boundary("geocode")``.

    Each call is a CLIENT span. ``raises``: the function's own exceptions that a replay makes again, from their message;
    built-in ones it knows, any other is raised as `ReplayedError`. `TypeError` for what is no plain function.
    """
    name = target if isinstance(target, str) else None

    def decorate(function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function) or isinstance(function, type):
            raise TypeError(
                "boundary: a call has one answer; wrap a function or coroutine function, no generator or class"
            )
        if not callable(function):
            raise TypeError(f"boundary: a function is expected, not {type(function).__name__}")
        title = str(name or getattr(function, "__name__", type(function).__name__))
        known = {type_name(each): each for each in raises}
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def asynchronous(*args: Any, **kwargs: Any) -> Any:
                call = _Call(title, known, args, kwargs)
                async with span(title, kind=SpanKind.CLIENT):
                    if call.is_answered:
                        return call.replayed()
                    try:
                        result = await function(*args, **kwargs)
                    except BaseException as error:
                        call.failed(error)
                        raise
                    call.done(result)
                    return result

            return asynchronous

        @functools.wraps(function)
        def synchronous(*args: Any, **kwargs: Any) -> Any:
            call = _Call(title, known, args, kwargs)
            with span(title, kind=SpanKind.CLIENT):
                if call.is_answered:
                    return call.replayed()
                try:
                    result = function(*args, **kwargs)
                except BaseException as error:
                    call.failed(error)
                    raise
                call.done(result)
                return result

        return synchronous

    return decorate(target) if target is not None and name is None else decorate


class _Call:
    """One call of a boundary, in the mode of the task around it."""

    __slots__ = ("_answer", "_boundary", "_input", "_known", "_notes", "_tape", "_timing")

    def __init__(
        self,
        boundary: str,
        known: dict[str, type[Exception]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._boundary = boundary
        self._known = known
        self._tape = tape = _current.get()
        self._timing = Timing().start()
        self._answer: BoundaryCall | None = None
        self._input: Json = None
        self._notes: tuple[str, ...] = ()
        if tape is None or tape.mode == "live":
            return
        captured = capture("input", {"args": list(args), "kwargs": kwargs})
        self._input, self._notes = captured.value, captured.notes
        if tape.mode == "record":
            return
        answer = tape.answer(boundary, captured.value)
        if answer is None and tape.mode != "replay-or-live":
            raise UnknownCallError(
                f"the record has no call of {boundary}({_shown(captured.value)}); record it, or run live"
            )
        self._answer = None if tape.mode == "fail-on-unknown" else answer

    @property
    def is_answered(self) -> bool:
        """Whether the record has the answer."""
        return self._answer is not None

    def replayed(self) -> Any:
        """The recorded answer, or the recorded error raised."""
        answer = cast(BoundaryCall, self._answer)
        self._keep(answer.output, answer.error, answer.notes)
        if answer.error is not None:
            raise _made_again(answer.error, self._known)
        # A fresh copy: what the caller does to it must not change the record.
        return json.loads(json.dumps(answer.output))

    def done(self, result: Any) -> None:
        """The outside answered."""
        if self._tape is None:
            return
        if self._tape.mode == "live":
            self._keep(None, None, ())
            return
        captured = capture("output", result)
        self._keep(captured.value, None, (*self._notes, *captured.notes))

    def failed(self, error: BaseException) -> None:
        """The outside, or the way there, failed."""
        if self._tape is not None:
            self._keep(None, run_error(error), self._notes)

    def _keep(self, output: Json, error: RunError | None, notes: tuple[str, ...]) -> None:
        if self._tape is not None:
            self._tape.keep(BoundaryCall(self._boundary, self._input, output, error, self._timing.end(), notes))


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


def run_error(error: BaseException) -> RunError:
    """An exception as a record keeps it: type, and message without secrets."""
    return RunError(type_name(type(error)), failure.message_of(error))


def _made_again(error: RunError, known: dict[str, type[Exception]]) -> Exception:
    kind: Any = known.get(error.type) or getattr(builtins, error.type, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(error.message)
        except Exception:  # noqa: BLE001 - a constructor that wants more than a message
            return ReplayedError(error.type, error.message)
    return ReplayedError(error.type, error.message)


# --------------------------------------------------------------------------------------------------------------- task


@contextmanager
def task(name: str, *, mode: Mode = "record", record: TaskRun | None = None, input: object = None) -> Iterator[TaskRun]:
    """Run a block as a task; gives its `TaskRun`, which is complete when the block has ended.

    Set ``run.output`` with `set_output`. An exception makes it an error, and passes on. ``record`` is the run whose
    answers the replay modes use (`ValueError` without one, and for a mode that is none).
    """
    if mode not in _MODES:
        raise ValueError(f"task: mode is one of {', '.join(sorted(_MODES))}, not {mode!r}")
    if mode in _NEEDS_RECORD and record is None:
        raise ValueError(f"task: mode {mode!r} needs the record of an earlier run; give record=")
    captured = capture("input", input)
    run = TaskRun(name, input=captured.value, notes=list(captured.notes))
    token = _current.set(_Tape(run, mode, record))
    timing = Timing().start()
    try:
        with span(name):
            yield run
        run.type = "success"
    except BaseException as error:
        run.type, run.error = "error", run_error(error)
        raise
    finally:
        run.timing = timing.end()
        _current.reset(token)


def set_output(run: TaskRun, output: object) -> None:
    """The task's output, as JSON; what could not be written stands in ``run.notes``."""
    captured = capture("output", output)
    run.output = captured.value
    run.notes.extend(captured.notes)


def run_task(
    function: Callable[..., Any],
    /,
    *args: Any,
    task_name: str | None = None,
    mode: Mode = "record",
    record: TaskRun | None = None,
    **kwargs: Any,
) -> TaskRun:
    """Call a function as a task. Its exception is in the record (``type == "error"``), not raised.

    Only `Exception` is kept back: KeyboardInterrupt and SystemExit pass. `TypeError` for a coroutine function: see
    `run_task_async`.
    """
    if inspect.iscoroutinefunction(function):
        raise TypeError("run_task: this is a coroutine function; await run_task_async(…)")
    run: TaskRun | None = None
    try:
        with task(_named(function, task_name), mode=mode, record=record, input=_input(args, kwargs)) as run:
            set_output(run, function(*args, **kwargs))
    except Exception:
        if run is None:
            raise
    return run


async def run_task_async(
    function: Callable[..., Awaitable[Any]],
    /,
    *args: Any,
    task_name: str | None = None,
    mode: Mode = "record",
    record: TaskRun | None = None,
    **kwargs: Any,
) -> TaskRun:
    """As `run_task`, for a coroutine function. Being cancelled passes."""
    run: TaskRun | None = None
    try:
        with task(_named(function, task_name), mode=mode, record=record, input=_input(args, kwargs)) as run:
            set_output(run, await function(*args, **kwargs))
    except Exception:
        if run is None:
            raise
    return run


def _named(function: Any, name: str | None) -> str:
    return name or getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]


def _input(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"args": list(args), "kwargs": kwargs}
