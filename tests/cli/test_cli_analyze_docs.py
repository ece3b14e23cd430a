"""What docs/analyze.md promises is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otelwod.archive.limits import Limits
from otelwod.cli import build_parser
from otelwod.cli.conditions import _OF_OPERATION, _OF_RUN, UNITS, parse
from otelwod.trace import Quality

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
