"""The session as an app embeds it: actions, subscribers, look-ahead, blocks of one's own, misuse, refusals."""

from __future__ import annotations

import gc
import logging
import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from runtime_sessions import (
    MINUTE,
    Run,
    S,
    blocks,
    efforts,
    leaves,
    of,
    program,
    recorded,
    rejected,
    rounds,
    stopped,
)

from otelwod import conventions as c
from otelwod.runtime.actions import EmitMetric, EndSegment, StartSegment
from otelwod.runtime.behaviors import Advance, Behavior, RestBehavior, Timer, Work
from otelwod.runtime.block import Block, Ending
from otelwod.runtime.events import Event, MetricRecorded, MilestoneReached, SegmentStarted, SpanStarted, Value
from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.program import Limits, Node, ProgramError, compile_workout
from otelwod.runtime.session import LimitError, Session
from otelwod.runtime.stack import DepthError, RuntimeStack
from otelwod.runtime.turns import FinalEvents
from otelwod.workout import parse
from otelwod.workout.model import Profile

# ---------------------------------------------------------------------------------------------------------- actions


def test_emit_metric_counts_where_the_athletes_would() -> None:
    run = Run("10 Burpees\n1:00 Rest")
    run.tick(5 * S)
    run.session.perform(EmitMetric("reps", 4))
    run.next(10 * S)
    run.session.perform(EmitMetric("reps", 1))
    assert [(e.value, e.source, e.t) for e in of(MetricRecorded, run.events)] == [
        (4, "runtime", 5 * S),
        (6, "completion", 10 * S),
    ]
    assert rejected(run.events) == [("reps", "rest")]


def test_segments_split_a_leaf_and_give_it_back() -> None:
    run = Run("10 Burpees\n1:00 Rest")
    run.tick(5 * S)
    run.session.perform(StartSegment("work", "Set 2"))
    run.tick(8 * S)
    run.session.perform(StartSegment("rest", "Breathe"))
    run.reps(9 * S, 1)
    run.tick(10 * S)
    run.session.perform(EndSegment())
    run.next(12 * S)
    run.tick(20 * S)
    run.session.perform(StartSegment("work", "Stretching"))
    run.tick(30 * S)
    run.session.perform(EndSegment())
    run.tick(2 * MINUTE)
    assert leaves(run.events, "0.0") == [
        ("work", 0, 5 * S),
        ("work", 5 * S, 8 * S),
        ("rest", 8 * S, 9 * S),
        ("work", 9 * S, 10 * S),
        ("work", 10 * S, 12 * S),
    ]
    assert [e.label for e in of(SegmentStarted, run.events) if e.block == "0.0"][1:3] == ["Set 2", "Breathe"]
    assert [(kind, end - start) for kind, start, end in leaves(run.events, "0.1")] == [
        ("rest", 8 * S),
        ("work", 10 * S),
        ("rest", 42 * S),
    ]


def test_actions_do_nothing_where_there_is_nothing_to_act_on() -> None:
    run = Run("10 Burpees", start=False)
    assert run.session.perform(EmitMetric("reps", 1)) == []
    run.start(0)
    run.pause(1 * S)
    turn = run.session.turn
    assert run.session.perform(StartSegment("work", "x")) == []
    assert run.session.turn == turn
    assert run.session.can_undo, "nothing was done, so the pause can still be undone"
    with pytest.raises(ValueError, match="rounds and minutes belong to behaviours"):
        run.session.perform(StartSegment("round", "x"))  # type: ignore[arg-type]
    run.resume(2 * S)
    run.session.perform(EmitMetric("rpe", 8))
    assert not run.session.can_undo


# ------------------------------------------------------------------------------------------------------- look-ahead


@pytest.mark.parametrize(
    ("text", "taps", "labels"),
    [
        ("10 Burpees\n20 Squats", 2, ["20 Squats", None]),
        ("(2)\n  10 Burpees\n  20 Squats", 4, ["20 Squats", "10 Burpees", "20 Squats", None]),
        ("AMRAP 5\n  10 Burpees", 2, ["10 Burpees", "10 Burpees"]),
        ("(2)\n  10 Burpees\n30 Squats", 2, ["10 Burpees", "30 Squats"]),
    ],
)
def test_next_up(text: str, taps: int, labels: list[str | None]) -> None:
    run = Run(text)
    seen = []
    for tap in range(taps):
        node = run.session.next_up()
        seen.append(node.label if node is not None else None)
        run.next(tap * S)
    assert seen == labels


def test_next_up_in_intervals() -> None:
    run = Run("(2) 1:00 EMOM\n  - 5 Cleans\n  - 8 Jerks")
    node = run.session.next_up()
    assert node is not None
    assert node.label == "8 Jerks"
    run.tick(MINUTE)
    assert run.session.next_up() is None
    run = Run("(2) :20 / :10\n  Squats")
    node = run.session.next_up()
    assert node is not None
    assert node.label == "Rest"


# ------------------------------------------------------------------------------------------------------------- rest


def test_rest_knows_its_durations_and_whether_it_is_on() -> None:
    run = Run("(2) :20 / :10\n  Squats")
    run.tick(25 * S)
    block = run.session.current
    assert block is not None
    rest = next(b for b in block.behaviors if isinstance(b, RestBehavior))
    assert (rest.work, rest.rest, rest.fills) == (20 * S, 10 * S, True)
    assert rest.is_in_rest_period(block)
    assert block.planned_rest() == 10 * S
    assert rest.is_in_rest_period(run.session.stack.blocks()[1]), "the tabata rests while its rest is innermost"
    run.pause(26 * S)
    assert not rest.is_in_rest_period(block), "a pause is neither work nor rest"
    run.resume(27 * S)
    run.tick(31 * S)
    assert not rest.is_in_rest_period(run.session.stack.blocks()[1])


def test_an_athletes_own_rest_ends_with_the_next_work() -> None:
    run = Run("10 Burpees\n10 Squats")
    run.rest(5 * S)
    run.rest(6 * S)
    assert rejected(run.events) == []
    run.record(7 * S, 50, metric="distance", unit="m")
    assert leaves(run.events + run.stop(8 * S), "0.0") == [
        ("work", 0, 5 * S),
        ("rest", 5 * S, 7 * S),
        ("work", 7 * S, 8 * S),
    ]


# ------------------------------------------------------------------------------------------------ subscribers, stack


def test_a_late_subscriber_may_catch_up_and_a_failing_one_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    run = Run("10 Burpees\n10 Squats")

    def failing(event: Event) -> None:
        raise RuntimeError("no")

    run.session.subscribe(failing)
    late: list[Event] = []
    with caplog.at_level(logging.WARNING):
        run.next(10 * S)
        end = run.session.subscribe(late.append, catch_up=True)
        run.next(20 * S)
    assert late == run.events
    assert run.session.subscriber_failures > 1
    assert len(caplog.records) == 1
    end()
    end()
    run.undo(21 * S)
    assert len(late) < len(run.events)


def test_history_is_bounded() -> None:
    run = Run("(9)\n  10 Burpees", history=5)
    for t in range(5):
        run.next(t * S)
    late: list[Event] = []
    run.session.subscribe(late.append, catch_up=True)
    assert late == run.events[-5:]


def test_a_subscriber_must_not_send() -> None:
    session = Session(program("10 Burpees"))
    failures: list[str] = []

    def meddling(event: Event) -> None:
        try:
            session.send(Input("next", 0))
        except RuntimeError as error:
            failures.append(str(error))

    session.subscribe(meddling)
    session.send(Input("start", 0))
    assert failures
    assert "in the middle of an input" in failures[0]
    assert not session.is_done


def test_stack() -> None:
    run = Run("(2)\n  10 Burpees")
    stack = run.session.stack
    assert stack.depth == len(stack) == 3
    assert stack.current is list(stack)[-1]
    assert stack.current is not None
    assert stack.parent(stack.current) is stack.blocks()[1]
    assert stack.parent(stack.blocks()[0]) is None
    assert stack.current.total == stack.current.elapsed == stack.current.now == 0
    assert "10 Burpees" in repr(stack.current)
    popped = stack.pop()
    assert efforts(run.events) == [("10 Burpees", 0, 0, "forced")], "unmounted and disposed of"
    assert run.session.memory.by_owner(popped.key) == []
    empty = RuntimeStack(1)
    assert empty.current is None
    with pytest.raises(IndexError):
        empty.pop()
    empty.push(popped)
    with pytest.raises(DepthError, match="more than 1 blocks"):
        empty.push(popped)
    assert empty.pop() is popped


def test_turns_are_held_back_until_they_are_final() -> None:
    run = Run("10 Burpees\n10 Squats\n10 Cleans", start=False)
    final: list[Event] = []
    held = FinalEvents(final.append)
    run.session.subscribe(held)
    run.next(10 * S)
    assert blocks(final) == [("Workout", 0, None, ""), ("10 Burpees", 0, None, "")]
    run.undo(11 * S)
    run.next(12 * S)
    run.next(13 * S)
    held.close()
    assert efforts(final)[:2] == [
        ("10 Burpees", 0, 12 * S, "user_advance"),
        ("10 Squats", 12 * S, 13 * S, "user_advance"),
    ]


# ----------------------------------------------------------------------------------------------- blocks of one's own


class Countdown(Behavior):
    """Three beeps a second before the children; counts what it is told."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def mount(self, block: Block) -> None:
        block.set("left", self.seconds)
        block.start_leaf("rest", "Get ready")

    def deadline(self, block: Block) -> int | None:
        left: int = block.get("left")
        return block.started_active + (self.seconds - left + 1) * S if left else None

    def expire(self, block: Block) -> None:
        left = block.get("left") - 1
        block.set("left", left)
        block.milestone("beep", {"left": left})
        if left == 0:
            block.complete("timer_expired")

    def next(self, block: Block) -> bool:
        return True

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        return {"app.beeps": self.seconds - block.get("left")}


def countdown(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    return (Countdown(3),)


def test_a_block_of_ones_own_by_an_attached_value() -> None:
    run = Run('Rest {"block": "countdown"}\n10 Burpees', blocks={"countdown": countdown})
    run.next(1 * S)
    run.tick(10 * S)
    run.next(20 * S)
    assert efforts(run.events)[0][1:] == (0, 3 * S, "timer_expired")
    beeps = [(e.t, e.attributes) for e in of(MilestoneReached, run.events) if e.milestone == "beep"]
    assert beeps == [(1 * S, {"left": 2}), (2 * S, {"left": 1}), (3 * S, {"left": 0})]
    assert stopped(run.events, "0.0").attributes == {"app.beeps": 3}
    assert run.session.memory.by_owner("0.0") == []


def test_a_block_type_can_be_replaced() -> None:
    def strict(node: Node, profile: Profile) -> tuple[Behavior, ...]:
        return (Timer(5 * S), Work(), Advance(skippable=False))

    run = Run("10 Burpees", blocks={"effort": strict})
    run.next(1 * S)
    run.tick(9 * S)
    assert efforts(run.events) == [("10 Burpees", 0, 5 * S, "timer_expired")]


class Stuck(Behavior):
    """A deadline that never moves."""

    def mount(self, block: Block) -> None:
        block.start_leaf("work", "stuck")

    def deadline(self, block: Block) -> int | None:
        return -5


def test_a_behaviour_whose_deadline_never_moves_is_stopped() -> None:
    def stuck(node: Node, profile: Profile) -> tuple[Behavior, ...]:
        return (Stuck(),)

    run = Run("10 Burpees", blocks={"effort": stuck}, limits=Limits(boundaries=50), start=False)
    with pytest.raises(LimitError, match="more than 50 boundaries"):
        run.tick(1 * S)
    assert run.session.is_done
    assert [e.t for e in run.events] == sorted(e.t for e in run.events)


# --------------------------------------------------------------------------------------------------- misuse, limits


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Input("dance", 10 * S), "unknown input 'dance'"),  # type: ignore[arg-type]
        (Input("next", 1.5), "whole nanoseconds"),  # type: ignore[arg-type]
        (Input("next", True), "whole nanoseconds"),
        (Input("next", 4 * S), "next at 4 s comes after 5 s"),
        (Input("next", 10**20), "at most 10,000,000 seconds"),
        (Input("start", 6 * S), "has started"),
    ],
)
def test_inputs_that_no_session_takes(entry: Input, said: str) -> None:
    run = Run("10 Burpees")
    run.tick(5 * S)
    before = run.session.memory.snapshot()
    with pytest.raises(InputError, match=said):
        run.session.send(entry)
    assert run.session.memory.snapshot() == before


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -1, 1.5, 10**400, pytest.param(10**5000, id="huge"), "12", None, True, 2e6]
)
def test_values_that_are_no_reps_are_rejected_and_told(value: Any) -> None:
    run = Run("10 Burpees")
    run.reps(1 * S, value)
    assert rejected(run.events) == [("reps", "invalid")]
    assert recorded(run.events) == 0


@pytest.mark.parametrize(
    ("metric", "value", "unit", "kept"),
    [
        ("load", 100, "lb", ("load", 45.359237, "kg")),
        ("weight", 40, "kg", ("load", 40, "kg")),
        ("distance", 1, "km", ("distance", 1000, "m")),
        ("calories", 12, "", ("energy", 12, "kcal")),
        ("HR", 150, "bpm", ("heart_rate", 150, "{beat}/min")),
        ("rpe", 8, "", ("rpe", 8, "1")),
        ("mood", 3, "stars", ("mood", 3, "stars")),
    ],
)
def test_values_become_canonical(metric: str, value: float, unit: str, kept: tuple[str, float, str]) -> None:
    run = Run("10 Burpees")
    run.record(1 * S, value, metric=metric, unit=unit)
    found = of(MetricRecorded, run.events)[0]
    assert (found.metric, pytest.approx(found.value), found.unit) == (kept[0], kept[1], kept[2])


@pytest.mark.parametrize(
    ("metric", "value", "unit"),
    [
        ("load", 100, "m"),
        ("load", 1.5, "bw"),
        ("load", 1e9, "kg"),
        ("heart_rate", 900, ""),
        ("rpe", 11, ""),
        ("", 1, ""),
        (None, 1, ""),
        ("load", 1, 5),
        ("x" * 300, 1, ""),
        ("mood", 1e300, ""),
    ],
)
def test_values_that_cannot_be(metric: Any, value: float, unit: Any) -> None:
    run = Run("10 Burpees")
    run.record(1 * S, value, metric=metric, unit=unit)
    assert [reason for _, reason in rejected(run.events)] == ["invalid"]


def test_after_the_end_values_are_rejected_and_the_rest_ignored() -> None:
    run = Run("10 Burpees")
    run.stop(10 * S)
    assert run.next(11 * S) == []
    run.reps(12 * S, 1)
    run.record(13 * S, 50, metric="load", unit="kg")
    assert rejected(run.events) == [("reps", "ended"), ("load", "ended")]
    assert run.undo(14 * S) == []


def test_close_empties_and_refuses_and_reset_makes_anew() -> None:
    with Session(program("10 Burpees")) as session:
        session.send(Input("next", 5 * S))
    assert (session.now, session.is_done, len(session.memory)) == (5 * S, True, 0)
    with pytest.raises(InputError, match="was closed"):
        session.send(Input("tick", 6 * S))
    session.reset()
    assert not session.is_started
    session.send(Input("start", 0))
    events: list[Event] = []
    session.subscribe(events.append)
    session.close()
    assert stopped(events, "0").reason == "interrupted"


def test_a_foreign_snapshot_is_refused() -> None:
    with pytest.raises(ValueError, match="no snapshot of a session"):
        Session.from_snapshot(program("10 Burpees"), ())


def test_a_program_with_errors_does_not_start() -> None:
    with pytest.raises(ProgramError) as error:
        Session(compile_workout(parse("")))
    assert error.value.diagnostics


def test_ten_thousand_levels_are_refused_at_little_cost() -> None:
    text = "\n".join(" " * level + "(1)" for level in range(10_000)) + "\n" + " " * 10_000 + "1 Burpee"
    workout = parse(text)
    tracemalloc.start()
    compiled = compile_workout(workout)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert compiled.errors
    assert compiled.errors[0].hint
    assert peak < 30_000_000


def test_what_stands_below_a_rest_is_said_not_to_run() -> None:
    compiled = compile_workout(parse(":30 Rest\n  10 Burpees\n5 Squats"))
    said = [d for d in compiled.diagnostics if d.severity == "warning"]
    assert [(d.line, "is not run" in d.message) for d in said] == [(2, True)]
    assert [node.type for node in compiled.nodes] == ["session", "rest", "effort"]


@pytest.mark.parametrize("block", [0, 3, -1])
def test_no_such_block(block: int) -> None:
    with pytest.raises(ProgramError, match=f"there is no block {block}"):
        compile_workout(parse("10 Burpees\n10 Squats"), block=block)


def test_one_block_of_a_file() -> None:
    compiled = compile_workout(parse("10 Burpees\n10 Squats"), block=2)
    assert [node.label for node in compiled.nodes[1:]] == ["10 Squats"]


def test_profiles_choose_the_load() -> None:
    for profile, load in (("men", 102.06), ("women", 70.31)):
        session = Session(compile_workout(parse("5 Deadlifts 225/155 lb"), profile=profile))  # type: ignore[arg-type]
        started = of(SpanStarted, session.send(Input("start", 0)))
        assert started[-1].attributes[c.LOAD_VALUE] == pytest.approx(load, abs=0.01)


def test_memory_stays_flat_over_many_inputs() -> None:
    """A million inputs are benchmarks/runtime.py's; here the slope over a few thousand."""
    limits = Limits(blocks=10**9)
    session = Session(
        compile_workout(parse("2000:00:00 AMRAP\n  5 Pull-ups\n  10 Push-ups"), limits=limits),
        limits=limits,
        history=64,
    )
    session.send(Input("start", 0))
    tracemalloc.start()
    held = []
    for t in range(1, 6001):
        session.send(Input("next" if t % 5 == 0 else "reps", t * 1000, value=1))
        if t in (2000, 6000):
            gc.collect()  # also empties the free lists of the interpreter
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 5_000
    assert len(session.memory) < 40


def test_rounds_of_a_timer_are_rounds() -> None:
    run = Run("20:00\n  (3)\n    10 Burpees")
    assert [e.key for e in of(SpanStarted, run.events)] == ["0", "0.0", "0.0#1.0", "0.0#1.0#1.0"]
    run.stop(5 * S)
    assert [label for label, *_ in rounds(run.events)] == ["Round 1", "Round 1"]
