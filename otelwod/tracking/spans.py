"""Typed views of a record: what `SpanRecord` says, in the words of an execution. No other model: each is computed.

`ExecutionSpan.of` reads a block's record (ours, or one read from any file) and the records of its segments. Every view
is frozen, and goes to plain JSON data and back without loss (``to_dict``, ``from_dict``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND, Reason, SegmentType, Status
from otelwod.trace import AttributeValue, SpanRecord
from otelwod.tracking.captured import CapturedMetric, ParentTimer, metric_of_event, seconds

TRACKER: Final = "tracker"
"""The source of values that were measured, not reported: durations."""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One value, its unit, when it was recorded (ns since the epoch; None: it was known at the start), and by whom."""

    value: float
    unit: str
    recorded: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class TimeSegment:
    """A stretch of a block: structural (round, minute) or a leaf (work, rest, pause, transition).

    ``id`` is the segment id that metrics name. ``span_id`` is the span that shows it: its own, or the block's when the
    block was never split. ``metrics`` were accepted and ``rejected`` refused during it, in order.
    """

    id: str
    span_id: str
    type: SegmentType
    label: str
    index: int
    start_ns: int
    end_ns: int | None
    metrics: tuple[CapturedMetric, ...] = ()
    rejected: tuple[CapturedMetric, ...] = ()

    @property
    def duration_ns(self) -> int:
        """0 while it is open."""
        return 0 if self.end_ns is None else self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class SpanMetrics:
    """What a block amounts to. Sums are of what was recorded on the block itself, never of its children.

    ``duration`` and ``elapsed`` (the unpaused part) are in seconds, and known at the end. ``custom`` holds all other
    metrics by name, in the order in which they were recorded.
    """

    exercise_id: str | None = None
    exercise_name: str | None = None
    exercise_image: str | None = None
    reps: MetricValue | None = None
    reps_target: int | None = None
    weight: MetricValue | None = None
    distance: MetricValue | None = None
    distance_target: MetricValue | None = None
    energy: MetricValue | None = None
    energy_target: MetricValue | None = None
    duration: MetricValue | None = None
    elapsed: MetricValue | None = None
    round: int | None = None
    rounds: int | None = None
    rep_scheme: tuple[int, ...] = ()
    custom: Mapping[str, tuple[MetricValue, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExecutionSpan:
    """One execution of a block."""

    id: str
    trace_id: str
    parent_id: str | None
    block_id: str
    type: str
    label: str
    depth: int
    line: int | None
    status: Status
    reason: Reason | None
    start_ns: int
    end_ns: int | None
    metrics: SpanMetrics
    segments: tuple[TimeSegment, ...] = ()
    captured: tuple[CapturedMetric, ...] = ()
    """The accepted metrics of this block, in order."""
    rejected: tuple[CapturedMetric, ...] = ()
    """The metrics rejected during its segments, in order."""

    @property
    def active(self) -> bool:
        """Whether it is still open."""
        return self.end_ns is None

    @property
    def duration_ns(self) -> int:
        """0 while it is open."""
        return 0 if self.end_ns is None else self.end_ns - self.start_ns

    @classmethod
    def of(
        cls,
        record: SpanRecord,
        segments: Iterable[SpanRecord] = (),
        during: Mapping[str, Sequence[CapturedMetric]] | None = None,
    ) -> ExecutionSpan:
        """The view of a block's record.

        ``segments`` are the records of its segments. ``during`` gives the metrics accepted on spans below, by the id of
        the structural segment around them; without it only the block's own are known.
        """
        given = record.attributes
        captured, own_rejected = _metrics_of(record)
        views = _segments(record, segments, captured, own_rejected, during or {})
        # A leaf has its rejections itself; on any other block they stand on its leaves, save those after the end.
        split = () if c.PHASE in given else tuple(m for s in views for m in s.rejected)
        return cls(
            id=record.span_id,
            trace_id=record.trace_id,
            parent_id=record.parent_id,
            block_id=_text(given, c.BLOCK_ID) or "",
            type=_text(given, c.BLOCK_TYPE) or "",
            label=_text(given, c.BLOCK_LABEL) or record.name,
            depth=_whole(given, c.BLOCK_DEPTH) or 0,
            line=_whole(given, c.BLOCK_LINE),
            status=cast("Status", _text(given, c.STATUS) or "active"),
            reason=cast("Reason | None", _text(given, c.COMPLETION_REASON)),
            start_ns=record.start_ns,
            end_ns=record.end_ns,
            metrics=_amounts(record, captured, views),
            segments=views,
            captured=captured,
            rejected=(*split, *own_rejected),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExecutionSpan:
        """What `to_dict` gave, also after JSON made lists of its tuples. TypeError or KeyError for anything else."""
        values = dict(data)
        values["metrics"] = _metrics_from(data["metrics"])
        values["segments"] = tuple(_segment_from(s) for s in data["segments"])
        values["captured"] = tuple(_captured_from(m) for m in data["captured"])
        values["rejected"] = tuple(_captured_from(m) for m in data["rejected"])
        return cls(**values)


# ------------------------------------------------------------------------------------------------- from a record


def _metrics_of(record: SpanRecord) -> tuple[tuple[CapturedMetric, ...], tuple[CapturedMetric, ...]]:
    """The accepted and the rejected metrics on this very span."""
    found = [metric for event in record.events if (metric := metric_of_event(event)) is not None]
    return tuple(m for m in found if m.accepted), tuple(m for m in found if not m.accepted)


def _segments(
    record: SpanRecord,
    segments: Iterable[SpanRecord],
    captured: tuple[CapturedMetric, ...],
    own_rejected: tuple[CapturedMetric, ...],
    during: Mapping[str, Sequence[CapturedMetric]],
) -> tuple[TimeSegment, ...]:
    phase = _text(record.attributes, c.PHASE)
    if phase is not None:
        only = TimeSegment(
            id=f"{record.span_id}-seg-0",
            span_id=record.span_id,
            type=cast("SegmentType", phase),
            label=record.name,
            index=0,
            start_ns=record.start_ns,
            end_ns=record.end_ns,
            metrics=captured,
            rejected=own_rejected,
        )
        return (only,)
    by_segment: dict[str, list[CapturedMetric]] = {}
    for metric in captured:
        if metric.segment_id is not None:
            by_segment.setdefault(metric.segment_id, []).append(metric)
    views = []
    for segment in sorted(segments, key=_outer_first):
        given = segment.attributes
        own, rejected = _metrics_of(segment)
        segment_id = _text(given, c.SEGMENT_ID) or segment.span_id
        if _text(given, c.SEGMENT_TYPE) in c.STRUCTURAL_SEGMENTS:
            metrics = during.get(segment.span_id, own)
        else:
            metrics = by_segment.get(segment_id, ())
        views.append(
            TimeSegment(
                id=segment_id,
                span_id=segment.span_id,
                type=cast("SegmentType", _text(given, c.SEGMENT_TYPE) or "transition"),
                label=_text(given, c.SEGMENT_LABEL) or segment.name,
                index=_whole(given, c.SEGMENT_INDEX) or 0,
                start_ns=segment.start_ns,
                end_ns=segment.end_ns,
                metrics=tuple(metrics),
                rejected=rejected,
            )
        )
    return tuple(views)


def _outer_first(segment: SpanRecord) -> tuple[int, int]:
    return segment.start_ns, -1 if segment.end_ns is None else -segment.end_ns


def _amounts(
    record: SpanRecord, captured: tuple[CapturedMetric, ...], segments: tuple[TimeSegment, ...]
) -> SpanMetrics:
    given = record.attributes
    last: dict[str, CapturedMetric] = {metric.name: metric for metric in captured}
    custom: dict[str, list[MetricValue]] = {}
    for metric in captured:
        if metric.name not in ("reps", "load", "distance", "energy") and not isinstance(metric.value, str):
            value = MetricValue(metric.value, metric.unit, metric.time_ns, metric.source)
            custom.setdefault(metric.name, []).append(value)
    duration = elapsed = None
    if record.end_ns is not None:
        paused = sum(s.duration_ns for s in segments if s.type == "pause")
        duration = MetricValue(seconds(record.duration_ns), c.UNIT_SECONDS, record.end_ns, TRACKER)
        unpaused = _number(given, c.TIMER_ELAPSED)
        if unpaused is None:
            unpaused = (record.duration_ns - paused) / NANOS_PER_SECOND
        elapsed = MetricValue(unpaused, c.UNIT_SECONDS, record.end_ns, TRACKER)
    scheme = given.get(c.REP_SCHEME, ())
    return SpanMetrics(
        exercise_id=_text(given, c.MOVEMENT_ID),
        exercise_name=_text(given, c.MOVEMENT_NAME),
        exercise_image=_text(given, c.MOVEMENT_IMAGE),
        reps=_recorded(given, c.REPS_DONE, c.UNIT_REP, last.get("reps")),
        reps_target=_whole(given, c.REPS_TARGET),
        weight=_recorded(given, c.LOAD_VALUE, c.UNIT_KILOGRAM, last.get("load")),
        distance=_recorded(given, c.DISTANCE_DONE, c.UNIT_METRE, last.get("distance")),
        distance_target=_recorded(given, c.DISTANCE_TARGET, c.UNIT_METRE, None),
        energy=_recorded(given, c.ENERGY_DONE, c.UNIT_KILOCALORIE, last.get("energy")),
        energy_target=_recorded(given, c.ENERGY_TARGET, c.UNIT_KILOCALORIE, None),
        duration=duration,
        elapsed=elapsed,
        round=_whole(given, c.ROUND_CURRENT),
        rounds=_whole(given, c.ROUND_TOTAL),
        rep_scheme=tuple(n for n in scheme if isinstance(n, int)) if isinstance(scheme, Sequence) else (),
        custom={name: tuple(values) for name, values in custom.items()},
    )


def _recorded(
    given: Mapping[str, AttributeValue], name: str, unit: str, last: CapturedMetric | None
) -> MetricValue | None:
    value = _number(given, name)
    if value is None:
        return None
    return MetricValue(value, unit, None if last is None else last.time_ns, "" if last is None else last.source)


def _text(given: Mapping[str, AttributeValue], key: str) -> str | None:
    value = given.get(key)
    return value if isinstance(value, str) else None


def _whole(given: Mapping[str, AttributeValue], key: str) -> int | None:
    value = given.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(given: Mapping[str, AttributeValue], key: str) -> float | None:
    value = given.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


# --------------------------------------------------------------------------------------------------- from plain data


def _metrics_from(data: Mapping[str, Any]) -> SpanMetrics:
    values = dict(data)
    for name in ("reps", "weight", "distance", "distance_target", "energy", "energy_target", "duration", "elapsed"):
        values[name] = None if data[name] is None else MetricValue(**data[name])
    values["rep_scheme"] = tuple(data["rep_scheme"])
    values["custom"] = {name: tuple(MetricValue(**v) for v in found) for name, found in data["custom"].items()}
    return SpanMetrics(**values)


def _segment_from(data: Mapping[str, Any]) -> TimeSegment:
    values = dict(data)
    values["metrics"] = tuple(_captured_from(m) for m in data["metrics"])
    values["rejected"] = tuple(_captured_from(m) for m in data["rejected"])
    return TimeSegment(**values)


def _captured_from(data: Mapping[str, Any]) -> CapturedMetric:
    values = dict(data)
    values["span_ids"] = tuple(data["span_ids"])
    timer = data["parent_timer"]
    values["parent_timer"] = None if timer is None else ParentTimer(**timer)
    return CapturedMetric(**values)
