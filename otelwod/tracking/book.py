"""The book of records: the one mechanism under every tracker.

Spans open and close by key; `Line` keeps the leaves under them, `RecordWriter` makes records of what has ended.

Records are complete without OpenTelemetry; each is mirrored to it: a span starts when its block opens (children need
its ids), and gets events, attributes and end in one go when it closes. Times are integer nanoseconds from the session's
start.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final, Literal

from opentelemetry.context import Context

from otelwod import conventions as c
from otelwod.conventions import Reason, RejectionReason, Status
from otelwod.runtime.metrics import STREAMS
from otelwod.trace import SpanEvent, SpanRecord
from otelwod.tracking.active import DEFAULT_MAX_DEPTH, ActiveSpan, ActiveSpans
from otelwod.tracking.capture import Reading, capture
from otelwod.tracking.captured import CapturedMetric, event_of_metric, seconds
from otelwod.tracking.instruments import Instruments
from otelwod.tracking.line import Line
from otelwod.tracking.mirror import Mirrored
from otelwod.tracking.nodes import Leaf, Node, own_phase
from otelwod.tracking.streams import StreamSummary, summary_attributes
from otelwod.tracking.totals import add_to_totals
from otelwod.tracking.values import MAX_NAME, attribute_value, attributes_of, span_name, text
from otelwod.tracking.writer import Change, RecordWriter

DEFAULT_EVENT_LIMIT: Final = 100_000
"""Events kept on one record; further ones are counted."""
RECENT_REJECTIONS: Final = 1_000


class Book:
    """The records of one session, from events that name a key and a time."""

    def __init__(
        self,
        writer: RecordWriter,
        *,
        instruments: Instruments | None = None,
        rich_capture: bool = True,
        event_limit: int = DEFAULT_EVENT_LIMIT,
        max_depth: int = DEFAULT_MAX_DEPTH,
        live: bool = False,
    ) -> None:
        self.writer = writer
        self.anchor_ns = writer.anchor_ns
        self.active: ActiveSpans[Node] = ActiveSpans(max_depth=max_depth, context_of=_context_of if live else None)
        self.line = Line(self.active, writer)
        self.accepted = 0
        self.rejected: Counter[RejectionReason] = Counter()
        self.rejections: deque[CapturedMetric] = deque(maxlen=RECENT_REJECTIONS)
        self.first_rejection: CapturedMetric | None = None
        self.events_beyond_limit = 0
        """Events that a record had no room for."""
        self.root: Node | None = None
        self._instruments = instruments
        self._rich = rich_capture
        self._event_limit = event_limit
        self.sealed = False
        """Whether the root has been written: nothing more is added to it."""

    # ------------------------------------------------------------------------------------------------------- asking

    @property
    def open(self) -> tuple[SpanRecord, ...]:
        """The open blocks and structural segments as records without an end, root first."""
        return tuple(self.writer.record_of(entry.span) for entry in self.active.active)

    @property
    def recorded(self) -> int:
        """All metrics that came in: accepted and rejected."""
        return self.accepted + self.rejected.total()

    # --------------------------------------------------------------------------------------------- blocks, segments

    def open_node(
        self,
        t: int,
        key: str,
        *,
        kind: Literal["block", "segment"],
        node_type: str,
        name: str,
        attributes: Mapping[str, Any],
        started: Mirrored | None = None,
    ) -> Node:
        """A block or structural segment begins under the innermost open one (or is the root).

        ``started`` is its OpenTelemetry side where that had to begin earlier. Raises DepthError and ValueError as
        `ActiveSpans.enter` does, and ValueError for a second root; nothing has changed then.
        """
        if self.root is not None and self.active.current is None:
            raise ValueError(f"the session has ended; {key!r} needs a session of its own")
        t = self.line.at(t)
        above = self.active.current
        parent = None if above is None else above.span
        given = attributes_of(attributes)
        clean = span_name(name, node_type)
        entering = Node(
            key=key,
            kind=kind,
            type=node_type,
            name=clean,
            parent=parent,
            start=t,
            active_start=self.active.active_time(t),
            mirrored=Mirrored("", ""),
            attributes=given,
            path=(),
        )
        self.active.enter(key, entering, t)
        if parent is not None:
            self.line.finish(t, child=True)
        if kind == "segment" and parent is not None:
            self._name_segment(entering, parent)
        above_it = None if parent is None else parent.mirrored
        entering.mirrored = started or self.writer.mirror.start(key, clean, t, given, above_it)
        entering.path = (*(parent.path if parent is not None else ()), entering.mirrored.span_id)
        if parent is None:
            self.root = entering
            self.writer.take_resource()
        self.line.begin(entering, t)
        if self.writer.heard:
            self.writer.tell(Change("opened", self.anchor_ns + t, record=self.writer.record_of(entering)))
        return entering

    def close_node(
        self, t: int, key: str, status: Status, reason: Reason, attributes: Mapping[str, Any] | None = None
    ) -> bool:
        """A block or structural segment ends, and with it all that is open inside (completed, forced).

        A round that ends as forced does not count as done. False when the key is not open.
        """
        if self.active.by_id(key) is None:
            return False
        t = self.line.at(t)
        for entry in reversed(self.active.active):
            own = entry.key == key
            self._close_innermost(
                t, entry, status if own else "completed", reason if own else "forced", attributes if own else None
            )
            if own:
                break
        return True

    def seal(self) -> None:
        """The stream has ended: what is open ends as interrupted; the root, kept for late rejections, is written."""
        if self.active.active:
            self.close_node(self.line.now, self.active.active[0].key, "failed", "interrupted")
        if self.root is not None and not self.sealed:
            self.sealed = True
            self.writer.write_node(self.root)

    # -------------------------------------------------------------------------------------------------- what happens

    def metric(self, t: int, key: str, reading: Reading) -> CapturedMetric:
        """A valid value for the open block ``key``. For a block that is not open it is rejected as ended."""
        entry = self.active.by_id(key)
        leaf = self.line.leaf
        if entry is None or leaf is None:
            return self.reject(t, key, reading, "ended")
        t = self.line.at(t)
        node, value = entry.span, reading.value
        metric = self._capture(t, self._within(node), reading, None)
        self.accepted += 1
        if isinstance(value, int | float):
            if reading.name in STREAMS:
                self._sample(leaf, reading.name, float(value))
            else:
                self._add_event(node.events, event_of_metric(metric))
                add_to_totals(node.block.attributes, reading.name, value, reading.unit)
        if self._instruments is not None:
            self._instruments.metric(metric, node.block, leaf.settled)
        if self.writer.heard:
            self.writer.tell(Change("recorded", metric.time_ns, metric=metric))
        return metric

    def reject(self, t: int, key: str | None, reading: Reading, reason: RejectionReason) -> CapturedMetric:
        """A value that does not count: counted by reason, and shown on the leaf in which it fell.

        After the end of the session that is the root, until the book is sealed.
        """
        entry = self.active.by_id(key) if key is not None else None
        entry = entry or self.active.current
        node = self.root if entry is None else entry.span
        shown = attribute_value(reading.value)
        kept = shown if isinstance(shown, str | int | float) and not isinstance(shown, bool) else str(shown)
        # After the end time goes on, but no span does.
        t = self.line.at(t) if self.line.leaf is not None else max(t, self.line.now)
        if isinstance(kept, float) and not math.isfinite(kept):
            kept = str(kept)
        within = None if node is None else self._within(node)
        metric = self._capture(t, within, reading._replace(value=kept), reason)
        self.rejected[reason] += 1
        self.rejections.append(metric)
        self.first_rejection = self.first_rejection or metric
        leaf = self.line.leaf
        if leaf is not None:
            leaf.touch()
            self._add_event(leaf.events, event_of_metric(metric))
        elif node is not None and not self.sealed:
            self._add_event(node.events, event_of_metric(metric))
        if self._instruments is not None:
            self._instruments.rejection(reason, node)
        if self.writer.heard:
            self.writer.tell(Change("rejected", metric.time_ns, metric=metric))
        return metric

    def milestone(self, t: int, key: str, name: str, attributes: Mapping[str, Any]) -> None:
        """Something worth a word, on the open block ``key`` (or the innermost, if that has ended)."""
        entry = self.active.by_id(key) or self.active.current
        if entry is None:
            return
        t = self.line.at(t)
        given = {**attributes_of(attributes), c.MILESTONE_NAME: text(name, MAX_NAME)}
        self._add_event(entry.span.events, SpanEvent(c.EVENT_MILESTONE_REACHED, self.anchor_ns + t, given))

    def _close_innermost(
        self, t: int, entry: ActiveSpan[Node], status: Status, reason: Reason, attributes: Mapping[str, Any] | None
    ) -> None:
        node = entry.span
        last = self.line.leaf
        self.line.finish(t)
        only = node.held or (None if node.split or node.has_children else last)
        if only is not None and only.empty_at(t) and only.phase in (None, "transition"):
            only.phase = own_phase(node.type)
        if attributes:
            node.attributes.update(attributes_of(attributes))
        if only is not None:
            self._be_leaf(node, only, t)
        if node.kind == "block":
            self._end_block(node, t, status, reason)
        elif node.type == "round" and reason != "forced" and self._instruments is not None:
            self._instruments.round(node)
        node.end = t
        self.active.exit(entry.key)
        if node.parent is None:
            if self._instruments is not None:
                self._instruments.session(node, t - node.start)
            return
        self.writer.write_node(node)
        self.line.begin(node.parent, t)

    def _be_leaf(self, node: Node, leaf: Leaf, t: int) -> None:
        """The block was never split: it is the leaf itself."""
        node.attributes.update(summary_attributes(leaf.streams))
        for key, value in leaf.attributes.items():
            node.attributes.setdefault(key, value)
        node.attributes[c.PHASE] = leaf.settled
        node.events = sorted([*node.events, *leaf.events], key=_time_of) if leaf.events else node.events
        if self._instruments is not None:
            self._instruments.phase(leaf.settled, t - node.start, node.mirrored)

    def _end_block(self, node: Node, t: int, status: Status, reason: Reason) -> None:
        node.attributes[c.STATUS] = status
        node.attributes[c.COMPLETION_REASON] = reason
        elapsed = self.active.active_time(t) - node.active_start
        if node.timed:
            node.attributes.setdefault(c.TIMER_ELAPSED, seconds(elapsed))
            node.attributes.setdefault(c.TIMER_TOTAL, seconds(t - node.start))
        if self._instruments is not None:
            self._instruments.block(node, t - node.start)

    # --------------------------------------------------------------------------------------------------------- notes

    def _name_segment(self, node: Node, parent: Node) -> None:
        block = parent.block
        index = node.attributes.get(c.SEGMENT_INDEX)
        if not isinstance(index, int):
            index = block.segment_count
        block.segment_count = max(block.segment_count, index) + 1
        node.attributes[c.SEGMENT_ID] = f"{block.mirrored.span_id}-{node.type}-{index}"
        node.attributes[c.SEGMENT_TYPE] = node.type
        node.attributes[c.SEGMENT_INDEX] = index
        node.attributes[c.SEGMENT_LABEL] = node.name

    def _within(self, node: Node) -> Node:
        """The structural segment that is open directly in the block ``node``, else ``node``."""
        current = self.active.current
        return current.span if current is not None and current.span.block is node else node

    def _capture(self, t: int, node: Node | None, reading: Reading, reason: RejectionReason | None) -> CapturedMetric:
        return capture(
            reading,
            time_ns=self.anchor_ns + t,
            active_time=self.active.active_time(t),
            node=node,
            leaf=self.line.leaf,
            rich=self._rich,
            reason=reason,
        )

    @staticmethod
    def _sample(leaf: Leaf, name: str, value: float) -> None:
        leaf.touch()
        summary = leaf.streams.get(name)
        if summary is None:
            leaf.streams[name] = StreamSummary.of(value)
        else:
            summary.add(value)

    def _add_event(self, events: list[SpanEvent], event: SpanEvent) -> None:
        if len(events) >= self._event_limit:
            self.events_beyond_limit += 1
        else:
            events.append(event)


def _context_of(entry: ActiveSpan[Node]) -> Context | None:
    return entry.span.mirrored.context


def _time_of(event: SpanEvent) -> int:
    return event.time_ns
