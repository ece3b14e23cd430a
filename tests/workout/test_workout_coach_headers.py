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
    (
        "Partner WOD - 20 min AMRAP (I go you go, switch each round)" + TWO,
        1200,
        ("as many rounds as possible in 20:00:", *AMRAP),
    ),
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
    (
        "4 rounds for max calories\n1 min row\n1 min bike\n2 min rest",
        960,
        ("4 rounds:", "  1:00 row", "  1:00 bike", "  rest 2:00"),
    ),
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
    ("Team of 3 - 3 rounds for time" + TWO, 0, ("3 rounds for time:", *AMRAP)),
    ("In teams of 2: AMRAP 20" + TWO, 1200, ("as many rounds as possible in 20:00:", *AMRAP)),
    ("EMOM 16: 4 rounds\n12 cal row\n12 burpees", 960, ("every minute for 16 minutes:", *TAKEN)),
    (
        "E3MOM for 15 minutes, 5 rounds\n12 cal row\n+ 12 burpees",
        900,
        ("every 3:00, 5 times:", "  12 cal row", "  together with 12 burpees"),
    ),
    ("EMOM for 12 min - alternating between:\n12 cal row\n12 burpees", 720, ("every minute for 12 minutes:", *TAKEN)),
    ("AMRAP 10 teams of 3:\n10 cal row\n12 burpees", 600, ("as many rounds as possible in 10:00:", *AMRAP)),
    (
        "Strength\n5x5 Squat\nMetcon - AMRAP 12\n5 squats",
        720,
        ("Strength:", "  5 sets of 5 Squat", "as many rounds as possible in 12:00:", "  5 squats"),
    ),
    ("Run 5k @ 5:00/km", 0, ("5 km Run",)),
    ("10 swings with a 24 kg KB", 0, ("10 swings 24 kg",)),
    ("5 x 500m, r 2:00", 600, ("5 rounds:", "  500 m", "  rest 2:00")),
    ("400m x 6 w/ 90 sec rest", 540, ("6 rounds:", "  400 m", "  rest 1:30")),
    ("8x50 kick on 1:10", 560, ("every 1:10, 8 times: 50 m kick",)),
    ("10x100 free @ 1:45", 1050, ("every 1:45, 10 times: 100 m free",)),
    ("Swim 10x100 @ 1:45", 1050, ("every 1:45, 10 times: 100 m Swim",)),
    ("400 free warm up", 0, ("400 m free warm up",)),
    ("20 min row @ 20 spm", 1200, ("20:00 row",)),
    ("30 min run @ 140 bpm", 1800, ("30:00 run",)),
    ("Back Squat 4x8 @ 3010 60 kg", 0, ("4 sets of 8 Back Squat 60 kg",)),
    ("Squat 5x5 tempo 31X1", 0, ("5 sets of 5 Squat",)),
    ("Row 5x500m @ 1:45 pace", 0, ("5 sets of 500 m Row",)),
    ("Bench 60kgx5, 80kgx5", 0, ("5 Bench 60 kg", "5 Bench 80 kg")),
    ("WOD 241121\n10 squats", 0, ("10 squats",)),
    ("Workout of the day 21/11/2026\n10 squats", 0, ("10 squats",)),
    ("Monday, Nov 20\n10 squats", 0, ("10 squats",)),
    ("Wednesday 18:30\n10 squats", 0, ("10 squats",)),
    ("Week 3 Day 2\n10 squats", 0, ("10 squats",)),
    ("Filthy 50\n50 box jumps", 0, ("50 box jumps",)),
    ("10 squats\nWeek 3 Day 2\n20 squats", 0, ("10 squats", "(Week 3 Day 2)", "20 squats")),
    (
        "0:00-10:00 AMRAP\n10 burpees\n10:00-15:00 rest\n15:00-25:00 find 1RM clean",
        1500,
        ("as many rounds as possible in 10:00:", "  10 burpees", "rest 5:00", "10:00 1 clean"),
    ),
    (
        "0:00-10:00 AMRAP\n10 burpees\n12:00-14:00 plank",
        720,
        ("as many rounds as possible in 10:00:", "  10 burpees", "2:00 plank"),
    ),
    (
        "2 rounds:\nAMRAP 4\n10 burpees\nRest 2:00",
        720,
        ("2 rounds:", "  as many rounds as possible in 4:00:", "    10 burpees", "  rest 2:00"),
    ),
    (
        "1000m row buy in\n3 rounds\n10 burpees\nthen 1000m row cash out",
        0,
        ("1000 m row", "3 rounds:", "  10 burpees", "1000 m row"),
    ),
    ("E90S x 8\n3 squats", 720, ("every 1:30, 8 times:", "  3 squats")),
    ("For time\n10 squats\nTC: 18'", 0, ("for time, cap 18:00:", "  10 squats")),
    ("For time\n10 squats\nTime cap 10\u2019", 0, ("for time, cap 10:00:", "  10 squats")),
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


STAYS = [
    "AMRAP 10 Tyre flips",
    "AMRAP 10: 5 Tyre flips\n10 squats",
    'AMRAP 10 "Tyre flips"\n10 squats',
    "3 sets Tyre flips\n10 squats",
]


@pytest.mark.parametrize("board", STAYS)
def test_an_unknown_movement_of_its_own_stays_one(board: str) -> None:
    named = [s.movement.name for s in parse(board).statements if s.movement is not None]
    assert "Tyre flips" in named


SAID = [
    ("20 min row @ 20 spm", "info", "'20 spm'"),
    ("Back Squat 4x8 @ 3010 60 kg", "info", "'3010'"),
    ("3 rounds with a 24 kg KB:\n10 swings", "warning", "'with a 24 kg KB'"),
    ("For time, with a 20/14 lb vest:\n10 squats", "info", "adds no load"),
    ("3 rounds, 1000m row buy in\n10 burpees", "warning", "part of every round"),
    ("AMRAP 10, 1 min each station\n10 burpees", "warning", "skipped the 1:00 at each station"),
    ("0:00-10:00 AMRAP\n10 burpees\n12:00-14:00 plank", "warning", "between 10:00 and 12:00"),
    ("4 x 50 m Fly on 1:00", "info", "from one start to the next"),
    ("10 squats\nMonday, Nov 20", "info", "it says when"),
    ("E0S x 3\n5 squats", "error", "no interval"),
]


@pytest.mark.parametrize(("board", "severity", "words"), SAID)
def test_what_is_said(board: str, severity: str, words: str) -> None:
    assert [d.severity for d in parse(board).diagnostics if words in d.message] == [severity]


def test_the_hint_of_a_send_off_names_its_own_time() -> None:
    assert [d.hint for d in parse("4 x 50 m Fly on 1:00").diagnostics if "start" in d.message] == ["write every 1:00"]


@pytest.mark.parametrize("scheme", ["21-15-9", "21/15/9", "50-40-30", "21-15-12"])
def test_a_scheme_is_no_date(scheme: str) -> None:
    head, *_ = parse(f"{scheme}\nThrusters").statements
    assert len(head.rep_scheme) == 3


def test_a_window_that_follows_nothing_is_a_range() -> None:
    (line,) = parse("15:00-25:00 Row").statements
    assert line.duration is not None
    assert line.duration.ns == 900 * NANOS_PER_SECOND


def test_sets_at_a_small_number_are_of_an_effort() -> None:
    (line,) = parse("Back Squat 5x5 @8").statements
    assert line.load is not None
    assert line.load.unit == "rpe"
    (line,) = parse("DB Press 5x5 @8").statements
    assert line.load is not None
    assert line.load.unit == "lb"


def test_bare_sets_take_the_line_below() -> None:
    head, work = parse("5x\n400m run").statements
    assert (head.rounds, work.parent) == (5, 0)


def test_a_harder_prescription_is_no_station() -> None:
    workout = parse("AMRAP 10\n10 pull-ups\nRx+: C2B, 50kg")
    assert [s.type for s in workout.statements] == ["amrap", "effort", None]
    assert [d.severity for d in workout.diagnostics if "prescription" in d.message] == ["warning"]


@pytest.mark.parametrize("board", ["10 squats\n3 rounds", "10 squats\nFor time. 10 min cap"])
def test_a_header_at_the_end_belongs_above(board: str) -> None:
    assert [d.hint for d in parse(board).diagnostics if "nothing stands" in d.message] == [
        "write it above the lines that it is meant for"
    ]


def test_a_step_of_nothing_but_such_words_is_a_note_of_its_header() -> None:
    workout = parse("10 rows\n3 rounds, 5:00 nice (and easy):\n10 squats\n20 lunges")
    head = workout.statements[1]
    assert head.rounds == 3
    assert [s.label for s in workout.statements if s.parent == 1] == ["10 squats", "20 lunges"]
    (warning,) = [d for d in workout.diagnostics if d.severity == "warning"]
    assert "5:00 nice (and easy)" in warning.message
    assert "5:00 nice (and easy)" in " ".join(head.notes).replace("  ", " ")


def test_the_minutes_of_an_amrap_before_unknown_words() -> None:
    head, *below = parse("AMRAP 9 foo bar\n10 squats").statements
    assert head.duration is not None
    assert head.duration.ns == 540 * NANOS_PER_SECOND
    assert len(below) == 1
