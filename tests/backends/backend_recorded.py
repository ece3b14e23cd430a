"""What the tests send through the real programs: a workout and a pipeline, with the file of what was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend_programs import HERE, REPOSITORY
from backend_services import Hub

from otelwod.archive.otlp_json import read
from otelwod.trace import SpanRecord

WAYS = [(what, protocol) for what in ("workout", "pipeline") for protocol in ("grpc", "http/protobuf")]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One trace as its program recorded it."""

    trace_id: str
    service: str
    spans: Mapping[str, SpanRecord]


def program(*arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python with these variables and no other of OpenTelemetry's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, *arguments],
        env=clean | dict(environ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def by_id(records: Iterable[SpanRecord]) -> dict[str, SpanRecord]:
    """The records by span id; an id that comes twice fails the test."""
    found: dict[str, SpanRecord] = {}
    for record in records:
        assert record.span_id not in found, "a span is there twice"
        found[record.span_id] = record
    return found


def recorded(what: str, protocol: str, hub: Hub, folder: Path, who: str, *options: str) -> Recorded:
    """Run a workout or a pipeline that sends to the hub. ``who`` asks: no two tests share a trace."""
    service = f"{who} {what} {protocol}"
    environ = hub.environ(protocol, service)
    if what == "workout":
        seed = str(sum(service.encode()))
        emom = str(REPOSITORY / "examples" / "emom-12.wod")
        done = program(
            "-m", "otelwod", "run", emom, "--simulate", "--seed", seed, "--out", str(folder), *options, environ=environ
        )
        (path,) = folder.glob("*.otlp.jsonl") if done.returncode == 0 else (folder,)
    else:
        path = folder / "pipeline.otlp.jsonl"
        done = program(str(HERE / "backend_pipeline.py"), str(path), environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    spans = by_id(read(path))
    (trace_id,) = {record.trace_id for record in spans.values()}
    return Recorded(trace_id, service, spans)
