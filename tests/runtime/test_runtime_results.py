"""Results: splits, totals, fade, consistency, planned against done."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime_sessions import MINUTE, Run, S, program

from otelwod import conventions as c
from otelwod.runtime.lifts import MOST_LIFTS, estimated_one_rep_max
from otelwod.runtime.planned import Planned, planned_movements, reps_of_a_run
from otelwod.runtime.results import Outcome, Results, consistency, fade
from otelwod.runtime.scores import amrap_score, clock_text, number_text, strength_score, tabata_score, total_score
from otelwod.runtime.tally import Amounts, Tally, tally_of
from otelwod.workout.model import Movement


def outcome(run: Run) -> Outcome:
    results = Results(run.session.program)
    for event in run.events:
        results(event)
    results.close()
    return results.outcome()


def test_splits_of_rounds_with_unequal_reps_compare_by_pace() -> None:
    run = Run("(21-15-9)\n  Thrusters\n  Pull-ups")
    for t in (42, 84, 114, 144, 162, 180):
        run.next(t * S)
    found = outcome(run)
    assert [(s.number, s.label, s.reps, s.elapsed_ns // S, s.done) for s in found.splits] == [
        (1, "Round 1", 42, 84, True),
        (2, "Round 2", 30, 60, True),
        (3, "Round 3", 18, 36, True),
    ]
    assert found.paces == (2.0 * S, 2.0 * S, 2.0 * S)
    assert found.fade == 0
    assert found.consistency == 1
    assert [(m.movement, m.efforts, m.reps, m.planned_reps, m.work_ns // S) for m in found.movements] == [
        ("Thrusters", 3, 45, 45, 42 + 30 + 18),
        ("Pull-ups", 3, 45, 45, 42 + 30 + 18),
    ]
    assert found.movements[0].splits_ns == (42 * S, 30 * S, 18 * S)
    assert found.intervals_made == (0, 0)


def test_fade_and_consistency_are_what_they_say() -> None:
    assert fade([10.0, 12.0]) == pytest.approx(0.2)
    assert fade([10.0, 8.0]) == pytest.approx(-0.2)
    assert fade([10.0]) is None
    assert fade([0.0, 10.0]) is None
    assert consistency([10.0, 10.0]) == 1
    assert consistency([8.0, 12.0]) == pytest.approx(0.8)
    assert consistency([10.0]) is None
    assert consistency([0.0, 0.0]) is None


def test_rounds_without_reps_compare_by_their_time_and_cut_ones_not_at_all() -> None:
    run = Run("AMRAP 5\n  400 m Run")
    run.next(100 * S)
    run.next(220 * S)
    run.tick(300 * S)
    found = outcome(run)
    assert [s.done for s in found.splits] == [True, True, False]
    assert found.fade == pytest.approx(0.2)
    assert found.movements[0].distance_m == 800


def test_emom_splits_say_time_to_complete_rest_earned_made_or_missed() -> None:
    run = Run("(3) 1:00 EMOM\n  5 Cleans")
    run.next(20 * S)
    run.next(60 * S + 50 * S)
    run.tick(180 * S)
    found = outcome(run)
    assert [(s.work_ns // S, s.rest_ns // S, s.made) for s in found.splits] == [
        (20, 40, True),
        (50, 10, True),
        (60, 0, False),
    ]
    assert found.intervals_made == (2, 1)


def test_planned_against_done_when_stopped_half_way() -> None:
    run = Run("(3)\n  10 Burpees\n  20 Squats\nMax Pull-ups")
    run.next(30 * S)
    run.reps(40 * S, 7)
    run.stop(50 * S)
    found = outcome(run)
    assert found.planned == (
        Planned("Burpees", 3, 30),
        Planned("Squats", 3, 60),
        Planned("Pull-ups", 1, None),
    )
    assert [(m.movement, m.reps, m.planned_reps) for m in found.movements] == [("Burpees", 10, 10), ("Squats", 7, 20)]
    assert found.status == "skipped"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(21-15-9)\n  Thrusters\n  10 Burpees", [("Thrusters", 3, 45), ("Burpees", 3, 30)]),
        ("(2)\n  (3-2-1)\n    Thrusters", [("Thrusters", 6, 12)]),
        ("(3-2-1)\n  (2)\n    Thrusters", [("Thrusters", 6, 12)]),
        ("AMRAP 5\n  10 Burpees", [("Burpees", None, None)]),
        ("(5) 1:00 EMOM\n  - 5 Cleans\n  - 8 Jerks", [("Cleans", 3, 15), ("Jerks", 2, 16)]),
        ("400 m Run", [("Run", 1, 0)]),
        ("5x5 Back Squat 100 kg", [("Back Squat", 5, 25)]),
    ],
)
def test_planned_movements(text: str, expected: list[tuple[str, int | None, int | None]]) -> None:
    assert [(p.movement, p.efforts, p.reps) for p in planned_movements(program(text))] == expected


def test_reps_of_a_run_of_a_capped_scheme() -> None:
    compiled = program("For Time cap 10:00\n  (21-15-9)\n    Thrusters\n    Pull-ups\n  10 Burpees")
    assert reps_of_a_run(compiled)[1] == 100
    run = Run("For Time cap 10:00\n  (21-15-9)\n    Thrusters\n    Pull-ups\n  10 Burpees")
    run.next(60 * S)
    run.tick(10 * MINUTE)
    assert run.score == "CAP + 79"


def test_loads_volume_and_the_last_load_said() -> None:
    run = Run("5 Deadlifts 100 kg")
    run.record(10 * S, 220.462, metric="load", unit="lb")
    run.next(20 * S)
    movement = outcome(run).movements[0]
    assert movement.volume_kg == pytest.approx(500, abs=0.01)


def test_results_before_the_end_and_rejections() -> None:
    run = Run("10:00 Run")
    results = Results()
    run.session.subscribe(results, catch_up=True)
    run.reps(60 * S, float("nan"))
    run.rest(70 * S)
    run.pause(80 * S)
    run.resume(100 * S)
    run.record(110 * S, 1, metric="load", unit="kg")
    run.tick(115 * S)
    results.close()
    found = results.outcome()
    assert found.status == "active"
    assert found.rejected == {"invalid": 1, "rest": 1}
    assert (found.total_ns, found.elapsed_ns, found.rest_ns) == (110 * S, 90 * S, 20 * S)


def test_a_total_where_no_format_says_how_to_score() -> None:
    run = Run("10 Burpees\n400 m Run\n20 cal Row")
    for t in (10, 20, 30):
        run.next(t * S)
    assert run.score == "10 reps, 400 m, 20 kcal"
    assert total_score(Tally()) == {}


def test_words_of_scores() -> None:
    assert clock_text(3_723_999_999_999) == "1:02:03"
    assert clock_text(59_999_999_999) == "0:59"
    assert (number_text(12.0), number_text(43.14), number_text(2551.4)) == ("12", "43.1", "2,551")
    assert amrap_score(1, 1)[c.SCORE_DISPLAY] == "1 round + 1 rep"
    assert tabata_score(None, 0, 8)[c.SCORE_DISPLAY] == "8 rounds"
    assert strength_score(Tally(reps=12))[c.SCORE_DISPLAY] == "12 reps"
    sets = [tally_of(Amounts(reps, load=load)) for load, reps in ((80.0, 10), (100.0, 2), (100.0, 3), (100.0, 3))]
    uneven = strength_score(sets[0].plus(sets[1]).plus(sets[2]).plus(sets[3]))
    assert uneven[c.SCORE_DISPLAY] == "2 × 3 @ 100 kg, volume 1,600 kg, est. 1RM 110 kg"
    apart = tally_of(Amounts(1, load=50.0), Movement("Press; strict")).plus(tally_of(Amounts(2, load=60.0)))
    assert strength_score(apart)[c.SCORE_DISPLAY] == (
        "Press, strict 1 × 1 @ 50 kg, volume 50 kg, est. 1RM 50 kg; "
        "no name 1 × 2 @ 60 kg, volume 120 kg, est. 1RM 64 kg"
    )


def test_one_movement_is_one_lift_however_it_is_written_and_a_qualifier_makes_another() -> None:
    written = (Movement("Squat", "squat/back_squat"), Movement("Back squats", "squat/back_squat"))
    paused = Movement("Paused squat", "squat/back_squat", "paused")
    tally = Tally()
    for movement in (*written, paused):
        tally = tally.plus(tally_of(Amounts(5, load=100.0), movement))
    assert [(lift.name, lift.sets) for lift in tally.lifts] == [("Squat", 2), ("Paused squat", 1)]


def test_lifts_beyond_the_most_share_one_entry() -> None:
    tally = Tally()
    for number in range(MOST_LIFTS + 5):
        tally = tally.plus(tally_of(Amounts(1, load=50.0 + number), Movement(f"Lift {number}")))
    assert len(tally.lifts) == MOST_LIFTS + 1
    last = tally.lifts[-1]
    assert (last.name, last.sets, last.load, last.alike) == ("other lifts", 5, 50.0 + MOST_LIFTS + 4, 1)
    assert tally.volume == sum(lift.volume for lift in tally.lifts)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 300)), max_size=6))
def test_tallies_add_up_in_any_order(sets: list[tuple[int, float]]) -> None:
    tallies = [tally_of(Amounts(reps, 0.0, 0.0, load)) for reps, load in sets]
    forwards, backwards = Tally(), Tally()
    for tally in tallies:
        forwards = forwards.plus(tally)
    for tally in reversed(tallies):
        backwards = backwards.plus(tally)
    assert forwards.reps == backwards.reps == sum(reps for reps, _ in sets)
    assert forwards.volume == pytest.approx(backwards.volume)
    assert len(forwards.lifts) == len(backwards.lifts) == any(reps and load for reps, load in sets)
    for one, other in zip(forwards.lifts, backwards.lifts, strict=True):
        assert one._replace(volume=0.0) == other._replace(volume=0.0)


def test_epley() -> None:
    assert estimated_one_rep_max(100, 1) == 100
    assert estimated_one_rep_max(100, 30) == 200
