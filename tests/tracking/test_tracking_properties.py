"""What holds for every session: by random calls of a foreign runtime, and by random inputs to ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from tracking_streams import ANCHOR, S, assert_tiles, provider

from otelwod import conventions as c
from otelwod.archive import otlp_json
from otelwod.runtime import events as ev
from otelwod.runtime.athletes import replay
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.telemetry.span_records import record_of
from otelwod.trace import SpanRecord
from otelwod.tracking import CapturedMetric, ExecutionTracker, SessionTracker, execution_spans, from_json, to_json
from otelwod.tracking.captured import metric_of_event
from otelwod.workout import parse

STREAMS = ("heart_rate", "power")

operations = st.lists(
    st.tuples(
        st.integers(0, 30 * S),
        st.sampled_from(
            ["start", "start", "end", "end parent", "segment", "segment", "end segment", "round", "pause", "resume"]
            + ["metric"] * 5
            + ["stream", "invalid", "to parent", "to ended", "milestone"]
        ),
        st.integers(0, 9),
    ),
    max_size=40,
)


def play(tracker: ExecutionTracker, steps: list[tuple[int, str, int]]) -> int:
    """Do these steps; how many metrics were given in."""
    now = 0
    given_in = 0
    ended = "nothing"
    for wait, what, number in steps:
        now += wait
        inner = [s.id for s in tracker.spans.active]
        match what:
            case "start":
                kind = ("effort", "rest", "timer", "rounds", "group")[number % 5]
                timer = {c.TIMER_DIRECTION: "up"} if kind == "timer" else {}
                movement = {c.MOVEMENT_ID: f"m/{number}", c.LOAD_VALUE: 10.0} if kind == "effort" else {}
                if len(inner) < 12:
                    tracker.start_span(kind, f"{kind} {number}", {**timer, **movement}, at=now)
            case "end" | "end parent":
                back = 1 if what == "end" else 2
                if len(inner) > back:
                    ended = inner[-back]
                    tracker.end_span(ended, ("completed", "failed", "skipped")[number % 3], at=now)
            case "segment":
                tracker.start_segment(("work", "rest", "pause", "transition")[number % 4], at=now)
            case "end segment":
                tracker.end_segment(at=now)
            case "round":
                tracker.start_segment(("round", "minute")[number % 2], at=now)
            case "pause":
                tracker.pause(at=now)
            case "resume":
                tracker.resume(at=now)
            case "milestone":
                tracker.milestone("PR", at=now)
            case _:
                given_in += 1
                name = ("reps", "distance", "energy", "rpe")[number % 4]
                options: dict[str, Any] = {}
                value: Any = number
                if what == "stream":
                    name, value = STREAMS[number % 2], 100 + number
                elif what == "invalid":
                    value = float("nan")
                elif what == "to parent":
                    options["span_id"] = inner[max(0, len(inner) - 2)]
                elif what == "to ended":
                    options["span_id"] = ended
                tracker.record_metric(name, value, at=now, **options)
    tracker.close(at=now + steps[-1][0] if steps else 0)
    return given_in


def metrics_in(records: tuple[SpanRecord, ...]) -> list[tuple[SpanRecord, CapturedMetric]]:
    found = [(r, metric_of_event(e)) for r in records for e in r.events]
    return [(r, m) for r, m in found if m is not None]


def check(records: tuple[SpanRecord, ...], accepted: int, rejected: Counter[Any], streams: int) -> None:
    assert_tiles(records)
    by_id = {r.span_id: r for r in records}
    assert len(by_id) == len(records)
    assert len({r.trace_id for r in records}) == 1
    segment_ids = {r.attributes[c.SEGMENT_ID]: r for r in records if c.SEGMENT_ID in r.attributes}
    assert len(segment_ids) == sum(1 for r in records if c.SEGMENT_ID in r.attributes)
    shown: Counter[Any] = Counter()
    for record, metric in metrics_in(records):
        spans = [by_id[i] for i in metric.span_ids]
        assert spans[0].parent_id is None
        assert [s.parent_id for s in spans[1:]] == [s.span_id for s in spans[:-1]]
        shown[metric.reason] += 1
        if metric.accepted:
            assert all(s.start_ns <= metric.time_ns <= s.end_ns for s in spans)
            assert record.span_id in metric.span_ids
            assert metric.phase not in ("rest", "pause")
            where = segment_ids.get(metric.segment_id or "")
            if where is not None:
                assert where.start_ns <= metric.time_ns <= where.end_ns
                if c.PHASE in where.attributes and where.attributes[c.SEGMENT_TYPE] not in c.STRUCTURAL_SEGMENTS:
                    assert where.attributes[c.PHASE] == metric.phase
            else:
                assert metric.segment_id is None or by_id[metric.segment_id.rsplit("-seg-", 1)[0]].attributes[c.PHASE]
        elif metric.reason in ("rest", "paused"):
            assert record.attributes[c.PHASE] == {"rest": "rest", "paused": "pause"}[metric.reason]
            assert record.start_ns <= metric.time_ns <= record.end_ns
    assert shown[None] == accepted - streams
    assert {k: v for k, v in shown.items() if k is not None} == dict(rejected)


@settings(max_examples=80, deadline=None)
@given(operations, st.booleans())
def test_a_foreign_runtime_cannot_break_the_book(steps: list[tuple[int, str, int]], own: bool) -> None:
    made, exporter = provider(own=own)
    tracker = ExecutionTracker(
        "S", session_id="s", anchor_ns=ANCHOR, clock=lambda: 0, tracer=made.get_tracer("otelwod")
    )
    given_in = play(tracker, steps)
    streams = tracker.accepted - sum(1 for _, m in metrics_in(tracker.records) if m.accepted)
    assert tracker.accepted + tracker.rejected.total() == given_in == tracker.recorded
    check(tracker.records, tracker.accepted, tracker.rejected, streams)
    assert tuple(record_of(s) for s in exporter.get_finished_spans()) == tracker.records
    views = tracker.spans.completed
    assert from_json(to_json(views)) == views
    in_views = Counter(m.reason for v in views for m in (*v.captured, *v.rejected))
    in_segments = Counter(m.reason for r in tracker.records if c.SEGMENT_TYPE in r.attributes for m in of(r))
    assert in_views[None] == tracker.accepted - streams - in_segments[None]


def of(record: SpanRecord) -> list[CapturedMetric]:
    return [m for _, m in metrics_in((record,))]


WORKOUTS = (
    "21-15-9 for time\n  Thrusters 95 lb\n  Pull-ups\n",
    "AMRAP 2:00\n  5 Pull-ups\n  200 m Run\n",
    "EMOM 3\n  5 Power Cleans\n  8 cal Row\n",
    "(3) :40 / :20\n  Burpees\n",
    "2:00\n  (3)\n    10 Burpees\n",
    "(2)\n  10 Squats\n  Rest 0:30\n5x2 Back Squat 100 kg\n",
)
inputs = st.lists(
    st.tuples(
        st.integers(0, 40 * S),
        st.sampled_from(
            ["next", "next", "next", "reps", "reps", "hr", "load", "nan", "rest", "pause", "resume", "skip", "undo"]
        ),
        st.integers(1, 9),
    ),
    max_size=30,
)  # fmt: skip


def run(text: str, steps: list[tuple[int, str, int]], listeners: tuple[Any, ...]) -> None:
    now = 0
    sent = []
    for wait, kind, number in steps:
        now += wait
        match kind:
            case "reps":
                sent.append(Input("reps", now, value=number))
            case "hr":
                sent.append(Input("record", now, value=100 + number, metric="heart_rate"))
            case "load":
                sent.append(Input("record", now, value=number, metric="load", unit="lb"))
            case "nan":
                sent.append(Input("record", now, value=float("nan"), metric="rpe"))
            case _:
                sent.append(Input(kind, now))  # type: ignore[arg-type]
    session = Session(compile_workout(parse(text, name="W")))
    for listener in listeners:
        session.subscribe(listener)
    for _ in replay(session, [*sent, Input("stop", now + 1_000 * S)]):
        pass


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WORKOUTS), inputs)
def test_our_runtime_keeps_every_promise(text: str, steps: list[tuple[int, str, int]]) -> None:
    made, exporter = provider()
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    tracker = SessionTracker(
        session_id="s",
        anchor_ns=ANCHOR,
        tracer=made.get_tracer("otelwod"),
        meter=meters.get_meter("otelwod"),
        workout_name="W",
        workout_format="custom",
        live=True,
    )
    stream: list[Any] = []
    run(text, steps, (tracker, stream.append))
    tracker.close()
    assert tracker.faults == 0
    assert tracker.losses["times_moved"] == 0
    streams = tracker.accepted - sum(1 for _, m in metrics_in(tracker.records) if m.accepted)
    check(tracker.records, tracker.accepted, tracker.rejected, streams)
    assert tuple(record_of(s) for s in exporter.get_finished_spans()) == tracker.records
    assert tracker.losses["listener_failures"] == 0
    totals_agree(reader, tracker.records, streams)
    undone = {e.undone_turn for e in stream if isinstance(e, ev.TapUndone)}
    kept = [e for e in stream if e.turn not in undone]
    rounds = {e.key for e in kept if isinstance(e, ev.SegmentStarted) and e.type == "round"}
    done = [e for e in kept if isinstance(e, ev.SegmentEnded) and e.key in rounds and e.complete]
    assert len(done) == sum(p.value for p in points_of(reader)[c.INSTRUMENT_ROUNDS])
    assert len(rounds) == sum(1 for r in tracker.records if r.attributes.get(c.SEGMENT_TYPE) == "round")


def points_of(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    data = reader.get_metrics_data()
    points: dict[str, list[Any]] = defaultdict(list)
    if data is not None:
        for metric in data.resource_metrics[0].scope_metrics[0].metrics:
            points[metric.name] = list(metric.data.data_points)
    return points


def totals_agree(reader: InMemoryMetricReader, records: tuple[SpanRecord, ...], streams: int) -> None:
    """The instruments say what the trace says."""
    points = points_of(reader)

    def total(name: str) -> float:
        return sum(p.value for p in points[name])

    assert total(c.INSTRUMENT_REPS) == sum(r.attributes.get(c.REPS_DONE, 0) for r in records)
    assert total(c.INSTRUMENT_DISTANCE) == pytest.approx(sum(r.attributes.get(c.DISTANCE_DONE, 0) for r in records))
    assert total(c.INSTRUMENT_ENERGY) == pytest.approx(sum(r.attributes.get(c.ENERGY_DONE, 0) for r in records))
    by_phase: dict[str, int] = defaultdict(int)
    for record in records:
        if c.PHASE in record.attributes:
            by_phase[record.attributes[c.PHASE]] += record.duration_ns
    recorded = {p.attributes[c.PHASE]: p.value for p in points[c.INSTRUMENT_PHASE_TIME]}
    assert recorded == pytest.approx({phase: ns / S for phase, ns in by_phase.items()})
    assert sum(recorded.values()) == pytest.approx(records[-1].duration_ns / S)
    rejected = Counter(m.reason for _, m in metrics_in(records) if not m.accepted)
    assert {p.attributes[c.REASON]: p.value for p in points[c.INSTRUMENT_REJECTIONS]} == dict(rejected)
    volume = 0.0
    for record in records:
        load = record.attributes.get(c.LOAD_VALUE)
        assert load is None or load >= 0
        volume += sum(m.value * load_at(record, m) for m in of(record) if m.accepted and m.name == "reps")
    assert total(c.INSTRUMENT_VOLUME_LOAD) == pytest.approx(volume)
    blocks = Counter(r.attributes[c.BLOCK_TYPE] for r in records if c.BLOCK_TYPE in r.attributes)
    durations = Counter()
    for p in points[c.INSTRUMENT_BLOCK_DURATION]:
        durations[p.attributes[c.BLOCK_TYPE]] += p.count
    assert durations == blocks
    (session,) = points[c.INSTRUMENT_SESSION_DURATION]
    assert session.sum == pytest.approx(records[-1].duration_ns / S)
    assert session.attributes == {c.WORKOUT_FORMAT: "custom", c.STATUS: records[-1].attributes[c.STATUS]}
    assert sum(p.count for p in points[c.INSTRUMENT_HEART_RATE]) == streams


def load_at(record: SpanRecord, reps: CapturedMetric) -> float:
    """The load when these repetitions were done: the last one recorded before, else the one the block started with."""
    events = of(record)
    before = [m.value for m in events[: events.index(reps)] if m.accepted and m.name == "load"]
    if before:
        return float(before[-1])
    if any(m.name == "load" and m.accepted for m in events):
        label = str(record.attributes[c.BLOCK_LABEL])
        return next((load for text, load in WRITTEN_LOADS.items() if label.endswith(text)), 0.0)
    return float(record.attributes.get(c.LOAD_VALUE, 0.0))


WRITTEN_LOADS = {" 100 kg": 100.0, " 95 lb": 95 * 0.45359237}


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(WORKOUTS), inputs)
def test_file_views_and_spans_tell_the_same_story(tmp_path_factory: Any, text: str, steps: Any) -> None:
    path = Path(tmp_path_factory.mktemp("story")) / "s.otlp.jsonl"
    with otlp_json.SessionWriter(path) as writer:
        tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR, on_record=lambda record: writer.write((record,)))
        run(text, steps, (tracker,))
        tracker.close()
    read = tuple(otlp_json.read(path))
    assert execution_spans(read) == tracker.spans.completed
    assert [(r.span_id, r.start_ns, r.end_ns) for r in read] == [
        (r.span_id, r.start_ns, r.end_ns) for r in tracker.records
    ]


keys = st.sampled_from(["0", "0.0", "0.1", "0.0.0", "0#1", "0#1.0", "0-seg-0"])
stamps = st.fixed_dictionaries({"t": st.integers(-5, 50), "turn": st.integers(0, 4)})
nonsense = st.lists(
    st.one_of(
        st.builds(
            lambda s, key, parent, kind: ev.SpanStarted(
                **s, key=key, parent=parent, block_id=key, block_type=kind, label="", depth=0
            ),
            stamps, keys, st.one_of(st.none(), keys), st.sampled_from(["session", "effort", "rest", "timer"]),
        ),
        st.builds(lambda s, key: ev.SpanStopped(**s, key=key, status="failed", reason="aborted"), stamps, keys),
        st.builds(lambda s, key: ev.SpanPaused(**s, key=key), stamps, keys),
        st.builds(lambda s, key: ev.SpanResumed(**s, key=key), stamps, keys),
        st.builds(lambda s, key: ev.RestStarted(**s, block=key), stamps, keys),
        st.builds(lambda s, key: ev.RestStopped(**s, block=key), stamps, keys),
        st.builds(
            lambda s, key, block, kind: ev.SegmentStarted(**s, key=key, block=block, type=kind, index=0, label="L"),
            stamps, keys, keys, st.sampled_from(["round", "minute", "work", "rest", "pause", "transition"]),
        ),
        st.builds(lambda s, key: ev.SegmentEnded(**s, key=key, block="0"), stamps, keys),
        st.builds(
            lambda s, key, name: ev.MetricRecorded(**s, block=key, metric=name, value=1.0, unit="", source="x"),
            stamps, keys, st.sampled_from(["reps", "heart_rate"]),
        ),
        st.builds(
            lambda s, key: ev.MetricRejected(
                **s, block=key, metric="reps", value=float("nan"), unit="", source="x", reason="invalid"
            ),
            stamps, keys,
        ),
        st.builds(lambda s, key: ev.MilestoneReached(**s, block=key, milestone="M"), stamps, keys),
        st.builds(lambda s, turn: ev.TapUndone(**s, undone_turn=turn), stamps, st.integers(0, 4)),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(nonsense)
def test_no_stream_however_broken_can_harm_the_book(events: list[Any]) -> None:
    made, exporter = provider()
    tracker = SessionTracker(session_id="s", anchor_ns=ANCHOR, tracer=made.get_tracer("otelwod"), live=True)
    for event in events:
        tracker(event)
        tracker.context()
    tracker.close()
    records = tracker.records
    if records:
        assert [r.parent_id for r in records].count(None) == 1
        assert len({r.span_id for r in records}) == len(records)
        assert_tiles(records)
    assert tuple(record_of(s) for s in exporter.get_finished_spans()) == records
    shown = Counter(m.reason for _, m in metrics_in(records))
    assert shown.total() + tracker.accepted - shown[None] <= tracker.recorded
    from_json(to_json(tracker.spans.completed))
