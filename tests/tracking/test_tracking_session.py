"""The fold of a runtime stream onto records and OpenTelemetry spans."""

from __future__ import annotations

import pytest
from opentelemetry import trace as otel
from opentelemetry.sdk.trace import sampling
from opentelemetry.trace import NoOpTracer
from tracking_streams import ANCHOR, S, Stream, assert_tiles, leaves_of, provider

from otelwod import conventions as c
from otelwod._version import __version__
from otelwod.runtime import events as ev
from otelwod.telemetry import format_span_id, format_trace_id, session_trace_id, span_id_for
from otelwod.telemetry.span_records import record_of
from otelwod.trace import SpanRecord
from otelwod.tracking import SessionTracker
from otelwod.tracking.captured import MetricRejectedError


def fran(stream: Stream, *, pause: bool = False) -> None:
    """Two rounds of two efforts, 10 s each; with a pause of 5 s in the first effort."""
    shift = 5 * S if pause else 0
    root = stream.block(0, "0", None, "session", "Fran")
    rounds = stream.block(0, "0.0", root, "rounds", "21-15", otelwod__round__total=2)
    at = 0
    for number, reps in enumerate((21, 15)):
        segment = stream.segment(at, rounds, "round", number, f"Round {number + 1}")
        for position, movement in enumerate(("Thrusters", "Pull-ups")):
            key = stream.leaf_block(
                at, f"{segment}.{position}", segment, "effort", f"{reps} {movement}", otelwod__movement__id=movement
            )
            if pause and number == position == 0:
                stream.tap().pause(4 * S, (root, rounds, key))
                stream.tap().resume(9 * S, (root, rounds, key), label=f"{reps} {movement}")
            at += 10 * S + (shift if number == position == 0 else 0)
            stream.tap().metric(at, key, value=reps)
            stream.stop(at, key)
        stream.end_segment(at, segment)
    stream.stop(at, rounds, reason="rounds_complete")
    stream.stop(at, root, reason="children_complete", otelwod__score__display="0:40")


def block(tracker: SessionTracker, name: str) -> SpanRecord:
    (found,) = [r for r in tracker.records if r.name == name and c.BLOCK_TYPE in r.attributes]
    return found


def tracked(own: bool = True, pause: bool = False, **options):
    made, exporter = provider(own=own, **options)
    tracker = SessionTracker(
        session_id="s1",
        anchor_ns=ANCHOR,
        tracer=made.get_tracer("otelwod", __version__),
        workout_name="Fran",
        workout_format="for_time",
    )
    fran(Stream(tracker), pause=pause)
    tracker.close()
    return tracker, exporter


def test_a_session_becomes_one_tree_of_blocks_and_rounds() -> None:
    tracker, _ = tracked()
    records = tracker.records
    assert [r.name for r in records] == [
        "21 Thrusters", "21 Pull-ups", "Round 1", "15 Thrusters", "15 Pull-ups", "Round 2", "21-15", "Fran",
    ]  # fmt: skip
    root = records[-1]
    assert (root.parent_id, root.start_ns, root.end_ns) == (None, ANCHOR, ANCHOR + 40 * S)
    assert root.attributes[c.WORKOUT_FORMAT] == "for_time"
    assert root.attributes[c.SESSION_ID] == "s1"
    assert root.attributes[c.SCORE_DISPLAY] == "0:40"
    assert root.attributes[c.COMPLETION_REASON] == "children_complete"
    assert {r.trace_id for r in records} == {tracker.trace_id}
    assert_tiles(records)
    first = records[0]
    assert first.attributes[c.REPS_DONE] == 21
    assert first.attributes[c.PHASE] == "work"
    assert c.SEGMENT_ID not in first.attributes
    (event,) = first.events
    assert event.attributes[c.SPAN_IDS] == (
        root.span_id, records[6].span_id, records[2].span_id, first.span_id,
    )  # fmt: skip
    assert event.attributes[c.SEGMENT_ID] == f"{first.span_id}-seg-0"
    assert event.attributes[c.CAPTURED_ROUND] == 1
    round_one = records[2]
    assert round_one.attributes[c.SEGMENT_TYPE] == "round"
    assert round_one.attributes[c.SEGMENT_INDEX] == 0
    assert c.BLOCK_TYPE not in round_one.attributes
    assert c.STATUS not in round_one.attributes


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("pause", [True, False])
def test_opentelemetry_gets_what_the_records_say(own: bool, pause: bool) -> None:
    tracker, exporter = tracked(own, pause)
    assert tuple(record_of(span) for span in exporter.get_finished_spans()) == tracker.records


def test_ids_derive_from_session_and_key_on_our_provider_and_without_one() -> None:
    with_provider, _ = tracked()
    alone = SessionTracker(session_id="s1", anchor_ns=ANCHOR, workout_name="Fran")
    fran(Stream(alone))
    alone.close()
    ids = [(r.trace_id, r.span_id) for r in alone.records]
    assert ids == [(r.trace_id, r.span_id) for r in with_provider.records]
    assert alone.trace_id == format_trace_id(session_trace_id("s1", None))
    assert alone.records[-1].span_id == format_span_id(span_id_for("s1", "0"))
    seeded = SessionTracker(session_id="s1", anchor_ns=ANCHOR, seed=7)
    assert seeded.trace_id != alone.trace_id


def test_an_adopted_provider_keeps_its_own_ids() -> None:
    tracker, exporter = tracked(own=False)
    assert tracker.trace_id != format_trace_id(session_trace_id("s1", None))
    assert {format_span_id(s.context.span_id) for s in exporter.get_finished_spans()} == {
        r.span_id for r in tracker.records
    }


def test_records_are_complete_when_the_sampler_drops_all() -> None:
    tracker, exporter = tracked(sampler=sampling.ALWAYS_OFF)
    full, _ = tracked()
    assert exporter.get_finished_spans() == ()
    assert [(r.name, r.start_ns, r.end_ns, r.span_id, dict(r.attributes)) for r in tracker.records] == [
        (r.name, r.start_ns, r.end_ns, r.span_id, dict(r.attributes)) for r in full.records
    ]


def test_records_are_complete_with_a_disabled_tracer() -> None:
    tracker = SessionTracker(session_id="s1", anchor_ns=ANCHOR, tracer=NoOpTracer(), workout_name="Fran")
    fran(Stream(tracker))
    tracker.close()
    assert len({r.span_id for r in tracker.records}) == 8
    assert_tiles(tracker.records)


def test_a_session_is_its_own_trace_whatever_the_host_has_open() -> None:
    made, exporter = provider()
    tracer = made.get_tracer("host")
    with tracer.start_as_current_span("host"):
        tracker = SessionTracker(session_id="s1", anchor_ns=ANCHOR, tracer=tracer)
        fran(Stream(tracker))
        tracker.close()
        assert otel.get_current_span().name == "host"
    assert exporter.get_finished_spans()[-2].parent is None


def test_a_pause_makes_one_pause_span_between_two_of_work() -> None:
    tracker, _ = tracked(pause=True)
    effort = block(tracker, "21 Thrusters")
    parts = [r for r in tracker.records if r.parent_id == effort.span_id]
    assert [(p.attributes[c.PHASE], p.duration_ns // S) for p in parts] == [("work", 4), ("pause", 5), ("work", 6)]
    assert [p.attributes[c.SEGMENT_ID] for p in parts] == [f"{effort.span_id}-seg-{i}" for i in range(3)]
    assert [p.attributes[c.SEGMENT_INDEX] for p in parts] == [0, 1, 2]
    assert [p.name for p in parts] == ["21 Thrusters", "Paused", "21 Thrusters"]
    assert c.PHASE not in effort.attributes
    (event,) = effort.events
    assert event.attributes[c.SEGMENT_ID] == parts[2].attributes[c.SEGMENT_ID]
    assert event.attributes[c.CAPTURED_ELAPSED] == 6.0
    assert event.attributes[c.CAPTURED_TOTAL_ELAPSED] == 10.0
    assert_tiles(tracker.records)


def test_time_that_no_child_covers_is_a_transition() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    root = stream.block(0, "0", None, "session", "Gaps")
    stream.tap().leaf_block(2, "0.0", root, "effort", "A")
    stream.tap().stop(5, "0.0")
    stream.tap().leaf_block(9, "0.1", root, "effort", "B")
    stream.tap().stop(9, "0.1")
    stream.tap().stop(10, root)
    tracker.close()
    assert [(r.name, r.start_ns, r.end_ns, r.attributes[c.PHASE]) for r in leaves_of(tracker.records)] == [
        ("Transition", 0, 2, "transition"),
        ("A", 2, 5, "work"),
        ("Transition", 5, 9, "transition"),
        ("B", 9, 9, "work"),
        ("Transition", 9, 10, "transition"),
    ]
    assert_tiles(tracker.records)


def test_the_athletes_rest_splits_an_effort() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    root = stream.block(0, "0", None, "session", "Rest")
    effort = stream.leaf_block(0, "0.0", root, "effort", "Squats")
    stream.tap().leaf(10, effort, "rest", "Rest")
    stream.send(ev.RestStarted(t=10, turn=stream.turn, block=effort))
    stream.tap().reject(12, effort, "rest")
    stream.tap().send(ev.RestStopped(t=15, turn=stream.turn, block=effort))
    stream.leaf(15, effort, "work", "Squats")
    stream.metric(16, effort)
    stream.tap().stop(20, effort)
    stream.stop(20, root)
    tracker.close()
    work, rest, again = [r for r in tracker.records if r.parent_id == block(tracker, "Squats").span_id]
    assert [r.attributes[c.PHASE] for r in (work, rest, again)] == ["work", "rest", "work"]
    (event,) = rest.events
    assert event.name == c.EVENT_METRIC_REJECTED
    assert event.attributes[c.REASON] == "rest"
    assert event.attributes[c.SEGMENT_ID] == rest.attributes[c.SEGMENT_ID]
    assert tracker.rejected == {"rest": 1}
    assert tracker.accepted == 1


def test_rest_and_pause_are_understood_from_their_own_events_alone() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.block(0, "0.0", "0", "effort", "E")
    stream.send(ev.RestStarted(t=10, turn=0, block="0.0", planned=20 * S))
    stream.send(ev.SpanPaused(t=12, turn=0, key="0"))
    stream.send(ev.SpanPaused(t=12, turn=0, key="0.0"))
    stream.send(ev.SpanResumed(t=14, turn=0, key="0"))
    stream.send(ev.SpanResumed(t=14, turn=0, key="0.0"))
    stream.send(ev.RestStopped(t=17, turn=0, block="0.0"))
    stream.stop(20, "0.0")
    stream.stop(20, "0")
    tracker.close()
    parts = [(r.name, r.start_ns, r.end_ns) for r in leaves_of(tracker.records)]
    assert parts == [
        ("Work", 0, 10), ("Rest 0:20", 10, 12), ("Paused", 12, 14), ("Rest 0:20", 14, 17), ("Work", 17, 20),
    ]  # fmt: skip


def test_the_last_tap_can_be_undone_without_a_trace_of_it() -> None:
    def play(undo: bool) -> SessionTracker:
        tracker = SessionTracker(session_id="s", anchor_ns=0)
        stream = Stream(tracker)
        root = stream.block(0, "0", None, "session", "Undo")
        stream.leaf_block(0, "0.0", root, "effort", "A")
        if undo:
            stream.tap().metric(5, "0.0", value=9)
            stream.stop(5, "0.0")
            stream.leaf_block(5, "0.1", root, "effort", "B")
            undone = stream.turn
            stream.tap().send(ev.TapUndone(t=7, turn=stream.turn, undone_turn=undone))
            stream.leaves = {"0.0": ("0.0-seg-0", 0)}
            stream.counts["0.1"] = 0
            assert [a.key for a in tracker.active.active] == ["0", "0.0"]
        stream.tap().metric(8, "0.0", value=10)
        stream.stop(8, "0.0")
        stream.leaf_block(8, "0.1", root, "effort", "B")
        stream.tap().stop(9, "0.1")
        stream.stop(9, root)
        tracker.close()
        return tracker

    with_undo, without = play(True), play(False)
    assert with_undo.records == without.records
    assert (with_undo.undone, without.undone, with_undo.faults) == (1, 0, 0)


@pytest.mark.parametrize(
    ("key", "parent", "word"),
    [
        ("0.0", "0", "has been used"),
        ("0", None, "has been used"),
        ("0.7", None, "second root"),
        ("0.0-seg-0", "0", "has been used"),
        ("0.7", "0.5", "0.5"),
    ],
)
def test_a_block_that_cannot_begin_is_a_fault_and_time_stays_with_what_is_open(
    key: str, parent: str | None, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    made, exporter = provider()
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR, tracer=made.get_tracer("otelwod"), live=True)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.leaf_block(0, "0.0", "0", "effort", "E")
    stream.tap().stop(5, "0.0")
    stream.tap().block(5, key, parent, "effort", "no such thing")
    assert [r.name for r in tracker.open] == ["S"]
    context = tracker.context()
    assert context is not None
    under = format_span_id(otel.get_current_span(context).get_span_context().span_id)
    stream.stop(9, "0")
    tracker.close()
    assert tracker.faults == 1
    assert word in caplog.text
    assert [r.name for r in tracker.records] == ["E", "Transition", "S"]
    assert under == tracker.records[-1].span_id
    assert_tiles(tracker.records)
    assert tuple(record_of(s) for s in exporter.get_finished_spans()) == tracker.records


def test_a_key_is_free_again_when_the_tap_that_used_it_was_undone() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.tap().leaf_block(2, "0.0", "0", "effort", "E")
    stream.tap().send(ev.TapUndone(t=3, turn=2, undone_turn=1))
    stream.tap().leaf_block(4, "0.0", "0", "effort", "E")
    stream.stop(9, "0.0")
    stream.stop(9, "0")
    tracker.close()
    assert (tracker.faults, tracker.undone) == (0, 1)
    assert [(r.name, r.start_ns - ANCHOR) for r in tracker.records] == [("Transition", 0), ("E", 4), ("S", 0)]


def test_what_is_left_open_ends_in_the_view_of_now_too() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.tap().leaf_block(0, "0.0", "0", "effort", "A")
    stream.tap().leaf_block(5, "0.1", "0", "effort", "B")
    assert [entry.key for entry in tracker.active.active] == ["0", "0.1"]
    tracker.close()
    assert tracker.faults == 1
    assert_tiles(tracker.records)


def test_an_undo_that_comes_too_late_is_counted_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.tap()
    stream.send(ev.MilestoneReached(t=1, turn=1, block="0", milestone="first"))
    stream.send(ev.TapUndone(t=2, turn=2, undone_turn=0))
    tracker.close()
    assert tracker.faults == 1
    assert tracker.records[0].events[0].attributes == {c.MILESTONE_NAME: "first"}
    assert "final" in caplog.text


def test_a_crash_ends_what_is_open_as_interrupted() -> None:
    made, exporter = provider()
    tracker = SessionTracker(session_id="s", anchor_ns=0, tracer=made.get_tracer("t"))
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.leaf_block(0, "0.0", "0", "effort", "E")
    stream.metric(7, "0.0")
    tracker.close()
    tracker.close()
    effort, root = tracker.records
    assert (root.attributes[c.STATUS], root.attributes[c.COMPLETION_REASON]) == ("failed", "interrupted")
    assert (root.status, root.status_message) == ("error", "interrupted")
    assert effort.attributes[c.COMPLETION_REASON] == "forced"
    assert (effort.status, effort.end_ns) == ("unset", 7)
    assert [s.status.status_code.name for s in exporter.get_finished_spans()] == ["UNSET", "ERROR"]
    stream.metric(9, "0.0")
    assert tracker.faults == 1


def test_a_metric_after_the_end_is_rejected_on_the_root() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.leaf_block(0, "0.0", "0", "effort", "E")
    stream.tap().stop(5, "0.0")
    stream.stop(5, "0")
    stream.tap().reject(8, "0", "ended")
    assert [r.name for r in tracker.records] == ["E"]
    tracker.close()
    root = tracker.records[-1]
    assert [(e.name, e.time_ns, e.attributes[c.REASON]) for e in root.events] == [(c.EVENT_METRIC_REJECTED, 8, "ended")]
    assert root.end_ns == 5
    assert tracker.rejections[0].span_ids == (root.span_id,)


def test_strict_raises_at_the_end_when_all_is_written() -> None:
    def play() -> SessionTracker:
        tracker = SessionTracker(session_id="s", anchor_ns=0, strict=True)
        stream = Stream(tracker)
        stream.leaf_block(0, "0", None, "rest", "Rest")
        stream.reject(3, "0", "rest")
        return tracker

    tracker = play()
    with pytest.raises(MetricRejectedError, match=r"reps 1 was rejected \(rest\): no effort") as raised:
        tracker.close()
    assert raised.value.metric == tracker.rejections[0]
    assert tracker.rejected == {"rest": 1}
    assert len(tracker.records) == 1
    tracker.close()
    with pytest.raises(MetricRejectedError), play():
        pass
    with pytest.raises(ZeroDivisionError), play():
        _ = 1 // 0
    with SessionTracker(session_id="s", anchor_ns=0, strict=True) as quiet:
        Stream(quiet).leaf_block(0, "0", None, "effort", "E")


def test_rich_capture_can_be_switched_off() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0, rich_capture=False)
    stream = Stream(tracker)
    stream.leaf_block(0, "0", None, "effort", "E")
    stream.metric(3, "0")
    tracker.close()
    (record,) = tracker.records
    assert set(record.events[0].attributes) == {
        c.METRIC_NAME, c.METRIC_VALUE, c.METRIC_UNIT, c.METRIC_SOURCE, c.SPAN_IDS, c.SEGMENT_ID, c.BLOCK_ID,
    }  # fmt: skip


def test_streams_are_summed_up_on_the_leaf_they_fall_into() -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.leaf_block(0, "0", None, "effort", "E")
    for t, rate in ((1, 120.0), (2, 150.0), (3, 141.0)):
        stream.metric(t, "0", "heart_rate", rate, "{beat}/min")
    stream.tap().pause(10, ("0",))
    stream.metric(11, "0", "heart_rate", 99.0, "{beat}/min")
    stream.tap().resume(12, ("0",))
    stream.tap().stop(20, "0")
    tracker.close()
    work, pause, again = leaves_of(tracker.records)
    names = (c.HEART_RATE_MIN, c.HEART_RATE_MEAN, c.HEART_RATE_MAX, c.HEART_RATE_LAST)
    assert [work.attributes[n] for n in names] == [120.0, 137.0, 150.0, 141.0]
    assert [pause.attributes[n] for n in names] == [99.0] * 4
    assert c.HEART_RATE_MIN not in again.attributes
    assert tracker.accepted == 4
    assert all(not r.events for r in tracker.records)


def test_a_faulty_stream_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.block(1, "0.0", "0", "effort", "E")
    stream.block(2, "0.1", "0", "effort", "F")  # the one before was never stopped
    stream.block(3, "9.9", "nowhere", "effort", "G")
    stream.stop(4, "no such key")
    stream.metric(1, "0.1")  # time runs backwards
    stream.metric(5, "0.0")  # has ended
    stream.stop(6, "0")
    stream.block(7, "1", None, "session", "a second root")
    tracker.close()
    assert tracker.faults == 4
    assert tracker.losses["times_moved"] == 1
    assert tracker.rejected == {"ended": 1}
    assert [r.name for r in tracker.records] == ["Transition", "E", "F", "S"]
    assert_tiles(tracker.records)
    assert caplog.text.count("could not use an event") == 1


def test_what_is_open_and_what_ended_can_be_asked_and_is_told() -> None:
    told = []
    written = []
    tracker = SessionTracker(session_id="s", anchor_ns=0, on_record=written.append)
    stop_telling = tracker.subscribe(told.append)
    stream = Stream(tracker)
    stream.block(0, "0", None, "session", "S")
    stream.leaf_block(0, "0.0", "0", "effort", "E")
    stream.tap().metric(1, "0.0")
    assert [r.name for r in tracker.open] == ["S", "E"]
    assert all(r.end_ns is None for r in tracker.open)
    stream.tap().stop(2, "0.0")
    assert [r.name for r in tracker.open] == ["S", "E"]  # the stop can still be undone
    stop_telling()
    stream.tap().stop(3, "0")
    tracker.close()
    assert [(change.kind, change.time_ns) for change in told] == [("opened", 0), ("opened", 0), ("recorded", 1)]
    assert tuple(written) == tracker.records
    assert tracker.find(written[0].span_id) is written[0]
    assert tracker.find("no such id") is None


def test_a_listener_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def bad(_: object) -> None:
        raise RuntimeError("mine")

    tracker = SessionTracker(session_id="s", anchor_ns=0, on_record=bad)
    tracker.subscribe(bad)
    fran(Stream(tracker))
    tracker.close()
    assert len(tracker.records) == 8
    assert tracker.losses["listener_failures"] == 8 + 8 + 8 + 4
    assert caplog.text.count("a listener of a tracker raised") == 1


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from otelwod.tracking import session

    monkeypatch.setattr(session, "MOST_HELD", 10)
    tracker = SessionTracker(session_id="s", anchor_ns=0)
    stream = Stream(tracker)
    stream.leaf_block(0, "0", None, "effort", "E")
    stream.tap()
    for t in range(15):
        stream.metric(t, "0", "heart_rate", 100.0 + t, "{beat}/min")
    assert tracker.accepted == 10
    stream.send(ev.TapUndone(t=15, turn=2, undone_turn=1))
    tracker.close()
    assert (tracker.accepted, tracker.undone, tracker.faults) == (15, 0, 1)
