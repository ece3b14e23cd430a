"""The example of docs/performance-analysis.md prints what the page says, and its numbers are the text's."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from otelwod.insight.report import Report

PAGE = Path(__file__).parents[2] / "docs" / "performance-analysis.md"


def test_the_example_and_the_numbers_of_the_text() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)
    assert found
    code, shown = found.groups()
    names: dict[str, Any] = {}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, str(PAGE), "exec"), names)
    assert out.getvalue() == shown
    report: Report = names["report"]
    spans = {use.operation: use for use in report.spans}
    ms = 1_000_000
    assert (spans["order"].duration_ns, spans["order"].self_ns) == (100 * ms, 20 * ms)
    assert spans["check"].slack_ns == 30 * ms
    assert spans["resize"].drag_ns == 45 * ms
    active = {use.operation: use.active_ns / ms for use in report.operations}
    assert (active["resize"], active["check"]) == (42.5, 7.5)
    assert report.bottlenecks[0].slack_ns == 30 * ms
    path = [(s.operation, s.start_ns // ms - 1000, s.end_ns // ms - 1000) for s in report.traces[0].critical_path]
    told = "order 0–10, load 10–30, resize 30–80, order 80–85, store 85–95, order 95–100"
    assert ", ".join(f"{name} {start}–{end}" for name, start, end in path) == told
    assert told in " ".join(text.split())
