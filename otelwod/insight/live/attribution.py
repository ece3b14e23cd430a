"""Self and critical time of a trace by operation: the shortcut for serial traces, the analysis for all others.

A trace is *serial* when it has one root, no span overlaps a sibling, and every child lies inside its parent. Then every
moment of it belongs to exactly one span, so critical time = self time = duration − Σ durations of the children (INSIGHT
definitions of U(v) and of the critical sections; tests/insight compare this with `analyze_traces`). Nothing has
to be joined or sorted for that, so it is cheap enough for every trace of a busy program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from otelwod.conventions import BLOCKING
from otelwod.insight.criticalpath import critical_path
from otelwod.insight.handover import handed_over
from otelwod.insight.live.rows import Row, Tag
from otelwod.insight.selftime import self_times
from otelwod.trace import Operation, SpanRecord, Trace

_NOBODY: Final = -1
"""In place of the id of a span."""


@dataclass(slots=True)
class Shares:
    """Self and critical time by operation."""

    own: dict[int, int] = field(default_factory=dict)
    critical: dict[int, int] = field(default_factory=dict)


class Ledger:
    """What the children seen so far took from each parent that has not ended: (sum, first start, last end).

    Rows come in the order in which the spans ended, in any number of portions, so that a trace which never ends (or
    which is larger than memory) adds up exactly as well.
    """

    __slots__ = ("_limit", "_own", "_pending", "_roots", "_serial")

    def __init__(self, limit: int = 10_000) -> None:
        """``limit``: parents that may be missing at once; with more the trace is not followed any further."""
        self._limit = limit
        self._pending: dict[int, tuple[int, int, int]] = {}
        self._roots = 0
        self._serial = True
        self._own: dict[int, int] = {}

    def add(self, rows: Iterable[Row], durations: dict[int, list[int]], tagged: list[Row]) -> None:
        """Follow the trace through these rows. On the way, since it looks at every row, it also sorts durations by

        operation and picks the rows with a tag.
        """
        pending, own = self._pending, self._own
        # Most spans have the parent of the span before them: what is pending for that one is at hand.
        current, below, first, last = _NOBODY, 0, 0, 0
        rows = iter(rows)
        for span_id, parent_id, operation, start, end, before, tag in rows if self._serial else ():
            mine = end - start  # type: ignore[operator]
            try:
                durations[operation].append(mine)
            except KeyError:
                durations[operation] = [mine]
            if tag is not None:
                tagged.append((span_id, parent_id, operation, start, end, before, tag))
                if _is_special(tag):
                    break
            if mine < 0 or start <= 0:
                break
            time = mine
            if span_id == current:
                if first < start or last > end:  # type: ignore[operator]
                    break
                time -= below
                current = _NOBODY
            elif pending and span_id in pending:
                taken, began, ended = pending.pop(span_id)
                if began < start or ended > end:  # type: ignore[operator]
                    break
                time -= taken
            try:
                own[operation] += time
            except KeyError:
                own[operation] = time
            if parent_id == current:
                if last > start:
                    break
                below += mine
                last = end  # type: ignore[assignment]
            elif not parent_id:
                self._roots += 1
            else:
                if current != _NOBODY:
                    pending[current] = (below, first, last)
                below, first, last = pending.pop(parent_id) if parent_id in pending else (0, start, 0)
                if last > start:
                    break
                current = parent_id
                below += mine
                last = end  # type: ignore[assignment]
        else:
            if current != _NOBODY:
                pending[current] = (below, first, last)
            if len(pending) <= self._limit and self._serial:
                return
        self._serial = False
        pending.clear()
        for row in rows:
            durations.setdefault(row[2], []).append(row[4] - row[3])  # type: ignore[operator]
            if row[6] is not None:
                tagged.append(row)

    def result(self) -> Shares | None:
        """The shares of a trace that is complete; None when it was not serial."""
        # A remote parent's child is a root of this process; children that outlived their parent stay behind as well.
        if not self._serial or self._roots + len(self._pending) > 1:
            return None
        self._pending = dict(self._pending)  # a dict keeps its size when it empties, and complete traces are kept
        return Shares(self._own, self._own)


def _is_special(tag: Tag) -> bool:
    """Whether the parent of such a span may not have waited for it."""
    return isinstance(tag, SpanRecord) and (
        tag.kind == "consumer" or bool(tag.links) or tag.attributes.get(BLOCKING) is False
    )


def analysed(trace: Trace, operation_of: Mapping[Operation, int]) -> Shares:
    """The shares of any trace, by the analysis that `analyze_traces` uses."""
    own = self_times(trace, trace.nonblocking)
    critical = critical_path(trace, trace.nonblocking, handed=handed_over(trace)).by_row(len(trace))
    shares = Shares()
    positions = [operation_of[operation] for operation in trace.operations]
    for row, local in enumerate(trace.operation):
        operation = positions[local]
        shares.own[operation] = shares.own.get(operation, 0) + own[row]
        shares.critical[operation] = shares.critical.get(operation, 0) + critical[row]
    return shares
