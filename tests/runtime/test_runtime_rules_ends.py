"""Rule 5 of WORKOUTS.md: every workout ends, within bounds.

Random durations, and the edges by hand.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime_sessions import (
    MINUTE,
    Run,
    recorded,
    stopped,
)

from otelwod.runtime.program import Limits, ProgramError, compile_workout
from otelwod.runtime.session import LimitError, Session
from otelwod.workout import parse

quick = settings(max_examples=40, deadline=None)


def clock(total: int) -> str:
    return f"{total // 60}:{total % 60:02d}"


# ------------------------------------------------------------------------------------------------ 5. every workout ends


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
