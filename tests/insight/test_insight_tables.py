"""Percentiles, slow-down loss, stages, comparison, skew's edges, and reports from JSON."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from insight_samples import by_id, one, quick, span

from otelwod.insight import Report, analyze_traces
from otelwod.insight.comparison import ELLIPSIS, IDLE, MAX_PATH, REST, compare, with_comparison
from otelwod.insight.concurrency import whole
from otelwod.insight.errors import error_type
from otelwod.insight.replay import Replay
from otelwod.insight.report import Difference
from otelwod.insight.skew import correct_skew
from otelwod.insight.slack import runner_up, slack
from otelwod.insight.statistics import OperationTable, rank, slowdown
from otelwod.trace import Operation, SpanRecord, Trace


@quick
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_percentiles_are_nearest_rank_and_slow_down_loss_is_literal(values: list[int]) -> None:
    values.sort()
    for percent in (1, 50, 95, 99, 100):
        below = [value for value in values if value <= rank(values, percent)]
        assert len(below) * 100 >= percent * len(values)
        assert sum(value < rank(values, percent) for value in values) * 100 < percent * len(values)
    assert rank(values, 50) == statistics.median_low(values)
    median = rank(values, 50)
    assert slowdown(values, median) == sum(max(0, value - median) for value in values)


def test_no_values_have_percentile_zero() -> None:
    assert rank([], 50) == 0


@quick
@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=9))
def test_shares_as_whole_nanoseconds_add_up(shares: list[int]) -> None:
    total = round(sum(shares) / (1 << 20))
    found = whole(shares, total, range(len(shares)))
    assert sum(found) == total
    assert all(abs(value - share / (1 << 20)) <= 1 for value, share in zip(found, shares, strict=True))


def test_a_table_takes_traces_with_tables_of_their_own() -> None:
    table = OperationTable()
    for names in (["a", "b"], ["b", "a", "c"]):
        operations: list[Operation] = [("", name) for name in names]
        n = len(names)
        trace = Trace(
            "t",
            span_id=[str(i) for i in range(n)],
            parent_id=[None] * n,
            operation=list(range(n)),
            operations=operations,
            start_ns=[1] * n,
            end_ns=[11 + i for i in range(n)],
        )
        from otelwod.insight.criticalpath import critical_path
        from otelwod.insight.selftime import self_times

        table.add(trace, self_times(trace), critical_path(trace))
    rows = {row.operation: (row.count, row.total_ns, row.self_ns) for row in table.rows()}
    assert rows == {"a": (2, 21, 21), "b": (2, 21, 21), "c": (1, 12, 12)}


# ---------------------------------------------------------------------------------------------------------- stages


def line(spans: list[tuple[str, int, int]]) -> list[Trace]:
    """One trace an item, as a pipeline of workers leaves them."""
    return Trace.from_records(
        SpanRecord(f"t{at}", "s", None, name, start + 1, end + 1) for at, (name, start, end) in enumerate(spans)
    )


def test_the_busiest_stage_is_the_bottleneck_of_a_line() -> None:
    spans = []
    for item in range(10):
        spans += [("load", item * 50, item * 50 + 20), ("resize", item * 50 + 20, item * 50 + 70)]
    verdict = analyze_traces(line(spans)).stages
    assert verdict.bottleneck == "resize"
    first = verdict.stages[0]
    assert (first.operation, first.workers, first.window_ns, first.work_ns) == ("resize", 1, 520, 500)
    assert first.utilisation == pytest.approx(500 / 520)
    assert [stage.operation for stage in verdict.stages] == ["resize", "load"]
    throughput, mean_time = first.count / first.window_ns, first.work_ns / first.count
    assert first.in_flight == pytest.approx(throughput * mean_time)


def test_two_workers_halve_the_utilisation_and_a_waiting_line_is_arrival_limited() -> None:
    doubled = [("pack", at * 20, at * 20 + 40) for at in range(10)]
    (stage,) = analyze_traces(line(doubled)).stages.stages
    assert (stage.workers, stage.utilisation) == (2, pytest.approx(400 / 440))
    seldom = analyze_traces(line([("pack", at * 100, at * 100 + 40) for at in range(10)])).stages
    assert seldom.bottleneck is None
    assert seldom.stages[0].utilisation < 0.9
    assert analyze_traces(line([("pack", 0, 40)])).stages.stages == ()


# ------------------------------------------------------------------------------------------------- slack and replay


def test_slack_goes_through_followers_and_parents() -> None:
    trace = one(
        span("r", None, 1, 101),
        span("p", "r", 1, 61),  # off the path: q ends later
        span("a", "p", 1, 21),
        span("b", "p", 31, 51),  # follows a, 10 later
        span("q", "r", 1, 91),
    )
    found = by_id(trace, slack(Replay(trace, trace.children)))
    assert found == {"r": 0, "q": 0, "p": 30, "a": 30, "b": 30}
    room = by_id(trace, runner_up(Replay(trace, trace.children), [list(trace.span_id).index("q")]))
    assert room == {"r": None, "q": 30}


def test_the_runner_up_may_be_on_a_higher_level() -> None:
    trace = one(
        span("r", None, 1, 101),
        span("p", "r", 1, 91),
        span("in", "p", 1, 91),
        span("q", "r", 1, 81),
        span("x", "p", 1, 41),
    )
    rows = {name: at for at, name in enumerate(trace.span_id)}
    room = by_id(trace, runner_up(Replay(trace, trace.children), [rows["in"]]))
    assert room == {"r": None, "p": 10, "in": 10}


def test_spans_without_a_place_have_no_slack() -> None:
    trace = one(span("r", None, 1, 11), span("a", "r", 20, 30), span("b", "a", 21, 22))
    replay = Replay(trace, trace.children)
    assert by_id(trace, slack(replay)) == {"r": 0}
    assert replay.total_ns == 10
    from fractions import Fraction

    assert replay.what_if([1, 2], Fraction(1, 2)) == (0, 0)


# ------------------------------------------------------------------------------------------------------- comparison


def day(resize: int, extra: bool = False) -> Trace:
    records = [
        span("r", None, 1, 101 + resize, "day"),
        span("l", "r", 11, 31, "load"),
        span("z", "r", 31, 31 + resize, "resize"),
        span("d", "z", 31, 31 + resize // 2, "decode"),
    ]
    if extra:
        records.append(span("x", "r", 31 + resize, 41 + resize, "check"))
    return one(*records)


def test_the_differences_explain_the_whole_difference() -> None:
    found = compare([day(50)], [day(90, extra=True)])
    assert (found.before_ns, found.after_ns) == (150, 190)
    assert sum(d.delta_ns for d in found.differences) == 40
    assert [(d.path, d.delta_ns) for d in found.differences[:4]] == [
        (("day", "resize"), 20),
        (("day", "resize", "decode"), 20),
        (("day",), -10),
        (("day", "check"), 10),
    ]
    assert found.differences[3] == Difference(("day", "check"), "", 0, 1, 0, 10, 0, 10)


def test_runs_are_compared_per_trace() -> None:
    found = compare([day(50), day(51), day(52)], [day(50)])
    assert (found.traces_before, found.traces_after, found.before_ns, found.after_ns) == (3, 1, 151, 150)
    assert sum(d.delta_ns for d in found.differences) == -1
    assert compare([], []).differences == ()


def test_what_is_beyond_the_limit_is_one_row() -> None:
    found = compare([day(50)], [day(90, extra=True)], limit=2)
    assert [d.path for d in found.differences][2:] == [(REST,)]
    assert sum(d.delta_ns for d in found.differences) == 40


def test_idle_time_between_roots_is_a_path_too() -> None:
    found = compare([one(span("a", None, 1, 11), span("b", None, 21, 31))], [one(span("a", None, 1, 11))])
    assert {d.path: d.delta_ns for d in found.differences} == {("b",): -10, (IDLE,): -10, ("a",): 0}


def test_long_paths_are_cut_in_the_middle() -> None:
    deep = one(*(span(f"{i:03}", f"{i - 1:03}" if i else None, 1 + i, 1000 - i, f"n{i}") for i in range(200)))
    longest = max((d.path for d in compare([deep], [deep]).differences), key=len)
    assert len(longest) == MAX_PATH + 1
    assert (longest[0], longest[1]) == ("n0", ELLIPSIS)


def test_a_report_with_its_comparison() -> None:
    before, after = analyze_traces([day(50)]), analyze_traces([day(90)])
    report = with_comparison(after, before)
    assert report.comparison is not None
    assert report.comparison.after_ns - report.comparison.before_ns == 40
    assert Report.from_dict(report.to_dict()) == report
    with pytest.raises(ValueError, match="holds no traces"):
        with_comparison(after, Report.from_dict(before.to_dict()))


# ------------------------------------------------------------------------------------------------------------ rest


def on(host: str) -> dict[str, Any]:
    return {"resource": {"host.name": host}}


def test_skew_is_corrected_between_known_hosts_only() -> None:
    records = [
        span("r", None, 10, 110, **on("one")),
        span("a", "r", 1, 51, **on("two")),
        span("b", "r", 2, 52),
        span("c", "a", 3, 13, **on("two")),
        span("d", "b", 3, 13, **on("two")),
    ]
    result = correct_skew(one(*records), 10**6)
    assert by_id(one(*records), dict(result.shifts_ns)) == {"a": 34, "c": 34}
    assert correct_skew(one(span("r", None, 10, 110), span("a", "r", 1, 51)), 10**6).shifts_ns == {}
    copies = one(span("r", None, 10, 110), span("a", "r", 1, 51), span("a", "r", 1, 52))
    assert correct_skew(copies, 10**6).warnings == ("duplicate span ids: clock skew is not corrected",)


def test_an_analysis_corrects_skew_when_asked() -> None:
    trace = one(span("r", None, 10, 110, **on("one")), span("a", "r", 1, 51, **on("two")))
    off, limited, done = (analyze_traces([trace], max_skew_ns=most) for most in (0, 30, 34))
    assert [report.quality.skew_shifts for report in (off, limited, done)] == [0, 0, 1]
    assert [report.quality.overruns for report in (off, limited, done)] == [1, 1, 0]
    assert [report.spans[-1].start_ns if report is done else 1 for report in (off, limited, done)] == [1, 1, 35]


def test_the_type_of_an_error() -> None:
    assert error_type(span("a", None, 1, 2, attributes={"error.type": 503})) == "503"
    assert error_type(span("a", None, 1, 2)) == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema is 2"),
        ({"traces": {}}, "report.traces: a list was expected"),
        ({"traces": [3]}, r"report.traces\[0\]: an object was expected"),
        ({"traces": [{"trace_id": 3}]}, "report.traces.0..trace_id: 3 is of the wrong type"),
        ({"concurrency": {"peak": True}}, "peak: True is of the wrong type"),
        ({"errors": [{}]}, "report.errors.0.: .*missing"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(change: dict[str, Any], message: str) -> None:
    data = analyze_traces([day(50)]).to_dict()
    with pytest.raises(ValueError, match=message):
        Report.from_dict({**data, **change})


def test_unknown_keys_are_ignored() -> None:
    report = analyze_traces([day(50)])
    assert Report.from_dict({**report.to_dict(), "later": 1}) == report
