"""What the book keeps on a span while it is open.

A `Node` is a block or a structural segment (round, minute): a span from its start. A `Leaf` is a stretch of a node
during which no child of it is open; it becomes a span of its own only when the node holds more than that one stretch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from otelwod import conventions as c
from otelwod.conventions import Phase
from otelwod.trace import AttributeValue, SpanEvent
from otelwod.tracking.mirror import Mirrored
from otelwod.tracking.streams import StreamSummary

CONTAINERS: Final = frozenset({"session", "for_time", "rounds", "group", "round", "minute"})
"""Types whose time of their own is a transition; the time of the others is work (of ``rest``: rest)."""

LEAF_LABELS: Final[Mapping[Phase, str]] = {
    "work": "Work",
    "rest": "Rest",
    "pause": "Paused",
    "transition": "Transition",
}


def own_phase(node_type: str) -> Phase:
    """What the uncovered time of a block or structural segment of this type is, unless something says otherwise."""
    if node_type in CONTAINERS:
        return "transition"
    return "rest" if node_type == "rest" else "work"


@dataclass(slots=True, eq=False)
class Leaf:
    """One stretch of a node's own time, from ``start``; it ends where the next one begins.

    ``phase`` None is "not yet said": it is settled by the first metric, or when the stretch ends. ``index`` is given
    when the first thing is recorded in it or when it ends, so that an empty stretch of no length leaves no gap in the
    count.
    """

    node: Node
    phase: Phase | None
    start: int
    active_start: int
    key: str | None = None
    label: str | None = None
    index: int | None = None
    end: int | None = None
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    streams: dict[str, StreamSummary] = field(default_factory=dict)

    @property
    def settled(self) -> Phase:
        """The phase, as known now."""
        if self.phase is not None:
            return self.phase
        return "transition" if self.node.has_children else own_phase(self.node.type)

    def settle(self) -> Phase:
        """Let the phase stand, whatever follows."""
        self.phase = self.settled
        return self.phase

    def touch(self) -> int:
        """The index, given now if it was not yet; the phase stands from now on."""
        self.settle()
        if self.index is None:
            self.index = self.node.leaf_count
            self.node.leaf_count += 1
        return self.index

    @property
    def segment_id(self) -> str:
        """``<span id of the node>-seg-<index>``; asking for it settles the stretch."""
        self.touch()
        return self.likely_id

    @property
    def likely_index(self) -> int:
        """The index that this stretch has, or would have if something were recorded in it now."""
        return self.node.leaf_count if self.index is None else self.index

    @property
    def likely_id(self) -> str:
        """The segment id to that index."""
        return f"{self.node.mirrored.span_id}-seg-{self.likely_index}"

    def empty_at(self, t: int) -> bool:
        """Whether nothing would be lost if this stretch, ending at ``t``, had never been."""
        return t <= self.start and self.index is None


@dataclass(slots=True, eq=False)
class Node:
    """An open block or structural segment.

    ``path`` holds the span ids from the root down to this one. ``held`` is the first finished leaf, for as long as it
    may turn out to be the only one.
    """

    key: str
    kind: Literal["block", "segment"]
    type: str
    name: str
    parent: Node | None
    start: int
    active_start: int
    mirrored: Mirrored
    attributes: dict[str, AttributeValue]
    path: tuple[str, ...]
    events: list[SpanEvent] = field(default_factory=list)
    has_children: bool = False
    child_count: int = 0
    """Blocks started inside, for trackers that name them by number."""
    leaf_count: int = 0
    segment_count: int = 0
    held: Leaf | None = None
    split: bool = False
    end: int | None = None

    @property
    def block(self) -> Node:
        """The innermost block: this one, or the block of this segment."""
        node = self
        while node.kind != "block" and node.parent is not None:
            node = node.parent
        return node

    @property
    def round(self) -> int | None:
        """The number of the innermost round or minute around (or at) this node, from 1."""
        node: Node | None = self
        while node is not None:
            if node.kind == "segment":
                index = node.attributes.get(c.SEGMENT_INDEX)
                return index + 1 if isinstance(index, int) else None
            node = node.parent
        return None

    @property
    def parent_timer(self) -> Node | None:
        """The nearest block above this one that has a timer."""
        node = self.block.parent
        while node is not None:
            if node.timed:
                return node
            node = node.parent
        return None

    @property
    def timed(self) -> bool:
        """Whether this is a block with a timer."""
        return self.kind == "block" and (c.TIMER_DIRECTION in self.attributes or c.TIMER_PLANNED in self.attributes)

    def text(self, name: str) -> str | None:
        """A text attribute, None when it is missing."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else None
