"""Finds, starts and stops the real programs (Collector, Jaeger, Tempo, Prometheus) that the tests talk to."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CONFIGS = HERE / "configs"
REQUIRED = "OTELWOD_REQUIRE_BACKENDS"
BUILT_WITH = {"tracegen": "jaeger", "promtool": "prometheus"}
"""Programs that come with another one."""
READY_WITHIN_S = 90.0
STOP_WITHIN_S = 10.0


def backends_folder() -> Path:
    """Where ``tests/backends/install`` puts the programs."""
    return Path(os.environ.get("OTELWOD_BACKENDS") or REPOSITORY / ".backends")


def find_program(name: str) -> Path:
    """The program, from the folder of ``tests/backends/install`` or from PATH.

    Where there is none: a visible skip on a user's machine, a failure where `is_required` (the gate).
    """
    found = installed(name)
    if found is not None:
        return found
    backend = BUILT_WITH.get(name, name)
    message = f"{name} is not installed: run tests/backends/install {backend}"
    if is_required(backend):
        pytest.fail(f"{message} ({REQUIRED}={os.environ[REQUIRED]})", pytrace=False)
    pytest.skip(message)


def installed(name: str) -> Path | None:
    """The program where there is one."""
    built = backends_folder() / name
    if os.access(built, os.X_OK):
        return built.resolve()
    elsewhere = shutil.which(name)
    return None if elsewhere is None else Path(elsewhere)


def is_required(backend: str) -> bool:
    """Whether ``OTELWOD_REQUIRE_BACKENDS`` asks for it: ``1`` for all of them, or a list such as ``otelcol,jaeger``."""
    wanted = os.environ.get(REQUIRED, "").strip()
    return wanted == "1" or backend in (name.strip() for name in wanted.split(","))


def free_ports(count: int) -> list[int]:
    """Different loopback ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


_MODULES = {
    "otelcol": "go.opentelemetry.io/collector/otelcol",
    "jaeger": "github.com/jaegertracing/jaeger",
    "tempo": "github.com/grafana/tempo",
    "prometheus": "github.com/prometheus/prometheus",
}


def version_of(name: str) -> str:
    """The release of the module that a program was built from, as Go wrote it into the file."""
    go, program = shutil.which("go"), installed(name)
    if go is None or program is None:
        return "version unknown"
    told = subprocess.run([go, "version", "-m", str(program)], capture_output=True, text=True, timeout=30).stdout
    found = re.search(rf"^\t(?:dep|mod)\t{re.escape(_MODULES[name])}\t(\S+)", told, re.MULTILINE)
    return found[1] if found else "version unknown"


STARTED: dict[str, int] = {}
"""Name and process id of each program that was started, for the log of the tests."""


class Program:
    """One running program; ended by its own process id when the block is left."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        ready: str,
        folder: Path,
        environ: Mapping[str, str],
        stop_within_s: float = STOP_WITHIN_S,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._ready = ready
        self._stop_within_s = stop_within_s
        executable = find_program(name)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(executable), *arguments],
                cwd=folder,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pid = STARTED[name] = self._process.pid

    def wait_until_ready(self) -> None:
        """Return when the program answers; fail the test with its log when it ends or does not answer in time."""
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                with urllib.request.urlopen(self._ready, timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                pass
            ended = self.ended_within(0.05)
            if ended or time.monotonic() > deadline:
                self.stop()
                state = "ended at once" if ended else f"did not answer at {self._ready} within {READY_WITHIN_S:.0f} s"
                pytest.fail(f"{self.name} {state}:\n{self.tail()}", pytrace=False)

    def ended_within(self, seconds: float) -> bool:
        """Whether the program ends by itself in this time; also the pause between two looks at it."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ask it to end, and kill it when it does not."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(self._stop_within_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def __enter__(self) -> Program:
        self.wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class Collector:
    """A real OpenTelemetry Collector that writes what it receives to files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        grpc, http, health = free_ports(3)
        self.grpc_endpoint = f"http://127.0.0.1:{grpc}"
        self.http_endpoint = f"http://127.0.0.1:{http}"
        self.traces = folder / "traces.jsonl"
        self.metrics = folder / "metrics.jsonl"
        self.program = Program(
            "otelcol",
            ["--config", str(CONFIGS / "otelcol.yaml")],
            ready=f"http://127.0.0.1:{health}/",
            folder=folder,
            environ={
                "OTELWOD_TEST_FOLDER": str(folder),
                "OTELWOD_TEST_GRPC_PORT": str(grpc),
                "OTELWOD_TEST_HTTP_PORT": str(http),
                "OTELWOD_TEST_HEALTH_PORT": str(health),
            },
        )

    def lines(self, path: Path, enough: object) -> list[bytes]:
        """The whole lines of a file as soon as ``enough(lines)`` holds; those there are after 20 s otherwise."""
        assert callable(enough)
        deadline = time.monotonic() + 20
        while True:
            whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
            if enough(whole) or time.monotonic() > deadline or self.program.ended_within(0.05):
                return whole
