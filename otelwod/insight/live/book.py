"""The book: what the ring held becomes traces and tallies, within fixed bounds. Knows no thread, lock or clock.

A trace is *under way* while spans of it are open in this process, and *complete* when the last one has ended or when
nothing happened to it for the timeout. Complete traces keep their rows until newer ones need the room; then, as for a
trace that outgrows the room by itself, only its sums stay. Each ended span is counted and timed exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from otelwod.conventions import OTHER, SERVICE_NAME
from otelwod.insight.live.attribution import Ledger, Shares, analysed
from otelwod.insight.live.rows import Row, record_of_row, tag_of, trace_of, trimmed
from otelwod.insight.live.tally import Tallies
from otelwod.telemetry.ids import format_span_id, format_trace_id
from otelwod.telemetry.span_records import record_of
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


class Held:
    """One trace in the book: ``open`` spans under way, ``rows`` of ended ones, ``folded`` ones without detail.

    ``rows[settled:]`` have not been through the ledger; ``owed`` spans went through it and are not in the sums yet.
    """

    __slots__ = ("dropped", "folded", "ledger", "number", "open", "owed", "rows", "settled", "touched", "trace_id")

    def __init__(self, trace_id: int) -> None:
        self.trace_id = trace_id
        self.rows: list[Row] = []
        self.open = 0
        self.settled = 0
        self.folded = 0
        self.owed = 0
        self.dropped = 0
        self.touched = 0
        self.number = -1
        self.ledger: Ledger | None = None


@dataclass(slots=True)
class Counts:
    """What became of spans and traces.

    ``unwatched``: open spans beyond the bound, of which only the number is known. ``unreadable``: spans that could not
    be read. ``folded``: ended spans whose detail has gone; ``unattributed``: those of them that went before their self
    and critical time was known. ``completed`` and ``timed_out``: traces; one that goes on later counts again.
    ``evicted_traces``: traces of which only sums are left. ``renamed``: spans counted as ``_other``.
    """

    started: int = 0
    ended: int = 0
    unwatched: int = 0
    unreadable: int = 0
    folded: int = 0
    unattributed: int = 0
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
        self.open: dict[int, tuple[Any, Any]] = {}
        self.backlog: dict[int, Held] = {}
        """Complete traces that are not serial: they await an analysis."""
        self._kept = 0
        self._resource: object = None
        self._service = ""
        self._names: dict[str, int] = {}

    # ------------------------------------------------------------------------------------------------------ taking in

    def take(self, entries: Sequence[Any], now: int) -> list[Held]:
        """Enter what the ring held, in its order: ``(span, predecessor)`` at a start, the span at an end.

        Returns the traces that are complete with this. ``now`` is a monotonic time in nanoseconds.
        """
        touched: set[Held] = set()
        watched, live = self.open, self.live
        at: int | None = None
        held: Held | None = None
        fresh: list[Row] = []
        started = 0
        for entry in entries:
            try:
                if type(entry) is tuple:
                    started += 1
                    context = entry[0]._context
                    trace_id = context[0]
                    if trace_id != at or held is None:
                        at = trace_id
                        held = live.get(trace_id)
                        if held is None:
                            held = self._hold(trace_id)
                        touched.add(held)
                    held.open += 1
                    watched[context[1]] = entry
                    continue
                context = entry._context
                trace_id, span_id = context[0], context[1]
                if trace_id != at or held is None:
                    at = trace_id
                    held = live.get(trace_id)
                    if held is None:
                        held = self._hold(trace_id)
                    touched.add(held)
                begun = watched.pop(span_id, None)
                before = None
                if begun is not None:
                    held.open -= 1
                    if begun[1] is not None and begun[1][0] == trace_id:
                        before = begun[1][1]
                parent = entry._parent
                if entry._resource is not self._resource:
                    self._use_resource(entry._resource)
                operation = self._names.get(entry._name)
                if operation is None:
                    operation = self._operation(entry._name)
                dropped = entry._attributes.dropped + entry._events.dropped + entry._links.dropped
                if dropped:
                    held.dropped += dropped
                row: Row = (
                    span_id,
                    parent[1] if parent is not None else 0,
                    operation,
                    entry._start_time,
                    entry._end_time,
                    before,
                    tag_of(entry),
                )
            except Exception:  # noqa: BLE001 - a span of foreign make harms only itself
                found = self._foreign(entry)
                if found is None:
                    continue
                held, row = found
                at = held.trace_id
                touched.add(held)
            rows = held.rows
            if not rows and not held.folded:
                held.number = self.counts.ended + len(fresh)
            rows.append(row)
            fresh.append(row)
        self.counts.started += started
        self.counts.ended += len(fresh)
        self._kept += len(fresh)
        self.tallies.add(fresh)
        finished = []
        for held in touched:
            held.touched = now
            if held.open <= 0:
                self._complete(held)
                finished.append(held)
        if len(watched) > self.bounds.open_spans:
            self._unwatch()
        self._make_room()
        return finished

    def _hold(self, trace_id: int) -> Held:
        """The entry of a trace: a new one, or a complete one that goes on."""
        held = self.done.pop(trace_id, None)
        if held is None:
            held = Held(trace_id)
        self.live[trace_id] = held
        return held

    def _use_resource(self, resource: Any) -> None:
        self._resource = resource
        self._service = str(resource.attributes.get(SERVICE_NAME, ""))
        self._names = {name: at for at, (service, name) in enumerate(self.operations) if service == self._service}

    def _operation(self, name: object) -> int:
        key = (self._service, str(name))
        at = self.operation_of.get(key)
        if at is None and len(self.operations) >= self.bounds.operations:
            self.counts.renamed += 1
            key = (self._service, OTHER)
            at = self.operation_of.get(key)
            if at is not None:
                return at  # not remembered by name: that table must not grow
        if at is None:
            at = self.operation_of[key] = len(self.operations)
            self.operations.append(key)
        if isinstance(name, str) and key[1] == name:
            self._names[name] = at
        return at

    def _foreign(self, entry: Any) -> tuple[Held, Row] | None:
        """The row of a span that is not quite the SDK's, by its public properties; None, counted, without those."""
        try:
            if type(entry) is tuple:
                raise ValueError("a start without a context")
            record = record_of(entry)
            context = entry.context
            held = self.live.get(context.trace_id) or self._hold(context.trace_id)
            if self.open.pop(context.span_id, None) is not None:
                held.open -= 1
            key = (record.service, record.name)
            operation = self.operation_of.get(key)
            if operation is None:
                self._use_resource(entry.resource)
                operation = self._operation(record.name)
            parent = entry.parent.span_id if entry.parent is not None else 0
            return held, (context.span_id, parent, operation, record.start_ns, record.end_ns, None, trimmed(record))
        except Exception:  # noqa: BLE001 - see above
            self.counts.unreadable += 1
            return None

    def _unwatch(self) -> None:
        """Forget the oldest open spans, an eighth more than needed, so that this is rare."""
        excess = len(self.open) - self.bounds.open_spans * 7 // 8
        for span_id in list(islice(self.open, excess)):
            trace_id = self.open.pop(span_id)[0]._context[0]
            self.counts.unwatched += 1
            held = self.live.get(trace_id) or self.done.get(trace_id)
            if held is not None:
                held.open -= 1

    # ------------------------------------------------------------------------------------------------- complete traces

    def expire(self, before: int) -> list[Held]:
        """Take traces as complete to which nothing happened since the monotonic time ``before``; returns those."""
        found = [held for held in self.live.values() if held.touched < before]
        for held in found:
            self.counts.timed_out += 1
            self._complete(held)
        return found

    def _complete(self, held: Held) -> None:
        self.counts.completed += 1
        del self.live[held.trace_id]
        if not held.rows and not held.folded:
            return  # an open span, and nothing else, was ever seen of it
        self.done[held.trace_id] = held
        self._enter(held)
        shares = held.ledger.result() if held.ledger is not None else None
        held.ledger = None
        if shares is not None:
            self._attribute(held, shares)
        elif held.folded:
            self._forgo(held)
        else:
            self.backlog[held.trace_id] = held

    def _enter(self, held: Held) -> None:
        """Put the new rows through the ledger."""
        fresh = held.rows[held.settled :] if held.settled else held.rows
        if held.ledger is None:
            held.ledger = Ledger(self.bounds.open_spans)
        held.ledger.add(fresh)
        held.owed += len(fresh)
        held.settled = len(held.rows)

    def _attribute(self, held: Held, shares: Shares) -> None:
        self.tallies.attribute(shares)
        held.owed = 0

    def _forgo(self, held: Held) -> None:
        self.counts.unattributed += held.owed
        held.owed = 0

    def analyse_backlog(self, may_go_on: Callable[[], bool]) -> None:
        """Attribute the traces that overlap in themselves, oldest first, while ``may_go_on()``."""
        while self.backlog and may_go_on():
            held = self.backlog.pop(next(iter(self.backlog)))
            owed = held.rows[len(held.rows) - held.owed :]
            if owed:
                self._attribute(held, analysed(trace_of(held.trace_id, owed, self.operations), self.operation_of))

    def _make_room(self) -> None:
        """Keep within the bounds: complete traces go first, oldest first; then what is under way loses its detail."""
        most_spans, most_traces = self.bounds.spans, self.bounds.traces
        if self._kept > most_spans or len(self.done) + len(self.live) > most_traces:
            for trace_id in list(self.done):
                if self._kept <= most_spans and len(self.done) + len(self.live) <= most_traces:
                    return
                held = self.done.pop(trace_id)
                if self.backlog.pop(trace_id, None) is not None:
                    self._forgo(held)
                self._fold(held)
                self.counts.evicted_traces += 1
        if len(self.live) > most_traces:
            for trace_id in list(islice(self.live, len(self.live) - most_traces * 7 // 8)):
                held = self.live.pop(trace_id)
                self._enter(held)
                shares = held.ledger.result() if held.ledger is not None else None
                if shares is not None:
                    self._attribute(held, shares)
                else:
                    self._forgo(held)
                self._fold(held)
                self.counts.evicted_traces += 1
        if self._kept > most_spans:
            for held in sorted(self.live.values(), key=lambda held: -len(held.rows)):
                if self._kept <= most_spans:
                    return
                self._enter(held)
                self._fold(held)

    def _fold(self, held: Held) -> None:
        """Only the sums of these rows stay."""
        count = len(held.rows)
        self.counts.folded += count
        self._kept -= count
        held.folded += count
        held.rows = []
        held.settled = 0

    # ------------------------------------------------------------------------------------------------------- looking

    def trace(self, trace_id: int, *, counts: Quality | None = None) -> Trace | None:
        """The trace with its open spans (their end is None), as far as its detail is kept."""
        held = self.live.get(trace_id) or self.done.get(trace_id)
        if held is None:
            return None
        rows = [
            *held.rows,
            *(self._open_row(entry) for entry in self.open.values() if entry[0]._context[0] == trace_id),
        ]
        if not rows:
            return None
        base = counts or Quality()
        return trace_of(
            trace_id, rows, self.operations, replace(base, dropped_events=base.dropped_events + held.dropped)
        )

    def traces(self, *, with_open: bool = False) -> list[Trace]:
        """The complete traces, in the order in which their first span ended; ``with_open`` also those under way."""
        known = len(self.done) + self.counts.evicted_traces
        share = Quality(sampled_share=len(self.done) / known) if self.counts.evicted_traces and known else None
        wanted = sorted(self.done.values(), key=lambda held: held.number)
        if with_open:
            wanted += sorted(self.live.values(), key=lambda held: held.number % (1 << 62))
        found: list[Trace] = []
        for held in wanted:
            trace = self.trace(held.trace_id, counts=None if found else share)
            if trace is not None:
                found.append(trace)
        return found

    def _open_row(self, entry: tuple[Any, Any]) -> Row:
        span, before = entry
        context, parent, name = span._context, span._parent, str(span._name)
        self._use_resource(span._resource)
        operation = self._names.get(name)
        if operation is None:
            operation = self._operation(name)
        known = before[1] if before is not None and before[0] == context[0] else None
        return (context[1], parent[1] if parent is not None else 0, operation, span._start_time, None, known, None)

    def predecessors(self, trace_id: int) -> dict[str, str]:
        """Span id → id of the span of the same trace that ended last in the same task or thread before it began."""
        held = self.live.get(trace_id) or self.done.get(trace_id)
        rows = held.rows if held is not None else []
        return {format_span_id(row[0]): format_span_id(row[5]) for row in rows if row[5] is not None}

    def open_records(self) -> list[SpanRecord]:
        """The open spans that are watched, in the order in which they began."""
        return [
            record_of_row(format_trace_id(entry[0]._context[0]), self._open_row(entry), self.operations)
            for entry in self.open.values()
        ]

    def reset(self) -> None:
        """Forget traces, counts and sums; open spans stay watched, and the table of operations keeps its order."""
        self.counts = Counts(started=len(self.open))
        self.tallies = Tallies()
        self.done.clear()
        self.backlog.clear()
        self._kept = 0
        for held in self.live.values():
            held.rows, held.ledger = [], None
            held.settled = held.folded = held.owed = held.dropped = 0

    @property
    def retained(self) -> int:
        """How many spans are kept in detail."""
        return self._kept
