"""`PerformanceProcessor`: its answers, from the first open span to the verdict at the end."""

from __future__ import annotations

import gc
import io
import json
import weakref

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from processor_programs import Program

from otelwod.insight.processor import PerformanceProcessor


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_open_spans_are_visible_as_such() -> None:
    program = Program()
    root = program.timed("request", 1_000, None)
    program.timed("query", 1_100, 1_200, root)
    processor = program.processor
    assert [(span.name, span.end_ns) for span in processor.open_spans()] == [("request", None)]
    found = processor.trace(root.get_span_context().trace_id)
    assert found is not None
    assert found.quality.open_spans == 1
    assert processor.report().span_count == 0
    assert processor.report(include_open=True).quality.open_spans == 1
    summary = processor.summary()
    assert (summary.started, summary.ended, summary.open, summary.completed) == (2, 1, 1, 0)
    assert [use.operation for use in summary.operations] == ["query"]
    root.end(2_000)
    assert processor.open_spans() == ()
    assert processor.report().span_count == 2


def test_a_trace_is_found_by_text_and_number() -> None:
    program = Program()
    root = program.serial([("a", 10)])
    number = root.get_span_context().trace_id
    found = program.processor.trace(f"{number:032x}")
    assert found is not None
    assert program.processor.trace(number) is not None
    assert found.trace_id == f"{number:032x}"
    assert program.processor.trace("no id") is None
    assert program.processor.trace(1) is None
    assert len(program.processor.traces()) == 1


def test_predecessors_are_those_of_the_task() -> None:
    program = Program(predecessor_attribute=True)
    with program.tracer.start_as_current_span("root") as root:
        with program.tracer.start_as_current_span("first") as first:
            pass
        with program.tracer.start_as_current_span("second") as second:
            pass
    trace_id = root.get_span_context().trace_id
    names = {f"{span.get_span_context().span_id:016x}": name for name, span in (("first", first), ("second", second))}
    found = program.processor.predecessors(trace_id)
    assert [(names[one], names[other]) for one, other in found.items()] == [("second", "first")]
    attributes = {span.name: dict(span.attributes or {}) for span in program.exported.spans}
    assert attributes["second"] == {"otelwod.predecessor.id": f"{first.get_span_context().span_id:016x}"}
    assert attributes["first"] == {}


def test_a_span_of_another_trace_is_no_predecessor() -> None:
    program = Program(predecessor_attribute=True)
    for name in ("one", "two"):
        with program.tracer.start_as_current_span(name):
            pass
    for trace_ in program.processor.traces():
        assert program.processor.predecessors(trace_.trace_id) == {}
    assert not any(span.attributes for span in program.exported.spans)


def test_a_processor_that_was_added_twice_counts_once(caplog: pytest.LogCaptureFixture) -> None:
    program = Program()
    program.provider.add_span_processor(program.processor)
    for _ in range(3):
        with program.tracer.start_as_current_span("root"), program.tracer.start_as_current_span("a"):
            program.processor.summary()
    summary = program.processor.summary()
    assert (summary.ended, summary.open, summary.completed, summary.unwatched) == (6, 0, 3, 0)
    assert program.processor.report().operations == program.exported.report().operations
    assert caplog.text.count("was added twice") == 1


def test_a_trace_without_news_is_complete_after_the_timeout() -> None:
    clock = Clock()
    program = Program(clock=clock, trace_timeout_s=10)
    root = program.timed("request", 1_000, None)
    program.timed("query", 1_100, 1_200, root)
    program.processor.force_flush()
    clock.now = 11_000_000_000
    program.processor.force_flush()
    summary = program.processor.summary()
    assert (summary.completed, summary.timed_out, summary.open) == (1, 1, 1)
    assert program.processor.report().quality.open_spans == 1
    root.end(1_300)
    assert program.processor.report().to_dict() == program.exported.report().to_dict()


def test_a_trace_that_goes_on_is_one_trace_again() -> None:
    program = Program()
    root = program.serial([("a", 10), ("b", 20)])
    assert program.processor.summary().completed == 1
    program.timed("later", 2_000, 2_500, root)
    assert program.processor.report().to_dict() == program.exported.report().to_dict()
    summary = program.processor.summary()
    assert summary.completed == 1, "it is one trace"
    assert summary.unattributed == 0
    assert {use.operation: use.self_ns for use in summary.operations} == {"root": 0, "a": 10, "b": 20, "later": 500}


def test_reset_forgets_and_the_counters_go_on() -> None:
    reader = InMemoryMetricReader()
    program = Program()
    program.serial([("a", 10), ("a", 30)])
    open_span = program.timed("open", 5_000, None)
    program.processor.reset()
    assert program.processor.summary().operations == ()
    assert program.processor.traces() == ()
    assert [span.name for span in program.processor.open_spans()] == ["open"]
    program.serial([("a", 5)])
    open_span.end(6_000)
    totals = {use.operation: (use.count, use.self_ns) for use in program.processor.operation_totals()}
    assert totals == {"root": (2, 0), "a": (3, 45), "open": (1, 1_000)}
    assert {use.operation: use.count for use in program.processor.summary().operations} == {
        "root": 1,
        "a": 1,
        "open": 1,
    }
    del reader


def test_metrics_are_observable_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    monkeypatch.setattr("otelwod.insight.live.metrics.metrics.get_meter", meters.get_meter)
    program = Program(metrics=True)
    program.serial([("a", 2_000_000_000)])
    found = values(reader)
    assert found["otelwod.operation.calls"] == {"root": 1, "a": 1}
    assert found["otelwod.operation.self_time"] == {"root": 0, "a": 2}
    assert found["otelwod.operation.critical_time"] == {"root": 0, "a": 2}
    assert found["otelwod.operation.errors"] == {"root": 0, "a": 0}
    program.processor.reset()
    assert values(reader)["otelwod.operation.calls"] == {"root": 1, "a": 1}
    for number in range(300):
        program.serial([(f"n{number}", 1)])
    calls = values(reader)["otelwod.operation.calls"]
    assert len(calls) == 201
    assert calls["_other"] == 102
    assert sum(calls.values()) == 602


def values(reader: InMemoryMetricReader) -> dict[str, dict[str, float]]:
    data = json.loads(reader.get_metrics_data().to_json())  # type: ignore[union-attr]
    found = {}
    for metric in data["resource_metrics"][0]["scope_metrics"][0]["metrics"]:
        points = metric["data"]["data_points"]
        found[metric["name"]] = {point["attributes"]["otelwod.operation.name"]: point["value"] for point in points}
    return found


def test_the_verdict_is_printed_once_at_the_end() -> None:
    out = io.StringIO()
    program = Program(report_at_exit=True, stream=out)
    program.serial([("slow", 900_000_000), ("quick", 10)])
    program.provider.shutdown()
    program.provider.shutdown()
    assert out.getvalue().count("`slow` holds 100 %") == 1


def test_the_verdict_is_printed_by_whatever_was_given() -> None:
    told: list[tuple[int, object]] = []
    out = io.StringIO()
    program = Program(
        report_at_exit=True, stream=out, verdict=lambda report, stream: told.append((report.span_count, stream))
    )
    program.serial([("slow", 900_000_000)])
    program.provider.shutdown()
    assert told == [(2, out)]
    assert out.getvalue() == ""


def test_the_background_thread_empties_the_ring() -> None:
    program = Program(background=True, interval_s=0.001)
    done = __import__("threading").Event()
    program.processor.subscribe(lambda _: done.set())
    program.serial([("a", 1)])
    assert done.wait(30)
    thread = program.processor._thread
    assert thread is not None
    program.provider.shutdown()
    thread.join(30)
    assert not thread.is_alive()


def test_a_processor_that_nobody_holds_ends_its_thread() -> None:
    processor = PerformanceProcessor(interval_s=0.001, metrics=False)
    processor._start_thread()
    thread, gone = processor._thread, weakref.ref(processor)
    assert thread is not None
    del processor
    while gone() is not None and thread.is_alive():
        gc.collect()  # the processor and its guard know each other; the thread holds it only while it works
    thread.join(30)
    assert (gone(), thread.is_alive()) == (None, False)


@pytest.mark.parametrize("options", [{"max_spans": 0}, {"max_traces": -1}, {"interval_s": 0}, {"trace_timeout_s": -1}])
def test_bad_bounds_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        PerformanceProcessor(**options)  # type: ignore[arg-type]
