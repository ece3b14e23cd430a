"""What a word means by where it stands: headings over amounts, rounds in intervals, tempos, rates, rests, lists."""

from __future__ import annotations

import pytest

from otelwod.views.program import program_lines
from otelwod.workout import canonical, parse


def said(board: str) -> tuple[str, ...]:
    """The program without its title and its total."""
    return tuple(line[2:] for line in list(program_lines(parse(board)))[1:-1])


EVERY_16 = "every minute for 16 minutes:"
TURNS = (
    EVERY_16,
    "  (4 rounds)",
    "  minute 1, 5, 9 …: 5 burpees",
    "  minute 2, 6, 10 …: 5 squats",
    "  minute 3, 7, 11 …: 5 rows",
    "  minute 4, 8, 12 …: 5 dips",
)
HEADINGS = [
    ("Row\n250 m, rest 1:00\n500 m, 5 dips", ("(Row)", "250 m Row", "rest 1:00", "500 m Row", "5 dips")),
    ("Row\n250 m\n500 m", ("(Row)", "250 m Row", "500 m Row")),
    ("Row:\n250 m\nrest 1:00\n500 m", ("(Row)", "250 m Row", "rest 1:00", "500 m Row")),
    ("Row\n  250 m\n  500 m", ("Row:", "  250 m Row", "  500 m Row")),
    ("Row\n250 m easy\n500 m hard", ("(Row)", "250 m Row (easy)", "500 m Row (hard)")),
    ("Run\n400 m\nRow\n500 m", ("(Run)", "400 m Run", "(Row)", "500 m Row")),
    ("Bike\n20 cal\n15 cal", ("(Bike)", "20 cal Bike", "15 cal Bike")),
    ("Plank\n:30\n:45", ("(Plank)", ":30 Plank", ":45 Plank")),
    ("Farmers carry\n50 m", ("(Farmers carry)", "50 m Farmers carry")),
    ("Swim\n10 x 100 m on 1:45", ("(Swim)", "every 1:45, 10 times: 100 m Swim")),
    ("Squat\n10 x 100 m on 1:45", ("Squat", "every 1:45, 10 times: 100 m")),
    ("Row\n250\n500", ("(Row)", "250 m Row", "500 m Row")),
    ("Row\n3 x 250 m\n500 m", ("(Row)", "3 sets of 250 m Row", "500 m Row")),
    (
        "AMRAP 12\nRow\n250 m\n10 burpees",
        ("as many rounds as possible in 12:00:", "  (Row)", "  250 m Row", "  10 burpees"),
    ),
    (
        "Run\n400 m\n21-15-9\nThrusters\nPull-ups",
        ("(Run)", "400 m Run", "21-15-9 repetitions:", "  Thrusters", "  Pull-ups"),
    ),
    ("Run\n20:00\n5 pull-ups", ("Run", "20:00", "5 pull-ups")),
    ("Squats\n400 m", ("Squats", "400 m")),
    ("Farmers carry\n20 cal", ("Farmers carry", "20 cal")),
    ("Run\n\n400 m", ("Run", "400 m")),
    ("Row\nAMRAP 5\n10 squats", ("Row", "as many rounds as possible in 5:00:", "  10 squats")),
    ("Row\nrest 1:00\n250 m", ("Row", "rest 1:00", "250 m")),
]
INSIDE = [
    ("EMOM 16: 4 rounds of 5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("EMOM 16 - 4 rounds of 5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("EMOM 16 4 sets of 5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("EMOM16: 4x5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("16 min EMOM: 4 sets of 5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("(16) 1:00 EMOM: 4x5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("EMOM 16: 4 x (5 squats + 3 rows)", (EVERY_16, "  4 rounds:", "    5 squats", "    3 rows")),
    ("E2MOM x 5: 2 sets of 5 burpees", ("every 2:00, 5 times:", "  2 sets of 5 burpees")),
    ("Every 2:00 x 5: 3 sets of 5 burpees", ("every 2:00, 5 times:", "  3 sets of 5 burpees")),
    ("every 2:00: 5 rounds of 10 burpees", ("every 2:00, 5 times: 10 burpees",)),
    ("every 3:00 for 5 rounds: 10 burpees", ("every 3:00, 5 times: 10 burpees",)),
    ("EMOM: 10 rounds of 5 burpees", ("every minute for 10 minutes: 5 burpees",)),
    ("1:00 EMOM: 10 rounds of 5 burpees", ("every minute for 10 minutes: 5 burpees",)),
    ("60 s EMOM: 10 rounds of 5 burpees", ("every minute for 10 minutes: 5 burpees",)),
    ("E2MOM: 5 rounds of 5 burpees", ("every 2:00, 5 times: 5 burpees",)),
    ("AMRAP 10: 3 rounds of 5 burpees", ("as many rounds as possible in 10:00:", "  3 sets of 5 burpees")),
    (
        "AMRAP 10: 3 rounds: 5 burpees, 10 squats",
        ("as many rounds as possible in 10:00:", "  3 rounds:", "    5 burpees", "    10 squats"),
    ),
    ("on the minute for 16: 4 sets of 5 burpees", (EVERY_16, "  4 sets of 5 burpees")),
    ("EMOM 16 2x5 squats", (EVERY_16, "  2 sets of 5 squats")),
    ("AMRAP 10: max rounds of 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    (
        "AMRAP 4: 3 rounds, rest 1:00\n5 burpees",
        ("3 rounds:", "  as many rounds as possible in 4:00:", "    5 burpees", "  rest 1:00"),
    ),
    ("EMOM 16: 4 rounds of: 5 burpees, 5 squats, 5 rows, 5 dips", TURNS),
    ("EMOM 16\n4 rounds\n5 burpees\n5 squats\n5 rows\n5 dips", TURNS),
    ("EMOM 16: 4 rounds of\n5 burpees", (EVERY_16, "  5 burpees")),
    ("EMOM 16\n4 rounds\n5 burpees\n5 squats", (EVERY_16, "  4 rounds:", "    5 burpees", "    5 squats")),
    (
        "EMOM 16\n  4 rounds\n    5 burpees\n    + 5 squats\n  4 x 5 rows",
        (
            EVERY_16,
            "  minute 1, 3, 5 …: 4 rounds:",
            "    5 burpees",
            "    5 squats",
            "  minute 2, 4, 6 …: 4 sets of 5 rows",
        ),
    ),
]
HEADERS = [
    ("AMRAP 12 with a 20 kg KB swing", ("as many rounds as possible in 12:00: KB swing 20 kg",)),
    ("AMRAP 12 w/ 20 kg KB swing", ("as many rounds as possible in 12:00: KB swing 20 kg",)),
    ("EMOM 12 with a 20 kg KB swing", ("every minute for 12 minutes: KB swing 20 kg",)),
    ("AMRAP 12 with a 20 kg KB: 10 swings", ("as many rounds as possible in 12:00: 10 swings",)),
    ("AMRAP 12 using a 24 kg kettlebell: 10 swings", ("as many rounds as possible in 12:00: 10 swings",)),
    ("AMRAP 12 at 60 kg: 5 cleans", ("as many rounds as possible in 12:00: 5 cleans 60 kg",)),
    ("AMRAP 12 in a vest: 5 squats", ("as many rounds as possible in 12:00: 5 squats",)),
    ("AMRAP 12 without rest: 5 squats", ("as many rounds as possible in 12:00: 5 squats",)),
    ("AMRAP 12 : 5 squats", ("as many rounds as possible in 12:00: 5 squats",)),
    ("AMRAP 12 with a smile", ("as many rounds as possible in 12:00: with a smile",)),
    ("E2MOM 12 with a 20 kg KB swing", ("every 2:00, 10 times: 12 KB swing 20 kg",)),
    ("AMRAP 10 teams of 3: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 (teams of 3): 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 in a team of 3: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 for teams of 2-3: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 with a partner: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 in pairs: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 pairs: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 3 person teams: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("AMRAP 10 teams of 3 - 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("Teams of 3: AMRAP 10: 5 squats", ("as many rounds as possible in 10:00: 5 squats",)),
    ("For time, teams of 2: 50 burpees", ("for time: 50 burpees",)),
    ("5 rounds, teams of 3: 5 squats", ("5 sets of 5 squats",)),
]
TEMPOS = [
    ("Squat 3010", ("Squat",)),
    ("5x5 Squat 3010", ("5 sets of 5 Squat",)),
    ("Squat 3010, 5x5", ("5 sets of 5 Squat",)),
    ("Squat (3010) 100 kg", ("Squat 100 kg",)),
    ("Squat 5x5 (100 kg, 3010)", ("5 sets of 5 Squat 100 kg",)),
    ("Squat 3x8 31X1", ("3 sets of 8 Squat",)),
    ("Squat 30X0", ("Squat",)),
    ("Squat 31X1", ("Squat",)),
    ("Squat 3XX1 5x5", ("5 sets of 5 Squat",)),
    ("Squat 20X1 5x5", ("5 sets of 5 Squat",)),
    ("Squat 3x5 3-1-X-0", ("3 sets of 5 Squat",)),
    ("3-0-1-0 squats", ("squats",)),
    ("Curls 3x12 3-0-1", ("3 sets of 12 Curls",)),
    ("Squat 3010 reps", ("3010 Squat",)),
    ("Squat 3000", ("3000 Squat",)),
    ("Zorgle 3010", ("3010 Zorgle",)),
    ("3010 squats", ("3010 squats",)),
    ("Row 2010", ("2010 m Row",)),
    ("Double unders 1010", ("1010 Double unders",)),
    ("Squat 10X3", ("10 sets of 3 Squat",)),
    ("Squats 3x10", ("3 sets of 10 Squats",)),
    ("BENCH 60X5", ("5 BENCH 60 lb",)),
    ("3-2-1-1 squats", ("3-2-1-1 squats",)),
]
BRACKETS = [
    ("5 x 5 (100 kg, 3 s)", ("5 sets of 5 100 kg",)),
    ("5x5 Squat (3 s, 100 kg)", ("5 sets of 5 Squat 100 kg",)),
    ("5x5 Squat (100 kg, slow)", ("5 sets of 5 Squat (slow) 100 kg",)),
    ("5x5 Squat (3 s down, 100 kg)", ("5 sets of 5 Squat (3 s down) 100 kg",)),
    ("5x5 Squat (100 kg, rest 2:00)", ("5 rounds:", "  5 Squat 100 kg", "  rest 2:00")),
    ("5x5 Squat (1:1 rest)", ("5 rounds:", "  5 Squat", "  rest as needed")),
    ("5x5 Squat (80%, 2:00 rest)", ("5 rounds:", "  5 Squat 80%", "  rest 2:00")),
    ("5x5 Squat (rest 2:00, 80%)", ("5 sets of 5 Squat 80%",)),
    ("10 Thrusters (95, scaled 65)", ("10 Thrusters (95, scaled 65)",)),
    ("10 Thrusters (95/65, unbroken)", ("10 Thrusters (unbroken) 95 lb",)),
    ("Plank 3 x (1:00, 10 kg)", ("3 sets of 1:00 Plank 10 kg",)),
    ("Run 400 m (2:00)", ("2:00 Run 400 m",)),
    ("Row 500 m (20 spm, hard)", ("500 m Row (hard)",)),
    ("Row 500 m (hard, 20 spm)", ("500 m Row (hard)",)),
    ("5 x (400 m Run, rest 1:00)", ("5 rounds:", "  400 m Run", "  rest 1:00")),
]
RATES = [
    ("Row 2000m r20", ("2000 m Row",)),
    ("Row 2000m r20-22", ("2000 m Row",)),
    ("Row 2000m (r20)", ("2000 m Row",)),
    ("Row 2000 m rate 20", ("2000 m Row",)),
    ("2000m r20 row", ("2000 m row",)),
    ("10 min row r18 + 5 min row r22", ("10:00 row", "5:00 row")),
    ("Row 5 x 500m r90", ("5 sets of 500 m Row",)),
    ("Row 5 x 500m r1:30", ("5 rounds:", "  500 m Row", "  rest 1:30")),
    ("Row 500 m, rest 20 s", ("500 m Row", "rest 0:20")),
]
POOL = [
    ("150 drill burpees", ("150 drill burpees",)),
    ("100 free throws", ("100 free throws",)),
    ("100 kick backs", ("100 kick backs",)),
    ("100 free", ("100 m free",)),
    ("100 fly kick easy", ("100 m fly kick easy",)),
    ("4 x 100 free on 1:30", ("every 1:30, 4 times: 100 m free",)),
    ("4 x 100 free throws on 1:30", ("every 1:30, 4 times: 100 free throws",)),
]
SCHEME = ("21-15-9 repetitions:", "  thrusters", "  pull-ups")
LISTS = [
    ("21, 15, and 9\nthrusters\npull-ups", SCHEME),
    ("21, 15 & 9\nthrusters\npull-ups", SCHEME),
    ("21; 15; and 9\nthrusters\npull-ups", SCHEME),
    ("21,15&9:\nthrusters\npull-ups", SCHEME),
    ("21 and 15 and 9\nthrusters\npull-ups", SCHEME),
    ("21, 15, then 9 reps of thrusters and pull-ups", SCHEME),
    ("3 rounds of 21, 15 and 9 reps\nthrusters\npull-ups", SCHEME),
    ("rounds of 21, 15, and 9: thrusters, pull-ups", SCHEME),
    ("21 and 15 thrusters", ("21-15 thrusters",)),
    ("Thrusters 21, 15, and 9", ("21-15-9 Thrusters",)),
    ("21, 15 and 9 cal row", ("21-15-9 cal row",)),
    ("21, 15, and 9 m sprint", ("21 m sprint", "15 m sprint", "9 m sprint")),
    ("10 squats and 5 rows", ("10 squats", "5 rows")),
]
FAILURE = [
    ("Bench 3x failure", ("3 sets of Max Bench",)),
    ("Bench 3 x to failure", ("3 sets of Max Bench",)),
    ("Bench to failure", ("Max Bench",)),
    ("3 sets to failure: push-ups", ("3 sets of Max push-ups",)),
    ("Bench 3 x max @ 60 kg", ("3 sets of Max Bench 60 kg",)),
    ("3xMax push-ups", ("3 sets of Max push-ups",)),
    ("Bench 3 x max effort", ("3 sets of Max Bench",)),
    ("3 x max effort 200 m run", ("3 sets of 200 m max effort run",)),
    ("5 x 200 m max effort run", ("5 sets of 200 m max effort run",)),
    ("Push-ups 3xAMRAP reps", ("3 sets of Max Push-ups",)),
    ("Push-ups 3 x AMRAP", ("3 sets of Max Push-ups",)),
    ("3xAMRAP push-ups", ("3 sets of Max push-ups",)),
    ("3 x AMRAP cap 5:00 push-ups", ("3 rounds:", "  as many rounds as possible: push-ups")),
    ("Bench 2x10, 1xAMRAP", ("2 sets of 10 Bench", "1 set of Max Bench")),
    ("3 x AMRAP 20 cal row", ("3 rounds:", "  as many rounds as possible: 20 cal row")),
    ("Bench\n3x failure", ("(Bench)", "3 sets of Max Bench")),
    ("Bench 60 kg 3 x failure, rest 2:00", ("3 rounds:", "  Max Bench 60 kg", "  rest 2:00")),
    ("Bench 3x10, last set to failure", ("3 sets of 10 Bench",)),
    ("10 burpees to failure", ("10 burpees",)),
    ("failure push-ups", ("failure push-ups",)),
    ("Squat to fail safely", ("Squat to fail safely",)),
    ("3 x AMRAP 5\n5 burpees", ("3 rounds:", "  as many rounds as possible in 5:00:", "    5 burpees")),
]
RESTED = ("3 rounds:", "  10 squats", "  rest 1:00", "  10 pull-ups", "  rest 1:00")
RESTS = [
    ("3 rounds\n10 squats\nrest 1 min\n10 pull-ups", RESTED[:-1]),
    ("3 rounds\n10 squats\n10 pull-ups\nrest 1 min between exercises", RESTED),
    ("3 rounds, rest 1 min between exercises\n10 squats\n10 pull-ups", RESTED),
    ("3 rounds: 10 squats, 10 pull-ups, rest 1 min after each exercise", RESTED),
    (
        "10 rows\n\n10 squats\n10 pull-ups\nrest 1:00 between movements",
        ("10 rows", "10 squats", "rest 1:00", "10 pull-ups"),
    ),
    (
        "10 rows\nrest 2:00\n10 squats\n// note\n10 pull-ups\nrest 1:00 between movements",
        ("10 rows", "rest 2:00", "10 squats", "rest 1:00", "10 pull-ups"),
    ),
    (
        "3 rounds\n  10 squats\n    rpe: 8\n  10 pull-ups\n  rest 1 min between exercises",
        ("3 rounds:", "  10 squats:", "    (rpe: 8)", "  rest 1:00", "  10 pull-ups", "  rest 1:00"),
    ),
    (
        "For time\n10 squats\n10 rows\ncap 10:00\nrest 1:00 between movements",
        ("for time, cap 10:00:", "  10 squats", "  rest 1:00", "  10 rows"),
    ),
    (
        "EMOM 9\n10 squats\n10 rows\nrest 0:30 between exercises",
        (
            "every minute for 9 minutes:",
            "  minute 1, 4, 7: 10 squats",
            "  minute 2, 5, 8: 10 rows",
            "  minute 3, 6, 9: rest 0:30",
        ),
    ),
]
BOARDS = [*HEADINGS, *INSIDE, *HEADERS, *TEMPOS, *BRACKETS, *RATES, *POOL, *LISTS, *FAILURE, *RESTS]


@pytest.mark.parametrize(("board", "expected"), BOARDS, ids=[board for board, _ in BOARDS])
def test_board(board: str, expected: tuple[str, ...]) -> None:
    assert said(board) == expected
    workout = parse(board)
    again = parse(canonical(workout))
    assert [(s.type, s.parent, s.label) for s in again.statements] == [
        (s.type, s.parent, s.label) for s in workout.statements
    ]


@pytest.mark.parametrize(
    ("board", "column", "severity", "part", "remedy"),
    [
        ("Squat 3010", 7, "info", "read as a tempo", "write tempo 3010 to say so, or 3010 reps"),
        ("Squat 31X1", 7, "info", "read as a tempo", "31 x 1 for sets"),
        ("Squat 3-0-1-0", 7, "info", "read as a tempo", "write tempo 3-0-1-0"),
        ("3010 squats", 1, "info", "3,010 are read as repetitions", "tempo 3010"),
        ("Squat tempo 3010", 7, "info", "the tempo is kept as a note", "@ 95 lb"),
        ("5 x 5 (100 kg, 3 s)", 7, "warning", "'3 s' in brackets is kept as a note", "write rest 3 s"),
        ("5 x 5 squats 100 kg 3 s", 1, "info", "the time of each set", "rest 3 s"),
        ("5x5 Squat (rest 2:00, 80%)", 12, "warning", "'rest 2:00' in brackets", "write it behind the line"),
        ("5x5 (100 kg, slow)", 1, "warning", "skipped (slow)", "behind a movement"),
        ("EMOM 16: 4 rounds of 5 burpees", 10, "warning", "in each of the 16 intervals", "leave the rounds out"),
        ("EMOM 16: 4 rounds of: rows, squats, dips, planks", 10, "info", "4 rounds of 4 lines", "+ in front"),
        ("EMOM 16: 4 rounds of\n5 burpees", 8, "info", "the length of the EMOM counts", "E5MOM x 4"),
        ("AMRAP 10: 3 rounds of 5 burpees", 11, "info", "in each round of the AMRAP", "3 x AMRAP"),
        ("AMRAP 12 burpees", 1, "warning", "12 is read as repetitions", "write AMRAP 12: burpees for 12 minutes"),
        ("AMRAP 12 using a 20 kg KB\n10 swings", 9, "warning", "whose load it is", "behind each movement"),
        ("Row 2000m r20", 10, "info", "a rate is kept as a note", "the rate behind //"),
        ("Row 5 x 500m r90", 14, "warning", "a rest or a stroke rate", "write Rest 90 s"),
        ("Row\n250 m", 1, "info", "the movement of the line below", "write it on each"),
        ("Row\n250", 1, "info", "'250' is read as metres", "250 m"),
        ("400 m", 1, "info", "a distance without a movement", "write the movement"),
        ("20 cal", 1, "info", "calories without a movement", "write the movement"),
        ("21, 15, and 9 squats", 1, "info", "the rep scheme 21-15-9", "write 21-15-9"),
        ("21, 15 and 9 cal row", 1, "info", "read as 21-15-9", "write 21-15-9"),
        ("3 rounds of 21-15-9 squats", 13, "info", "names the 3 rounds of the line", "a line below the rounds"),
        ("3 x AMRAP push-ups", 1, "info", "an AMRAP without a time", "write 3 x max"),
        ("10 burpees to failure", 15, "info", "'to failure' is kept as a note", "1 x max"),
        ("Bench 3x10, last set to failure", 13, "info", "'last set to failure'", "a line of its own"),
        ("Bench 3x8 @ 2 RIR", 13, "info", "'2 RIR': repetitions in reserve", "RPE 8"),
        ("Bench 3x8, RIR 2-3", 12, "info", "no load", "RPE 8"),
        ("Bench 3x8 (RPE 7-8)", 12, "info", "a range of efforts", "one of them"),
        ("3 rounds (I go you go)\n10 squats", 11, "info", "'I go you go': kept as a note", "who does what"),
        ("5 rows\n5 dips\nrest 0:30 between exercises", 1, "info", "a rest between the 2 lines above", "behind each"),
        ("EMOM 9\n5 rows\n5 dips\nrest 0:30 between exercises", 1, "warning", "one rest", "behind each"),
    ],
)
def test_what_is_guessed_is_said(board: str, column: int, severity: str, part: str, remedy: str) -> None:
    found = parse(board).diagnostics
    assert any(
        (d.column, d.severity) == (column, severity) and part in d.message and remedy in d.hint for d in found
    ), found


@pytest.mark.parametrize(
    "board",
    [
        "AMRAP 12 with a 20 kg KB swing", "AMRAP 10 teams of 3: 5 squats", "Bench 3x failure", "Bench 3 x max",
        "Push-ups 3xAMRAP reps", "EMOM 16: 4x5 burpees", "EMOM 20: 1 round of 5 burpees", "5x5 Squat (100 kg, slow)",
        "5x5 Squat (100 kg, rest 2:00)", "Row 5 x 500m r1:30", "5x5 Squat 100 kg (belt)",
    ],
)  # fmt: skip
def test_what_is_plain_is_read_without_a_word(board: str) -> None:
    assert parse(board).diagnostics == ()


@pytest.mark.parametrize(
    "aside",
    [
        "(I go you go)", "(I go, you go)", "(IGUG)", "(relay)", "(split as needed)", "(one works, one rests)",
        "(with a partner)", "(in teams of 2)", "(teams of 3, relay)", "(waterfall start)", "(while partner planks)",
    ],
)  # fmt: skip
def test_an_aside_in_brackets_leaves_none(aside: str) -> None:
    workout = parse(f"3 rounds {aside}\n  10 squats")
    assert [d for d in workout.diagnostics if d.severity != "info"] == []
    assert [s.label for s in workout.statements] == ["3 Rounds", "10 squats"]


def test_what_stands_beside_an_aside_is_read() -> None:
    assert said("3 rounds (I go you go, rest 1:00)\n10 squats") == ("3 rounds:", "  10 squats", "  rest 1:00")
    assert said("10 rows (while partner planks (hard))") == ("10 rows",)


@pytest.mark.parametrize("board", ["3 x AMRAP 20 cal row", "3 x AMRAP cap 5:00 push-ups", "3 x AMRAP"])
def test_an_amrap_that_measures_something_else_stays_one(board: str) -> None:
    assert parse(board + "\n").statements[1].type == "amrap"


def test_a_label_of_a_team_is_kept_whole() -> None:
    workout = parse("In teams of 2: AMRAP 20\n5 squats")
    assert workout.statements[0].notes == ("In teams of 2",)
    assert workout.diagnostics[0].message.startswith("'In teams of 2' is kept as a note")


def test_a_number_with_its_comma_is_no_tempo() -> None:
    assert [d.message for d in parse("1,234 squats").diagnostics] == []


def test_an_empty_bracket_that_is_written_is_still_said() -> None:
    assert "it is empty" in parse("3 rounds () of 5 squats").diagnostics[0].message


HIDDEN = [
    "\u202e",
    "\u202a",
    "\u2066",
    "\u2069",
    "\u200e",
    "\u200f",
    "\u061c",
    "\u200b",
    "\u2800",
    "\u3164",
    "\xad",
    "\x1b",
]


@pytest.mark.parametrize("sign", HIDDEN, ids=[f"U+{ord(sign):04X}" for sign in HIDDEN])
def test_hidden_signs_do_not_indent(sign: str) -> None:
    workout = parse(f"10 squats\n{sign}{sign}5 rows\n{sign}  {sign}5 dips\n{sign}\n5 burpees")
    assert [(s.line, s.column, s.parent) for s in workout.statements] == [
        (1, 1, None), (2, 1, None), (3, 3, 1), (5, 1, None),
    ]  # fmt: skip
    assert [(d.line, d.column, d.hint) for d in workout.errors] == [
        (2, 1, "remove it"), (3, 1, "remove it"), (4, 1, "remove it"),
    ]  # fmt: skip
    assert f"U+{ord(sign):04X}" in workout.errors[0].message


@pytest.mark.parametrize("space", ["\u2003", "\u3000", "\u202f", "\xa0", "\t", " "])
def test_every_space_indents(space: str) -> None:
    assert [s.parent for s in parse(f"3 rounds\n{space}5 rows\n{space}{space}5 dips\n5 squats").statements] == [
        None, 0, 1, None,
    ]  # fmt: skip


def test_a_lone_movement_stays_alone_in_the_canonical_text() -> None:
    workout = parse("Run\n\n400 m")
    assert canonical(workout) == "# Workout\nRun\n\n400 m\n"
    assert [s.label for s in parse(canonical(workout)).statements] == ["Run", "400 m"]


def test_a_bad_time_before_an_x_leaves_no_word() -> None:
    strength, rounds = parse("Strength 5:3x\n(1)").statements
    assert (strength.label, rounds.parent) == ("Strength", 0)


@pytest.mark.parametrize(
    "effort", ["@ 2 RIR", "RIR 2", ", 1-2 RIR", "(RIR2)", "(RPE 7-8)", "@ RPE 7 to 8", "7.5-8 RPE"]
)
def test_reserves_and_ranges_of_effort_are_no_load(effort: str) -> None:
    assert said(f"Bench 3x8 {effort}") == ("3 sets of 8 Bench",)
    assert said(f"Bench 3x8 @ 60 kg {effort}") == ("3 sets of 8 Bench 60 kg",)
    assert said("Bench 3x8 @ RPE 8") == ("3 sets of 8 Bench RPE 8",)
