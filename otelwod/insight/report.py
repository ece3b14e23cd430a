"""What an analysis found: plain, frozen tables that go to JSON and back (``analyze --format json``).

Every time is an integer number of nanoseconds, every share a float between 0 and 1. Words mean what
docs/performance-analysis.md says, and nothing else. The tables are flat: no nesting grows with a trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from otelwod.insight.plain import build, plain
from otelwod.trace import Quality, Trace

SCHEMA = 1
ErrorKind = Literal["origin", "propagated"]
WorkoutEnding = Literal["completed", "capped", "stopped", "interrupted"]


@dataclass(frozen=True, slots=True)
class PhaseSplit:
    """The time line of a trace (or of a round) by phase; the five add up to its duration.

    ``unknown_ns``: a span without ``otelwod.phase`` held the critical path while some child of it ran.
    """

    work_ns: int = 0
    rest_ns: int = 0
    transition_ns: int = 0
    pause_ns: int = 0
    unknown_ns: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the critical path: the span ``span_id`` held the trace during ``[start_ns, end_ns)``.

    ``span_id`` is empty where a trace of several roots had no span open: the time belongs to the virtual root.
    """

    span_id: str
    operation: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class RootPath:
    """One of several roots of a trace, with a critical path of its own."""

    span_id: str
    operation: str
    duration_ns: int
    critical_path: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """One round, minute or set of a workout (a structural segment), in the order of time.

    ``reps`` is the sum of ``otelwod.reps.done`` inside it. ``operation`` is the enclosing block's label.
    ``full``: nothing in it was cut short, and it holds as many efforts as the fullest beside it.
    """

    span_id: str
    type: str
    index: int
    label: str
    operation: str
    start_ns: int
    duration_ns: int
    phases: PhaseSplit
    reps: int
    full: bool = True


@dataclass(frozen=True, slots=True)
class MovementUse:
    """All efforts of one movement in a workout. Only work counts: rest and pause inside an effort are no part of it.

    ``share`` is of the unpaused time. ``paces`` are the work times per repetition of the efforts that counted some and
    were not cut short of a target, in the order of time; where none did, the work times of the efforts that were
    neither cut nor of a fixed time.
    ``mean_pace_ns`` is the work of those efforts over their repetitions (over their number). ``fade`` is the last pace
    over the first, minus one: 0.25 = a quarter slower; None for fewer than two. ``slowdown_ns`` is the slow-down loss:
    what the efforts took beyond their own median pace.
    """

    movement: str
    movement_id: str
    efforts: int
    reps: int
    total_ns: int
    share: float
    paces_ns: tuple[int, ...]
    per_rep: bool
    median_pace_ns: int
    fade: float | None
    slowdown_ns: int
    mean_pace_ns: int = 0


@dataclass(frozen=True, slots=True)
class WorkoutReport:
    """A trace that is a workout, in numbers; the words are the views'.

    ``fade`` is that of the work time of the full rounds. ``ending``: *capped* where a time cap came first, *stopped*
    where the athlete gave up. ``fixed`` names the operations whose time the text sets, so that no one can be faster.
    """

    name: str
    format: str
    score: str
    splits: tuple[Split, ...]
    movements: tuple[MovementUse, ...]
    fade: float | None
    ending: WorkoutEnding = "completed"
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceReport:
    """One trace. ``critical_path`` (oldest first) partitions ``[start_ns, start_ns + duration_ns)``.

    With several roots, ``root`` is the operation of the longest, the path is that over a virtual root which spans
    them all, and ``roots`` holds a path for each. ``trace`` gives the tree; it is not part of the JSON.
    """

    trace_id: str
    root: str
    duration_ns: int
    phases: PhaseSplit
    critical_path: tuple[Section, ...]
    start_ns: int = 0
    service: str = ""
    span_count: int = 0
    roots: tuple[RootPath, ...] = ()
    overlap_ns: int = 0
    """The ambiguous part of the critical path: its span held it while some child of that span ran."""
    workout: WorkoutReport | None = None
    trace: Trace | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SpanUse:
    """One span, in pre-order. ``depth`` is 0 for a root.

    ``wait_ns`` is how long the parent waited for it (0 for a root); ``slack_ns`` how much it can grow with the total
    unchanged (None where it has no place in the replay: detached, non-blocking and what lies under them);
    ``drag_ns`` the most that deleting its own time can gain.
    """

    span_id: str
    parent_id: str | None
    operation: str
    start_ns: int
    duration_ns: int
    self_ns: int
    critical_ns: int
    phase: str | None
    status: str
    trace_id: str = ""
    service: str = ""
    depth: int = 0
    wait_ns: int = 0
    slack_ns: int | None = None
    drag_ns: int = 0
    detached: bool = False


@dataclass(frozen=True, slots=True)
class OperationUse:
    """All spans of one operation. Percentiles are nearest-rank and exact unless ``percentile_error`` says otherwise.

    ``work_ns`` is ``total_ns``; ``busy_ns`` the union of its spans, so ``total_ns / busy_ns`` is its mean concurrency.
    ``calls_per_parent`` is the mean over the spans that have at least one such child; ``slowdown_ns`` the sum of what
    calls took beyond the operation's own median.
    """

    operation: str
    service: str
    count: int
    total_ns: int
    self_ns: int
    critical_ns: int
    active_ns: int
    min_ns: int
    mean_ns: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    errors: int
    busy_ns: int = 0
    calls_per_parent: float = 0.0
    slowdown_ns: int = 0
    phase: str | None = None
    """The phase that all its spans share, or None."""
    percentile_error: float = 0.0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """ "This operation faster by ``speedup``" would save between ``low_ns`` and ``high_ns``. Never one number."""

    speedup: float
    low_ns: int
    high_ns: int


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """An operation whose speed decides the total, best first (by ``what_if.low_ns``, then critical time).

    ``slack_ns``: how much faster it can become before what runs beside it takes the path over (the slack of the
    runner-up); None where nothing runs beside it. ``phase`` keeps work and rest apart.
    """

    operation: str
    critical_share: float
    what_if: WhatIf
    slack_ns: int | None
    service: str = ""
    critical_ns: int = 0
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class StageUse:
    """A repeated operation as a stage of a line: ``utilisation`` = work / (workers × window).

    ``workers`` is the greatest number seen working at once, so the utilisation is at most 1 and never understated.
    ``in_flight`` = work / window is Little's N, equal to throughput × mean time.
    """

    operation: str
    service: str
    count: int
    work_ns: int
    workers: int
    window_ns: int
    utilisation: float
    in_flight: float


@dataclass(frozen=True, slots=True)
class StageVerdict:
    """Which repeated stage limits the run. ``bottleneck`` is None when none reaches 0.9: the run is arrival-limited."""

    bottleneck: str | None = None
    service: str = ""
    stages: tuple[StageUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many spans worked at once (open, with no open child), weighted by time, summed over the traces.

    ``covered_ns`` = Σ histogram: time with at least one. ``tail_ns``: the last stretch, alone. ``amdahl_ceiling``:
    1 / serial fraction, the most that more workers can gain; None where nothing was ever alone.
    """

    mean: float = 0.0
    peak: int = 0
    serial_fraction: float = 0.0
    idle_ns: int = 0
    covered_ns: int = 0
    tail_ns: int = 0
    amdahl_ceiling: float | None = None
    histogram: tuple[tuple[int, int], ...] = ()
    """(spans at once, nanoseconds), ascending."""


@dataclass(frozen=True, slots=True)
class ErrorUse:
    """One span that failed. *origin*: no child of it failed; *propagated*: some child did.

    ``absorbed``: its parent is good, so the failure ended here. ``cost_ns``: critical time inside the span, its
    descendants included (costs of nested errors overlap: add up the absorbed ones and failed roots only).
    """

    span_id: str
    operation: str
    kind: ErrorKind
    type: str
    cost_ns: int
    trace_id: str = ""
    service: str = ""
    message: str = ""
    absorbed: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What the spans on one ancestral path of operations (root first) cost before and after."""

    path: tuple[str, ...]
    service: str
    count_before: int
    count_after: int
    self_before_ns: int
    self_after_ns: int
    critical_before_ns: int
    critical_after_ns: int

    @property
    def delta_ns(self) -> int:
        """The part of the whole difference that this path explains."""
        return self.critical_after_ns - self.critical_before_ns


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two traces, or two runs: the differences by ancestral path, largest first, add up to the whole one.

    Times are means per trace when the runs hold several, rounded so that the sum stays exact.
    """

    before_ns: int
    after_ns: int
    traces_before: int
    traces_after: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. See the classes of its fields."""

    traces: tuple[TraceReport, ...]
    spans: tuple[SpanUse, ...]
    operations: tuple[OperationUse, ...]
    bottlenecks: tuple[Bottleneck, ...]
    concurrency: Concurrency
    errors: tuple[ErrorUse, ...]
    quality: Quality
    stages: StageVerdict = field(default_factory=StageVerdict)
    duration_ns: int = 0
    """The sum of the traces' durations."""
    span_count: int = 0
    """All spans, also those beyond the limit of ``spans``."""
    eps_ns: int = 0
    compat: str | None = None
    threshold_ns: int = 0
    """Operations with less critical time are no bottlenecks."""
    comparison: Comparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """The contract of ``analyze --format json``: plain dicts, lists, numbers and texts."""
        return {"schema": SCHEMA, **plain(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`, without the traces themselves. Unknown keys are ignored.

        Raises ValueError, naming the place, for another schema or a wrong shape.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(f"schema is {data.get('schema')!r}, this version reads {SCHEMA}")
        return build(cls, data, "report")
