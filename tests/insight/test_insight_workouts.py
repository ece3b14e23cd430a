"""A workout's trace, shaped as ARCHITECTURE.md draws it, in numbers."""

from __future__ import annotations

from typing import Any

import pytest
from insight_samples import one, span

from otelwod.insight import Report, analyze_traces
from otelwod.insight.report import PhaseSplit, WorkoutReport
from otelwod.insight.workouts import fade
from otelwod.trace import SpanRecord

S = 1_000_000_000


def block(kind: str, **more: Any) -> dict[str, Any]:
    return {"otelwod.block.type": kind, **more}


def effort(span_id: str, parent: str, start: int, end: int, name: str, reps: int, **more: Any) -> SpanRecord:
    given = block("effort", **{"otelwod.movement.name": name, "otelwod.movement.id": f"x/{name.lower()}"})
    if reps:
        given["otelwod.reps.done"] = reps
    return span(span_id, parent, start * S, end * S, f"{reps} {name}", attributes={**given, **more})


WORK = {"otelwod.phase": "work"}


def two_rounds() -> list[SpanRecord]:
    """Two rounds of thrusters and pull-ups, with a rest between, a pause in the last, and a transition."""
    root = block(
        "session",
        **{"otelwod.workout.name": "Fran", "otelwod.workout.format": "for_time", "otelwod.score.display": "2:20"},
    )
    return [
        span("s", None, 1 * S, 141 * S, "session", attributes=root),
        span("b", "s", 1 * S, 141 * S, "21-15", attributes=block("rounds")),
        span(
            "r1",
            "b",
            1 * S,
            61 * S,
            "Round 1",
            attributes={"otelwod.segment.type": "round", "otelwod.segment.index": 0},
        ),
        effort("t1", "r1", 1, 41, "Thrusters", 20, **WORK),
        effort("p1", "r1", 41, 61, "Pull-ups", 10, **WORK),
        span("rest", "b", 61 * S, 71 * S, "Rest 0:10", attributes=block("rest", **{"otelwod.phase": "rest"})),
        span(
            "r2",
            "b",
            71 * S,
            141 * S,
            "whatever",
            attributes={
                "otelwod.segment.type": "round",
                "otelwod.segment.index": 1,
                "otelwod.segment.label": "Round 2",
            },
        ),
        effort("t2", "r2", 71, 101, "Thrusters", 10, **WORK),
        span("walk", "r2", 101 * S, 106 * S, "to the bar", attributes={"otelwod.phase": "transition"}),
        effort("p2", "r2", 106, 141, "Pull-ups", 10),
        span("p2a", "p2", 106 * S, 116 * S, "work", attributes={"otelwod.segment.type": "work", **WORK}),
        span(
            "p2b",
            "p2",
            116 * S,
            121 * S,
            "Paused",
            attributes={"otelwod.segment.type": "pause", "otelwod.phase": "pause"},
        ),
        span("p2c", "p2", 121 * S, 141 * S, "work", attributes={"otelwod.segment.type": "work", **WORK}),
    ]


def report_of(records: list[SpanRecord]) -> WorkoutReport:
    found = analyze_traces([one(*records)])
    assert Report.from_dict(found.to_dict()) == found
    workout = found.traces[0].workout
    assert workout is not None
    return workout


def test_splits_movements_and_fade() -> None:
    trace = analyze_traces([one(*two_rounds())]).traces[0]
    assert trace.phases == PhaseSplit(120 * S, 10 * S, 5 * S, 5 * S, 0)
    workout = report_of(two_rounds())
    assert (workout.name, workout.format, workout.score) == ("Fran", "for_time", "2:20")
    first, second = workout.splits
    assert (first.label, first.index, first.type, first.operation) == ("Round 1", 0, "round", "21-15")
    assert (first.duration_ns, first.reps, first.phases) == (60 * S, 30, PhaseSplit(work_ns=60 * S))
    assert (second.label, second.reps) == ("Round 2", 20)
    assert second.phases == PhaseSplit(60 * S, 0, 5 * S, 5 * S, 0)
    thrusters, pull_ups = workout.movements
    assert (thrusters.movement, thrusters.movement_id, thrusters.efforts, thrusters.reps) == (
        "Thrusters",
        "x/thrusters",
        2,
        30,
    )
    assert (thrusters.paces_ns, thrusters.per_rep, thrusters.fade) == ((2 * S, 3 * S), True, 0.5)
    assert (thrusters.median_pace_ns, thrusters.slowdown_ns) == (2 * S, 10 * S)
    assert (pull_ups.total_ns, pull_ups.paces_ns) == (50 * S, (2 * S, 3 * S))
    assert thrusters.share == pytest.approx(70 / 135)  # of the unpaused time
    assert thrusters.share + pull_ups.share + (10 + 5) / 135 == pytest.approx(1)  # with rest and transition
    assert workout.fade == pytest.approx((60 / 20) / (60 / 30) - 1)


def test_without_repetitions_paces_are_times() -> None:
    records = [record for record in two_rounds() if record.span_id not in ("p1", "t1")]
    records += [effort("t1", "r1", 1, 41, "Run", 0, **WORK), effort("p1", "r1", 41, 61, "Run", 0, **WORK)]
    run = next(use for use in report_of(records).movements if use.movement == "Run")
    assert (run.paces_ns, run.per_rep, run.slowdown_ns, run.fade) == ((40 * S, 20 * S), False, 20 * S, -0.5)
    assert report_of(records).fade is None  # only one round counted repetitions


def test_what_no_leaf_tells_is_unknown() -> None:
    records = [record for record in two_rounds() if record.span_id != "t1"]
    assert report_of(records).splits[0].phases == PhaseSplit(work_ns=20 * S, unknown_ns=40 * S)


def test_damaged_attributes_are_no_trouble() -> None:
    records = two_rounds()
    records[3] = effort("t1", "r1", 1, 41, "Thrusters", 0, **WORK, **{"otelwod.reps.done": float("nan")})
    records[4] = effort("p1", "r1", 41, 61, "Pull-ups", 0, **WORK, **{"otelwod.reps.done": "many"})
    assert report_of(records).splits[0].reps == 0


def test_a_pipeline_is_no_workout() -> None:
    trace = one(span("r", None, 1, 9), span("a", "r", 1, 5, attributes=WORK))
    assert analyze_traces([trace]).traces[0].workout is None


def test_fade_needs_two_efforts() -> None:
    assert fade([]) is None
    assert fade([(5, 1)]) is None
    assert fade([(0, 1), (5, 1)]) is None
    assert fade([(10, 0), (20, 0)]) == 1.0
    assert fade([(10, 0), (20, 5)]) is None
    assert fade([(10, 5), (20, 5), (3, 0)]) == 1.0  # the clock cut the last one short


CUT = {"otelwod.completion.reason": "forced", "otelwod.status": "completed"}
MINUTE = {"otelwod.timer.planned": 60.0, "otelwod.timer.direction": "down"}


def rounds_of(*efforts: list[SpanRecord], **root: Any) -> list[SpanRecord]:
    """Rounds of the given efforts, each from its first effort's start to its last one's end."""
    end = efforts[-1][-1].end_ns or 0
    records = [
        span("s", None, 0, end, "session", attributes=block("session", **root)),
        span("b", "s", 0, end, "rounds", attributes=block("rounds")),
    ]
    for index, found in enumerate(efforts):
        given = {"otelwod.segment.type": "round", "otelwod.segment.index": index}
        records.append(span(f"r{index}", "b", found[0].start_ns, found[-1].end_ns, f"Round {index}", attributes=given))
        records += found
    return records


def test_pause_and_rest_inside_an_effort_are_no_part_of_its_movement() -> None:
    records = rounds_of([effort("p", "r0", 0, 700, "Pull-ups", 20)])
    for at, (phase, start, end) in enumerate([("work", 0, 10), ("pause", 10, 610), ("rest", 610, 670)]):
        records.append(span(f"p{at}", "p", start * S, end * S, phase, attributes={"otelwod.phase": phase}))
    records.append(span("p9", "p", 670 * S, 700 * S, "work", attributes=WORK))
    (use,) = report_of(records).movements
    assert (use.total_ns, use.share, use.mean_pace_ns, use.paces_ns) == (40 * S, 0.4, 2 * S, (2 * S,))


def test_a_set_that_counted_nothing_has_no_part_in_the_pace_of_a_repetition() -> None:
    records = rounds_of(
        [effort("a", "r0", 0, 30, "Burpees", 10, **WORK)],
        [effort("b1", "r1", 30, 80, "Burpees", 15, **WORK)],
        [effort("c", "r2", 80, 90, "Burpees", 0, **WORK, **CUT)],
    )
    (use,) = report_of(records).movements
    assert (use.mean_pace_ns, use.per_rep, use.reps, use.efforts) == (80 * S // 25, True, 25, 3)
    assert use.total_ns == 90 * S


TARGET = {"otelwod.reps.target": 20}


def test_a_set_that_the_clock_cut_short_of_its_target_is_no_slower_one() -> None:
    records = rounds_of(
        [effort("a", "r0", 0, 40, "Burpees", 20, **WORK, **TARGET)],
        [effort("b1", "r1", 40, 84, "Burpees", 20, **WORK, **TARGET)],
        [effort("c", "r2", 84, 124, "Burpees", 5, **WORK, **TARGET, **CUT)],
    )
    (use,) = report_of(records).movements
    assert (use.paces_ns, use.fade, use.slowdown_ns) == ((2 * S, 2_200_000_000), pytest.approx(0.1), 4 * S)
    assert (use.reps, use.efforts, use.total_ns, use.mean_pace_ns) == (45, 3, 124 * S, 2_100_000_000)


def test_minutes_that_are_all_cut_short_tell_no_change_of_pace() -> None:
    minutes = [
        [effort(f"e{n}", f"r{n}", n * 60, n * 60 + 60, "Burpees", reps, **WORK, **TARGET, **CUT)]
        for n, reps in enumerate((15, 10, 5))
    ]
    (use,) = report_of(rounds_of(*minutes)).movements
    assert (use.fade, use.paces_ns, use.slowdown_ns) == (None, (), 0)
    assert (use.per_rep, use.mean_pace_ns) == (True, 6 * S)  # all that is known of a repetition


def test_intervals_of_as_many_as_possible_are_compared() -> None:
    tabata = [
        [effort(f"e{n}", f"r{n}", n * 20, n * 20 + 20, "Squats", reps, **WORK, **CUT)]
        for n, reps in enumerate((20, 10))
    ]
    (use,) = report_of(rounds_of(*tabata)).movements
    assert use.fade == pytest.approx(1.0)


def test_sets_without_repetitions_that_were_cut_or_timed_tell_no_pace() -> None:
    runs = rounds_of(
        [effort("a", "r0", 0, 100, "Run", 0, **WORK)],
        [effort("b1", "r1", 100, 220, "Run", 0, **WORK)],
        [effort("c", "r2", 220, 230, "Run", 0, **WORK, **CUT)],
    )
    found = report_of(runs)
    assert ([split.full for split in found.splits], found.fade) == ([True, True, False], pytest.approx(0.2))
    assert (found.movements[0].paces_ns, found.movements[0].mean_pace_ns) == ((100 * S, 120 * S), 110 * S)
    timed = report_of(
        rounds_of(*([effort(f"e{n}", f"r{n}", n * 60, n * 60 + 60, "Plank", 0, **WORK, **MINUTE)] for n in range(3)))
    )
    assert (timed.fade, timed.movements[0].fade, timed.movements[0].paces_ns) == (None, None, ())
    assert timed.movements[0].mean_pace_ns == 60 * S
    assert timed.fixed == ("0 Plank",)


@pytest.mark.parametrize(
    ("last", "full"),
    [
        ({**CUT, "otelwod.reps.target": 20}, False),
        ({**CUT, "otelwod.reps.target": 10}, True),  # the clock came with the last repetition
        ({"otelwod.completion.reason": "aborted", "otelwod.status": "skipped"}, False),
        ({"otelwod.completion.reason": "user_advance", "otelwod.status": "completed"}, True),
    ],
)
def test_only_full_rounds_are_compared(last: dict[str, Any], full: bool) -> None:
    found = report_of(
        rounds_of(
            [effort("a", "r0", 0, 40, "Thrusters", 10, **WORK)],
            [effort("b1", "r1", 40, 60, "Thrusters", 10, **WORK, **last)],
        )
    )
    assert [split.full for split in found.splits] == [True, full]
    assert found.fade == (-0.5 if full else None)


def test_a_round_with_fewer_efforts_is_not_full() -> None:
    first = [effort("a", "r0", 0, 40, "Thrusters", 10, **WORK), effort("a2", "r0", 40, 60, "Pull-ups", 10, **WORK)]
    found = report_of(rounds_of(first, [effort("b1", "r1", 60, 70, "Thrusters", 10, **WORK)]))
    assert ([split.full for split in found.splits], found.fade) == ([True, False], None)


@pytest.mark.parametrize(
    ("status", "reason", "ending"),
    [
        ("completed", "children_complete", "completed"),
        ("skipped", "aborted", "stopped"),
        ("failed", "interrupted", "interrupted"),
    ],
)
def test_how_a_workout_ended(status: str, reason: str, ending: str) -> None:
    root = {"otelwod.status": status, "otelwod.completion.reason": reason}
    assert report_of(rounds_of([effort("a", "r0", 0, 40, "Thrusters", 10, **WORK)], **root)).ending == ending
