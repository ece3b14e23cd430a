"""Rules 8 and 9 of WORKOUTS.md: the last tap can be undone, a crashed session goes on.

Random durations, and the edges by hand.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime_sessions import (
    Run,
    S,
    efforts,
    of,
    recorded,
    rejected,
    settled,
    stopped,
)

from otelwod.runtime.athletes import replay
from otelwod.runtime.events import MetricRecorded, SpanStopped, TapUndone
from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.journal import journal_line, read_journal, resumption
from otelwod.runtime.program import Limits

quick = settings(max_examples=40, deadline=None)

# ---------------------------------------------------------------------------------------- 8. the last tap can be undone


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


# --------------------------------------------------------------------------------------------------- 9. crash and go on


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
    before = None
    for cut in range(len(text) + 1):
        journal = read_journal(text[:cut].decode("utf-8", "replace"))
        count = len(journal.inputs)
        assert journal.inputs == ATHLETE[:count]
        assert journal.torn is (cut != 0 and text[cut - 1 : cut] != b"\n")
        if journal == before:
            continue  # another byte of a line that does not count: the same session goes on
        before = journal
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
