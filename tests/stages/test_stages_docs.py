"""Every example of docs/stages.md runs, and gives the spans that the page promises (in a comment behind it)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from otelwod.stages import block, decorator, failures

PAGE = (Path(__file__).parents[2] / "docs" / "stages.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n<!-- spans:(.*?)-->", PAGE, re.DOTALL)


def test_every_example_is_run() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") > 5


@pytest.mark.parametrize(("code", "promised"), EXAMPLES)
def test_an_example_gives_the_spans_that_it_promises(
    recorded: Any, code: str, promised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACEPARENT", raising=False)
    exec(compile(code, "docs/stages.md", "exec"), {"__name__": "example"})
    names = {found.context.span_id: found.name for found in recorded.started}
    pairs = []
    parents = {found.parent.span_id for found in recorded.ended if found.parent is not None}
    for found in recorded.ended:
        if found.parent is not None:
            pairs.append(f"{names[found.parent.span_id]} > {found.name}")
        elif found.context.span_id not in parents:
            pairs.append(found.name)
    assert sorted(pairs) == sorted(filter(None, (part.strip() for part in promised.split(","))))
    assert failures() == {}


def test_the_captured_values_are_those_on_the_page(recorded: Any) -> None:
    code = next(code for code, _ in EXAMPLES if "def login" in code)
    exec(compile(code, "docs/stages.md", "exec"), {"__name__": "example"})
    for name, value in re.findall(r"# (otelwod\.stage\.\w+) +(.*)", code):
        assert str(recorded.one("login").attributes[name]) == value


def test_the_numbers_and_options_of_the_page_are_those_of_the_code() -> None:
    assert f"at most {block.MAX_CAPTURE:,} characters" in PAGE
    options = set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE))
    assert options == set(decorator.stage.__kwdefaults__)
