"""What all tests share: a world without anybody's settings, and each test without leftovers of another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The gate plays the same examples every time: a new one is for whoever changes the code, not for whoever lands it.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")


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
