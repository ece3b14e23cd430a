"""OTLP in protobuf: ``TracesData`` (the same on the wire as an ``ExportTraceServiceRequest``), alone or one behind
another with their lengths before them, as the Collector's file exporter writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from otelwod.archive.otlp_codec import KINDS, STATUSES
from otelwod.archive.otlp_values import decode_value
from otelwod.archive.tally import Tally
from otelwod.trace import AttributeValue, SpanEvent, SpanLink, SpanRecord

_SCALARS: Final = frozenset({"string_value", "bool_value", "int_value", "double_value"})
_FIRST_TAG: Final = 0x0A
"""Field 1, length-delimited: how every non-empty ``TracesData`` begins."""
_LENGTH: Final = 4
_DELIMITED: Final = 2
_SKIPPED_WIRE_SIZES: Final = {1: 8, 5: 4}


def looks_like(data: bytes) -> bool:
    """Whether bytes can be OTLP protobuf, framed or not."""
    return data[:1] == bytes([_FIRST_TAG]) or _is_framed(data)


def _is_framed(data: bytes) -> bool:
    """A big-endian length of 4 bytes, then a message."""
    return len(data) > _LENGTH and data[_LENGTH] == _FIRST_TAG and 0 < int.from_bytes(data[:_LENGTH], "big") < 1 << 30


def read(data: bytes, tally: Tally) -> Iterator[SpanRecord]:
    """The spans of all messages. Where a message is damaged, its sound parts are read one by one."""
    for message in _messages(data, tally):
        yield from _traces_data(message, tally)


def _messages(data: bytes, tally: Tally) -> Iterator[bytes]:
    if data[:1] == bytes([_FIRST_TAG]):
        yield data
        return
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + _LENGTH], "big")
        message = data[at + _LENGTH : at + _LENGTH + length]
        if len(message) < length:
            tally.warn("the last message is torn: read as far as it goes")
        yield message
        at += _LENGTH + length


def _traces_data(data: bytes, tally: Tally) -> Iterator[SpanRecord]:
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, TracesData

    whole = _parsed(TracesData, data)
    if whole is not None:
        for resource_spans in whole.resource_spans:
            yield from _resource_spans(resource_spans, tally)
        return
    counted = sum(tally.skipped.values())
    for number, part in _fields(data, tally):
        if number == 1:
            sound = _parsed(ResourceSpans, part)
            yield from _resource_spans(sound, tally) if sound is not None else _damaged(part, tally)
    if sum(tally.skipped.values()) == counted:
        tally.skip("damaged part of a message")


def _damaged(data: bytes, tally: Tally) -> Iterator[SpanRecord]:
    """What can be read of a ``ResourceSpans`` that cannot be parsed as a whole: span by span."""
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    resource: dict[str, AttributeValue] = {}
    for number, part in _fields(data, tally):
        if number == 1:
            sound = _parsed(Resource, part)
            resource = _attributes(sound.attributes) if sound is not None else {}
        elif number == 2:
            for inner, span_data in _fields(part, tally):
                if inner == 2:
                    span = _parsed(Span, span_data)
                    if span is None:
                        tally.skip("span that cannot be parsed")
                    else:
                        yield from _span(span, resource, "", "", tally)


def _parsed(kind: type[Any], data: bytes) -> Any:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    message = kind()
    try:
        message.ParseFromString(data)
    except (DecodeError, RecursionError):
        return None
    return message


def _fields(data: bytes, tally: Tally) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of the length-delimited fields of a message, as far as it can be followed."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _DELIMITED:
            length, at = _varint(data, at)
            yield tag >> 3, data[at : at + length]
            if at + length > len(data):
                tally.skip("torn part of a message")
            at += length
        elif wire == 0:
            _, at = _varint(data, at)
        elif wire in _SKIPPED_WIRE_SIZES:
            at += _SKIPPED_WIRE_SIZES[wire]
        else:
            tally.skip("part of a message that cannot be parsed")
            return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at


def _resource_spans(resource_spans: Any, tally: Tally) -> Iterator[SpanRecord]:
    resource = _attributes(resource_spans.resource.attributes)
    for scope_spans in resource_spans.scope_spans:
        scope = scope_spans.scope
        for span in scope_spans.spans:
            yield from _span(span, resource, scope.name, scope.version, tally)


def _span(
    span: Any, resource: dict[str, AttributeValue], scope: str, version: str, tally: Tally
) -> Iterator[SpanRecord]:
    if not any(span.trace_id) or not any(span.span_id):
        tally.skip("span without an id")
        return
    tally.dropped += span.dropped_attributes_count + span.dropped_events_count + span.dropped_links_count
    yield SpanRecord(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() if any(span.parent_span_id) else None,
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano or None,
        kind=KINDS[span.kind] if 0 <= span.kind < len(KINDS) else "internal",
        status=STATUSES[span.status.code] if 0 <= span.status.code < len(STATUSES) else "unset",
        status_message=span.status.message,
        attributes=_attributes(span.attributes),
        events=tuple(SpanEvent(e.name, e.time_unix_nano, _attributes(e.attributes)) for e in span.events),
        links=tuple(SpanLink(k.trace_id.hex(), k.span_id.hex(), _attributes(k.attributes)) for k in span.links),
        resource=resource,
        scope=scope,
        scope_version=version,
    )


def _attributes(pairs: Any) -> dict[str, AttributeValue]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> AttributeValue:
    kind = value.WhichOneof("value")
    if kind in _SCALARS:
        scalar: AttributeValue = getattr(value, kind)
        return scalar
    if kind is None:
        return ""
    from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

    return decode_value(MessageToDict(value))
