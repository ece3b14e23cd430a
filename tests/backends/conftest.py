"""Fixtures of the real programs; one process of each for the whole run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from backend_programs import STARTED, Collector, find_program, version_of
from backend_services import Hub, Jaeger, Prometheus, Stack, Tempo


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A running Collector that writes spans and metrics to files."""
    collector = Collector(tmp_path_factory.mktemp("otelcol"))
    with collector.program:
        yield collector


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All installed programs, connected as ``collector-config/`` says. Data of gigabytes would not be kept."""
    folder = tmp_path_factory.mktemp("stack")
    try:
        with Stack(folder) as stack:
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Hub:
    """The Collector with the configuration that we ship."""
    find_program("otelcol")
    hub: Hub = request.getfixturevalue("stack").hub
    return hub


@pytest.fixture
def jaeger(request: pytest.FixtureRequest) -> Jaeger:
    """Jaeger, behind the hub."""
    find_program("jaeger")
    jaeger: Jaeger = request.getfixturevalue("stack").jaeger
    return jaeger


@pytest.fixture
def tempo(request: pytest.FixtureRequest) -> Tempo:
    """Tempo, behind the hub."""
    find_program("tempo")
    tempo: Tempo = request.getfixturevalue("stack").tempo
    return tempo


@pytest.fixture
def prometheus(request: pytest.FixtureRequest) -> Prometheus:
    """Prometheus, behind the hub."""
    find_program("prometheus")
    prometheus: Prometheus = request.getfixturevalue("stack").prometheus
    return prometheus


def told() -> list[str]:
    """Which real programs the tests have talked to."""
    if not STARTED:
        return []
    started = ", ".join(f"{name} {version_of(name)} (process {pid})" for name, pid in sorted(STARTED.items()))
    missing = [name for name in ("otelcol", "jaeger", "tempo", "prometheus") if name not in STARTED]
    return [f"backends: {started}", *(f"backends: not run: {name}" for name in missing)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a worker: tests/conftest.py prints it
        session.config.workeroutput["told"] = told()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in told():
        terminalreporter.write_line(line)
