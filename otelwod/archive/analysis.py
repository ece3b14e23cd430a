"""`analyze`: spans from anywhere → `Report`. The public ``otelwod.analyze``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from otelwod.archive.limits import Limits
from otelwod.archive.source import open_source
from otelwod.insight.analysis import SPAN_LIMIT, analyze_traces
from otelwod.insight.report import Report
from otelwod.insight.selftime import Overrun
from otelwod.trace import SpanRecord, Trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


def analyze(
    source: str | Path | Trace | Iterable[SpanRecord | Trace | ReadableSpan],
    *,
    eps_ns: int | None = None,
    compat: Literal["jaeger"] | None = None,
    threshold_ns: int | None = None,
    overrun: Overrun = "clamp",
    span_limit: int | None = SPAN_LIMIT,
    program_order: bool = False,
    limits: Limits | None = None,
) -> Report:
    """Where the time went in a trace, and what would make it shorter.

    ``source``: the path of a file, the address of a trace in a backend (``jaeger+http://HOST:PORT/TRACE_ID``), a
    `Trace`, or span records, finished spans of the OpenTelemetry SDK or traces in any order. ``eps_ns`` is by default
    the precision of the source; for it and the other options see `otelwod.insight.analysis.analyze_traces`, for
    ``limits`` `otelwod.archive.limits.Limits`. Raises `ReadError` (a ValueError) for a source that cannot be read,
    TypeError for what is no span; bad data inside a source is counted in the report.
    """
    traces: list[Trace] = []
    records: list[SpanRecord] = []
    if isinstance(source, (str, Path)):
        found = open_source(source, limits=limits)
        traces += found.traces
        eps_ns = found.eps_ns if eps_ns is None else eps_ns
    else:
        for item in (source,) if isinstance(source, Trace) else source:
            if isinstance(item, Trace):
                traces.append(item)
            else:
                records.append(item if isinstance(item, SpanRecord) else _record_of(item))
    return analyze_traces(
        [*traces, *Trace.from_records(records)],
        eps_ns=eps_ns or 0,
        compat=compat,
        threshold_ns=threshold_ns,
        overrun=overrun,
        span_limit=span_limit,
        program_order=program_order,
    )


def _record_of(span: ReadableSpan) -> SpanRecord:
    if not hasattr(span, "get_span_context"):
        raise TypeError(f"{type(span).__name__} is no span: give SpanRecords, Traces or spans of the OpenTelemetry SDK")
    from otelwod.telemetry.span_records import record_of

    return record_of(span)
