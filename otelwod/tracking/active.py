"""The spans that are open now, root first: the one answer to "which work does this belong to?".

`ActiveSpans` belongs to one session and is plain state: no globals, no context variables, so sessions in other threads
or asyncio tasks cannot be confused with it. Times are integer nanoseconds from the session's start. Pauses stop the
*active clock*, from which every "elapsed" is read; totals run on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from opentelemetry.context import Context

DEFAULT_MAX_DEPTH = 256
"""Blocks and structural segments on one path. The runtime's own limit is 64 blocks, so at most twice that."""

SpanT = TypeVar("SpanT")


class DepthError(ValueError):
    """Spans were nested deeper than the configured maximum."""


@dataclass(frozen=True, slots=True)
class ActiveSpan(Generic[SpanT]):
    """One open span: its key, what it is, when it began, and the active clock at that moment."""

    key: str
    span: SpanT
    start: int
    active_start: int


@dataclass(frozen=True, slots=True)
class ActiveState(Generic[SpanT]):
    """All that `ActiveSpans` knows, to go back to it (the last tap was undone)."""

    path: tuple[ActiveSpan[SpanT], ...]
    paused_at: int | None
    paused: int


class ActiveSpans(Generic[SpanT]):
    """A stack of open spans with one clock that stands still in a pause.

    ``context_of`` gives the OpenTelemetry context of a span; only live sessions have one, as simulated and replayed
    time must never become the parent of calls on the wall clock.
    """

    __slots__ = ("_context_of", "_max_depth", "_state")

    def __init__(
        self,
        *,
        max_depth: int = DEFAULT_MAX_DEPTH,
        context_of: Callable[[ActiveSpan[SpanT]], Context | None] | None = None,
    ) -> None:
        if max_depth < 1:
            raise ValueError(f"max_depth is {max_depth}; it must be at least 1")
        self._max_depth = max_depth
        self._context_of = context_of
        self._state: ActiveState[SpanT] = ActiveState((), None, 0)

    # ------------------------------------------------------------------------------------------------------- asking

    @property
    def active(self) -> tuple[ActiveSpan[SpanT], ...]:
        """The open spans, root first."""
        return self._state.path

    @property
    def current(self) -> ActiveSpan[SpanT] | None:
        """The innermost open span."""
        path = self._state.path
        return path[-1] if path else None

    @property
    def paused(self) -> bool:
        """Whether the active clock stands still."""
        return self._state.paused_at is not None

    def by_id(self, key: str) -> ActiveSpan[SpanT] | None:
        """The open span with this key; None when it never began or has ended."""
        for entry in reversed(self._state.path):
            if entry.key == key:
                return entry
        return None

    def active_time(self, t: int) -> int:
        """Nanoseconds up to ``t`` that were not paused."""
        state = self._state
        return (t if state.paused_at is None else state.paused_at) - state.paused

    def elapsed(self, key: str, t: int) -> int:
        """Unpaused nanoseconds since the open span ``key`` began. KeyError when it is not open."""
        entry = self.by_id(key)
        if entry is None:
            raise KeyError(key)
        return self.active_time(t) - entry.active_start

    def context(self) -> Context | None:
        """The OpenTelemetry context of the current span, for calls that shall nest under it.

        None outside live sessions, when nothing is open, and without a usable tracer.
        """
        current = self.current
        return self._context_of(current) if self._context_of is not None and current is not None else None

    # ----------------------------------------------------------------------------------------------------- changing

    def enter(self, key: str, span: SpanT, t: int) -> ActiveSpan[SpanT]:
        """``span`` began under the current one. DepthError beyond the maximum, ValueError for a key that is open."""
        state = self._state
        if len(state.path) >= self._max_depth:
            raise DepthError(
                f"{key!r} would be nested {len(state.path) + 1} deep, the maximum is {self._max_depth}: "
                "end a span first, or raise max_depth"
            )
        if self.by_id(key) is not None:
            raise ValueError(f"{key!r} is open already; a key names one execution")
        entry = ActiveSpan(key, span, t, self.active_time(t))
        self._state = ActiveState((*state.path, entry), state.paused_at, state.paused)
        return entry

    def exit(self, key: str) -> tuple[ActiveSpan[SpanT], ...]:
        """``key`` ended, and with it all that is open inside it: those entries, innermost first.

        Empty when the key is not open: ending twice changes nothing.
        """
        state = self._state
        for depth in range(len(state.path) - 1, -1, -1):
            if state.path[depth].key == key:
                gone = state.path[depth:]
                self._state = ActiveState(state.path[:depth], state.paused_at, state.paused)
                return gone[::-1]
        return ()

    def pause(self, t: int) -> None:
        """The active clock stops; nothing changes if it stands already."""
        state = self._state
        if state.paused_at is None:
            self._state = ActiveState(state.path, t, state.paused)

    def resume(self, t: int) -> None:
        """The active clock goes on; nothing changes if it runs already."""
        state = self._state
        if state.paused_at is not None:
            self._state = ActiveState(state.path, None, state.paused + t - state.paused_at)

    def snapshot(self) -> ActiveState[SpanT]:
        """The state now; costs nothing, as it is immutable."""
        return self._state

    def restore(self, state: ActiveState[SpanT]) -> None:
        """Back to a `snapshot`."""
        self._state = state
