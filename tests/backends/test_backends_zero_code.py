"""Programs without a line of set-up: `opentelemetry-instrument` and declarative configuration, into Jaeger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from backend_programs import REPOSITORY
from backend_services import Hub, Jaeger, eventually, get

from otelwod.archive.otlp_json import DecodeCounts, decode
from otelwod.trace import SpanRecord

pytestmark = pytest.mark.backend

APP = """
import otelwod

@otelwod.stage
def outer():
    return inner() + inner()

@otelwod.stage("inner one")
def inner():
    return 1

assert outer() == 2
"""


def instrumented(folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("opentelemetry-instrument")
    if not command.exists():
        pytest.skip("opentelemetry-distro is not installed")
    (folder / "app.py").write_text(APP)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [str(command), sys.executable, str(folder / "app.py")],
        env=clean | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def only_trace_of(jaeger: Jaeger, service: str) -> list[SpanRecord]:
    (found,) = eventually(
        lambda: get(f"{jaeger.url}/api/traces", service=service, lookback="1h", limit=5)["data"],
        lambda traces: traces and len(traces[0]["spans"]) == 3,
    )
    answer = get(f"{jaeger.url}/api/v3/traces/{found['traceID']}")
    return sorted(decode(answer, DecodeCounts()), key=lambda record: (record.parent_id is not None, record.start_ns))


def check(records: list[SpanRecord]) -> None:
    root, *inner = records
    assert root.parent_id is None
    assert root.attributes["otelwod.stage.name"] == root.name
    assert [record.name for record in inner] == ["inner one", "inner one"]
    assert {record.parent_id for record in inner} == {root.span_id}


def test_opentelemetry_instrument(hub: Hub, jaeger: Jaeger, tmp_path: Path) -> None:
    environ = hub.environ("http/protobuf", "instrumented") | {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    done = instrumented(tmp_path, environ)
    assert done.returncode == 0, done.stderr
    check(only_trace_of(jaeger, "instrumented"))


def test_declarative_configuration(hub: Hub, jaeger: Jaeger, tmp_path: Path) -> None:
    """The example's file, with the address of this Collector and a name."""
    text = (REPOSITORY / "examples" / "otel.yaml").read_text()
    assert "http://localhost:4318" in text
    config = tmp_path / "otel.yaml"
    name = "resource:\n  attributes:\n    - name: service.name\n      value: declared\n"
    config.write_text(text.replace("http://localhost:4318", hub.http_endpoint) + name)
    done = instrumented(tmp_path, {"OTEL_CONFIG_FILE": str(config)})
    assert done.returncode == 0, done.stderr
    check(only_trace_of(jaeger, "declared"))
