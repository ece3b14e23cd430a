"""What the program knows of its own order narrows a what-if: a fork and join over an executor."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from opentelemetry import context
from opentelemetry.sdk.trace import Span
from processor_programs import Program

from otelwod.insight import Report
from otelwod.insight.report import WhatIf
from otelwod.telemetry.ids import format_span_id

MS = 1_000_000


def fork_and_join(program: Program, workers: Sequence[Sequence[tuple[str, int, int]]]) -> None:
    """One root of 30 ms; each worker thread runs its jobs (name, start and end in ms) one after the other under it."""
    with program.tracer.start_as_current_span("root", start_time=MS, end_on_exit=False) as root:
        here = context.get_current()
        barrier = threading.Barrier(len(workers), timeout=30)
        turn = threading.Condition()
        done: list[int] = []
        order = sorted(end for jobs in workers for _, _, end in jobs)

        def work(jobs: Sequence[tuple[str, int, int]]) -> None:
            barrier.wait()  # as many threads as workers
            token = context.attach(here)
            for name, start, end in jobs:
                span = program.tracer.start_span(name, start_time=MS + start)
                with turn:  # spans end in the order of their times
                    assert turn.wait_for(lambda end=end: order[len(done)] == end, timeout=30)  # type: ignore[misc]
                    span.end(MS + end)
                    done.append(end)
                    turn.notify_all()
            context.detach(token)

        with ThreadPoolExecutor(len(workers)) as pool:
            for future in [pool.submit(work, jobs) for jobs in workers]:
                future.result(30)
    root.end(MS + 30 * MS)


def what_if(report: Report, operation: str) -> WhatIf:
    return next(found.what_if for found in report.bottlenecks if found.operation == operation)


def test_the_pool_worker_waited_for_its_own_job_and_not_for_its_neighbours() -> None:
    """ "load" and "parse" end 0.05 ms apart, then "merge" begins on the thread of "load".

    By the intervals alone, merge hangs from parse, which ended last: 20 % off parse would seem to be worth 2 ms. On its
    own thread load ended 0.05 ms before: that is all there is to gain.
    """
    program = Program()
    first = [("load", 0, 10 * MS), ("merge", 10_100_000, 30 * MS)]
    second = [("parse", 0, 10_050_000), ("log", 10_060_000, 12 * MS)]
    fork_and_join(program, [first, second])
    by_intervals = program.processor.report(threshold_ns=1)
    ordered = program.processor.report(threshold_ns=1, program_order=True)
    assert by_intervals.to_dict() == program.exported.report(threshold_ns=1).to_dict()
    assert what_if(by_intervals, "parse").high_ns == 2_010_000
    assert what_if(ordered, "parse").high_ns == 50_000
    for one, other in zip(by_intervals.bottlenecks, ordered.bottlenecks, strict=True):
        assert (one.operation, one.critical_ns, one.what_if.low_ns) == (
            other.operation,
            other.critical_ns,
            other.what_if.low_ns,
        )
        assert other.what_if.low_ns <= other.what_if.high_ns <= one.what_if.high_ns


def test_a_file_knows_the_order_too_where_spans_carry_it() -> None:
    program = Program(predecessor_attribute=True)
    first = [("load", 0, 10 * MS), ("merge", 10_100_000, 30 * MS)]
    second = [("parse", 0, 10_050_000), ("log", 10_060_000, 12 * MS)]
    fork_and_join(program, [first, second])
    exported = program.exported.report(threshold_ns=1, program_order=True)
    assert what_if(exported, "parse").high_ns == 50_000
    assert exported.to_dict() == program.processor.report(threshold_ns=1, program_order=True).to_dict()
    assert what_if(program.exported.report(threshold_ns=1), "parse").high_ns == 2_010_000


def test_a_job_that_truly_was_waited_for_keeps_its_whole_gain() -> None:
    """The thread of "merge" ran nothing before it: intervals are all there is, and they are right."""
    program = Program()
    fork_and_join(program, [[("merge", 10_100_000, 30 * MS)], [("parse", 0, 10_050_000), ("log", 10_060_000, 12 * MS)]])
    ordered = program.processor.report(threshold_ns=1, program_order=True)
    assert what_if(ordered, "parse").high_ns == 2_010_000
    assert ordered.to_dict() == program.exported.report(threshold_ns=1).to_dict()


@pytest.mark.parametrize("wrong", [{"0" * 16: "1" * 16}, {}])
def test_what_is_not_in_the_trace_is_no_predecessor(wrong: dict[str, str]) -> None:
    from otelwod.insight import analyze_traces

    program = Program()
    fork_and_join(program, [[("a", 0, 9 * MS)], [("b", 0, 8 * MS)]])
    (trace,) = program.processor.traces()
    assert analyze_traces([trace], predecessors={trace.trace_id: wrong}).to_dict() == analyze_traces([trace]).to_dict()


def _random_program(seed: int) -> tuple[dict[str, str], dict[str, str]]:
    """What the processor finds, and what a bookkeeper of each context would have noted at every start.

    Spans of one trace begin and end at random, overlapping and nested, in contexts that are copied at random.
    """
    rng = random.Random(seed)
    program = Program()
    now = 1_000
    root = program.timed("root", now, None)
    lanes: list[tuple[Context, list[str | None], list[Span]]] = [(Context(), [None], [])]
    expected: dict[str, str] = {}
    for _ in range(60):
        now += 1
        lane, last, is_open = lanes[rng.randrange(len(lanes))]
        turn = rng.random()
        if turn < 0.1 and len(lanes) < 4:
            lanes.append((lane.copy(), list(last), []))
        elif turn < 0.55 or not is_open:
            parent = rng.choice([root, *is_open])
            span = lane.run(program.timed, "s", now, None, parent)
            if last[0] is not None:
                expected[_id(span)] = last[0]
            is_open.append(span)
        else:
            span = is_open.pop(rng.randrange(len(is_open)) if rng.random() < 0.4 else -1)
            lane.run(span.end, now)
            last[0] = _id(span)
    for lane, last, is_open in lanes:
        for span in reversed(is_open):
            now += 1
            lane.run(span.end, now)
            last[0] = _id(span)
    root.end(now + 1)
    return program.processor.predecessors(root.get_span_context().trace_id), expected


@pytest.mark.parametrize("seed", range(60))
def test_predecessors_are_what_a_bookkeeper_of_the_context_would_note(seed: int) -> None:
    found, expected = _random_program(seed)
    assert found == expected
    assert expected


def test_a_first_child_of_no_length_is_not_the_predecessor_of_its_parent() -> None:
    program = Program()
    root = program.timed("root", 10, None)
    before = program.timed("before", 10, 20, root)
    parent = program.timed("parent", 20, None, root)
    child = program.timed("child", 20, 20, parent)
    parent.end(30)
    root.end(40)
    found = program.processor.predecessors(root.get_span_context().trace_id)
    assert found == {_id(parent): _id(before), _id(child): _id(before)}


def test_very_many_overlapping_spans_are_gone_back_over_so_far_only() -> None:
    program = Program()
    root = program.timed("root", 1, None)
    first = program.timed("first", 1, 2, root)
    spans = [program.timed("s", 10 + at, None, root) for at in range(1_200)]
    for at, span in enumerate(spans):
        span.end(5_000 + at)
    root.end(9_000)
    found = program.processor.predecessors(root.get_span_context().trace_id)
    assert [_id(span) in found for span in spans] == [True] * 1_000 + [False] * 200
    assert set(found.values()) == {_id(first)}


def _id(span: Span) -> str:
    return format_span_id(span.get_span_context().span_id)
