"""What the processor keeps at most, and that its sums stay exact when detail goes."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from processor_programs import Program, random_tree

from otelwod.insight import processor as module
from otelwod.insight.live import intake


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
