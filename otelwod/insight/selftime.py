"""Self time: what a span did while no blocking child of it ran, ``D − |U(v)|``."""

from __future__ import annotations

from operator import sub
from typing import Literal

from otelwod.trace import Trace

Overrun = Literal["clamp", "async"]
"""What a child that outlives its parent means: its parent waited (it is clamped), or did not (``async``)."""


def unwaited(trace: Trace, overrun: Overrun = "clamp") -> frozenset[int]:
    """The rows that their parent does not wait for, by the trace and by ``overrun``."""
    if overrun != "async":
        return trace.nonblocking
    end = trace.end_ns
    return trace.nonblocking | {row for row, above in enumerate(trace.parent) if above >= 0 and end[row] > end[above]}


def self_times(trace: Trace, nonblocking: frozenset[int] = frozenset()) -> list[int]:
    """Self time of each row in nanoseconds: the duration minus the union of its children, each clamped to it.

    One pass in row order, which is the order of starts, so that the union grows at its end only.
    """
    start, end = trace.start_ns, trace.end_ns
    own = list(map(sub, end, start))
    reach = list(start)  # how far the children seen so far cover each span
    for row, above in enumerate(trace.parent):
        if above >= 0:
            begin = start[row]
            if begin < reach[above]:
                begin = reach[above]
            stop = end[row]
            if stop > end[above]:
                stop = end[above]
            if stop > begin and not (nonblocking and row in nonblocking):
                own[above] -= stop - begin
                reach[above] = stop
    return own


def blocking_children(trace: Trace, nonblocking: frozenset[int]) -> list[list[int]]:
    """`Trace.children` without those that their parent does not wait for (do not change the lists)."""
    children = trace.children
    if not nonblocking:
        return children  # type: ignore[return-value]
    lists = list(children)
    for above in {trace.parent[row] for row in nonblocking if trace.parent[row] >= 0}:
        lists[above] = [row for row in children[above] if row not in nonblocking]
    return lists  # type: ignore[return-value]
