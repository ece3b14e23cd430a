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
which they were recorded, the last one again and again. An answer that the record has only in part (`complete` is
False) is not known. Outside a task a boundary calls straight through. A task within a task keeps its own record, the
outer one keeps its calls too, and what replays around a call answers it: a replay never calls the outside.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar, cast, overload

from opentelemetry.trace import SpanKind

from otelwod.conventions import STAGE_ARGS
from otelwod.stages import values
from otelwod.stages.block import MAX_CAPTURE
from otelwod.stages.decorator import stage
from otelwod.stages.guard import type_name
from otelwod.stages.options import Capture
from otelwod.stages.taskrun.capture import Captured, capture, capture_call, is_async, parameter_names
from otelwod.stages.taskrun.errors import made_again, run_error
from otelwod.stages.taskrun.model import BoundaryCall, RunError
from otelwod.stages.taskrun.tape import NEEDS_RECORD, current, tapes
from otelwod.stages.taskrun.timing import Timing
from otelwod.stages.tracing import recording_span

F = TypeVar("F", bound=Callable[..., Any])


@overload
def boundary(target: F, /) -> F: ...


@overload
def boundary(
    name: str | None = None,
    /,
    *,
    raises: tuple[type[Exception], ...] = (),
    capture: Capture | Iterable[Capture] = (),
) -> Callable[[F], F]: ...


def boundary(
    target: Any = None,
    /,
    *,
    raises: tuple[type[Exception], ...] = (),
    capture: Capture | Iterable[Capture] = (),
) -> Any:
    """Mark a function, sync or async, as a call to the outside: ``@boundary``, ``@boundary("geocode")``.

    Each call is a CLIENT span. ``raises``: the function's own exceptions that a replay makes again, from their message;
    built-in ones it knows, any other is raised as `ReplayedError`. ``capture``: ``"args"``, ``"result"`` or both on the
    span, as with `stage`; nothing by default. `TypeError` for what is no plain function.
    """
    name = target if isinstance(target, str) else None
    known = {type_name(each): each for each in raises}
    captured: set[Any] = {capture} if isinstance(capture, str) else set(capture)

    def decorate(function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function) or isinstance(function, type):
            raise TypeError(
                "boundary: a call has one answer; wrap a function or coroutine function, no generator or class"
            )
        if not callable(function) or isinstance(function, staticmethod | classmethod):
            raise TypeError(f"boundary: a function is expected, not a {type(function).__name__}; put @boundary on it")
        title = values.text(str(name or getattr(function, "__name__", type(function).__name__)), values.MAX_NAME)
        # `stage` knows the names of arguments, and so which are secret, of plain functions only: "args" is done here.
        traced = stage(title, kind=SpanKind.CLIENT, capture=captured - {"args"}, rollup=False)
        calls = _calls_async if is_async(function) else _calls
        return calls(function, traced, title, known, "args" in captured)

    return decorate(target) if target is not None and name is None else decorate


def _show(names: tuple[str, ...] | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """The arguments on the current span, by name; by position only those that surely have no name to be masked by."""
    current_span = recording_span()
    if current_span is not None:
        shown: dict[str, Any] = {}
        if names is not None:
            shown = {names[at] if at < len(names) else f"args[{at}]": value for at, value in enumerate(args)}
        current_span.set_attribute(STAGE_ARGS, values.outline({**shown, **kwargs}, MAX_CAPTURE))


def _calls(
    function: Any, traced: Callable[[Any], Any], title: str, known: dict[str, type[Exception]], shows: bool
) -> Any:
    names = parameter_names(function)

    @traced
    @functools.wraps(function)
    def in_task(*args: Any, **kwargs: Any) -> Any:
        if shows:
            _show(names, args, kwargs)
        call = _Call(title, known, names, args, kwargs)
        if call.is_answered:
            return call.replayed()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        call.done(result)
        return result

    @functools.wraps(function)
    def shown(*args: Any, **kwargs: Any) -> Any:
        _show(names, args, kwargs)
        return function(*args, **kwargs)

    outside = traced(shown if shows else function)

    @functools.wraps(function)
    def boundary_call(*args: Any, **kwargs: Any) -> Any:
        return outside(*args, **kwargs) if current.get() is None else in_task(*args, **kwargs)

    return boundary_call


def _calls_async(
    function: Any, traced: Callable[[Any], Any], title: str, known: dict[str, type[Exception]], shows: bool
) -> Any:
    names = parameter_names(function)

    @traced
    @functools.wraps(function)
    async def in_task(*args: Any, **kwargs: Any) -> Any:
        if shows:
            _show(names, args, kwargs)
        call = _Call(title, known, names, args, kwargs)
        if call.is_answered:
            return call.replayed()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            call.failed(error)
            raise
        call.done(result)
        return result

    @functools.wraps(function)
    async def shown(*args: Any, **kwargs: Any) -> Any:
        _show(names, args, kwargs)
        return await function(*args, **kwargs)

    outside = traced(shown if shows else function)

    @functools.wraps(function)
    async def boundary_call(*args: Any, **kwargs: Any) -> Any:
        return await (outside(*args, **kwargs) if current.get() is None else in_task(*args, **kwargs))

    return boundary_call


class _Call:
    """One call of a boundary, in the mode of the tasks around it."""

    __slots__ = ("_answer", "_boundary", "_input", "_keeps", "_known", "_tapes", "_timing")

    def __init__(
        self,
        boundary: str,
        known: dict[str, type[Exception]],
        names: tuple[str, ...] | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._boundary = boundary
        self._known = known
        self._tapes = tapes()
        self._timing = Timing().start()
        self._answer: BoundaryCall | None = None
        self._input = Captured(None)
        asked = next((tape for tape in self._tapes if tape.mode in NEEDS_RECORD), None)
        self._keeps = any(tape.keeps for tape in self._tapes)
        if self._keeps or asked is not None:
            self._input = capture_call(names, args, kwargs)
        if asked is None:
            return
        answer = asked.answer(boundary, self._input.value)
        if answer is None and asked.mode != "replay-or-live":
            unknown = asked.unknown(boundary, self._input.value)
            self._keep(None, run_error(unknown), complete=False)
            raise unknown
        self._answer = None if asked.mode == "fail-on-unknown" else answer

    @property
    def is_answered(self) -> bool:
        """Whether the record has the answer."""
        return self._answer is not None

    def replayed(self) -> Any:
        """The recorded answer, or the recorded error raised."""
        answer = cast(BoundaryCall, self._answer)
        # Fresh copies: what the caller does to its own must not change a record.
        text = json.dumps(answer.output)
        size = self._input.size + len(text)
        self._keep_as(
            BoundaryCall(self._boundary, answer.input, json.loads(text), answer.error, None, answer.notes), size
        )
        if answer.error is not None:
            raise made_again(answer.error, self._known)
        return json.loads(text)

    def done(self, result: Any) -> None:
        """The outside answered."""
        self._keep(capture("output", result) if self._keeps else None, None)

    def failed(self, error: BaseException) -> None:
        """The outside, or the way there, failed. An interruption is no answer of the outside's."""
        self._keep(None, run_error(error), complete=isinstance(error, Exception))

    def _keep(self, output: Captured | None, error: RunError | None, complete: bool = True) -> None:
        given, got = self._input, output or Captured(None)
        call = BoundaryCall(
            self._boundary,
            given.value,
            got.value,
            error,
            notes=(*given.notes, *got.notes),
            complete=complete and got.complete,
        )
        self._keep_as(call, given.size + got.size)

    def _keep_as(self, call: BoundaryCall, size: int) -> None:
        timed = replace(call, timing=self._timing.end())
        for tape in self._tapes:
            tape.keep(timed, size)
