"""`Trace`: how spans are joined to a forest, and what is said about bad data."""

from __future__ import annotations

import random

import pytest

from otelwod.trace import Quality, SpanEvent, SpanLink, SpanRecord, Trace

DAY = 86_400 * 1_000_000_000
NOW = 20_000 * DAY


def span(span_id: str, parent: str | None, start: int, end: int | None, **more: object) -> SpanRecord:
    return SpanRecord("t", span_id, parent, str(more.pop("name", span_id)), start, end, **more)  # type: ignore[arg-type]


def one(*records: SpanRecord) -> Trace:
    (trace,) = Trace.from_records(records)
    return trace


def tree(trace: Trace) -> list[tuple[str, int]]:
    return [(trace.span_id[row], depth) for row, depth in trace.preorder()]


def times(trace: Trace) -> dict[str, tuple[int, int]]:
    return {trace.span_id[row]: (trace.start_ns[row], trace.end_ns[row]) for row in range(len(trace))}


def test_a_tree_in_any_order_of_input() -> None:
    records = [span("r", None, 0, 100), span("b", "r", 50, 60), span("a", "r", 10, 40), span("c", "a", 10, 40)]
    for seed in range(10):
        random.Random(seed).shuffle(records)
        trace = one(*records)
        assert tree(trace) == [("r", 0), ("a", 1), ("c", 2), ("b", 1)]
        assert trace.roots == (0,)
        assert trace.quality == Quality(spans=4, roots=1)
        assert [record.span_id for record in trace.records] == list(trace.span_id) == ["r", "a", "c", "b"]
        assert [list(kids) for kids in trace.children] == [[1, 3], [2], [], []]
        first, following = trace.child_links()
        assert (first[0], following[1], following[3], first[-1]) == (1, 3, -1, 0)
    assert repr(trace) == "<Trace t of 4 spans>"


def test_several_traces_share_one_table_of_operations() -> None:
    records = [SpanRecord(t, s, None, "op", 1, 2, resource={"service.name": "shop"}) for t in "ab" for s in "xy"]
    first, second = Trace.from_records(records, counts=Quality(unreadable=3, sampled_share=0.5))
    assert first.operations is second.operations
    assert list(first.operations) == [("shop", "op")]
    assert [trace.trace_id for trace in (first, second)] == ["a", "b"]
    assert (first.quality.unreadable, second.quality.unreadable) == (3, 0)
    total = first.quality + second.quality
    assert (total.spans, total.roots, total.unreadable, total.sampled_share) == (4, 4, 3, 0.5)
    assert (Quality(sampled_share=0.5) + Quality(sampled_share=0.1)).sampled_share is None


def test_a_missing_parent_makes_an_extra_root() -> None:
    trace = one(span("r", None, 0, 10), span("a", "gone", 2, 3), span("b", "a", 2, 3))
    assert tree(trace) == [("r", 0), ("a", 0), ("b", 1)]
    assert (trace.quality.roots, trace.quality.orphans) == (2, 1)


def test_cycles_are_broken_at_their_earliest_span() -> None:
    trace = one(span("a", "c", 3, 9), span("b", "a", 2, 9), span("c", "b", 4, 9), span("d", "c", 5, 6))
    assert tree(trace) == [("b", 0), ("c", 1), ("a", 2), ("d", 2)]
    assert (trace.quality.cycles, trace.quality.roots, trace.quality.orphans) == (1, 1, 0)
    own = one(span("a", "a", 1, 2), span("b", "a", 1, 2))
    assert (own.quality.cycles, tree(own)) == (1, [("a", 0), ("b", 1)])


def test_spans_delivered_twice_are_dropped_and_other_ones_of_the_same_id_kept() -> None:
    twice = span("a", "r", 2, 5)
    trace = one(span("r", None, 1, 10), twice, twice, span("a", "r", 2, 4, name="other"), span("k", "a", 3, 4))
    assert trace.quality.duplicate_ids == 2
    assert len(trace) == 4
    assert [trace.operations[trace.operation[row]][1] for row in trace.children[1]] == ["k"]
    assert trace.record(1).name == "a"  # the longer one has the children


def test_open_negative_and_zero_spans() -> None:
    trace = one(span("r", None, 1, None), span("a", "r", 5, 3), span("b", "r", 7, 7), span("c", "r", 2, 9))
    assert times(trace) == {"r": (1, 9), "a": (5, 5), "b": (7, 7), "c": (2, 9)}
    quality = trace.quality
    assert (quality.open_spans, quality.negative_durations, quality.zero_durations) == (1, 1, 1)
    assert [trace.span_id[row] for row in trace.guessed] == ["r"]
    assert trace.record(0).end_ns is None  # records stay as they were given


def test_a_start_of_zero_is_missing_among_times_of_our_days_only() -> None:
    virtual = one(span("r", None, 0, 10), span("a", "r", 0, 4))
    assert virtual.quality.missing_times == 0
    real = one(
        span("r", None, NOW, NOW + 100), span("a", "r", 0, 40), span("b", "a", 0, NOW + 30), span("c", "gone", 0, 5)
    )
    assert times(real) == {"r": (NOW, NOW + 100), "a": (NOW, NOW + 40), "b": (NOW, NOW + 30), "c": (NOW, NOW + 5)}
    assert real.quality.missing_times == 3
    assert {real.span_id[row] for row in real.guessed} == {"b"}  # the others said how long they took
    nobody = one(span("r", None, 0, None), span("a", "r", 0, NOW))
    assert times(nobody) == {"r": (0, NOW), "a": (0, NOW)}


def test_a_missing_start_does_not_depend_on_the_order_of_repeated_ids() -> None:
    records = [
        span("a", "b", 0, None),
        span("b", None, 0, None),
        span("b", "c", 0, None),
        span("c", None, NOW, NOW + 5),
    ]
    records.append(span("d", None, NOW - 7, NOW))
    first = times(one(*records))
    assert first["a"] == (NOW, NOW + 5)
    assert times(one(*reversed(records))) == first


def test_overruns_and_detached_children() -> None:
    trace = one(
        span("r", None, 10, 20),
        span("over", "r", 15, 25),
        span("under", "r", 5, 12),
        span("before", "r", 1, 10),
        span("after", "r", 20, 30),
        span("touch", "r", 20, 20),
        span("gone", "r", 21, 21),
        span("async", "r", 15, 40, attributes={"otelwod.blocking": False}),
    )
    assert (trace.quality.overruns, trace.quality.detached) == (2, 3)


def test_what_a_parent_does_not_wait_for() -> None:
    follows = SpanLink("t", "r", {"opentracing.ref_type": "follows_from"})
    trace = one(
        span("r", None, 1, 20, kind="producer"),
        span("consumer", "r", 2, 3, kind="consumer"),
        span("follower", "r", 4, 5, links=(follows,)),
        span("linked", "r", 6, 7, links=(SpanLink("t", "elsewhere"),)),
        span("flagged", "r", 8, 9, attributes={"otelwod.blocking": False}),
        span("lonely", "flagged", 8, 9, kind="consumer"),
        span("root", None, 10, 11, attributes={"otelwod.blocking": False}),
    )
    assert {trace.span_id[row] for row in trace.nonblocking} == {"consumer", "follower", "flagged"}


def test_status_and_phase_follow_their_spans_through_sorting() -> None:
    trace = one(
        span("b", "r", 5, 6, status="error", attributes={"otelwod.phase": "rest"}),
        span("a", "r", 2, 3, attributes={"otelwod.phase": "work"}),
        span("r", None, 1, 10, status="ok"),
    )
    assert {trace.span_id[row]: status for row, status in trace.status.items()} == {"b": "error", "r": "ok"}
    assert {trace.span_id[row]: phase for row, phase in trace.phase.items()} == {"b": "rest", "a": "work"}


def columns(**changes: object) -> Trace:
    given: dict[str, object] = {
        "span_id": ["r", "a"],
        "parent_id": [None, "r"],
        "operation": [0, 1],
        "operations": [("shop", "order"), ("", "pack")],
        "start_ns": [1, 2],
        "end_ns": [9, 8],
    }
    return Trace("t", **{**given, **changes})  # type: ignore[arg-type]


def test_columns_make_records_when_asked() -> None:
    trace = columns(phase={1: "rest"}, status={0: "ok"})
    assert trace.record(0) == SpanRecord("t", "r", None, "order", 1, 9, status="ok", resource={"service.name": "shop"})
    assert trace.record(1) == SpanRecord("t", "a", "r", "pack", 2, 8, attributes={"otelwod.phase": "rest"})
    made = [SpanRecord("t", "x", None, "x", 1, 2), SpanRecord("t", "y", None, "y", 1, 2)]
    assert columns(records=made.__getitem__, start_ns=[3, 2]).record(0).span_id == "y"
    with pytest.raises(ValueError, match="same length"):
        columns(start_ns=[1])
    assert len(columns(span_id=[], parent_id=[], operation=[], start_ns=[], end_ns=[])) == 0


def test_shifting_moves_spans_and_their_events() -> None:
    trace = one(
        span("r", None, 10, 20),
        span("a", "r", 2, 5, events=(SpanEvent("e", 3),)),
        span("o", "gone", 11, None),
    )
    row = list(trace.span_id).index("a")
    moved = trace.shifted({row: 10})
    assert times(moved)["a"] == (12, 15)
    again = list(moved.span_id).index("a")
    assert moved.record(again).events == (SpanEvent("e", 13),)
    assert moved.record(again).end_ns == 15
    assert moved.record(list(moved.span_id).index("o")).end_ns is None
    assert {moved.span_id[row] for row in moved.guessed} == {"o"}
    assert (moved.quality.skew_shifts, moved.quality.orphans, moved.quality.open_spans) == (1, 1, 1)


def test_a_million_levels_and_a_million_siblings_are_joined_without_recursion() -> None:
    n = 100_000
    ids = [f"{i:x}" for i in range(n)]
    deep = Trace(
        "t",
        span_id=ids,
        parent_id=[None, *ids[:-1]],
        operation=[0] * n,
        operations=[("", "op")],
        start_ns=range(1, n + 1),
        end_ns=range(3 * n, 2 * n, -1),
    )
    assert max(depth for _, depth in deep.preorder()) == n - 1
    ring = Trace(
        "t",
        span_id=ids,
        parent_id=[ids[-1], *ids[:-1]],
        operation=[0] * n,
        operations=[("", "op")],
        start_ns=range(1, n + 1),
        end_ns=range(3 * n, 2 * n, -1),
    )
    assert (ring.quality.cycles, ring.roots) == (1, (0,))
