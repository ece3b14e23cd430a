"""Through a real OpenTelemetry Collector: what arrives is what was recorded, field by field."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from backend_programs import Collector
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

from otelwod.archive.otlp_json import DecodeCounts, SessionWriter, encode, parse_line, read
from otelwod.telemetry import Telemetry, configure, format_span_id, planned_ids, session_trace_id, span_id_for
from otelwod.telemetry.span_records import record_of
from otelwod.testing import FakeClock
from otelwod.trace import SpanRecord

pytestmark = pytest.mark.backend

PROTOCOLS = ["grpc", "http/protobuf"]


def endpoint(collector: Collector, protocol: str) -> dict[str, str]:
    url = collector.grpc_endpoint if protocol == "grpc" else collector.http_endpoint
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_SERVICE_NAME": "through"}


def records_in(lines: Iterable[bytes], trace_id: str) -> dict[str, SpanRecord]:
    """The records of one trace by span id; an id that comes twice fails the test."""
    counts = DecodeCounts()
    found: dict[str, SpanRecord] = {}
    for line in lines:
        for record in parse_line(line, counts):
            if record.trace_id == trace_id:
                assert record.span_id not in found, "a span arrived twice"
                found[record.span_id] = record
    assert counts.unreadable == 0
    return found


def arrived(collector: Collector, trace_id: str, count: int) -> dict[str, SpanRecord]:
    """The records of a trace as soon as there are ``count`` of them in the Collector's file."""
    lines = collector.lines(collector.traces, lambda lines: len(records_in(lines, trace_id)) >= count)
    return records_in(lines, trace_id)


def by_id(records: Iterable[SpanRecord]) -> dict[str, SpanRecord]:
    return {record.span_id: record for record in records}


def tell_a_story(telemetry: Telemetry, session: str) -> None:
    """Spans with everything that a span can carry, at explicit times."""
    clock = FakeClock()
    with planned_ids(session_trace_id(session, None), span_id_for(session, "root")):
        root = telemetry.tracer.start_span(
            "Fran 🏋",
            start_time=clock.time_ns(),
            attributes={
                "text": 'é\u2028\x07"\\',
                "empty": "",
                "int": -5,
                "big": 2**63 - 1,
                "float": 1.5,
                "tiny": 5e-324,
                "infinite": float("-inf"),
                "bool": True,
                "texts": ["a", ""],
                "ints": [1, -2],
                "floats": [0.1, 2.0],
                "bools": [False, True],
                "none": [],
            },
        )
    for number, kind in enumerate(SpanKind):
        clock.advance_ns(1)
        with planned_ids(1, span_id_for(session, str(number))):
            span = telemetry.tracer.start_span(
                f"{kind.name} {number}",
                set_span_in_context(root),
                kind,
                start_time=clock.time_ns(),
                links=[Link(root.get_span_context(), {"n": number})],
            )
        span.add_event("otelwod.metric.recorded", {"otelwod.metric.value": number}, clock.time_ns())
        span.add_event("bare", timestamp=clock.time_ns() + 1)
        span.set_status(Status(StatusCode.ERROR, "tired") if number == 2 else Status(StatusCode.OK))
        clock.advance_ns(10)
        span.end(clock.time_ns())
    for number in range(200):
        root.add_event("many", {"n": number}, clock.time_ns())
    root.end(clock.time_ns())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_every_field_of_every_span_arrives(collector: Collector, protocol: str, compression: str) -> None:
    kept = InMemorySpanExporter()
    environ = endpoint(collector, protocol) | {"OTEL_EXPORTER_OTLP_COMPRESSION": compression}
    session = f"story {protocol} {compression}"
    with configure(environ=environ, exporters=[kept], quiet=True, set_global=False) as telemetry:
        tell_a_story(telemetry, session)
    assert telemetry.delivery().complete
    expected = by_id(map(record_of, kept.get_finished_spans()))
    assert set(expected) == {format_span_id(span_id_for(session, key)) for key in ("root", "0", "1", "2", "3", "4")}
    (trace_id,) = {record.trace_id for record in expected.values()}
    found = arrived(collector, trace_id, len(expected))
    assert found == expected
    root = found[format_span_id(span_id_for(session, "root"))]
    assert len(root.events) == 200
    assert root.resource == telemetry.resource


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_more_spans_than_the_queue_arrive_without_loss(collector: Collector, protocol: str) -> None:
    environ = endpoint(collector, protocol) | {
        "OTEL_BSP_MAX_QUEUE_SIZE": "300",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "100",
    }
    telemetry = configure(environ=environ, live=False, quiet=True, set_global=False)
    root = telemetry.tracer.start_span("root")
    for number in range(4999):
        telemetry.tracer.start_span(str(number), set_span_in_context(root)).end()
    root.end()
    delivery = telemetry.shutdown(60)
    assert delivery.lines() == (f"sent 5,000 spans to {delivery.destinations[0].place}",)
    trace_id = f"{root.get_span_context().trace_id:032x}"
    found = arrived(collector, trace_id, 5000)
    assert {record.name for record in found.values()} == {"root", *map(str, range(4999))}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_spans_heavy_with_events_stay_below_what_a_server_accepts(collector: Collector, protocol: str) -> None:
    """12 MB in one batch's worth of spans; the Collector's gRPC takes 4 MiB in a request."""
    telemetry = configure(environ=endpoint(collector, protocol), live=False, quiet=True, set_global=False)
    root = telemetry.tracer.start_span("root")
    for number in range(500):
        span = telemetry.tracer.start_span(str(number), set_span_in_context(root))
        for _ in range(24):
            span.add_event("otelwod.metric.recorded", {"text": "x" * 1000})
        span.end()
    root.end()
    delivery = telemetry.shutdown(60)
    assert delivery.lines() == (f"sent 501 spans to {delivery.destinations[0].place}",)
    found = arrived(collector, f"{root.get_span_context().trace_id:032x}", 501)
    assert sum(len(record.events) for record in found.values()) == 12_000


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_metrics_arrive_with_our_buckets(collector: Collector, protocol: str) -> None:
    service = f"metrics {protocol}"
    with configure(environ=endpoint(collector, protocol), service_name=service, set_global=False) as telemetry:
        telemetry.meter.create_histogram("otelwod.block.duration", "s").record(42)
        telemetry.meter.create_counter("otelwod.reps.count", "{rep}").add(
            21, {"otelwod.movement.id": "barbell/thruster"}
        )

    def metrics(lines: Iterable[bytes]) -> dict[str, Any]:
        return {
            metric["name"]: metric
            for line in lines
            for resource in json.loads(line)["resourceMetrics"]
            if {"key": "service.name", "value": {"stringValue": service}} in resource["resource"]["attributes"]
            for scope in resource["scopeMetrics"]
            for metric in scope["metrics"]
        }

    found = metrics(
        collector.lines(
            collector.metrics, lambda lines: {"otelwod.block.duration", "otelwod.reps.count"} <= set(metrics(lines))
        )
    )
    (histogram,) = found["otelwod.block.duration"]["histogram"]["dataPoints"]
    (counter,) = found["otelwod.reps.count"]["sum"]["dataPoints"]
    bounds = histogram["explicitBounds"]
    assert histogram["bucketCounts"][next(n for n, bound in enumerate(bounds) if bound >= 42)] == "1"
    assert found["otelwod.block.duration"]["unit"] == "s"
    assert counter["asInt"] == "21"


def test_our_files_are_the_collectors_format(collector: Collector, tmp_path: Path) -> None:
    """Post a line of our file to the Collector's JSON receiver: its file exporter writes the same data."""
    kept = InMemorySpanExporter()
    telemetry = configure(environ={}, exporters=[kept], set_global=False)
    tell_a_story(telemetry, "json")
    telemetry.shutdown()
    records = [record_of(span) for span in kept.get_finished_spans()]
    with SessionWriter(tmp_path / "s.otlp.jsonl") as writer:
        writer.write(records)
    (line,) = writer.path.read_bytes().splitlines()
    request = urllib.request.Request(
        f"{collector.http_endpoint}/v1/traces", data=line, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response) == {"partialSuccess": {}}
    found = arrived(collector, records[0].trace_id, len(records))
    assert found == by_id(records) == by_id(read(writer.path))
    (written,) = (
        line for line in collector.traces.read_bytes().split(b"\n") if records_in([line], records[0].trace_id)
    )
    assert json.loads(written) == json.loads(line) == encode(records)


def test_what_the_collector_refuses_is_said(collector: Collector) -> None:
    environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.http_endpoint}/nowhere"}
    with configure(environ=environ, quiet=True, set_global=False) as telemetry:
        telemetry.tracer.start_span("x").end()
    assert telemetry.delivery().lines() == (
        f"could not deliver 1 span to {collector.http_endpoint}/nowhere: 404 Not Found",
    )


def test_the_wrong_protocol_is_said(collector: Collector) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.grpc_endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    with configure(environ=environ, quiet=True, set_global=False) as telemetry:
        telemetry.tracer.start_span("x").end()
    destination = telemetry.delivery().destinations[0]
    assert destination.failed == 1
    assert destination.error not in ("", "no answer in time")
