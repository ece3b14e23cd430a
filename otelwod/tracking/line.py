"""The one line of leaves under a session: at each moment exactly one stretch of own time is open.

It belongs to the innermost open block or structural segment. Whatever opens, closes, pauses or rests ends it and begins
the next at the same nanosecond, so leaves tile their block, and the session, by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otelwod.conventions import Phase
from otelwod.tracking.active import ActiveSpans
from otelwod.tracking.nodes import Leaf, Node
from otelwod.tracking.values import MAX_NAME, attributes_of, text
from otelwod.tracking.writer import RecordWriter


class Line:
    """The open stretch, the time it has come to, and what a pause interrupted.

    Times are integer nanoseconds from the session's start; one that runs backwards is moved up to the latest, and
    counted in ``times_moved``.
    """

    __slots__ = ("_active", "_before_pause", "_writer", "leaf", "now", "times_moved")

    def __init__(self, active: ActiveSpans[Node], writer: RecordWriter) -> None:
        self._active = active
        self._writer = writer
        self._before_pause: Leaf | None = None
        self.leaf: Leaf | None = None
        """The open stretch; None before the start and after the end."""
        self.now = 0
        self.times_moved = 0

    # ------------------------------------------------------------------------------------------------------- asking

    @property
    def unwritten(self) -> tuple[Leaf, ...]:
        """The stretches that are no records yet: one held back for an open span at most, and the open one, last."""
        held = (entry.span.held for entry in self._active.active)
        return tuple(leaf for leaf in (*held, self.leaf) if leaf is not None)

    @property
    def key(self) -> str | None:
        """The key of the open stretch, if it has one; in a pause that of the stretch that will go on."""
        leaf = self.leaf
        if leaf is not None and leaf.key is None and self._active.paused and self._before_pause is not None:
            leaf = self._before_pause
        return None if leaf is None else leaf.key

    @property
    def phase(self) -> Phase | None:
        """What the moment is: work, rest, pause or transition; None when nothing is open."""
        return None if self.leaf is None else self.leaf.settled

    # ------------------------------------------------------------------------------------- as spans open and close

    def at(self, t: int) -> int:
        """Time has come to ``t``; gives the moment that counts."""
        if t < self.now:
            self.times_moved += 1
            return self.now
        self.now = t
        return t

    def begin(self, node: Node, t: int, phase: Phase | None = None) -> Leaf:
        """A stretch of ``node`` begins at ``t``; in a pause it is one of the pause."""
        self.leaf = Leaf(node, "pause" if self._active.paused else phase, t, self._active.active_time(t))
        return self.leaf

    def finish(self, t: int, *, child: bool = False) -> None:
        """The open stretch ends at ``t``; ``child`` says that a span inside its node begins there.

        The first stretch of a node is held back, as it may turn out to be the only one: then the node itself is the
        leaf. A stretch of no length in which nothing was recorded has never been.
        """
        leaf, self.leaf = self.leaf, None
        if leaf is None:
            return
        node = leaf.node
        if child:
            node.has_children = True
            if leaf.phase is None:
                leaf.phase = "transition"
        if not leaf.empty_at(t):
            leaf.touch()
            leaf.end = t
            if not (node.split or node.has_children or node.held is not None):
                node.held = leaf
                return
            self.release(node)
            self._writer.write_leaf(leaf, t)
        if child:
            self.release(node)

    def release(self, node: Node) -> None:
        """``node`` is split: its first stretch becomes a span."""
        held, node.held = node.held, None
        if held is not None and held.end is not None:
            node.split = True
            self._writer.write_leaf(held, held.end)

    # ------------------------------------------------------------------------------------------------ leaf segments

    def start(
        self,
        t: int,
        phase: Phase,
        *,
        key: str | None = None,
        label: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Leaf | None:
        """A stretch of work, rest, pause or transition begins; the one before ends. None when nothing is open."""
        leaf = self.leaf
        if leaf is None:
            return None
        t = self.at(t)
        if phase == "pause":
            self.pause(t)
        elif leaf.phase == "pause":
            self._active.resume(t)
        return self._switch(t, phase, key=key, label=label, attributes=attributes)

    def end(self, t: int, key: str, attributes: Mapping[str, Any] | None = None) -> bool:
        """The stretch ``key`` ends; until the next begins time is a transition. False when it is not the open one."""
        leaf, before = self.leaf, self._before_pause
        if self._active.paused and before is not None and before.key == key:
            self._before_pause = None  # it ended in the pause, and will not be gone on with
            return True
        if leaf is None or leaf.key != key:
            return False
        t = self.at(t)
        if attributes:
            leaf.attributes.update(attributes_of(attributes))
        if leaf.phase == "pause":
            self._active.resume(t)
        self._switch(t, "transition")
        return True

    def rest(self, t: int, label: str | None) -> None:
        """Rest begins, unless it has."""
        if self.leaf is not None and self.leaf.phase not in ("rest", "pause"):
            self._switch(self.at(t), "rest", label=label)

    def work(self, t: int) -> None:
        """Rest ends."""
        if self.leaf is not None and self.leaf.phase == "rest":
            self._switch(self.at(t), None)

    def pause(self, t: int) -> None:
        """The tree stops, unless it has: the active clock stands, and the open stretch ends."""
        if self.leaf is None or self._active.paused:
            return
        t = self.at(t)
        self._active.pause(t)
        self._before_pause = self.leaf
        self._switch(t, "pause")

    def resume(self, t: int) -> None:
        """The tree goes on with what it did before."""
        if not self._active.paused:
            return
        t = self.at(t)
        self._active.resume(t)
        leaf, before = self.leaf, self._before_pause
        if leaf is None or leaf.phase != "pause":
            return
        if before is None:
            self._switch(t, "transition")
        elif before.node is leaf.node and before.phase != "transition":
            self._switch(t, before.phase, key=before.key, label=before.label, attributes=before.attributes)
        else:
            self._switch(t, None)

    def _switch(
        self,
        t: int,
        phase: Phase | None,
        *,
        key: str | None = None,
        label: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Leaf | None:
        leaf = self.leaf
        if leaf is None:
            return None
        self.finish(t)
        following = self.begin(leaf.node, t, phase)
        following.key, following.label = key, None if label is None else text(label, MAX_NAME)
        following.attributes = attributes_of(attributes) if attributes else {}
        return following
