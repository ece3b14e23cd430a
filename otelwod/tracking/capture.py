"""What a moment belongs to: the context of a metric, read from the open spans."""

from __future__ import annotations

from typing import NamedTuple

from otelwod import conventions as c
from otelwod.conventions import RejectionReason
from otelwod.tracking.captured import CapturedMetric, ParentTimer, seconds
from otelwod.tracking.nodes import Leaf, Node
from otelwod.tracking.values import MAX_NAME, text


class Reading(NamedTuple):
    """A metric as it came in."""

    name: str
    value: float | str
    unit: str
    source: str
    type: str | None = None


def capture(
    reading: Reading,
    *,
    time_ns: int,
    active_time: int,
    node: Node | None,
    leaf: Leaf | None,
    rich: bool,
    reason: RejectionReason | None = None,
) -> CapturedMetric:
    """The reading with its context, at a moment of the wall clock and of the active clock (nanoseconds).

    ``node`` is the open block or structural segment that it belongs to (the ended root after the end), ``leaf`` the
    stretch in which it fell.
    """
    block = None if node is None else node.block
    segment_id: str | None = None
    segment_start = 0
    if node is not None and leaf is not None:
        if leaf.node is node:
            segment_id, segment_start = leaf.segment_id, leaf.active_start
        else:
            around = _innermost_segment(node)
            if around is not None:
                segment_id, segment_start = around.text(c.SEGMENT_ID), around.active_start
    known = rich and node is not None and block is not None and leaf is not None
    return CapturedMetric(
        name=text(reading.name, MAX_NAME),
        value=reading.value,
        unit=text(reading.unit, MAX_NAME),
        source=text(reading.source, MAX_NAME),
        type=None if reading.type is None else text(reading.type, MAX_NAME),
        time_ns=time_ns,
        span_ids=() if node is None else node.path,
        segment_id=segment_id,
        block_id="" if block is None else block.text(c.BLOCK_ID) or "",
        movement_id=None if block is None else block.text(c.MOVEMENT_ID),
        phase=leaf.settle() if known and leaf is not None else None,
        elapsed=seconds(active_time - segment_start) if known and segment_id is not None else None,
        total_elapsed=seconds(active_time - block.active_start) if known and block is not None else None,
        round=node.round if known and node is not None else None,
        parent_timer=_parent_timer(node, active_time) if known and node is not None else None,
        reason=reason,
    )


def _innermost_segment(node: Node) -> Node | None:
    around: Node | None = node
    while around is not None and around.kind != "segment":
        around = around.parent
    return around


def _parent_timer(node: Node, active_time: int) -> ParentTimer | None:
    timer = node.parent_timer
    if timer is None:
        return None
    return ParentTimer(
        timer.text(c.BLOCK_ID) or "",
        seconds(active_time - timer.active_start),
        "down" if timer.attributes.get(c.TIMER_DIRECTION) == "down" else "up",
    )
