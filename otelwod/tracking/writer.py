"""From open spans to finished records: written once, mirrored to OpenTelemetry, and told to whoever listens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from otelwod import conventions as c
from otelwod.trace import AttributeValue, SpanRecord
from otelwod.tracking.captured import CapturedMetric
from otelwod.tracking.completed import Completed
from otelwod.tracking.instruments import Instruments
from otelwod.tracking.mirror import Mirror
from otelwod.tracking.nodes import LEAF_LABELS, Leaf, Node
from otelwod.tracking.streams import summary_attributes

_log = logging.getLogger(__name__)

OnRecord: TypeAlias = Callable[[SpanRecord], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What subscribers are told: a span opened or closed (``record``), a metric recorded or rejected (``metric``)."""

    kind: Literal["opened", "closed", "recorded", "rejected"]
    time_ns: int
    record: SpanRecord | None = None
    metric: CapturedMetric | None = None


class RecordWriter:
    """Makes the records of one session."""

    def __init__(
        self,
        *,
        anchor_ns: int,
        mirror: Mirror,
        completed: Completed,
        on_record: OnRecord | None = None,
        instruments: Instruments | None = None,
        resource: Mapping[str, AttributeValue] | None = None,
    ) -> None:
        self.anchor_ns = anchor_ns
        self.mirror = mirror
        self.completed = completed
        self.listener_failures = 0
        self._on_record = on_record
        self._instruments = instruments
        self._resource = dict(resource or {})
        self._subscribers: list[Callable[[Change], None]] = []

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._subscribers)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Tell ``callback`` of every change from now on; call the result to stop. One that raises is counted."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def tell(self, change: Change) -> None:
        """Every subscriber hears of it."""
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(change)
            except Exception:  # noqa: BLE001 - a failing listener harms nobody
                self._listener_failed()

    def take_resource(self) -> None:
        """The provider's resource is known once the root has started; it wins over the one given."""
        self._resource = {**self._resource, **self.mirror.resource}

    def write_leaf(self, leaf: Leaf, end: int) -> None:
        """A leaf becomes a span of its own."""
        index = leaf.touch()
        node = leaf.node
        name, attributes = _described(leaf)
        mirrored = self.mirror.start(f"{node.key}-seg-{index}", name, leaf.start, attributes, node.mirrored)
        self.mirror.end(mirrored, end, {}, leaf.events, None)
        if self._instruments is not None:
            self._instruments.phase(leaf.settled, end - leaf.start, mirrored)
        self._publish(self._leaf_record(leaf, mirrored.span_id, name, attributes, self.anchor_ns + end))

    def record_of_leaf(self, leaf: Leaf) -> SpanRecord:
        """The record that a stretch would be if it became a span now; its span id is the segment's id."""
        name, attributes = _described(leaf)
        end = None if leaf.end is None else self.anchor_ns + leaf.end
        return self._leaf_record(leaf, leaf.likely_id, name, attributes, end)

    def _leaf_record(
        self, leaf: Leaf, span_id: str, name: str, attributes: dict[str, AttributeValue], end_ns: int | None
    ) -> SpanRecord:
        return SpanRecord(
            trace_id=leaf.node.mirrored.trace_id,
            span_id=span_id,
            parent_id=leaf.node.mirrored.span_id,
            name=name,
            start_ns=self.anchor_ns + leaf.start,
            end_ns=end_ns,
            attributes=attributes,
            events=tuple(leaf.events),
            resource=self._resource,
            scope=self.mirror.scope,
            scope_version=self.mirror.scope_version,
        )

    def write_node(self, node: Node) -> None:
        """A block or structural segment has ended."""
        record = self.record_of(node)
        if node.end is not None:
            failure = record.status_message if record.status == "error" else None
            self.mirror.end(node.mirrored, node.end, node.attributes, node.events, failure)
        self._publish(record)

    def record_of(self, node: Node) -> SpanRecord:
        """The record as of now; without an end while the node is open."""
        failed = node.attributes.get(c.STATUS) == "failed"
        return SpanRecord(
            trace_id=node.mirrored.trace_id,
            span_id=node.mirrored.span_id,
            parent_id=None if node.parent is None else node.parent.mirrored.span_id,
            name=node.name,
            start_ns=self.anchor_ns + node.start,
            end_ns=None if node.end is None else self.anchor_ns + node.end,
            status="error" if failed else "unset",
            status_message=(node.text(c.COMPLETION_REASON) or "") if failed else "",
            attributes=dict(node.attributes),
            events=tuple(node.events),
            resource=self._resource,
            scope=self.mirror.scope,
            scope_version=self.mirror.scope_version,
        )

    def _publish(self, record: SpanRecord) -> None:
        self.completed.add(record)
        if self._on_record is not None:
            try:
                self._on_record(record)
            except Exception:  # noqa: BLE001 - a failing listener harms nobody
                self._listener_failed()
        if self._subscribers and record.end_ns is not None:
            self.tell(Change("closed", record.end_ns, record=record))

    def _listener_failed(self) -> None:
        if not self.listener_failures:
            _log.warning("otelwod: a listener of a tracker raised; further failures are counted", exc_info=True)
        self.listener_failures += 1


def _described(leaf: Leaf) -> tuple[str, dict[str, AttributeValue]]:
    phase = leaf.settled
    name = leaf.label or LEAF_LABELS[phase]
    return name, {
        **leaf.attributes,
        c.SEGMENT_ID: leaf.likely_id,
        c.SEGMENT_TYPE: phase,
        c.SEGMENT_INDEX: leaf.likely_index,
        c.SEGMENT_LABEL: name,
        c.PHASE: phase,
        **summary_attributes(leaf.streams),
    }
