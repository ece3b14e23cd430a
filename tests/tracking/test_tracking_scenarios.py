"""Three scenarios to the nanosecond on exported OTLP, with random times, by our runtime and by a foreign one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tracking_streams import ANCHOR, S, provider

from otelwod import conventions as c
from otelwod.runtime.athletes import replay
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.tracking import ExecutionTracker, SessionTracker
from otelwod.workout import parse

FEW = settings(max_examples=15, deadline=None)


@dataclass(frozen=True)
class Sent:
    """One span as a backend gets it; times are from the session's start."""

    name: str
    id: str
    parent: str
    start: int
    end: int
    attributes: dict[str, Any]
    events: list[tuple[str, int, dict[str, Any]]]


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(v) for v in value.array_value.values]
    return getattr(value, kind)


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def exported(exporter: InMemorySpanExporter) -> list[Sent]:
    request = encode_spans(exporter.get_finished_spans())
    spans = [s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans]
    sent = [
        Sent(
            span.name,
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.start_time_unix_nano - ANCHOR,
            span.end_time_unix_nano - ANCHOR,
            _attributes(span.attributes),
            [(e.name, e.time_unix_nano - ANCHOR, _attributes(e.attributes)) for e in span.events],
        )
        for span in spans
    ]
    return sorted(sent, key=lambda s: (s.start, -s.end))


def by_runtime(text: str, *inputs: Input) -> list[Sent]:
    made, exporter = provider()
    session = Session(compile_workout(parse(text, name="Scenario")))
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR, tracer=made.get_tracer("otelwod"))
    session.subscribe(tracker)  # type: ignore[arg-type]
    for _ in replay(session, inputs):
        pass
    tracker.close()
    assert tracker.faults == 0
    return exported(exporter)


def by_hand(play: Callable[[ExecutionTracker], None]) -> list[Sent]:
    made, exporter = provider()
    tracker = ExecutionTracker(
        "Scenario", session_id="s", anchor_ns=ANCHOR, clock=lambda: 0, tracer=made.get_tracer("otelwod")
    )
    play(tracker)
    return exported(exporter)


def leaves(sent: list[Sent], parent: Sent) -> list[Sent]:
    return [s for s in sent if s.parent == parent.id]


def metrics(span: Sent, event: str = c.EVENT_METRIC_RECORDED) -> list[tuple[int, dict[str, Any]]]:
    return [(t, attributes) for name, t, attributes in span.events if name == event]


times = st.integers(1, 20 * S)


def check_amrap(sent: list[Sent], first: int, pause: int, resume: int, second: int, end: int) -> None:
    (effort,) = [s for s in sent if s.attributes.get(c.BLOCK_TYPE) == "effort" and metrics(s)]
    work, paused, again = leaves(sent, effort)
    assert [(s.attributes[c.SEGMENT_TYPE], s.attributes[c.PHASE]) for s in (work, paused, again)] == [
        ("work", "work"), ("pause", "pause"), ("work", "work"),
    ]  # fmt: skip
    assert [(s.start, s.end) for s in (work, paused, again)] == [(0, pause), (pause, resume), (resume, end)]
    assert sum(1 for s in sent if s.attributes.get(c.SEGMENT_TYPE) == "pause") == 1
    (at_first, one), (at_second, two) = metrics(effort)
    assert (at_first, at_second) == (first, second)
    assert one[c.SEGMENT_ID] == work.attributes[c.SEGMENT_ID]
    assert two[c.SEGMENT_ID] == again.attributes[c.SEGMENT_ID]
    assert one[c.CAPTURED_ELAPSED] == first / S == one[c.CAPTURED_TOTAL_ELAPSED]
    assert two[c.CAPTURED_ELAPSED] == (second - resume) / S
    assert two[c.CAPTURED_TOTAL_ELAPSED] == (second - resume + pause) / S
    assert two["otelwod.captured.parent_timer.elapsed"] == (second - resume + pause) / S
    assert c.PHASE not in effort.attributes


@FEW
@given(times, times, times, times, times)
def test_amrap_with_a_pause(a: int, b: int, d: int, e: int, f: int) -> None:
    first, pause, resume, second = a, a + b, a + b + d, a + b + d + e
    limit = 60 * S + 100 * S
    sent = by_runtime(
        "AMRAP 2:40\n  Burpees\n",
        Input("reps", first, value=7),
        Input("pause", pause),
        Input("resume", resume),
        Input("reps", second, value=3),
    )
    check_amrap(sent, first, pause, resume, second, limit + d)
    amrap = next(s for s in sent if s.attributes.get(c.BLOCK_TYPE) == "amrap")
    assert (amrap.end, amrap.attributes[c.TIMER_ELAPSED]) == (limit + d, limit / S)
    assert amrap.attributes[c.TIMER_TOTAL] == (limit + d) / S

    def play(tracker: ExecutionTracker) -> None:
        tracker.start_span("amrap", "AMRAP", {c.TIMER_DIRECTION: "down", c.TIMER_PLANNED: 160.0}, at=0)
        tracker.start_span("effort", "Burpees", at=0)
        tracker.record_metric("reps", 7, at=first)
        tracker.pause(at=pause)
        tracker.resume(at=resume)
        tracker.record_metric("reps", 3, at=second)
        tracker.close(at=second + f)

    check_amrap(by_hand(play), first, pause, resume, second, second + f)


@FEW
@given(st.integers(1, 40 * S - 1), st.integers(0, 20 * S - 1), st.integers(0, 40 * S - 1))
def test_work_and_rest(in_work: int, in_rest: int, in_next: int) -> None:
    moments = (in_work, 40 * S + in_rest, 60 * S + in_next)
    ran = by_runtime("(2) :40 / :20\n  Burpees\n", *(Input("reps", t, value=1) for t in moments))
    efforts = [s for s in ran if s.attributes.get(c.BLOCK_TYPE) == "effort"]
    rests = [s for s in ran if s.attributes.get(c.BLOCK_TYPE) == "rest"]
    assert [(s.start, s.end) for s in efforts] == [(0, 40 * S), (60 * S, 100 * S)]
    assert [t for s in efforts for t, _ in metrics(s)] == [moments[0], moments[2]]
    ((at, refused),) = metrics(rests[0], c.EVENT_METRIC_REJECTED)
    assert (at, refused[c.REASON], rests[0].start, rests[0].end) == (moments[1], "rest", 40 * S, 60 * S)
    assert rests[0].attributes[c.PHASE] == "rest"

    def play(tracker: ExecutionTracker) -> None:
        tracker.start_span("timer", "Intervals", at=0)
        tracker.start_segment("work", at=0)
        tracker.record_metric("reps", 1, at=moments[0])
        tracker.start_segment("rest", at=40 * S)
        tracker.record_metric("reps", 1, at=moments[1])
        tracker.start_segment("work", at=60 * S)
        tracker.record_metric("reps", 1, at=moments[2])
        tracker.close(at=100 * S)

    sent = by_hand(play)
    block = next(s for s in sent if s.attributes.get(c.BLOCK_TYPE) == "timer")
    work, rest, again = leaves(sent, block)
    assert [(s.start, s.end) for s in (work, rest, again)] == [(0, 40 * S), (40 * S, 60 * S), (60 * S, 100 * S)]
    assert [(t, m[c.SEGMENT_ID]) for t, m in metrics(block)] == [
        (moments[0], work.attributes[c.SEGMENT_ID]), (moments[2], again.attributes[c.SEGMENT_ID]),
    ]  # fmt: skip
    ((at, refused),) = metrics(rest, c.EVENT_METRIC_REJECTED)
    assert (at, refused[c.REASON], refused[c.SEGMENT_ID]) == (moments[1], "rest", rest.attributes[c.SEGMENT_ID])


def check_nesting(sent: list[Sent], moment: int) -> None:
    (effort,) = [s for s in sent if metrics(s)]
    ((at, metric),) = metrics(effort)
    by_id = {s.id: s for s in sent}
    chain = [by_id[i] for i in metric[c.SPAN_IDS]]
    kinds = [s.attributes.get(c.BLOCK_TYPE) or s.attributes[c.SEGMENT_TYPE] for s in chain]
    assert kinds == ["session", "timer", "round", "rounds", "round", "effort"]
    assert [s.parent for s in chain] == ["", *(s.id for s in chain[:-1])]
    assert all(s.start <= at <= s.end for s in chain)
    assert (at, metric[c.CAPTURED_ROUND]) == (moment, 1)
    assert metric["otelwod.captured.parent_timer.elapsed"] == moment / S
    assert metric["otelwod.captured.parent_timer.direction"] == "down"
    assert metric["otelwod.captured.parent_timer.block_id"] == chain[1].attributes[c.BLOCK_ID]
    assert metric[c.CAPTURED_ELAPSED] == metric[c.CAPTURED_TOTAL_ELAPSED] == moment / S


@FEW
@given(st.integers(0, 20 * 60 * S - 1))
def test_timer_over_rounds_over_effort(moment: int) -> None:
    check_nesting(by_runtime("20:00\n  (3)\n    10 Burpees\n", Input("reps", moment, value=4)), moment)

    def play(tracker: ExecutionTracker) -> None:
        tracker.start_span("timer", "20:00", {c.TIMER_DIRECTION: "down", c.TIMER_PLANNED: 1200.0}, at=0)
        tracker.start_segment("round", at=0)
        tracker.start_span("rounds", "3 Rounds", at=0)
        tracker.start_segment("round", at=0)
        tracker.start_span("effort", "10 Burpees", at=0)
        tracker.record_metric("reps", 4, at=moment)
        tracker.close(at=20 * 60 * S)

    check_nesting(by_hand(play), moment)


def test_the_third_scenario_at_fifteen_seconds() -> None:
    check_nesting(by_runtime("20:00\n  (3)\n    10 Burpees\n", Input("reps", 15 * S, value=4)), 15 * S)
