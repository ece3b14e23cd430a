"""configure(): our own provider, an adopted one, none at all."""

from __future__ import annotations

import inspect
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otelwod import conventions
from otelwod.telemetry import configure, planned_ids
from otelwod.telemetry.exporters import span_exporters_of

LIMIT = 20.0


class Backend:
    """An OTLP/HTTP endpoint in this process that keeps requests and answers ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.location = ""
        self.answer: tuple[str, bytes] = ("", b"")
        """Type and body of what is answered."""
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                backend.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(backend.status)
                if backend.location:
                    self.send_header("location", backend.location)
                kind, answer = backend.answer
                if kind:
                    self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def span_names(self) -> list[str]:
        names = []
        for path, _, body in self.requests:
            if path.endswith("traces"):
                request = ExportTraceServiceRequest.FromString(body)
                names += [s.name for r in request.resource_spans for c in r.scope_spans for s in c.spans]
        return names


@pytest.fixture
def backend() -> Iterator[Backend]:
    backend = Backend()
    yield backend
    backend.server.shutdown()
    backend.server.server_close()
    backend.thread.join()


def processors(provider: trace.TracerProvider) -> int:
    assert isinstance(provider, TracerProvider)
    return len(provider._active_span_processor._span_processors)


def test_a_plain_program_gets_a_provider_that_sends_nothing() -> None:
    telemetry = configure(environ={})
    assert telemetry.owned
    assert telemetry.problems == ()
    assert trace.get_tracer_provider() is telemetry.provider
    assert list(span_exporters_of(telemetry.provider)) == []
    assert telemetry.resource["service.name"] == "otelwod"
    assert telemetry.force_flush()
    assert telemetry.shutdown().destinations == ()


def test_names_in_their_order_of_precedence() -> None:
    environ = {"OTEL_SERVICE_NAME": "env", "OTEL_RESOURCE_ATTRIBUTES": "a=b"}
    assert configure(environ=environ, set_global=False).resource["service.name"] == "env"
    named = configure(environ=environ, service_name="mine", set_global=False)
    assert (named.resource["service.name"], named.resource["a"]) == ("mine", "b")


def test_spans_metrics_headers_and_resource_arrive(backend: Backend) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": backend.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=abc",
        "OTEL_SERVICE_NAME": "svc",
    }
    telemetry = configure(environ=environ)
    telemetry.tracer.start_span("one").end()
    telemetry.meter.create_counter("otelwod.reps.count", "{rep}").add(3)
    delivery = telemetry.shutdown(LIMIT)
    assert delivery.complete
    assert delivery.delivered == 1
    assert delivery.lines() == (f"sent 1 span to {backend.url}/v1/traces",)
    assert telemetry.shutdown() is delivery is telemetry.delivery()
    assert sorted(path for path, _, _ in backend.requests) == ["/v1/metrics", "/v1/traces"]
    assert all(headers["x-key"] == "abc" for _, headers, _ in backend.requests)
    (body,) = (body for path, _, body in backend.requests if path == "/v1/traces")
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert {a.key: a.value.string_value for a in resource.resource.attributes} == dict(telemetry.resource)
    assert resource.scope_spans[0].scope.name == "otelwod"


def test_ids_are_planned_also_when_nothing_is_sampled() -> None:
    for sampler in ("always_on", "always_off", "traceidratio", "parentbased_always_off"):
        telemetry = configure(environ={"OTEL_TRACES_SAMPLER": sampler}, set_global=False)
        with planned_ids(7, 8):
            context = telemetry.tracer.start_span("x").get_span_context()
        assert (context.trace_id, context.span_id) == (7, 8)
        assert context.trace_flags.sampled == (sampler in ("always_on", "traceidratio"))


def test_a_seed_gives_the_same_ids() -> None:
    def ids(seed: int | None) -> tuple[int, int]:
        context = configure(environ={}, seed=seed, set_global=False).tracer.start_span("x").get_span_context()
        return context.trace_id, context.span_id

    assert ids(1) == ids(1) != ids(2)
    assert ids(None) != ids(None)


def test_no_limit_but_the_environments_own() -> None:
    telemetry = configure(environ={}, set_global=False)
    assert telemetry.event_limit is None
    span = telemetry.tracer.start_span("x", attributes={f"a{n}": n for n in range(300)})
    for number in range(1000):
        span.add_event(f"e{number}", {f"a{n}": n for n in range(130)})
    assert len(span.events) == 1000  # type: ignore[attr-defined]
    assert len(span.attributes) == 300  # type: ignore[attr-defined]
    assert len(span.events[0].attributes) == 130  # type: ignore[attr-defined]
    limited = configure(environ={"OTEL_SPAN_EVENT_COUNT_LIMIT": "5"}, set_global=False)
    assert limited.event_limit == 5


def test_disabled_works_and_does_nothing(backend: Backend) -> None:
    telemetry = configure(environ={"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": backend.url})
    assert (telemetry.disabled, telemetry.owned, telemetry.event_limit) == (True, False, None)
    with planned_ids(1, 2):
        assert not telemetry.tracer.start_span("x").get_span_context().is_valid
    telemetry.meter.create_counter("c").add(1)
    assert telemetry.shutdown().complete
    assert backend.requests == []
    assert trace._TRACER_PROVIDER is None
    assert telemetry.resource == configure(environ={}, set_global=False).resource


def test_no_export_leaves_the_environment_alone(backend: Backend) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}
    kept = InMemorySpanExporter()
    with configure(environ=environ, export=False, exporters=[kept]) as telemetry:
        telemetry.tracer.start_span("x").end()
        telemetry.meter.create_counter("c").add(1)
    assert [span.name for span in kept.get_finished_spans()] == ["x"]
    assert backend.requests == []
    assert telemetry.delivery().lines() == ("sent 1 span to InMemorySpanExporter",)


def test_twice_adds_nothing(backend: Backend) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url, "OTEL_TRACES_EXPORTER": "otlp,console"}
    first, second = configure(environ=environ), configure(environ=environ)
    assert second.owned
    assert second.provider is first.provider
    assert processors(first.provider) == 2
    second.tracer.start_span("x").end()
    assert second.shutdown(LIMIT).delivered == 2
    assert backend.span_names == ["x"]
    assert first.shutdown(LIMIT).delivered == 2


def test_after_a_shutdown_it_can_be_configured_again(backend: Backend) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}
    for name in ("first", "second"):
        with configure(environ=environ) as telemetry:
            telemetry.tracer.start_span(name).end()
            telemetry.meter.create_counter("c").add(1)
        assert telemetry.delivery().complete
    assert backend.span_names == ["first", "second"]
    assert [path for path, _, _ in backend.requests].count("/v1/metrics") == 2
    assert processors(telemetry.provider) == 0


class TestAdopted:
    def provider(self, **options: object) -> TracerProvider:
        provider = TracerProvider(shutdown_on_exit=False, **options)  # type: ignore[arg-type]
        trace.set_tracer_provider(provider)
        return provider

    def test_a_set_provider_is_used_and_survives(self, backend: Backend) -> None:
        limits = SpanLimits(max_events=7)
        provider = self.provider(resource=Resource({"service.name": "host"}), span_limits=limits)
        kept = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(kept))
        with configure(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}) as telemetry:
            assert telemetry.provider is provider
            assert (telemetry.owned, telemetry.event_limit) == (False, 7)
            assert telemetry.resource["service.name"] == "host"
            telemetry.tracer.start_span("ours").end()
        assert backend.span_names == ["ours"]
        telemetry.tracer.start_span("afterwards").end()
        assert [span.name for span in kept.get_finished_spans()] == ["ours", "afterwards"]
        assert processors(provider) == 1

    def test_an_otlp_exporter_that_is_there_is_enough(self, backend: Backend) -> None:
        provider = self.provider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint="http://127.0.0.1:1/other")))
        telemetry = configure(environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": backend.url})
        again = configure(environ={"OTEL_TRACES_EXPORTER": "otlp,console"})
        assert processors(provider) == 1
        assert telemetry.shutdown().destinations == again.shutdown().destinations == ()
        provider.shutdown()

    def test_twice_adds_one(self, backend: Backend) -> None:
        provider = self.provider()
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}
        first, second = configure(environ=environ), configure(environ=environ)
        assert processors(provider) == 1
        first.tracer.start_span("x").end()
        assert second.force_flush(LIMIT)
        assert backend.span_names == ["x"]
        first.shutdown(LIMIT)

    def test_given_exporters_are_added_once(self) -> None:
        provider = self.provider()
        kept, sends = InMemorySpanExporter(), OTLPSpanExporter(endpoint="http://127.0.0.1:1/x")
        configure(environ={}, exporters=[kept, sends])
        again = configure(environ={}, exporters=[kept, OTLPSpanExporter(endpoint="http://127.0.0.1:1/x")])
        assert processors(provider) == 2
        places = [destination.place for destination in again.shutdown().destinations]
        assert places == ["InMemorySpanExporter", "http://127.0.0.1:1/x"]

    def test_a_provider_that_is_not_the_sdks(self, backend: Backend) -> None:
        class Foreign(trace.TracerProvider):
            def get_tracer(self, *args: object, **kwargs: object) -> trace.Tracer:
                return trace.NoOpTracer()

        trace.set_tracer_provider(Foreign())
        telemetry = configure(environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": backend.url, "OTEL_SERVICE_NAME": "n"})
        assert (telemetry.owned, telemetry.event_limit, telemetry.resource["service.name"]) == (False, None, "n")
        assert telemetry.shutdown().complete

    def test_a_set_meter_provider_is_used_and_gets_no_reader(self, backend: Backend) -> None:
        reader = InMemoryMetricReader()
        metrics.set_meter_provider(MeterProvider([reader], shutdown_on_exit=False))
        with configure(environ={"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": backend.url}) as telemetry:
            telemetry.meter.create_counter("c").add(1)
        assert reader.get_metrics_data() is not None
        assert backend.requests == []


def histogram_bounds(reader: InMemoryMetricReader) -> dict[str, tuple[float, ...]]:
    data = reader.get_metrics_data()
    assert data is not None
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    return {m.name: tuple(m.data.data_points[0].explicit_bounds) for s in scopes for m in s.metrics}  # type: ignore[union-attr]


def test_histograms_have_buckets_in_their_unit() -> None:
    reader = InMemoryMetricReader()
    telemetry = configure(environ={}, metric_readers=[reader])
    names = [
        conventions.INSTRUMENT_SESSION_DURATION,
        conventions.INSTRUMENT_BLOCK_DURATION,
        conventions.INSTRUMENT_STAGE_DURATION,
        conventions.INSTRUMENT_HEART_RATE,
        conventions.INSTRUMENT_POWER,
    ]
    for name in names:
        telemetry.meter.create_histogram(name).record(60)
    bounds = histogram_bounds(reader)
    assert set(bounds) == set(names)
    assert all(list(b) == sorted(set(b)) for b in bounds.values())
    assert 60 in bounds[conventions.INSTRUMENT_SESSION_DURATION]
    assert bounds[conventions.INSTRUMENT_STAGE_DURATION][0] < 0.001
    assert metrics.get_meter_provider() is telemetry._meter_pipeline.provider  # type: ignore[union-attr]
    assert telemetry.shutdown().complete


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("quiet", [True, False])
def test_a_backend_that_refuses_is_one_line_a_signal(
    protocol: str, quiet: bool, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    before = set(threading.enumerate())
    telemetry = configure(environ=environ, quiet=quiet, set_global=False)
    for number in range(3):
        telemetry.tracer.start_span(str(number)).end()
    telemetry.meter.create_counter("c").add(1)
    lines = telemetry.shutdown(LIMIT).lines()
    place = "http://127.0.0.1:9" + ("/v1/{}" if protocol != "grpc" else "")
    assert lines == (
        f"could not deliver 3 spans to {place.format('traces')}: connection refused",
        f"could not deliver metrics to {place.format('metrics')}: connection refused",
    )
    for thread in set(threading.enumerate()) - before:
        thread.join(LIMIT)
    assert bool(caplog.records) is not quiet


@pytest.mark.parametrize(("status", "reason"), [(404, "404 Not Found"), (401, "401 Unauthorized")])
def test_what_the_backend_says_is_the_reason(backend: Backend, status: int, reason: str) -> None:
    backend.status = status
    telemetry = configure(environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": backend.url}, quiet=True)
    telemetry.tracer.start_span("x").end()
    (destination,) = telemetry.shutdown(LIMIT).destinations
    assert (destination.failed, destination.error) == (1, reason)


def test_a_redirect_is_not_followed(backend: Backend) -> None:
    backend.status, backend.location = 307, f"{backend.url}/elsewhere"
    telemetry = configure(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}, quiet=True)
    telemetry.tracer.start_span("x").end()
    (destination, _) = telemetry.shutdown(LIMIT).destinations
    assert destination.error == "it redirects elsewhere, which is not followed"
    assert {path for path, _, _ in backend.requests} == {"/v1/traces", "/v1/metrics"}


def test_a_web_page_is_no_delivery(backend: Backend) -> None:
    backend.answer = ("text/html; charset=utf-8", b"<!doctype html>")
    telemetry = configure(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}, quiet=True)
    telemetry.tracer.start_span("x").end()
    telemetry.meter.create_counter("c").add(1)
    spans, metered = telemetry.shutdown(LIMIT).destinations
    said = "it answered 200 with text/html, which is no OTLP; OTLP over HTTP is usually at port 4318"
    assert (spans.delivered, spans.failed, spans.error) == (0, 1, said)
    assert (metered.delivered, metered.error) == (0, said)


@pytest.mark.parametrize("words", ["too old", ""])
def test_what_the_backend_rejects_in_part_is_failed(backend: Backend, words: str) -> None:
    partial = {"partialSuccess": {"rejectedSpans": "2", "errorMessage": words}}
    backend.answer = ("application/json", json.dumps(partial).encode())
    telemetry = configure(environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": backend.url}, quiet=True)
    for number in range(3):
        telemetry.tracer.start_span(str(number)).end()
    (destination,) = telemetry.shutdown(LIMIT).destinations
    assert (destination.delivered, destination.failed) == (1, 2)
    assert destination.error == (words or "rejected by the endpoint")
    assert len(backend.requests) == 1


def span_counts(backend: Backend) -> dict[str, int]:
    """What the last metrics that arrived say became of the spans."""
    body = next(body for path, _, body in reversed(backend.requests) if path == "/v1/metrics")
    found = {}
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
            if metric.name == conventions.INSTRUMENT_TELEMETRY_SPANS:
                for point in metric.sum.data_points:
                    found[point.attributes[0].value.string_value] = point.as_int
    return found


def test_the_last_metrics_say_what_was_delivered(backend: Backend) -> None:
    telemetry = configure(environ={"OTEL_EXPORTER_OTLP_ENDPOINT": backend.url}, quiet=True)
    for number in range(34):
        telemetry.tracer.start_span(str(number)).end()
    assert telemetry.shutdown(LIMIT).delivered == 34
    assert span_counts(backend) == {"accepted": 34, "delivered": 34, "failed": 0, "dropped": 0}


def test_the_last_metrics_say_what_a_dead_endpoint_did_not_take(backend: Backend) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{backend.url}/v1/metrics",
    }
    telemetry = configure(environ=environ, quiet=True)
    for number in range(34):
        telemetry.tracer.start_span(str(number)).end()
    assert telemetry.shutdown(LIMIT).lost == 34
    assert span_counts(backend) == {"accepted": 34, "delivered": 0, "failed": 34, "dropped": 0}


def test_the_last_metrics_say_what_a_hung_endpoint_did_not_take(backend: Backend) -> None:
    released = threading.Event()

    class Hanging(InMemorySpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            released.wait(LIMIT)
            return SpanExportResult.SUCCESS

    environ = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{backend.url}/v1/metrics"}
    telemetry = configure(environ=environ, exporters=[Hanging()], quiet=True)
    telemetry.tracer.start_span("x").end()
    try:
        assert telemetry.shutdown(2.5).lost == 1
    finally:
        released.set()
    assert span_counts(backend) == {"accepted": 1, "delivered": 0, "failed": 1, "dropped": 0}


def test_console_and_unknown_exporters() -> None:
    code = """
import sys, otelwod.telemetry
telemetry = otelwod.telemetry.configure()
telemetry.tracer.start_span("shown").end()
print(telemetry.shutdown(20).lines(), *telemetry.problems, sep="\\n", file=sys.stderr)
"""
    environ = {**os.environ, "OTEL_TRACES_EXPORTER": "console,nobody", "OTEL_METRICS_EXPORTER": "nobody"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["name"] == "shown"
    lines = done.stderr.splitlines()
    assert lines[0] == "('sent 1 span to console',)"
    assert [line.partition(":")[0] for line in lines[1:]] == ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_a_missing_certificate_is_a_problem_and_no_traceback(protocol: str, tmp_path: Path) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_CERTIFICATE": str(tmp_path / "none.pem"),
    }
    telemetry = configure(environ=environ, set_global=False)
    problem = f"OTEL_EXPORTER_OTLP_CERTIFICATE: {tmp_path}/none.pem: No such file or directory"
    assert telemetry.problems == (problem,)
    assert telemetry.shutdown().destinations == ()


def test_samplers_of_others_and_unknown_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def load(self) -> object:
            return lambda argument: sampling.TraceIdRatioBased(float(argument))

    monkeypatch.setattr("otelwod.telemetry.provider.entry_points", lambda **_: [Entry()])
    environ = {"OTEL_TRACES_SAMPLER": "theirs", "OTEL_TRACES_SAMPLER_ARG": "0"}
    telemetry = configure(environ=environ, set_global=False)
    assert (telemetry.problems, telemetry.tracer.start_span("x").is_recording()) == ((), False)
    broken = configure(environ={"OTEL_TRACES_SAMPLER": "theirs", "OTEL_TRACES_SAMPLER_ARG": "x"}, set_global=False)
    assert "could not be made" in broken.problems[0]
    monkeypatch.setattr("otelwod.telemetry.provider.entry_points", lambda **_: [])
    unknown = configure(environ=environ, set_global=False)
    assert "'theirs' is not known" in unknown.problems[0]
    assert unknown.tracer.start_span("x").is_recording()


def test_the_program_ends_by_itself_and_everything_was_sent(backend: Backend) -> None:
    code = """
import otelwod.telemetry
telemetry = otelwod.telemetry.configure(live=False)
for number in range(3000):
    telemetry.tracer.start_span(str(number)).end()
"""
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": backend.url, "OTEL_BSP_MAX_QUEUE_SIZE": "500"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert backend.span_names == [str(number) for number in range(3000)]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_program_with_a_dead_backend_ends_without_a_word(protocol: str) -> None:
    code = """
import json, otelwod.telemetry
telemetry = otelwod.telemetry.configure(quiet=True)
telemetry.tracer.start_span("x").end()
telemetry.meter.create_counter("c").add(1)
print(json.dumps(telemetry.shutdown(0.2).lines()))
"""
    environ = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)) == 2


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_program_with_a_hung_backend_ends(protocol: str) -> None:
    """It accepts the connection and never says a word; the exporter's own timeout is 10 s."""
    code = """
import json, otelwod.telemetry
telemetry = otelwod.telemetry.configure(quiet=True)
for number in range(2000):
    telemetry.tracer.start_span("x").end()
print(json.dumps(telemetry.shutdown(0.2).lines()))
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"http://127.0.0.1:{server.getsockname()[1]}"
        environ = {
            **os.environ,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": place,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_TIMEOUT": "600",
        }
        done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [f"could not deliver 2,000 spans to {place}: no answer in time"]


def test_nobody_is_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK warns when a global provider is replaced: configure() never tries."""
    with caplog.at_level(logging.WARNING):
        configure(environ={})
        configure(environ={})
    assert caplog.records == []


def test_a_fork_below_a_configured_provider_with_a_processor_does_not_hang() -> None:
    code = """
import os, otelwod
otelwod.configure()
from opentelemetry import trace
trace.get_tracer_provider().add_span_processor(otelwod.PerformanceProcessor())
child = os.fork()
if child == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("7", 0), done.stderr


def test_the_environment_does_not_stand_in_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inspect.signature(configure).parameters["environ"].default is None


@pytest.mark.parametrize(
    ("sampler", "argument", "said"),
    [
        ("always_off", "", True),
        ("parentbased_always_off", "", True),
        ("traceidratio", "0", True),
        ("parentbased_traceidratio", "0", True),
        ("traceidratio", "0.5", False),
        ("parentbased_always_on", "", False),
    ],
)
def test_a_sampler_that_keeps_nothing_is_said_once_where_there_is_an_endpoint(
    backend: Backend, sampler: str, argument: str, said: bool
) -> None:
    environ = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument}
    without = configure(environ=environ, set_global=False)
    place = f"{backend.url}/v1/traces"
    environ = {**environ, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": place}
    telemetry = configure(environ=environ, set_global=False)
    expected = (f"OTEL_TRACES_SAMPLER: {sampler} keeps no trace; no span is sent to {place}",) if said else ()
    assert (without.problems, telemetry.problems) == ((), expected)
    without.shutdown(LIMIT)
    telemetry.shutdown(LIMIT)
