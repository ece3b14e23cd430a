"""The one stream of events that a session emits; the classes *are* the bus (``event.name == "span:started"``).

Times are integer nanoseconds from the session's start. A *key* names one execution of a block or segment and is
unique in its session (``0/0.1/2`` style text, stable for the same workout, seed and inputs); ``block_id`` is the path
in the program and the same in every round.

Every event carries its ``turn``: the number of the tap or boundary that caused it. A turn is final as soon as an event
with a greater turn arrives (or the stream is closed); until then a `TapUndone` naming it takes all its events back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from otelwod.conventions import BlockType, Reason, RejectionReason, SegmentType, Status

Value: TypeAlias = str | bool | int | float | tuple[str, ...] | tuple[int, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has."""

    name: ClassVar[str] = ""
    t: int
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanStarted(Event):
    """A block began. ``parent`` is the key of the innermost open block or structural segment, None for the session.

    ``attributes`` are those of the block that are known at its start, by their names in ``conventions`` (movement,
    targets, planned timer, round totals); id, type, label, depth and line stand in their own fields.
    """

    name: ClassVar[str] = "span:started"
    key: str
    parent: str | None
    block_id: str
    block_type: BlockType
    label: str
    depth: int
    line: int | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanStopped(Event):
    """A block ended. ``attributes`` are those known only now: scores, rounds done."""

    name: ClassVar[str] = "span:stopped"
    key: str
    status: Status
    reason: Reason
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPaused(Event):
    """The tree stopped: one event for each open block, root first."""

    name: ClassVar[str] = "span:paused"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanResumed(Event):
    """The tree goes on: one event for each open block, root first."""

    name: ClassVar[str] = "span:resumed"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStarted(Event):
    """Rest began: a rest block, or the athlete's own rest inside an effort (then ``block`` is the effort)."""

    name: ClassVar[str] = "rest:started"
    block: str
    planned: int | None = None
    """Planned length in nanoseconds, None for "as needed"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStopped(Event):
    """Rest ended."""

    name: ClassVar[str] = "rest:stopped"
    block: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStarted(Event):
    """A segment began under ``block``. Structural ones (round, minute) are parents of the blocks that follow;

    leaf ones (work, rest, pause) tile a leaf block: the first work segment starts with its block. ``index`` counts
    from 0 within the block, structural and leaf segments each for themselves. Transitions are not in the stream:
    the tracker fills what no child covers.
    """

    name: ClassVar[str] = "segment:started"
    key: str
    block: str
    type: SegmentType
    index: int
    label: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEnded(Event):
    """A segment ended. ``complete`` is False for a round that was cut short."""

    name: ClassVar[str] = "segment:ended"
    key: str
    block: str
    complete: bool = True
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRecorded(Event):
    """A value that belongs to the open block ``block``. ``value`` of ``reps`` is the increment.

    ``source``: ``athlete`` (an input), ``completion`` (what "next" completed), ``runtime``.
    """

    name: ClassVar[str] = "metric:recorded"
    block: str
    metric: str
    value: float
    unit: str
    source: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRejected(Event):
    """A value that was not accepted; it is counted and shown where it fell, never lost.

    ``value`` is kept as given (it may be no number at all when the reason is ``invalid``).
    """

    name: ClassVar[str] = "metric:rejected"
    block: str
    metric: str
    value: float | str
    unit: str
    source: str
    reason: RejectionReason
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneReached(Event):
    """Something worth a word: a round started, a personal record."""

    name: ClassVar[str] = "milestone:reached"
    block: str
    milestone: str
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TapUndone(Event):
    """The last tap was taken back: all events of ``undone_turn`` are void."""

    name: ClassVar[str] = "tap:undone"
    undone_turn: int


RuntimeEvent: TypeAlias = (
    SpanStarted
    | SpanStopped
    | SpanPaused
    | SpanResumed
    | RestStarted
    | RestStopped
    | SegmentStarted
    | SegmentEnded
    | MetricRecorded
    | MetricRejected
    | MilestoneReached
    | TapUndone
)
