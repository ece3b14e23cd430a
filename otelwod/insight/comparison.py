"""Two traces or two runs: which operations explain the difference.

Spans are matched by their *ancestral path*, the operations from the root down to them, so that a helper called from
two places is told apart. The critical times of all paths add up to the total, and so do their differences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from otelwod.insight.criticalpath import VIRTUAL, critical_path, extent
from otelwod.insight.handover import handed_over
from otelwod.insight.report import Comparison, Difference, Report
from otelwod.insight.selftime import Overrun, self_times, unwaited
from otelwod.trace import Operation, Trace

REST = "(all other paths)"
IDLE = "(no root open)"
ELLIPSIS = "…"
MAX_PATH = 64


@dataclass(slots=True)
class Use:
    """What the spans on one ancestral path add up to in one run."""

    count: int = 0
    total_ns: int = 0
    self_ns: int = 0
    critical_ns: int = 0


class PathTree:
    """All ancestral paths of one or more runs. Node 0 is above the roots and holds the time without an open root.

    ``parent[node]`` and ``operation[node]`` are the tree; ``uses[run][node]`` what a run spent there.
    """

    def __init__(self, runs: int = 1) -> None:
        self.parent: list[int] = [-1]
        self.operation: list[Operation] = [("", IDLE)]
        self.uses: list[list[Use]] = [[Use()] for _ in range(runs)]
        self._index: dict[tuple[int, Operation], int] = {}

    def add(self, trace: Trace, run: int = 0, *, eps_ns: int = 0, overrun: Overrun = "clamp") -> None:
        """Add the spans of a trace to a run."""
        nonblocking = unwaited(trace, overrun)
        own = self_times(trace, nonblocking)
        path = critical_path(trace, nonblocking, eps_ns=eps_ns, handed=handed_over(trace))
        critical = path.by_row(len(trace))
        uses, index = self.uses[run], self._index
        at = [0] * len(trace)
        for row, _ in trace.preorder():
            above = trace.parent[row]
            key = (at[above] if above >= 0 else 0, trace.operations[trace.operation[row]])
            node = index.get(key)
            if node is None:
                node = index[key] = len(self.parent)
                self.parent.append(key[0])
                self.operation.append(key[1])
                for table in self.uses:
                    table.append(Use())
            at[row] = node
            use = uses[node]
            use.count += 1
            use.total_ns += trace.end_ns[row] - trace.start_ns[row]
            use.self_ns += own[row]
            use.critical_ns += critical[row]
        uses[0].critical_ns += sum(
            stop - begin
            for row, begin, stop in zip(path.row, path.start_ns, path.end_ns, strict=True)
            if row == VIRTUAL
        )

    def names(self, node: int) -> tuple[str, ...]:
        """The operations from the root to a node; beyond `MAX_PATH` the ones in the middle are left out."""
        found = []
        while node > 0:
            found.append(self.operation[node][1])
            node = self.parent[node]
            if len(found) == MAX_PATH and node > 0:
                while self.parent[node] > 0:
                    node = self.parent[node]
                found[-1] = ELLIPSIS
                found.append(self.operation[node][1])
                break
        return tuple(reversed(found)) or (IDLE,)


def compare(
    before: Iterable[Trace],
    after: Iterable[Trace],
    *,
    eps_ns: int = 0,
    overrun: Overrun = "clamp",
    limit: int = 200,
) -> Comparison:
    """What changed from one trace or run to another, the largest changes of critical time first.

    Runs of several traces are compared per trace: each number is divided by the number of traces, and the rounding
    is put right on the largest, so that the differences still add up to ``after_ns - before_ns``. What is beyond
    ``limit`` rows is one row, `REST`.
    """
    runs = [list(before), list(after)]
    tree = PathTree(2)
    totals = []
    for run, traces in enumerate(runs):
        for trace in traces:
            tree.add(trace, run, eps_ns=eps_ns, overrun=overrun)
        many = max(1, len(traces))
        total = sum(stop - start for start, stop in (extent(trace, handed_over(trace)) for trace in traces)) // many
        uses = tree.uses[run]
        for use in uses:
            use.self_ns //= many
            use.critical_ns //= many
        missing = total - sum(use.critical_ns for use in uses)
        if missing:
            uses[max(range(len(uses)), key=lambda node: uses[node].critical_ns)].critical_ns += missing
        totals.append(total)
    old, new = tree.uses

    def size(node: int) -> tuple[int, int]:
        return -abs(new[node].critical_ns - old[node].critical_ns), -abs(new[node].self_ns - old[node].self_ns)

    nodes = [node for node in range(len(old)) if node or old[0].critical_ns or new[0].critical_ns]
    nodes.sort(key=size)
    shown = [_difference(tree, [node], tree.names(node), tree.operation[node][0]) for node in nodes[:limit]]
    shown.sort(key=lambda d: (-abs(d.delta_ns), -abs(d.self_after_ns - d.self_before_ns), d.path, d.service))
    if len(nodes) > limit:
        shown.append(_difference(tree, nodes[limit:], (REST,), ""))
    return Comparison(totals[0], totals[1], len(runs[0]), len(runs[1]), tuple(shown))


def _difference(tree: PathTree, nodes: list[int], path: tuple[str, ...], service: str) -> Difference:
    old, new = ([table[node] for node in nodes] for table in tree.uses)
    return Difference(
        path=path,
        service=service,
        count_before=sum(use.count for use in old),
        count_after=sum(use.count for use in new),
        self_before_ns=sum(use.self_ns for use in old),
        self_after_ns=sum(use.self_ns for use in new),
        critical_before_ns=sum(use.critical_ns for use in old),
        critical_after_ns=sum(use.critical_ns for use in new),
    )


def with_comparison(report: Report, before: Report) -> Report:
    """``report`` with its `Comparison` to ``before``; both must still hold their traces.

    Raises ValueError for a report that was read from JSON: it has tables, but no spans to match.
    """
    runs = []
    for one in (before, report):
        traces = [row.trace for row in one.traces if row.trace is not None]
        if len(traces) != len(one.traces):
            raise ValueError("a report read from JSON holds no traces to compare; analyse their files again")
        runs.append(traces)
    return replace(report, comparison=compare(*runs, eps_ns=report.eps_ns))
