"""What all tests share: a world without anybody's settings, and each test without leftovers of another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The gate plays the same examples every time: a new one is for whoever changes the code, not for whoever lands it.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")

TOLD = pytest.StashKey[list[str]]()
"""Lines that workers have for the end of the report."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n``, whatever ``--dist``: a file stays in one worker, and so do all that share the real programs.

    The groups of ``--dist loadgroup`` are not used: pytest 9.2 with pytest-xdist 3.8 forgets them without a word
    (pytest-dev/pytest-xdist#1386).
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/backends" if nodeid.startswith("tests/backends/") else nodeid.partition("::")[0]

    return ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what a worker has to say; it has no terminal, and one that crashed says nothing."""
    node.config.stash.setdefault(TOLD, []).extend(getattr(node, "workeroutput", {}).get("told", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(TOLD, ()):
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No OTEL_* variable, home or state folder of the machine reaches a test, nor the gate's options for pytest."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for name in list(os.environ):
        if name.startswith(("OTEL_", "OTELWOD_HISTORY", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))


@pytest.fixture
def examples() -> Path:
    """The folder of example files."""
    return Path(__file__).parents[1] / "examples"
