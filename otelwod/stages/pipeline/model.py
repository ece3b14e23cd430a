"""What a pipeline is made of, and what one run of it gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")
OnError = Literal["stop", "skip", "collect"]
MAX_WORKERS: Final = 256
MAX_FAILURES: Final = 1_000
"""Failures that a result keeps; further ones are counted."""


class PipelineError(ValueError):
    """A pipeline that cannot be, or a batch stage that gave back another number of items than it got."""


class PipelineStage(Generic[In, Out]):
    """One named step. Subclass it and write ``execute``, plain or ``async``; or pass callables to `Pipeline`.

    ``workers``: how many items (or batches) it works on at once. ``batch``: with a number, ``execute`` gets a list of
    so many items (fewer at the end, and where no more may come in before these are done) and gives a list of as many.
    """

    name: str = ""
    workers: int = 1
    batch: int | None = None

    def __init__(self, name: str | None = None, *, workers: int | None = None, batch: int | None = None) -> None:
        self.name = name or self.name or type(self).__name__
        self.workers = self.workers if workers is None else workers
        self.batch = self.batch if batch is None else batch

    def execute(self, item: In) -> Out:
        """The work on one item (or batch)."""
        raise NotImplementedError(f"{type(self).__name__} needs an execute(item)")

    @property
    def is_async(self) -> bool:
        """Whether ``execute`` is a coroutine function."""
        return inspect.iscoroutinefunction(self.execute)


class FunctionStage(PipelineStage[In, Out]):
    """A callable as a stage."""

    def __init__(
        self,
        function: Callable[[In], Out],
        name: str | None = None,
        *,
        workers: int = 1,
        batch: int | None = None,
    ) -> None:
        if not callable(function):
            raise PipelineError(f"a stage is a callable or a PipelineStage, not {type(function).__name__}")
        super().__init__(name or getattr(function, "__name__", type(function).__name__), workers=workers, batch=batch)
        self._function = function

    def execute(self, item: In) -> Out:
        """Calls the function."""
        return self._function(item)

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        call = self._function
        return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


@dataclass(frozen=True, slots=True)
class Failure:
    """One item that did not get through: its place in the input, the stage, the exception."""

    index: int
    stage: str
    error: Exception


@dataclass(slots=True)
class StageTotals:
    """What one stage did in one run. Times in nanoseconds, summed over its workers.

    ``waiting_ns`` is the time its items spent in the queue before it. Its workers are busy, idle (waiting for items) or
    blocked (waiting for room in the next queue). ``errors`` are calls that failed.
    """

    name: str
    workers: int
    calls: int = 0
    items: int = 0
    errors: int = 0
    busy_ns: int = 0
    waiting_ns: int = 0
    idle_ns: int = 0
    blocked_ns: int = 0


@dataclass(slots=True)
class PipelineResult(Generic[Out]):
    """The outputs of a run in the order of their inputs (unless asked otherwise), and what did not get through.

    ``failures`` are kept by ``on_error="collect"``, at most 1,000; ``failed`` counts all.
    """

    outputs: list[Out] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    failed: int = 0
    stages: list[StageTotals] = field(default_factory=list)


def make_stages(stages: Iterable[PipelineStage[Any, Any] | Callable[..., Any]]) -> Sequence[PipelineStage[Any, Any]]:
    """The stages, callables wrapped, checked: `PipelineError` says which one is wrong, and how."""
    made = [each if isinstance(each, PipelineStage) else FunctionStage(each) for each in stages]
    if not made:
        raise PipelineError("a pipeline has at least one stage")
    for number, each in enumerate(made):
        if not isinstance(each.name, str) or not each.name.strip():
            raise PipelineError(f"stage {number} ({type(each).__name__}) has no name; call super().__init__(name)")
        if isinstance(each.workers, bool) or not isinstance(each.workers, int) or not 1 <= each.workers <= MAX_WORKERS:
            raise PipelineError(
                f"stage {each.name!r}: workers is a number from 1 to {MAX_WORKERS}, not {each.workers!r}"
            )
        if each.batch is not None and (
            isinstance(each.batch, bool) or not isinstance(each.batch, int) or each.batch < 1
        ):
            raise PipelineError(f"stage {each.name!r}: batch is a number from 1, or None, not {each.batch!r}")
    names = [each.name for each in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PipelineError(f"two stages are named {twice[0]!r}; give one of them a name")
    return made
