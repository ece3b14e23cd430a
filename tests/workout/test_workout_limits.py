# ruff: noqa: E501
"""Hostile texts: bounded, linear by construction, never an exception. The benchmark measures the growth."""

from __future__ import annotations

import pytest

from otelwod.workout import canonical, parse, source, totals

SIZE = 20_000
PIECES = (
    "(", ")", "()", "(3) ", "[", "[a] ", "{", "{} ", '{"a":1} ', "}", "^ ", "* ", "^*", ": ", ":", "5:", "1:2:", "@ ", "? ",
    "1-", "1/", "1,", "9", "a", "a ", "each ", "a-", "x5 ", "5x", "+ ", "| ", "10 a, ", "10 a | ", "and ", "rest 1:00 ",
    "for time ", "amrap 5 ", "every 2:00 ", "cap ", "1 h ", "a / 1 ", '"', "$ ", "\u00bd", "1/2 mile ", "\u202e", "\x00",
    "10-9-…-1 ", "rpe: ", ":40 on ", ":40/:20 ", "1,000", "a (b", "\n", "a\n", "```\n", "```wod\n", "rest\n", "AMRAP 5\n",
    "Strength\n", "For Time\ncap 5\n", "1\n 1\n",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_one_piece_over_and_over(piece: str) -> None:
    workout = parse(piece * (SIZE // len(piece)))
    assert workout.statements or workout.diagnostics
    totals(workout)
    canonical(workout)


def test_ten_thousand_levels() -> None:
    workout = parse("\n".join(" " * level + "(2)" for level in range(10_000)) + "\n" + " " * 10_000 + "5 Rows")
    assert len(workout.statements) == 10_001
    assert workout.statements[-1].parent == 9_999
    assert totals(workout).reps == 10**15, "counts stop where they say nothing more"
    assert workout.format == "rounds"


def test_a_long_line() -> None:
    workout = parse("10 " + "very " * 10_000 + "Rows")
    assert len(workout.statements) == 1
    workout = parse("5 Rows\n10 " + "very " * 200_000 + "Rows\n6 Rows")
    assert [s.label for s in workout.statements] == ["5 Rows", "6 Rows"]
    assert [(d.line, d.column, d.severity) for d in workout.errors] == [(2, 100_001, "error")]
    assert parse("(1000000000)\n  5 Rows").statements[0].rounds == 10**9


def test_size_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 100)
    for text in ("5 Rows\n" * 100, b"5 Rows\n" * 100):
        (found,) = parse(text).errors
        assert "larger than" in found.message
        assert parse(text).statements == ()


def test_statements_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otelwod.workout.drafts.MAX_STATEMENTS", 10)
    workout = parse("5 Rows\n" * 20)
    assert len(workout.statements) == 10
    assert [(d.line, d.severity) for d in workout.diagnostics] == [(11, "error")]
