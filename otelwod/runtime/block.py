"""An open block, as its behaviours see it, and the contract of a behaviour.

Life cycle: push → ``mount`` → (``next``, ``child_done``, ``expire``)* → ``unmount`` → pop → dispose. A behaviour holds
no fields of its own beyond its configuration: what it must remember it puts into the block's memory, which is
released with the block. It never knows the name of another block's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from otelwod.conventions import Reason, SegmentType, Status
from otelwod.runtime.events import (
    MetricRecorded,
    MilestoneReached,
    RestStarted,
    RestStopped,
    SegmentEnded,
    SegmentStarted,
    Value,
)
from otelwod.runtime.memory import MemoryReference, RuntimeMemory

if TYPE_CHECKING:
    from otelwod.runtime.engine import Engine
    from otelwod.runtime.kinds import Kind
    from otelwod.runtime.program import Node, Program
    from otelwod.runtime.tally import Tally


class BlockState(NamedTuple):
    """What makes a block this one, in its ``block`` reference: fixed while it is open."""

    node: int
    key: str
    parent: str | None
    started: int
    started_active: int


class LeafSegment(NamedTuple):
    """The open leaf segment of a block without an open child, in its ``segment`` reference.

    ``taken``: rest in the middle of work, which ends with the next input that works.
    """

    number: int
    type: SegmentType
    label: str
    taken: bool = False


class OpenRound(NamedTuple):
    """The open structural segment of a block, in its ``structure`` reference: parent of the blocks pushed now."""

    number: int
    key: str


class Ending(NamedTuple):
    """How a block ends."""

    status: Status
    reason: Reason


FORCED = Ending("completed", "forced")
"""Cut by a block further out."""


class Behavior:
    """One concern of a block. Every method does nothing by default; override what is yours.

    ``mount``: the block just started. ``next``: the athlete tapped while this block was innermost. ``child_done``: a
    child ended by itself (not when this block or one above ended it). Both return True when they took care of it, and
    then no further behaviour of the block is asked. ``deadline``: when to call ``expire``, in unpaused nanoseconds of
    the session, or None. ``finished``: whether nothing is left undone, asked when a block further out ends this one.
    ``unmount``: the block ends now; returns attributes of its span. ``peek``: the node that would come after the
    current one, for look-ahead.
    """

    __slots__ = ()

    def mount(self, block: Block) -> None:
        """The block just started."""

    def next(self, block: Block) -> bool:
        """A tap on "next"."""
        return False

    def child_done(self, block: Block, child: Node, ending: Ending) -> bool:
        """A child ended by itself."""
        return False

    def deadline(self, block: Block) -> int | None:
        """When `expire` is due, in unpaused nanoseconds of the session."""
        return None

    def expire(self, block: Block) -> None:
        """The deadline is now."""

    def finished(self, block: Block) -> bool:
        """Whether the block, cut at this very moment, has done all that was asked of it."""
        return False

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        """The block ends; attributes for its span."""
        return {}

    def peek(self, block: Block) -> int | None:
        """The index of the node that this block would open next."""
        return None


class Block:
    """A handle on one open block. All that changes while it is open stands in the session's memory."""

    __slots__ = ("_refs", "behaviors", "engine", "key", "node", "parent_key", "started", "started_active", "timed")

    def __init__(
        self,
        engine: Engine,
        node: Node,
        state: BlockState,
        kind: Kind,
    ) -> None:
        self.engine = engine
        self.node = node
        self.key = state.key
        self.parent_key = state.parent
        self.started = state.started
        self.started_active = state.started_active
        self.behaviors = kind.behaviors
        self.timed = kind.timed
        self._refs: Mapping[str, MemoryReference[Any]] = engine.memory.owned(state.key)

    # ------------------------------------------------------------------------------------------------------- memory

    @property
    def memory(self) -> RuntimeMemory:
        """The session's memory."""
        return self.engine.memory

    def get(self, type: str, default: Any = None) -> Any:
        """The value of this block's reference of that type, or ``default``."""
        reference = self._refs.get(type)
        return reference._value if reference is not None else default  # what an owner has is valid

    def set(self, type: str, value: Any) -> None:
        """Sets this block's value of that type, allocating it the first time."""
        reference = self._refs.get(type)
        if reference is None:
            self.engine.memory.allocate(type, self.key, value, visibility="public")
        else:
            reference.set(value)

    # --------------------------------------------------------------------------------------------------------- time

    @property
    def now(self) -> int:
        """Nanoseconds from the session's start."""
        return self.engine.now

    @property
    def elapsed(self) -> int:
        """Unpaused nanoseconds since this block started."""
        return self.engine.active_now - self.started_active

    @property
    def total(self) -> int:
        """Nanoseconds since this block started, pauses included."""
        return self.engine.now - self.started

    # -------------------------------------------------------------------------------------------------------- stack

    def push(self, node: int) -> None:
        """Opens a child once the current turn gets to it."""
        self.engine.request_push(self, node)

    def complete(self, reason: Reason, status: Status = "completed") -> None:
        """Ends this block once the current turn gets to it, and whatever is open inside it before."""
        self.engine.request_end(self, Ending(status, reason))

    def close_children(self, reason: Reason = "forced") -> bool:
        """Ends at once whatever is open inside this block, as completed. No ``child_done`` follows.

        True when the child had nothing left to do at this moment; also in ``child_finished``.
        """
        return self.engine.close_above(self, Ending("completed", reason))

    @property
    def finished(self) -> bool:
        """Whether, cut at this moment, nothing asked of this block would be left undone."""
        return any(behavior.finished(self) for behavior in self.behaviors)

    @property
    def parent(self) -> Block | None:
        """The open block around this one."""
        return self.engine.stack.parent(self)

    @property
    def root(self) -> Block:
        """The session's own block."""
        return self.engine.stack.blocks()[0]

    @property
    def program(self) -> Program:
        """What the session runs."""
        return self.engine.program

    def add_up(self, tally: Tally) -> None:
        """Adds what this block did to the tally of the block around it. A block's own ``tally`` is added by itself."""
        self.engine.add_up(self, tally)

    # ----------------------------------------------------------------------------------------------------- segments

    @property
    def span_key(self) -> str:
        """The key of the innermost open span here: the open round or minute, else the block itself."""
        structure: OpenRound | None = self.get("structure")
        return structure.key if structure is not None else self.key

    def start_round(
        self,
        type: SegmentType,
        index: int,
        label: str,
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        """Starts a structural segment (round, minute): the parent of the blocks pushed from now on."""
        key = f"{self.key}#{index + 1}"
        self.set("structure", OpenRound(index, key))
        engine = self.engine
        engine.emit(
            SegmentStarted(
                t=engine.now,
                turn=engine.turn,
                key=key,
                block=self.key,
                type=type,
                index=index,
                label=label,
                attributes=attributes or {},
            )
        )

    def end_round(self, *, complete: bool = True, attributes: Mapping[str, Value] | None = None) -> None:
        """Ends the open structural segment, if there is one; ``complete`` is False where it was cut short."""
        structure: OpenRound | None = self.get("structure")
        if structure is None:
            return
        self.set("structure", None)
        engine = self.engine
        engine.emit(
            SegmentEnded(
                t=engine.now,
                turn=engine.turn,
                key=structure.key,
                block=self.key,
                complete=complete,
                attributes=attributes or {},
            )
        )
        engine.memory.release_owner(structure.key)

    def start_leaf(self, type: SegmentType, label: str, *, taken: bool = False) -> None:
        """Starts the next leaf segment; an open one ends. Only while no child is open."""
        before: LeafSegment | None = self.get("segment")
        self.end_leaf()
        index = self.get("segments", 0)
        self.set("segments", index + 1)
        self.set("segment", LeafSegment(index, type, label, taken))
        engine = self.engine
        engine.emit(
            SegmentStarted(
                t=engine.now,
                turn=engine.turn,
                key=f"{self.key}-seg-{index}",
                block=self.key,
                type=type,
                index=index,
                label=label,
            )
        )
        if type == "rest" and (before is None or before.type != "pause"):
            self.set("resting", True)
            engine.emit(RestStarted(t=engine.now, turn=engine.turn, block=self.key, planned=self.planned_rest()))

    def end_leaf(self) -> None:
        """Ends the open leaf segment, if there is one."""
        segment: LeafSegment | None = self.get("segment")
        if segment is None:
            return
        self.set("segment", None)
        engine = self.engine
        key = f"{self.key}-seg-{segment.number}"
        engine.emit(SegmentEnded(t=engine.now, turn=engine.turn, key=key, block=self.key))
        engine.memory.release_owner(key)

    def stop_rest(self) -> None:
        """Says that rest is over, if it was on."""
        if self.get("resting", False):
            self.set("resting", False)
            self.engine.emit(RestStopped(t=self.engine.now, turn=self.engine.turn, block=self.key))

    @property
    def is_resting(self) -> bool:
        """Whether the athlete rests now, in this block or in the one that is innermost in it."""
        top = self.engine.stack.current
        segment: LeafSegment | None = top.get("segment") if top is not None else None
        return segment is not None and segment.type == "rest"

    @property
    def rests(self) -> bool:
        """Whether this block is rest by itself."""
        return "planned_rest" in self._refs

    def planned_rest(self) -> int | None:
        """How long this block's own rest is to last, if it is rest and says so."""
        planned: int | None = self.get("planned_rest")
        return planned

    # ------------------------------------------------------------------------------------------------------- events

    def record(self, metric: str, value: float, unit: str, source: str, type: str | None = None) -> None:
        """Emits an accepted metric of this block."""
        engine = self.engine
        engine.emit(
            MetricRecorded(
                t=engine.now,
                turn=engine.turn,
                block=self.key,
                metric=metric,
                value=value,
                unit=unit,
                source=source,
                type=type,
            )
        )

    def milestone(self, name: str, attributes: Mapping[str, Value] | None = None) -> None:
        """Emits a milestone of this block."""
        engine = self.engine
        engine.emit(
            MilestoneReached(
                t=engine.now, turn=engine.turn, block=self.key, milestone=name, attributes=attributes or {}
            )
        )

    def __repr__(self) -> str:
        return f"<{self.node.type} {self.key}: {self.node.label}>"
