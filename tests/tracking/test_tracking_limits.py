"""Many sessions at once, many metrics on one block, providers that misbehave, and live contexts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan
from tracking_streams import ANCHOR, S, Stream, provider

from otelwod import conventions as c
from otelwod.runtime import events as ev
from otelwod.telemetry.span_records import record_of
from otelwod.tracking import ExecutionTracker, SessionTracker
from otelwod.tracking.captured import metric_of_event
from otelwod.tracking.instruments import Instruments, capped_movement


def one_session(name: str, tracer: otel.Tracer, metrics: int = 3) -> ExecutionTracker:
    tracker = ExecutionTracker(name, session_id=name, anchor_ns=ANCHOR, clock=lambda: 0, tracer=tracer)
    span = tracker.start_span("effort", name, at=0)
    for moment in range(metrics):
        tracker.record_metric("reps", 1, source=name, at=moment)
    tracker.end_span(span, at=10)
    tracker.close(at=10)
    return tracker


def assert_no_foreign_metrics(exporter, sessions: int, metrics: int = 3) -> None:
    spans = exporter.get_finished_spans()
    assert len(spans) == 2 * sessions
    names = {}
    for span in spans:
        names.setdefault(span.context.trace_id, set()).add(span.name)
        for event in span.events:
            metric = metric_of_event(as_record_event(event))
            assert metric.source == span.name
            assert metric.span_ids[-1] == f"{span.context.span_id:016x}"
    assert len(names) == sessions
    assert all(len(found) == 1 for found in names.values())
    assert sum(len(s.events) for s in spans) == metrics * sessions


def as_record_event(event):
    from otelwod.trace import SpanEvent

    return SpanEvent(event.name, event.timestamp, dict(event.attributes))


@pytest.mark.parametrize("own", [True, False])
def test_two_hundred_threads_with_sessions_of_their_own(own: bool) -> None:
    made, exporter = provider(own=own)
    tracer = made.get_tracer("otelwod")
    gate = threading.Barrier(200)

    def work(number: int) -> None:
        gate.wait()
        one_session(f"t{number}", tracer)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_no_foreign_metrics(exporter, 200)


def test_ten_thousand_tasks_with_sessions_of_their_own() -> None:
    made, exporter = provider()
    tracer = made.get_tracer("otelwod")

    async def work(name: str) -> None:
        tracker = ExecutionTracker(name, session_id=name, anchor_ns=ANCHOR, clock=lambda: 0, tracer=tracer)
        await asyncio.sleep(0)
        span = tracker.start_span("effort", name, at=0)
        for moment in range(3):
            await asyncio.sleep(0)
            tracker.record_metric("reps", 1, source=name, at=moment)
        await asyncio.sleep(0)
        tracker.end_span(span, at=10)
        tracker.close(at=10)

    async def everybody() -> None:
        await asyncio.gather(*(work(f"a{n}") for n in range(10_000)))

    asyncio.run(everybody())
    assert_no_foreign_metrics(exporter, 10_000)


def test_ten_thousand_metrics_on_one_block_of_our_provider() -> None:
    made, exporter = provider()
    tracker = one_session("many", made.get_tracer("t"), metrics=10)
    assert tracker.losses["events_lost"] == 0
    tracker = ExecutionTracker("S", clock=lambda: 0, tracer=made.get_tracer("t"))
    span = tracker.start_span("effort", "E", at=0)
    for moment in range(10_000):
        tracker.record_metric("rpe", 5, at=moment)
    tracker.close(at=10_000)
    assert len(tracker.find(span).events) == 10_000
    exported = next(s for s in exporter.get_finished_spans() if s.name == "E")
    assert (len(exported.events), exported.dropped_events, tracker.losses["events_lost"]) == (10_000, 0, 0)


def test_ten_thousand_metrics_on_one_block_of_an_adopted_provider(caplog: pytest.LogCaptureFixture) -> None:
    made, exporter = provider(own=False, span_limits=SpanLimits(max_events=128))
    tracker = ExecutionTracker("S", clock=lambda: 0, tracer=made.get_tracer("t"))
    for label in ("E", "F"):
        span = tracker.start_span("effort", label)
        for _ in range(10_000):
            tracker.record_metric("rpe", 5)
        tracker.end_span(span)
        assert len(tracker.find(span).events) == 10_000
    tracker.close()
    exported = [s for s in exporter.get_finished_spans() if s.name in "EF"]
    assert [len(s.events) for s in exported] == [128, 128]
    assert tracker.losses["events_lost"] == 2 * (10_000 - 128) == sum(s.dropped_events for s in exported)
    assert caplog.text.count("limited number of events") == 1


def test_a_record_is_bounded_too_and_says_so() -> None:
    tracker = ExecutionTracker("S", clock=lambda: 0, event_limit=100)
    span = tracker.start_span("effort", "E")
    for _ in range(150):
        tracker.record_metric("reps", 1)
    tracker.close()
    record = tracker.find(span)
    assert len(record.events) == 100
    assert record.attributes[c.REPS_DONE] == 150
    assert tracker.accepted == 150
    assert tracker.losses["events_beyond_limit"] == 50


def test_attributes_beyond_an_adopted_providers_limit_are_counted() -> None:
    made, _ = provider(own=False, span_limits=SpanLimits(max_span_attributes=5))
    tracker = one_session("s", made.get_tracer("t"))
    assert tracker.losses["attributes_lost"] > 0


class Raises(SpanProcessor):
    def on_start(self, span, parent_context=None) -> None:
        raise RuntimeError("start")

    def on_end(self, span) -> None:
        raise RuntimeError("end")


def test_a_provider_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    for_start = TracerProvider(shutdown_on_exit=False)
    for_start.add_span_processor(Raises())
    tracker = one_session("s", for_start.get_tracer("t"))
    assert len(tracker.records) == 2
    assert tracker.losses["provider_failures"] == 1

    class RaisesAtEnd(Raises):
        def on_start(self, span, parent_context=None) -> None:
            pass

    for_end = TracerProvider(shutdown_on_exit=False)
    for_end.add_span_processor(RaisesAtEnd())
    tracker = one_session("s", for_end.get_tracer("t"))
    assert len(tracker.records) == 2
    assert tracker.losses["provider_failures"] == 2
    assert caplog.text.count("the tracer provider raised") == 2


def test_a_tracer_that_hands_the_parents_context_back_gets_no_say_in_ids() -> None:
    made, _ = provider()
    real = made.get_tracer("t")

    class Disabled(otel.Tracer):
        """What a tracer does that is switched off in the middle of a session."""

        def __init__(self) -> None:
            self.calls = 0

        def start_span(self, name, context=None, *args, **kwargs):
            self.calls += 1
            if self.calls == 1:
                return real.start_span(name, context, *args, **kwargs)
            return NonRecordingSpan(otel.get_current_span(context).get_span_context())

        def start_as_current_span(self, *args, **kwargs):
            return otel.use_span(INVALID_SPAN)

    tracker = one_session("s", Disabled())
    assert len({r.span_id for r in tracker.records}) == 2
    assert len({r.trace_id for r in tracker.records}) == 1


# --------------------------------------------------------------------------------------------------------- contexts


def test_a_live_session_gives_the_context_of_its_innermost_block() -> None:
    made, exporter = provider()
    tracer = made.get_tracer("t")
    tracker = ExecutionTracker("S", clock=lambda: 0, tracer=tracer)
    span = tracker.start_span("effort", "E")
    token = otel_context.attach(tracker.context())
    with tracer.start_as_current_span("library"):
        pass
    otel_context.detach(token)
    assert not otel.get_current_span().get_span_context().is_valid
    tracker.close()
    assert tracker.context() is None
    library = next(s for s in exporter.get_finished_spans() if s.name == "library")
    assert f"{library.parent.span_id:016x}" == span


def test_a_session_that_is_not_live_has_no_context() -> None:
    made, _ = provider()
    tracer = made.get_tracer("t")
    foreign = ExecutionTracker("S", clock=lambda: 0, tracer=tracer, live=False)
    foreign.start_span("effort", "E")
    assert foreign.context() is None
    ours = SessionTracker(session_id="s", anchor_ns=0, tracer=tracer)
    Stream(ours).leaf_block(0, "0", None, "effort", "E")
    assert ours.context() is None
    no_tracer = ExecutionTracker("S", clock=lambda: 0)
    assert no_tracer.context() is None


@pytest.mark.parametrize("own", [True, False])
def test_the_context_of_a_block_whose_tap_can_still_be_undone(own: bool) -> None:
    made, exporter = provider(own=own)
    tracer = made.get_tracer("t")
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR, tracer=tracer, workout_name="W", live=True)
    stream = Stream(tracker)

    def library(name: str) -> None:
        with tracer.start_as_current_span(name, context=tracker.context()):
            pass

    assert tracker.context() is None
    root = stream.block(0, "0", None, "session", "S")
    segment = stream.segment(0, root, "round", 0, "Round 1")
    stream.leaf_block(0, f"{segment}.0", segment, "effort", "A", otelwod__block__line=3)
    library("in A")
    stream.tap().stop(5, f"{segment}.0")
    stream.leaf_block(5, f"{segment}.1", segment, "effort", "B")
    library("in B, undone")
    stream.tap().send(ev.TapUndone(t=6, turn=stream.turn, undone_turn=stream.turn - 1))
    library("in A again")
    stream.leaves = {f"{segment}.0": (f"{segment}.0-seg-0", 0)}
    stream.counts.clear()
    stream.tap().stop(8, f"{segment}.0")
    stream.leaf_block(8, f"{segment}.1", segment, "effort", "B")
    library("in B")
    stream.tap().stop(9, f"{segment}.1")
    stream.end_segment(9, segment)
    stream.stop(9, root)
    tracker.close()
    ids = {r.name: r.span_id for r in tracker.records}
    parents = {s.name: f"{s.parent.span_id:016x}" for s in exporter.get_finished_spans() if s.name.startswith("in ")}
    assert parents["in A"] == parents["in A again"] == ids["A"]
    assert parents["in B"] == ids["B"]
    assert (parents["in B, undone"] == ids["B"]) is own
    assert {s.name for s in exporter.get_finished_spans()} == {*ids, *parents}
    mirrored = tuple(record_of(s) for s in exporter.get_finished_spans() if s.name in ids)
    assert mirrored == tracker.records


# ------------------------------------------------------------------------------------------------------- instruments


def points(reader: InMemoryMetricReader) -> dict[str, list]:
    data = reader.get_metrics_data()
    if data is None:
        return {}
    return {m.name: list(m.data.data_points) for m in data.resource_metrics[0].scope_metrics[0].metrics}


def test_instruments_are_recorded_under_their_span() -> None:
    made, _ = provider()
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("t")
    tracker = ExecutionTracker(
        "S", clock=lambda: 0, tracer=made.get_tracer("t"), meter=meter, attributes={c.WORKOUT_FORMAT: "custom"}
    )
    tracker.start_segment("round", at=0)
    effort = tracker.start_span("effort", "Row", {c.MOVEMENT_ID: "monostructural/row", c.LOAD_VALUE: 20.0}, at=0)
    tracker.record_metric("reps", 3, at=S)
    tracker.record_metric("distance", 250, "m", at=S)
    tracker.record_metric("calories", 12, "kcal", at=S)
    tracker.record_metric("heart_rate", 150, at=S)
    tracker.record_metric("power", 220, at=S)
    tracker.end_span(effort, at=2 * S)
    tracker.end_segment(at=2 * S)
    tracker.start_segment("round", at=2 * S)
    tracker.close(at=3 * S)
    found = points(reader)
    movement = {c.MOVEMENT_ID: "monostructural/row"}
    assert [(p.value, dict(p.attributes)) for p in found[c.INSTRUMENT_REPS]] == [
        (3, {**movement, c.WORKOUT_FORMAT: "custom"})
    ]
    assert [(p.value, dict(p.attributes)) for p in found[c.INSTRUMENT_VOLUME_LOAD]] == [(60.0, movement)]
    assert [(p.value, dict(p.attributes)) for p in found[c.INSTRUMENT_DISTANCE]] == [(250.0, movement)]
    assert [(p.value, dict(p.attributes)) for p in found[c.INSTRUMENT_ENERGY]] == [(12.0, movement)]
    assert [(p.sum, dict(p.attributes)) for p in found[c.INSTRUMENT_HEART_RATE]] == [(150.0, {c.PHASE: "work"})]
    assert [(p.sum, dict(p.attributes)) for p in found[c.INSTRUMENT_POWER]] == [(220.0, {c.PHASE: "work"})]
    assert [p.value for p in found[c.INSTRUMENT_ROUNDS]] == [1]  # the second was cut short by the end
    by_block = {p.attributes[c.BLOCK_TYPE]: p for p in found[c.INSTRUMENT_BLOCK_DURATION]}
    assert dict(by_block["effort"].attributes) == {c.BLOCK_TYPE: "effort", c.PHASE: "work", **movement}
    assert dict(by_block["session"].attributes) == {c.BLOCK_TYPE: "session"}
    (exemplar,) = by_block["effort"].exemplars
    assert f"{exemplar.span_id:016x}" == effort
    assert 30 in by_block["effort"].explicit_bounds
    assert 300 in by_block["effort"].explicit_bounds


def test_sessions_that_are_not_live_do_not_touch_the_instruments() -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("t")
    foreign = ExecutionTracker("S", clock=lambda: 0, meter=meter, live=False)
    foreign.record_metric("reps", 3)
    foreign.close()
    ours = SessionTracker(session_id="s", anchor_ns=0, meter=meter)
    Stream(ours).leaf_block(0, "0", None, "effort", "E")
    ours.close()
    assert points(reader) == {}


def test_an_undone_tap_never_reaches_the_instruments() -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], shutdown_on_exit=False).get_meter("t")
    tracker = SessionTracker(session_id="s", anchor_ns=0, meter=meter, live=True)
    stream = Stream(tracker)
    stream.leaf_block(0, "0", None, "effort", "E")
    stream.tap().metric(1, "0", value=50)
    stream.tap().send(ev.TapUndone(t=2, turn=stream.turn, undone_turn=stream.turn - 1))
    stream.tap().metric(3, "0", value=5)
    stream.tap().stop(4, "0")
    tracker.close()
    assert [p.value for p in points(reader)[c.INSTRUMENT_REPS]] == [5]


def test_distinct_movements_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    from otelwod.tracking import instruments

    monkeypatch.setattr(instruments, "_seen", set())
    names = [capped_movement(f"m{i}") for i in range(c.MAX_DISTINCT + 5)]
    assert names[: c.MAX_DISTINCT] == [f"m{i}" for i in range(c.MAX_DISTINCT)]
    assert names[c.MAX_DISTINCT :] == [c.OTHER] * 5
    assert capped_movement("m0") == "m0"


def test_a_meter_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Bad:
        def add(self, *_: object) -> None:
            raise RuntimeError("mine")

        record = add

    class BadMeter:
        def create_counter(self, *_: object) -> Bad:
            return Bad()

        def create_histogram(self, *_: object, **__: object) -> Bad:
            return Bad()

    Instruments(BadMeter())  # type: ignore[arg-type]
    tracker = ExecutionTracker("S", clock=lambda: 0, meter=BadMeter())  # type: ignore[arg-type]
    tracker.start_span("effort", "E")
    tracker.record_metric("heart_rate", 120)
    tracker.close()
    assert len(tracker.records) == 2
    assert caplog.text.count("the meter provider raised") == 1


def test_the_tracking_room_needs_the_api_only() -> None:
    code = "import sys, otelwod.tracking; print([m for m in sys.modules if m.startswith('opentelemetry.sdk')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
