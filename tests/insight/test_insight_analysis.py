"""The whole report of traces small enough to reckon by hand."""

from __future__ import annotations

import pytest
from insight_samples import one, span

from otelwod.insight import analyze_traces, what_if
from otelwod.insight.report import (
    Bottleneck,
    Concurrency,
    ErrorUse,
    PhaseSplit,
    Report,
    Section,
    SpanUse,
    WhatIf,
)
from otelwod.trace import Quality, SpanEvent, SpanRecord, Trace

MS = 1_000_000


def shop() -> Trace:
    """0 to 100 ms: load 10 to 30, then resize 30 to 80 beside check 35 to 50, then store 85 to 95."""
    return one(
        span("r", None, 1 * MS, 101 * MS, "order", service="shop"),
        span("l", "r", 11 * MS, 31 * MS, "load", service="disk"),
        span("z", "r", 31 * MS, 81 * MS, "resize", service="image"),
        span("c", "r", 36 * MS, 51 * MS, "check", service="image"),
        span("s", "r", 86 * MS, 96 * MS, "store", service="disk", status="error"),
    )


def test_one_trace_by_hand() -> None:
    report = analyze_traces([shop()], threshold_ns=5 * MS)
    (trace,) = report.traces
    assert (trace.trace_id, trace.root, trace.service, trace.duration_ns) == ("t", "order", "shop", 100 * MS)
    assert trace.critical_path == tuple(
        Section(span_id, name, start * MS, end * MS)
        for span_id, name, start, end in [
            ("r", "order", 1, 11),
            ("l", "load", 11, 31),
            ("z", "resize", 31, 81),
            ("r", "order", 81, 86),
            ("s", "store", 86, 96),
            ("r", "order", 96, 101),
        ]
    )
    assert trace.phases == PhaseSplit(work_ns=100 * MS)
    assert trace.trace is not None
    assert trace.roots == ()
    assert trace.workout is None
    spans = {use.span_id: use for use in report.spans}
    assert [use.span_id for use in report.spans] == ["r", "l", "z", "c", "s"]
    assert spans["z"] == SpanUse(
        "z", "r", "resize", 31 * MS, 50 * MS, 50 * MS, 50 * MS, None, "unset", "t", "image", 1, 50 * MS, 0, 45 * MS
    )
    assert (spans["c"].critical_ns, spans["c"].slack_ns, spans["c"].drag_ns, spans["c"].wait_ns) == (0, 30 * MS, 0, 0)
    assert (spans["r"].self_ns, spans["r"].critical_ns, spans["r"].drag_ns) == (20 * MS, 20 * MS, 20 * MS)
    assert report.bottlenecks[0] == Bottleneck(
        operation="resize",
        critical_share=0.5,
        what_if=WhatIf(0.2, 10 * MS, 10 * MS),
        slack_ns=30 * MS,
        service="image",
        critical_ns=50 * MS,
    )
    assert [b.operation for b in report.bottlenecks] == ["resize", "load", "order", "store"]
    assert report.bottlenecks[1].slack_ns is None
    assert report.concurrency == Concurrency(
        mean=1.15,
        peak=2,
        serial_fraction=0.85,
        idle_ns=0,
        covered_ns=100 * MS,
        tail_ns=50 * MS,
        amdahl_ceiling=pytest.approx(100 / 85),
        histogram=((1, 85 * MS), (2, 15 * MS)),
    )
    active = {use.operation: use.active_ns for use in report.operations}
    assert active == {"resize": 42_500_000, "check": 7_500_000, "load": 20 * MS, "order": 20 * MS, "store": 10 * MS}
    assert report.errors == (ErrorUse("s", "store", "origin", "", 10 * MS, "t", "disk", "", True),)
    assert report.quality == Quality(spans=5, roots=1)
    assert (report.duration_ns, report.span_count, report.threshold_ns) == (100 * MS, 5, 5 * MS)


def test_the_threshold_is_100_ms_or_one_percent_whichever_is_less() -> None:
    assert analyze_traces([shop()]).threshold_ns == MS
    long = one(span("r", None, 1, 1 + 60_000 * MS), span("a", "r", 1, 1 + 99 * MS), span("b", "r", 99 * MS, 200 * MS))
    report = analyze_traces([long])
    assert report.threshold_ns == 100 * MS
    assert [b.operation for b in report.bottlenecks] == ["r", "b"]


def test_what_if_of_any_operation_and_speedup() -> None:
    assert what_if([shop()], "resize", 0.8) == WhatIf(0.8, 30 * MS, 40 * MS)
    assert what_if([shop(), shop()], "load", 0.1, service="disk") == WhatIf(0.1, 4 * MS, 4 * MS)
    assert what_if([shop()], "order", 1) == WhatIf(1.0, 20 * MS, 20 * MS)
    with pytest.raises(ValueError, match="there are: resize"):
        what_if([shop()], "resise", 0.5)
    with pytest.raises(ValueError, match="no span has the operation 'load'"):
        what_if([shop()], "load", 0.5, service="shop")
    with pytest.raises(ValueError, match="from 0 to 1, not 20"):
        what_if([shop()], "load", 20)


def test_only_the_operations_that_can_still_be_first_are_replayed() -> None:
    ends = [1 + sum(range(30, 30 - at, -1)) for at in range(31)]
    steps = [span(f"{at:02}", "r", start, ends[at + 1], f"step {at}") for at, start in enumerate(ends[:-1])]
    report = analyze_traces([one(span("r", None, 1, ends[-1]), *steps)], threshold_ns=1)
    assert [b.operation for b in report.bottlenecks] == [f"step {at}" for at in range(10)]
    assert [b.what_if.low_ns for b in report.bottlenecks] == [(30 - at) // 5 for at in range(10)]


def test_a_run_adds_its_traces_up() -> None:
    records = [
        SpanRecord(trace, f"{trace}{at}", None if at == 0 else f"{trace}0", name, start, end)
        for trace, shift in (("x", 0), ("y", 1000))
        for at, (name, start, end) in enumerate([("day", 1 + shift, 101 + shift), ("step", 11 + shift, 71 + shift)])
    ]
    report = analyze_traces(Trace.from_records(records), threshold_ns=1)
    assert [trace.trace_id for trace in report.traces] == ["x", "y"]
    assert report.duration_ns == 200
    step = next(use for use in report.operations if use.operation == "step")
    assert (step.count, step.total_ns, step.critical_ns, step.calls_per_parent) == (2, 120, 120, 1.0)
    assert (step.p50_ns, step.p99_ns, step.mean_ns, step.busy_ns) == (60, 60, 60, 120)
    assert report.bottlenecks[0].what_if == WhatIf(0.2, 24, 24)
    assert report.concurrency.covered_ns == 200


def test_span_rows_are_limited_and_counts_are_not() -> None:
    traces = [shop(), shop()]
    assert [len(analyze_traces(traces, span_limit=limit).spans) for limit in (0, 3, 7, None)] == [0, 3, 7, 10]
    assert analyze_traces(traces, span_limit=3).span_count == 10


def test_several_roots_have_a_path_each_and_one_over_all() -> None:
    trace = one(span("a", None, 10, 20), span("b", None, 30, 60), span("c", "gone", 35, 40), span("d", "b", 40, 50))
    report = analyze_traces([trace])
    (row,) = report.traces
    assert (row.root, row.duration_ns) == ("b", 50)
    assert [(s.span_id, s.start_ns, s.end_ns) for s in row.critical_path] == [
        ("a", 10, 20),
        ("", 20, 30),
        ("b", 30, 40),
        ("d", 40, 50),
        ("b", 50, 60),
    ]
    assert [(r.span_id, r.duration_ns, len(r.critical_path)) for r in row.roots] == [
        ("a", 10, 1),
        ("b", 30, 3),
        ("c", 5, 1),
    ]
    assert row.phases.unknown_ns == 10
    assert report.concurrency.idle_ns == 10
    assert (report.quality.roots, report.quality.orphans) == (3, 1)


def test_phases_tile_the_path() -> None:
    trace = one(
        span("r", None, 1, 101, "session"),
        span("w", "r", 1, 41, "squats", attributes={"otelwod.phase": "work"}),
        span("x", "w", 11, 21, "inside"),
        span("p", "r", 41, 61, "rest", attributes={"otelwod.phase": "rest"}),
        span("t", "r", 61, 71, "walk", attributes={"otelwod.phase": "transition"}),
        span("q", "r", 71, 81, "break", attributes={"otelwod.phase": "pause"}),
        span("o", "r", 81, 91, "else", attributes={"otelwod.phase": "dance"}),
    )
    report = analyze_traces([trace])
    assert report.traces[0].phases == PhaseSplit(50, 20, 10, 10, 10)
    assert {use.operation: use.phase for use in report.operations}["rest"] == "rest"
    assert {b.operation: b.phase for b in report.bottlenecks}["rest"] == "rest"


def test_without_a_phase_what_runs_beside_a_child_is_unknown() -> None:
    # y ends last and is on the path; x ran before it, and in part beside the parent's own section.
    trace = one(span("r", None, 1, 101), span("x", "r", 11, 61), span("y", "r", 51, 101))
    report = analyze_traces([trace])
    assert report.traces[0].phases == PhaseSplit(work_ns=60, unknown_ns=40)
    assert report.traces[0].overlap_ns == 40


def test_errors_from_origin_to_where_they_end() -> None:
    failed = SpanEvent("exception", 35, {"exception.type": "TimeoutError"})
    trace = one(
        span("r", None, 1, 101),
        span("a", "r", 11, 51, status="error", status_message="gave up", attributes={"error.type": "503"}),
        span("b", "a", 21, 41, status="error", events=(SpanEvent("note", 22), failed)),
        span("c", "r", 61, 71, status="error"),
    )
    report = analyze_traces([trace])
    assert report.errors == (
        ErrorUse("a", "a", "propagated", "503", 40, "t", "", "gave up", True),
        ErrorUse("b", "b", "origin", "TimeoutError", 20, "t", "", "", False),
        ErrorUse("c", "c", "origin", "", 10, "t", "", "", True),
    )
    assert {use.operation: use.errors for use in report.operations} == {"r": 0, "a": 1, "b": 1, "c": 1}


def test_eps_joins_siblings_that_overlap_by_a_clock_tick() -> None:
    trace = one(span("r", None, 1, 101), span("a", "r", 11, 52), span("b", "r", 51, 91))
    assert {s.span_id for s in analyze_traces([trace]).traces[0].critical_path} == {"r", "b"}
    report = analyze_traces([trace], eps_ns=1)
    assert [(s.span_id, s.start_ns, s.end_ns) for s in report.traces[0].critical_path] == [
        ("r", 1, 11),
        ("a", 11, 51),
        ("b", 51, 91),
        ("r", 91, 101),
    ]
    with pytest.raises(ValueError, match="eps_ns"):
        analyze_traces([trace], eps_ns=-1)


def test_jaeger_drops_a_sibling_that_ends_where_the_next_begins() -> None:
    trace = one(span("r", None, 1, 101), span("a", "r", 11, 51), span("b", "r", 51, 91))
    ours = analyze_traces([trace])
    theirs = analyze_traces([trace], compat="jaeger", eps_ns=5)
    assert [s.span_id for s in ours.traces[0].critical_path] == ["r", "a", "b", "r"]
    assert [s.span_id for s in theirs.traces[0].critical_path] == ["r", "b", "r"]
    assert (ours.compat, theirs.compat, theirs.eps_ns) == (None, "jaeger", 0)


def test_a_child_that_outlives_its_parent_may_be_async() -> None:
    trace = one(span("r", None, 1, 101), span("a", "r", 51, 151))
    clamped, free = analyze_traces([trace]), analyze_traces([trace], overrun="async")
    assert [(s.span_id, s.start_ns) for s in clamped.traces[0].critical_path] == [("r", 1), ("a", 51)]
    assert [s.span_id for s in free.traces[0].critical_path] == ["r"]
    assert [use.self_ns for use in free.spans] == [100, 100]
    assert [use.slack_ns for use in free.spans] == [0, None]
    assert clamped.quality.overruns == 1


def test_detached_spans_are_off_the_path_and_marked() -> None:
    trace = one(span("r", None, 1, 101), span("a", "r", 151, 161), span("b", "a", 152, 155))
    report = analyze_traces([trace])
    assert {use.span_id: use.detached for use in report.spans} == {"r": False, "a": True, "b": True}
    assert report.quality.detached == 1
    assert report.traces[0].duration_ns == 100
    assert sum(use.active_ns for use in report.operations) == report.concurrency.covered_ns == 110


def test_nothing_and_zero_are_no_trouble() -> None:
    nothing = analyze_traces([])
    assert (nothing.duration_ns, nothing.bottlenecks, nothing.concurrency, nothing.quality) == (
        0,
        (),
        Concurrency(),
        Quality(),
    )
    assert Report.from_dict(nothing.to_dict()) == nothing
    empty = Trace("e", span_id=[], parent_id=[], operation=[], operations=[], start_ns=[], end_ns=[])
    assert analyze_traces([empty]).traces[0].critical_path == ()
    zero = analyze_traces([one(span("r", None, 5, 5), span("a", "r", 5, 5))])
    assert zero.duration_ns == 0
    assert [b.critical_share for b in zero.bottlenecks] == []
    assert zero.concurrency.amdahl_ceiling is None
    assert zero.quality.zero_durations == 2


def test_spans_with_guessed_times_stay_out_of_the_extremes() -> None:
    trace = one(span("r", None, 1, 101), span("a", "r", 11, 21, "x"), span("b", "r", 31, None, "x"))
    (use,) = [use for use in analyze_traces([trace]).operations if use.operation == "x"]
    assert (use.count, use.total_ns, use.min_ns, use.mean_ns, use.max_ns) == (2, 80, 10, 10, 10)


def test_a_hundred_thousand_levels_and_siblings() -> None:
    n = 100_000
    deep = Trace(
        "d",
        span_id=[f"{i:06x}" for i in range(n)],
        parent_id=[None, *(f"{i:06x}" for i in range(n - 1))],
        operation=[i % 3 for i in range(n)],
        operations=[("", "a"), ("", "b"), ("", "c")],
        start_ns=[1 + i for i in range(n)],
        end_ns=[3 * n - i for i in range(n)],
        status={n - 1: "error"},
        phase={0: "work"},
    )
    report = analyze_traces([deep], span_limit=10)
    assert len(report.traces[0].critical_path) == 2 * n - 1
    assert report.traces[0].phases.work_ns == 3 * n - 1
    assert sum(use.critical_ns for use in report.operations) == 3 * n - 1
    assert report.errors[0].cost_ns == n + 1
    wide = Trace(
        "w",
        span_id=[f"{i:06x}" for i in range(n)],
        parent_id=[None, *(["000000"] * (n - 1))],
        operation=[min(i, 1) for i in range(n)],
        operations=[("", "a"), ("", "b")],
        start_ns=[1, *((i * 7919) % (10 * n) + 1 for i in range(1, n))],
        end_ns=[11 * n, *((i * 7919) % (10 * n) + 1 + i % 97 for i in range(1, n))],
    )
    report = analyze_traces([wide], span_limit=10)
    assert sum(use.critical_ns for use in report.operations) == 11 * n - 1
