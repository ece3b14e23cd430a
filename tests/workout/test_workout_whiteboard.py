"""Boards read as a coach would, and what cannot be expressed is said."""

from __future__ import annotations

import pytest
from whiteboard_forms import FORMS, INEXPRESSIBLE

from otelwod.workout import Workout, canonical, parse


def program(workout: Workout) -> tuple[str, ...]:
    """Labels with their nesting."""
    depth: list[int] = []
    lines: list[str] = []
    for s in workout.statements:
        depth.append(0 if s.parent is None else depth[s.parent] + 1)
        lines.append("  " * depth[-1] + ("+ " if s.joined else "") + s.label)
    return tuple(lines)


def test_there_are_enough_forms() -> None:
    assert len(FORMS) >= 60
    assert len({board for board, *_ in FORMS}) == len(FORMS)


@pytest.mark.parametrize(("board", "name", "form", "expected"), FORMS, ids=[form[0].split("\n")[0] for form in FORMS])
def test_board(board: str, name: str, form: str, expected: tuple[str, ...]) -> None:
    workout = parse(board)
    assert program(workout) == expected
    assert (workout.name, workout.format) == (name, form)
    assert workout.errors == ()
    again = parse(canonical(workout))
    assert (program(again), again.format) == (expected, form)


@pytest.mark.parametrize(("board", "why"), INEXPRESSIBLE, ids=[board for board, _ in INEXPRESSIBLE])
def test_what_cannot_be_said_leaves_a_diagnostic(board: str, why: str) -> None:
    assert why
    assert parse(board).diagnostics
