"""A real FastAPI application under load, with a slow dependency: by hand and without code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("opentelemetry.instrumentation.fastapi")

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
REQUESTS = 126


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(errors: Path, *command: str, **environ: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and process; what it writes to stderr is in the file ``errors``."""
    port = free_port()
    quiet = {f"OTEL_{signal_}_EXPORTER": "none" for signal_ in ("TRACES", "METRICS", "LOGS")}
    with errors.open("wb") as stderr:
        started = subprocess.Popen(
            [part.format(port=port) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=ROOT,
            env={**os.environ, **quiet, "PYTHONPATH": str(ROOT), "PORT": str(port), "PAYMENT_S": "0.05", **environ},
        )
    base = f"http://127.0.0.1:{port}"
    try:
        transport = httpx.HTTPTransport(retries=8)  # it backs off: about a minute until it gives up
        with httpx.Client(transport=transport, timeout=60) as client:
            client.get(f"{base}/openapi.json")
        yield base, started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGINT)
        started.wait(60)


def load(base: str) -> None:
    """Real requests from several clients at once."""

    def client(number: int) -> int:
        with httpx.Client(timeout=60) as session:
            paths = ("/checkout", "/checkout", "/products")
            return sum(session.get(base + paths[at % 3]).status_code == 200 for at in range(REQUESTS // 6))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(client, range(6))) == REQUESTS


def test_by_hand_the_processor_names_the_slow_dependency(tmp_path: Path) -> None:
    errors = tmp_path / "stderr"
    with server(errors, sys.executable, "examples/fastapi_app.py") as (base, _):
        load(base)
        found = httpx.get(f"{base}/insight", timeout=60).json()
    err = errors.read_text(encoding="utf-8")
    counts = {use["operation"]: use["count"] for use in found["operations"]}
    assert counts["POST payments"] == counts["GET /checkout"] == REQUESTS * 2 // 3
    assert counts["GET /products"] == REQUESTS // 3
    best = found["bottlenecks"][0]
    assert best["operation"] == "POST payments"
    assert best["critical_share"] > 0.5
    assert found["quality"]["orphans"] == 0
    assert "`POST payments` holds" in err, "and the verdict at the end"


@pytest.mark.skipif(not (BIN / "opentelemetry-instrument").exists(), reason="opentelemetry-distro is not installed")
def test_without_code_the_verdict_is_the_same(tmp_path: Path) -> None:
    errors = tmp_path / "stderr"
    uvicorn = (str(BIN / "uvicorn"), "--app-dir", "examples", "--port", "{port}", "--log-level", "warning")
    command = (str(BIN / "opentelemetry-instrument"), *uvicorn, "fastapi_app:app")
    with server(errors, *command, OTELWOD_REPORT_AT_EXIT="true") as (base, started):
        load(base)
    err = errors.read_text(encoding="utf-8")
    assert "`POST payments` holds" in err, err
    assert started.returncode in (0, 130, -signal.SIGINT)
