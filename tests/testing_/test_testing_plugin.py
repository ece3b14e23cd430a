"""The pytest plugin, as a user's project meets it: in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def run_pytest(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_user.py").write_text(code)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )


def test_without_a_fixture_nothing_is_loaded(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path,
        """
import sys

def test_nothing_is_loaded(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("otelwod"), "the plugin is there"
    assert "otelwod.testing.plugin" in sys.modules
    assert [m for m in sys.modules if m.startswith("opentelemetry.sdk")] == []
    assert [m for m in sys.modules if m.startswith("otelwod.testing.")] == ["otelwod.testing.plugin"]
""",
    )
    assert done.returncode == 0, done.stdout


def test_fixtures_in_a_users_project(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path,
        """
from opentelemetry import trace

tracer = trace.get_tracer("users.module")   # at import time, as libraries do

def work(name):
    with tracer.start_as_current_span(name):
        pass

def test_private(otelwod_spans, otelwod_clock):
    with otelwod_spans.tracer.start_as_current_span("a"):
        otelwod_clock.sleep(2)
    work("not captured")
    assert otelwod_spans.tree() == "a"
    assert otelwod_clock.monotonic() == 2

def test_global_once(otelwod_spans):
    with otelwod_spans.installed():
        work("first")
    work("after")
    assert otelwod_spans.tree() == "first"

def test_global_again(otelwod_spans):
    with otelwod_spans.installed():
        work("second")
    assert otelwod_spans.tree() == "second"
    assert otelwod_spans.one("second").context.trace_id == 1
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
""",
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("name", ["CapturedSpans", "FakeClock", "SequentialIdGenerator"])
def test_public_names(name: str) -> None:
    import otelwod.testing

    assert name in otelwod.testing.__all__
    assert getattr(otelwod.testing, name).__name__ == name
    with pytest.raises(AttributeError):
        otelwod.testing.nothing  # noqa: B018
