"""The operation table: what all spans of one operation cost together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import sub

from otelwod.insight.criticalpath import Path
from otelwod.insight.report import OperationUse
from otelwod.trace import Operation, Trace


@dataclass(slots=True)
class Tally:
    """What one operation has added up to so far. ``durations`` leaves out spans whose times had to be guessed."""

    durations: list[int] = field(default_factory=list)
    guessed: list[int] = field(default_factory=list)
    self_ns: int = 0
    critical_ns: int = 0
    active: int = 0
    errors: int = 0
    busy_ns: int = 0
    parents: int = 0
    called: int = 0
    phases: set[str | None] = field(default_factory=set)


def rank(ordered: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile of ascending values: exact, and always one of them. 0 when there are none."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else 0


def slowdown(ordered: Sequence[int], median: int) -> int:
    """Σ max(0, value − median) over ascending values."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] <= median:
            low = middle + 1
        else:
            high = middle
    return sum(ordered[low:]) - median * (len(ordered) - low)


class OperationTable:
    """Adds traces up, then gives the rows. Operations are told apart by (service, name)."""

    def __init__(self) -> None:
        self._tallies: dict[Operation, Tally] = {}
        self._table: Sequence[Operation] = ()
        self._of_table: list[Tally] = []
        self._own: list[int] = []

    def tallies(self, trace: Trace) -> list[Tally]:
        """The tallies of a trace's operations, by position in ``trace.operations``.

        Traces of one source share that table (it may grow between them), so the last one is kept.
        """
        if trace.operations is not self._table:
            self._settle()
            self._table, self._of_table, self._own = trace.operations, [], []
        for operation in islice(self._table, len(self._of_table), None):
            tally = self._tallies.get(operation)
            if tally is None:
                tally = self._tallies[operation] = Tally()
            self._of_table.append(tally)
            self._own.append(0)
        return self._of_table

    def _settle(self) -> None:
        """Move self times, which are summed by position for speed, to the tallies."""
        for tally, own in zip(self._of_table, self._own, strict=True):
            tally.self_ns += own
        self._own = [0] * len(self._of_table)

    def add(self, trace: Trace, self_ns: Sequence[int], path: Path, active: Sequence[int] = ()) -> None:
        """Add one trace with its self times, its critical path, and its active shares (may be left out)."""
        tallies = self.tallies(trace)
        operation, own = trace.operation, self._own
        for op, duration, mine in zip(operation, map(sub, trace.end_ns, trace.start_ns), self_ns, strict=True):
            tallies[op].durations.append(duration)
            own[op] += mine
        for row, begin, stop in zip(path.row, path.start_ns, path.end_ns, strict=True):
            if row >= 0:
                tallies[operation[row]].critical_ns += stop - begin
        for op, share in zip(operation, active):  # noqa: B905 - shares may be left out
            tallies[op].active += share
        for row, status in trace.status.items():
            if status == "error":
                tallies[operation[row]].errors += 1
        for row in trace.guessed:
            tally = tallies[operation[row]]
            duration = trace.end_ns[row] - trace.start_ns[row]
            tally.durations.remove(duration)
            tally.guessed.append(duration)

    def add_details(self, trace: Trace) -> None:
        """Add what a full report shows besides: busy time, calls per parent, the phase of an operation."""
        tallies = self.tallies(trace)
        operation = trace.operation
        reach: dict[int, int] = {}
        for op, begin, stop in zip(operation, trace.start_ns, trace.end_ns, strict=True):
            known = reach.get(op, begin)
            if stop > known or op not in reach:
                tallies[op].busy_ns += stop - max(begin, known)
                reach[op] = stop
        pairs = set()
        width = len(tallies)
        for op, above in zip(operation, trace.parent, strict=True):
            if above >= 0:
                tallies[op].called += 1
                pairs.add(above * width + op)
        for pair in pairs:
            tallies[pair % width].parents += 1
        if trace.phase:
            for row, op in enumerate(operation):
                tallies[op].phases.add(trace.phase.get(row))
        else:
            for op in set(operation):
                tallies[op].phases.add(None)

    def rows(self, active_ns: dict[Operation, int] | None = None) -> list[OperationUse]:
        """One row an operation, most critical time first (then self time, then the name)."""
        self._settle()
        made = [self._row(*item, active_ns or {}) for item in self._tallies.items()]
        made = [row for row in made if row.count]
        made.sort(key=lambda row: (-row.critical_ns, -row.self_ns, row.operation, row.service))
        return made

    def active(self) -> Iterable[tuple[Operation, int]]:
        """Active shares by operation, in the fixed point of `concurrency.SHARE_BITS`."""
        return ((operation, tally.active) for operation, tally in self._tallies.items())

    @staticmethod
    def _row(operation: Operation, tally: Tally, active_ns: dict[Operation, int]) -> OperationUse:
        ordered = sorted(tally.durations)
        count = len(ordered) + len(tally.guessed)
        total = sum(ordered) + sum(tally.guessed)
        median = rank(ordered, 50)
        return OperationUse(
            operation=operation[1],
            service=operation[0],
            count=count,
            total_ns=total,
            self_ns=tally.self_ns,
            critical_ns=tally.critical_ns,
            active_ns=active_ns.get(operation, 0),
            min_ns=ordered[0] if ordered else 0,
            mean_ns=sum(ordered) // len(ordered) if ordered else 0,
            p50_ns=median,
            p95_ns=rank(ordered, 95),
            p99_ns=rank(ordered, 99),
            max_ns=ordered[-1] if ordered else 0,
            errors=tally.errors,
            busy_ns=tally.busy_ns,
            calls_per_parent=tally.called / tally.parents if tally.parents else 0.0,
            slowdown_ns=slowdown(ordered, median),
            phase=next(iter(tally.phases)) if len(tally.phases) == 1 else None,
        )
