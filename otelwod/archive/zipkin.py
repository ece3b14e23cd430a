"""Zipkin's JSON, version 2: a list of spans with times in microseconds, or a list of such lists.

A client and its server may share one span id (``"shared": true`` on the server's half). Here each half is a span of its
own: the server's becomes a child of the client's, and what the server called hangs below the server's half. See
https://github.com/openzipkin/b3-propagation and https://zipkin.io/zipkin-api/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from otelwod.archive.tally import Tally
from otelwod.archive.values import MICROSECOND, attribute, identifier, nanoseconds, objects_in, words
from otelwod.conventions import SERVICE_NAME
from otelwod.trace import AttributeValue, SpanEvent, SpanKind, SpanRecord

_KINDS: Final[Mapping[str, SpanKind]] = {
    "CLIENT": "client",
    "SERVER": "server",
    "PRODUCER": "producer",
    "CONSUMER": "consumer",
}
_HOST_KEYS: Final = (("ipv4", "host.ip"), ("ipv6", "host.ip"))
SHARED_SUFFIX: Final = "-server"


def is_span(value: object) -> bool:
    """Whether a JSON value looks like a Zipkin span of version 2 (or a damaged one)."""
    return isinstance(value, dict) and "traceId" in value and "id" in value and "spanId" not in value


def read(spans: Iterable[object], tally: Tally) -> Iterator[SpanRecord]:
    """The records of spans that belong together (all of a file: a trace may be spread over its lists)."""
    halves: dict[tuple[str, str, bool], SpanRecord] = {}
    for span in spans:
        if not isinstance(span, dict):
            tally.skip("span that is no object")
            continue
        record = _record(span, tally)
        if record is None:
            continue
        shared = span.get("shared") is True
        twin = halves.get((record.trace_id, record.span_id, shared))
        if twin is not None and {twin.kind, record.kind} == {"client", "server"}:
            shared = True  # an old writer that did not say so
            if record.kind == "client":  # the server's half came first
                halves[twin.trace_id, twin.span_id, False] = record
                record = twin
            twin = halves.get((record.trace_id, record.span_id, shared))
        key = (record.trace_id, record.span_id, shared)
        halves[key] = record if twin is None else _merged(twin, record, tally)
    yield from _told_apart(halves)


def _told_apart(halves: Mapping[tuple[str, str, bool], SpanRecord]) -> Iterator[SpanRecord]:
    servers = {
        (trace_id, span_id): record
        for (trace_id, span_id, shared), record in halves.items()
        if shared and (trace_id, span_id, False) in halves
    }
    for (trace_id, span_id, shared), record in halves.items():
        if shared and (trace_id, span_id) in servers:
            yield replace(record, span_id=span_id + SHARED_SUFFIX, parent_id=span_id)
            continue
        server = servers.get((trace_id, record.parent_id or ""))
        if server is not None and record.service == server.service:
            record = replace(record, parent_id=f"{record.parent_id}{SHARED_SUFFIX}")
        yield record


def _merged(first: SpanRecord, second: SpanRecord, tally: Tally) -> SpanRecord:
    """Two reports of one half: the parts of each. Of two durations the longer one is the finished one."""
    tally.repair("span reported in parts: put together")
    ends = [end for end in (first.end_ns, second.end_ns) if end is not None]
    return replace(
        first,
        name=first.name or second.name,
        parent_id=first.parent_id or second.parent_id,
        start_ns=min(filter(None, (first.start_ns, second.start_ns)), default=0),
        end_ns=max(ends) if ends else None,
        kind=first.kind if first.kind != "internal" else second.kind,
        status="error" if "error" in (first.status, second.status) else first.status,
        status_message=first.status_message or second.status_message,
        attributes={**second.attributes, **first.attributes},
        events=tuple({(event.time_ns, event.name): event for event in (*first.events, *second.events)}.values()),
        resource=first.resource or second.resource,
    )


def _record(span: Mapping[str, Any], tally: Tally) -> SpanRecord | None:
    trace_id, span_id = identifier(span.get("traceId")), identifier(span.get("id"))
    if not trace_id or not span_id:
        tally.skip("span without an id")
        return None
    start = nanoseconds(span.get("timestamp"), MICROSECOND)
    length = nanoseconds(span.get("duration"), MICROSECOND)
    tags = span.get("tags")
    attributes: dict[str, AttributeValue] = {
        str(key): attribute(value) for key, value in (tags.items() if isinstance(tags, dict) else ())
    }
    remote = span.get("remoteEndpoint")
    if isinstance(remote, dict) and remote.get("serviceName"):
        attributes.setdefault("peer.service", words(remote["serviceName"]))
    failed = "error" in attributes and str(attributes["error"]).lower() != "false"
    events = [
        SpanEvent(words(note.get("value")), nanoseconds(note.get("timestamp"), MICROSECOND) or 0)
        for note in objects_in(span.get("annotations"))
    ]
    return SpanRecord(
        trace_id,
        span_id,
        identifier(span.get("parentId")) or None,
        words(span.get("name")),
        start or 0,
        None if length is None else (start or 0) + length,
        kind=_KINDS.get(words(span.get("kind")), "internal"),
        status="error" if failed else "unset",
        status_message=str(attributes["error"]) if failed and attributes["error"] not in (True, "true") else "",
        attributes=attributes,
        events=tuple(events),
        resource=_resource(span.get("localEndpoint")),
    )


def _resource(endpoint: object) -> dict[str, AttributeValue]:
    if not isinstance(endpoint, dict):
        return {}
    resource: dict[str, AttributeValue] = {}
    if endpoint.get("serviceName"):
        resource[SERVICE_NAME] = words(endpoint["serviceName"])
    for key, name in _HOST_KEYS:
        if endpoint.get(key):
            resource[name] = words(endpoint[key])
    return resource
