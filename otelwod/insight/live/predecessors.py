"""Which span a span came after in its own task or thread, from what each one found there when it ended.

A row names the span that ended last before it *ended* in its context (a task, a thread): so each row points back along
the ends of that context. The predecessor is the first of them that lies before the *start* of the row. Two spans that
began and ended within another need not be looked at one by one: what ended before the first of them began is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from otelwod.insight.live.rows import Row

_MOST_STEPS: Final = 1_000
"""So many overlapping spans of one context are gone back over; beyond, the predecessor is taken as not known."""


def predecessors(rows: Iterable[Row]) -> dict[int, int]:
    """Span id → id of its predecessor in the same trace, for those that have one.

    ``rows``: those of one trace, in the order in which the spans ended.
    """
    found: dict[int, int] = {}
    seen: dict[int, Row] = {}
    for row in rows:
        span_id, _, _, start, _, before, _ = row
        for _ in range(_MOST_STEPS):
            earlier = seen.get(before) if before else None
            if earlier is None:
                break
            if earlier[1] != span_id and _end(earlier) <= start:
                found[span_id] = earlier[0]
                break
            within = earlier[1] == span_id or earlier[3] >= start
            before = found.get(earlier[0]) if within else earlier[5]
        seen[span_id] = row
    return found


def _end(row: Row) -> int:
    return row[4] if row[4] is not None else row[3]
