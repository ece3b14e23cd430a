"""The gateway tier: balancer → two samplers → the next Collector. What is worth it is kept, whole; the rest is not."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from backend_programs import Collector, Program, free_ports
from backend_services import SHIPPED, eventually
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from otelwod.archive.otlp_json import DecodeCounts, parse_line
from otelwod.telemetry import configure

pytestmark = pytest.mark.backend
SECOND = 1_000_000_000
SPANS = 6


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where to send, and what each sampler says of itself."""

    endpoint: str
    samplers: tuple[str, str]

    def seen(self) -> list[int]:
        """Spans that each sampler has received."""
        counts = []
        for url in self.samplers:
            with urllib.request.urlopen(url, timeout=10) as response:
                text = response.read().decode()
            found = re.findall(r"^otelcol_receiver_accepted_spans(?:_total)?\{.*\} (\S+)", text, re.MULTILINE)
            counts.append(int(sum(map(float, found))))
        return counts


@pytest.fixture(scope="module")
def gateway(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ExitStack() as running:
        addresses, telemetries = [], []
        samplers = []
        for name in ("sampler-1", "sampler-2"):
            grpc, health, telemetry = free_ports(3)
            samplers.append(
                Program(
                    "otelcol",
                    ["--config", str(SHIPPED / "gateway-sampler.yaml")],
                    ready=f"http://127.0.0.1:{health}/",
                    folder=tmp_path_factory.mktemp(name),
                    environ={
                        "OTELWOD_OTLP_GRPC": f"127.0.0.1:{grpc}",
                        "OTELWOD_HEALTH": f"127.0.0.1:{health}",
                        "OTELWOD_TELEMETRY_HOST": "127.0.0.1",
                        "OTELWOD_TELEMETRY_PORT": str(telemetry),
                        "OTELWOD_DECISION_WAIT": "2s",
                        "OTELWOD_KEEP_PERCENT": "0",
                        "OTELWOD_NEXT": collector.grpc_endpoint.removeprefix("http://"),
                    },
                )
            )
            addresses.append(f"127.0.0.1:{grpc}")
            telemetries.append(f"http://127.0.0.1:{telemetry}/metrics")
        for sampler in samplers:
            running.enter_context(sampler)
        grpc, http, health, telemetry = free_ports(4)
        balancer = Program(
            "otelcol",
            ["--config", str(SHIPPED / "gateway-balancer.yaml")],
            ready=f"http://127.0.0.1:{health}/",
            folder=tmp_path_factory.mktemp("balancer"),
            environ={
                "OTELWOD_OTLP_GRPC": f"127.0.0.1:{grpc}",
                "OTELWOD_OTLP_HTTP": f"127.0.0.1:{http}",
                "OTELWOD_HEALTH": f"127.0.0.1:{health}",
                "OTELWOD_TELEMETRY_HOST": "127.0.0.1",
                "OTELWOD_TELEMETRY_PORT": str(telemetry),
                "OTELWOD_SAMPLER_1": addresses[0],
                "OTELWOD_SAMPLER_2": addresses[1],
            },
        )
        running.enter_context(balancer)
        yield Gateway(f"http://127.0.0.1:{http}", (telemetries[0], telemetries[1]))


def test_errors_slow_traces_and_workouts_are_kept_whole(gateway: Gateway, collector: Collector) -> None:
    """Every trace is sent in two requests; what makes it worth keeping is in one of them only."""
    kinds = ("error", "slow", "workout", "plain")
    telemetry = configure(
        environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{gateway.endpoint}/v1/traces"},
        service_name="gateway",
        live=False,
        set_global=False,
    )
    traces: dict[str, str] = {}
    open_roots = []
    now = 1_700_000_000 * SECOND
    for number in range(48):
        kind = kinds[number % 4]
        attributes = {"otelwod.session.id": f"s{number}"} if kind == "workout" else {}
        root = telemetry.tracer.start_span(kind, start_time=now, attributes=attributes)
        traces[f"{root.get_span_context().trace_id:032x}"] = kind
        for _ in range(SPANS - 1):
            child = telemetry.tracer.start_span("child", set_span_in_context(root), start_time=now)
            if kind == "error":
                child.set_status(Status(StatusCode.ERROR))
            child.end(now + 1000)
        open_roots.append((root, 3 * SECOND if kind == "slow" else 2000))
    assert telemetry.force_flush(20)
    for root, duration in open_roots:
        root.end(now + duration)
    delivery = telemetry.shutdown(20)
    assert delivery.lines() == (f"sent {48 * SPANS} spans to {gateway.endpoint}/v1/traces",)

    def kept(lines: list[bytes]) -> dict[str, int]:
        found = dict.fromkeys(traces, 0)
        for line in lines:
            for record in parse_line(line, DecodeCounts()):
                if record.trace_id in found:
                    found[record.trace_id] += 1
        return found

    seen = eventually(gateway.seen, lambda counts: sum(counts) >= 48 * SPANS)
    assert sum(seen) == 48 * SPANS
    assert all(count and count % SPANS == 0 for count in seen), "each sampler gets whole traces, and both get some"
    expected = {trace_id: 0 if kind == "plain" else SPANS for trace_id, kind in traces.items()}
    found = kept(collector.lines(collector.traces, lambda lines: kept(lines) == expected))
    assert found == expected
