"""Rules 1, 2 and 7 of WORKOUTS.md: exact boundaries, pauses, and the moment at which time starts.

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
    blocks,
    efforts,
    leaves,
    of,
    rejected,
    rounds,
    stopped,
)

from otelwod import conventions as c
from otelwod.runtime.events import RestStarted
from otelwod.runtime.inputs import InputError
from otelwod.runtime.results import Results

quick = settings(max_examples=40, deadline=None)
seconds = st.integers(1, 3600)


def clock(total: int) -> str:
    return f"{total // 60}:{total % 60:02d}"


# -------------------------------------------------------------------------------------------------- 1. exact boundaries


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


# ---------------------------------------------------------------------------------------------- 2. pause stops the tree


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


# ---------------------------------------------------------------------------------------------- 7. time starts at start


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
