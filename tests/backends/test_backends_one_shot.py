"""Programs that run once: with delta temporality their runs add up in the Collector, to the totals of their traces."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest
from backend_programs import REPOSITORY, Program, find_program, free_ports
from backend_recorded import program
from backend_services import NOWHERE, SHIPPED, Prometheus, eventually

pytestmark = pytest.mark.backend
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)")


def test_two_runs_add_up(tmp_path: Path) -> None:
    """The shipped configuration, with its metrics offered to a scrape instead of pushed to Prometheus."""
    grpc, http, health, telemetry, scrape = free_ports(5)
    shipped = (SHIPPED / "collector.yaml").read_text()
    exporter = f'prometheus: {{endpoint: "127.0.0.1:{scrape}", enable_open_metrics: true}}'
    config = shipped.replace("exporters:\n  otlp_grpc/jaeger", f"exporters:\n  {exporter}\n  otlp_grpc/jaeger")
    config = config.replace("exporters: [otlp_http/prometheus]", "exporters: [prometheus]")
    assert config.count("[prometheus]") == 2
    (tmp_path / "collector.yaml").write_text(config)
    environ = {
        "OTELWOD_OTLP_GRPC": f"127.0.0.1:{grpc}",
        "OTELWOD_OTLP_HTTP": f"127.0.0.1:{http}",
        "OTELWOD_HEALTH": f"127.0.0.1:{health}",
        "OTELWOD_TELEMETRY_HOST": "127.0.0.1",
        "OTELWOD_TELEMETRY_PORT": str(telemetry),
        "OTELWOD_FLUSH": "200ms",
        "OTELWOD_JAEGER": NOWHERE,
        "OTELWOD_TEMPO": NOWHERE,
    }
    sums: dict[str, float] = {}
    with Program(
        "otelcol",
        ["--config", "collector.yaml"],
        ready=f"http://127.0.0.1:{health}/",
        folder=tmp_path,
        environ=environ,
    ):
        for _ in range(2):
            done = program(
                str(REPOSITORY / "examples" / "charts.py"),
                "1",
                environ={
                    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{http}",
                    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
                },
            )
            assert (done.returncode, done.stderr) == (0, "")
            told = json.loads(done.stdout)
            assert told["lost"] == 0
            for name, value in told["totals"].items():
                sums[name] = sums.get(name, 0) + value

        def total(text: str, metric: str, *labels: str) -> float:
            found = [_SAMPLE.match(line) for line in text.splitlines()]
            return sum(
                float(sample[3])
                for sample in found
                if sample and sample[1] == metric and all(label in (sample[2] or "") for label in labels)
            )

        def scraped() -> str:
            request = urllib.request.Request(
                f"http://127.0.0.1:{scrape}/metrics",
                headers={"Accept": "application/openmetrics-text; version=1.0.0"},
            )
            with urllib.request.urlopen(request, timeout=10) as response:
                text: str = response.read().decode()
            return text

        def sessions(text: str) -> float:
            return total(text, "traces_span_metrics_calls_total", 'otelwod_block_type="session"')

        text = eventually(
            scraped,
            lambda text: (
                sessions(text) >= sums["sessions"]
                and total(text, "otelwod_session_duration_seconds_count") >= sums["sessions"]
            ),
        )
    assert sessions(text) == total(text, "otelwod_session_duration_seconds_count") == sums["sessions"] == 10
    for phase in ("work", "rest"):
        seconds = total(text, "otelwod_phase_time_seconds_total", f'otelwod_phase="{phase}"')
        assert seconds == pytest.approx(sums[f"{phase}_ns"] / 1e9)
    movements = [name.removeprefix("reps ") for name in sums if name.startswith("reps ")]
    assert len(movements) > 3
    for movement in movements:
        reps = total(text, "otelwod_reps_count_total", f'otelwod_movement_id="{movement}"')
        assert reps == sums[f"reps {movement}"]
    assert total(text, "otelwod_stage_errors_total") == sums["failures"] > 0
    assert total(text, "otelwod_telemetry_spans_total", 'outcome="delivered"') > 500
    assert "# {" in text
    assert 'trace_id="' in text  # exemplars lead from the chart to the trace


ONCE = """
import otelwod
t = otelwod.configure(service_name="once", quiet=True)
t.meter.create_counter("otelwod.reps.count", "{rep}").add(21, {"otelwod.movement.id": "gym/once"})
print(*t.shutdown().lines())
"""


@pytest.mark.parametrize(("temporality", "total"), [("delta", 42), ("cumulative", 21)])
def test_prometheus_alone_adds_deltas_up_when_told_to(tmp_path: Path, temporality: str, total: int) -> None:
    """Two runs of 21 without a Collector; what cumulative values make of them is why deltas are needed."""
    find_program("prometheus")
    targets = {"collector:8888": NOWHERE, "host.docker.internal:9464": NOWHERE}
    prometheus = Prometheus(tmp_path, targets, "--enable-feature=otlp-deltatocumulative")
    text = 'sum(last_over_time(otelwod_reps_count_total{otelwod_movement_id="gym/once"}[5m]))'
    with prometheus.program:
        for run in (1, 2):
            done = program(
                "-c",
                ONCE,
                environ={
                    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{prometheus.url}/api/v1/otlp/v1/metrics",
                    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
                },
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
            expected = 21 * run if temporality == "delta" else 21
            found = eventually(
                lambda: prometheus.values(text, ""), lambda values, expected=expected: values == {"": expected}
            )
            assert found == {"": expected}
    assert expected == total
