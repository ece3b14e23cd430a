"""The script that builds the real programs: what it says without building anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from backend_programs import HERE, REQUIRED, backends_folder, find_program, is_required

SCRIPT = HERE / "install"


def install(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, str(SCRIPT), *arguments], env={**os.environ, **environ}, capture_output=True, text=True, timeout=60
    )


def test_it_explains_itself() -> None:
    done = install("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "OTELWOD_BACKENDS" in done.stdout
    assert "#" not in done.stdout


def test_an_unknown_program_is_bad_usage() -> None:
    done = install("otelcol", "grafana")
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown program 'grafana'; known are: otelcol jaeger tempo prometheus" in done.stderr


def test_without_go_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for tool in ("dirname", "sed", "bash"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "")
    done = install("otelcol", PATH=str(tmp_path / "bin"), OTELWOD_BACKENDS=str(tmp_path / "out"))
    assert done.returncode == 2
    assert "Go 1.26 is needed" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
def test_what_is_built_already_is_left_alone() -> None:
    if not (backends_folder() / ".otelcol.recipe").exists():
        pytest.skip("otelcol is not installed: run tests/backends/install otelcol")
    done = install("otelcol")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"otelcol: already built in .+\n", done.stdout)


def test_components_and_builder_are_of_one_release() -> None:
    manifest = (HERE / "otelcol" / "manifest.yaml").read_text()
    (release,) = re.findall(r"^ *version: *(\S+)$", manifest, re.MULTILINE)
    versions = set(re.findall(r"gomod: \S+/(?:extension|receiver|processor|exporter|connector)\S* v(\S+)", manifest))
    assert versions == {release}


@pytest.mark.parametrize(
    ("value", "required"),
    [("", []), ("1", ["otelcol", "jaeger"]), ("otelcol, tempo", ["otelcol"]), ("jaeger", ["jaeger"])],
)
def test_what_the_gate_requires(value: str, required: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRED, value)
    assert [name for name in ("otelcol", "jaeger") if is_required(name)] == required


def test_a_missing_program_fails_where_it_is_required_and_skips_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OTELWOD_BACKENDS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(REQUIRED, "jaeger")
    with pytest.raises(pytest.fail.Exception, match="tracegen is not installed: run tests/backends/install jaeger"):
        find_program("tracegen")
    with pytest.raises(pytest.skip.Exception, match="promtool is not installed: run tests/backends/install prometheus"):
        find_program("promtool")
