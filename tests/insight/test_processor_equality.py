"""`PerformanceProcessor.report()` is the analysis of the exported file, number by number."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from processor_programs import Program, random_tree

import otelwod
from otelwod.archive.otlp_json import SessionWriter
from otelwod.insight.live.sampling import SeeAllSampler
from otelwod.telemetry.span_records import record_of


def assert_equal(program: Program, *, threads: bool = False) -> None:
    mine, theirs = program.processor.report(span_limit=None), program.exported.report(span_limit=None)
    one, other = mine.to_dict(), theirs.to_dict()
    if threads:  # between two processors of a provider, threads may overtake each other: traces come in another order
        for found in (one, other):
            for name in ("traces", "spans", "errors"):
                found[name].sort(key=lambda item: item["trace_id"])
    assert one == other
    assert mine.span_count == len(program.exported.spans)
    summary = program.processor.summary()
    assert summary.unattributed == 0
    assert {(use.operation, use.count, use.self_ns, use.critical_ns, use.errors, use.total_ns, use.min_ns, use.max_ns)
            for use in summary.operations} == {
        (use.operation, use.count, use.self_ns, use.critical_ns, use.errors, use.total_ns, use.min_ns, use.max_ns)
        for use in theirs.operations
    }  # fmt: skip
    for use in summary.operations:
        exact = next(other for other in theirs.operations if other.operation == use.operation)
        for name in ("p50_ns", "p95_ns", "p99_ns"):
            assert abs(getattr(use, name) - getattr(exact, name)) <= use.percentile_error * getattr(exact, name) + 1


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_generated_traces(seed: int, overlap: bool) -> None:
    program = Program()
    for part in range(4):
        random_tree(program, seed * 10 + part, 3 + seed * 3, overlap=overlap)
    assert_equal(program)


def test_a_serial_trace_needs_no_analysis() -> None:
    program = Program()
    random_tree(program, 7, 40, overlap=False)
    program.processor.force_flush()
    assert not program.processor._book.backlog


def test_threads() -> None:
    program = Program()

    def work(number: int) -> None:
        for _ in range(20):
            with program.tracer.start_as_current_span(f"job {number % 3}"), program.tracer.start_as_current_span("sql"):
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(program.processor.traces()) == 160
    assert_equal(program, threads=True)


def test_asyncio() -> None:
    program = Program()

    async def call(name: str, turns: int) -> None:
        with program.tracer.start_as_current_span(name):
            for _ in range(turns):
                await asyncio.sleep(0)

    async def main() -> None:
        with program.tracer.start_as_current_span("request"):
            await asyncio.gather(*(call(name, turns) for turns, name in enumerate("abcabc")))
            await call("last", 1)

    for _ in range(5):
        asyncio.run(main())
    assert_equal(program)


def test_executors_and_a_child_that_outlives_its_parent() -> None:
    program = Program()
    begun, ended = threading.Event(), threading.Event()

    def job(parent: context.Context, wait: bool) -> None:
        token = context.attach(parent)
        try:
            with program.tracer.start_as_current_span("job"):
                if wait:
                    begun.set()
                    ended.wait(30)
        finally:
            context.detach(token)

    with ThreadPoolExecutor(3) as pool:
        with program.tracer.start_as_current_span("request"):
            here = context.get_current()
            for _ in range(10):
                pool.submit(job, here, False)
            pool.submit(job, here, True)
        begun.wait(30)
        under_way = program.processor.report().span_count
        ended.set()
    assert under_way == 0, "a trace with an open span is not complete"
    assert_equal(program, threads=True)


def test_workouts_keep_what_their_report_needs() -> None:
    program = Program()
    attributes = {"otelwod.workout.format": "for_time", "otelwod.block.type": "session"}
    root = program.timed("Fran", 1_000, None, attributes=attributes)
    for at in range(3):
        attributes = {"otelwod.segment.type": "round", "otelwod.segment.index": at}
        part = program.timed("Round", 1_000 + at * 100, None, root, attributes=attributes)
        attributes = {"otelwod.block.type": "effort", "otelwod.phase": "work", "otelwod.reps.done": 21 - at}
        program.timed("Thrusters", 1_000 + at * 100, 1_090 + at * 100, part, attributes=attributes)
        part.end(1_100 + at * 100)
    root.end(1_300)
    assert_equal(program)
    assert program.processor.report().traces[0].workout is not None


def test_remote_parents_and_queues() -> None:
    program = Program()
    remote = trace.NonRecordingSpan(trace.SpanContext(7, 9, is_remote=True, trace_flags=trace.TraceFlags(1)))
    server = program.timed("GET", 1_000, None, remote, kind=trace.SpanKind.SERVER)
    sent = program.timed("send", 1_010, 1_020, server, kind=trace.SpanKind.PRODUCER)
    server.end(1_100)
    program.timed("receive", 1_500, 1_900, sent, kind=trace.SpanKind.CONSUMER)
    other = program.timed("GET", 2_000, None, remote, kind=trace.SpanKind.SERVER)
    other.end(2_100)
    assert_equal(program)


def test_what_the_sampler_drops_is_seen_all_the_same() -> None:
    program = Program(SeeAllSampler(ALWAYS_OFF))
    random_tree(program, 3, 20, overlap=True)
    assert program.exported.spans
    assert not any(span.context.trace_flags.sampled for span in program.exported.spans if span.context)
    assert_equal(program)


def test_spans_whose_limits_were_exceeded() -> None:
    program = Program()
    span = program.timed("chatty", 1_000, None)
    for number in range(200):
        span.add_event(f"event {number}")
        span.set_attribute(f"a{number}", number)
    span.end(2_000)
    assert program.processor.report().quality.dropped_events == (200 - 128) * 2


@pytest.mark.parametrize("what", ["attributes", "events", "links"])
def test_each_limit_that_was_exceeded_is_seen(what: str) -> None:
    program = Program()
    span = program.timed("chatty", 1_000, None)
    for number in range(130):
        if what == "attributes":
            span.set_attribute(f"a{number}", number)
        elif what == "events":
            span.add_event("tick")
        else:
            span.add_link(trace.SpanContext(7, number + 1, is_remote=True))
    span.end(2_000)
    assert program.processor.report().quality.dropped_events == 2


@pytest.mark.parametrize(
    "times",
    [
        [(1_000, 2_000), (900, 1_500)],  # begins before its parent
        [(1_000, 2_000), (1_500, 2_500)],  # outlives it
        [(1_000, 2_000), (2_500, 2_600)],  # lies outside
        [(1_000, 2_000), (1_600, 1_500)],  # ends before it begins
        [(2_000, 1_000), (1_000, 1_500)],  # so does its parent
        [(0, 2_000), (1_000, 1_500)],  # a parent without a start
        [(1_000, 2_000), (0, 1_500)],
    ],
)
def test_one_child_that_does_not_fit(times: list[tuple[int, int]]) -> None:
    """Nothing overlaps a sibling, yet these traces are not serial."""
    program = Program()
    (start, end), child = times
    root = program.timed("root", start, None)
    program.timed("child", *child, root)
    root.end(end)
    mine, theirs = program.processor.report(), program.exported.report()
    assert mine.to_dict() == theirs.to_dict()
    expected = {use.operation: (use.self_ns, use.critical_ns) for use in theirs.operations}
    assert {use.operation: (use.self_ns, use.critical_ns) for use in program.processor.summary().operations} == expected


def test_a_child_that_follows_from_its_parent_is_not_waited_for() -> None:
    """A plain span otherwise: its link alone tells."""
    program = Program()
    root = program.timed("root", 1_000, None)
    link = trace.Link(root.get_span_context(), {"opentracing.ref_type": "follows_from"})
    program.timed("later", 1_200, 1_700, root, links=[link])
    root.end(2_000)
    assert_equal(program)
    assert {use.operation: use.self_ns for use in program.processor.summary().operations}["root"] == 1_000


def test_the_file_that_was_written_says_the_same(tmp_path: Path) -> None:
    program = Program()
    for seed in range(5):
        random_tree(program, seed, 15, overlap=True)
    with SessionWriter(tmp_path / "spans.otlp.jsonl") as writer:
        writer.write(record_of(span) for span in program.exported.spans)
    assert program.processor.report().to_dict() == otelwod.analyze(str(writer.path)).to_dict()


def test_threads_that_end_spans_while_the_book_is_being_written() -> None:
    """The background thread takes spans out as fast as it can while eight threads put them in."""
    program = Program(background=True, interval_s=0.0001)
    program.processor._start_thread()

    def work() -> None:
        for _ in range(60):
            with program.tracer.start_as_current_span("request"):
                for _ in range(4):
                    with program.tracer.start_as_current_span("step"):
                        pass

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(work)
    assert program.processor.summary().completed == 480, "no trace was taken as complete before its time"
    assert_equal(program, threads=True)
    program.provider.shutdown()
