"""What limits the total: of one trace by replay, of a line of repeated stages by utilisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from otelwod.insight.replay import Replay
from otelwod.insight.report import Bottleneck, OperationUse, StageUse, StageVerdict, WhatIf
from otelwod.insight.slack import runner_up
from otelwod.trace import Operation, Trace

SPEEDUP = Fraction(1, 5)
THRESHOLD_NS = 100_000_000
SATURATED = 0.9


@dataclass(frozen=True, slots=True)
class Run:
    """One trace made ready for questions: its replay, the rows of each operation, and `slack.runner_up`."""

    replay: Replay
    rows: dict[Operation, list[int]]
    room: dict[int, int | None]


def prepare(trace: Trace, replay: Replay, critical_ns: Sequence[int]) -> Run:
    """Sort the rows of a trace by operation."""
    lists: dict[int, list[int]] = {}
    for row, op in enumerate(trace.operation):
        lists.setdefault(op, []).append(row)
    rows: dict[Operation, list[int]] = {}
    for op, found in lists.items():
        rows.setdefault(trace.operations[op], []).extend(found)
    return Run(replay, rows, runner_up(replay, [row for row, length in enumerate(critical_ns) if length]))


def default_threshold(total_ns: int) -> int:
    """100 ms or 1 % of the total, whichever is less."""
    return min(THRESHOLD_NS, total_ns // 100)


def what_if(runs: Sequence[Run], operation: Operation, speedup: Fraction = SPEEDUP) -> WhatIf:
    """What all traces together would save if the own work of ``operation`` (service, name) took ``speedup`` less."""
    low = high = 0
    for run in runs:
        rows = run.rows.get(operation)
        if rows:
            least, most = run.replay.what_if(rows, speedup)
            low, high = low + least, high + most
    return WhatIf(float(speedup), low, high)


def bottlenecks(
    runs: Sequence[Run],
    operations: Sequence[OperationUse],
    total_ns: int,
    threshold_ns: int,
    *,
    speedup: Fraction = SPEEDUP,
    limit: int = 10,
) -> list[Bottleneck]:
    """The operations with at least ``threshold_ns`` of critical time, by LOW(speedup) / total.

    LOW is never more than ``speedup`` × critical time, so that only operations which can still be among the first
    ``limit`` are replayed; work and rest are ranked together and told apart by ``phase``.
    """
    ranked: list[Bottleneck] = []
    candidates = [use for use in operations if use.critical_ns and use.critical_ns >= threshold_ns]
    for use in sorted(candidates, key=lambda use: (-use.critical_ns, use.operation, use.service)):
        if len(ranked) >= limit and ranked[limit - 1].what_if.low_ns >= use.critical_ns * speedup:
            break
        operation = (use.service, use.operation)
        answer = what_if(runs, operation, speedup)
        most = min(answer.high_ns, int(use.critical_ns * speedup))  # with an eps, siblings may overlap by a little
        ranked.append(
            Bottleneck(
                operation=use.operation,
                critical_share=use.critical_ns / total_ns if total_ns else 0.0,
                what_if=WhatIf(answer.speedup, max(0, min(answer.low_ns, most)), most),
                slack_ns=_slack(runs, operation),
                service=use.service,
                critical_ns=use.critical_ns,
                phase=use.phase,
            )
        )
        ranked.sort(key=lambda b: (-b.what_if.low_ns, -b.critical_ns, b.operation, b.service))
    return ranked[:limit]


def _slack(runs: Sequence[Run], operation: Operation) -> int | None:
    rooms = (run.room.get(row) for run in runs for row in run.rows.get(operation, ()))
    return min((room for room in rooms if room is not None), default=None)


def utilisation(traces: Sequence[Trace], operations: Sequence[OperationUse]) -> StageVerdict:
    """ρ = work / (workers × window) of each operation that was called more than once, greatest first.

    Waiting (phase rest) is no work: an item in a full queue would always look busiest. The window is that of the whole
    run. The workers of a stage are the most that were ever seen at work at once.
    """
    traces = [trace for trace in traces if len(trace)]
    repeated = [use for use in operations if use.count > 1 and use.total_ns and use.phase != "rest"]
    if not repeated:
        return StageVerdict()
    window = max(max(trace.end_ns) for trace in traces) - min(trace.start_ns[0] for trace in traces)
    wanted = {(use.service, use.operation) for use in repeated}
    intervals: dict[Operation, tuple[list[int], list[int]]] = {operation: ([], []) for operation in wanted}
    for trace in traces:
        sinks = {op: intervals.get(trace.operations[op]) for op in set(trace.operation)}
        for op, begin, stop in zip(trace.operation, trace.start_ns, trace.end_ns, strict=True):
            sink = sinks[op]
            if sink is not None and stop > begin:
                sink[0].append(begin)
                sink[1].append(stop)
    stages = []
    for use in repeated:
        workers = peak(*intervals[use.service, use.operation])
        if workers:
            stages.append(
                StageUse(
                    operation=use.operation,
                    service=use.service,
                    count=use.count,
                    work_ns=use.total_ns,
                    workers=workers,
                    window_ns=window,
                    utilisation=use.total_ns / (workers * window),
                    in_flight=use.total_ns / window,
                )
            )
    stages.sort(key=lambda stage: (-stage.utilisation, -stage.work_ns, stage.operation, stage.service))
    first = stages[0] if stages and stages[0].utilisation >= SATURATED else None
    return StageVerdict(first.operation if first else None, first.service if first else "", tuple(stages))


def peak(starts: Sequence[int], ends: Sequence[int]) -> int:
    """The greatest number of half-open intervals [start, end) that hold one moment in common."""
    starts, ends = sorted(starts), sorted(ends)
    most = ended = 0
    for begun, begin in enumerate(starts, 1):
        while ends[ended] <= begin:
            ended += 1
        most = max(most, begun - ended)
    return most
