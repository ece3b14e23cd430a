"""A workout, captured: phases, segments, metrics with their values, rejected ones with their reason."""

from __future__ import annotations

from otelwod import conventions as c
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.testing import CapturedSpans
from otelwod.tracking import SessionTracker
from otelwod.workout import parse

S = 10**9


def test_everything_about_a_workout_is_captured() -> None:
    spans = CapturedSpans()
    tracker = SessionTracker(session_id="s", anchor_ns=S, tracer=spans.tracer, workout_name="Short")
    session = Session(compile_workout(parse("(2)\n  5 Burpees\n  Rest 0:20\n")))
    session.subscribe(tracker)  # type: ignore[arg-type]
    inputs = (
        Input("reps", 4 * S, value=3),
        Input("pause", 5 * S),
        Input("resume", 9 * S),
        Input("next", 12 * S),
        Input("reps", 20 * S, value=1),
        Input("tick", 32 * S),
        Input("next", 40 * S),
        Input("tick", 60 * S),
    )
    for entry in inputs:
        session.send(entry)
    tracker.close()
    shown = (c.PHASE, c.SEGMENT_TYPE, c.METRIC_NAME, c.METRIC_VALUE, c.REASON)
    assert spans.tree(shown, events=True) == "\n".join(
        [
            "Short",
            "  2 Rounds",
            "    * otelwod.milestone.reached",
            "    * otelwod.milestone.reached",
            "    Round 1  otelwod.segment.type='round'",
            "      5 Burpees",
            "        * otelwod.metric.recorded  otelwod.metric.name='reps'  otelwod.metric.value=3.0",
            "        * otelwod.metric.recorded  otelwod.metric.name='reps'  otelwod.metric.value=2.0",
            "        5 Burpees  otelwod.phase='work'  otelwod.segment.type='work'",
            "        Paused  otelwod.phase='pause'  otelwod.segment.type='pause'",
            "        5 Burpees  otelwod.phase='work'  otelwod.segment.type='work'",
            "      Rest :20  otelwod.phase='rest'",
            "        * otelwod.metric.rejected  otelwod.metric.name='reps'"
            "  otelwod.metric.value=1.0  otelwod.reason='rest'",
            "    Round 2  otelwod.segment.type='round'",
            "      5 Burpees  otelwod.phase='work'",
            "        * otelwod.metric.recorded  otelwod.metric.name='reps'  otelwod.metric.value=5.0",
            "      Rest :20  otelwod.phase='rest'",
        ]
    )
