"""OTLP JSON → protobuf requests of bounded size, with all that the JSON says: nothing goes through a model of ours.

OTLP's JSON is protobuf's own mapping but for the ids, which are hex (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from otelwod.archive import parse, salvage
from otelwod.archive.document import NOT_SPANS
from otelwod.archive.inflate import read_bytes
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.nesting import deeper_than
from otelwod.archive.parse import BEGINS, BOM, DAMAGED
from otelwod.archive.tally import Tally

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SPANS_PER_REQUEST: Final = 512
BYTES_PER_REQUEST: Final = 2_500_000
"""Servers of gRPC take 4 MiB unless told otherwise."""
NOT_SENT: Final[Mapping[str, str]] = {
    "resourceMetrics": "a line of metrics",
    "resource_metrics": "a line of metrics",
    "resourceLogs": "a line of logs",
    "resource_logs": "a line of logs",
}
"""OTLP JSON of other signals, as a Collector's files hold it."""
DEPTH: Final = 90
"""Levels of JSON; protobuf's own parser refuses more than 100."""
_NOT_OTLP: Final = "is no OTLP JSON; only that can be sent as it is (otelwod analyze reads other formats)"
_RESOURCE_SPANS: Final = ("resourceSpans", "resource_spans")
_SCOPE_SPANS: Final = ("scopeSpans", "scope_spans")
_IDS: Final = ("traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id")


def read_values(path: str, tally: Tally, limits: Limits | None = None) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file of OTLP JSON or JSON lines (gz and zst too), one after the other.

    Of what is torn or damaged every span that is still whole is given, as `otelwod.analyze` does; the damage is counted
    and said. Raises `ReadError` for what cannot be read, nests too deeply or has no spans.
    """
    limits = limits or Limits()
    data, torn = read_bytes(path, limits)
    if torn:
        tally.skip("rest of a torn or damaged compression")
        tally.warn(torn)
    place = "standard input" if path == "-" else path
    data = data.removeprefix(BOM)
    if not torn and not data.strip():
        raise ReadError(place, "is empty")
    if deeper_than(data, DEPTH) and BEGINS.match(data):
        raise ReadError(place, f"nests deeper than {DEPTH} levels, which no OTLP server takes")
    found = 0
    other = ""
    for value in parse.json_values(data, place) if BEGINS.match(data) else ():
        for whole in _salvaged(value, tally) if isinstance(value, parse.Damage) else (value,):
            if isinstance(whole, dict) and any(name in whole for name in _RESOURCE_SPANS):
                found += 1
                yield whole
            else:
                kind = next((said for name, said in NOT_SENT.items() if isinstance(whole, dict) and name in whole), "")
                tally.skip(kind or NOT_SPANS)
                other = other or kind
    if found:
        return
    if torn:
        raise ReadError(place, f"{torn.removeprefix(f'{place}: ')}, and no whole span is in it")
    if tally.skipped[DAMAGED] and any(name.encode() in data for name in _RESOURCE_SPANS):
        raise ReadError(place, "is damaged, and no whole span of it could be read")
    raise ReadError(place, f"holds no spans; what it has is {other}, and only spans are sent" if other else _NOT_OTLP)


def _salvaged(damage: parse.Damage, tally: Tally) -> list[dict[str, Any]]:
    """What is still whole of a damaged text: OTLP with at least one span. Counts and says the damage."""
    values: list[dict[str, Any]] = []
    spans = 0
    for value in salvage.documents(damage.text, tally):
        whole = {"resourceSpans": [value]} if any(name in value for name in _SCOPE_SPANS) else value
        held = sum(
            len(_objects(scope, "spans"))
            for resource in _objects(whole, *_RESOURCE_SPANS)
            for scope in _objects(resource, *_SCOPE_SPANS)
        )
        if held:
            spans += held
            values.append(whole)
    tally.skip(DAMAGED)
    tally.warn(damage.salvaged(spans))
    return values


def requests_of(values: Iterable[dict[str, Any]], tally: Tally) -> Iterator[ExportTraceServiceRequest]:
    """Requests of at most `SPANS_PER_REQUEST` spans and about `BYTES_PER_REQUEST` bytes, in the order of the file.

    A span that is no OTLP is left out and counted; the others of its line are sent.
    """
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    spans = size = 0
    for value in values:
        for resource_spans in _objects(value, *_RESOURCE_SPANS):
            resource = _without(resource_spans, *_SCOPE_SPANS)
            scopes = _objects(resource_spans, *_SCOPE_SPANS)
            for scope_spans in scopes:
                target = None
                scope = _without(scope_spans, "spans")
                for span in _objects(scope_spans, "spans"):
                    parsed = _span(span)
                    if parsed is None:
                        tally.skip("record that is no OTLP span")
                        continue
                    own = parsed.ByteSize()
                    if spans and (spans >= SPANS_PER_REQUEST or size + own > BYTES_PER_REQUEST):
                        yield request
                        request = ExportTraceServiceRequest()
                        spans = size = 0
                        target = None
                    if target is None:
                        target = _frame(request, resource, scope, tally)
                        size += target.ByteSize()
                    target.spans.append(parsed)
                    spans += 1
                    size += own
    if spans:
        yield request


def halves(request: ExportTraceServiceRequest) -> tuple[ExportTraceServiceRequest, ExportTraceServiceRequest]:
    """The spans of a request in two requests of about the same number."""
    first, second = type(request)(), type(request)()
    middle = span_count(request) // 2
    at = 0
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for half, spans in (
                (first, scope_spans.spans[: max(0, middle - at)]),
                (second, scope_spans.spans[max(0, middle - at) :]),
            ):
                if spans:
                    into = half.resource_spans.add(schema_url=resource_spans.schema_url)
                    into.resource.CopyFrom(resource_spans.resource)
                    part = into.scope_spans.add(schema_url=scope_spans.schema_url, spans=spans)
                    part.scope.CopyFrom(scope_spans.scope)
            at += len(scope_spans.spans)
    return first, second


def span_count(request: ExportTraceServiceRequest) -> int:
    """How many spans a request holds."""
    return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)


def _frame(request: Any, resource: dict[str, Any], scope: dict[str, Any], tally: Tally) -> Any:
    """A new ``ScopeSpans`` in ``request`` for spans of this resource and scope."""
    from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped, unused-ignore]

    into = request.resource_spans.add()
    try:
        ParseDict(resource, into, ignore_unknown_fields=True)
    except (ParseError, TypeError, ValueError, AttributeError):
        into.Clear()
        tally.skip("resource that is no OTLP")
    part = into.scope_spans.add()
    try:
        ParseDict(scope, part, ignore_unknown_fields=True)
    except (ParseError, TypeError, ValueError, AttributeError):
        part.Clear()
        tally.skip("scope that is no OTLP")
    return part


def _span(value: dict[str, Any]) -> Any:
    from google.protobuf.json_format import ParseDict, ParseError  # type: ignore[import-untyped, unused-ignore]
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    try:
        span = ParseDict(_with_base64(value), Span(), ignore_unknown_fields=True)
    except (ParseError, TypeError, ValueError, AttributeError):
        return None
    return span if len(span.trace_id) == 16 and len(span.span_id) == 8 else None


def _with_base64(value: dict[str, Any]) -> dict[str, Any]:
    """The span with its ids, and those of its links, as protobuf's JSON wants them. Raises ValueError."""
    found = {name: _base64(item) if name in _IDS and item else item for name, item in value.items()}
    if isinstance(value.get("links"), list):
        found["links"] = [_with_base64(link) for link in value["links"]]
    return found


def _base64(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError("an id is hex text")
    return base64.b64encode(bytes.fromhex(text)).decode()


def _objects(value: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    items: list[Any] = next((value[name] for name in names if isinstance(value.get(name), list)), [])
    return [item for item in items if isinstance(item, dict)]


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name not in names}
