"""The guide tells the truth: its example is the file in examples/, its output is what that prints, its code runs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from otelwod.runtime.metrics import STREAMS as RUNTIME_STREAMS
from otelwod.runtime.program import Limits
from otelwod.tracking.active import DEFAULT_MAX_DEPTH
from otelwod.tracking.book import DEFAULT_EVENT_LIMIT
from otelwod.tracking.captured import WHY
from otelwod.tracking.completed import DEFAULT_CAPACITY
from otelwod.tracking.streams import STREAMS

HERE = Path(__file__).parents[2]
GUIDE = (HERE / "docs" / "metrics-and-spans.md").read_text(encoding="utf-8")
EXAMPLE = HERE / "examples" / "foreign_timer.py"


def block_after(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w*\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_is_whole_and_has_thirty_lines() -> None:
    source = EXAMPLE.read_text(encoding="utf-8")
    assert block_after("example") == source
    assert len(source.splitlines()) <= 30


def test_the_example_prints_what_the_guide_says(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out == block_after("output")


def test_the_other_code_of_the_guide_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    others = [code for code in blocks if code != EXAMPLE.read_text(encoding="utf-8")]
    assert others
    for code in others:
        exec(compile(code, "docs/metrics-and-spans.md", "exec"), {})


def test_the_numbers_and_names_of_the_guide_are_those_of_the_code() -> None:
    assert f"{DEFAULT_CAPACITY:,} finished spans" in GUIDE
    assert f"keeps {DEFAULT_EVENT_LIMIT:,} events" in GUIDE
    assert f"{DEFAULT_MAX_DEPTH} blocks and structural segments" in GUIDE
    assert f"nested deeper than {Limits().depth} blocks" in GUIDE
    assert all(f"| `{reason}` |" in GUIDE for reason in WHY)
    assert set(STREAMS) == set(RUNTIME_STREAMS)
    assert all(name.replace("_", " ") in GUIDE for name in STREAMS)
