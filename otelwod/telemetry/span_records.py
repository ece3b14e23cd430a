"""The SDK's spans as `SpanRecord`. Works on any object with the SDK's attributes; imports no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import SpanKind as OTelKind
from opentelemetry.trace import StatusCode

from otelwod.telemetry.ids import format_span_id, format_trace_id
from otelwod.trace import AttributeValue, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatus

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_KINDS: Final[Mapping[OTelKind, SpanKind]] = {
    OTelKind.INTERNAL: "internal",
    OTelKind.SERVER: "server",
    OTelKind.CLIENT: "client",
    OTelKind.PRODUCER: "producer",
    OTelKind.CONSUMER: "consumer",
}
_STATUSES: Final[Mapping[StatusCode, SpanStatus]] = {
    StatusCode.UNSET: "unset",
    StatusCode.OK: "ok",
    StatusCode.ERROR: "error",
}


def record_of(span: ReadableSpan) -> SpanRecord:
    """The record of a span, ended or still open. Raises ValueError for a span without a context."""
    context = span.context
    if context is None:
        raise ValueError(f"the span {span.name!r} has no context")
    scope = span.instrumentation_scope
    return SpanRecord(
        trace_id=format_trace_id(context.trace_id),
        span_id=format_span_id(context.span_id),
        parent_id=format_span_id(span.parent.span_id) if span.parent is not None else None,
        name=span.name,
        start_ns=span.start_time or 0,
        end_ns=span.end_time,
        kind=_KINDS.get(span.kind, "internal"),
        status=_STATUSES.get(span.status.status_code, "unset"),
        status_message=span.status.description or "",
        attributes=_attributes(span.attributes),
        events=tuple(SpanEvent(e.name, e.timestamp, _attributes(e.attributes)) for e in span.events),
        links=tuple(
            SpanLink(
                format_trace_id(link.context.trace_id),
                format_span_id(link.context.span_id),
                _attributes(link.attributes),
            )
            for link in span.links
        ),
        resource=_attributes(span.resource.attributes),
        scope=scope.name if scope is not None else "",
        scope_version=(scope.version or "") if scope is not None else "",
    )


def _attributes(attributes: Mapping[str, Any] | None) -> dict[str, AttributeValue]:
    return dict(attributes) if attributes else {}
