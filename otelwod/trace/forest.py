"""`Trace`: the spans of one trace as columns, joined to a forest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import eq, ge, gt, lt
from typing import Any, TypeAlias, cast

from otelwod.conventions import BLOCKING, PHASE, SERVICE_NAME
from otelwod.trace.joining import break_cycles, canonical_order, pick, with_times, without_copies
from otelwod.trace.quality import Quality
from otelwod.trace.records import SpanRecord, SpanStatus

Operation: TypeAlias = tuple[str, str]
"""(service, name): what two spans have in common when they are "the same operation"."""

_NONE: tuple[int, ...] = ()


class Trace:
    """All spans of one trace as columns, joined to a forest; immutable by agreement.

    A *row* is a position in the columns. Rows stand in the order (start, longest first, id), whatever the order of
    the input, so that no result depends on it. ``parent[row]`` is a row, or -1 for a root. ``operation[row]`` is a
    position in ``operations``, which may be shared by many traces. Times are repaired as `Quality` says: every row
    has a start and an end, and ``start_ns <= end_ns``.

    ``status`` and ``phase`` hold only the rows that have one; ``nonblocking`` the rows that their parent does not
    wait for (a consumer of a producer, a FOLLOWS_FROM reference, ``otelwod.blocking=false``); ``guessed`` those
    whose duration is not known (still open, or no start): statistics leave them out of their extremes.
    """

    __slots__ = (
        "_children",
        "_counts",
        "_links",
        "_origin",
        "_quality",
        "_records",
        "end_ns",
        "guessed",
        "nonblocking",
        "operation",
        "operations",
        "parent",
        "phase",
        "roots",
        "span_id",
        "start_ns",
        "status",
        "trace_id",
    )

    trace_id: str
    span_id: Sequence[str]
    parent: Sequence[int]
    operation: Sequence[int]
    operations: Sequence[Operation]
    start_ns: Sequence[int]
    end_ns: Sequence[int]
    status: Mapping[int, SpanStatus]
    phase: Mapping[int, str]
    nonblocking: frozenset[int]
    roots: tuple[int, ...]

    def __init__(
        self,
        trace_id: str,
        *,
        span_id: Sequence[str],
        parent_id: Sequence[str | None],
        operation: Sequence[int],
        operations: Sequence[Operation],
        start_ns: Sequence[int],
        end_ns: Sequence[int | None],
        status: Mapping[int, SpanStatus] | None = None,
        phase: Mapping[int, str] | None = None,
        nonblocking: Iterable[int] = (),
        records: Sequence[SpanRecord] | Callable[[int], SpanRecord] | None = None,
        counts: Quality | None = None,
    ) -> None:
        """Join columns of equal length, in any order, to a trace.

        ``start_ns`` is 0 where it is missing, ``end_ns`` None where the span is open. ``status``, ``phase`` and
        ``nonblocking`` are by position in the columns as given, and so is ``records``: the full records, or a
        function that makes one when somebody asks. ``counts`` is what the reader already knows (dropped events,
        unreadable records, starts missing where no time has a date, sampled share). Raises ValueError when the columns
        differ in length.
        """
        n = len(span_id)
        if not n == len(parent_id) == len(operation) == len(start_ns) == len(end_ns):
            raise ValueError("the columns of a trace must have the same length")
        found = {"open_spans": 0, "negative_durations": 0, "missing_times": 0, "duplicate_ids": 0, "cycles": 0}
        starts, ends = start_ns, end_ns
        self.guessed: frozenset[int] = frozenset()
        if n and (None in ends or min(starts) <= 0):
            starts, ends, self.guessed = with_times(span_id, parent_id, starts, ends, found)
        assert_ends = cast("Sequence[int]", ends)
        if any(map(gt, starts, assert_ends)):
            found["negative_durations"] = sum(map(gt, starts, assert_ends))
            ends = list(map(max, starts, assert_ends))
        self._origin: Sequence[int] = range(n)
        self.status, self.phase, self.nonblocking = status or {}, phase or {}, frozenset(nonblocking)
        self._records = records
        if not all(map(lt, starts, islice(starts, 1, None))):

            def rank(at: int) -> tuple[object, ...]:
                """What tells two spans with the same start apart: the longer first, then the id, then all the rest."""
                return (
                    -cast("int", ends[at]),
                    span_id[at],
                    parent_id[at] or "",
                    operations[operation[at]],
                    self.status.get(at, ""),
                    self.phase.get(at, ""),
                    at in self.nonblocking,
                    (start_ns[at], end_ns[at] is None),
                )

            order = canonical_order(starts, rank)
            if len(set(span_id)) < n:
                order = without_copies(order, starts, rank, records)
                found["duplicate_ids"] = n - len(order)
            if order != list(self._origin):
                span_id, parent_id, operation = pick(span_id, order), pick(parent_id, order), pick(operation, order)
                starts, ends = pick(starts, order), pick(ends, order)
                self._origin, n = order, len(order)
        self.trace_id = trace_id
        self.span_id, self.operation, self.operations = span_id, operation, operations
        self.start_ns, self.end_ns = starts, cast("Sequence[int]", ends)
        rows = dict(zip(span_id, range(n), strict=True))
        if len(rows) < n:
            found["duplicate_ids"] += n - len(rows)
            rows = dict(zip(reversed(span_id), range(n - 1, -1, -1), strict=True))  # children belong to the first
        parent = [-1 if row is None else row for row in map(rows.get, cast("Sequence[str]", parent_id))]
        if any(map(ge, parent, range(n))):
            found["cycles"] = break_cycles(parent)
        self.parent = parent
        self.roots = tuple(row for row, above in enumerate(parent) if above < 0)
        orphans = sum(1 for row in self.roots if parent_id[row]) - found["cycles"]
        self._follow_order()
        if self.nonblocking:
            self.nonblocking = self.nonblocking.difference(self.roots)  # nobody is there to wait for them
        self._children: list[Sequence[int]] | None = None
        self._links: tuple[list[int], list[int]] | None = None
        self._quality: Quality | None = None
        base = counts or Quality()
        found["missing_times"] += base.missing_times
        self._counts = replace(base, spans=n, roots=len(self.roots), orphans=orphans, **found)

    @staticmethod
    def from_records(records: Iterable[SpanRecord], *, counts: Quality | None = None) -> list[Trace]:
        """Group records by trace id and join each group; traces in the order of their first record.

        ``counts`` (what the reader knows) goes to the first trace, so that sums stay right.
        """
        groups: dict[str, list[SpanRecord]] = {}
        for record in records:
            group = groups.get(record.trace_id)
            if group is None:
                groups[record.trace_id] = [record]
            else:
                group.append(record)
        table: dict[Operation, int] = {}
        operations: list[Operation] = []
        traces = []
        for trace_id, group in groups.items():
            traces.append(_join(trace_id, group, table, operations, counts))
            counts = None
        return traces

    def _follow_order(self) -> None:
        """Bring what is keyed by input position to rows."""
        if isinstance(self._origin, range) or not (self.status or self.phase or self.nonblocking or self.guessed):
            return
        row_of = {old: row for row, old in enumerate(self._origin)}
        self.status = {row_of[old]: value for old, value in self.status.items() if old in row_of}
        self.phase = {row_of[old]: value for old, value in self.phase.items() if old in row_of}
        self.nonblocking = frozenset(row_of[old] for old in self.nonblocking if old in row_of)
        self.guessed = frozenset(row_of[old] for old in self.guessed if old in row_of)

    def __len__(self) -> int:
        return len(self.span_id)

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id} of {len(self)} spans>"

    @property
    def children(self) -> Sequence[Sequence[int]]:
        """For each row the rows of its children, in row order; built on first use."""
        if self._children is None:
            children: list[Any] = [_NONE] * len(self.parent)
            for row, above in enumerate(self.parent):
                if above >= 0:
                    known = children[above]
                    if known:
                        known.append(row)
                    else:
                        children[above] = [row]
            self._children = children
        return self._children

    @property
    def records(self) -> tuple[SpanRecord, ...]:
        """All records, in row order."""
        return tuple(map(self.record, range(len(self))))

    def child_links(self) -> tuple[Sequence[int], Sequence[int]]:
        """(first, next): the children of a row as a chain, without a list for each; -1 ends it.

        ``first[row]`` is its first child, ``next[row]`` its next sibling, both in row order. ``first[-1]`` is the
        first root. For a million spans this is several times faster than `children`, which is for comfort.
        """
        if self._links is None:
            n = len(self.parent)
            first, following = [-1] * (n + 1), [-1] * n
            row = n
            for above in reversed(self.parent):
                row -= 1
                following[row] = first[above]
                first[above] = row
            self._links = first, following
        return self._links

    def record(self, row: int) -> SpanRecord:
        """The full record of a row, as its source gave it (times not repaired); without one, made from the columns."""
        if callable(self._records):
            return self._records(self._origin[row])
        if self._records is not None:
            return self._records[self._origin[row]]
        service, name = self.operations[self.operation[row]]
        above = self.parent[row]
        return SpanRecord(
            self.trace_id,
            self.span_id[row],
            self.span_id[above] if above >= 0 else None,
            name,
            self.start_ns[row],
            self.end_ns[row],
            status=self.status.get(row, "unset"),
            attributes={PHASE: self.phase[row]} if row in self.phase else {},
            resource={SERVICE_NAME: service} if service else {},
        )

    def preorder(self) -> Iterator[tuple[int, int]]:
        """(row, depth) of every span: parents before children, siblings in row order."""
        children = self.children
        stack = [(row, 0) for row in reversed(self.roots)]
        while stack:
            row, depth = stack.pop()
            yield row, depth
            below = children[row]
            if below:
                depth += 1
                stack.extend([(child, depth) for child in reversed(below)])

    @property
    def quality(self) -> Quality:
        """What was wrong with the data of this trace."""
        if self._quality is None:
            start, end = self.start_ns, self.end_ns
            zero = sum(map(eq, start, end)) - self._counts.negative_durations
            overruns = detached = 0
            for row, above in enumerate(self.parent):
                if above >= 0 and (end[row] > end[above] or start[row] < start[above]):
                    if is_outside(start[row], end[row], start[above], end[above]):
                        detached += 1
                    elif row not in self.nonblocking:
                        overruns += 1
            self._quality = replace(self._counts, zero_durations=zero, overruns=overruns, detached=detached)
        return self._quality

    def shifted(self, shifts: Mapping[int, int]) -> Trace:
        """The same trace with some rows (and their events) moved in time; counted as skew shifts."""

        def moved(row: int) -> SpanRecord:
            record, by = self.record(row), shifts.get(row, 0)
            if not by:
                return record
            return replace(
                record,
                start_ns=record.start_ns + by,
                end_ns=None if record.end_ns is None else record.end_ns + by,
                events=tuple(replace(event, time_ns=event.time_ns + by) for event in record.events),
            )

        trace = Trace(
            self.trace_id,
            span_id=self.span_id,
            parent_id=[self.span_id[above] if above >= 0 else None for above in self.parent],
            operation=self.operation,
            operations=self.operations,
            start_ns=[time + shifts.get(row, 0) for row, time in enumerate(self.start_ns)],
            end_ns=[time + shifts.get(row, 0) for row, time in enumerate(self.end_ns)],
            status=self.status,
            phase=self.phase,
            nonblocking=self.nonblocking,
            records=moved,
        )
        moves = self._counts.skew_shifts + sum(map(bool, shifts.values()))
        trace._counts = replace(self._counts, skew_shifts=moves)
        trace.guessed = frozenset(row for row, old in enumerate(trace._origin) if old in self.guessed)
        return trace


def is_outside(start: int, end: int, parent_start: int, parent_end: int) -> bool:
    """Whether a child has no moment in common with its parent (touching counts only for a child of no duration)."""
    if start == end:
        return start > parent_end or start < parent_start
    return start >= parent_end or end <= parent_start


def _join(
    trace_id: str,
    records: Sequence[SpanRecord],
    table: dict[Operation, int],
    operations: list[Operation],
    counts: Quality | None,
) -> Trace:
    operation = []
    status: dict[int, SpanStatus] = {}
    phase: dict[int, str] = {}
    nonblocking = []
    ends_of_queues = []
    for at, record in enumerate(records):
        key = (record.service, record.name)
        known = table.get(key)
        if known is None:
            known = table[key] = len(operations)
            operations.append(key)
        operation.append(known)
        if record.status != "unset":
            status[at] = record.status
        if record.attributes:
            if PHASE in record.attributes:
                phase[at] = str(record.attributes[PHASE])
            if record.attributes.get(BLOCKING) is False:
                nonblocking.append(at)
        if record.kind == "consumer":
            ends_of_queues.append(at)
        if record.links and any(
            link.span_id == record.parent_id and link.attributes.get("opentracing.ref_type") == "follows_from"
            for link in record.links
        ):
            nonblocking.append(at)
    if ends_of_queues:
        producers = {record.span_id for record in records if record.kind == "producer"}
        nonblocking += [at for at in ends_of_queues if records[at].parent_id in producers]
    return Trace(
        trace_id,
        span_id=[record.span_id for record in records],
        parent_id=[record.parent_id for record in records],
        operation=operation,
        operations=operations,
        start_ns=[record.start_ns for record in records],
        end_ns=[record.end_ns for record in records],
        status=status,
        phase=phase,
        nonblocking=nonblocking,
        records=records,
        counts=counts,
    )
