"""Through Collector and Jaeger: what its API gives back is what was recorded, field by field."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backend_programs import find_program
from backend_recorded import WAYS, Recorded, by_id, program, recorded
from backend_services import Hub, Jaeger, eventually, get

from otelwod.archive.otlp_json import DecodeCounts, decode
from otelwod.archive.source import open_source
from otelwod.telemetry import configure
from otelwod.trace import Attributes, AttributeValue, SpanRecord

pytestmark = pytest.mark.backend


def version_3(jaeger: Jaeger, trace: Recorded) -> dict[str, SpanRecord]:
    """The trace as ``/api/v3`` gives it (OTLP), once all of it is there."""

    def ask() -> dict[str, SpanRecord]:
        counts = DecodeCounts()
        found = by_id(decode(get(f"{jaeger.url}/api/v3/traces/{trace.trace_id}"), counts))
        assert counts.unreadable == 0
        return found

    return eventually(ask, lambda found: len(found) >= len(trace.spans))


def in_jaegers_format(record: SpanRecord) -> SpanRecord:
    """What Jaeger's older format can hold of a record: whole microseconds, and lists as JSON text."""
    assert record.end_ns is not None
    start = record.start_ns // 1000
    duration = (record.end_ns - record.start_ns) // 1000

    def texts(attributes: Attributes) -> dict[str, AttributeValue]:
        return {
            name: json.dumps(value, separators=(",", ":")) if isinstance(value, list | tuple) else value
            for name, value in attributes.items()
        }

    return replace(
        record,
        start_ns=start * 1000,
        end_ns=(start + duration) * 1000,
        attributes=texts(record.attributes),
        events=tuple(
            replace(event, time_ns=event.time_ns // 1000 * 1000, attributes=texts(event.attributes))
            for event in record.events
        ),
    )


@pytest.mark.parametrize(("what", "protocol"), WAYS)
def test_every_field_of_every_span_comes_back(
    hub: Hub, jaeger: Jaeger, what: str, protocol: str, tmp_path: Path
) -> None:
    trace = recorded(what, protocol, hub, tmp_path, "jaeger")
    assert version_3(jaeger, trace) == trace.spans
    found = open_source([f"jaeger+{jaeger.url}/{trace.trace_id}"])
    (read,) = found.traces
    assert (found.skipped, found.repaired, found.warnings) == ({}, {}, ())
    old = by_id(read.records)
    assert old == {span_id: in_jaegers_format(record) for span_id, record in trace.spans.items()}


def summaries(jaeger: Jaeger, **question: str | int) -> list[dict[str, Any]]:
    """The traces that a search of Jaeger's UI finds."""
    found: list[dict[str, Any]] = get(f"{jaeger.url}/api/traces", **question)["data"]
    return found


def test_a_workout_of_another_year_is_found_by_its_tags_and_dates(hub: Hub, jaeger: Jaeger, tmp_path: Path) -> None:
    trace = recorded("workout", "grpc", hub, tmp_path, "dated", "--start", "2019-05-04T18:00:00Z")
    version_3(jaeger, trace)
    start = min(record.start_ns for record in trace.spans.values()) // 1000
    assert start == 1_556_992_800_000_000
    tags = json.dumps({"otelwod.workout.format": "emom"})
    day = {"start": start - 1, "end": start + 3_600_000_000}
    found = summaries(jaeger, service=trace.service, tags=tags, limit=10, **day)
    assert [one["traceID"] for one in found] == [trace.trace_id]
    assert summaries(jaeger, service=trace.service, tags=tags, limit=10, lookback="1h") == []
    other = json.dumps({"otelwod.workout.format": "amrap"})
    assert summaries(jaeger, service=trace.service, tags=other, limit=10, **day) == []


def test_services_and_operations_are_listed(hub: Hub, jaeger: Jaeger, tmp_path: Path) -> None:
    trace = recorded("pipeline", "grpc", hub, tmp_path, "listed")
    version_3(jaeger, trace)
    assert trace.service in get(f"{jaeger.url}/api/services")["data"]
    operations = get(f"{jaeger.url}/api/services/{trace.service.replace(' ', '%20')}/operations")["data"]
    assert set(operations) == {record.name for record in trace.spans.values()}


def test_a_foreign_program_is_analysed_through_jaeger(jaeger: Jaeger) -> None:
    """tracegen is a Go program with Jaeger's own use of OpenTelemetry; it knows nothing of us."""
    done = subprocess.run(
        [
            str(find_program("tracegen")),
            *("-trace-exporter", "otlp-http", "-traces", "3", "-spans", "5", "-service", "foreign", "-pause", "1ms"),
        ],
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.otlp_http, "HOME": "/"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    services = eventually(
        lambda: get(f"{jaeger.url}/api/services")["data"] or [], lambda found: {"foreign", "foreign-00"} & set(found)
    )
    (service,) = (name for name in services if name.startswith("foreign"))
    found = eventually(
        lambda: summaries(jaeger, service=service, limit=10, lookback="1h"),
        lambda traces: len(traces) == 3 and all(len(trace["spans"]) == 6 for trace in traces),
    )
    assert len(found) == 3
    for trace in found:
        told = program(
            "-m", "otelwod", "analyze", f"jaeger+{jaeger.url}/{trace['traceID']}", "--format", "json", environ={}
        )
        assert (told.returncode, told.stderr) == (0, "")
        report = json.loads(told.stdout)
        (summary,) = report["traces"]
        longest = max(trace["spans"], key=lambda span: span["duration"])
        assert summary["trace_id"] == trace["traceID"]
        assert summary["duration_ns"] == longest["duration"] * 1000
        assert sum(part["end_ns"] - part["start_ns"] for part in summary["critical_path"]) == summary["duration_ns"]
        assert {span["span_id"] for span in report["spans"]} == {span["spanID"] for span in trace["spans"]}
        assert {operation["service"] for operation in report["operations"]} == {service}


def test_the_collector_masks_secrets_and_leaves_all_else(hub: Hub, jaeger: Jaeger) -> None:
    environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{hub.http_endpoint}/v1/traces"}
    secret = {
        "db.password": "hunter2",
        "http.request.header.authorization": "Bearer abcdefgh",
        "api_key": "k",
        "note": "it was sent Bearer abcdefghijk",
        "key_id": "AKIAABCDEFGHIJKLMNOP",
    }
    plain = {"otelwod.workout.name": "Monkey Bars", "keyboard": "qwerty", "tokenizer": "bpe", "n": 5}
    with configure(environ=environ, service_name="masked", quiet=True, set_global=False) as telemetry:
        span = telemetry.tracer.start_span("x", attributes={**secret, **plain})
        span.add_event("e", secret)
        span.end()
    trace_id = f"{span.get_span_context().trace_id:032x}"
    (found,) = eventually(
        lambda: list(decode(get(f"{jaeger.url}/api/v3/traces/{trace_id}"), DecodeCounts())), lambda found: found
    )
    for attributes in (found.attributes, found.events[0].attributes):
        for name, value in secret.items():
            assert value.split()[-1] not in str(attributes[name])
            assert "*" in str(attributes[name])
        assert "hunter2" not in str(attributes)
    assert {name: found.attributes[name] for name in plain} == plain
