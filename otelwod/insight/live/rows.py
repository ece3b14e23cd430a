"""A retained span as plain values, and rows back to a `Trace`.

A row is ``(span id, parent id or 0, operation, start ns, end ns, last ended, tag)``, where *last ended* is the id of
the span, of whatever trace, that ended before this one did in the same context, or None (see ``predecessors``). Rows
are kept as *cells*, one row after the other in one list: about 170 bytes each with their numbers (ids of other spans
are the very integers of those), and nothing new for the garbage collector. The *tag* is None for most
spans, the text of ``otelwod.phase`` where that is all there is to know, and a trimmed `SpanRecord` for the few that an
analysis looks into: failed spans, consumers and producers, blocks of a workout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from otelwod.conventions import (
    BLOCK_TYPE,
    BLOCKING,
    ERROR_TYPE,
    EXCEPTION_EVENT,
    EXCEPTION_TYPE,
    PHASE,
    SEGMENT_TYPE,
    SERVICE_NAME,
)
from otelwod.telemetry.ids import format_span_id, format_trace_id
from otelwod.telemetry.span_records import record_of
from otelwod.trace import AttributeValue, Operation, Quality, SpanEvent, SpanLink, SpanRecord, Trace

Tag: TypeAlias = str | SpanRecord | None
Row: TypeAlias = tuple[int, int, int, int, int | None, int | None, Tag]

WIDTH: Final = 7
"""Cells of a row."""
UNWATCHED: Final = 0
"""In place of the span that ended last: the start of this span was not seen, or is no longer known."""
LONGEST_TEXT: Final = 1_000
"""Characters of a status message or an attribute that are kept."""
_FAR: Final = 1 << 63
_REF_TYPE: Final = "opentracing.ref_type"
_OURS: Final = "otelwod."
_CONSUMER, _PRODUCER, _UNSET = SpanKind.CONSUMER, SpanKind.PRODUCER, StatusCode.UNSET  # enums are slow to look into
INTERNAL: Final = SpanKind.INTERNAL
UNSET_STATUS: Final = ReadableSpan("").status
"""The object that the SDK gives to every span whose status nobody sets."""


def rows_of(cells: Sequence[Any]) -> Iterator[Row]:
    """The rows in some cells."""
    return zip(*[iter(cells)] * WIDTH, strict=True)


def with_whole_times(cells: list[Any]) -> tuple[list[Any], int]:
    """The cells, and how many rows had a time that is no integer (a caller gave floats, texts, anything).

    Those get the nearest ones that are.
    """
    if {int}.issuperset(map(type, cells[3::WIDTH])) and {int}.issuperset(map(type, cells[4::WIDTH])):
        return cells, 0
    found: list[Any] = []
    broken = 0
    for span_id, parent_id, operation, start, end, before, tag in rows_of(cells):
        begun, ended = _whole(start), _whole(end)
        if type(start) is not int or type(end) is not int:
            broken += 1
            ended = ended or begun
        found += (span_id, parent_id, operation, begun, ended, before, tag)
    return found, broken


def _whole(value: object) -> int:
    if type(value) is int:
        return value
    try:
        return min(int(value), _FAR - 1)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError):
        return 0


def is_plain(span: Any) -> bool:
    """Whether an analysis needs nothing of an SDK span but its times: so with most, and cheap to see.

    Reads the SDK's own fields, because its bounded mappings take a lock for each look; raises AttributeError for a
    span of another make.
    """
    attributes = span._attributes._dict
    kind = span._kind
    return (
        span._status is UNSET_STATUS
        and kind is not _CONSUMER
        and kind is not _PRODUCER
        and not span._links._dq
        and not (
            attributes
            and (
                PHASE in attributes or BLOCK_TYPE in attributes or SEGMENT_TYPE in attributes or BLOCKING in attributes
            )
        )
    )


def tag_of(span: Any) -> Tag:
    """What an analysis needs of an SDK span beyond its times."""
    attributes = span._attributes._dict
    if BLOCK_TYPE in attributes or SEGMENT_TYPE in attributes or BLOCKING in attributes or span._links._dq:
        return trimmed(record_of(span))
    if span._kind in (_CONSUMER, _PRODUCER) or span.status.status_code is not _UNSET:
        return trimmed(record_of(span))
    phase = attributes.get(PHASE)
    return phase if phase is None else str(phase)[:LONGEST_TEXT]


def trimmed(record: SpanRecord) -> Tag:
    """A record with only those attributes, events and links that an analysis reads; None where it reads none."""
    attributes: dict[str, AttributeValue] = {
        name: _short(value) for name, value in record.attributes.items() if name == ERROR_TYPE or name.startswith(_OURS)
    }
    events = tuple(
        SpanEvent(event.name, event.time_ns, {EXCEPTION_TYPE: _short(event.attributes.get(EXCEPTION_TYPE, ""))})
        for event in record.events[-8:]
        if event.name == EXCEPTION_EVENT
    )
    links = tuple(
        SpanLink(link.trace_id, link.span_id, {_REF_TYPE: link.attributes[_REF_TYPE]})
        for link in record.links
        if _REF_TYPE in link.attributes
    )
    if not attributes and not links and record.status == "unset" and record.kind not in ("consumer", "producer"):
        return None
    return SpanRecord(
        trace_id="",
        span_id="",
        parent_id=None,
        name="",
        start_ns=0,
        end_ns=None,
        kind=record.kind,
        status=record.status,
        status_message=record.status_message[:LONGEST_TEXT],
        attributes=attributes,
        events=events if record.status == "error" else (),
        links=links,
    )


def _short(value: AttributeValue) -> AttributeValue:
    return value[:LONGEST_TEXT] if isinstance(value, (str, tuple, list)) else value


def record_of_row(trace_id: str, row: Row, operations: Sequence[Operation]) -> SpanRecord:
    """The record of one row."""
    span_id, parent_id, operation, start, end, _, tag = row
    service, name = operations[operation]
    detail = tag if isinstance(tag, SpanRecord) else None
    attributes: Mapping[str, AttributeValue]
    attributes = detail.attributes if detail is not None else {PHASE: tag} if isinstance(tag, str) else {}
    return SpanRecord(
        trace_id=trace_id,
        span_id=format_span_id(span_id),
        parent_id=format_span_id(parent_id) if parent_id else None,
        name=name,
        start_ns=start,
        end_ns=end,
        kind=detail.kind if detail is not None else "internal",
        status=detail.status if detail is not None else "unset",
        status_message=detail.status_message if detail is not None else "",
        attributes=attributes,
        events=detail.events if detail is not None else (),
        links=detail.links if detail is not None else (),
        resource={SERVICE_NAME: service} if service else {},
    )


def trace_of(
    trace_id: int, rows: Iterable[Row], operations: Sequence[Operation], counts: Quality | None = None
) -> Trace:
    """The trace of some rows, joined as any other (`Trace.from_records`)."""
    text = format_trace_id(trace_id)
    made = Trace.from_records([record_of_row(text, row, operations) for row in rows], counts=counts)
    return made[0]
