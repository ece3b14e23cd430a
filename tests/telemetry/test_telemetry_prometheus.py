"""Metrics served to Prometheus, and the temporality of those that are sent."""

from __future__ import annotations

import builtins
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import Counter, MeterProvider, ObservableCounter, UpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otelwod.telemetry import configure
from otelwod.telemetry.exporters import ExporterError, metric_exporter, span_exporter
from otelwod.telemetry.settings import ScrapeTarget, read_settings

DELTA, CUMULATIVE = AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE


def fetch(url: str | None) -> str:
    assert url is not None
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
    return text


def test_metrics_are_served_until_the_end() -> None:
    telemetry = configure(environ={"OTEL_SERVICE_NAME": "gym"}, prometheus=0, set_global=False)
    url = telemetry.scrape_url
    assert url is not None
    assert url.startswith("http://127.0.0.1:")
    telemetry.meter.create_counter("otelwod.reps.count", "{rep}").add(21, {"otelwod.movement.id": "barbell/thruster"})
    telemetry.meter.create_counter("otelwod.phase.time", "s").add(1.5, {"otelwod.phase": "rest"})
    telemetry.meter.create_histogram("otelwod.block.duration", "s").record(42)
    text = fetch(url)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    reps = [line for line in lines if line.startswith("otelwod_reps_count_total{")]
    assert len(reps) == 1
    assert 'otelwod_movement_id="barbell/thruster"' in reps[0]
    assert reps[0].endswith(" 21.0")
    assert any(line.startswith("otelwod_phase_time_seconds_total{") for line in lines)
    assert any(line.startswith("otelwod_block_duration_seconds_bucket{") for line in lines)
    assert any(line.startswith("target_info{") and 'service_name="gym"' in line for line in lines)
    assert telemetry.shutdown().destinations == ()
    with pytest.raises(urllib.error.URLError):
        fetch(url)


def test_two_of_them_do_not_mix() -> None:
    first = configure(environ={}, prometheus="127.0.0.1:0", set_global=False)
    second = configure(environ={}, prometheus=0, set_global=False)
    first.meter.create_counter("otelwod.reps.count").add(1)
    assert "otelwod_reps" in fetch(first.scrape_url)
    assert "otelwod_reps" not in fetch(second.scrape_url)
    first.shutdown()
    second.shutdown()


def test_the_environment_asks_for_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
    }
    with configure(environ=environ, set_global=False) as telemetry:
        assert telemetry.scrape_url == f"http://127.0.0.1:{port}/metrics"
        telemetry.meter.create_counter("otelwod.reps.count").add(1)
        assert "otelwod_reps_count_total" in fetch(telemetry.scrape_url)
    assert configure(environ=environ, export=False, set_global=False).scrape_url is None
    assert read_settings({"OTEL_METRICS_EXPORTER": "prometheus"}).metrics == (ScrapeTarget("localhost", 9464),)


def test_the_argument_goes_before_the_environment() -> None:
    environ = {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "1"}
    with configure(environ=environ, prometheus=0, set_global=False) as telemetry:
        assert telemetry.problems == ()
        telemetry.meter.create_counter("otelwod.reps.count").add(1)
        assert "otelwod_reps_count_total" in fetch(telemetry.scrape_url)


@pytest.mark.parametrize("wrong", ["abc", "-1", "1.2.3.4:99999", "", "²"])
def test_an_address_that_is_none_is_said(wrong: str) -> None:
    telemetry = configure(environ={}, prometheus=wrong, set_global=False)
    assert telemetry.problems == (f"prometheus: {wrong!r} is neither a port nor HOST:PORT; nothing is served",)
    assert telemetry.scrape_url is None


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        telemetry = configure(environ={}, prometheus=port, set_global=False)
    (problem,) = telemetry.problems
    assert problem.startswith(f"Prometheus: 127.0.0.1:{port}: ")
    assert problem.endswith("choose another port")
    assert telemetry.scrape_url is None


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_prometheus(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("opentelemetry.exporter.prometheus"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_prometheus)
    telemetry = configure(environ={}, prometheus=0, set_global=False)
    assert telemetry.problems == ("Prometheus: pip install 'otelwod[prometheus]' to serve metrics",)


def test_a_meter_provider_of_the_programs_own_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    own = MeterProvider(shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: own)
    telemetry = configure(environ={}, prometheus=0, set_global=False)
    assert telemetry.scrape_url is None
    assert any("the program has a meter provider already" in problem for problem in telemetry.problems)
    own.shutdown()


def test_prometheus_takes_no_spans() -> None:
    with pytest.raises(ExporterError, match="Prometheus takes metrics only"):
        span_exporter(ScrapeTarget())


def test_a_disabled_sdk_serves_nothing() -> None:
    assert configure(environ={"OTEL_SDK_DISABLED": "true"}, prometheus=0, set_global=False).scrape_url is None


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
@pytest.mark.parametrize(
    ("preference", "expected"),
    [
        ("", (CUMULATIVE, CUMULATIVE, CUMULATIVE)),
        ("Delta", (DELTA, DELTA, CUMULATIVE)),
        ("lowmemory", (DELTA, CUMULATIVE, CUMULATIVE)),
        ("sideways", (CUMULATIVE, CUMULATIVE, CUMULATIVE)),
    ],
)
def test_temporality(protocol: str, preference: str, expected: tuple[AggregationTemporality, ...]) -> None:
    name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        name: preference,
    }
    settings = read_settings(environ)
    (target,) = settings.metrics
    made = metric_exporter(target)
    kinds = (Counter, ObservableCounter, UpDownCounter)
    found = tuple(made._preferred_temporality[kind] for kind in kinds)  # type: ignore[union-attr]
    assert found == expected
    said = (f"{name}: 'sideways' is not known (cumulative, delta, lowmemory); cumulative is used",)
    assert settings.problems == (said if preference == "sideways" else ())
    made.shutdown()


def test_our_own_account_is_a_metric() -> None:
    kept = InMemorySpanExporter()
    with configure(environ={}, exporters=[kept], prometheus=0, set_global=False) as telemetry:
        for _ in range(3):
            telemetry.tracer.start_span("x").end()
        assert telemetry.force_flush(20)
        text = fetch(telemetry.scrape_url)
    found = {
        line.split('outcome="')[1].split('"')[0]: float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("otelwod_telemetry_spans_total{")
    }
    assert found == {"accepted": 3, "delivered": 3, "dropped": 0, "failed": 0}
