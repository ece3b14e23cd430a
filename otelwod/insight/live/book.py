"""The book: what the ring held becomes traces and tallies, within fixed bounds. Knows no thread, lock or clock.

A trace is *under way* while spans of it are open in this process, and *complete* when the last one has ended or when
nothing happened to it for the timeout. Complete traces keep their rows until newer ones need the room; then, as for a
trace that outgrows the room by itself, only its sums stay. Each ended span is counted and timed exactly once.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import chain, groupby
from typing import Any

from otelwod.conventions import OTHER, SERVICE_NAME
from otelwod.insight.live.attribution import Ledger, Shares, analysed
from otelwod.insight.live.checks import check_whole
from otelwod.insight.live.predecessors import predecessors
from otelwod.insight.live.rows import UNWATCHED, WIDTH, Row, record_of_row, rows_of, trace_of, with_whole_times
from otelwod.insight.live.tally import Tallies
from otelwod.telemetry.ids import format_span_id, format_trace_id
from otelwod.trace import Operation, Quality, SpanRecord, Trace


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the book keeps at most. Beyond ``open_spans`` the oldest open ones are no longer watched, only counted;

    operations beyond ``operations`` are counted as ``_other``.
    """

    spans: int = 20_000
    traces: int = 2_000
    open_spans: int = 10_000
    operations: int = 2_000

    def __post_init__(self) -> None:
        for field, value in zip(fields(self), astuple(self), strict=True):
            check_whole(f"PerformanceProcessor: max_{field.name.removesuffix('_spans')}", value)


class Held:
    """One trace in the book: the ``cells`` of ended spans, and how many ``folded`` ones of which only sums are left.

    ``cells[:settled]`` have been through the ``ledger``, and so have the ``lost`` ones, by operation, whose rows are
    gone; ``cells[settled:]`` are still to come. ``shares`` is what a complete trace has in the sums, None while it is
    owed: the trace is attributed as a whole, and when it goes on that is taken back.
    """

    __slots__ = ("cells", "folded", "ledger", "lost", "number", "settled", "shares", "timed_out", "touched", "trace_id")

    def __init__(self, trace_id: int, number: int) -> None:
        self.trace_id = trace_id
        self.number = number
        self.cells: list[Any] = []
        self.settled = 0
        self.folded = 0
        self.touched = 0
        self.timed_out = False
        self.ledger: Ledger | None = None
        self.lost: Counter[int] | None = None
        self.shares: Shares | None = None

    def operations(self) -> Iterable[int]:
        """The operation of each span, also of those whose rows are gone."""
        cells = self.cells[2::WIDTH]
        return cells if self.lost is None else chain(cells, self.lost.elements())


@dataclass(slots=True)
class Counts:
    """What became of spans and traces.

    ``unwatched``: open spans beyond the bound, of which only the number is known; ``returned``: those that ended after
    all. ``unreadable``: spans that could not
    be read as they were. ``folded``: ended spans whose detail has gone. ``completed`` and ``timed_out``: traces; one
    that goes on is not complete until it is again.
    ``evicted_traces``: traces of which only sums are left. ``renamed``: spans counted as ``_other``.
    """

    ended: int = 0
    unwatched: int = 0
    returned: int = 0
    unreadable: int = 0
    folded: int = 0
    completed: int = 0
    timed_out: int = 0
    evicted_traces: int = 0
    renamed: int = 0


class Book:
    """See the module. Whoever uses it sees to it that one thread does at a time."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.counts = Counts()
        self.tallies = Tallies()
        self.operations: list[Operation] = []
        self.operation_of: dict[Operation, int] = {}
        self.live: dict[int, Held] = {}
        self.done: dict[int, Held] = {}
        self.open: dict[int, Any] = {}
        """Span id → span: written by the hot path."""
        self.backlog: dict[int, Held] = {}
        """Complete traces that are not serial: they await an analysis."""
        self.dropped: dict[int, int] = {}
        self.resource: Any = None
        self.service = ""
        self.names: dict[str, int] = {}
        """The operations of ``resource`` by name."""
        self._growing = threading.RLock()  # a finalizer may end a span at any point
        self._kept = self._number = 0

    # ------------------------------------------------------------------------------------------------------ taking in

    def take(self, entries: list[Any], open_traces: Collection[int], now: int) -> list[Held]:
        """Enter what the ring held: trace id and row of each ended span, in the order in which they ended, as one list

        (which is used up).

        ``open_traces`` are the ids of the traces that had an open span *before* the entries were taken from the ring:
        no other trace can have one that is not among the entries. Returns the traces that are complete with this.
        ``now`` is a monotonic time in nanoseconds.
        """
        live = self.live
        trace_ids = entries[:: WIDTH + 1]
        del entries[:: WIDTH + 1]
        cells, broken = with_whole_times(entries)
        self.counts.unreadable += broken
        at = 0
        for trace_id, run in groupby(trace_ids):
            held = live.get(trace_id) or self._hold(trace_id)
            held.touched = now
            upto = at + WIDTH * len(tuple(run))
            held.cells += cells[at:upto]
            at = upto
        self.counts.ended += len(trace_ids)
        self._kept += len(trace_ids)
        if self.counts.unwatched:
            self.counts.returned += cells[5::WIDTH].count(UNWATCHED)
        for trace_id in [trace_id for trace_id in open_traces if trace_id in self.done]:
            if not self.done[trace_id].timed_out:  # it was complete for a while only: a message lay in a queue
                self._hold(trace_id).touched = now
        finished = [held for held in live.values() if held.trace_id not in open_traces]
        self._complete(finished)
        self._make_room()
        return finished

    def _hold(self, trace_id: int) -> Held:
        """The entry of a trace: a new one, or a complete one that goes on."""
        held = self.done.pop(trace_id, None)
        if held is None:
            self._number += 1
            held = Held(trace_id, self._number)
        else:
            self._reopen(held)
        self.live[trace_id] = held
        return held

    def _reopen(self, held: Held) -> None:
        """Take back what a complete trace that goes on had in the sums: its path may be another with what comes."""
        self.counts.completed -= 1
        self.counts.timed_out -= held.timed_out
        held.timed_out = False
        self.backlog.pop(held.trace_id, None)
        if held.shares is None:
            self.tallies.owe(held.operations(), -1)
        else:
            self.tallies.attribute(held.shares, -1)
            held.shares = None

    def operation(self, resource: Any, name: object) -> int:
        """The position of an operation in the table, which may grow by it.

        Called on the host's threads without the book's lock. What the hot path looks into by itself is ``names``.
        """
        with self._growing:
            if resource is not self.resource:
                service = str(resource.attributes.get(SERVICE_NAME, ""))
                self.names = {known: at for at, (of, known) in enumerate(self.operations) if of == service}
                self.resource, self.service = resource, service
            key = (self.service, str(name))
            at = self.operation_of.get(key)
            if at is None and len(self.operations) >= self.bounds.operations:
                self.counts.renamed += 1
                key = (self.service, OTHER)
                at = self.operation_of.get(key)
            if at is None:
                at = len(self.operations)
                self.operations.append(key)
                self.operation_of[key] = at
            if type(name) is str and key[1] == name:  # others are not remembered by name: that table must not grow
                self.names[name] = at
            return at

    def note_dropped(self, trace_id: int, count: int) -> None:
        """The SDK says that it dropped attributes, events or links of a span."""
        if len(self.dropped) < self.bounds.traces:
            self.dropped[trace_id] = self.dropped.get(trace_id, 0) + count

    def unwatch(self) -> None:
        """Forget the oldest open spans, an eighth more than needed, so that this is rare. Called without the lock."""
        excess = len(self.open) - self.bounds.open_spans * 7 // 8
        for span_id in list(self.open)[: max(0, excess)]:
            if self.open.pop(span_id, None) is not None:
                self.counts.unwatched += 1

    def open_traces(self) -> set[int]:
        """The traces that have open spans now."""
        return {span._context[0] for span in list(self.open.values())}

    # ------------------------------------------------------------------------------------------------- complete traces

    def expire(self, before: int) -> list[Held]:
        """Take traces as complete to which nothing happened since the monotonic time ``before``; returns those."""
        found = [held for held in self.live.values() if held.touched < before]
        self.counts.timed_out += len(found)
        for held in found:
            held.timed_out = True
        self._complete(found)
        return found

    def _complete(self, finished: Sequence[Held]) -> None:
        for held in finished:
            del self.live[held.trace_id]
            self.done[held.trace_id] = held
        self.counts.completed += len(finished)
        self._settle(finished)
        for held in finished:
            self._close(held)

    def _settle(self, some: Iterable[Held]) -> None:
        """Put the new rows of some traces through their ledgers and into the tallies."""
        durations: dict[int, list[int]] = {}
        tagged: list[Row] = []
        for held in some:
            if held.ledger is None:
                held.ledger = Ledger(self.bounds.open_spans)
            held.ledger.add(rows_of(held.cells[held.settled :] if held.settled else held.cells), durations, tagged)
            held.settled = len(held.cells)
        self.tallies.add(durations, tagged)

    def _close(self, held: Held) -> None:
        """Attribute what has been through the ledger, or note that it is owed."""
        held.shares = held.ledger.result() if held.ledger is not None else None
        if held.shares is not None:
            self.tallies.attribute(held.shares)
            return
        self.tallies.owe(held.operations())
        if held.lost is None:
            self.backlog[held.trace_id] = held

    def analyse_backlog(self, may_go_on: Callable[[], bool]) -> None:
        """Attribute the traces that overlap in themselves, oldest first, while ``may_go_on()``."""
        while self.backlog and may_go_on():
            held = self.backlog.pop(next(iter(self.backlog)))
            if held.cells:
                trace = trace_of(held.trace_id, rows_of(held.cells), self.operations)
                held.shares = analysed(trace, self.operation_of)
                self.tallies.attribute(held.shares)
                self.tallies.owe(held.operations(), -1)

    def _make_room(self) -> None:
        """Keep within the bounds: complete traces go first, oldest first; then what is under way loses its detail."""
        most_spans, most_traces = self.bounds.spans, self.bounds.traces
        if self._kept > most_spans or len(self.done) + len(self.live) > most_traces:
            for trace_id in list(self.done):
                if self._kept <= most_spans and len(self.done) + len(self.live) <= most_traces:
                    return
                held = self.done.pop(trace_id)
                self.backlog.pop(trace_id, None)
                self._fold(held)
                self.counts.evicted_traces += 1
        if len(self.live) > most_traces:
            oldest = list(self.live.values())[: len(self.live) - most_traces * 7 // 8]
            self._settle(oldest)
            for held in oldest:
                del self.live[held.trace_id]
                self._close(held)
                self.backlog.pop(held.trace_id, None)
                self._fold(held)
                self.counts.evicted_traces += 1
        if self._kept > most_spans:
            largest = sorted(self.live.values(), key=lambda held: -len(held.cells))
            for held in largest:
                if self._kept <= most_spans:
                    return
                self._settle([held])
                held.lost = Counter(held.operations())
                self._fold(held)

    def _fold(self, held: Held) -> None:
        """Only the sums of these rows stay."""
        count = len(held.cells) // WIDTH
        self.counts.folded += count
        self._kept -= count
        held.folded += count
        held.cells = []
        held.settled = 0
        self.dropped.pop(held.trace_id, None)

    def sums(self, *earlier: Tallies) -> Tallies:
        """The tallies of everything until now, also of traces under way (whose self and critical time is owed)."""
        found = Tallies()
        for tallies in (*earlier, self.tallies):
            found.merge(tallies)
        durations: dict[int, list[int]] = {}
        tagged: list[Row] = []
        scratch = Ledger(self.bounds.open_spans)
        for held in self.live.values():
            scratch.add(rows_of(held.cells[held.settled :]), durations, tagged)
            found.owe(held.operations())
        found.add(durations, tagged)
        return found

    # ------------------------------------------------------------------------------------------------------- looking

    def trace(self, trace_id: int, *, counts: Quality | None = None) -> Trace | None:
        """The trace with its open spans (their end is None), as far as its detail is kept."""
        held = self.live.get(trace_id) or self.done.get(trace_id)
        if held is None:
            return None
        is_open = [span for span in list(self.open.values()) if span.context.trace_id == trace_id]
        rows = [*rows_of(held.cells), *map(self._open_row, is_open)]
        if not rows:
            return None
        base = counts or Quality()
        return trace_of(
            trace_id,
            rows,
            self.operations,
            replace(base, dropped_events=base.dropped_events + self.dropped.get(trace_id, 0)),
        )

    def traces(self, *, with_open: bool = False) -> list[Trace]:
        """The complete traces, in the order in which their first span ended; ``with_open`` also those under way."""
        known = len(self.done) + self.counts.evicted_traces
        share = Quality(sampled_share=len(self.done) / known) if self.counts.evicted_traces and known else None
        wanted = sorted(self.done.values(), key=lambda held: held.number)
        if with_open:
            wanted += sorted(self.live.values(), key=lambda held: held.number)
        found: list[Trace] = []
        for held in wanted:
            trace = self.trace(held.trace_id, counts=None if found else share)
            if trace is not None:
                found.append(trace)
        return found

    def _open_row(self, span: Any) -> Row:
        context, parent = span.context, span.parent
        operation = self.operation(span.resource, span.name)
        above = parent.span_id if parent is not None else 0
        start = span.start_time
        return (context.span_id, above, operation, start if type(start) is int else 0, None, None, None)

    def predecessors(self, trace_id: int) -> dict[str, str]:
        """Span id → id of the span of the same trace that ended last in the same task or thread before it began."""
        held = self.live.get(trace_id) or self.done.get(trace_id)
        rows = rows_of(held.cells if held is not None else ())
        return {format_span_id(span): format_span_id(before) for span, before in predecessors(rows).items()}

    def open_records(self) -> list[SpanRecord]:
        """The open spans that are watched, in the order in which they began."""
        return [
            record_of_row(format_trace_id(span.context.trace_id), self._open_row(span), self.operations)
            for span in list(self.open.values())
        ]

    def reset(self) -> None:
        """Forget traces, counts and sums; open spans stay watched, and the table of operations keeps its order."""
        self.counts = Counts()
        self.tallies = Tallies()
        self.done.clear()
        self.backlog.clear()
        self.dropped.clear()
        self._kept = 0
        for held in self.live.values():
            held.cells, held.ledger, held.lost = [], None, None
            held.settled = held.folded = 0

    @property
    def retained(self) -> int:
        """How many spans are kept in detail."""
        return self._kept
