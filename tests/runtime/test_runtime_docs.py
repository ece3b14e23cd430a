"""What docs/runtime.md and examples/custom_block.py show is run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from otelwod.runtime.athletes import Pace
from otelwod.runtime.blocks import BLOCKS
from otelwod.runtime.inputs import KINDS

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")


def python(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_examples_run() -> None:
    session, metronome = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    shown = python("-c", session)
    assert shown.startswith("SpanStarted(")
    assert "0 rounds + 5 reps" in shown
    beats = (
        "from otelwod.runtime.block import *\n"
        "from otelwod.runtime.blocks import BLOCKS\n"
        "make = lambda node, profile: (*BLOCKS['effort'](node, profile), Metronome())\n"
    )
    run = session.replace("session = Session(", "session = Session(blocks={'effort': make}, program=")
    assert python("-c", metronome + beats + run).count("milestone='beat'") > 1000


def test_the_block_of_ones_own_runs() -> None:
    assert python("examples/custom_block.py").splitlines() == [
        "12 rounds + 9 reps",
        "Minute 11: 11 reps, 27 s rest, made: True",
        "Minute 12: 12 reps, 24 s rest, made: True",
        "Minute 13: 9 reps, 0 s rest, made: False",
    ]


def test_the_tables_are_complete() -> None:
    for word in (*BLOCKS, *KINDS, *Pace.__slots__):
        assert f"`{word}`" in DOCS, word
