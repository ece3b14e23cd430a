"""Boards as a newcomer pasted them: what each is read as, and what is said of it."""

from __future__ import annotations

import pytest

from otelwod.views.program import program_lines
from otelwod.workout import parse


def said(board: str) -> tuple[str, ...]:
    """The program without its title and its total."""
    return tuple(line[2:] for line in list(program_lines(parse(board)))[1:-1])


BOARDS = [
    ("[Set up 2 bars]\n10 rows\n!!!", ("(Set up 2 bars)", "10 rows", "(!!!)")),
    ("5 squats\n  rpe: 8", ("5 squats:", "  (rpe: 8)")),
    ("20 Pull-ups bw", ("20 Pull-ups",)),
    ("5 Bench press bw", ("5 Bench press 1 bw",)),
    ("5 Squats @ bw", ("5 Squats 1 bw",)),
    ("Run 5:00 3:00", ("5:00 Run", "3:00")),
    ("3 sets of 5x5 squats", ("3 rounds:", "  5 sets of 5 squats")),
    ("3 rounds of 4 sets\n10 squats", ("3 rounds:", "  4 rounds:", "    10 squats")),
    (
        "5 rounds\n:45 on :15 off\nrow\nburpees",
        (
            "5 rounds:",
            "  2 intervals of 0:45 work and 0:15 rest:",
            "    interval 1: row",
            "    interval 2: burpees",
        ),
    ),
    (
        "3 rounds\n  :40 / :20\n  row\n  burpees",
        (
            "3 rounds:",
            "  2 intervals of 0:40 work and 0:20 rest:",
            "    interval 1: row",
            "    interval 2: burpees",
        ),
    ),
    (
        "3 rounds\n400 m run\n:30 on :30 off plank\n10 burpees",
        ("3 rounds:", "  400 m run", "  1 interval of 0:30 work and 0:30 rest: plank", "  10 burpees"),
    ),
    (
        "AMRAP 20\n:40 / :20\nrow\nburpees",
        (
            "as many rounds as possible in 20:00:",
            "  2 intervals of 0:40 work and 0:20 rest:",
            "    interval 1: row",
            "    interval 2: burpees",
        ),
    ),
    ("5x5 Back Squat\n  rest 2:00", ("5 rounds:", "  5 Back Squat", "  rest 2:00")),
    (
        "5x5 Back Squat @ 80%\nRest 2:00 between sets\n3x10 curls",
        ("5 rounds:", "  5 Back Squat 80%", "  rest 2:00", "3 sets of 10 curls"),
    ),
    ("5x5 Squat, rest 1:00\nRest 2:00 between sets", ("5 rounds:", "  5 Squat", "  rest 1:00", "  rest 2:00")),
    ("10 squats\n  rest 1:00\n5 rows", ("10 squats", "rest 1:00", "5 rows")),
    ("Back Squat\n5x5 @ 80%", ("(Back Squat)", "5 sets of 5 Back Squat 80%")),
    ("Deadlift\n  5 @ 60%\n  3 @ 70%", ("Deadlift:", "  5 Deadlift 60%", "  3 Deadlift 70%")),
    (
        "Row\n5 x 500 m\nrest 2:00 between",
        ("(Row)", "5 rounds:", "  500 m Row", "  rest 2:00"),
    ),
    (
        "Run\n21-15-9\nThrusters\nPull-ups",
        ("Run", "21-15-9 repetitions:", "  Thrusters", "  Pull-ups"),
    ),
    ("15 KBS 53/35 lb", ("15 KBS 53 lb",)),
    ("Row 2:00\nr 1:00", ("2:00 Row", "rest 1:00")),
    ("12 e/s split squats", ("12 split squats (each side)",)),
    ("5x5 Squat @75% rest 2-3 min", ("5 rounds:", "  5 Squat 75%", "  rest 2:00")),
    ("Back squat 4x6 @ 30X1, 60%", ("4 sets of 6 Back squat 60%",)),
    ("For time, 100-80-60\nDU", ("100-80-60 repetitions for time:", "  DU")),
    ("1-1-1 Snatch, every 90 sec", ("every 1:30, 3 times: 1 Snatch",)),
    ("Row 500 m / rest 1:00", ("500 m Row", "rest 1:00")),
    (
        "4 x AMRAP 3 / 1 min off\n10 rows",
        ("4 rounds:", "  as many rounds as possible in 3:00:", "    10 rows", "  rest 1:00"),
    ),
    (
        "EMOM 10\nodd \u2013 10 rows\neven \u2013 5/5 squats",
        (
            "every minute for 10 minutes:",
            "  minute 1, 3, 5 \u2026: 10 rows",
            "  minute 2, 4, 6 \u2026: 5 squats",
        ),
    ),
    ("12 DB hang cleans (50s/35s)", ("12 DB hang cleans 2 \u00d7 50 lb",)),
    ("\u23f1\ufe0f 15 min AMRAP\n\U0001f3c3 400m run", ("as many rounds as possible in 15:00:", "  400 m run")),
    ("1\ufe0f\u20e3 10 rows", ("10 rows",)),
    ("1:00 row for cals", ("1:00 ? cal row",)),
    ("3 rounds for quality:\n10 rows", ("3 rounds:", "  10 rows")),
    ("Swim 10 x 100m on 2:00", ("every 2:00, 10 times: 100 m Swim",)),
    ("30 snatches for time \u2014 7 min cap", ("for time, cap 7:00: 30 snatches",)),
    ("Warm up\n10 rows", ("Warm-up:", "  10 rows")),
    ("3x(4x200m) run", ("3 rounds:", "  4 sets of 200 m run")),
    ("Clean (1+1+1) x 5 sets", ("5 sets of Clean (1+1+1)",)),
    ("DB bench 3x10 @ 2x50 lb", ("3 sets of 10 DB bench 2 \u00d7 50 lb",)),
    ("6 x 500m row @ 2k pace", ("6 sets of 500 m row",)),
    ("12 min ladder\n3-6-9\nrow", ("as many rounds as possible in 12:00:", "  3-6-9 repetitions:", "    row")),
    ("In teams of 3, one works at a time\nFor time:\n10 rows", ("for time:", "  10 rows")),
    (":20/:10 x 8\nalternate\nburpees", ("8 intervals of 0:20 work and 0:10 rest:", "  burpees")),
    (
        "3 rounds, each for time, rest 2 min:\n500m row\n30 DU",
        ("3 rounds for time:", "  500 m row", "  30 DU", "  rest 2:00"),
    ),
    ("3 rounds, rest 2:00\n  500 m row", ("3 rounds:", "  500 m row", "  rest 2:00")),
    (
        "Every 5:00 (4 sets)\n500m row\n15 squats\nrest remaining time",
        ("every 5:00, 4 times:", "  500 m row", "  together with 15 squats", "  (rest remaining time)"),
    ),
    (
        "Back squat\n5x5 @75% rest 2-3 min\n\nAMRAP 5\n5 rows",
        (
            "(Back squat)",
            "5 rounds:",
            "  5 Back squat 75%",
            "  rest 2:00",
            "as many rounds as possible in 5:00:",
            "  5 rows",
        ),
    ),
    ("3 x 10 min, 2 min easy", ("3 rounds:", "  10:00", "  2:00 easy")),
    ("30 s max DU, 30 s rest x 5", ("5 rounds:", "  :30 Max DU", "  rest 0:30")),
    ("Row 500, rest 1:00 x 4", ("4 rounds:", "  500 m Row", "  rest 1:00")),
    ("5x5 Bench press, then 3x3 @ 90%", ("5 sets of 5 Bench press", "3 sets of 3 Bench press 90%")),
    ("5 rounds: 3x10 curls, 5 rows", ("5 rounds:", "  3 sets of 10 curls", "  5 rows")),
    ("50m sled push @ 102/152kg", ("50 m sled push 102 kg",)),
    ("4x4 Front squat\nrest 2 min b/w sets", ("4 rounds:", "  4 Front squat", "  rest 2:00")),
    ("3 x 20' @ r18-20, 2' rest", ("3 rounds:", "  20:00", "  rest 2:00")),
    ("3 x 50' walking lunge", ("3 sets of 50 ft walking lunge",)),
    ("10 2H swings 24kg", ("10 2H swings 24 kg",)),
    ("Pull ups 3x max", ("3 sets of Max Pull ups",)),
    (":30/side side plank", (":30 side plank (per side)",)),
    (
        "AMRAP 10\n| Movement | Reps | Load |\n|---|---|---|\n| Deadlift | 5 | 225 lb |\n| Box jump | 10 | 24 in |",
        ("as many rounds as possible in 10:00:", "  5 Deadlift 225 lb", "  10 Box jump 24 in"),
    ),
    ("| Exercise | Sets | Reps |\n|:--|--:|--|\n| Squat | 5 | 3 |", ("5 sets of 3 Squat",)),
    ("| Squat | 5 | - |\n| Row | 500 m |", ("5 Squat", "500 m Row")),
    (
        'Warm up\n10 rows\n\nStrength: Back squat\n5x5 @75%\n\nWOD "Chipper"\nFor time\n10 rows',
        (
            "Warm-up:",
            "  10 rows",
            "(Back squat)",
            "5 sets of 5 Back squat 75%",
            "WOD Chipper:",
            "  for time:",
            "    10 rows",
        ),
    ),
    ("15 T2B/12 C2B", ("15 T2B (or 12 C2B)",)),
    ("500m row/400m run", ("500 m row (or 400 m run)",)),
    ("21-15-9 thrusters/pull-ups", ("21-15-9 repetitions:", "  thrusters", "  pull-ups")),
    ("10 Thrusters 95 lb/65 lb", ("10 Thrusters 95 lb",)),
    (
        "On a running clock:\n0:00-10:00: AMRAP\n5 burpees\n10:00-15:00: 3 cleans\nAt 15:00: 1 mile run",
        ("as many rounds as possible in 10:00:", "  5 burpees", "5:00 3 cleans", "1 mi run"),
    ),
    (":30-:45 plank", (":30 plank",)),
    ("5 rounds\n10 rows\nrest 1:1", ("5 rounds:", "  10 rows", "  rest as needed")),
    ("I go, you go: 10 rounds of 10 cal row", ("10 sets of 10 cal row",)),
    ("P1: 10 burpees\nPartner B: 20 squats", ("10 burpees", "20 squats")),
    ("50 wall balls while partner planks", ("50 wall balls",)),
    ("partition as needed\n100 burpees", ("100 burpees",)),
    ("A: burpees\nB1: 3x10 curls", ("burpees", "3 sets of 10 curls")),
    (
        "AMRAP 10\nRx: 10 pull-ups\nScaled: 10 ring rows\n5 burpees",
        (
            "as many rounds as possible in 10:00:",
            "  10 pull-ups (or 10 ring rows)",
            "  (Scaled: 10 ring rows)",
            "  5 burpees",
        ),
    ),
    (
        "Level 1: 10 ring rows\nLevel 2: 5 pull-ups\nRx: 5 muscle-ups\n\nScaled: 5 rows",
        (
            "10 ring rows (or 5 pull-ups, or 5 muscle-ups)",
            "(Level 2: 5 pull-ups)",
            "(Rx: 5 muscle-ups)",
            "(Scaled: 5 rows)",
        ),
    ),
    ("21-15-9\nThrusters\nRx: 95/65 lb", ("21-15-9 repetitions:", "  Thrusters", "  (Rx: 95/65 lb)")),
    ("10 to 1 burpees", ("10-9-8-7-6-5-4-3-2-1 burpees",)),
    ("from 1 to 5 pull-ups", ("1-2-3-4-5 pull-ups",)),
    ("10 down to 4 by 2s cal row", ("10-8-6-4 cal row",)),
    ("10-1 burpees", ("10-9-8-7-6-5-4-3-2-1 burpees",)),
    ("8 to 12 reps curls", ("8-12 curls",)),
    ("3 to 5 rounds\n10 rows", ("3 rounds:", "  10 rows")),
    ("Back Squat 5/3/1", ("5-3-1 Back Squat",)),
    ("5/3/1 Back squat @ 75/85/95%", ("5 Back squat 75%", "3 Back squat 85%", "1 Back squat 95%")),
    ("3x5 @ 65%, 75%, 85% squat", ("5 squat 65%", "5 squat 75%", "5 squat 85%")),
    (
        "Back Squat 3 x 5 (100-105-110 kg), rest 2:00",
        ("5 Back Squat 100 kg", "rest 2:00", "5 Back Squat 105 kg", "rest 2:00", "5 Back Squat 110 kg", "rest 2:00"),
    ),
    ("Back squat 5x5 @ 65-75-85%", ("5 sets of 5 Back squat",)),
    ("Row 250m-500m-250m", ("250 m Row", "500 m Row", "250 m Row")),
    ("500m/400m/300m run", ("500 m run", "400 m run", "300 m run")),
    ("Row 100/200/300", ("100 m Row", "200 m Row", "300 m Row")),
    ("Back squat\nSet 1: 5 x 100kg\nSet 2: 3 x 110kg", ("(Back squat)", "5 Back squat 100 kg", "3 Back squat 110 kg")),
    ("5 Thrusters 22,5/17,5 kg", ("5 Thrusters 22.5 kg",)),
    ("20 lunges DBs 50/35", ("20 lunges 2 × 50 lb",)),
    ("10 dual KB clean 24 kg", ("10 dual KB clean 2 × 24 kg",)),
    ("10 hang cleans with two 50 lb dumbbells", ("10 hang cleans 2 × 50 lb",)),
    ("50 double unders", ("50 double unders",)),
    ("21 kettlebell swings 53 lb KB", ("21 kettlebell swings 53 lb",)),
    ("5x5x225 Squat", ("5 sets of 5 Squat 225 lb",)),
    ("5x5x100kg Squat", ("5 sets of 5 Squat 100 kg",)),
    ("3x10x20m sprint", ("3 rounds:", "  10 sets of 20 m sprint")),
    (
        '"Cindy"\n\nComplete as many rounds as possible in 20 minutes of:\n5 pull-ups',
        ("as many rounds as possible in 20:00:", "  5 pull-ups"),
    ),
    ("3 rounds NOT for time\n10 GHD\n:30 L-sit", ("3 rounds:", "  10 GHD", "  :30 L-sit")),
    ("AMRAP 30 in teams of 2:\n40 cal row", ("as many rounds as possible in 30:00:", "  40 cal row")),
    ("With a partner, split reps as needed, for time:\n100 wall balls", ("for time:", "  100 wall balls")),
    ("In teams of 2:\nAMRAP 20\n5 burpees", ("as many rounds as possible in 20:00:", "  5 burpees")),
    (
        "Buy-in: 800m run\nThen 5 rounds of:\n20 pull ups\nCash-out: 800m run",
        ("800 m run", "5 rounds:", "  20 pull ups", "800 m run"),
    ),
    ("5 rounds for time\n10 pull ups\nCash out: 800m run", ("5 rounds for time:", "  10 pull ups", "800 m run")),
    (
        "3 x AMRAP 4, rest 2:00\n8 Burpees\n12 Squats",
        ("3 rounds:", "  as many rounds as possible in 4:00:", "    8 Burpees", "    12 Squats", "  rest 2:00"),
    ),
    ("10 DB thrusters 2x50/35", ("10 DB thrusters 2 × 50 lb",)),
    ("50 ft OH lunge 2x50/35lb DBs", ("50 ft OH lunge 2 × 50 lb",)),
    ("5x5 Back Squat @ 75% 1RM", ("5 sets of 5 Back Squat 75%",)),
    ("5x5 Back Squat @ 80% of 1RM", ("5 sets of 5 Back Squat 80%",)),
    ("3 Snatches @ 70-80%", ("3 Snatches 70%",)),
    ("3 Deadlifts 1.5xBW", ("3 Deadlifts 1.5 bw",)),
    ("20 (10/10) DB Snatch", ("20 DB Snatch",)),
    ("1.5-pood kettlebell swing, 21 reps", ("21 kettlebell swing 1.5 pood",)),
    (
        "150 wall-ball shots for time, 20-lb ball to 10-ft target",
        ("for time: 150 wall-ball shots 10 ft 20 lb",),
    ),
    ("12 rope climbs, 15'", ("12 rope climbs 15 ft",)),
    ('50 Box jump, 24" box', ("50 Box jump 24 in",)),
    ("50 Push press, 45 pounds", ("50 Push press 45 lb",)),
    ("10 squats \u00d7 3", ("3 sets of 10 squats",)),
    (
        "5 rounds\n20 Pull-ups\nRest precisely three minutes between each round.",
        ("5 rounds:", "  20 Pull-ups", "  rest 3:00"),
    ),
    ("5 x 500m row @ 2:00/500m", ("5 sets of 500 m row",)),
    (
        "EMOM 10: odd: 10 burpees, even: 15 squats",
        (
            "every minute for 10 minutes:",
            "  minute 1, 3, 5 \u2026: 10 burpees",
            "  minute 2, 4, 6 \u2026: 15 squats",
        ),
    ),
    (
        "**AMRAP 10**\n* 5 Pull-ups\n* 10 Push-ups",
        ("as many rounds as possible in 10:00:", "  5 Pull-ups", "  10 Push-ups"),
    ),
    ("For time:\n50 pull-ups\nScaled: 50 ring rows", ("for time:", "  50 pull-ups", "  (Scaled: 50 ring rows)")),
    ("10 burpees\n*one works, one rests*", ("10 burpees",)),
    (
        "Death by burpees 3 min",
        ("every minute for 3 minutes:", "  minute 1: 1 burpees", "  minute 2: 2 burpees", "  minute 3: 3 burpees"),
    ),
    (
        "A) DEATH BY: 10 m shuttle runs 2 min",
        ("every minute for 2 minutes:", "  minute 1: 10 m shuttle runs", "  minute 2: 20 m shuttle runs"),
    ),
    (
        "Death by 2/1 cleans 60/40 kg + 3 cal row 2 min",
        (
            "every minute for 2 minutes:",
            "  minute 1: 2 cleans 60 kg",
            "  together with 3 cal row",
            "  minute 2: 4 cleans 60 kg",
            "  together with 6 cal row",
        ),
    ),
    ("Death by 5 min Burpees | Row 10 m", ("5:00 Burpees (or 10 m Row)",)),
    ("15 min to find 1RM back squat", ("15:00 1 back squat",)),
    ("20 minutes to establish a new 2 RM Snatch", ("20:00 2 Snatch",)),
    ("Build up to a heavy triple front squat in 15 min", ("15:00 3 front squat",)),
    ("Complex x5: 1 clean + 2 front squats", ("5 rounds:", "  1 clean", "  2 front squats")),
    ("Barbell complex: 2 cleans + 1 jerk @ 70%", ("2 cleans", "1 jerk 70%")),
    ("5 x (1 clean + 2 front squats)", ("5 rounds:", "  1 clean", "  2 front squats")),
    ("4 x 400 m run, 1:1 rest", ("4 rounds:", "  400 m run", "  rest as needed")),
    ("Row 500 m x 4, 1:2 work:rest", ("4 rounds:", "  500 m Row", "  rest as needed")),
    ("3 x (1200m + 400m) w/ 3:00 rest", ("3 rounds:", "  1200 m", "  400 m", "  rest 3:00")),
    ("4 rounds of (400m run, 10 burpees)", ("4 rounds:", "  400 m run", "  10 burpees")),
    ("5 x (400 m Run, rest 1:00)", ("5 rounds:", "  400 m Run", "  rest 1:00")),
    ("3 x (400m + 200m) run", ("3 rounds:", "  400 m run", "  200 m run")),
    ("8 x (40s hard / 20s easy) row", ("8 intervals of 0:40 work and 0:20 rest: row",)),
    ("6 rounds (30s max / 30s easy) bike", ("6 intervals of 0:30 work and 0:30 rest: bike",)),
    ('Plank 45"', (":45 Plank",)),
    ('3 x 45" plank', ("3 sets of 0:45 plank",)),
    ("1'30\" plank", ("1:30 plank",)),
    ('20" plank x 3', ("3 sets of 0:20 plank",)),
    ('90" rest', ("rest 1:30",)),
    ("Rest 1'30\"", ("rest 1:30",)),
    ("Back Squat: 5,5,5,5,5", ("5-5-5-5-5 Back Squat",)),
    ("21, 15, 9\nThrusters\nPull-ups", ("21-15-9 repetitions:", "  Thrusters", "  Pull-ups")),
    ("DB row 3x12 @ 50s", ("3 sets of 12 DB row 2 \u00d7 50 lb",)),
    ("10+10 split squats", ("10 split squats",)),
    ("Back squat\n5 @ 65%\n5+ @ 85%", ("(Back squat)", "5 Back squat 65%", "5 Back squat 85%")),
    ("5+ Squats @ 90%", ("5 Squats 90%",)),
    ("C) 3x12 DB Bench 50s", ("3 sets of 12 DB Bench 2 \u00d7 50 lb",)),
    ("5 sets (rest 2-3 min)\n5 squats", ("5 rounds:", "  5 squats", "  rest 2:00")),
    ("Deadlift 1 1/2 body weight", ("Deadlift 1.5 bw",)),
    (
        "| Exercise | Sets | Reps | Weight | Rest |\n|---|---|---|---|---|\n| Back Squat | 5 | 5 | 100 kg | 3:00 |",
        ("5 rounds:", "  5 Back Squat 100 kg", "  rest 3:00"),
    ),
    ("| Back Squat | 5 | 3 | 100 kg | 90 s rest |", ("5 rounds:", "  3 Back Squat 100 kg", "  rest 1:30")),
    ("| Lift | Reps | Rest (s) |\n|--|--|--|\n| Squat | 5 | 90 |\n| Row | 8 | - |", ("5 Squat", "rest 1:30", "8 Row")),
    ("3x8 each side DB row", ("3 sets of 8 DB row (each side)",)),
    (
        "A1. Strict Press 4x6\nA2. Row 4x8\nRest 90s between supersets",
        ("4 rounds:", "  6 Strict Press", "  8 Row", "  rest 1:30"),
    ),
    (
        "Strength\nA1) Press 3x6 @ 70%\nA2) Pull-ups 3x8\n\nB1) 3x10 dips\nB2) 4x12 rows\n\nAMRAP 10\n5 burpees",
        (
            "Strength:",
            "  3 rounds:",
            "    6 Press 70%",
            "    8 Pull-ups",
            "  3 sets of 10 dips",
            "  4 sets of 12 rows",
            "  as many rounds as possible in 10:00:",
            "    5 burpees",
        ),
    ),
    ("Back Squat\n3 x 5 @ 75% every 2:30", ("(Back Squat)", "every 2:30, 3 times: 5 Back Squat 75%")),
]


@pytest.mark.parametrize(("board", "expected"), BOARDS, ids=[board for board, _ in BOARDS])
def test_board_is_read_as_it_is_meant(board: str, expected: tuple[str, ...]) -> None:
    assert said(board) == expected
    assert not parse(board).errors


@pytest.mark.parametrize(
    ("board", "name", "first"),
    [
        ("Foo\n10 Burpees", "Foo", "10 Burpees"),
        ("Mini\n3 rounds\n10 Burpees", "Mini", "3 rounds:"),
        ("Wednesday WOD\nAMRAP 10\n5 burpees", "Wednesday WOD", "as many rounds as possible in 10:00:"),
        ("The Badger\n3 rds: 30 squat cleans", "The Badger", "3 sets of 30 squat cleans"),
        ("Fight Gone Bad!\n3 rounds of:\n1 min Row", "Fight Gone Bad", "3 rounds:"),
        ("Murph \U0001f1fa\U0001f1f8\nFor time:\n1 mile run", "Murph", "for time:"),
        ("14.5\n10 burpees", "14.5", "10 burpees"),
        (
            "Open 14.1 / 11.1\n10-minute AMRAP:\n30 double-unders",
            "Open 14.1 / 11.1",
            "as many rounds as possible in 10:00:",
        ),
        ("Angie (for time)\n100 Pull-ups", "Angie", "for time:"),
        ("Angie - for time\n100 Pull-ups", "Angie", "for time:"),
        ("AMRAP 20 - Cindy\n5 pull-ups", "Cindy", "as many rounds as possible in 20:00:"),
        ("Isabel - 30 Snatches for time", "Isabel", "for time: 30 Snatches"),
    ],
)
def test_a_name_above_or_next_to_the_work_is_the_title(board: str, name: str, first: str) -> None:
    assert parse(board).name == name
    assert said(board)[0] == first


@pytest.mark.parametrize("board", ["Foo", "Cindy", "Foo\n  10 Burpees", "Burpees\n10 Squats", "Pul-ups\n10 Squats"])
def test_a_lone_line_a_parent_or_a_movement_is_no_title(board: str) -> None:
    assert parse(board).name == "Workout"
    assert said(board)[0].startswith(board.split("\n")[0])


def test_tabata_over_several_movements_takes_turns_and_says_so() -> None:
    board = "Tabata something else:\nPull-ups\nPush-ups\nSit-ups\nSquats"
    assert said(board)[:2] == ("Tabata: 8 intervals of 0:20 work and 0:10 rest:", "  interval 1, 5: Pull-ups")
    assert ("info", "the 4 lines take turns") in _remarks(board)


@pytest.mark.parametrize(
    ("board", "severity", "part"),
    [
        ("Amarp 12\n10 burpees", "warning", "did you mean AMRAP?"),
        ("3 ruonds for tmie\n10 burpees", "warning", "did you mean rounds?"),
        ("5 Deadlifts x 100", "warning", "skipped"),
        ("Death by burpees", "warning", "read as 20 minutes"),
        ("Death by:\nBurpees", "warning", "what grows does not stand in this line"),
        ("Death by 3x5 squats", "warning", "without growing"),
        ("3 rounds of Cindy", "warning", "names another workout"),
        ('2 rounds of "Fight Gone Bad"', "warning", "names another workout"),
        ("15 min to find 1RM back squat", "info", "1RM is read as 1 repetition;"),
        ("Complex x5: 1 clean + 2 front squats", "info", "parts of a complex"),
        ("10!", "info", "repetitions without a movement"),
        ("12 lunges each leg", "info", "12 is counted once, as that of one side"),
        ("5 x 1 TGU per side", "info", "1 is counted once"),
        ("3x8/8 single arm row 20kg", "info", "8 is counted once"),
        ("400 m lunges each side", "info", "the amount is counted once"),
        ("A1. Press 4x6\nA2. Row 4x8", "info", "A1 to A2 are read as 4 rounds"),
        ("Tabata squats\nTabata rows\nRest 1 min between exercises", "info", "a rest between the 2 lines above"),
        ("10 squats\nRest 1 min between exercises", "warning", "one rest, behind the line above"),
        ("12 min\n10 burpees", "warning", "a time alone"),
        ("6 rounds (30s max / 30s easy) bike", "info", "read as work and rest"),
        ('Plank 45"', "info", "read as seconds"),
        ('10 deadlifts 24"', "info", "read as inches"),
        ("10 min AMRAP: 5 pull-ups // 10 push-ups", "info", "behind // and is a note"),
        ("21, 15, 9 thrusters", "info", "read as the rep scheme 21-15-9"),
        ("5+ Squats @ 90%", "info", "at least 5"),
        ("3x12 DB Bench 50s", "info", "two of 50 lb"),
        ("1," * 1001, "error", "more than 1,000 steps"),
        ("4 x 400 m run, 1:1 rest", "info", "as long as the work"),
        ("10 burpees\nScaled: 5 burpees", "warning", "one prescription"),
        ("(3)\n\t10 Burpees\n    20 Squats", "warning", "tabs and spaces are mixed"),
        ("EMOM 30:\n5 Pull-ups\n10 Push-ups", "info", "the 2 lines take turns"),
        ("5 x 500m row @ 2:00/500m", "info", "a pace is kept as a note"),
        ("Amarp 12\n  10 burpees", "warning", "did you mean AMRAP?"),
        ("For tiem\n10 burpees", "warning", "did you mean For Time?"),
        ("EOMM 10\n10 burpees", "warning", "did you mean EMOM?"),
        ("Rset 2:00\n10 burpees", "warning", "did you mean rest?"),
        ("Rx: 95/65\n10 Thrusters", "warning", "whose load it is"),
        ("Scaled: 3 rounds of 5 burpees\n10 Thrusters", "warning", "one prescription"),
        ("Rx: 10 pull-ups\nScaled: 10 ring rows", "info", "another choice of the line above"),
        ("At 10:00: 400 m run", "warning", "a starting time"),
        ("@ 10:00: 400 m run", "warning", "a starting time"),
        ("0:00-10:00: AMRAP\n5 rows", "info", "the 10:00 between the two"),
        (":30-:45 plank", "info", "the first time counts"),
        ("rest 1:1", "info", "as long as the work"),
        ("15 T2B/12 C2B", "info", "another choice"),
        ("3x10 curls\nRest 2:00", "info", "one rest behind all sets"),
        ("Back Squat\n5x5 @ 80%", "info", "the movement of the line below"),
        ("IGYG: 10 burpees", "info", "say who does what"),
        (":40 / :20\nrow\nburpees", "info", "one interval for each of the 2 lines"),
        ("50m sled push @ 102/152kg", "info", "the first load is that of the men"),
        ("5x5 Bench press, then 3x3 @ 90%", "info", "it is read as more of"),
        ("Row 500", "info", "is read as metres"),
        ("Tabata\nRow\nSquats\nrest 1 min between", "warning", "longer than the intervals"),
        ("Row 250m-500m-250m", "info", "read as 3 sets, one for each"),
        ("Row 100/200/300", "info", "read as metres"),
        ("8 x 400m run w/ 200m jog", "warning", "has a distance already"),
        ("Every 5:00 x 4\n5 rows\n5 squats\nrest remaining time", "info", "done together"),
        ("Swim 10 x 100m on 2:00", "info", "from one start to the next"),
        ("6 x 500m row @ 2k pace", "info", "a pace"),
        ("12 min ladder\nrow", "info", "read as an AMRAP"),
        ("10 to 1 burpees", "info", "read as the ladder 10-9-\u2026-1"),
        ("10-1 burpees", "info", "read as the ladder"),
        ("10 to 4 by 4 rows", "error", "no steps that lead to the last"),
        ("8 to 12 curls", "info", "read as a range"),
        ("5/3/1 Back squat @ 75/85/95%", "info", "read as 3 sets"),
        ("Back squat 5x5 @ 65-75-85%", "warning", "a load for each set"),
        ("For time: Row 250m-500m-750m", "warning", "an amount for each set"),
        ("Row\n100/200/300", "warning", "read as repetitions"),
        ("10 DB thrusters 2x50 lb", "info", "a load in each hand"),
        ("10 DB thrusters 2x50/35", "info", "as a pair, not as sets"),
        ("Foo\n10 Burpees", "info", "'Foo' is read as the name"),
        ("5 rounds\nBuy-in: 800 m run\n10 burpees", "warning", "part of every round"),
    ],
)
def test_what_is_doubtful_is_said(board: str, severity: str, part: str) -> None:
    assert any(found == severity and part in message for found, message in _said(board))


@pytest.mark.parametrize("tags", ["#crossfit #wod #fitfam @boxhamburg", "#wod #x", "#wod"])
def test_tags_below_a_post_are_no_name(tags: str) -> None:
    assert parse(f"AMRAP 5\n5 rows\n{tags}").name == "Workout"
    assert parse(f"{tags}\n# Cindy\nAMRAP 5\n5 rows").name == "Cindy"


def test_a_fault_in_the_title_of_a_part_leaves_the_rest_in_it() -> None:
    for title in ("Strength", "Strength 5:3x"):
        workout = parse(f"{title}\n  Rest 1:00\n5 rows")
        assert [s.parent for s in workout.statements] == [None, 0, None]


def test_emoji_of_several_characters_are_no_error() -> None:
    board = "200m Run \U0001f3c3\u200d\u2642\ufe0f"
    assert not parse(board).errors
    assert parse("10 Bur\u200dpees").errors  # hidden between letters it is one still


def _said(board: str) -> list[tuple[str, str]]:
    return [(d.severity, f"{d.message}; {d.hint}") for d in parse(board).diagnostics]


def _remarks(board: str) -> list[tuple[str, str]]:
    return [(d.severity, d.message) for d in parse(board).diagnostics]
