"""The processor's answers, its bounds, and that the host never notices it."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import subprocess
import sys
import threading
import tracemalloc
import weakref
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from processor_programs import Program, random_tree

from otelwod.insight import processor as module
from otelwod.insight.live import book, intake
from otelwod.insight.live.attribution import Ledger
from otelwod.insight.live.book import Book
from otelwod.insight.live.subscribers import MOST_WAITING
from otelwod.insight.live.tally import Tallies, Tally
from otelwod.insight.processor import PerformanceProcessor
from otelwod.trace import Trace


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


# ------------------------------------------------------------------------------------------------------------- answers


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


def test_subscribers_get_complete_traces_until_they_leave_or_fail(caplog: pytest.LogCaptureFixture) -> None:
    program = Program()
    seen: list[Trace] = []
    leave = program.processor.subscribe(seen.append)

    failures = []

    def broken(found: Trace) -> None:
        failures.append(found)
        raise SystemExit(3)

    program.processor.subscribe(broken)
    root = program.timed("request", 1_000, None)
    program.timed("query", 1_100, 1_200, root)
    program.processor.force_flush()
    assert seen == []
    root.end(2_000)
    program.processor.force_flush()
    assert [len(found) for found in seen] == [2]
    assert "SystemExit" in caplog.text
    leave()
    leave()
    program.serial([("a", 1)])
    program.processor.force_flush()
    assert len(seen) == 1
    assert len(failures) == 1, "one that raises is not called again"


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


def test_a_slow_subscriber_keeps_nobody_waiting() -> None:
    program = Program(background=True)
    begun, go_on = threading.Event(), threading.Event()
    seen: list[Trace] = []

    def slow(found: Trace) -> None:
        begun.set()
        go_on.wait(30)
        seen.append(found)

    program.processor.subscribe(slow)
    try:
        program.serial([("a", 1)])
        assert program.processor.report().span_count == 2
        assert begun.wait(30)
        assert not program.processor.force_flush(0), "not in time"
        for _ in range(MOST_WAITING + 3):
            program.timed("b", 1, 2)
        assert program.processor.summary().untold == 3
        assert seen == []
    finally:
        go_on.set()
    assert program.processor.force_flush(), "all have been told"
    assert len(seen) == 1 + MOST_WAITING
    program.provider.shutdown()


def test_a_subscriber_may_ask_and_flush() -> None:
    program = Program(background=True)
    answers: list[tuple[int, bool]] = []
    program.processor.subscribe(
        lambda _: answers.append((program.processor.report().span_count, program.processor.force_flush()))
    )
    program.serial([("a", 1)])
    assert program.processor.force_flush()
    assert answers == [(2, True)]
    program.provider.shutdown()


def test_what_went_before_its_turn_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    program = Program(max_traces=1)
    seen: list[Trace] = []
    leave = program.processor.subscribe(seen.append)
    program.timed("a", 1, 2)
    program.timed("b", 1, 2)
    program.processor.summary()
    assert program.processor.force_flush(0) or program.processor.force_flush()
    assert len(seen) == 1
    assert program.processor.summary().untold == 1
    leave()


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


# -------------------------------------------------------------------------------------------------------------- bounds


def test_detail_goes_and_the_sums_stay_exact() -> None:
    program = Program(max_spans=50, max_traces=10)
    everything = Program()
    for seed in range(40):
        for one in (program, everything):
            random_tree(one, seed, 12, overlap=False)
        program.processor.force_flush()
    summary, full = program.processor.summary(), everything.processor.summary()
    assert summary.retained <= 50
    assert summary.folded == summary.ended - summary.retained > 0
    assert summary.unattributed == 0
    assert summary.operations == full.operations
    report = program.processor.report()
    assert len(report.traces) <= 10
    assert report.quality.sampled_share == pytest.approx(len(report.traces) / 40)


def test_overlapping_traces_that_had_to_go_are_counted_as_not_attributed() -> None:
    program = Program(max_spans=3)
    root = program.timed("root", 1_000, None)
    program.timed("a", 1_000, 1_600, root)
    program.timed("b", 1_100, 1_700, root)
    program.timed("c", 1_100, 1_800, root)
    root.end(2_000)
    summary = program.processor.summary()
    assert (summary.ended, summary.retained, summary.unattributed) == (4, 0, 4)
    assert {use.operation: use.attributed for use in summary.operations} == {"root": 0, "a": 0, "b": 0, "c": 0}
    assert {use.operation: use.total_ns for use in summary.operations} == {"root": 1_000, "a": 600, "b": 600, "c": 700}


def test_a_trace_larger_than_the_room_adds_up_exactly() -> None:
    program = Program(max_spans=100)
    root = program.timed("root", 1_000, None)
    for at in range(1_000):
        program.timed("step", 1_000 + at * 10, 1_009 + at * 10, root)
        if at % 37 == 0:
            program.processor.force_flush()
    assert program.processor.summary().unattributed > 0, "its root is still open"
    root.end(11_000)
    summary = program.processor.summary()
    assert summary.unattributed == 0
    assert {use.operation: (use.count, use.self_ns, use.critical_ns) for use in summary.operations} == {
        "step": (1_000, 9_000, 9_000),
        "root": (1, 1_000, 1_000),
    }
    assert summary.retained <= 100


@pytest.mark.parametrize("one_trace", [True, False])
def test_memory_is_bounded_and_counts_are_exact(one_trace: bool) -> None:
    """A tenth of the promised million: `benchmarks/processor.py --million` does the whole."""
    program = Program(max_spans=2_000, max_traces=500, max_open=1_000)
    program.provider._active_span_processor._span_processors = (program.processor,)
    root = program.timed("root", 1_000, None)
    parent = root if one_trace else None
    for at in range(5_000):
        program.timed("step", 1_000 + at, 1_001 + at if one_trace else None, parent)
    program.processor.force_flush()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for at in range(5_000, 30_000):
        program.timed("step", 1_000 + at, 1_001 + at if one_trace else None, parent)
    program.processor.force_flush()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 5_000_000
    summary = program.processor.summary()
    if one_trace:
        assert (summary.started, summary.ended, summary.open) == (30_001, 30_000, 1)
    else:
        assert (summary.started, summary.ended, summary.open) == (30_001, 0, 30_001)
        assert summary.unwatched > 0
        root.end(9_999)
        assert program.processor.summary().open == 30_000


def test_traces_that_never_end_give_way_to_new_ones() -> None:
    program = Program(max_traces=20)
    roots = []
    for at in range(100):
        roots.append(program.timed("root", 1_000, None))
        program.timed("step", 1_000, 1_001 + at, roots[-1])
        program.processor.force_flush()
    summary = program.processor.summary()
    assert (summary.ended, summary.open) == (100, 100)
    assert summary.evicted_traces >= 80
    for root in roots:
        root.end(2_000)
    assert program.processor.summary().ended == 200


def test_operations_beyond_the_bound_are_other() -> None:
    program = Program(max_operations=5)
    for at in range(20):
        program.timed(f"n{at}", 1_000, 1_001)
    summary = program.processor.summary()
    assert {use.operation: use.count for use in summary.operations} == {
        "n0": 1,
        "n1": 1,
        "n2": 1,
        "n3": 1,
        "n4": 1,
        "_other": 15,
    }
    assert summary.renamed == 15


def test_a_ring_that_nobody_empties_loses_only_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RING", 10)
    monkeypatch.setattr(module, "HARD", 4)
    program = Program()
    with program.processor._lock:  # as if a thread was stuck in the book
        for at in range(100):
            program.timed("step", 1_000, 1_001 + at)
    summary = program.processor.summary()
    assert summary.lost > 0
    assert summary.ended == 100
    assert sum(use.count for use in summary.operations) == 100 - summary.lost


def test_without_a_thread_the_host_empties_the_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RING", 10)
    program = Program()
    for at in range(100):
        program.timed("step", 1_000, 1_001 + at)
    assert len(program.processor._ring) <= 11 * intake.ENTRY


# ------------------------------------------------------------------------------------------------------ never hurting

POISONED = [
    ("names", lambda p: p.timed("\ud800", 1, 2)),
    ("a number as a name", lambda p: p.tracer.start_span(5).end()),  # type: ignore[arg-type]
    ("a list as a name", lambda p: p.tracer.start_span(["a"]).end()),  # type: ignore[arg-type]
    ("negative", lambda p: p.timed("x", -5, -1)),
    ("backwards", lambda p: p.timed("x", 20, 10)),
    ("floats", lambda p: p.timed("x", 1.5, 2.5)),
    ("texts", lambda p: p.timed("x", "yesterday", "today")),
    ("beyond", lambda p: p.timed("x", 1, 10**400)),
    ("64 bits", lambda p: p.timed("x", 1, 2**64)),
]


@pytest.mark.parametrize(("what", "make"), POISONED)
def test_a_poisoned_span_harms_only_itself(what: str, make: object) -> None:
    program = Program()
    program.serial([("good", 10)])
    make(program)  # type: ignore[operator]
    program.serial([("good", 20)])
    summary = program.processor.summary()
    assert summary.disabled == ""
    assert summary.ended == 5
    assert next(use for use in summary.operations if use.operation == "good").total_ns == 30
    json.dumps(program.processor.report().to_dict())


def test_a_span_of_another_make() -> None:
    program = Program()
    context = trace.SpanContext(5, 6, is_remote=False)
    program.processor.on_end(ReadableSpan("bare", context, start_time=10, end_time=30))
    program.processor.on_end(ReadableSpan("no context", start_time=10, end_time=30))
    program.processor.on_end(object())  # type: ignore[arg-type]
    summary = program.processor.summary()
    assert [(use.operation, use.total_ns) for use in summary.operations] == [("bare", 20)]
    assert summary.unreadable == 2
    assert not program.processor.disabled


def boom(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")


BREAKS = [
    (intake, "is_plain"),
    (intake, "tag_of"),
    (intake, "_get_last"),
    (intake, "_set_last"),
    (Book, "take"),
    (Book, "operation"),
    (Book, "expire"),
    (Book, "open_traces"),
    (Ledger, "add"),
    (Ledger, "result"),
    (Tallies, "add"),
    (Tallies, "attribute"),
    (Tally, "add"),
    (Book, "_complete"),
    (Book, "_settle"),
    (Book, "_close"),
    (Book, "_make_room"),
    (Book, "_hold"),
    (book, "rows_of"),
    (PerformanceProcessor, "_press"),
    (PerformanceProcessor, "_take"),
]


@pytest.mark.parametrize(("owner", "name"), BREAKS)
def test_a_broken_processor_leaves_the_host_alone_and_says_so(
    owner: object, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = Program()
    program.processor._limit = 1
    monkeypatch.setattr(owner, name, boom)
    monkeypatch.setattr(module, "RING", 1)

    def host(number: int) -> int:
        with program.tracer.start_as_current_span("work") as span:
            span.set_attribute("otelwod.phase", "work")
            if number == 3:
                raise KeyError("the host's own")
            return number * 2

    with caplog.at_level(logging.WARNING):
        assert [host(number) for number in range(3)] == [0, 2, 4]
        with pytest.raises(KeyError, match="the host's own") as caught:
            host(3)
        for _ in range(5):
            host(1)
            program.processor.force_flush()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(program.exported.spans) == 9, "other processors go on"
    assert program.processor.disabled
    assert caplog.text.count("is disabled after 3 internal errors") == 1
    assert program.processor.disabled.split()[0] in ("RuntimeError", "AttributeError")
    program.provider.shutdown()


def test_not_even_a_failing_log_handler_hurts(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program()
    monkeypatch.setattr(intake, "is_plain", boom)
    monkeypatch.setattr(logging.getLogger("otelwod.insight"), "warning", boom)
    for _ in range(5):
        program.timed("x", 1, 2, attributes={"a": 1})
    assert program.processor.disabled


def test_the_hosts_own_interrupt_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    program = Program()
    monkeypatch.setattr(intake, "is_plain", interrupted)
    with pytest.raises(KeyboardInterrupt):
        program.timed("x", 1, 2, attributes={"a": 1})


PROGRAM = """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from otelwod.insight.processor import PerformanceProcessor
provider = TracerProvider()
processor = PerformanceProcessor(report_at_exit=True)
provider.add_span_processor(processor)
tracer = provider.get_tracer("t")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + code], capture_output=True, text=True, timeout=60, env=environ
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_begins_anew() -> None:
    ran = run(
        """
with tracer.start_as_current_span("before"):
    pass
processor.force_flush()
root = tracer.start_span("open at the fork")
with processor._lock:  # as if the fork caught the thread in the book
    child = os.fork()
if child == 0:
    with tracer.start_as_current_span("in the child"):
        pass
    names = [use.operation for use in processor.summary().operations]
    ok = names == ["in the child"] and processor.open_spans() == ()
    os._exit(0 if ok else 9)
status = os.waitpid(child, 0)[1]
root.end()
names = sorted(use.operation for use in processor.summary().operations)
assert names == ["before", "open at the fork"], names
sys.exit(os.waitstatus_to_exitcode(status))
"""
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    assert "2 spans" in ran.stderr


def test_exit_code_and_traceback_stay_the_hosts() -> None:
    ran = run(
        """
with tracer.start_as_current_span("work"):
    pass
sys.exit(7)
"""
    )
    assert (ran.returncode, ran.stdout) == (7, "")
    assert "`work`" in ran.stderr
    closed = run("with tracer.start_as_current_span('work'):\n    pass\nsys.stderr.close()")
    assert closed.returncode == 0
