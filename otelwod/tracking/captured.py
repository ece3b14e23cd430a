"""Metrics with their whole context: which spans, which phase, how far into the segment, the block and the timer.

A `CapturedMetric` is immutable, and is the typed form of one ``otelwod.metric.recorded`` or ``otelwod.metric.rejected``
event; `attributes_of_metric` and `metric_of_event` go from one to the other and back without loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND, Direction, Phase, RejectionReason
from otelwod.trace import AttributeValue, SpanEvent

REASONS: Final[tuple[RejectionReason, ...]] = ("rest", "paused", "ended", "invalid")


@dataclass(frozen=True, slots=True)
class ParentTimer:
    """The nearest ancestor with a timer, and its unpaused seconds at that moment."""

    block_id: str
    elapsed: float
    direction: Direction | None


@dataclass(frozen=True, slots=True)
class CapturedMetric:
    """One value and what it belongs to.

    ``time_ns`` is the moment (Unix epoch). ``span_ids`` are the open blocks and structural segments, root first, down
    to the block that the value belongs to; ``segment_id`` is the innermost segment. What follows ``movement_id`` is
    rich capture and None without it: ``elapsed`` are the unpaused seconds in the segment, ``total_elapsed`` those in
    the block, ``round`` counts from 1. ``reason`` is None for an accepted metric.
    """

    name: str
    value: float | str
    unit: str
    source: str
    type: str | None
    time_ns: int
    span_ids: tuple[str, ...]
    segment_id: str | None
    block_id: str
    movement_id: str | None = None
    phase: Phase | None = None
    elapsed: float | None = None
    total_elapsed: float | None = None
    round: int | None = None
    parent_timer: ParentTimer | None = None
    reason: RejectionReason | None = None

    @property
    def accepted(self) -> bool:
        """Whether the value counts."""
        return self.reason is None


class MetricRejectedError(ValueError):
    """Raised instead of counting, in strict mode; ``metric`` is what was rejected and why."""

    def __init__(self, metric: CapturedMetric, why: str) -> None:
        super().__init__(why)
        self.metric = metric


WHY: Final[Mapping[RejectionReason, str]] = {
    "rest": "no effort counts during rest; record it during work, or end the rest first",
    "paused": "the session is paused; resume it first",
    "ended": "the span has ended; record it before",
    "invalid": "the value has no meaning for this metric",
}


def seconds(nanoseconds: int) -> float:
    """Nanoseconds as the seconds of attributes and instruments."""
    return nanoseconds / NANOS_PER_SECOND


def attributes_of_metric(metric: CapturedMetric) -> dict[str, AttributeValue]:
    """The attributes of the metric's event."""
    out: dict[str, AttributeValue] = {
        c.METRIC_NAME: metric.name,
        # Always a double: backends that index an attribute by its type must not meet two of one name.
        c.METRIC_VALUE: float(metric.value) if isinstance(metric.value, int) else metric.value,
        c.METRIC_UNIT: metric.unit,
        c.METRIC_SOURCE: metric.source,
        c.SPAN_IDS: metric.span_ids,
        c.BLOCK_ID: metric.block_id,
    }
    optional: tuple[tuple[str, AttributeValue | None], ...] = (
        (c.METRIC_TYPE, metric.type),
        (c.SEGMENT_ID, metric.segment_id),
        (c.MOVEMENT_ID, metric.movement_id),
        (c.CAPTURED_PHASE, metric.phase),
        (c.CAPTURED_ELAPSED, metric.elapsed),
        (c.CAPTURED_TOTAL_ELAPSED, metric.total_elapsed),
        (c.CAPTURED_ROUND, metric.round),
        (c.REASON, metric.reason),
    )
    out.update((key, value) for key, value in optional if value is not None)
    if metric.parent_timer is not None:
        out[c.CAPTURED_PARENT_TIMER_BLOCK_ID] = metric.parent_timer.block_id
        out[c.CAPTURED_PARENT_TIMER_ELAPSED] = metric.parent_timer.elapsed
        if metric.parent_timer.direction is not None:
            out[c.CAPTURED_PARENT_TIMER_DIRECTION] = metric.parent_timer.direction
    return out


def event_of_metric(metric: CapturedMetric) -> SpanEvent:
    """The span event that says the same."""
    name = c.EVENT_METRIC_RECORDED if metric.reason is None else c.EVENT_METRIC_REJECTED
    return SpanEvent(name, metric.time_ns, attributes_of_metric(metric))


def metric_of_event(event: SpanEvent) -> CapturedMetric | None:
    """The typed form of a metric event, from our own records or any file; None for other events."""
    if event.name not in (c.EVENT_METRIC_RECORDED, c.EVENT_METRIC_REJECTED):
        return None
    given = event.attributes
    value = given.get(c.METRIC_VALUE)
    ids = given.get(c.SPAN_IDS, ())
    reason = _text(given, c.REASON)
    if event.name == c.EVENT_METRIC_REJECTED and reason not in REASONS:
        reason = "invalid"
    timer_block = _text(given, c.CAPTURED_PARENT_TIMER_BLOCK_ID)
    return CapturedMetric(
        name=_text(given, c.METRIC_NAME) or "",
        value=value if isinstance(value, str | int | float) and not isinstance(value, bool) else str(value),
        unit=_text(given, c.METRIC_UNIT) or "",
        source=_text(given, c.METRIC_SOURCE) or "",
        type=_text(given, c.METRIC_TYPE),
        time_ns=event.time_ns,
        span_ids=tuple(str(i) for i in ids) if isinstance(ids, Sequence) and not isinstance(ids, str) else (),
        segment_id=_text(given, c.SEGMENT_ID),
        block_id=_text(given, c.BLOCK_ID) or "",
        movement_id=_text(given, c.MOVEMENT_ID),
        phase=cast("Phase | None", _text(given, c.CAPTURED_PHASE)),
        elapsed=_number(given, c.CAPTURED_ELAPSED),
        total_elapsed=_number(given, c.CAPTURED_TOTAL_ELAPSED),
        round=_whole(given, c.CAPTURED_ROUND),
        parent_timer=None
        if timer_block is None
        else ParentTimer(
            timer_block,
            _number(given, c.CAPTURED_PARENT_TIMER_ELAPSED) or 0.0,
            cast("Direction | None", _text(given, c.CAPTURED_PARENT_TIMER_DIRECTION)),
        ),
        reason=cast("RejectionReason", reason) if event.name == c.EVENT_METRIC_REJECTED else None,
    )


def _text(given: Mapping[str, AttributeValue], key: str) -> str | None:
    value = given.get(key)
    return value if isinstance(value, str) else None


def _number(given: Mapping[str, AttributeValue], key: str) -> float | None:
    value = given.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(given: Mapping[str, AttributeValue], key: str) -> int | None:
    value = given.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
