"""What must hold for every trace, beside slow and literal versions of the definitions."""

from __future__ import annotations

import random
from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from insight_samples import by_id, forests, quick

from otelwod.insight import Report, analyze_traces
from otelwod.insight.bottlenecks import peak
from otelwod.insight.concurrency import SHARE_BITS, sweep
from otelwod.insight.criticalpath import VIRTUAL, Path, clamped, critical_path, extent, overlaps, waits
from otelwod.insight.errors import inclusive
from otelwod.insight.handover import handed_over
from otelwod.insight.replay import Replay
from otelwod.insight.selftime import blocking_children, self_times
from otelwod.insight.slack import drag, runner_up, slack
from otelwod.trace import SpanRecord, Trace

EPS = st.sampled_from([0, 0, 1, 3])


def literal_path(trace: Trace, eps: int, strict: bool = False) -> list[tuple[int, int, int]]:
    """The definition, word by word: clamp from the roots down, then scan, with recursion."""
    kids = blocking_children(trace, trace.nonblocking)
    times = clamped(trace, kids)
    found: list[tuple[int, int, int]] = []

    def scan(row: int, a: int, b: int) -> None:
        below = [child for child in (trace.roots if row == VIRTUAL else kids[row]) if child in times]
        below.sort(key=lambda child: (-times[child][1], trace.start_ns[child], trace.span_id[child]))
        cur = b
        for child in below:
            start, end = times[child]
            if end <= cur + eps and start < cur and end > a and not (strict and cur != b and end == cur):
                stop = min(end, cur)
                if max(start, a) >= stop:
                    continue
                if stop < cur:
                    found.append((row, stop, cur))
                scan(child, max(start, a), stop)
                cur = max(start, a)
        if a < cur:
            found.append((row, a, cur))

    if len(trace.roots) == 1:
        root = trace.roots[0]
        scan(root, trace.start_ns[root], trace.end_ns[root])
    elif trace.roots:
        scan(VIRTUAL, *extent(trace))
    return found[::-1]


def rows(path: Path) -> list[tuple[int, int, int]]:
    return list(zip(path.row, path.start_ns, path.end_ns, strict=True))


def joined(records: list[SpanRecord]) -> Trace:
    (trace,) = Trace.from_records(records)
    return trace


@quick
@given(forests(), EPS, st.booleans())
def test_the_path_is_the_literal_one_and_partitions_the_root(records: list[SpanRecord], eps: int, strict: bool) -> None:
    trace = joined(records)
    eps = 0 if strict else eps
    path = critical_path(trace, trace.nonblocking, eps_ns=eps, strict=strict)
    assert rows(path) == literal_path(trace, eps, strict)
    start, end = extent(trace)
    at = start
    for row, begin, stop in rows(path):
        assert begin == at < stop
        at = stop
        if row != VIRTUAL:
            assert trace.start_ns[row] <= begin
            assert stop <= trace.end_ns[row]
    assert at == end
    assert sum(path.by_row(len(trace))) <= end - start


@quick
@given(forests(), EPS)
def test_each_root_has_a_path_of_its_own(records: list[SpanRecord], eps: int) -> None:
    trace = joined(records)
    for root in trace.roots:
        path = critical_path(trace, trace.nonblocking, eps_ns=eps, root=root)
        assert sum(path.by_row(len(trace))) == trace.end_ns[root] - trace.start_ns[root]


@quick
@given(forests())
def test_self_time_is_the_duration_less_the_union(records: list[SpanRecord]) -> None:
    trace = joined(records)
    own = self_times(trace, trace.nonblocking)
    kids = blocking_children(trace, trace.nonblocking)
    for row in range(len(trace)):
        moments = set(range(trace.start_ns[row], trace.end_ns[row]))
        for kid in kids[row]:
            moments -= set(range(trace.start_ns[kid], trace.end_ns[kid]))
        assert own[row] == len(moments)


@quick
@given(forests())
def test_active_shares_are_the_literal_ones_and_sum_to_the_covered_time(records: list[SpanRecord]) -> None:
    trace = joined(records)
    swept = sweep(trace)
    shares: dict[int, Fraction] = defaultdict(Fraction)
    levels: dict[int, int] = defaultdict(int)
    first, last = min(trace.start_ns), max(trace.end_ns)
    for moment in range(first, last):
        open_rows = [r for r in range(len(trace)) if trace.start_ns[r] <= moment < trace.end_ns[r]]
        parents = {trace.parent[row] for row in open_rows}
        active = [row for row in open_rows if row not in parents]
        levels[len(active)] += 1
        for row in active:
            shares[row] += Fraction(1, len(active))
    assert dict(swept.histogram) == dict(levels)
    for row, share in enumerate(swept.active):
        assert abs(Fraction(share, 1 << SHARE_BITS) - shares[row]) < Fraction(1, 1000)
    report = analyze_traces([trace])
    assert sum(use.active_ns for use in report.operations) == swept.covered_ns == report.concurrency.covered_ns
    serial_tail = 0
    for moment in range(last - 1, first - 1, -1):
        open_rows = [r for r in range(len(trace)) if trace.start_ns[r] <= moment < trace.end_ns[r]]
        parents = {trace.parent[row] for row in open_rows}
        if len([row for row in open_rows if row not in parents]) > 1:
            break
        serial_tail += 1
    assert swept.tail_ns == serial_tail


@quick
@given(forests(), EPS)
def test_waits_and_overlaps(records: list[SpanRecord], eps: int) -> None:
    trace = joined(records)
    kids = blocking_children(trace, trace.nonblocking)
    waited = waits(trace, trace.nonblocking, eps_ns=eps)
    for row, below in enumerate(kids):
        own = trace.end_ns[row] - trace.start_ns[row] - sum(waited[kid] for kid in below)
        assert own >= 0
    path = critical_path(trace, trace.nonblocking, eps_ns=eps)
    shared = overlaps(trace, trace.nonblocking, path)
    literal: dict[int, int] = defaultdict(int)
    for row, begin, stop in rows(path):
        if row == VIRTUAL:
            continue
        for moment in range(begin, stop):
            literal[row] += any(trace.start_ns[kid] <= moment < trace.end_ns[kid] for kid in kids[row])
    assert shared == {row: length for row, length in literal.items() if length}
    split = analyze_traces([trace], eps_ns=eps).traces[0].phases
    total = split.work_ns + split.rest_ns + split.transition_ns + split.pause_ns + split.unknown_ns
    begin, stop = extent(trace, handed_over(trace))
    assert total == stop - begin


@quick
@given(forests(), EPS)
def test_what_if_slack_and_drag(records: list[SpanRecord], eps: int) -> None:
    trace = joined(records)
    kids = blocking_children(trace, trace.nonblocking)
    replay = Replay(trace, kids, eps_ns=eps)
    critical = critical_path(trace, trace.nonblocking, eps_ns=eps).by_row(len(trace))
    for name in "abc":
        chosen = [row for row in range(len(trace)) if trace.operations[trace.operation[row]][1] == name]
        for speedup in (Fraction(1, 5), Fraction(1)):
            low, high = replay.what_if(chosen, speedup)
            assert low <= high
            if not eps:
                assert low >= 0
                assert high <= speedup * sum(critical[row] for row in chosen)
    if eps:
        return
    spare = slack(replay)
    gains = drag(replay, critical)
    room = runner_up(replay, [row for row, length in enumerate(critical) if length])
    for row, length in enumerate(critical):
        if length:
            assert spare[row] == 0
            assert 0 <= gains[row] <= length
            assert gains[row] == min(gains[row], replay.what_if([row], Fraction(1))[1])
    assert all(value >= 0 for value in spare.values())
    assert all(value is None or value >= 0 for value in room.values())


@quick
@given(forests(), st.integers(0, 10**6))
def test_order_ids_and_siblings_do_not_matter(records: list[SpanRecord], seed: int) -> None:
    mixed = list(records)
    random.Random(seed).shuffle(mixed)
    report = analyze_traces(Trace.from_records(records), span_limit=None)
    assert analyze_traces(Trace.from_records(mixed), span_limit=None) == report
    renamed = [
        SpanRecord(
            "t",
            f"x{record.span_id}",
            f"x{record.parent_id}" if record.parent_id else None,
            record.name,
            record.start_ns,
            record.end_ns,
            record.kind,
            record.status,
            attributes=record.attributes,
        )
        for record in records
    ]
    other = analyze_traces(Trace.from_records(renamed), span_limit=None)
    assert other.operations == report.operations
    assert other.bottlenecks == report.bottlenecks
    assert other.concurrency == report.concurrency


@quick
@given(forests(), EPS)
def test_the_report_is_consistent_and_survives_json(records: list[SpanRecord], eps: int) -> None:
    trace = joined(records)
    report = analyze_traces([trace], threshold_ns=0, span_limit=None, eps_ns=eps)
    for found in report.bottlenecks:
        assert 0 <= found.what_if.low_ns <= found.what_if.high_ns <= found.critical_ns / 5
    assert Report.from_dict(report.to_dict()) == report
    uses = {use.span_id: use for use in report.spans}
    assert len(uses) == len(trace) == report.span_count == sum(use.count for use in report.operations)
    assert sum(use.critical_ns for use in report.operations) == sum(use.critical_ns for use in uses.values())
    assert sum(use.self_ns for use in report.operations) == sum(use.self_ns for use in uses.values())
    for use in report.operations:
        assert use.min_ns <= use.p50_ns <= use.p95_ns <= use.p99_ns <= use.max_ns
        assert use.busy_ns <= use.total_ns
    for use in report.spans:
        assert 0 <= use.self_ns <= use.duration_ns
        assert use.critical_ns <= use.duration_ns
        assert 0 <= use.wait_ns <= use.duration_ns
    path = critical_path(trace, trace.nonblocking, eps_ns=eps, handed=handed_over(trace))
    cost = inclusive(trace, path.by_row(len(trace)))
    assert {e.span_id: e.cost_ns for e in report.errors} == {
        span_id: value for span_id, value in by_id(trace, cost).items() if uses[span_id].status == "error"
    }
    quality = report.quality
    assert quality.roots == len(trace.roots) >= quality.orphans
    for stage in report.stages.stages:
        assert 0 < stage.utilisation <= 1
        assert stage.in_flight == pytest.approx(stage.utilisation * stage.workers)


@st.composite
def damaged(draw: st.DrawFn) -> list[SpanRecord]:
    """Anything a broken exporter may send: repeated ids, circles, missing and impossible times."""
    ids = st.sampled_from(["a", "b", "c", "d", "e", "f"])
    now = 1_700_000_000_000_000_000
    times = st.one_of(st.integers(0, 20), st.integers(now, now + 20), st.just(0), st.just(-5))
    span = st.builds(
        SpanRecord,
        trace_id=st.just("t"),
        span_id=ids,
        parent_id=st.one_of(st.none(), ids, st.just("lost"), st.just("")),
        name=st.sampled_from("xy"),
        start_ns=times,
        end_ns=st.one_of(st.none(), times),
        status=st.sampled_from(["unset", "error"]),
        attributes=st.sampled_from(
            [{}, {"otelwod.phase": "work", "otelwod.block.type": "effort"}, {"error.type": "E"}]
        ),
    )
    return draw(st.lists(span, min_size=1, max_size=9))


@quick
@given(damaged(), st.integers(0, 10**6))
def test_damaged_data_is_analysed_whatever_its_order(records: list[SpanRecord], seed: int) -> None:
    trace = joined(records)
    seen = [row for row, _ in trace.preorder()]
    assert sorted(seen) == list(range(len(trace)))
    assert all(start <= end for start, end in zip(trace.start_ns, trace.end_ns, strict=True))
    quality = trace.quality
    assert quality.spans == len(trace) <= len(records)
    assert 0 <= quality.orphans <= quality.roots
    report = analyze_traces([trace], span_limit=None)
    assert Report.from_dict(report.to_dict()) == report
    assert sum(s.end_ns - s.start_ns for s in report.traces[0].critical_path) == report.duration_ns
    assert sum(use.active_ns for use in report.operations) == report.concurrency.covered_ns
    mixed = list(records)
    random.Random(seed).shuffle(mixed)
    assert analyze_traces(Trace.from_records(mixed), span_limit=None) == report


@quick
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10)), min_size=1, max_size=12))
def test_the_peak_is_the_greatest_depth(pairs: list[tuple[int, int]]) -> None:
    depth = max(sum(s <= moment < s + d for s, d in pairs) for moment in range(32))
    assert peak([s for s, _ in pairs], [s + d for s, d in pairs]) == depth
