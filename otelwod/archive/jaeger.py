"""Jaeger's JSON, as its query API answers and its UI exports it: ids are any text, times are microseconds.

``{"data": [{"traceID", "spans": [{"spanID", "operationName", "references", "startTime", "duration", "tags", "logs",
"processID"}], "processes": {"p1": {"serviceName", "tags"}}}]}``. Sound spans go straight into columns; a span's full
record is made only when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from otelwod.archive.columns import Columns, Gathering
from otelwod.archive.tally import Tally
from otelwod.archive.values import MICROSECOND, attribute, identifier, nanoseconds, objects_in, words
from otelwod.conventions import BLOCKING, PHASE, SERVICE_NAME
from otelwod.trace import AttributeValue, SpanEvent, SpanKind, SpanLink, SpanRecord, SpanStatus

FOLLOWS_FROM: Final = {"opentracing.ref_type": "follows_from"}
_KINDS: Final[Mapping[object, SpanKind]] = {
    "server": "server",
    "client": "client",
    "producer": "producer",
    "consumer": "consumer",
}
_STATUSES: Final[Mapping[str, SpanStatus]] = {"OK": "ok", "ERROR": "error", "UNSET": "unset"}
_DEFECTS: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What unsound JSON raises where sound JSON is expected."""
_TOLD_APART: Final = frozenset({"error", "otel.status_code", "span.kind", PHASE, BLOCKING})
"""Tags that the columns need; all others wait until somebody asks for the record."""
_OWN_FIELDS: Final = frozenset(
    {
        "span.kind",
        "otel.status_code",
        "otel.status_description",
        "otel.library.name",
        "otel.library.version",
        "otel.scope.name",
        "otel.scope.version",
    }
)
"""Tags that become fields of the record and are no attributes of it."""
_ENDS_OF_QUEUES: Final = ("producer", "consumer")
_NO_SPAN: Final = "0" * 16
_LATEST: Final = (1 << 62) // MICROSECOND
"""Microseconds: times and durations beyond it are none."""
_NO_DATE: Final = 365 * 86_400 * 1_000_000
"""Microseconds: where all times are less, `Trace` takes a start of 0 for a start and counts none as missing."""

_Span = dict[str, Any]


def read_trace(trace: Mapping[str, Any], gathering: Gathering, tally: Tally) -> None:
    """Add one trace (an element of ``data``). What is no span, or has no id, is counted and left out."""
    spans = trace.get("spans")
    if not isinstance(spans, list):
        tally.skip("trace whose spans are no list", 0 if spans is None else 1)
        return
    processes = trace.get("processes")
    processes = processes if isinstance(processes, dict) else {}
    trace_id = identifier(trace.get("traceID"))
    if not trace_id:
        trace_id = next((identifier(span.get("traceID")) for span in objects_in(spans) if span.get("traceID")), "")
    try:
        columns = _columns(trace_id, spans, processes, gathering)
    except _DEFECTS:
        processes = dict(processes)
        repaired = [_repaired(span, processes, tally) for span in spans]
        spans = [sound for sound, _ in repaired if sound is not None]
        if all(span["startTime"] + (span["duration"] or 0) <= _NO_DATE for span in spans):
            tally.undated += sum(is_missing for _, is_missing in repaired)
        columns = _columns(trace_id, spans, processes, gathering)
    if spans:
        gathering.add_columns(trace_id, columns)


def _columns(trace_id: str, spans: list[_Span], processes: Mapping[str, Any], gathering: Gathering) -> Columns:
    """The columns of sound spans; raises one of `_DEFECTS` when a span is not sound."""
    ids = [span["spanID"] for span in spans]
    names = [span["operationName"] for span in spans]
    process_ids = [span["processID"] for span in spans]
    starts = [span["startTime"] for span in spans]
    durations = [span["duration"] for span in spans]
    references = [span["references"] for span in spans]
    tags = [span["tags"] for span in spans]
    for column in (ids, names, process_ids):
        _check(column, {str})
    _check(starts, {int})
    open_spans = None in durations
    _check(durations, {int, type(None)} if open_spans else {int})
    if spans and (min(starts) < 0 or max(starts) >= _LATEST):
        raise ValueError("startTime")
    lengths = [length for length in durations if length is not None] if open_spans else durations
    if lengths and (min(lengths) <= -_LATEST or max(lengths) >= _LATEST):
        raise ValueError("duration")

    known: dict[tuple[str, str], int] = {}
    operation = []
    for key in zip(process_ids, names, strict=True):
        position = known.get(key)
        if position is None:
            position = known[key] = gathering.operation(_service(processes, key[0]), key[1])
        operation.append(position)

    parents: list[str | None] = []
    nonblocking = []
    for row, refs in enumerate(references):
        if len(refs) == 1:
            ref = refs[0]
            if ref["refType"] == "CHILD_OF" and ref["traceID"] == trace_id:
                parents.append(ref["spanID"])
                continue
        parent, follows = _parent(trace_id, spans[row])
        parents.append(parent)
        if follows:
            nonblocking.append(row)
    _check(parents, {str, type(None)})

    status: dict[int, SpanStatus] = {}
    phase: dict[int, str] = {}
    kinds: dict[int, object] = {}
    for row, key, value in [
        (row, key, tag.get("value"))
        for row, list_ in enumerate(tags)
        for tag in list_
        if (key := tag["key"]) in _TOLD_APART and (key != "span.kind" or tag.get("value") in _ENDS_OF_QUEUES)
    ]:
        if key == "span.kind":
            kinds[row] = value
        elif key == PHASE:
            phase[row] = words(value)
        elif key == BLOCKING:
            if _is(value, False):
                nonblocking.append(row)
        else:
            _set_status(status, row, key, value)
    if "consumer" in kinds.values():
        producers = {ids[row] for row, kind in kinds.items() if kind == "producer"}
        nonblocking += [row for row, kind in kinds.items() if kind == "consumer" and parents[row] in producers]
    return Columns(
        span_id=ids,
        parent_id=parents,
        operation=operation,
        start_ns=[start * MICROSECOND for start in starts],
        end_ns=[
            None if length is None else (start + length) * MICROSECOND
            for start, length in zip(starts, durations, strict=True)
        ],
        record=lambda row: _record(trace_id, spans[row], processes),
        status=status,
        phase=phase,
        nonblocking=nonblocking,
    )


def _check(column: Sequence[object], types: set[type]) -> None:
    if not types.issuperset(map(type, column)):
        raise TypeError


def _service(processes: Mapping[str, Any], process_id: str) -> str:
    process = processes.get(process_id)
    return words(process.get("serviceName")) if isinstance(process, dict) else ""


def _is(value: object, truth: bool) -> bool:
    """Whether a boolean tag says so; some writers quote it."""
    return value is truth or (isinstance(value, str) and value.lower() == str(truth).lower())


def _set_status(status: dict[int, SpanStatus], row: int, key: str, value: object) -> None:
    if key == "error":
        if _is(value, True):
            status[row] = "error"
    elif status.get(row) != "error":
        told = _STATUSES.get(words(value).upper(), "unset")
        if told != "unset":
            status[row] = told


def _references(span: _Span) -> list[tuple[str, str, str]]:
    """(refType, traceID, spanID) of each reference; the field of old writers counts as one."""
    found = [
        (words(ref.get("refType")), identifier(ref.get("traceID")), identifier(ref.get("spanID")))
        for ref in objects_in(span.get("references"))
    ]
    if not found and span.get("parentSpanID"):
        found.append(("CHILD_OF", "", identifier(span["parentSpanID"])))
    return found


def _parent(trace_id: str, span: _Span) -> tuple[str | None, bool]:
    """The parent's id and whether it is only followed, not awaited: the first CHILD_OF wins over any FOLLOWS_FROM."""
    followed = None
    for kind, reference_trace, span_id in _references(span):
        if not span_id or span_id == _NO_SPAN or not _same_trace(reference_trace, trace_id):
            continue
        if kind != "FOLLOWS_FROM":
            return span_id, False
        followed = followed or span_id
    return followed, followed is not None


def _same_trace(one: str, other: str) -> bool:
    """Ids of 64 bits are written with or without leading zeros; a reference without a trace stays in its own."""
    return not one or one == other or one.lstrip("0") == other.lstrip("0")


def _repaired(span: object, processes: dict[str, Any], tally: Tally) -> tuple[_Span | None, bool]:
    """The span with all that `_columns` needs in its right type, None when it has no id; whether its start is missing.

    A missing start becomes 0 and a missing duration None: `Quality` counts both.
    """
    if not isinstance(span, dict):
        tally.skip("span that is no object")
        return None, False
    span_id = identifier(span.get("spanID"))
    if not span_id:
        tally.skip("span without an id")
        return None, False
    start = nanoseconds(span.get("startTime"), 1)
    is_missing = start is None or start >= _LATEST
    if start is None or is_missing:
        start = 0
    length = span.get("duration")
    if type(length) is not int or not -_LATEST < length < _LATEST:
        length = nanoseconds(length, 1)
        if length is not None and length >= _LATEST:
            length = None
    process_id = identifier(span.get("processID"))
    if isinstance(span.get("process"), dict) and process_id not in processes:
        process_id = process_id or f"process of {span_id}"
        processes[process_id] = span["process"]
    repaired = {
        **span,
        "spanID": span_id,
        "operationName": words(span.get("operationName")),
        "processID": process_id,
        "startTime": start,
        "duration": length,
        "references": [
            {"refType": kind, "traceID": trace, "spanID": other} for kind, trace, other in _references(span)
        ],
        "tags": _tags(span.get("tags")),
    }
    return repaired, is_missing


def _tags(tags: object) -> list[dict[str, Any]]:
    """Tags as the list that they should be; a mapping is taken too."""
    if isinstance(tags, dict):
        return [{"key": key, "value": value} for key, value in tags.items()]
    return [tag for tag in objects_in(tags) if isinstance(tag.get("key"), str)]


def _attributes(tags: object) -> dict[str, AttributeValue]:
    return {tag["key"]: attribute(tag.get("value")) for tag in _tags(tags)}


def _record(trace_id: str, span: _Span, processes: Mapping[str, Any]) -> SpanRecord:
    """The full record of a sound span."""
    attributes = _attributes(span["tags"])
    process = processes.get(span["processID"])
    resource: dict[str, AttributeValue] = {}
    if isinstance(process, dict):
        resource = _attributes(process.get("tags"))
        resource[SERVICE_NAME] = words(process.get("serviceName"))
    parent, follows = _parent(trace_id, span)
    status: dict[int, SpanStatus] = {}
    for key in ("otel.status_code", "error"):
        if key in attributes:
            _set_status(status, 0, key, attributes[key])
    if "otel.status_code" in attributes and _is(attributes.get("error"), True):
        del attributes["error"]  # Jaeger's own translation of the status
    start = span["startTime"]
    end = None if span["duration"] is None else start + span["duration"]
    return SpanRecord(
        trace_id,
        span["spanID"],
        parent,
        span["operationName"],
        start * MICROSECOND,
        None if end is None else end * MICROSECOND,
        kind=_KINDS.get(attributes.get("span.kind"), "internal"),
        status=status.get(0, "unset"),
        status_message=words(attributes.get("otel.status_description")),
        attributes={key: value for key, value in attributes.items() if key not in _OWN_FIELDS},
        events=tuple(map(_event, objects_in(span.get("logs")))),
        links=tuple(
            SpanLink(reference_trace or trace_id, span_id, FOLLOWS_FROM if kind == "FOLLOWS_FROM" else {})
            for kind, reference_trace, span_id in _references(span)
            if span_id and (follows or span_id != parent or not _same_trace(reference_trace, trace_id))
        ),
        resource=resource,
        scope=words(attributes.get("otel.scope.name", attributes.get("otel.library.name"))),
        scope_version=words(attributes.get("otel.scope.version", attributes.get("otel.library.version"))),
    )


def _event(log: dict[str, Any]) -> SpanEvent:
    fields = _attributes(log.get("fields"))
    name = words(fields.pop("event", "")) or "log"
    return SpanEvent(name, nanoseconds(log.get("timestamp"), MICROSECOND) or 0, fields)
