"""The guide says what the program does: every example is run, every entry of the cheat sheet is understood."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otelwod.views.program import program_lines
from otelwod.workout import load, parse

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "language.md").read_text("utf-8")
SHEET = (ROOT / "docs" / "cheat-sheet.md").read_text("utf-8")
PAIRS = re.findall(r"```wod\n(.*?)\n```\n\n```text\n(.*?)\n```", GUIDE, re.DOTALL)
ENTRIES = [
    entry.replace("\\|", "|")
    for row in SHEET.splitlines()
    if row.startswith("| `")
    for entry in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[1])
]


def test_the_guide_has_an_example_for_every_element() -> None:
    assert len(PAIRS) >= 17
    assert GUIDE.count("```wod\n") == len(PAIRS)


@pytest.mark.parametrize(("source", "said"), PAIRS, ids=[source.split("\n")[0] for source, _ in PAIRS])
def test_example(source: str, said: str) -> None:
    workout = parse(source)
    found = workout.diagnostics
    lines = [*program_lines(workout), *(f"{d.line}:{d.column}: {d.severity}: {d.message}; {d.hint}" for d in found)]
    assert "\n".join(lines) == said


@pytest.mark.parametrize("entry", sorted(set(ENTRIES)))
def test_cheat_sheet_entry(entry: str) -> None:
    """An entry stands for a line, or for what stands above or in front of one."""
    first = entry.replace(" above lines", "").replace(" in one line", "")
    if first.startswith(("//", "# ")):
        assert parse(f"{first}\n10 Burpees").statements[0].line == 2
        return
    forms = (first, f"{first} Burpees", f"{first} 10 Burpees", f"{first}\n  10 Burpees")
    clean = [form for form in forms if all(d.severity == "info" for d in parse(form).diagnostics)]
    assert clean, [parse(form).diagnostics for form in forms]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.wod")), ids=lambda path: path.name)
def test_examples_read_without_a_doubt(path: Path) -> None:
    workout = load(path)
    assert workout.statements
    assert [d for d in workout.diagnostics if d.severity != "info"] == []
