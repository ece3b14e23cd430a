"""Deterministic ids: a session and a key always give the same trace and span id.

The hashes need no SDK. `planned_ids` hands a pair of ids to the next span that is started in this context on a provider
whose id generator is `otelwod.telemetry.PlannedIdGenerator` (our own provider); on any other provider it changes
nothing.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from hashlib import blake2b
from types import TracebackType
from typing import Final

TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8


def session_trace_id(session_id: str, seed: int | None) -> int:
    """The 128-bit trace id of a session; never zero, spread evenly, so that ratio samplers stay fair."""
    return _hash("trace", TRACE_ID_BYTES, session_id, "" if seed is None else str(seed))


def span_id_for(session_id: str, key: str) -> int:
    """The 64-bit id of the span ``key`` (unique in its session); never zero."""
    return _hash("span", SPAN_ID_BYTES, session_id, key)


def format_trace_id(trace_id: int) -> str:
    """32 lower-case hex digits."""
    return f"{trace_id:032x}"


def format_span_id(span_id: int) -> str:
    """16 lower-case hex digits."""
    return f"{span_id:016x}"


def _hash(purpose: str, size: int, *parts: str) -> int:
    digest = blake2b(digest_size=size, person=purpose.encode())
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        # The length in front keeps ("a", "bc") and ("ab", "c") apart.
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return int.from_bytes(digest.digest(), "big") or 1


class _Plan:
    """One pair of ids, to be used by one span."""

    __slots__ = ("span_id", "trace_id")

    def __init__(self, trace_id: int, span_id: int) -> None:
        self.trace_id: int | None = trace_id
        self.span_id: int | None = span_id


_plan: ContextVar[_Plan | None] = ContextVar("otelwod_planned_ids", default=None)


class planned_ids:  # noqa: N801 - read as a verb: ``with planned_ids(trace_id, span_id):``
    """The first span started inside gets these ids; further ones get random ids, as two spans never share one.

    The trace id is used only by a span without a parent: others inherit theirs. Per thread and per asyncio task.
    """

    __slots__ = ("_own", "_token")

    def __init__(self, trace_id: int, span_id: int) -> None:
        self._own = _Plan(trace_id, span_id)
        self._token: Token[_Plan | None] | None = None

    def __enter__(self) -> None:
        self._token = _plan.set(self._own)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            _plan.reset(self._token)


def take_trace_id() -> int | None:
    """The planned trace id, once; None when there is none."""
    plan = _plan.get()
    if plan is None:
        return None
    trace_id, plan.trace_id = plan.trace_id, None
    return trace_id


def take_span_id() -> int | None:
    """The planned span id, once; None when there is none. Ends the plan: a trace id not taken is void."""
    plan = _plan.get()
    if plan is None:
        return None
    span_id, plan.span_id, plan.trace_id = plan.span_id, None, None
    return span_id
