"""``collector-config/local``: the four programs without Docker, connected as it says, and all ended with it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from backend_programs import REPOSITORY, find_program, free_ports
from backend_recorded import by_id, program
from backend_services import SHIPPED, eventually, get

from otelwod.archive.otlp_json import DecodeCounts, decode, read

pytestmark = pytest.mark.backend
SCRIPT = SHIPPED / "local"
NAMES = re.findall(r"\[([A-Z_]+)\]=\d+", SCRIPT.read_text())


def chosen() -> dict[str, int]:
    """A free port for each that the script listens on."""
    return dict(zip(NAMES, free_ports(len(NAMES)), strict=True))


@contextmanager
def started(ports: Mapping[str, int], folder: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    bash = shutil.which("bash")
    assert bash is not None
    numbers = {f"OTELWOD_PORT_{name}": str(number) for name, number in ports.items()}
    process = subprocess.Popen(
        [bash, str(SCRIPT)],
        env={**os.environ, **numbers, "TMPDIR": str(folder), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_workout_goes_from_the_collector_to_all_of_them(tmp_path: Path) -> None:
    for name in ("otelcol", "jaeger", "tempo", "prometheus"):
        find_program(name)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ports = chosen()
    with started(ports, scratch) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if line.startswith("Ctrl-C"):
                break
        assert process.poll() is None, process.communicate()
        assert f"Jaeger      http://localhost:{ports['JAEGER']}\n" in told
        done = program(
            *("-m", "otelwod", "run", str(REPOSITORY / "examples" / "cindy.wod")),
            *("--simulate", "--seed", "1", "--out", str(tmp_path / "sessions")),
            environ={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://localhost:{ports['OTLP_HTTP']}"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        (path,) = (tmp_path / "sessions").glob("*.otlp.jsonl")
        expected = by_id(read(path))
        (trace_id,) = {record.trace_id for record in expected.values()}
        for url in (
            f"http://127.0.0.1:{ports['JAEGER']}/api/v3/traces/{trace_id}",
            f"http://127.0.0.1:{ports['TEMPO']}/api/traces/{trace_id}",
        ):
            found = eventually(
                lambda url=url: by_id(decode(get(url), DecodeCounts())),  # type: ignore[misc]
                lambda records: len(records) >= len(expected),
            )
            assert found == expected
        question = 'sum(last_over_time(traces_span_metrics_calls_total{otelwod_block_type="session"}[5m]))'
        prometheus = f"http://127.0.0.1:{ports['PROMETHEUS']}"
        values = eventually(
            lambda: [one["value"][1] for one in get(f"{prometheus}/api/v1/query", query=question)["data"]["result"]],
            lambda values: values == ["1"],
        )
        assert values == ["1"]
        # It watches the Collector, and knows where programs that serve their metrics are.
        targets = eventually(
            lambda: get(f"{prometheus}/api/v1/targets")["data"]["activeTargets"],
            lambda targets: all(target["health"] != "unknown" for target in targets),
        )
        health = {target["labels"]["job"]: (target["health"], target["scrapeUrl"]) for target in targets}
        assert health["collector"] == ("up", f"http://127.0.0.1:{ports['TELEMETRY']}/metrics")
        assert health["programs"][1] == f"http://127.0.0.1:{ports['PROGRAMS']}/metrics"
        # The program's own port is for the user's program; Tempo alone gossips with nobody.
        assert {name for name, port in ports.items() if not listens(port)} == {"PROGRAMS", "TEMPO_GOSSIP"}
        process.terminate()  # as Ctrl-C does; that one is ignored by what is started in the background
        assert process.wait(60) == 130
    assert not [name for name, port in ports.items() if listens(port)]
    assert list(scratch.iterdir()) == []


def test_a_port_that_is_taken_is_said_and_nothing_is_left_running(tmp_path: Path) -> None:
    for name in ("otelcol", "jaeger", "tempo", "prometheus"):
        find_program(name)
    ports = chosen()
    with socket.socket() as other:
        other.bind(("127.0.0.1", ports["JAEGER"]))
        other.listen()
        with started(ports, tmp_path) as process:
            told, complaint = process.communicate(timeout=60)
            assert process.returncode == 1
    assert "Ctrl-C" not in told
    assert complaint.startswith("local: jaeger ended; is its port taken?")
    assert f":{ports['JAEGER']}" in complaint
    assert not listens(ports["PROMETHEUS"])
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_dies_is_named_and_ends_the_others(tmp_path: Path) -> None:
    """Programs that only listen and say a word stand for the four; ending one must not go unnoticed."""
    programs = tmp_path / "programs"
    programs.mkdir()
    listener = (
        f"#!{sys.executable}\n"
        "import http.server, os, sys\n"
        "name = os.path.basename(sys.argv[0])\n"
        "port = int(os.environ['FAKE_' + name])\n"
        "class Answer(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "        if self.path == '/die':\n"
        "            print(name + ' has no more room', flush=True)\n"
        "            os._exit(3)\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', port), Answer).serve_forever()\n"
    )
    ports = chosen()
    environ = {}
    asked = {"otelcol": "HEALTH", "jaeger": "JAEGER_HEALTH", "tempo": "TEMPO", "prometheus": "PROMETHEUS"}
    for name, port in asked.items():
        (programs / name).write_text(listener)
        (programs / name).chmod(0o755)
        environ[f"FAKE_{name}"] = str(ports[port])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with started(ports, scratch, OTELWOD_BACKENDS=str(programs), **environ) as process:
        assert process.stdout is not None
        assert any(line.startswith("Ctrl-C") for line in process.stdout)  # stops reading there
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{ports['JAEGER_HEALTH']}/die", timeout=10)
        assert process.wait(30) == 1
        assert process.stderr is not None
        complaint = process.stderr.read()
    assert complaint.startswith("local: jaeger ended. Its last words:\n")
    assert "jaeger has no more room" in complaint
    assert not listens(ports["PROMETHEUS"])
    assert list(scratch.iterdir()) == []


def test_a_missing_program_is_said(tmp_path: Path) -> None:
    with started({}, tmp_path, OTELWOD_BACKENDS=str(tmp_path)) as process:
        told, complaint = process.communicate(timeout=60)
    assert (process.returncode, told) == (2, "")
    assert complaint == "local: otelcol is not there: run tests/backends/install otelcol\n"


def test_every_port_is_one_that_the_script_names() -> None:
    """No listener keeps a fixed number."""
    text = SCRIPT.read_text()
    body = text[text.index("\nfolder=") :]
    fixed = set(re.findall(r"127\.0\.0\.1:(\d+)", body))
    assert fixed == set()
    assert len(NAMES) == len(set(NAMES)) >= 16
