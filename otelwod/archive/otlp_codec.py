"""Span records ↔ OTLP JSON (``TracesData``, the same as an ``ExportTraceServiceRequest``).

Written as OpenTelemetry's Collector writes it; read from whatever has called itself OTLP JSON: any field order,
unknown fields, enum names, numbers as text, snake_case names, the names of 2022.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from otelwod.archive.otlp_values import (
    decode_attributes,
    decode_id,
    decode_integer,
    encodable,
    encode_attributes,
    items_of,
)
from otelwod.trace import Attributes, Quality, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatus

KINDS: Final[tuple[SpanKind, ...]] = ("internal", "internal", "server", "client", "producer", "consumer")
"""By number; 0, unspecified, is read as internal."""
STATUSES: Final[tuple[SpanStatus, ...]] = ("unset", "ok", "error")
_KIND_NUMBERS: Final[Mapping[str, int]] = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_STATUS_NUMBERS: Final[Mapping[str, int]] = {name: number for number, name in enumerate(STATUSES)}

_RESOURCE_SPANS: Final = ("resourceSpans", "resource_spans", "batches")
_SCOPE_SPANS: Final = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_SCOPE: Final = ("scope", "instrumentationLibrary", "instrumentation_library")
_WRAPPERS: Final = ("result", "trace", "data")
"""Around the data in answers of Jaeger (``/api/v3``) and Tempo (``/api/v2``)."""


# ---------------------------------------------------------------------------------------------------------- encoding


def encode(records: Iterable[SpanRecord]) -> dict[str, Any]:
    """One ``TracesData`` of the records, grouped by resource and scope, each in the order of its first record."""
    resources: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}
    encoded: dict[str, list[dict[str, Any]]] = {}
    # Records of one run share their resource: encoding it once is most of the saving. The reference keeps the id valid.
    known: dict[int, tuple[Attributes, str]] = {}
    for record in records:
        seen = known.get(id(record.resource))
        if seen is None:
            attributes = encode_attributes(record.resource)
            key = repr(attributes)
            known[id(record.resource)] = (record.resource, key)
            encoded.setdefault(key, attributes)
        else:
            key = seen[1]
        scopes = resources.setdefault(key, {})
        scopes.setdefault((record.scope, record.scope_version), []).append(encode_span(record))
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": encoded[key]} if encoded[key] else {},
                "scopeSpans": [
                    {"scope": _encode_scope(name, version), "spans": spans} for (name, version), spans in scopes.items()
                ],
            }
            for key, scopes in resources.items()
        ]
    }


def _encode_scope(name: str, version: str) -> dict[str, str]:
    scope = {"name": encodable(name)} if name else {}
    return {**scope, "version": encodable(version)} if version else scope


def encode_span(record: SpanRecord) -> dict[str, Any]:
    """One ``Span``; an open one has no ``endTimeUnixNano``."""
    span: dict[str, Any] = {"traceId": encodable(record.trace_id), "spanId": encodable(record.span_id)}
    if record.parent_id:
        span["parentSpanId"] = encodable(record.parent_id)
    span["name"] = encodable(record.name)
    span["kind"] = _KIND_NUMBERS[record.kind]
    span["startTimeUnixNano"] = str(record.start_ns)
    if record.end_ns is not None:
        span["endTimeUnixNano"] = str(record.end_ns)
    span |= _attributes(record.attributes)
    if record.events:
        span["events"] = [
            {
                "timeUnixNano": str(event.time_ns),
                "name": encodable(event.name),
                **_attributes(event.attributes),
            }
            for event in record.events
        ]
    if record.links:
        span["links"] = [
            {
                "traceId": encodable(link.trace_id),
                "spanId": encodable(link.span_id),
                **_attributes(link.attributes),
            }
            for link in record.links
        ]
    status: dict[str, Any] = {}
    if record.status_message:
        status["message"] = encodable(record.status_message)
    if record.status != "unset":
        status["code"] = _STATUS_NUMBERS[record.status]
    span["status"] = status
    return span


def _attributes(attributes: Attributes) -> dict[str, Any]:
    return {"attributes": encode_attributes(attributes)} if attributes else {}


# ---------------------------------------------------------------------------------------------------------- decoding


@dataclass(slots=True)
class DecodeCounts:
    """What was met while reading; it grows as the records are taken.

    ``unreadable``: spans without an id, lines that are no JSON object. ``missing_times``: spans without a usable start.
    ``dropped``: events, attributes and links that the source says it had dropped before.
    """

    spans: int = 0
    unreadable: int = 0
    missing_times: int = 0
    dropped: int = 0

    def quality(self) -> Quality:
        """What a `Trace` takes as ``counts`` (it counts spans and missing times itself)."""
        return Quality(unreadable=self.unreadable, dropped_events=self.dropped)


def decode(data: object, counts: DecodeCounts | None = None) -> Iterator[SpanRecord]:
    """The span records in a parsed OTLP JSON value: ``TracesData``, one ``ResourceSpans``, or an array of such.

    Never raises for what the value holds; what cannot be read as a span is counted in ``counts``.
    """
    counts = counts if counts is not None else DecodeCounts()
    for resource_spans in _resource_spans(data, counts):
        resource = decode_attributes(_get(_get(resource_spans, ("resource",)), ("attributes",)))
        for scope_spans in _objects(_first_list(resource_spans, _SCOPE_SPANS), counts):
            scope = _get(scope_spans, _SCOPE)
            name, version = _text(_get(scope, ("name",))), _text(_get(scope, ("version",)))
            for span in _objects(items_of(scope_spans, "spans"), counts):
                record = decode_span(span, counts, resource=resource, scope=name, scope_version=version)
                if record is not None:
                    counts.spans += 1
                    yield record


def decode_span(
    span: Mapping[str, Any],
    counts: DecodeCounts,
    *,
    resource: Attributes,
    scope: str = "",
    scope_version: str = "",
) -> SpanRecord | None:
    """One ``Span`` as a record; None, counted, when it has no ids."""
    trace_id = decode_id(_get(span, ("traceId", "trace_id")), 16)
    span_id = decode_id(_get(span, ("spanId", "span_id")), 8)
    if not trace_id or not span_id:
        counts.unreadable += 1
        return None
    start = _time(_get(span, ("startTimeUnixNano", "start_time_unix_nano")))
    if not start:
        counts.missing_times += 1
    for name in ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"):
        counts.dropped += max(0, decode_integer(span.get(name, 0)) or 0)
    status = _get(span, ("status",))
    return SpanRecord(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=decode_id(_get(span, ("parentSpanId", "parent_span_id")), 8) or None,
        name=_text(span.get("name")),
        start_ns=start,
        end_ns=_time(_get(span, ("endTimeUnixNano", "end_time_unix_nano"))) or None,
        kind=KINDS[_enum(span.get("kind"), "SPAN_KIND_", _KIND_NUMBERS, len(KINDS))],
        status=STATUSES[_enum(_get(status, ("code",)), "STATUS_CODE_", _STATUS_NUMBERS, len(STATUSES))],
        status_message=_text(_get(status, ("message",))),
        attributes=decode_attributes(span.get("attributes")),
        events=tuple(
            SpanEvent(
                _text(event.get("name")),
                _time(_get(event, ("timeUnixNano", "time_unix_nano"))),
                decode_attributes(event.get("attributes")),
            )
            for event in _objects(items_of(span, "events"), counts)
        ),
        links=tuple(
            SpanLink(
                decode_id(_get(link, ("traceId", "trace_id")), 16),
                decode_id(_get(link, ("spanId", "span_id")), 8),
                decode_attributes(link.get("attributes")),
            )
            for link in _objects(items_of(span, "links"), counts)
        ),
        resource=resource,
        scope=scope,
        scope_version=scope_version,
    )


def _resource_spans(data: object, counts: DecodeCounts) -> Iterator[Mapping[str, Any]]:
    """The ``ResourceSpans`` in whatever was parsed, at most one wrapper and one array around them."""
    for item in data if isinstance(data, list) else [data]:
        if not isinstance(item, Mapping):
            counts.unreadable += 1
            continue
        inner = item
        for name in _WRAPPERS:
            if isinstance(item.get(name), Mapping):
                inner = item[name]
                break
        if any(name in inner for name in _RESOURCE_SPANS):
            yield from _objects(_first_list(inner, _RESOURCE_SPANS), counts)
        elif any(name in inner for name in _SCOPE_SPANS):
            yield inner
        elif inner:
            counts.unreadable += 1


def _objects(items: Iterable[Any], counts: DecodeCounts) -> Iterator[Mapping[str, Any]]:
    for item in items:
        if isinstance(item, Mapping):
            yield item
        else:
            counts.unreadable += 1


def _get(container: object, names: tuple[str, ...]) -> Any:
    if isinstance(container, Mapping):
        for name in names:
            if name in container:
                return container[name]
    return None


def _first_list(container: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    value = _get(container, names)
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)[:1000]


def _time(value: object) -> int:
    """Nanoseconds since 1970; 0 when missing or none."""
    time = decode_integer(value)
    return time if time is not None and time > 0 else 0


def _enum(value: object, prefix: str, numbers: Mapping[str, int], count: int) -> int:
    """A number or a name (with or without its prefix) as a number; 0 for what is not known."""
    if isinstance(value, str) and not value.isdigit():
        return numbers.get(value.upper().removeprefix(prefix).lower(), 0)
    number = decode_integer(value)
    return number if number is not None and 0 <= number < count else 0
