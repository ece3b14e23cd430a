"""The numbered rules of WORKOUTS.md, each with a test of its name: random durations, and the edges by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime_sessions import (
    MINUTE,
    Run,
    S,
    blocks,
    efforts,
    leaves,
    of,
    recorded,
    rejected,
    rounds,
    settled,
    stopped,
)

from otelwod import conventions as c
from otelwod.runtime.athletes import replay
from otelwod.runtime.events import MetricRecorded, RestStarted, SegmentEnded, SpanStarted, SpanStopped, TapUndone
from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.journal import journal_line, read_journal, resumption
from otelwod.runtime.program import Limits, ProgramError, compile_workout
from otelwod.runtime.results import Results
from otelwod.runtime.session import LimitError, Session
from otelwod.workout import parse

quick = settings(max_examples=40, deadline=None)
seconds = st.integers(1, 3600)


def clock(total: int) -> str:
    return f"{total // 60}:{total % 60:02d}"


# ------------------------------------------------------------------------------------------- 1. exact boundaries


@quick
@given(work=seconds, rest=seconds, late=st.integers(0, 10**13))
def test_rule_1_exact_boundaries(work: int, rest: int, late: int) -> None:
    """However late the tick, every boundary bears its own time, in order."""
    run = Run(f"{clock(work)} Run\n{clock(rest)} Rest\n:01 Row")
    run.tick((work + rest + 1) * S + late)
    a, b, end = work * S, (work + rest) * S, (work + rest + 1) * S
    assert [(start, stop, why) for _, start, stop, why in efforts(run.events)] == [
        (0, a, "timer_expired"),
        (a, b, "timer_expired"),
        (b, end, "timer_expired"),
    ]
    assert run.session.is_done
    assert run.session.now == end


@quick
@given(lengths=st.lists(st.integers(1, 90), min_size=1, max_size=4), cap=st.integers(1, 400), step=st.integers(1, 60))
def test_rule_1_one_late_tick_is_a_tick_a_moment(lengths: list[int], cap: int, step: int) -> None:
    text = f"{clock(cap)}\n" + "\n".join(f"  {clock(n)} Run" for n in lengths)
    late, fine = Run(text), Run(text)
    late.tick(cap * S)
    for t in range(step * S, cap * S, step * S):
        fine.tick(t)
    fine.tick(cap * S)
    assert late.events == fine.events


def test_rule_1_a_tap_in_the_nanosecond_of_a_boundary_comes_after_it() -> None:
    run = Run("(3) 1:00 EMOM\n  5 Cleans")
    run.next(MINUTE)
    assert efforts(run.events)[:2] == [("5 Cleans", 0, MINUTE, "forced"), ("5 Cleans", MINUTE, MINUTE, "user_advance")]
    run = Run("(3) 1:00 EMOM\n  5 Cleans")
    run.next(MINUTE - 1)
    assert [row[1:] for row in efforts(run.events)] == [
        (0, MINUTE - 1, "user_advance"),
        (MINUTE - 1, None, ""),
    ]


def test_rule_1_nested_timers_that_end_together_end_from_outside() -> None:
    run = Run("2:00\n  :20 Run\n  :40 Row")
    run.tick(10 * MINUTE)
    assert run.session.now == 2 * MINUTE
    assert [row[3] for row in efforts(run.events)] == ["timer_expired"] * 3 + ["forced"]
    assert [row[3] for row in rounds(run.events)] == [True, True]
    assert all(start < stop for _, start, stop, _ in blocks(run.events) if stop is not None), "no successor opens"


def test_rule_1_an_outer_timer_that_ends_with_an_emom_leaves_it_whole() -> None:
    run = Run("3:00\n  (3) 1:00 EMOM\n    5 Cleans")
    for minute in range(3):
        run.next(minute * MINUTE + 30 * S)
    run.tick(5 * MINUTE)
    emom = stopped(run.events, "0.0#1.0")
    assert (emom.reason, emom.t) == ("forced", 3 * MINUTE)
    assert emom.attributes[c.SCORE_DISPLAY] == "3 of 3 made"
    assert [row[3] for row in rounds(run.events)] == [True] * 4


# ------------------------------------------------------------------------------------------ 2. pause stops the tree


@quick
@given(at=st.integers(0, 119), length=seconds, work=st.integers(120, 600))
def test_rule_2_pause_stops_the_tree(at: int, length: int, work: int) -> None:
    """Everything after a pause happens exactly that much later; elapsed + paused = total."""
    text = f"{clock(work)} AMRAP\n  :07 Run\n  :11 Rest"
    plain, paused = Run(text), Run(text)
    plain.tick(work * S)
    paused.pause(at * S)
    paused.tick((at + length // 2) * S)
    paused.resume((at + length) * S)
    paused.tick((work + length) * S)

    def shifted(t: int) -> int:
        return t if t <= at * S else t + length * S

    assert [(label, shifted(a), shifted(b or 0), why) for label, a, b, why in blocks(plain.events)] == [
        (label, a if a != at * S else at * S, b, why) for label, a, b, why in blocks(paused.events)
    ]
    pauses = [(a, b) for type, a, b in leaves(paused.events) if type == "pause"]
    assert pauses == [(at * S, (at + length) * S)]
    assert paused.session.active_now == work * S
    assert paused.session.active_now + length * S == paused.session.now


def test_rule_2_every_open_timer_stops_and_goes_on_together() -> None:
    run = Run("10:00\n  5:00 AMRAP\n    1:00 Run")
    before = len(run.events)
    run.pause(30 * S)
    assert [e.key for e in run.events[before:] if e.name == "span:paused"] == ["0", "0.0", "0.0#1.0", "0.0#1.0#1.0"]
    assert run.session.next_boundary is None
    before = len(run.events)
    run.resume(90 * S)
    assert [e.key for e in run.events[before:] if e.name == "span:resumed"] == ["0", "0.0", "0.0#1.0", "0.0#1.0#1.0"]
    assert run.session.next_boundary == 2 * MINUTE


def test_rule_2_pause_inside_rest_is_neither_work_nor_rest() -> None:
    run = Run("10 Burpees\n1:00 Rest\n10 Burpees")
    results = Results()
    run.session.subscribe(results, catch_up=True)
    run.next(20 * S)
    run.pause(30 * S)
    run.reps(35 * S, 5)
    run.resume(50 * S)
    run.tick(100 * S)
    assert leaves(run.events, "0.1") == [
        ("rest", 20 * S, 30 * S),
        ("pause", 30 * S, 50 * S),
        ("rest", 50 * S, 100 * S),
    ]
    assert rejected(run.events) == [("reps", "paused")]
    run.next(110 * S)
    results.close()
    outcome = results.outcome()
    assert (outcome.rest_ns, outcome.work_ns, outcome.elapsed_ns, outcome.total_ns) == (60 * S, 30 * S, 90 * S, 110 * S)


def test_rule_2_pause_at_a_boundary_comes_after_it() -> None:
    run = Run("1:00 Run\n1:00 Row")
    run.pause(MINUTE)
    assert run.label == "1:00 Row"
    run.resume(5 * MINUTE)
    run.tick(10 * MINUTE)
    assert efforts(run.events) == [
        ("1:00 Run", 0, MINUTE, "timer_expired"),
        ("1:00 Row", MINUTE, 6 * MINUTE, "timer_expired"),
    ]
    run = Run("1:00 Run\n1:00 Row")
    run.pause(30 * S)
    run.resume(30 * S)
    run.tick(2 * MINUTE)
    assert run.session.now == 2 * MINUTE, "a pause of no length changes nothing"


def test_rule_2_stop_while_paused_counts_the_pause() -> None:
    run = Run("10:00 Run")
    run.pause(1 * MINUTE)
    run.stop(3 * MINUTE)
    assert run.session.is_done
    assert run.session.active_now == MINUTE
    assert leaves(run.events) == [("work", 0, MINUTE), ("pause", MINUTE, 3 * MINUTE)]


# ---------------------------------------------------------------------------------------------------- 3. late tap


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


# ------------------------------------------------------------------------------------------------------ 4. scores


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
        ("5x5 Back Squat 225 lb\n5x5 Press 40 kg", "10 × 5 @ 102.1 kg, volume 3,551 kg, est. 1RM 119.1 kg"),
    ],
)
def test_strength_is_told_in_pounds_where_the_text_has_no_other_unit(text: str, score: str) -> None:
    run = Run(text)
    for number in range(1, 11):
        run.next(number * MINUTE)
    assert run.score == score
    ended = stopped(run.events, "0")
    assert ended.attributes["otelwod.score.load"] == pytest.approx(102.058, abs=0.001)


# ------------------------------------------------------------------------------------------- 5. every workout ends


@quick
@given(
    rounds_=st.integers(1, 6),
    reps=st.integers(1, 50),
    duration=st.integers(1, 1800),
    shape=st.sampled_from(
        [
            "({n})\n  {r} Burpees\n  {d} Rest",
            "AMRAP {d}\n  {r} Burpees\n  Rest as needed",
            "({n}) {d} EMOM\n  {r} Burpees",
            "For Time cap {d}\n  ({n})\n    {r} Burpees",
            "({n}) :40 / :20\n  Burpees",
            "{d}\n  (21-15-9)\n    Thrusters\n  *1:00 Rest",
        ]
    ),
)
def test_rule_5_every_workout_ends(rounds_: int, reps: int, duration: int, shape: str) -> None:
    run = Run(shape.format(n=rounds_, r=reps, d=clock(duration)))
    steps = 0
    while not run.session.is_done:
        steps += 1
        assert steps < 1000
        run.tick(steps * MINUTE)
        if not run.session.is_done:
            run.next(steps * MINUTE)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("10 Burpees\n(1000000000)\n  10 Push-ups", 2, "more than 100,000"),
        ("(1000000000) 10 Push-ups", 1, "more than 100,000"),
        ("EMOM x 1000000\n  5 Cleans", 1, "more than 100,000"),
        ("(60000) 1:00 EMOM\n  5 Cleans", 1, "more than 100,000"),
        ("(1000)\n  (1000)\n    (1000)\n      1 Burpee", 2, "more than 100,000"),
        ("AMRAP\n  5 Pull-ups", 1, "never end"),
    ],
)
def test_rule_5_what_cannot_end_is_said_before_it_starts(text: str, line: int, what: str) -> None:
    compiled = compile_workout(parse(text))
    found = [d for d in compiled.errors if what in d.message or "end" in d.message]
    assert found, compiled.diagnostics
    assert found[0].hint
    assert found[0].line >= line
    with pytest.raises(ProgramError, match=f"line {found[0].line}"):
        Session(compiled)


def test_rule_5_depth_is_bounded_with_a_clear_error() -> None:
    def nested(depth: int) -> str:
        return "\n".join(" " * level + "(1)" for level in range(depth)) + "\n" + " " * depth + "1 Burpee"

    assert not compile_workout(parse(nested(62))).errors
    errors = compile_workout(parse(nested(63))).errors
    assert [d.message for d in errors] == ["nested 64 levels deep; at most 63 can run"]
    assert "Limits" in errors[0].hint
    assert not compile_workout(parse(nested(63)), limits=Limits(depth=65)).errors


def test_rule_5_a_session_that_opens_too_many_blocks_is_stopped_and_keeps_what_was() -> None:
    run = Run("AMRAP 20\n  1 Burpee", limits=Limits(blocks=10))
    for t in range(7):
        run.next(t)
    with pytest.raises(LimitError, match="more than 10 blocks"):
        run.next(7)
    assert run.session.is_done
    assert run.session.stack.depth == 0
    assert stopped(run.events, "0").reason == "interrupted"
    assert recorded(run.events) == 8, "what the last tap completed is kept too"


# -------------------------------------------------------------------------------------- 6. nothing counts twice


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


# ------------------------------------------------------------------------------------- 7. time starts at start


@quick
@given(waited=seconds)
def test_rule_7_time_starts_at_start(waited: int) -> None:
    """A session has no time before its start; the first input finds it running from 0."""
    run = Run("1:00 Run\n10 Burpees", start=False)
    assert (run.session.now, run.session.is_started, run.events) == (0, False, [])
    with pytest.raises(InputError, match="starts at t = 0"):
        run.start(waited * S)
    assert not run.session.is_started
    assert run.session.now == 0
    run.start(0)
    run.next(30 * S)
    run.next(40 * S)
    assert stopped(run.events, "0").t == 40 * S
    with pytest.raises(InputError, match="has started"):
        run.start(40 * S)


def test_rule_7_start_may_be_left_out() -> None:
    run = Run("1:00 Run\n10 Burpees", start=False)
    run.next(90 * S)
    assert efforts(run.events) == [
        ("1:00 Run", 0, MINUTE, "timer_expired"),
        ("10 Burpees", MINUTE, 90 * S, "user_advance"),
    ]


# ---------------------------------------------------------------------------- 8. the last tap can be undone


TAPPED = {
    "next": {},
    "reps": {"value": 3},
    "record": {"value": 60, "metric": "load", "unit": "kg"},
    "rest": {},
    "pause": {},
    "skip": {},
}


@quick
@given(kind=st.sampled_from(sorted(TAPPED)), at=st.integers(1, 40), later=st.integers(0, 15), ending=st.booleans())
def test_rule_8_the_last_tap_can_be_undone(kind: str, at: int, later: int, ending: bool) -> None:
    """After undo the session is as if the tap had never been, at the present time."""
    text = "10 Burpees" if ending else "(2)\n  10 Burpees\n  1:00 Rest\n  10 Cleans"
    undone, never = Run(text), Run(text)
    getattr(undone, kind)(at * S, **TAPPED[kind])  # type: ignore[arg-type]
    assert undone.session.can_undo
    undone.undo((at + later) * S)
    never.tick((at + later) * S)
    assert not undone.session.can_undo
    assert [(r.owner, r.type, r.get()) for r in undone.session.memory if r.type not in ("turn", "undo")] == [
        (r.owner, r.type, r.get()) for r in never.session.memory if r.type not in ("turn", "undo")
    ]
    for run in (undone, never):
        run.reps(100 * S, 2)
        run.next(101 * S)
        run.stop(200 * S)

    def untimed(run: Run) -> list[Any]:
        return [(type(e), e.t, getattr(e, "key", ""), getattr(e, "value", 0)) for e in settled(run.events)]

    assert untimed(undone) == untimed(never)


def test_rule_8_undo_only_reaches_the_last_tap_and_not_across_a_boundary() -> None:
    run = Run("10 Burpees\n10 Push-ups\n:30 Rest\n10 Cleans")
    run.next(10 * S)
    run.next(20 * S)
    run.undo(21 * S)
    assert run.label == "10 Push-ups"
    run.undo(22 * S)
    assert run.label == "10 Push-ups", "nothing older, and no redo"
    run.next(30 * S)
    run.tick(60 * S)
    run.undo(61 * S)
    assert run.label == "10 Cleans", "a boundary has made the tap final"
    assert len(of(TapUndone, run.events)) == 1


def test_rule_8_undo_runs_the_boundaries_that_the_tap_had_put_off() -> None:
    run = Run(":30 Run\n10 Burpees")
    run.pause(20 * S)
    run.undo(50 * S)
    assert run.label == "10 Burpees"
    assert stopped(run.events, "0.0").t == 30 * S
    assert [e.t for e in run.events] == sorted(e.t for e in run.events), "the stream never runs backwards"


def test_rule_8_the_tap_that_ended_the_session_can_be_undone() -> None:
    run = Run("10 Burpees")
    run.next(30 * S)
    assert run.session.is_done
    run.undo(32 * S)
    assert not run.session.is_done
    run.next(40 * S)
    assert efforts(run.events) == [("10 Burpees", 0, 40 * S, "user_advance")]
    assert recorded(run.events) == 10


def test_rule_8_a_tap_that_did_nothing_is_no_tap() -> None:
    run = Run("10 Burpees\n*1:00 Rest\n10 Cleans")
    run.next(10 * S)
    assert run.next(15 * S) == [], "this rest cannot be skipped"
    run.undo(16 * S)
    assert run.label == "10 Burpees"


def test_rule_8_sensors_do_not_make_a_tap_final_and_their_values_survive_its_undoing() -> None:
    run = Run("10 Burpees\n10 Cleans")
    run.next(10 * S)
    run.record(11 * S, 150, metric="heart_rate")
    run.record(12 * S, 151, metric="hr")
    run.undo(13 * S)
    assert run.label == "10 Burpees"
    samples = [e for e in of(MetricRecorded, settled(run.events)) if e.metric == "heart_rate"]
    assert [(e.t, e.block, e.value) for e in samples] == [(11 * S, "0.0", 150), (12 * S, "0.0", 151)]
    run = Run("10 Burpees\n10 Cleans", limits=Limits(samples=2))
    run.next(10 * S)
    for t in range(11, 14):
        run.record(t * S, 150, metric="heart_rate")
    assert not run.session.can_undo, "what must be kept for an undo is bounded"
    assert len(of(MetricRecorded, settled(run.events))) == 4


def test_rule_8_sensors_after_the_end_survive_too() -> None:
    run = Run("10 Burpees")
    run.next(10 * S)
    run.record(11 * S, 150, metric="heart_rate")
    assert rejected(run.events) == [("heart_rate", "ended")]
    run.undo(12 * S)
    assert rejected(run.events) == []
    assert recorded(run.events, "heart_rate") == 150


# ---------------------------------------------------------------------------------------- 9. crash and go on


SCRIPT = "AMRAP 3\n  5 Pull-ups\n  :20 Rest\n  10 Push-ups"
ATHLETE = (
    Input("start", 0, details={"at": 1_700_000_000_000_000_000, "workout": "x"}),
    Input("reps", 3_500_000_000, value=5),
    Input("next", 4_000_000_001),
    Input("pause", 10 * S),
    Input("resume", 15 * S),
    Input("record", 31 * S, value=61.5, metric="load", unit="kg"),
    Input("rest", 40 * S),
    Input("next", 55 * S),
    Input("undo", 56 * S),
    Input("next", 57 * S),
    Input("record", 58 * S, value=171, metric="heart_rate"),
    Input("tick", 90 * S),
)
WHOLE = "".join(journal_line(entry) for entry in ATHLETE)


@pytest.mark.parametrize("gap", [0, 1, 3600 * S])
def test_rule_9_crash_and_go_on(gap: int) -> None:
    """Cut at any byte, a journal gives a prefix of the session, which goes on after a pause as long as the gap."""
    text = WHOLE.encode()
    for cut in range(len(text) + 1):
        journal = read_journal(text[:cut].decode("utf-8", "replace"))
        count = len(journal.inputs)
        assert journal.inputs == ATHLETE[:count]
        assert journal.torn is (cut != 0 and text[cut - 1 : cut] != b"\n")
        resumed = Run(SCRIPT, start=False)
        for entry in journal.inputs:
            resumed.session.send(entry)
        prefix = list(resumed.events)
        expected = Run(SCRIPT, start=False)
        for entry in ATHLETE[:count]:
            expected.session.send(entry)
        assert prefix == expected.events
        was_paused = resumed.session.is_paused
        active = resumed.session.active_now
        for entry in resumption(journal, was_paused, journal.last + gap):
            resumed.session.send(entry)
        if resumed.session.is_started:
            assert not resumed.session.is_paused or gap == 0
            assert resumed.session.active_now == active
        for _ in replay(resumed.session, ()):
            pass
        assert resumed.session.is_done
        assert resumed.events[: len(prefix)] == prefix


def test_rule_9_damage_in_the_middle_is_said_with_its_line() -> None:
    lines = WHOLE.splitlines(keepends=True)
    with pytest.raises(InputError) as damaged:
        read_journal(lines[0] + lines[1][:10] + "\n" + lines[2])
    assert damaged.value.line == 2


def test_rule_9_a_killed_session_is_marked_interrupted() -> None:
    run = Run("10 Burpees")
    run.tick(10 * S)
    run.session.interrupt()
    assert [(e.status, e.reason, e.t) for e in of(SpanStopped, run.events)] == [("failed", "interrupted", 10 * S)] * 2


def test_rest_is_first_class() -> None:
    run = Run("10 Burpees\n1:00 Rest\nRest as needed\n10 Burpees")
    run.rest(10 * S)
    run.record(12 * S, 100, metric="load", unit="kg")
    run.reps(20 * S, 3)
    run.next(30 * S)
    run.reps(40 * S, 3)
    run.tick(90 * S)
    run.next(100 * S)
    assert leaves(run.events, "0.0") == [
        ("work", 0, 10 * S),
        ("rest", 10 * S, 20 * S),
        ("work", 20 * S, 30 * S),
    ]
    assert rejected(run.events) == [("load", "rest"), ("reps", "rest")]
    assert [(e.block, e.t, e.planned) for e in of(RestStarted, run.events)] == [
        ("0.0", 10 * S, None),
        ("0.1", 30 * S, MINUTE),
        ("0.2", 90 * S, None),
    ]
