"""What is known of a program's own order beyond the times of its spans: which span a span came after, and in which row.

An export says when spans ran. `PerformanceProcessor` knows as well which span ended last before another began in the
same task or thread; with ``predecessor_attribute`` it writes that on the span, so that a file knows it too.
"""

from __future__ import annotations

from collections.abc import Mapping

from otelwod.conventions import PREDECESSOR
from otelwod.trace import Trace


def recorded_predecessors(trace: Trace) -> dict[str, str]:
    """Span id → id of its predecessor, for the spans that carry ``otelwod.predecessor.id``."""
    found: dict[str, str] = {}
    for record in trace.records:
        before = record.attributes.get(PREDECESSOR)
        if isinstance(before, str):
            found[record.span_id] = before
    return found


def rows_before(trace: Trace, predecessors: Mapping[str, str]) -> dict[int, int]:
    """The predecessors by row, those that are spans of the trace."""
    rows = {span_id: row for row, span_id in enumerate(trace.span_id)}
    return {rows[span]: rows[before] for span, before in predecessors.items() if span in rows and before in rows}
