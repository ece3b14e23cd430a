"""The house as a whole: its public names, what an import loads, what the wheel holds."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import otelwod

ROOT = Path(__file__).parents[1]

LOADED = """
import sys
import otelwod
for name in otelwod.__all__ if {touch} else ():
    getattr(otelwod, name)
print("\\n".join(sorted(sys.modules)))
"""


def _modules_after(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_otelwod_loads_only_the_api() -> None:
    loaded = _modules_after(LOADED.format(touch=False))
    assert "otelwod" in loaded
    heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "grpc", "google", "rich", "requests", "otelwod.cli")
    assert not [module for module in loaded if module.startswith(heavy)]


def test_every_public_name_is_there() -> None:
    for name in otelwod.__all__:
        assert getattr(otelwod, name) is not None
    assert sorted(otelwod.__all__, key=str.lower) == sorted(set(otelwod.__all__), key=str.lower)
    with pytest.raises(AttributeError, match="nonsense"):
        otelwod.nonsense  # noqa: B018
    assert set(otelwod.__all__) <= set(dir(otelwod))


def test_the_workout_rooms_need_no_opentelemetry() -> None:
    loaded = _modules_after(
        "import otelwod.workout, otelwod.runtime.session, otelwod.runtime.athletes, sys; print('\\n'.join(sys.modules))"
    )
    assert "otelwod.runtime.session" in loaded
    sdk = [module for module in loaded if module.startswith("opentelemetry.sdk")]
    assert not sdk


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "otelwod"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout: what belongs into the wheel is not known")
    assert names == {name for name in tracked.stdout.split("\n") if name and (ROOT / name).exists()}
    assert "otelwod/py.typed" in names


def test_the_wheel_says_what_it_needs(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    needed = [
        line.split(": ", 1)[1] for line in wheel.read(name).decode().splitlines() if line.startswith("Requires-Dist")
    ]
    core = sorted(requirement.split(">=")[0] for requirement in needed if "extra ==" not in requirement)
    assert core == ["opentelemetry-api", "opentelemetry-exporter-otlp", "opentelemetry-sdk"]
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
