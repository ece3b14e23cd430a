from __future__ import annotations

import threading

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from otelwod.telemetry.ids import planned_ids
from otelwod.telemetry.span_records import record_of
from otelwod.testing import CapturedSpans, FakeClock, SequentialIdGenerator
from otelwod.trace import SpanEvent, SpanLink, SpanRecord


def story(spans: CapturedSpans) -> None:
    with spans.tracer.start_as_current_span("checkout") as root:
        with spans.tracer.start_as_current_span("load", attributes={"otelwod.phase": "work"}) as load:
            load.add_event("cache.miss")
        with spans.tracer.start_as_current_span("pay"):
            pass
        root.set_status(Status(StatusCode.ERROR, "ValueError: no card"))


def test_the_tree_as_text() -> None:
    spans = CapturedSpans()
    story(spans)
    assert spans.tree() == "checkout  ERROR ValueError: no card\n  load\n  pay"
    assert spans.tree(["otelwod.phase", "none"], events=True) == (
        "checkout  ERROR ValueError: no card\n  load  otelwod.phase='work'\n    * cache.miss\n  pay"
    )
    assert CapturedSpans().tree() == ""


def test_the_tree_knows_durations_and_orphans() -> None:
    spans, clock = CapturedSpans(), FakeClock()
    root = spans.tracer.start_span("root", start_time=clock.time_ns())
    clock.advance(1)
    child = spans.tracer.start_span("child", context=trace.set_span_in_context(root), start_time=clock.time_ns())
    clock.advance(0.5)
    child.end(clock.time_ns())
    assert spans.tree(durations=True) == "child  0.5 s"
    clock.advance(0.25)
    root.end(clock.time_ns())
    assert spans.tree(durations=True) == "root  1.75 s\n  child  0.5 s"


def test_ids_count_and_planned_ones_stay() -> None:
    spans = CapturedSpans()
    story(spans)
    with planned_ids(77, 78):
        spans.tracer.start_span("planned").end()
    ids = {s.name: (s.context.trace_id, s.context.span_id) for s in spans.spans if s.context}
    assert ids == {"checkout": (1, 1), "load": (1, 2), "pay": (1, 3), "planned": (77, 78)}
    spans.clear()
    assert spans.spans == ()
    story(spans)
    assert spans.one("checkout").context.span_id == 1  # type: ignore[union-attr]


def test_finding_spans() -> None:
    spans = CapturedSpans()
    for _ in range(2):
        spans.tracer.start_span("twice").end()
    assert len(spans.by_name("twice")) == 2
    assert spans.by_name("never") == ()
    with pytest.raises(AssertionError, match="2 spans are named 'twice', not one, in:\ntwice\ntwice"):
        spans.one("twice")
    with pytest.raises(AssertionError, match=r"0 spans .*\n\(no spans\)"):
        CapturedSpans().one("x")


def test_nothing_is_limited_and_the_environment_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "1")
    spans = CapturedSpans()
    with spans.tracer.start_as_current_span("x") as span:
        for number in range(500):
            span.add_event(str(number))
    assert len(spans.one("x").events) == 500
    assert spans.records[0].service == "otelwod.testing"


def test_installed_takes_the_global_spans_and_gives_them_back() -> None:
    before = trace.get_tracer_provider()
    outer, inner = CapturedSpans(), CapturedSpans()
    with outer.installed():
        trace.get_tracer("t").start_span("one").end()
        outer.tracer.start_span("own").end()
        with inner.installed():
            trace.get_tracer("t").start_span("two").end()
        trace.get_tracer("t").start_span("three").end()
    assert trace.get_tracer_provider() is before
    assert outer.tree() == "one\nown\nthree"
    assert [s.context.span_id for s in outer.spans if s.context] == [1, 2, 3]
    assert inner.tree() == "two"


def test_installed_ends_also_when_the_test_fails() -> None:
    before = trace.get_tracer_provider()
    spans = CapturedSpans()

    def failing_test() -> None:
        with spans.installed():
            tracer = trace.get_tracer("t")
            tracer.start_span("x").end()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_test()
    assert trace.get_tracer_provider() is before
    assert spans.tree() == "x"


def test_after_the_capture_bound_tracers_are_harmless() -> None:
    spans = CapturedSpans()
    with spans.installed():
        tracer = trace.get_tracer("t")
    tracer.start_span("late").end()
    assert spans.spans == ()


def test_records_say_what_the_spans_say() -> None:
    spans, clock = CapturedSpans(), FakeClock()
    with planned_ids(1 << 127, 1 << 63):
        root = spans.tracer.start_span("root", start_time=clock.time_ns())
    link = trace.Link(root.get_span_context(), {"why": "because"})
    child = spans.tracer.start_span(
        "child",
        trace.set_span_in_context(root),
        SpanKind.CONSUMER,
        {"list": [1, 2], "text": "é"},
        [link],
        clock.time_ns() + 1,
    )
    child.add_event("e", {"a": 1.5}, clock.time_ns() + 2)
    child.set_status(Status(StatusCode.ERROR, "bad"))
    assert record_of(child).end_ns is None  # type: ignore[arg-type]
    child.end(clock.time_ns() + 3)
    (record,) = spans.records
    trace_id = "8" + "0" * 31
    start = 1_700_000_000_000_000_000
    assert record == SpanRecord(
        trace_id,
        "0" * 15 + "1",
        "8" + "0" * 15,
        "child",
        start + 1,
        start + 3,
        kind="consumer",
        status="error",
        status_message="bad",
        attributes={"list": (1, 2), "text": "é"},
        events=(SpanEvent("e", start + 2, {"a": 1.5}),),
        links=(SpanLink(trace_id, "8" + "0" * 15, {"why": "because"}),),
        resource={"service.name": "otelwod.testing"},
        scope="otelwod.testing",
        scope_version="",
    )


def test_ids_are_unique_in_threads() -> None:
    ids = SequentialIdGenerator()
    found: list[int] = []

    def take() -> None:
        found.extend(ids.generate_span_id() for _ in range(500))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 2001))
    assert not ids.is_trace_id_random()


def test_the_clock_moves_when_told() -> None:
    clock = FakeClock()
    assert (clock.time(), clock.monotonic(), clock.perf_counter_ns()) == (1_700_000_000.0, 0.0, 0)
    clock.advance(1.5)
    clock.sleep(0.5)
    clock.advance_ns(1)
    assert clock.monotonic_ns() == 2_000_000_001
    assert clock.time_ns() == 1_700_000_002_000_000_001
    clock.jump(-3600)
    assert clock.time_ns() == 1_699_996_402_000_000_001
    assert clock.monotonic_ns() == 2_000_000_001
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_a_stepping_clock_moves_with_each_reading() -> None:
    clock = FakeClock(wall_ns=100, monotonic_ns=5, step_ns=10)
    assert [clock.time_ns(), clock.monotonic_ns(), clock.time_ns()] == [100, 15, 120]
