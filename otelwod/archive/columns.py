"""What readers hand in, as records or as columns, gathered to traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from otelwod.trace import Operation, Quality, SpanRecord, SpanStatus, Trace


@dataclass(frozen=True, slots=True)
class Columns:
    """The spans of one trace as `Trace` takes them; full records are made only when somebody asks for one."""

    span_id: Sequence[str]
    parent_id: Sequence[str | None]
    operation: Sequence[int]
    start_ns: Sequence[int]
    end_ns: Sequence[int | None]
    record: Callable[[int], SpanRecord]
    status: Mapping[int, SpanStatus] = field(default_factory=dict)
    phase: Mapping[int, str] = field(default_factory=dict)
    nonblocking: Iterable[int] = ()


class Gathering:
    """Spans of many documents and files, by trace id: a trace may be spread over all of them."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.spans = 0
        self._known: dict[Operation, int] = {}
        self._columns: dict[str, Columns] = {}
        self._records: dict[str, list[SpanRecord]] = {}

    def operation(self, service: str, name: str) -> int:
        """The position of an operation in the table that all traces share."""
        key = (service, name)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.operations)
            self.operations.append(key)
        return known

    def add_records(self, records: Iterable[SpanRecord]) -> None:
        """Take finished records in any order."""
        for record in records:
            self.spans += 1
            group = self._records.get(record.trace_id)
            if group is None:
                group = self._records[record.trace_id] = self._unpacked(record.trace_id)
            group.append(record)

    def add_columns(self, trace_id: str, columns: Columns) -> None:
        """Take a trace, or a part of one, in columns."""
        self.spans += len(columns.span_id)
        if trace_id in self._records:
            self._records[trace_id] += _records_of(columns)
        elif trace_id in self._columns:
            self._records[trace_id] = self._unpacked(trace_id) + _records_of(columns)
        else:
            self._columns[trace_id] = columns

    def _unpacked(self, trace_id: str) -> list[SpanRecord]:
        columns = self._columns.pop(trace_id, None)
        return [] if columns is None else _records_of(columns)

    def traces(self, counts: Quality) -> tuple[Trace, ...]:
        """All traces; ``counts`` (what was unreadable) goes to the first one, so that sums stay right."""
        traces: list[Trace] = []
        for trace_id, c in self._columns.items():
            traces.append(
                Trace(
                    trace_id,
                    span_id=c.span_id,
                    parent_id=c.parent_id,
                    operation=c.operation,
                    operations=self.operations,
                    start_ns=c.start_ns,
                    end_ns=c.end_ns,
                    status=c.status,
                    phase=c.phase,
                    nonblocking=c.nonblocking,
                    records=c.record,
                    counts=None if traces else counts,
                )
            )
        records = (record for group in self._records.values() for record in group)
        traces += Trace.from_records(records, counts=None if traces else counts)
        return tuple(traces)


def _records_of(columns: Columns) -> list[SpanRecord]:
    return list(map(columns.record, range(len(columns.span_id))))
