"""`otelwod push` through a real Collector: a file arrives as it is, by both protocols."""

from __future__ import annotations

from pathlib import Path

import pytest
from backend_programs import REPOSITORY, Collector
from backend_recorded import by_id, program
from test_backends_collector import PROTOCOLS, arrived, endpoint

from otelwod.archive.otlp_json import read

pytestmark = pytest.mark.backend


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_file_arrives_as_it_is(collector: Collector, protocol: str, tmp_path: Path) -> None:
    murph = str(REPOSITORY / "examples" / "murph.wod")
    seed = {"grpc": "31", "http/protobuf": "32"}[protocol]
    done = program("-m", "otelwod", "run", murph, "--simulate", "--seed", seed, "--out", str(tmp_path), environ={})
    assert (done.returncode, done.stderr) == (0, "")
    (path,) = tmp_path.glob("*.otlp.jsonl")
    file = by_id(read(path))
    url = endpoint(collector, protocol)["OTEL_EXPORTER_OTLP_ENDPOINT"]
    sent = program("-m", "otelwod", "push", str(path), "--endpoint", url, "--protocol", protocol, environ={})
    assert (sent.returncode, sent.stderr) == (0, "")
    assert f"{len(file)} spans accepted of {len(file)}\n" in sent.stdout
    (trace_id,) = {record.trace_id for record in file.values()}
    assert arrived(collector, trace_id, len(file)) == file


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_the_collector_cannot_take_is_said(collector: Collector, protocol: str, tmp_path: Path) -> None:
    """The other protocol's port."""
    path = tmp_path / "one.json"
    span = f'{{"traceId":"{"1" * 32}","spanId":"{"2" * 16}","name":"x"}}'
    path.write_text(f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}')
    wrong = collector.http_endpoint if protocol == "grpc" else collector.grpc_endpoint
    sent = program(
        *("-m", "otelwod", "push", str(path), "--endpoint", wrong, "--protocol", protocol, "--patience", "0"),
        environ={},
    )
    assert sent.returncode == 1
    assert "0 spans accepted of 1" in sent.stdout
    assert "1 span not delivered" in sent.stderr
