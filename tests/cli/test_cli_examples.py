"""Every example runs: as the files say, on a simulated athlete or by its recorded inputs, to one tiled tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_cli_run import START, assert_one_tiled_tree, records_of, run

EXAMPLES = Path(__file__).parents[2] / "examples"
WORKOUTS = sorted(path.name for path in EXAMPLES.glob("*.wod"))
RECORDED = sorted(path.name for path in EXAMPLES.glob("*.inputs.jsonl"))


def test_there_is_an_example_of_each_kind() -> None:
    assert {"fran.wod", "cindy.wod"} <= set(WORKOUTS)
    assert len(WORKOUTS) >= 7
    assert RECORDED


@pytest.mark.parametrize("name", WORKOUTS)
def test_workouts(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    arguments = [str(EXAMPLES / name), "--simulate", "--seed", "3", "--out", str(tmp_path), "--no-export", *START]
    status, out, errors = run(capsys, *arguments)
    assert (status, errors) == (0, "")
    assert "Trace written to" in out
    records = records_of(tmp_path)
    assert_one_tiled_tree(records)
    assert not [r for r in records if r.attributes.get("otelwod.status") == "failed"]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_inputs(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    workout = EXAMPLES / (name.split(".")[0] + ".wod")
    arguments = [str(workout), "--replay", str(EXAMPLES / name), "--out", str(tmp_path), "--no-export", *START]
    status, _, errors = run(capsys, *arguments)
    assert (status, errors) == (0, "")
    assert_one_tiled_tree(records_of(tmp_path))


def test_the_readme_shows_what_the_command_prints() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text()
    marker = "<!-- output: otelwod run examples/fran.wod --simulate --seed 1 -->\n```text\n"
    shown = readme.split(marker)[1].split("```")[0]
    command = [sys.executable, "-m", "otelwod", "run", "examples/fran.wod", "--simulate", "--seed", "1"]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, check=True)
    assert done.stdout == shown
