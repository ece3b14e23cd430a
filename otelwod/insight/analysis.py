"""`analyze_traces`: traces in, the whole `Report` out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any, Final, Literal

from otelwod.insight import bottlenecks as bottleneck
from otelwod.insight.concurrency import concurrency, sweep, whole
from otelwod.insight.criticalpath import VIRTUAL, Path, critical_path, extent, overlaps, waits
from otelwod.insight.errors import errors, inclusive
from otelwod.insight.handover import handed_over
from otelwod.insight.phases import phase_split
from otelwod.insight.program_order import recorded_predecessors, rows_before
from otelwod.insight.replay import Replay
from otelwod.insight.report import ErrorUse, Report, RootPath, Section, SpanUse, TraceReport, WhatIf
from otelwod.insight.selftime import Overrun, blocking_children, self_times, unwaited
from otelwod.insight.skew import correct_skew
from otelwod.insight.slack import drag, slack
from otelwod.insight.statistics import OperationTable
from otelwod.insight.workouts import workout_report
from otelwod.trace import Operation, Quality, Trace

SPAN_LIMIT = 10_000
_OPTIONS: Final[Mapping[str, Any]] = {
    "eps_ns": int,
    "compat": (None, "jaeger"),
    "threshold_ns": int,
    "overrun": ("clamp", "async"),
    "span_limit": int,
    "max_skew_ns": int,
    "predecessors": None,
    "program_order": (False, True),
}
"""The options of `analyze_traces`: whole numbers that are not negative, one of a few values, or anything."""


def analyze_traces(
    traces: Iterable[Trace],
    *,
    eps_ns: int = 0,
    compat: Literal["jaeger"] | None = None,
    threshold_ns: int | None = None,
    overrun: Overrun = "clamp",
    span_limit: int | None = SPAN_LIMIT,
    max_skew_ns: int = 0,
    predecessors: Mapping[str, Mapping[str, str]] | None = None,
    program_order: bool = False,
) -> Report:
    """Analyse one trace or a run of several.

    ``eps_ns``: siblings whose times overlap by no more count as one after the other (0 in process, 1,000 for
    sources in microseconds). ``compat="jaeger"``: paths and self times as in Jaeger's UI. ``threshold_ns``: the
    critical time from which an operation counts as a bottleneck (default: 100 ms or 1 % of the total, whichever is
    less). ``overrun="async"``: a child that outlives its parent is not waited for. ``span_limit``: rows of
    `Report.spans`, None for all. ``max_skew_ns``: correct clock skew between hosts by at most so much (`skew`); 0
    leaves times as they are. ``predecessors``: by trace id, span id → id of the span that ended last before it in the
    same task or thread, where the program knows (`PerformanceProcessor.predecessors`): what-if intervals get narrower.
    ``program_order`` takes them from the spans that carry ``otelwod.predecessor.id``.
    Bad data never raises: see `Report.quality`.
    """
    given = {"eps_ns": eps_ns, "threshold_ns": threshold_ns, "span_limit": span_limit, "max_skew_ns": max_skew_ns}
    check_options({**given, "compat": compat, "overrun": overrun, "program_order": program_order}, "analyze_traces")
    strict = compat == "jaeger"
    eps = 0 if strict else eps_ns
    table = OperationTable()
    known = [correct_skew(trace, max_skew_ns).trace if max_skew_ns else trace for trace in traces]
    trace_rows: list[TraceReport] = []
    span_rows: list[SpanUse] = []
    failures: list[ErrorUse] = []
    sweeps = []
    runs = []
    for trace in known:
        nonblocking = unwaited(trace, overrun)
        children = blocking_children(trace, nonblocking)
        own = self_times(trace, frozenset() if strict else nonblocking)
        handed = () if strict else handed_over(trace)
        path = critical_path(trace, nonblocking, eps_ns=eps, strict=strict, handed=handed)
        critical = path.by_row(len(trace))
        shared = overlaps(trace, nonblocking, path)
        swept = sweep(trace)
        table.add(trace, own, path, swept.active)
        table.add_details(trace)
        sweeps.append(swept)
        known_before = {
            **(recorded_predecessors(trace) if program_order else {}),
            **(predecessors or {}).get(trace.trace_id, {}),
        }
        before = rows_before(trace, known_before) if known_before else None
        run = bottleneck.prepare(trace, Replay(trace, children, eps_ns=eps, before=before, handed=handed), critical)
        runs.append(run)
        if trace.status:
            failures += errors(trace, inclusive(trace, critical))
        trace_rows.append(_trace_row(trace, nonblocking, path, shared, eps, strict, handed))
        wanted = None if span_limit is None else span_limit - len(span_rows)
        if wanted is None or wanted > 0:
            span_rows += _span_rows(trace, own, critical, waits(trace, nonblocking, eps_ns=eps), run, wanted)
    total = sum(row.duration_ns for row in trace_rows)
    threshold = bottleneck.default_threshold(total) if threshold_ns is None else threshold_ns
    active_ns = _active_ns(table, sum(swept.covered_ns for swept in sweeps))
    operations = table.rows(active_ns)
    return Report(
        traces=tuple(trace_rows),
        spans=tuple(span_rows),
        operations=tuple(operations),
        bottlenecks=tuple(bottleneck.bottlenecks(runs, operations, total, threshold)),
        concurrency=concurrency(sweeps),
        errors=tuple(failures),
        quality=reduce(add, (trace.quality for trace in known), Quality()),
        stages=bottleneck.utilisation(known, operations),
        duration_ns=total,
        span_count=sum(map(len, known)),
        eps_ns=eps,
        compat=compat,
        threshold_ns=threshold,
    )


def check_options(options: Mapping[str, object], what: str) -> None:
    """Raise TypeError or ValueError for an option that `analyze_traces` does not have, or that means nothing there."""
    for name, value in options.items():
        if name not in _OPTIONS:
            near = get_close_matches(name, _OPTIONS, 1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(_OPTIONS)}"
            raise TypeError(f"{what} has no option {name!r}; {remedy}")
        allowed = _OPTIONS[name]
        if allowed is None:
            continue
        if allowed is int:
            if value is None and name in ("threshold_ns", "span_limit"):
                continue
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{what}: {name} must be a whole number, not {value!r:.40}")
            if value < 0:
                raise ValueError(f"{what}: {name} must not be negative, but is {value}")
        elif value not in allowed:
            raise ValueError(f"{what}: {name} must be one of {', '.join(map(repr, allowed))}, not {value!r:.40}")


def what_if(
    traces: Iterable[Trace],
    operation: str,
    speedup: float | Fraction,
    *,
    service: str | None = None,
    eps_ns: int = 0,
    overrun: Overrun = "clamp",
) -> WhatIf:
    """What the traces together would save if the own work of an operation took ``speedup`` (0 to 1) less.

    ``service`` None means the operation of that name in every service. Raises ValueError for a speedup outside 0 to
    1, and for an operation that no span has, naming those that resemble it.
    """
    if not 0 <= speedup <= 1:
        raise ValueError(f"speedup is the share of the work that is saved, from 0 to 1, not {speedup}")
    share = Fraction(speedup).limit_denominator(1_000_000)
    low = high = 0
    found = False
    names: set[str] = set()
    for trace in traces:
        nonblocking = unwaited(trace, overrun)
        keys = {op: trace.operations[op] for op in set(trace.operation)}
        wanted = {op for op, key in keys.items() if key[1] == operation and service in (None, key[0])}
        rows = [row for row, op in enumerate(trace.operation) if op in wanted]
        names.update(name for _, name in keys.values())
        if rows:
            found = True
            children = blocking_children(trace, nonblocking)
            replay = Replay(trace, children, eps_ns=eps_ns, handed=handed_over(trace))
            least, most = replay.what_if(rows, share)
            low, high = low + least, high + most
    if not found:
        near = ", ".join(get_close_matches(operation, names)) or ", ".join(sorted(names)[:5]) or "none"
        raise ValueError(f"no span has the operation {operation!r}; there are: {near}")
    return WhatIf(float(speedup), low, high)


def _active_ns(table: OperationTable, covered_ns: int) -> dict[Operation, int]:
    shares = sorted(table.active())
    lengths = whole([share for _, share in shares], covered_ns, [operation for operation, _ in shares])
    return {operation: length for (operation, _), length in zip(shares, lengths, strict=True)}


def _trace_row(
    trace: Trace,
    nonblocking: frozenset[int],
    path: Path,
    shared: dict[int, int],
    eps: int,
    strict: bool,
    handed: Sequence[int],
) -> TraceReport:
    start, stop = extent(trace, handed)
    longest = min(trace.roots, key=lambda row: (trace.start_ns[row] - trace.end_ns[row], row), default=None)
    service, name = trace.operations[trace.operation[longest]] if longest is not None else ("", "")
    roots: tuple[RootPath, ...] = ()
    if len(trace.roots) > 1:
        roots = tuple(
            RootPath(
                span_id=trace.span_id[root],
                operation=trace.operations[trace.operation[root]][1],
                duration_ns=trace.end_ns[root] - trace.start_ns[root],
                critical_path=_sections(trace, critical_path(trace, nonblocking, eps_ns=eps, strict=strict, root=root)),
            )
            for root in trace.roots
        )
    return TraceReport(
        trace_id=trace.trace_id,
        root=name,
        duration_ns=stop - start,
        phases=phase_split(trace, path, shared),
        critical_path=_sections(trace, path),
        start_ns=start,
        service=service,
        span_count=len(trace),
        roots=roots,
        overlap_ns=sum(shared.values()),
        workout=workout_report(trace),
        trace=trace,
    )


def _sections(trace: Trace, path: Path) -> tuple[Section, ...]:
    ids, operation, operations = trace.span_id, trace.operation, trace.operations
    return tuple(
        Section("", "", begin, stop)
        if row == VIRTUAL
        else Section(ids[row], operations[operation[row]][1], begin, stop)
        for row, begin, stop in zip(path.row, path.start_ns, path.end_ns, strict=True)
    )


def _span_rows(
    trace: Trace,
    own: Sequence[int],
    critical: Sequence[int],
    waited: Sequence[int],
    run: bottleneck.Run,
    wanted: int | None,
) -> list[SpanUse]:
    spare, drags = slack(run.replay), drag(run.replay, critical)
    placed = run.replay.place
    rows: list[SpanUse] = []
    for row, depth in trace.preorder():
        if wanted is not None and len(rows) >= wanted:
            break
        above = trace.parent[row]
        service, name = trace.operations[trace.operation[row]]
        rows.append(
            SpanUse(
                span_id=trace.span_id[row],
                parent_id=trace.span_id[above] if above >= 0 else None,
                operation=name,
                start_ns=trace.start_ns[row],
                duration_ns=trace.end_ns[row] - trace.start_ns[row],
                self_ns=own[row],
                critical_ns=critical[row],
                phase=trace.phase.get(row),
                status=trace.status.get(row, "unset"),
                trace_id=trace.trace_id,
                service=service,
                depth=depth,
                wait_ns=waited[row],
                slack_ns=spare.get(row),
                drag_ns=drags.get(row, 0),
                detached=placed[row] < 0,
            )
        )
    return rows
