"""Traces for tests: short to write, and drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from otelwod.trace import SpanRecord, Trace

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Few examples, and no clock: the machine may be busy."""


def span(
    span_id: str, parent: str | None, start: int, end: int | None, name: str | None = None, **more: Any
) -> SpanRecord:
    """A record of trace ``t``; ``service=`` is a shorthand."""
    service = more.pop("service", "")
    if service:
        more["resource"] = {"service.name": service}
    return SpanRecord(more.pop("trace_id", "t"), span_id, parent, name or span_id, start, end, **more)


def one(*records: SpanRecord) -> Trace:
    """The one trace of these records."""
    (trace,) = Trace.from_records(records)
    return trace


def by_id(trace: Trace, values: Any) -> dict[str, Any]:
    """Values by row as values by span id."""
    if isinstance(values, dict):
        return {trace.span_id[row]: value for row, value in values.items()}
    return dict(zip(trace.span_id, values, strict=True))


@st.composite
def forests(draw: st.DrawFn, max_size: int = 14, orphans: bool = True) -> list[SpanRecord]:
    """Records of one trace: any shape, children anywhere (also outside their parents), ties on purpose."""
    size = draw(st.integers(1, max_size))
    records = []
    for at in range(size):
        parent = None
        if at:
            above = draw(st.integers(-1 if orphans else 0, at - 1))
            parent = f"s{above:02}" if above >= 0 else draw(st.sampled_from([None, "lost"]))
        start = draw(st.integers(1, 24))
        length = draw(st.integers(0, 12))
        kind = draw(st.sampled_from(["internal", "internal", "producer", "consumer"]))
        records.append(
            span(
                f"s{at:02}",
                parent,
                start,
                start + length,
                draw(st.sampled_from("abc")),
                kind=kind,
                status=draw(st.sampled_from(["unset", "unset", "ok", "error"])),
                attributes=draw(st.sampled_from([{}, {}, {"otelwod.phase": "rest"}, {"otelwod.blocking": False}])),
            )
        )
    return records
