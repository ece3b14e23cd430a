from __future__ import annotations

from pathlib import Path

import pytest
from archive_samples import RECORDS, jaeger, to_bytes

from otelwod.archive.analysis import analyze
from otelwod.archive.limits import Limits, ReadError
from otelwod.trace import Trace


def test_spans_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_bytes(to_bytes(jaeger()))
    (trace,) = Trace.from_records(RECORDS)
    reports = [
        analyze(path),
        analyze(str(path)),
        analyze(RECORDS, eps_ns=1000),
        analyze(iter(reversed(RECORDS)), eps_ns=1000),
        analyze(trace, eps_ns=1000),
        analyze([trace], eps_ns=1000),
    ]
    first = reports[0].to_dict()
    assert first["eps_ns"] == 1000
    assert first["operations"][0]["operation"] == "GET /cart"
    for report in reports[1:]:
        assert report.to_dict() == first
    assert analyze(RECORDS).eps_ns == 0


def test_spans_of_the_sdk() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    outer = tracer.start_span("outer", start_time=1_000)
    from opentelemetry.trace import set_span_in_context

    tracer.start_span("inner", set_span_in_context(outer), start_time=2_000).end(5_000)
    outer.end(6_000)
    report = analyze(exporter.get_finished_spans())
    assert report.duration_ns == 5_000
    assert {use.operation: use.self_ns for use in report.operations} == {"outer": 2_000, "inner": 3_000}
    provider.shutdown()


def test_what_is_no_span() -> None:
    with pytest.raises(TypeError, match="dict is no span"):
        analyze([{}])  # type: ignore[list-item]


def test_options_reach_the_analysis(tmp_path: Path) -> None:
    report = analyze(RECORDS, compat="jaeger", threshold_ns=7, span_limit=1, overrun="async")
    assert (report.compat, report.threshold_ns, len(report.spans)) == ("jaeger", 7, 1)
    path = tmp_path / "t.json"
    path.write_bytes(to_bytes(jaeger()))
    assert analyze(path, eps_ns=5).eps_ns == 5
    with pytest.raises(ReadError, match="larger than"):
        analyze(path, limits=Limits(bytes=10))
    assert analyze([]).span_count == 0
