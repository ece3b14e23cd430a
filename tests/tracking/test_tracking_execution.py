"""The tracker for runtimes that are not ours, and the views of what it kept."""

from __future__ import annotations

import threading
from itertools import count

import pytest
from tracking_streams import ANCHOR, S, assert_tiles, leaves_of, provider

from otelwod import conventions as c
from otelwod.telemetry.span_records import record_of
from otelwod.tracking import (
    DepthError,
    ExecutionTracker,
    MetricRejectedError,
    execution_spans,
    from_json,
    to_json,
)


def tracker_at(**options) -> ExecutionTracker:
    options.setdefault("session_id", "s")
    options.setdefault("anchor_ns", ANCHOR)
    options.setdefault("clock", lambda: 0)
    return ExecutionTracker("Mine", **options)


def test_spans_nest_where_they_are_started_and_end_with_what_is_inside() -> None:
    tracker = tracker_at()
    timer = tracker.start_span("timer", "Timer", {c.TIMER_DIRECTION: "down", c.TIMER_PLANNED: 60.0}, at=0)
    tracker.start_segment("round", at=0)
    effort = tracker.start_span("effort", "Row", at=10)
    record = tracker.end_span(timer, "skipped", at=40)
    tracker.close(at=50)
    assert record is not None
    assert (record.name, record.attributes[c.STATUS]) == ("Timer", "skipped")
    assert (record.attributes[c.TIMER_ELAPSED], record.attributes[c.TIMER_TOTAL]) == (40e-9, 40e-9)
    row = tracker.find(effort)
    assert row is not None
    assert (row.attributes[c.STATUS], row.attributes[c.COMPLETION_REASON]) == ("completed", "forced")
    assert row.attributes[c.BLOCK_ID] == "0.0.0"
    assert [r.name for r in tracker.records] == ["Transition", "Row", "Round 1", "Timer", "Transition", "Mine"]
    assert_tiles(tracker.records)
    assert tracker.end_span(timer, at=60) is None
    assert tracker.end_span("no such", at=60) is None


def test_segments_divide_a_block_and_end_with_it() -> None:
    tracker = tracker_at()
    block = tracker.start_span("timer", "Intervals", at=0)
    first = tracker.start_segment("work", "Fast", at=0)
    tracker.record_metric("reps", 5, at=15)
    tracker.start_segment("rest", "Rest 0:20", metadata={"planned": 20}, at=40)
    refused = tracker.record_metric("reps", 1, at=45)
    third = tracker.start_segment("work", "Fast", at=60)
    accepted = tracker.record_metric("reps", 3, at=65)
    tracker.end_span(block, at=100)
    tracker.close(at=100)
    assert (refused.reason, refused.phase, accepted.reason) == ("rest", "rest", None)
    parts = [r for r in tracker.records if r.parent_id == block]
    assert [(p.name, p.start_ns - ANCHOR, p.end_ns - ANCHOR) for p in parts] == [
        ("Fast", 0, 40), ("Rest 0:20", 40, 60), ("Fast", 60, 100),
    ]  # fmt: skip
    assert [p.attributes[c.SEGMENT_ID] for p in parts] == [first, f"{block}-seg-1", third]
    assert parts[1].attributes["planned"] == 20
    assert [e.name for e in parts[1].events] == [c.EVENT_METRIC_REJECTED]
    assert_tiles(tracker.records)
    view = tracker.spans.by_id(block)
    assert view is not None
    assert [(s.type, s.label, [m.value for m in s.metrics], len(s.rejected)) for s in view.segments] == [
        ("work", "Fast", [5.0], 0), ("rest", "Rest 0:20", [], 1), ("work", "Fast", [3.0], 0),
    ]  # fmt: skip
    assert view.metrics.reps is not None
    assert (view.metrics.reps.value, view.metrics.reps.recorded, view.metrics.reps.source) == (
        8,
        ANCHOR + 65,
        "athlete",
    )
    assert view.metrics.duration is not None
    assert (view.metrics.duration.value, view.metrics.duration.source) == (100e-9, "tracker")
    assert view.rejected == (refused,)


def test_ended_segments_leave_a_transition() -> None:
    tracker = tracker_at()
    block = tracker.start_span("timer", "T", at=0)
    work = tracker.start_segment("work", at=0)
    assert tracker.end_segment(at=10)
    assert not tracker.end_segment(work, at=11)
    rest = tracker.start_segment("rest", at=15)
    assert tracker.end_segment(rest, {"felt": "long"}, at=20)
    tracker.end_span(block, at=30)
    tracker.close(at=30)
    assert [(r.name, r.duration_ns) for r in leaves_of(tracker.records)] == [
        ("Work", 10), ("Transition", 5), ("Rest", 5), ("Transition", 10),
    ]  # fmt: skip
    assert leaves_of(tracker.records)[2].attributes["felt"] == "long"


def test_rounds_hold_segments_and_blocks() -> None:
    tracker = tracker_at()
    tracker.start_span("rounds", "3 rounds", at=0)
    one = tracker.start_segment("round", at=0)
    tracker.start_segment("work", at=0)
    in_round = tracker.record_metric("reps", 4, at=5)
    tracker.start_segment("rest", at=10)
    two = tracker.start_segment("round", index=4, at=20)
    tracker.start_span("effort", "Row", at=20)
    in_block = tracker.record_metric("distance", 1, "km", at=25)
    tracker.end_span(at=30)
    assert tracker.end_segment(at=30)
    assert not tracker.end_segment(at=30)
    three = tracker.start_segment("minute", "Last", index=1, at=30)
    tracker.close(at=40)
    rounds = next(s for s in tracker.spans.completed if s.type == "rounds")
    assert [(s.id, s.type, s.label, s.index) for s in rounds.segments] == [
        (one, "round", "Round 1", 0),
        (f"{rounds.segments[0].span_id}-seg-0", "work", "Work", 0),
        (f"{rounds.segments[0].span_id}-seg-1", "rest", "Rest", 1),
        (two, "round", "Round 5", 4),
        (three, "minute", "Last", 5),
    ]
    assert rounds.segments[0].metrics == (in_round,) == rounds.segments[1].metrics
    assert rounds.segments[3].metrics == (in_block,)
    assert in_round.round == 1
    assert in_round.span_ids == (tracker.records[-1].span_id, rounds.id, rounds.segments[0].span_id)
    assert (in_block.round, in_block.value, in_block.unit, in_block.name) == (5, 1000.0, "m", "distance")
    assert rounds.metrics.reps is not None
    assert rounds.metrics.reps.value == 4
    assert_tiles(tracker.records)


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [
        ("reps", float("nan"), ""), ("reps", float("inf"), ""), ("reps", -1, ""), ("reps", 1.5, ""),
        ("reps", "three", ""), ("reps", True, ""), ("reps", None, ""), ("", 1, ""), ("load", 5, "m"),
        ("heart_rate", 900, ""), ("reps", 10**400, ""), (None, 1, ""),
    ],
)  # fmt: skip
def test_invalid_values_are_rejected_counted_and_shown(key, value, unit) -> None:
    made, exporter = provider()
    tracker = tracker_at(tracer=made.get_tracer("t"))
    effort = tracker.start_span("effort", "E", at=0)
    metric = tracker.record_metric(key, value, unit, at=3)
    tracker.close(at=5)
    assert metric.reason == "invalid"
    assert isinstance(metric.value, str)
    assert tracker.rejected == {"invalid": 1}
    record = tracker.find(effort)
    assert record is not None
    assert [e.attributes[c.REASON] for e in record.events] == ["invalid"]
    (shown,) = [span for span in exporter.get_finished_spans() if span.name == "E"]
    assert len(shown.events) == 1
    assert tracker.spans.by_id(effort).rejected == (metric,)


def test_every_reason_for_a_rejection() -> None:
    tracker = tracker_at()
    rest = tracker.start_span("rest", "Rest", at=0)
    assert tracker.record_metric("reps", 1, at=1).reason == "rest"
    assert tracker.record_metric("heart_rate", 120, at=2).reason is None
    tracker.pause(at=3)
    tracker.pause(at=3)
    assert tracker.record_metric("reps", 1, at=4).reason == "paused"
    tracker.resume(at=5)
    tracker.resume(at=5)
    tracker.end_span(rest, at=6)
    effort = tracker.start_span("effort", "E", at=6)
    late = tracker.record_metric("reps", 1, span_id=rest, at=7)
    assert late.reason == "ended"
    assert late.span_ids[-1] == effort
    tracker.close(at=8)
    after = tracker.record_metric("reps", 1, at=9)
    assert (after.reason, after.span_ids) == ("ended", (tracker.records[-1].span_id,))
    assert tracker.rejected == {"rest": 1, "paused": 1, "ended": 2}
    assert tracker.recorded == 5
    assert [m.reason for m in tracker.rejections] == ["rest", "paused", "ended", "ended"]


def test_strict_mode_raises_after_recording() -> None:
    tracker = tracker_at(strict=True)
    tracker.start_span("rest", "Rest", at=0)
    with pytest.raises(MetricRejectedError, match="no effort counts during rest") as raised:
        tracker.record_metric("reps", 1, at=1)
    assert raised.value.metric.reason == "rest"
    with pytest.raises(MetricRejectedError, match="finite"):
        tracker.record_metric("reps", float("nan"), at=1)
    assert tracker.rejected == {"rest": 1, "invalid": 1}


def test_a_pause_stops_the_clock_of_every_span() -> None:
    tracker = tracker_at()
    timer = tracker.start_span("timer", "T", {c.TIMER_DIRECTION: "up"}, at=0)
    effort = tracker.start_span("effort", "E", at=10 * S)
    work = tracker.start_segment("work", "Hard", at=10 * S)
    tracker.pause(at=20 * S)
    assert tracker.spans.by_id(effort).segments[-1].type == "pause"
    tracker.resume(at=50 * S)
    metric = tracker.record_metric("reps", 1, at=55 * S)
    assert (metric.elapsed, metric.total_elapsed) == (5.0, 15.0)
    assert metric.parent_timer is not None
    assert (metric.parent_timer.elapsed, metric.parent_timer.direction) == (25.0, "up")
    assert tracker.end_segment(work, at=60 * S)
    tracker.end_span(effort, at=60 * S)
    tracker.end_span(timer, at=70 * S)
    tracker.close(at=70 * S)
    view = tracker.spans.by_id(effort)
    assert [(s.type, s.label) for s in view.segments] == [("work", "Hard"), ("pause", "Paused"), ("work", "Hard")]
    assert view.metrics.elapsed.value == 20.0
    assert view.metrics.duration.value == 50.0
    assert tracker.find(timer).attributes[c.TIMER_ELAPSED] == 40.0
    assert tracker.find(timer).attributes[c.TIMER_TOTAL] == 70.0


def test_a_segment_that_ends_in_a_pause_is_not_gone_on_with() -> None:
    tracker = tracker_at()
    tracker.start_span("effort", "E", at=0)
    rest = tracker.start_segment("rest", at=0)
    tracker.pause(at=5)
    assert tracker.end_segment(rest, at=6)
    tracker.resume(at=10)
    assert tracker.record_metric("reps", 1, at=11).phase == "transition"


def test_metrics_settle_what_the_time_before_the_first_segment_was() -> None:
    tracker = tracker_at()
    block = tracker.start_span("timer", "T", at=0)
    assert tracker.record_metric("reps", 1, at=5).phase == "work"
    tracker.start_span("effort", "E", at=10)
    tracker.close(at=20)
    first = next(r for r in tracker.records if r.parent_id == block)
    assert (first.name, first.attributes[c.PHASE]) == ("Work", "work")
    assert_tiles(tracker.records)


def test_times_come_from_the_clock_and_never_run_backwards() -> None:
    ticks = iter((5, 3, 9, 9, 9, 9))
    tracker = ExecutionTracker(session_id="s", anchor_ns=0, clock=lambda: next(ticks))
    span = tracker.start_span("effort", "E")
    tracker.end_span(span)
    with pytest.raises(ValueError, match="at is 2 ns"):
        tracker.start_span("effort", "F", at=2)
    tracker.close()
    assert [(r.start_ns, r.end_ns) for r in tracker.records if r.name == "E"] == [(5, 5)]
    assert tracker.records[-1].end_ns == 9


def test_the_default_clock_is_monotonic_and_anchored_now() -> None:
    with ExecutionTracker("Default") as tracker:
        tracker.record_metric("reps", 1)
    (record,) = tracker.records
    assert record.end_ns is not None
    assert record.start_ns > ANCHOR
    assert record.end_ns >= record.start_ns
    assert len(tracker.session_id) == 32
    assert record.attributes[c.STATUS] == "completed"


def test_a_block_that_raises_ends_the_session_as_failed() -> None:
    def work() -> None:
        with tracker:
            tracker.start_span("effort", "E")
            raise RuntimeError("mine")

    tracker = tracker_at()
    with pytest.raises(RuntimeError, match="mine"):
        work()
    assert [r.attributes[c.COMPLETION_REASON] for r in tracker.records] == ["forced", "interrupted"]
    assert tracker.records[-1].status == "error"
    assert tracker.records[0].status == "unset"


def test_misuse_gets_an_error_that_says_what_to_do() -> None:
    tracker = tracker_at(max_depth=3)
    tracker.start_span("group", "A", at=0)
    tracker.start_span("group", "B", at=0)
    with pytest.raises(DepthError, match="nested 4 deep, the maximum is 3"):
        tracker.start_span("group", "C", at=0)
    with pytest.raises(ValueError, match="round, work, rest, pause, transition"):
        tracker.start_segment("lap", at=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="status must be one of completed, failed, skipped"):
        tracker.end_span(status="done", at=0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a type"):
        tracker.start_span("", "x", at=0)
    assert [s.label for s in tracker.spans.active] == ["Mine", "A", "B"]
    tracker.close(at=1)
    tracker.close(at=2)
    with pytest.raises(ValueError, match="ended"):
        tracker.start_span("effort", "x", at=3)
    for kind in ("round", "work"):
        with pytest.raises(ValueError, match="ended"):
            tracker.start_segment(kind, at=3)  # type: ignore[arg-type]
    tracker.milestone("PR", at=3)
    assert not tracker.end_segment(at=3)
    assert_tiles(tracker.records)


def test_views_know_children_go_to_json_and_back() -> None:
    tracker = tracker_at()
    timer = tracker.start_span("timer", "T", {c.TIMER_DIRECTION: "down"}, at=0)
    tracker.start_segment("round", at=0)
    effort = tracker.start_span(
        "effort", "21 Thrusters", {c.MOVEMENT_ID: "olympic/thruster", c.REPS_TARGET: 21, c.LOAD_VALUE: 43.0}, at=0
    )
    tracker.record_metric("reps", 10, at=5)
    tracker.record_metric("rpe", 7, type="effort", at=6)
    tracker.record_metric("rpe", 8, at=7)
    tracker.record_metric("reps", -1, at=7)
    tracker.pause(at=8)
    open_view = tracker.spans.by_id(effort)
    assert open_view.active
    assert open_view.status == "active"
    assert open_view.metrics.duration is None
    assert open_view.duration_ns == 0
    assert [(s.type, s.end_ns) for s in open_view.segments] == [("work", ANCHOR + 8), ("pause", None)]
    assert open_view.segments[1].duration_ns == 0
    assert from_json(tracker.spans.to_json()) == tuple(sorted(tracker.spans.active, key=lambda s: s.depth))
    tracker.resume(at=10)
    tracker.end_span(effort, at=20)
    tracker.end_span(timer, at=30)
    root = tracker.spans.children()[0]
    assert [s.id for s in tracker.spans.children(root.id)] == [timer]
    assert [s.id for s in tracker.spans.children(timer)] == [effort]
    assert tracker.spans.children(effort) == ()
    tracker.close(at=30)
    view = tracker.spans.by_id(effort)
    metrics = view.metrics
    assert (metrics.exercise_id, metrics.reps_target, metrics.reps.value) == ("olympic/thruster", 21, 10)
    assert (metrics.weight.value, metrics.weight.unit, metrics.weight.recorded) == (43.0, "kg", None)
    assert [(v.value, v.recorded) for v in metrics.custom["rpe"]] == [(7.0, ANCHOR + 6), (8.0, ANCHOR + 7)]
    assert view.captured[1].type == "effort"
    assert from_json(to_json(tracker.spans.completed)) == tracker.spans.completed
    assert execution_spans(tracker.records) == tracker.spans.completed
    assert tracker.spans.by_id("nothing") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "spans": [1]}', '{"schema": 2}', "[" * 9_999]
)
def test_a_document_that_is_none_of_ours_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


class Shelf:
    def __init__(self) -> None:
        self.held = {}

    def put(self, record) -> None:
        self.held[record.span_id] = record

    def get(self, span_id):
        return self.held.get(span_id)


class Broken:
    def put(self, record) -> None:
        raise OSError("disk full")

    def get(self, span_id):
        raise OSError("gone")


def test_beyond_the_capacity_spans_move_away_and_stay_findable() -> None:
    shelf = Shelf()
    tracker = tracker_at(capacity=2, overflow=shelf)
    ids = []
    for number in range(5):
        ids.append(tracker.start_span("effort", f"E{number}", at=number))
        tracker.end_span(at=number + 1)
    assert [r.name for r in tracker.records] == ["E3", "E4"]
    assert [tracker.find(i).name for i in ids] == ["E0", "E1", "E2", "E3", "E4"]
    assert tracker.spans.by_id(ids[0]).label == "E0"
    assert tracker._writer.completed.moved == 3
    assert len(tracker.records) == 2


def test_what_cannot_move_away_is_let_go_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    for overflow in (None, Broken()):
        tracker = tracker_at(capacity=1, overflow=overflow)
        span = tracker.start_span("effort", "E", at=0)
        tracker.end_span(at=1)
        tracker.start_span("effort", "F", at=1)
        tracker.end_span(at=2)
        tracker.close(at=2)
        assert tracker.losses["records_let_go"] == 2
        assert tracker.find(span) is None
    assert caplog.text.count("cannot move out of memory") == 1
    with pytest.raises(ValueError, match="at least 1"):
        tracker_at(capacity=0)


def test_a_shelf_that_cannot_be_read_back_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Forgetful(Shelf):
        def get(self, span_id):
            raise OSError("gone")

    tracker = tracker_at(capacity=1, overflow=Forgetful())
    span = tracker.start_span("effort", "E", at=0)
    tracker.end_span(at=1)
    tracker.close(at=2)
    assert tracker.find(span) is None
    assert "cannot be read back" in caplog.text


def test_hostile_labels_and_attributes_harm_only_themselves() -> None:
    class Rude:
        def __str__(self) -> str:
            raise RuntimeError("no")

    made, exporter = provider()
    tracker = tracker_at(tracer=made.get_tracer("t"))
    attributes = {
        "surrogate": "a\ud800b", "big": 2**70, "huge": 10**400, "tiny": -(10**400), "none": None, "rude": Rude(),
        "mixed": [1, "a", None], "floats": [1, 2.5], "ints": (1, 2), "bools": [True], "nested": [[1], 2],
        "long": "x" * 100_000, "many": list(range(100_000)), "": 1, "bool": True,
        **{f"k{i}": i for i in range(500)},
    }  # fmt: skip
    span = tracker.start_span("effort", "bad \ud800 label" + "x" * 10_000, attributes, at=0)
    tracker.close(at=1)
    record = tracker.find(span)
    assert record.name.startswith("bad \\ud800 label")
    assert len(record.name) <= 512
    given = record.attributes
    assert given["surrogate"] == "a\\ud800b"
    assert given["big"] == float(2**70)
    assert (given["huge"], given["tiny"]) == ("inf", "-inf")
    assert given["rude"] == "<Rude>"
    assert (given["mixed"], given["floats"], given["ints"], given["bools"]) == (
        ("1", "a", "None"), (1.0, 2.5), (1, 2), (True,),
    )  # fmt: skip
    assert given["nested"] == (2,)
    assert len(given["long"]) == 8_192
    assert len(given["many"]) == 1_024
    assert "none" not in given
    assert "" not in given
    assert len(given) <= 110
    assert tuple(record_of(s) for s in exporter.get_finished_spans()) == tracker.records


def test_one_tracker_may_be_fed_from_many_threads() -> None:
    ticks = count()
    tracker = tracker_at(clock=lambda: next(ticks))
    tracker.start_span("effort", "E")
    threads = [
        threading.Thread(target=lambda: [tracker.record_metric("reps", 1) for _ in range(50)]) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.close()
    (effort,) = [r for r in tracker.records if r.name == "E"]
    assert effort.attributes[c.REPS_DONE] == 1000 == len(effort.events)
    assert tracker.accepted == 1000
