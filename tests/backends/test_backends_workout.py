"""A workout by the command line into a real Collector: every span arrives, field by field what the file says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from backend_programs import REPOSITORY, Collector
from test_backends_collector import PROTOCOLS, arrived, by_id, endpoint

from otelwod.archive.otlp_json import read
from otelwod.trace import SpanRecord

pytestmark = pytest.mark.backend


def run(*arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-m", "otelwod", "run", *arguments],
        env=clean | environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def file_of(folder: Path) -> dict[str, SpanRecord]:
    (path,) = folder.glob("*.otlp.jsonl")
    return by_id(read(path))


def trace_id_of(records: dict[str, SpanRecord]) -> str:
    (trace_id,) = {record.trace_id for record in records.values()}
    return trace_id


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fran_arrives_as_her_file_says(collector: Collector, protocol: str, tmp_path: Path) -> None:
    seed = {"grpc": "1", "http/protobuf": "2"}[protocol]  # each protocol its own trace in the one Collector
    fran = str(REPOSITORY / "examples" / "fran.wod")
    done = run(fran, "--simulate", "--seed", seed, "--out", str(tmp_path), environ=endpoint(collector, protocol))
    assert (done.returncode, done.stderr) == (0, "")
    file = file_of(tmp_path)
    assert f"Sent {len(file)} spans to " in done.stdout
    assert arrived(collector, trace_id_of(file), len(file)) == file
    assert {record.service for record in file.values()} == {"through"}
    efforts = [record for record in file.values() if record.attributes.get("otelwod.block.type") == "effort"]
    assert len(efforts) == 6


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_long_workout_arrives_whole(collector: Collector, protocol: str, tmp_path: Path) -> None:
    """More spans than the queue holds (set small here), none lost, at the speed of a simulation."""
    seed = {"grpc": "1", "http/protobuf": "2"}[protocol]
    workout = tmp_path / "long.wod"
    workout.write_text("(700)\n  3 Burpees\n  100 m Run\n")
    environ = endpoint(collector, protocol) | {"OTEL_BSP_MAX_QUEUE_SIZE": "256"}
    done = run(str(workout), "--simulate", "--seed", seed, "--out", str(tmp_path / "out"), environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    file = file_of(tmp_path / "out")
    assert len(file) > 2100
    assert arrived(collector, trace_id_of(file), len(file)) == file


def test_a_dead_backend_costs_a_line_and_not_the_file(tmp_path: Path) -> None:
    fran = str(REPOSITORY / "examples" / "fran.wod")
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = run(fran, "--simulate", "--seed", "1", "--out", str(tmp_path), environ=environ)
    assert done.returncode == 0
    file = file_of(tmp_path)
    assert f"Could not deliver {len(file)} spans to http://127.0.0.1:9/v1/traces: connection refused" in done.stderr
