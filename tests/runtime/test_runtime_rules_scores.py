"""Rules 3, 4 and 6 of WORKOUTS.md: late taps, scores, and that nothing counts twice.

Random durations, and the edges by hand.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime_sessions import (
    MINUTE,
    Run,
    S,
    leaves,
    of,
    recorded,
    rejected,
    rounds,
    stopped,
)

from otelwod import conventions as c
from otelwod.runtime.events import MetricRecorded, SegmentEnded, SpanStarted, SpanStopped
from otelwod.runtime.results import Results

quick = settings(max_examples=40, deadline=None)


def clock(total: int) -> str:
    return f"{total // 60}:{total % 60:02d}"


# ---------------------------------------------------------------------------------------------------------- 3. late tap


@quick
@given(interval=st.integers(2, 300), count=st.integers(1, 12), early=st.integers(1, 1000))
def test_rule_3_late_tap(interval: int, count: int, early: int) -> None:
    """Finishing in the last instant of every interval makes every one, and loses none."""
    run = Run(f"({count}) {clock(interval)} EMOM\n  5 Cleans")
    for number in range(1, count + 1):
        run.next(number * interval * S - early)
    run.tick(count * interval * S)
    assert run.score == f"{count} of {count} made"
    assert len(rounds(run.events)) == count
    assert recorded(run.events) == 5 * count
    assert run.session.now == count * interval * S


def test_rule_3_all_reps_counted_but_no_tap_is_made() -> None:
    run = Run("(2) 1:00 EMOM\n  5 Cleans")
    run.reps(59 * S, 5)
    run.reps(90 * S, 4)
    run.tick(2 * MINUTE)
    assert run.score == "1 of 2 made"
    made = [
        e.attributes.get(c.INTERVAL_MADE) for e in of(SegmentEnded, run.events) if "#" in e.key and "seg" not in e.key
    ]
    assert made == [True, False]


def test_rule_3_timed_work_that_fills_its_interval_is_made() -> None:
    run = Run("(3) 1:00 EMOM\n  1:00 Row")
    run.tick(3 * MINUTE)
    assert run.score == "3 of 3 made"


# ------------------------------------------------------------------------------------------------------------ 4. scores


@quick
@given(full=st.integers(0, 20), more=st.integers(0, 14))
def test_rule_4_amrap_score(full: int, more: int) -> None:
    run = Run("AMRAP 20\n  5 Pull-ups\n  10 Push-ups")
    t = 0
    for _ in range(2 * full):
        t += 10 * S
        run.next(t)
    for number in range(more):
        if number == 5:
            run.next(t + 1)
        t += 2
        run.reps(t, 1)
    run.tick(20 * MINUTE)
    rounds_text = f"{full} round{'' if full == 1 else 's'}"
    assert run.score == (f"{rounds_text} + {more} rep{'' if more == 1 else 's'}" if more else rounds_text)


def test_rule_4_amrap_all_reps_of_the_last_round_make_it_full() -> None:
    run = Run("AMRAP 5\n  5 Pull-ups\n  10 Push-ups")
    run.next(MINUTE)
    run.reps(4 * MINUTE, 10)
    run.tick(5 * MINUTE)
    assert run.score == "1 round"
    assert rounds(run.events) == [("Round 1", 0, 5 * MINUTE, True)]


def test_rule_4_stop_in_mid_round_cuts_it_and_keeps_what_was_done() -> None:
    run = Run("AMRAP 5\n  5 Pull-ups\n  10 Push-ups")
    for t in (10, 20, 30):
        run.next(t * S)
    run.reps(35 * S, 4)
    run.stop(40 * S)
    assert rounds(run.events) == [("Round 1", 0, 20 * S, True), ("Round 2", 20 * S, 40 * S, False)]
    assert run.score == "1 round + 9 reps"
    assert [(e.status, e.reason, e.t) for e in of(SpanStopped, run.events)[-3:]] == [("skipped", "aborted", 40 * S)] * 3
    assert leaves(run.events)[-1] == ("work", 30 * S, 40 * S)


def test_rule_4_a_round_in_which_work_was_skipped_is_not_full() -> None:
    run = Run("AMRAP 5\n  5 Pull-ups\n  :30 Rest")
    run.skip(MINUTE)
    run.tick(MINUTE + 30 * S)
    run.next(2 * MINUTE)
    run.skip(2 * MINUTE + 10 * S)
    run.tick(5 * MINUTE)
    assert [row[3] for row in rounds(run.events)] == [False, True, False], "skipped work counts, skipped rest does not"
    assert run.score == "1 round"


@quick
@given(done=st.lists(st.booleans(), min_size=1, max_size=8), presses=st.integers(0, 3))
def test_rule_4_emom_counts_intervals_not_presses(done: list[bool], presses: int) -> None:
    run = Run(f"({len(done)}) 1:00 EMOM\n  5 Cleans")
    for minute, made in enumerate(done):
        if made:
            run.next(minute * MINUTE + 20 * S)
            for press in range(presses):
                run.next(minute * MINUTE + (21 + press) * S)
    run.tick(len(done) * MINUTE)
    assert run.score == f"{sum(done)} of {len(done)} made"
    assert run.session.now == len(done) * MINUTE, "the last interval, too, runs to its boundary"
    results = Results()
    for event in run.events:
        results(event)
    results.close()
    splits = results.outcome().splits
    assert [split.made for split in splits] == done
    assert [(split.work_ns, split.rest_ns) for split in splits] == [
        (20 * S, 40 * S) if made else (MINUTE, 0) for made in done
    ]


def test_rule_4_an_interval_of_nothing_but_rest_is_neither_made_nor_missed() -> None:
    run = Run("(4) 1:00 EMOM\n  - 5 Cleans\n  - :20 Rest\n  + Rest as needed")
    run.next(30 * S)
    run.next(150 * S)
    run.tick(4 * MINUTE)
    assert run.score == "2 of 2 made"


def test_rule_4_emom_stopped_early_is_measured_against_the_plan() -> None:
    run = Run("(10) 1:00 EMOM\n  - 5 Cleans\n  - 1:00 Rest")
    run.next(30 * S)
    run.stop(90 * S)
    assert run.score == "1 of 5 made"


@quick
@given(reps=st.lists(st.integers(0, 30), min_size=8, max_size=8))
def test_rule_4_tabata_lowest_and_total(reps: list[int]) -> None:
    run = Run("Tabata Squats")
    for number, count in enumerate(reps):
        if count:
            run.reps(number * 30 * S + 19 * S, count)
    run.tick(4 * MINUTE)
    attributes = stopped(run.events, "0").attributes
    assert attributes.get(c.SCORE_LOWEST) == min(reps)
    assert attributes.get(c.SCORE_REPS) == sum(reps)
    assert run.session.now == 4 * MINUTE


@quick
@given(t=st.integers(1, 7200))
def test_rule_4_for_time_is_the_time(t: int) -> None:
    run = Run("For Time\n  50 Burpees")
    run.next(t * S)
    hours, rest = divmod(t, 3600)
    assert run.score == (f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}")


@quick
@given(done=st.integers(0, 49))
def test_rule_4_for_time_cap_and_what_is_missing(done: int) -> None:
    run = Run("For Time cap 10:00\n  50 Burpees")
    if done:
        run.reps(5 * MINUTE, done)
    run.next(10 * MINUTE)
    assert run.score == f"CAP + {50 - done}"
    capped = stopped(run.events, "0.0")
    assert (capped.status, capped.reason, capped.t) == ("failed", "timer_expired", 10 * MINUTE)


def test_rule_4_cap_in_the_last_rep() -> None:
    """The last rep just before the cap finishes; a tap in the cap's own nanosecond comes too late for the rep."""
    text = "For Time cap 1:00\n  9 Thrusters\n  9 Pull-ups"
    run = Run(text)
    run.next(30 * S)
    run.reps(MINUTE - 1, 9)
    run.tick(MINUTE)
    done = stopped(run.events, "0.0")
    assert (done.status, done.reason, run.score) == ("completed", "timer_expired", "1:00")
    run = Run(text)
    run.next(30 * S)
    run.reps(40 * S, 8)
    run.reps(MINUTE, 1)
    assert run.score == "CAP + 1"
    assert rejected(run.events) == [("reps", "ended")]
    run = Run(text)
    run.next(30 * S)
    run.next(MINUTE - 1)
    assert (run.score, stopped(run.events, "0.0").reason) == ("0:59", "children_complete")


def test_rule_4_strength_sets_volume_and_one_rep_max() -> None:
    run = Run("5x5 Back Squat 100 kg")
    for number in range(1, 6):
        run.next(number * MINUTE)
    assert run.score == "5 × 5 @ 100 kg, volume 2,500 kg, est. 1RM 116.7 kg"


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5x5 Back Squat 225 lb", "5 × 5 @ 225 lb, volume 5,625 lb, est. 1RM 262.5 lb"),
        (
            "5x5 Back Squat 225 lb\n5x5 Press 40 kg",
            "Back Squat 5 × 5 @ 102.1 kg, volume 2,551 kg, est. 1RM 119.1 kg; "
            "Press 5 × 5 @ 40 kg, volume 1,000 kg, est. 1RM 46.7 kg",
        ),
    ],
)
def test_strength_is_told_in_pounds_where_the_text_has_no_other_unit(text: str, score: str) -> None:
    run = Run(text)
    for number in range(1, 11):
        run.next(number * MINUTE)
    assert run.score == score
    ended = stopped(run.events, "0")
    assert ended.attributes["otelwod.score.load"] == pytest.approx(102.058, abs=0.001)


def test_rule_4_a_strength_score_is_a_set_that_was_done() -> None:
    """Two lifts are never mixed, and of uneven sets the heaviest is told, never a mean."""
    run = Run("4x6 Bench Press 50 kg\n4x8 Barbell Row 60 kg")
    for number in range(1, 9):
        run.next(number * MINUTE)
    assert run.score == (
        "Bench Press 4 × 6 @ 50 kg, volume 1,200 kg, est. 1RM 60 kg; "
        "Barbell Row 4 × 8 @ 60 kg, volume 1,920 kg, est. 1RM 76 kg"
    )
    run = Run("1x5 Back Squat 100 kg\n1x3 Back Squat 110 kg\n2x1 Back Squat 120 kg")
    for number in range(1, 5):
        run.next(number * MINUTE)
    assert run.score == "2 × 1 @ 120 kg, volume 1,070 kg, est. 1RM 121 kg"


def test_rule_4_amrap_counts_what_the_open_round_has() -> None:
    run = Run("AMRAP 5\n  200 m Row\n  15 cal Bike\n  10 Burpees")
    for number in range(1, 6):
        run.next(number * 30 * S)
    run.reps(4 * MINUTE, 7)
    run.tick(5 * MINUTE)
    assert run.score == "1 round + 200 m + 15 kcal + 7 reps"
    assert stopped(run.events, "0").attributes["otelwod.score.reps"] == 7


# ---------------------------------------------------------------------------------------------- 6. nothing counts twice


@quick
@given(a=st.integers(1, 50), b=st.integers(1, 50), minutes=st.integers(1, 4))
def test_rule_6_nothing_counts_twice(a: int, b: int, minutes: int) -> None:
    run = Run(f"({minutes}) 1:00 EMOM\n  + {a} Cleans\n  + {b} Burpees")
    results = Results()
    run.session.subscribe(results, catch_up=True)
    for minute in range(minutes):
        run.next(minute * MINUTE + 10 * S)
        run.next(minute * MINUTE + 20 * S)
    run.tick(minutes * MINUTE)
    results.close()
    total = minutes * (a + b)
    assert recorded(run.events) == total
    assert stopped(run.events, "0").attributes[c.SCORE_REPS] == total
    outcome = results.outcome()
    assert sum(movement.reps for movement in outcome.movements) == total
    assert [split.reps for split in outcome.splits] == [a + b] * minutes
    starts = of(SpanStarted, run.events)
    assert [c.REPS_TARGET in e.attributes for e in starts if e.block_type in ("group", "emom")] == [False] * (
        1 + minutes
    )


def test_rule_6_a_tap_completes_only_what_is_missing() -> None:
    run = Run("10 Burpees")
    run.reps(5 * S, 4)
    run.next(10 * S)
    assert [(e.value, e.source) for e in of(MetricRecorded, run.events)] == [(4, "athlete"), (6, "completion")]
    run = Run("10 Burpees")
    run.reps(5 * S, 12)
    run.next(10 * S)
    assert recorded(run.events) == 12


@pytest.mark.parametrize("kind", ["skip", "stop"])
def test_rule_6_skip_and_stop_complete_nothing(kind: str) -> None:
    run = Run("10 Burpees\n10 Push-ups")
    getattr(run, kind)(10 * S)
    assert recorded(run.events) == 0
    ended = stopped(run.events, "0.0")
    assert (ended.status, ended.reason) == ("skipped", "user_advance" if kind == "skip" else "aborted")
