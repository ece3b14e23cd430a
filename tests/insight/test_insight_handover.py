"""Consumers that go on when all the rest is over hold the trace: in the analysis, in the sums, whenever one looks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from insight_samples import span
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from processor_programs import Program

from otelwod.insight import analyze_traces
from otelwod.insight.comparison import compare
from otelwod.insight.handover import handed_over
from otelwod.insight.live.metrics import register
from otelwod.trace import SpanRecord, Trace

MS = 1_000_000


def joined(records: list[SpanRecord]) -> Trace:
    (made,) = Trace.from_records(records)
    return made


def critical(records: list[SpanRecord]) -> dict[str, int]:
    return {use.operation: use.critical_ns for use in analyze_traces([joined(records)]).operations}


def test_a_consumer_after_the_end_of_all_holds_the_trace_and_the_queue_belongs_to_nobody() -> None:
    records = [
        span("r", None, 0, 10, "send", kind="producer"),
        span("c", "r", 40, 100, "run", kind="consumer"),
        span("d", "c", 45, 95, "thumbnail"),
    ]
    report = analyze_traces([joined(records)])
    assert critical(records) == {"send": 10, "run": 10, "thumbnail": 50}
    assert [(part.operation, part.start_ns, part.end_ns) for part in report.traces[0].critical_path] == [
        ("send", 0, 10),
        ("", 10, 40),
        ("run", 40, 45),
        ("thumbnail", 45, 95),
        ("run", 95, 100),
    ]
    assert report.duration_ns == 100
    assert report.bottlenecks[0].operation == "thumbnail"
    assert report.bottlenecks[0].what_if.low_ns == report.bottlenecks[0].what_if.high_ns == 10


def test_a_consumer_that_began_before_the_root_ended_takes_nothing_from_it() -> None:
    records = [
        span("r", None, 0, 30, "request"),
        span("p", "r", 5, 10, "send", kind="producer"),
        span("c", "p", 12, 100, "run", kind="consumer"),
        span("x", "p", 11, 20, "other run", kind="consumer"),
    ]
    assert critical(records) == {"request": 25, "send": 5, "run": 70, "other run": 0}
    made = joined(records)
    assert [made.span_id[row] for row in handed_over(made)] == ["c"]


def test_workers_beside_one_another_follow_one_another() -> None:
    records = [
        span("r", None, 0, 10, "send", kind="producer"),
        span("c", "r", 10, 40, "one", kind="consumer"),
        span("d", "r", 20, 60, "two", kind="consumer"),
        span("e", "r", 25, 50, "three", kind="consumer"),
    ]
    assert critical(records) == {"send": 10, "one": 30, "two": 20, "three": 0}


def test_what_is_said_not_to_block_is_no_hand_over() -> None:
    records = [span("r", None, 0, 10, "a"), span("c", "r", 20, 90, "b", attributes={"otelwod.blocking": False})]
    assert critical(records) == {"a": 10, "b": 0}
    assert analyze_traces([joined(records)]).duration_ns == 10


def test_a_comparison_knows_hand_overs() -> None:
    def run(length: int) -> list[SpanRecord]:
        return [
            span("r", None, 0, 10, "send", kind="producer"),
            span("c", "r", 40, 40 + length, "run", kind="consumer"),
        ]

    found = compare([joined(run(10))], [joined(run(100))])
    assert found.differences[0].path[-1] == "run"


def test_jaeger_knows_no_hand_over() -> None:
    records = [span("r", None, 0, 10, "send", kind="producer"), span("c", "r", 40, 90, "run", kind="consumer")]
    report = analyze_traces([joined(records)], compat="jaeger")
    assert report.duration_ns == 10
    assert {use.operation: use.critical_ns for use in report.operations} == {"send": 10, "run": 0}


# ----------------------------------------------------------------------------------------------- whenever one looks


def sums(program: Program) -> set[tuple[str, int, int, int]]:
    summary = program.processor.summary()
    assert summary.unattributed == 0
    return {(use.operation, use.count, use.self_ns, use.critical_ns) for use in summary.operations}


def analysed(program: Program) -> set[tuple[str, int, int, int]]:
    report = program.exported.report()
    return {(use.operation, use.count, use.self_ns, use.critical_ns) for use in report.operations}


def test_a_trace_that_goes_on_is_attributed_as_a_whole() -> None:
    program = Program()
    for at in range(3):
        sent = program.timed("send", at * 1_000 * MS, (at * 1_000 + 1) * MS, kind=trace.SpanKind.PRODUCER)
        program.processor.force_flush()
        run = program.timed("run", (at * 1_000 + 500) * MS, None, sent, kind=trace.SpanKind.CONSUMER)
        program.processor.force_flush()
        assert program.processor.summary().completed == at, "the trace is under way again"
        assert program.processor.report().span_count == 2 * at
        run.end((at * 1_000 + 530) * MS)
        program.processor.force_flush()
    assert sums(program) == analysed(program) == {("send", 3, 3 * MS, 3 * MS), ("run", 3, 90 * MS, 90 * MS)}
    assert program.processor.summary().completed == 3


def test_a_trace_that_timed_out_and_goes_on_is_attributed_as_a_whole() -> None:
    now = [0]
    program = Program(clock=lambda: now[0], trace_timeout_s=1)
    root = program.timed("root", 1_000, None)
    program.timed("a", 1_100, 1_300, root)
    program.processor.force_flush()
    now[0] = 2_000_000_000
    assert program.processor.summary().timed_out == 1
    root.end(2_000)
    assert sums(program) == analysed(program) == {("root", 1, 800, 800), ("a", 1, 200, 200)}
    assert program.processor.summary().timed_out == 0


def test_counters_never_fall_when_a_trace_goes_on() -> None:
    reader = InMemoryMetricReader()
    program = Program()
    provider = MeterProvider([reader])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("otelwod.insight.live.metrics.metrics.get_meter", provider.get_meter)
        register(program.processor)

    def read() -> float:
        data = reader.get_metrics_data()
        assert data is not None
        return sum(
            getattr(point, "value", 0.0)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == "otelwod.operation.self_time"
            for point in metric.data.data_points
        )

    root = program.timed("send", MS, 101 * MS)
    assert read() == pytest.approx(0.1)
    late = program.timed("late", 10 * MS, None, root)
    assert read() == pytest.approx(0.1), "its sums are taken back, what was exported is not"
    late.end(50 * MS)
    program.processor.summary()
    assert read() == pytest.approx(0.14), "no counter falls: 60 ms of 100 ms stay what they were said to be"


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[tuple[int | None, int, int, str, trace.SpanKind]], list[tuple[str, int]]]:
    """Spans (parent, start, end, name, kind) and the steps of a program: begin one, end one, look."""
    kinds = [trace.SpanKind.INTERNAL, trace.SpanKind.PRODUCER, trace.SpanKind.CONSUMER]
    spans = []
    for at in range(draw(st.integers(1, 9))):
        parent = draw(st.sampled_from([None, -1, *range(at)]))
        start = draw(st.integers(1, 40))
        length = draw(st.integers(0, 20))
        spans.append((parent, start, start + length, draw(st.sampled_from("abc")), draw(st.sampled_from(kinds))))
    steps: list[tuple[str, int]] = []
    begun = 0
    still_open: list[int] = []
    while begun < len(spans) or still_open:  # a span begins after its parent did; all else in any order
        choices = ["look"] + ["begin"] * (begun < len(spans)) + ["end"] * bool(still_open)
        what = draw(st.sampled_from(choices)) if len(steps) < 60 else choices[-1]
        if what == "begin":
            steps.append((what, begun))
            still_open.append(begun)
            begun += 1
        elif what == "end":
            steps.append((what, still_open.pop(draw(st.integers(0, len(still_open) - 1)))))
        else:
            steps.append((what, draw(st.integers(0, 2))))
    return spans, steps


@settings(max_examples=150, deadline=None)
@given(programs())
def test_the_sums_are_those_of_the_analysis_whenever_one_looked(
    made: tuple[list[tuple[int | None, int, int, str, trace.SpanKind]], list[tuple[str, int]]],
) -> None:
    spans, steps = made
    program = Program()
    remote = trace.NonRecordingSpan(trace.SpanContext(7, 9, is_remote=True, trace_flags=trace.TraceFlags(1)))
    known: dict[int, trace.Span] = {}
    for what, at in steps:
        if what == "begin":
            parent, start, _, name, kind = spans[at]
            above = None if parent is None else remote if parent < 0 else known[parent]
            known[at] = program.timed(name, start, None, above, kind=kind)
        elif what == "end":
            known[at].end(spans[at][2])
        else:
            look = (program.processor.force_flush, program.processor.summary, program.processor.report)[at]
            look()
    assert sums(program) == analysed(program)
    found = program.processor.report(span_limit=None)
    exported = program.exported.report(span_limit=None)
    assert found.operations == exported.operations
    traces = len({record.trace_id for record in itertools.chain(*(t.records for t in program.processor.traces()))})
    assert program.processor.summary().completed == traces
