"""The two rooms together: the tracker takes any stream of the runtime without a fault, and comes to the same times."""

from __future__ import annotations

from hypothesis import assume, given, settings
from runtime_strategies import inputs, texts

from otelwod import conventions as c
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import Limits, compile_workout
from otelwod.runtime.results import Results
from otelwod.runtime.session import Session
from otelwod.trace import SpanRecord
from otelwod.tracking import SessionTracker
from otelwod.workout import parse

LIMITS = Limits(blocks=3000)


@settings(max_examples=25, deadline=None)
@given(text=texts(), entries=inputs())
def test_the_tracker_books_what_the_runtime_says(text: str, entries: list[Input]) -> None:
    program = compile_workout(parse(text), limits=LIMITS)
    assume(not program.errors)
    records: list[SpanRecord] = []
    tracker = SessionTracker(session_id="x", anchor_ns=10**18, on_record=records.append)
    results = Results(program)
    session = Session(program, limits=LIMITS)
    session.subscribe(tracker)  # type: ignore[arg-type]
    session.subscribe(results)
    for entry in entries:
        session.send(entry)
    session.send(Input("stop", session.now + 5))
    tracker.close()
    results.close()
    assert tracker.faults == 0
    assert session.subscriber_failures == 0
    spent = dict.fromkeys(("work", "rest", "pause", "transition"), 0)
    for record in records:
        phase = record.attributes.get(c.PHASE)
        if phase is not None:
            assert record.end_ns is not None
            spent[str(phase)] += record.end_ns - record.start_ns
    outcome = results.outcome()
    assert spent["rest"] == outcome.rest_ns
    assert spent["pause"] == outcome.total_ns - outcome.elapsed_ns
    assert spent["work"] + spent["transition"] == outcome.work_ns
