"""The read side of a tracker: its executions as typed views, open and completed, by id and by parent.

Views are computed when they are asked for, from the records in memory. Of a span that has moved out of memory its own
record is found again (`Executions.by_id`); the metrics of its segments only as far as their records are in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from otelwod import conventions as c
from otelwod.trace import SpanRecord
from otelwod.tracking.book import Book
from otelwod.tracking.captured import CapturedMetric, metric_of_event
from otelwod.tracking.spans import ExecutionSpan

SCHEMA = 1


def execution_spans(records: Iterable[SpanRecord]) -> tuple[ExecutionSpan, ...]:
    """The blocks among these records (a session's, from a tracker or any file) in their order, with their segments."""
    records = tuple(records)
    segments = _segments_by_block(records)
    during = _during_rounds(records)
    return tuple(
        ExecutionSpan.of(record, segments.get(record.span_id, ()), during)
        for record in records
        if c.BLOCK_TYPE in record.attributes
    )


def to_json(spans: Iterable[ExecutionSpan]) -> str:
    """The views as JSON; `from_json` gives equal ones back."""
    return json.dumps({"schema": SCHEMA, "spans": [span.to_dict() for span in spans]}, ensure_ascii=False)


def from_json(text: str) -> tuple[ExecutionSpan, ...]:
    """The views that `to_json` wrote. ValueError, in words, for anything else."""
    try:
        data = json.loads(text)
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            raise ValueError(f'not a document of execution spans with "schema": {SCHEMA}')
        return tuple(ExecutionSpan.from_dict(span) for span in data["spans"])
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a document of execution spans: {type(error).__name__}: {error}") from None


class Executions:
    """The executions of one session."""

    def __init__(self, book: Book, lock: AbstractContextManager[object]) -> None:
        self._book = book
        self._lock = lock

    @property
    def active(self) -> tuple[ExecutionSpan, ...]:
        """The open blocks, root first."""
        return tuple(span for span in self._all() if span.active)

    @property
    def completed(self) -> tuple[ExecutionSpan, ...]:
        """The finished blocks in memory, in the order in which they ended."""
        return tuple(span for span in self._all() if not span.active)

    def by_id(self, span_id: str) -> ExecutionSpan | None:
        """The block with this span id, open or finished, in memory or moved to the session's file."""
        for span in self._all():
            if span.id == span_id:
                return span
        with self._lock:
            record = self._book.writer.completed.get(span_id)
        if record is None or c.BLOCK_TYPE not in record.attributes:
            return None
        return ExecutionSpan.of(record)

    def children(self, span_id: str | None = None) -> tuple[ExecutionSpan, ...]:
        """The blocks directly below the block ``span_id`` (also those inside its rounds); None gives the root."""
        records = self._records()
        block_of = _block_of(records)
        own = {
            r.span_id for r in records if c.BLOCK_TYPE in r.attributes and block_of.get(r.parent_id or "") == span_id
        }
        return tuple(sorted((s for s in self._all() if s.id in own), key=lambda s: s.start_ns))

    def to_json(self) -> str:
        """All of them, completed and active, as JSON."""
        return to_json(self._all())

    def _all(self) -> tuple[ExecutionSpan, ...]:
        return execution_spans(self._records())

    def _records(self) -> tuple[SpanRecord, ...]:
        book, writer = self._book, self._book.writer
        with self._lock:
            finished = writer.completed.records
            unsealed = () if book.root is None or book.sealed or book.active.active else (writer.record_of(book.root),)
            return (*finished, *unsealed, *book.open, *(writer.record_of_leaf(leaf) for leaf in book.line.unwritten))


def _block_of(records: Sequence[SpanRecord]) -> dict[str, str]:
    """For each span the block that it belongs to: itself, or the block of the segment."""
    parent = {r.span_id: r.parent_id for r in records}
    segments = {r.span_id for r in records if c.BLOCK_TYPE not in r.attributes}
    found = {}
    for record in records:
        at = record.span_id
        while at in segments and (above := parent.get(at)) is not None:
            at = above
        found[record.span_id] = at
    return found


def _segments_by_block(records: Sequence[SpanRecord]) -> dict[str, list[SpanRecord]]:
    block_of = _block_of(records)
    found: dict[str, list[SpanRecord]] = {}
    for record in records:
        if c.SEGMENT_TYPE in record.attributes:
            found.setdefault(block_of[record.span_id], []).append(record)
    return found


def _during_rounds(records: Sequence[SpanRecord]) -> dict[str, list[CapturedMetric]]:
    """The accepted metrics inside each structural segment, wherever below it they were recorded, in order of time."""
    rounds = {r.span_id for r in records if r.attributes.get(c.SEGMENT_TYPE) in c.STRUCTURAL_SEGMENTS}
    found: dict[str, list[CapturedMetric]] = {span_id: [] for span_id in rounds}
    for record in records:
        for event in record.events:
            metric = metric_of_event(event)
            if metric is not None and metric.accepted:
                for span_id in metric.span_ids:
                    if span_id in rounds:
                        found[span_id].append(metric)
    for metrics in found.values():
        metrics.sort(key=_moment)
    return found


def _moment(metric: CapturedMetric) -> int:
    return metric.time_ns
