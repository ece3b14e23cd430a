"""Where our runs differ from WOD Wiki's, why, and what ours are. A test fails when one of these no longer differs.

Everything else in ``run_cases.jsonl`` agrees: order, start, end, movement and reason of every ended block, and whether
the session is over. Rule n: a numbered rule of WORKOUTS.md. Un: a quirk that the cases themselves name.
"""

from __future__ import annotations

from typing import NamedTuple

from run_adapter import Row


class Deviation(NamedTuple):
    """Why a case differs, and the blocks that ended in our run of it; None where it is refused before the start."""

    reason: str
    rows: list[Row] | None


LATE_TICK = (
    "Rule 1: a boundary bears its own time, not that of the tick which noticed it; a late tick runs all it crossed."
)
GATE = "Rule 7 (U13): time starts at start. Upstream waits at a gate, which it times, and which can be aborted alone."
PRESSES = "Rule 4: intervals run to their boundary whatever is pressed; upstream's `next` opens the next one at once."
ALTERNATE = (
    "Rule 4 (U19): the children alternate over the stated number of intervals; upstream runs each child in each."
)
JOINED = (
    "U7, and leaves tile their block: what `+` joins runs one after the other, each part ended by its tap. Upstream "
    "opens all parts at once and ends them with one, which is how it comes to count them twice."
)
PARENS = "U5: `20:00 (AMRAP)` is an AMRAP, not an EMOM without an end."
TABATA = "WORKOUTS.md: a tabata is 20 s of work and 10 s of rest unless said otherwise (U2, U6); upstream has no rest."
CHILDLESS = "U6 and U10: a childless `(3) …` is three rounds of that line; upstream ends it after one."
SCHEME = "WORKOUTS.md: `21-15-9` is a rep scheme with and without brackets; upstream reads a heading over one round."
AMRAP_20 = "WORKOUTS.md: `AMRAP 20` is twenty minutes; upstream reads 20 repetitions and runs the children once."
BODYWEIGHT = "WORKOUTS.md: `bw` is a load; upstream leaves it in the movement's name."
LOAD_LINE = "WORKOUTS.md: a lone load line applies to the next header's children and never runs itself."
FLATTENED = "U2: upstream runs the parts of a nested header a second time, as its own siblings."
COMMENTS = "U12: headings and comments never run; upstream makes blocks of them that must be pressed through."
SUM = "Every line with work runs; upstream finds nothing in `10+5 Squat` and ends at once."
EMPTY = "A text without work is an error before the start (CONVENTIONS.md: nothing runnable)."
SWALLOWED = (
    "Each tap does what it does: it ends a rest, unless `*` forbids it. In these four recordings, all taps of one "
    "instant, upstream lets taps pass without effect, against its own R082 and R207."
)

DEVIATIONS: dict[str, Deviation] = {
    "R016": Deviation(
        PARENS,
        [
            (2, 0, 1200000, "pullups", "forced"),
            (1, 0, 1200000, None, "timer_expired"),
            (None, 0, 1200000, None, "children_complete"),
        ],
    ),
    "R051": Deviation(
        ALTERNATE,
        [
            (2, 0, 60000, "pullups", "forced"),
            (3, 60000, 120000, "pushups", "forced"),
            (2, 120000, 180000, "pullups", "forced"),
            (1, 0, 180000, None, "rounds_complete"),
            (None, 0, 180000, None, "children_complete"),
        ],
    ),
    "R057": Deviation(
        ALTERNATE,
        [
            (2, 0, 60000, "pullups", "forced"),
            (3, 60000, 120000, "pushups", "forced"),
            (2, 120000, 180000, "pullups", "forced"),
            (1, 0, 180000, None, "rounds_complete"),
            (None, 0, 180000, None, "children_complete"),
        ],
    ),
    "R077": Deviation(JOINED, [(2, 0, 0, "pullups", "user_advance")]),
    "R078": Deviation(
        JOINED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "air squats", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
        ],
    ),
    "R079": Deviation(
        JOINED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 1200000, "pushups", "forced"),
            (1, 0, 1200000, None, "timer_expired"),
            (None, 0, 1200000, None, "children_complete"),
        ],
    ),
    "R089": Deviation(
        LATE_TICK,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 30000, "rest", "timer_expired"),
            (2, 30000, 1200000, "pullups", "forced"),
            (1, 0, 1200000, None, "timer_expired"),
            (None, 0, 1200000, None, "children_complete"),
        ],
    ),
    "R090": Deviation(JOINED, [(2, 0, 60000, "pullups", "user_advance")]),
    "R091": Deviation(JOINED, [(2, 0, 30000, "pullups", "user_advance")]),
    "R112": Deviation(BODYWEIGHT, [(1, 0, 0, "pushups", "user_advance"), (None, 0, 0, None, "children_complete")]),
    "R135": Deviation(
        PRESSES,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (None, 0, 60000, None, "timer_expired"),
            (2, 60000, 60000, "pullups", "user_advance"),
            (None, 60000, 120000, None, "timer_expired"),
            (2, 120000, 120000, "pullups", "user_advance"),
            (None, 120000, 180000, None, "timer_expired"),
            (1, 0, 180000, None, "rounds_complete"),
            (None, 0, 180000, None, "children_complete"),
        ],
    ),
    "R136": Deviation(PRESSES, [(2, 0, 0, "pullups", "user_advance"), (None, 0, 60000, None, "timer_expired")]),
    "R142": Deviation(
        SCHEME,
        [
            (2, 0, 0, "thrusters", "user_advance"),
            (3, 0, 0, "pullups", "user_advance"),
            (2, 0, 0, "thrusters", "user_advance"),
            (3, 0, 0, "pullups", "user_advance"),
            (2, 0, 0, "thrusters", "user_advance"),
            (3, 0, 0, "pullups", "user_advance"),
            (1, 0, 0, None, "rounds_complete"),
            (None, 0, 0, None, "children_complete"),
        ],
    ),
    "R185": Deviation(EMPTY, None),
    "R186": Deviation(EMPTY, None),
    "R187": Deviation(GATE, [(1, 0, 0, "pullups", "aborted"), (None, 0, 0, None, "aborted")]),
    "R231": Deviation(
        SWALLOWED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
        ],
    ),
    "R232": Deviation(
        SWALLOWED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (1, 0, 0, None, "rounds_complete"),
            (None, 0, 0, None, "children_complete"),
        ],
    ),
    "R233": Deviation(
        SWALLOWED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 0, "rest", "user_advance"),
            (2, 0, 60000, "pullups", "user_advance"),
            (3, 60000, 60000, "pushups", "user_advance"),
        ],
    ),
    "R235": Deviation(
        SWALLOWED,
        [
            (2, 0, 0, "pullups", "user_advance"),
            (3, 0, 0, "pushups", "user_advance"),
            (4, 0, 60000, "rest", "timer_expired"),
            (2, 60000, 60000, "pullups", "user_advance"),
            (3, 60000, 60000, "pushups", "user_advance"),
        ],
    ),
    "R245": Deviation(LATE_TICK, [(1, 0, 60000, "row", "timer_expired"), (None, 0, 60000, None, "children_complete")]),
    "R258": Deviation(
        TABATA,
        [
            (3, 0, 20000, "air squats", "forced"),
            (None, 20000, 30000, None, "timer_expired"),
            (3, 30000, 50000, "air squats", "forced"),
            (None, 50000, 60000, None, "timer_expired"),
            (3, 60000, 80000, "air squats", "forced"),
            (None, 80000, 90000, None, "timer_expired"),
            (3, 90000, 110000, "air squats", "forced"),
            (None, 110000, 120000, None, "timer_expired"),
            (3, 120000, 140000, "air squats", "forced"),
            (None, 140000, 150000, None, "timer_expired"),
            (3, 150000, 170000, "air squats", "forced"),
            (None, 170000, 180000, None, "timer_expired"),
            (3, 180000, 200000, "air squats", "forced"),
            (None, 200000, 210000, None, "timer_expired"),
            (3, 210000, 230000, "air squats", "forced"),
            (None, 230000, 240000, None, "timer_expired"),
            (2, 0, 240000, None, "rounds_complete"),
        ],
    ),
    "R266": Deviation(LATE_TICK, [(2, 0, 60000, "pullups", "forced")]),
    "Y004": Deviation(LATE_TICK, [(1, 0, 300000, "run", "timer_expired")]),
    "Y008": Deviation(
        PRESSES,
        [
            (2, 0, 20000, "pullups", "user_advance"),
            (None, 20000, 60000, None, "timer_expired"),
            (2, 60000, 120000, "pullups", "forced"),
            (2, 120000, 130000, "pullups", "user_advance"),
        ],
    ),
    "Y009": Deviation(
        JOINED,
        [
            (2, 0, 20000, "pullups", "user_advance"),
            (3, 20000, 60000, "pushups", "forced"),
            (2, 60000, 120000, "pullups", "forced"),
            (1, 0, 120000, None, "rounds_complete"),
            (None, 0, 120000, None, "children_complete"),
        ],
    ),
    "Y010": Deviation(
        ALTERNATE,
        [
            (2, 0, 20000, "pullups", "user_advance"),
            (None, 20000, 60000, None, "timer_expired"),
            (3, 60000, 120000, "pushups", "forced"),
            (1, 0, 120000, None, "rounds_complete"),
            (None, 0, 120000, None, "children_complete"),
        ],
    ),
    "Y011": Deviation(
        LATE_TICK,
        [
            (2, 0, 60000, "pullups", "forced"),
            (2, 60000, 120000, "pullups", "forced"),
            (2, 120000, 180000, "pullups", "forced"),
            (1, 0, 180000, None, "rounds_complete"),
            (None, 0, 180000, None, "children_complete"),
        ],
    ),
    "Y015": Deviation(
        TABATA,
        [
            (1, 0, 20000, "squats", "forced"),
            (None, 20000, 30000, None, "timer_expired"),
            (1, 30000, 50000, "squats", "forced"),
            (None, 50000, 60000, None, "timer_expired"),
            (1, 60000, 80000, "squats", "forced"),
            (None, 80000, 90000, None, "timer_expired"),
        ],
    ),
    "Y016": Deviation(
        TABATA,
        [
            (2, 0, 20000, "air squats", "forced"),
            (None, 20000, 30000, None, "timer_expired"),
            (2, 30000, 50000, "air squats", "forced"),
            (None, 50000, 60000, None, "timer_expired"),
            (2, 60000, 80000, "air squats", "forced"),
            (None, 80000, 90000, None, "timer_expired"),
            (2, 90000, 110000, "air squats", "forced"),
            (None, 110000, 120000, None, "timer_expired"),
            (2, 120000, 140000, "air squats", "forced"),
            (None, 140000, 150000, None, "timer_expired"),
        ],
    ),
    "Y017": Deviation(CHILDLESS, [(1, 0, 300000, "run", "timer_expired")]),
    "Y018": Deviation(CHILDLESS, [(1, 0, 30000, "pushups", "user_advance")]),
    "Y019": Deviation(
        PARENS,
        [
            (2, 0, 1200000, "pullups", "forced"),
            (1, 0, 1200000, None, "timer_expired"),
            (None, 0, 1200000, None, "children_complete"),
        ],
    ),
    "Y024": Deviation(GATE, [(1, 0, 10000, "pullups", "user_advance"), (None, 0, 10000, None, "children_complete")]),
    "Y025": Deviation(
        LATE_TICK,
        [
            (1, 0, 300000, "run", "timer_expired"),
            (2, 300000, 480000, "row", "timer_expired"),
            (None, 0, 480000, None, "children_complete"),
        ],
    ),
    "Y027": Deviation(PRESSES, [(2, 0, 0, "pullups", "user_advance"), (None, 0, 300000, None, "timer_expired")]),
    "Y029": Deviation(AMRAP_20, [(2, 0, 0, "pullups", "user_advance")]),
    "Y031": Deviation(
        FLATTENED,
        [
            (3, 0, 0, "squats", "user_advance"),
            (3, 0, 0, "squats", "user_advance"),
            (3, 0, 0, "squats", "user_advance"),
            (2, 0, 0, None, "rounds_complete"),
            (4, 0, 0, "run", "user_advance"),
            (3, 0, 0, "squats", "user_advance"),
        ],
    ),
    "Y032": Deviation(
        LOAD_LINE,
        [
            (3, 0, 0, "clean & jerk", "user_advance"),
            (3, 0, 0, "clean & jerk", "user_advance"),
            (3, 0, 0, "clean & jerk", "user_advance"),
            (2, 0, 0, None, "rounds_complete"),
            (None, 0, 0, None, "children_complete"),
        ],
    ),
    "Y033": Deviation(
        COMMENTS,
        [
            (2, 0, 0, "squats", "user_advance"),
            (4, 0, 0, "burpees", "user_advance"),
            (None, 0, 0, None, "children_complete"),
        ],
    ),
    "Y035": Deviation(SUM, []),
}
