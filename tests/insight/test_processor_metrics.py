"""`otelwod.operation.*` as those see them who ask: a Prometheus scrape, and a receiver of OTLP."""

from __future__ import annotations

import gzip
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE, Metric
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.trace import StatusCode
from processor_programs import Program

from otelwod import conventions
from otelwod.telemetry import configure

LABEL = "otelwod_operation_name"


def work(program: Program) -> None:
    """A request of 3 s, of which its two queries take 2 s; one of them fails."""
    root = program.timed("GET /", 1_000_000_000, None)
    program.timed("query", 1_500_000_000, 2_250_000_000, root)
    failed = program.timed("query", 2_500_000_000, None, root)
    failed.set_status(StatusCode.ERROR)
    failed.end(3_750_000_000)
    root.end(4_000_000_000)


def scraped(url: str) -> tuple[dict[tuple[str, str], float], list[str]]:
    """Value by (metric, operation), and the comments."""
    with urllib.request.urlopen(url, timeout=10) as response:
        lines = response.read().decode().splitlines()
    values = {}
    for line in lines:
        if line.startswith("otelwod_operation_"):
            name, rest = line.split("{", 1)
            values[name, rest.split(f'{LABEL}="')[1].split('"')[0]] = float(rest.rsplit(" ", 1)[1])
    return values, [line for line in lines if line.startswith("#")]


def test_prometheus_scrapes_the_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("prometheus_client")
    with configure(environ={}, prometheus=0, set_global=False) as telemetry:
        monkeypatch.setattr("otelwod.insight.live.metrics.metrics.get_meter", lambda *_: telemetry.meter)
        program = Program(metrics=True)
        work(program)
        assert telemetry.scrape_url is not None
        values, comments = scraped(telemetry.scrape_url)
        assert values == {
            ("otelwod_operation_calls_total", "GET /"): 1,
            ("otelwod_operation_calls_total", "query"): 2,
            ("otelwod_operation_self_time_seconds_total", "GET /"): 1,
            ("otelwod_operation_self_time_seconds_total", "query"): 2,
            ("otelwod_operation_critical_time_seconds_total", "GET /"): 1,
            ("otelwod_operation_critical_time_seconds_total", "query"): 2,
            ("otelwod_operation_errors_total", "GET /"): 0,
            ("otelwod_operation_errors_total", "query"): 1,
        }
        assert "# TYPE otelwod_operation_calls_total counter" in comments
        program.processor.reset()
        work(program)
        assert scraped(telemetry.scrape_url)[0] == {key: 2 * value for key, value in values.items()}


class Receiver:
    """An OTLP endpoint over HTTP."""

    def __init__(self) -> None:
        requests: list[ExportMetricsServiceRequest] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                requests.append(ExportMetricsServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.requests = requests
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/metrics"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def last(self) -> dict[str, Metric]:
        """The metrics of the last request, by name."""
        (resource,) = self.requests[-1].resource_metrics
        return {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_a_receiver_of_otlp_gets_cumulative_sums(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(receiver.url), export_interval_millis=3_600_000)
    meters = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr("otelwod.insight.live.metrics.metrics.get_meter", meters.get_meter)
    program = Program(metrics=True)
    work(program)
    assert meters.force_flush()
    found = receiver.last()
    units = {
        conventions.INSTRUMENT_OPERATION_CALLS: ("{call}", {"GET /": 1, "query": 2}),
        conventions.INSTRUMENT_OPERATION_SELF_TIME: ("s", {"GET /": 1.0, "query": 2.0}),
        conventions.INSTRUMENT_OPERATION_CRITICAL_TIME: ("s", {"GET /": 1.0, "query": 2.0}),
        conventions.INSTRUMENT_OPERATION_ERRORS: ("{error}", {"GET /": 0, "query": 1}),
    }
    assert {name: (metric.unit, values(metric)) for name, metric in found.items()} == units
    for metric in found.values():
        assert metric.sum.is_monotonic
        assert metric.sum.aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
    program.processor.reset()
    work(program)
    assert meters.force_flush()
    assert values(receiver.last()[conventions.INSTRUMENT_OPERATION_CALLS]) == {"GET /": 2, "query": 4}
    meters.shutdown()


def values(metric: Metric) -> dict[str, float]:
    found = {}
    for point in metric.sum.data_points:
        (attribute,) = point.attributes
        assert attribute.key == conventions.OPERATION
        found[attribute.value.string_value] = getattr(point, point.WhichOneof("value"))
    return found
