"""Athletes: the pace model does what its parameters say; any athlete can drive; a replay runs on to the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from runtime_sessions import MINUTE, S, efforts, program, stopped

from otelwod.runtime.athletes import Pace, SimulatedAthlete, drive, replay
from otelwod.runtime.events import Event, MetricRecorded
from otelwod.runtime.inputs import Input
from otelwod.runtime.session import Session

EVEN = Pace(form=(1.0, 1.0), fatigue=0.0, noise=0.0, set_size=(1000, 1000))
"""An athlete who is always the same."""


def simulated(text: str, pace: Pace | None = None, seed: int = 1) -> list[Event]:
    session = Session(program(text))
    return [e for events in drive(session, SimulatedAthlete(seed, pace)) for e in events]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10 Burpees", 36),
        ("10 Thrusters", 24),
        ("10 Wiggles", 25),
        ("10 Squat", 15),
        ("10 Squat 140 kg", 40),
        ("340 m Run", 100),
        ("20 m Crawl", 10),
        ("10 cal Row", 39),
        ("10 cal Wiggle", 40),
        ("Rest as needed\n1 Burpee", 60 + 3.6),
        (":? Sprint", 60),
        ("^2:00 Row", 120),
        ("1:00 Plank", 60),
        ("1:00 Rest\n1 Burpee", 63.6),
    ],
)
def test_a_fresh_even_athlete_takes_the_tables_seconds(text: str, seconds: float) -> None:
    assert stopped(simulated(text, EVEN), "0").t == pytest.approx(seconds * S, abs=2_000_000)


def test_form_fatigue_noise_and_breath() -> None:
    def time(pace: Pace, seed: int = 1) -> int:
        return stopped(simulated("100 Burpees", pace, seed), "0").t

    assert time(replace(EVEN, form=(2.0, 2.0))) == pytest.approx(720 * S, abs=2_000_000)
    tired = replace(EVEN, fatigue=1.0, fatigue_after=1.0)
    assert time(replace(tired, set_size=(50, 50), breath=0.0)) == pytest.approx((180 + 360) * S, rel=0.01)
    assert time(replace(EVEN, set_size=(10, 10), breath=5.0)) == pytest.approx((360 + 45) * S, abs=20_000_000)
    noisy = replace(EVEN, noise=0.3)
    assert time(noisy, 1) == time(noisy, 1) != time(noisy, 2)


def reps_by_effort(events: list[Event]) -> list[float]:
    """The repetitions of every effort that recorded some, in order."""
    done: dict[str, float] = {}
    for event in events:
        if isinstance(event, MetricRecorded) and event.metric == "reps":
            done[event.block] = done.get(event.block, 0) + event.value
    return list(done.values())


@pytest.mark.parametrize(
    ("text", "efforts_", "least", "most"),
    [
        ("8-12 Curls", 1, 8, 12),
        ("Max Pull-ups", 1, 8, 20),
        ("? Push-ups", 1, 8, 20),
        ("4 sets of 8-12 Curls", 4, 8, 12),
        ("3 rounds of:\n  6-8 Back Squat @ RPE 8", 3, 6, 8),
        ("EMOM 3\n  3-4 Burpees", 3, 3, 4),
        ("100-120 Air Squats", 1, 100, 120),
    ],
)
def test_open_amounts_are_chosen_within_their_range(text: str, efforts_: int, least: int, most: int) -> None:
    for seed in range(5):
        done = reps_by_effort(simulated(text, seed=seed))
        assert len(done) == efforts_
        assert all(least <= reps <= most for reps in done), (text, seed, done)


def test_a_range_takes_the_time_of_its_repetitions() -> None:
    events = simulated("8-12 Burpees", EVEN)
    assert stopped(events, "0").t == pytest.approx(reps_by_effort(events)[0] * 3.6 * S, abs=2_000_000)


def test_a_range_beyond_the_most_sets_is_kept_too() -> None:
    (done,) = reps_by_effort(simulated("30000-40000 Double-unders", replace(EVEN, set_size=(1, 1))))
    assert 30_000 <= done <= 40_000


@pytest.mark.parametrize(
    ("text", "metric", "done"),
    [
        ("AMRAP 1:00\n  30 Burpees", "reps", 16),  # 60 s / 3.6 s
        ("EMOM 1\n  20 Burpees", "reps", 16),
        ("AMRAP 1:00\n  340 m Run", "distance", 203),  # 204 m at the very boundary, which comes first
        ("AMRAP 1:00\n  20 cal Row", "energy", 15),
    ],
)
def test_what_the_clock_cuts_is_done_in_proportion_to_its_time(text: str, metric: str, done: int) -> None:
    found = [e.value for e in simulated(text, EVEN) if isinstance(e, MetricRecorded) and e.metric == metric]
    assert found == [done]


def test_a_clock_that_cuts_every_minute_slows_nobody_by_chance() -> None:
    for seed in range(8):
        done = reps_by_effort(simulated("EMOM 5\n  40 Burpees", seed=seed))
        assert len(done) == 5
        assert max(done) - min(done) <= 5, done
    fresh, *_, tired = reps_by_effort(simulated("EMOM 10\n  40 Burpees", replace(EVEN, fatigue=1.0)))
    assert tired < fresh * 0.8


def test_work_that_was_cut_off_tires_nobody() -> None:
    tiring = replace(EVEN, fatigue=1.0)
    tabata = reps_by_effort(simulated("Tabata Squats", tiring))
    assert tabata[0] - tabata[-1] <= 4, "160 s of work, not 200 squats planned for each interval"


@pytest.mark.parametrize("text", ["EMOM 4\n  5 Burpees\n  Rest", "EMOM 4\n  Rest\n  5 Burpees"])
def test_an_open_rest_fills_its_interval(text: str) -> None:
    for seed in range(6):
        rests = [row for row in efforts(simulated(text, seed=seed)) if row[0] == "Rest"]
        assert len(rests) == 4, rests  # one a minute, never a second one behind it


def test_intervals_are_worked_to_the_clock() -> None:
    events = simulated("Tabata Squats", EVEN)
    assert stopped(events, "0").t == 4 * MINUTE
    work = [row for row in efforts(events) if row[0] != "Rest"]
    assert len(work) == 8
    assert {row[3] for row in work} == {"forced"}
    timed = simulated("2:00 100 KB Swings", EVEN)
    assert stopped(timed, "0").t <= 2 * MINUTE


def test_any_workout_of_the_examples_ends() -> None:
    for text in ("20:00\n  (21-15-9)\n    Thrusters\n    Pull-ups", '(3)\n  20:00 Row {"rpe": 8}\n  :30 Rest'):
        assert stopped(simulated(text), "0").status == "completed"


class Silent:
    """Never does anything."""

    def propose(self, session: Session) -> Input | None:
        return None


def test_a_silent_athlete_is_stopped_where_no_timer_would_end_it() -> None:
    session = Session(program("1:00 Run\n10 Burpees"))
    events = [e for batch in drive(session, Silent()) for e in batch]
    assert efforts(events) == [("1:00 Run", 0, MINUTE, "timer_expired"), ("10 Burpees", MINUTE, MINUTE, "aborted")]


def test_an_athlete_can_take_over_a_running_session() -> None:
    session = Session(program("10 Burpees"))
    session.send(Input("reps", 2 * S, value=3))
    for _ in drive(session, SimulatedAthlete(1, EVEN)):
        pass
    assert session.is_done


@pytest.mark.parametrize("text", ["", "x"])
def test_replay_runs_on_to_the_end(text: Any) -> None:
    entries = [Input("next", 30 * S)] if text else []
    session = Session(program("10 Burpees\n1:00 Run"))
    events = [e for batch in replay(session, entries) for e in batch]
    ended = [row[3] for row in efforts(events)]
    assert ended == (["user_advance", "timer_expired"] if text else ["aborted"])


def test_an_open_rest_behind_work_of_the_same_interval_fills_it() -> None:
    for seed in range(6):
        rests = [
            row for row in efforts(simulated("(3) 2:00 EMOM\n  + 5 Burpees\n  + Rest", seed=seed)) if row[0] == "Rest"
        ]
        assert len(rests) == 3, rests


def test_an_open_rest_before_work_of_the_same_interval_leaves_time_for_it() -> None:
    events = simulated("(3) 2:00 EMOM\n  + Rest\n  + 5 Burpees", EVEN)
    assert reps_by_effort(events) == [5, 5, 5]
    (first, *_) = [row for row in efforts(events) if row[0] == "Rest"]
    assert first[2] - first[1] == MINUTE


def test_a_clock_before_the_first_repetition_leaves_nothing_done() -> None:
    assert reps_by_effort(simulated("AMRAP :03\n  10 Burpees", EVEN)) == []
