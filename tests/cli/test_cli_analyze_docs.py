"""What docs/analyze.md promises is what the program has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from otelwod import conventions as c
from otelwod.archive.limits import Limits
from otelwod.cli import build_parser
from otelwod.cli.conditions import _OF_OPERATION, _OF_RUN, UNITS, parse
from otelwod.insight.analysis import analyze_traces
from otelwod.insight.comparison import with_comparison
from otelwod.trace import Quality, SpanRecord, Trace

GUIDE = (Path(__file__).parents[2] / "docs" / "analyze.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^## ", GUIDE.split(f"## {title}", 1)[1], maxsplit=1, flags=re.M)[0]


def test_every_value_of_a_condition_is_told() -> None:
    gates = section("Gates")
    assert set(re.findall(r"`(\w+)\(load\)`", gates)) == set(_OF_OPERATION)
    told = set(re.findall(r"`([a-z_]+)`", gates.split("| of the whole run | |")[1]))
    assert told <= set(_OF_RUN)
    assert set(_OF_RUN) - told <= set(Quality.__dataclass_fields__)
    assert "`" + " ".join(name for name in UNITS if name.isascii()) + "`" in gates


def test_the_conditions_in_the_guide_are_conditions() -> None:
    conditions = re.findall(r"--fail-over '([^']+)'", GUIDE)
    assert len(conditions) == 2
    for condition in conditions:
        parse(condition)


def test_every_option_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["analyze", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == {option for option in re.findall(r"(--[a-z]+[a-z-]*)", GUIDE) if option != "--out"}


def test_the_limits_in_the_guide_are_the_defaults() -> None:
    limits = Limits()
    for text in (
        f"| {limits.bytes >> 30} GiB |",
        f"| {limits.expanded_bytes >> 30} GiB |",
        f"| {limits.expansion} |",
        f"| {limits.nodes:,} |",
        f"| {limits.depth} |",
        f"| {limits.spans:,} |",
        f"| {limits.seconds:g} |",
    ):
        assert text in section("Limits")


def test_the_python_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from test_cli_analyze import jaeger

    jaeger(tmp_path / "trace.json")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.S)
    exec(compile(code, "docs/analyze.md", "exec"), {})
    assert capsys.readouterr().out.startswith("load 0.75 WhatIf(")


def keys_of(value: Any, place: str, found: dict[str, set[str]]) -> None:
    """All keys of a JSON value by the place of their object, as the guide names places."""
    for item in value if isinstance(value, list) else ():
        keys_of(item, f"{place}[]", found)
    if isinstance(value, dict):
        found.setdefault(place or "the whole", set()).update(value)
        for key, inner in value.items():
            keys_of(inner, f"{place}.{key}" if place else key, found)


def test_every_key_of_the_json_is_told() -> None:
    """And no other: printed are a workout, a trace of two roots with an error, and a comparison."""
    workout = [
        SpanRecord("w", "1", None, "W", 10, 30, attributes={c.BLOCK_TYPE: "session", c.WORKOUT_NAME: "W"}),
        SpanRecord("w", "2", "1", "R", 10, 30, attributes={c.SEGMENT_TYPE: "round", c.SEGMENT_INDEX: 0}),
        SpanRecord("w", "3", "2", "Row", 10, 30, attributes={c.BLOCK_TYPE: "effort", c.PHASE: "work"}),
    ]
    calls = [
        SpanRecord("t", "1", None, "a", 10, 30, status="error"),
        SpanRecord("t", "2", None, "b", 30, 50),
        *(SpanRecord("t", f"1{at}", "1", "load", 10 + at, 11 + at) for at in range(12)),
    ]
    report = analyze_traces(Trace.from_records([*workout, *calls]), threshold_ns=0)
    printed: dict[str, set[str]] = {}
    keys_of(with_comparison(report, report).to_dict(), "", printed)
    told = {
        row[0].strip("` "): set(re.findall(r"`(\w+)`", row[1]))
        for row in re.findall(r"^\| (\S+|the whole) \| (`.*?) \|", section("JSON"), flags=re.M)
    }
    same = ("phases", "critical_path[]")  # told once, for the trace
    assert {place for place in printed if not place.endswith(same) or place.count(".") == 1} == set(told)
    for place, keys in told.items():
        assert printed[place] == keys, place
