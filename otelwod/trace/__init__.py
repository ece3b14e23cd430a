"""The one model of a span (`SpanRecord`) and of a trace (`Trace`).

A `Trace` keeps its spans as columns, because an analysis of a million spans has no time for a million objects; a
fast reader fills the columns directly, and makes a `SpanRecord` only when somebody asks for one.

Ids are text, because backends write them in many ways; OpenTelemetry's are lower-case hex (32 and 16 digits).
Times are integer nanoseconds since the Unix epoch.
"""

from otelwod.trace.forest import Operation, Trace, is_outside
from otelwod.trace.quality import Quality
from otelwod.trace.records import (
    Attributes,
    AttributeValue,
    SpanEvent,
    SpanKind,
    SpanLink,
    SpanRecord,
    SpanStatus,
)

__all__ = [
    "AttributeValue",
    "Attributes",
    "Operation",
    "Quality",
    "SpanEvent",
    "SpanKind",
    "SpanLink",
    "SpanRecord",
    "SpanStatus",
    "Trace",
    "is_outside",
]
