"""Spans that failed: where a failure began, how far it went, and what it cost on the critical path."""

from __future__ import annotations

from collections.abc import Sequence

from otelwod.conventions import ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_TYPE
from otelwod.insight.report import ErrorUse
from otelwod.trace import SpanRecord, Trace


def errors(trace: Trace, inclusive_ns: Sequence[int]) -> list[ErrorUse]:
    """One row for each span with status error, in row order; ``inclusive_ns`` is cp_incl of each row."""
    failed = {row for row, status in trace.status.items() if status == "error"}
    passed_on = {trace.parent[row] for row in failed}
    found = []
    for row in sorted(failed):
        service, name = trace.operations[trace.operation[row]]
        record = trace.record(row)
        above = trace.parent[row]
        found.append(
            ErrorUse(
                span_id=trace.span_id[row],
                operation=name,
                kind="propagated" if row in passed_on else "origin",
                type=error_type(record),
                cost_ns=inclusive_ns[row],
                trace_id=trace.trace_id,
                service=service,
                message=record.status_message,
                absorbed=above >= 0 and above not in failed,
            )
        )
    return found


def error_type(record: SpanRecord) -> str:
    """``error.type``, else the type of the last recorded exception, else an empty text."""
    given = record.attributes.get(ERROR_TYPE)
    if given:
        return str(given)
    for event in reversed(record.events):
        if event.name == EXCEPTION_EVENT and event.attributes.get(EXCEPTION_TYPE):
            return str(event.attributes[EXCEPTION_TYPE])
    return ""


def inclusive(trace: Trace, critical_ns: Sequence[int]) -> list[int]:
    """cp_incl of each row: its sections and those of its descendants on the path."""
    sums = list(critical_ns)
    for row, _ in reversed(list(trace.preorder())):
        above = trace.parent[row]
        if above >= 0:
            sums[above] += sums[row]
    return sums
