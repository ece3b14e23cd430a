# ruff: noqa: E501
"""Boards of a coach whose headers say more than their format: each keeps its rounds, its lines and its times."""

from __future__ import annotations

import pytest

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.views.program import program_lines
from otelwod.workout import canonical, parse, totals

TWO = "\n10 cal row\n12 burpees"
AMRAP = ("  10 cal row", "  12 burpees")
TAKEN = ("  minute 1, 3, 5 …: 12 cal row", "  minute 2, 4, 6 …: 12 burpees")

BOARDS: list[tuple[str, int, tuple[str, ...]]] = [
    ("Partner WOD - 20 min AMRAP (I go you go, switch each round)" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("Partner AMRAP 20" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("Team AMRAP 20 min" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("Metcon - AMRAP 12 (teams of 3)" + TWO, 720, ("as many rounds as possible in 12:00:", *AMRAP)),
    ("AMRAP 20 in a vest" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("AMRAP 20 moving all the time" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("For time, with a 20/14 lb vest:" + TWO, 0, ("for time:", *AMRAP)),
    ("For time, long and slow:" + TWO, 0, ("for time:", *AMRAP)),
    ("3 rounds for time, partition as you like" + TWO, 0, ("3 rounds for time:", *AMRAP)),
    ("Complete 3 rounds of the following:" + TWO, 0, ("3 rounds:", *AMRAP)),
    ("3 rounds with a 24 kg KB:" + TWO, 0, ("3 rounds:", *AMRAP)),
    ("3 rounds (not for time!)" + TWO, 0, ("3 rounds:", *AMRAP)),
    (
        "3 rounds, 1 min each station:\nWall balls 20/14 lb\nPush press 75 lb\nRow for calories\nRest 1 min",
        720,
        (
            "3 rounds:",
            "  4 intervals of 1:00 work and 0:00 rest:",
            "    interval 1: Wall balls 20 lb",
            "    interval 2: Push press 75 lb",
            "    interval 3: ? cal Row",
            "    interval 4: rest 1:00",
        ),
    ),
    ("4 rounds for max calories\n1 min row\n1 min bike\n2 min rest", 960, ("4 rounds:", "  1:00 row", "  1:00 bike", "  rest 2:00")),
    ("4 rounds for total reps\n1 min burpees\n1 min rest", 480, ("4 rounds:", "  1:00 burpees", "  rest 1:00")),
    (
        "12 min EMOM, 2 stations (40s work/20s rest)\nrow\nburpees",
        720,
        ("12 intervals of 0:40 work and 0:20 rest:", "  interval 1, 3, 5 …: row", "  interval 2, 4, 6 …: burpees"),
    ),
    ("EMOM 15 min, 3 movements\n12 cal row\n12 burpees", 900, ("every minute for 15 minutes:", *TAKEN)),
    ("EMOM 20 - 10 rounds of 2 stations\n12 cal row\n12 burpees", 1200, ("every minute for 20 minutes:", *TAKEN)),
    ("EMOM 12 - alternate\n12 cal row\n12 burpees", 720, ("every minute for 12 minutes:", *TAKEN)),
    ("EMOM 12, alternating\n12 cal row\n12 burpees", 720, ("every minute for 12 minutes:", *TAKEN)),
    ("EMOM 12 nice and smooth\n12 cal row\n12 burpees", 720, ("every minute for 12 minutes:", *TAKEN)),
    ("Row 4x1000m w/ 3 min rest", 720, ("4 rounds:", "  1000 m Row", "  rest 3:00")),
    ("Run 6 x 800m w/ 90s rest", 540, ("6 rounds:", "  800 m Run", "  rest 1:30")),
    ("Row 5 x 500m with 2:00 rest", 600, ("5 rounds:", "  500 m Row", "  rest 2:00")),
]
"""Board, planned seconds, program."""


@pytest.mark.parametrize(("board", "seconds", "expected"), BOARDS, ids=[board for board, _, _ in BOARDS])
def test_board(board: str, seconds: int, expected: tuple[str, ...]) -> None:
    workout = parse(board)
    assert tuple(line[2:] for line in list(program_lines(workout))[1:-1]) == expected
    assert not workout.errors
    planned = totals(workout).planned_ns
    assert (planned or 0) == seconds * NANOS_PER_SECOND


@pytest.mark.parametrize("board", [board for board, _, _ in BOARDS])
def test_the_canonical_text_is_the_same_program(board: str) -> None:
    workout = parse(board)
    again = parse(canonical(workout))
    assert list(program_lines(again))[1:] == list(program_lines(workout))[1:]


KNOWN = [
    "Partner AMRAP 20", "Team WOD - AMRAP 20", "Metcon - AMRAP 12 (teams of 3)", "AMRAP 20 in a vest", "AMRAP 20 with a vest",
    "3 rounds for time, partition as you like", "Complete 3 rounds of the following:", "EMOM 12, 2 stations", "EMOM 12 - alternate",
]  # fmt: skip


@pytest.mark.parametrize("header", KNOWN)
def test_what_everybody_writes_is_a_note_without_a_warning(header: str) -> None:
    workout = parse(header + TWO)
    assert not [d for d in workout.diagnostics if d.severity != "info"]
    assert not [d for d in workout.diagnostics if "movement" in d.message]
    assert workout.statements[0].notes or header.startswith("Complete")


OTHER = [
    ("AMRAP 20 moving all the time", "moving all the time"),
    ("For time, long and slow:", "long and slow"),
    ("3 rounds nice and easy:", "nice and easy"),
    ("EMOM 12 nice and smooth", "nice and smooth"),
    ("AMRAP 10 foo 20 kg", "foo 20 kg"),
]


@pytest.mark.parametrize(("header", "words"), OTHER)
def test_words_that_are_not_understood_are_a_note_that_is_said(header: str, words: str) -> None:
    workout = parse(header + TWO)
    (warning,) = [d for d in workout.diagnostics if d.severity == "warning"]
    assert repr(words) in warning.message
    assert "read as a note" in warning.message
    assert words in workout.statements[0].notes
    assert [s.label for s in workout.statements if s.parent == 0] == ["10 cal row", "12 burpees"]


def test_an_unknown_movement_of_its_own_stays_one() -> None:
    for board in ("AMRAP 10 Tyre flips", "AMRAP 10: 5 Tyre flips\n10 squats", 'AMRAP 10 "Tyre flips"\n10 squats', "3 sets Band walks\n10 squats"):
        found = parse(board).statements
        assert any(s.movement is not None and "yre" in s.movement.name or s.movement is not None and "Band" in s.movement.name for s in found)
