"""The examples of docs/pipelines.md and docs/task-runs.md run and give the spans they promise; so do the programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelwod.stages import failures
from otelwod.stages.pipeline.model import MAX_FAILURES, MAX_WORKERS
from otelwod.stages.taskrun import capture, model

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("pipelines.md", "task-runs.md")}
EXAMPLES = [
    (name, code, promised)
    for name, page in PAGES.items()
    for code, promised in re.findall(r"```python\n(.*?)```\n<!-- spans:(.*?)-->", page, re.DOTALL)
]


def test_every_example_is_run() -> None:
    assert len(EXAMPLES) == sum(page.count("```python") for page in PAGES.values()) > 6


@pytest.mark.parametrize(("page", "code", "promised"), EXAMPLES)
def test_an_example_gives_the_spans_that_it_promises(recorded: Any, page: str, code: str, promised: str) -> None:
    exec(compile(code, page, "exec"), {"__name__": "example"})
    names = {each.context.span_id: each.name for each in recorded.started}
    parents = {each.parent.span_id for each in recorded.ended if each.parent is not None}
    found: Counter[str] = Counter()
    for each in recorded.ended:
        if each.parent is not None:
            found[f"{names[each.parent.span_id]} > {each.name}"] += 1
        elif each.context.span_id not in parents:
            found[each.name] += 1
    wanted: Counter[str] = Counter()
    for part in filter(None, (part.strip() for part in promised.split(","))):
        name, _, count = part.partition(" ×")
        wanted[name] += int(count or 1)
    assert found == wanted
    assert failures() == {}


def test_the_numbers_of_the_pages_are_those_of_the_code() -> None:
    assert f"at most {MAX_FAILURES:,}." in PAGES["pipelines.md"]
    assert f"up to {MAX_WORKERS} " in PAGES["pipelines.md"]
    bounds = PAGES["task-runs.md"].replace("\n", " ")
    assert f"{model.MAX_CALLS:,} calls, {model.MAX_METRICS:,} metrics, {model.MAX_METADATA:,} metadata" in bounds
    assert f"{model.MAX_NOTES:,} notes and about {model.MAX_SIZE >> 20} MiB" in bounds
    assert f"{capture.MAX_DEPTH} deep, {capture.MAX_NODES:,} values" in bounds
    assert f"{capture.MAX_CHARACTERS:,} characters" in bounds
    assert f"that this version writes ({model.FORMAT})" in bounds


def _output(example: str, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "examples" / example), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_etl_example_shows_the_slow_stage_and_its_waits(tmp_path: Path) -> None:
    shown = _output("etl_pipeline.py", str(tmp_path), "--files", "10")
    for workers in (1, 2):
        assert f"== verify with workers={workers} ==" in shown
    assert re.search(r"├ verify wait +[\d.]+ (ms|s)", shown)
    assert re.search(r"● ├ verify +[\d.]+ (ms|s)", shown)
    assert shown.count("8 files written; refused: readings-004.csv:10: the signature is wrong, readings-009") == 2
    written = sorted(tmp_path.glob("*.json"))
    assert len(written) == 8
    assert json.loads(written[0].read_text()).keys() == {"file", "count", "total"}


class _Sink(BaseHTTPRequestHandler):
    """An OTLP/HTTP endpoint that keeps (service, span) of all that it takes."""

    taken: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in request.resource_spans:
            service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
            self.taken += [(service, span.name) for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


def test_the_etl_example_sends_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        place = f"http://127.0.0.1:{server.server_port}/v1/traces"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", place)
        try:
            shown = _output("etl_pipeline.py", str(tmp_path), "--files", "6", "--workers", "2")
        finally:
            server.shutdown()
            thread.join()
    taken = Counter(_Sink.taken)
    assert (taken["etl", "etl"], taken["etl", "verify"]) == (2, 12)
    assert re.search(
        rf"^sent {sum(taken.values())} spans to {place}, traces [0-9a-f]{{32}}, [0-9a-f]{{32}}$", shown, re.M
    )


def test_the_replay_example_asks_the_outside_once() -> None:
    shown = _output("boundary_replay.py")
    assert "in 3 calls; asked 3 times" in shown
    assert "the key in the record: False" in shown
    assert "asked 3 times; the same: True" in shown
    assert 'refused:  the record has no complete answer of weather("http://…", "paris", "[redacted]")' in shown


def test_the_attributes_example_shows_attributes_of_its_own() -> None:
    shown = _output("custom_attributes.py")
    for part in ("shop.team='orders'", "shop.order.items=4", "shop.order.kinds=2", "ledger.account='A-17'"):
        assert part in shown
    assert "metric 0 (average): its value is a finite number, not nan" in shown
    assert "'api_key': '[redacted]'" in shown
    assert "hunter2" not in shown
