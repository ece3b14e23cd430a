"""Exporters as the settings ask for them, and what can be seen of a foreign provider's."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otelwod.telemetry import configure, exporters
from otelwod.telemetry.exporters import ExporterError, is_otlp, metric_exporter, span_exporter, span_exporters_of
from otelwod.telemetry.settings import NamedExporter, OtlpTarget


def test_http() -> None:
    target = OtlpTarget(
        "traces",
        "http/protobuf",
        "http://h:1/x",
        headers=(("a", "b"),),
        timeout_s=3,
        compression="deflate",
        insecure=True,
    )
    exporter = span_exporter(target)
    assert isinstance(exporter, HttpExporter)
    assert (exporter._endpoint, exporter._compression.value) == ("http://h:1/x", Compression.Deflate.value)
    exporter.shutdown()


def test_a_credential_provider_makes_its_own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER", "theirs")
    with pytest.raises(ExporterError, match=r"nothing is sent to http://h:1: .*theirs"):
        span_exporter(OtlpTarget("traces", "http/protobuf", "http://h:1", insecure=True))


def test_grpc_with_a_certificate(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    secure = OtlpTarget("traces", "grpc", "https://h:1", certificate=str(certificate), compression="gzip")
    exporter = span_exporter(secure)
    assert isinstance(exporter, GrpcExporter)
    assert isinstance(exporter._credentials, grpc.ChannelCredentials)
    exporter.shutdown()
    plain = span_exporter(OtlpTarget("traces", "grpc", "https://h:1"))
    plain.shutdown()
    metric = metric_exporter(OtlpTarget("metrics", "grpc", "http://h:1", insecure=True))
    metric.shutdown()


def test_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(span_exporter(NamedExporter("traces", "console")), ConsoleSpanExporter)
    assert isinstance(metric_exporter(NamedExporter("metrics", "console")), ConsoleMetricExporter)
    for make, signal in ((span_exporter, "traces"), (metric_exporter, "metrics")):
        with pytest.raises(ExporterError, match=f"OTEL_{signal.upper()}_EXPORTER: no exporter 'x' is installed"):
            make(NamedExporter(signal, "x"))  # type: ignore[arg-type]

    class Entry:
        def __init__(self, made: object) -> None:
            self.made = made

        def load(self) -> object:
            def make() -> object:
                if isinstance(self.made, Exception):
                    raise self.made
                return self.made

            return make

    monkeypatch.setattr(exporters, "entry_points", lambda **_: [Entry(42)])
    with pytest.raises(ExporterError, match="'x' is not an exporter of spans"):
        span_exporter(NamedExporter("traces", "x"))
    with pytest.raises(ExporterError, match="'x' is not an exporter of metrics"):
        metric_exporter(NamedExporter("metrics", "x"))
    reader = InMemoryMetricReader()
    monkeypatch.setattr(exporters, "entry_points", lambda **_: [Entry(reader)])
    telemetry = configure(environ={"OTEL_METRICS_EXPORTER": "reader"}, set_global=False)
    telemetry.meter.create_counter("c").add(1)
    assert reader.get_metrics_data() is not None
    assert telemetry.shutdown().destinations == ()
    monkeypatch.setattr(exporters, "entry_points", lambda **_: [Entry(ValueError("no"))])
    with pytest.raises(ExporterError, match="'x' could not be started: ValueError: no"):
        span_exporter(NamedExporter("traces", "x"))


class Wrapping(SpanProcessor):
    """A processor of somebody else's around another one."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor


def test_exporters_are_seen_through_wrappers() -> None:
    kept, sends = InMemorySpanExporter(), HttpExporter(endpoint="http://127.0.0.1:1")
    provider = TracerProvider(shutdown_on_exit=False)
    batch = BatchSpanProcessor(sends)
    circular = Wrapping(batch)
    circular._next = circular  # type: ignore[attr-defined]
    provider.add_span_processor(circular)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    provider.add_span_processor(SpanProcessor())
    assert set(span_exporters_of(provider)) == {kept, sends}
    assert [is_otlp(exporter) for exporter in (kept, sends)] == [False, True]
    assert list(span_exporters_of(object())) == []
    batch.shutdown()
