"""What a session came to: splits, totals by movement, fade, consistency, planned against done. A fold over events.

Times are unpaused nanoseconds. *Pace* of a round: its work time per repetition, so that 21-15-9 compares like with
like; its work time where a round has no repetitions. *Fade*: pace of the last round over that of the first − 1 (0.12 =
the last round was 12 % slower). *Consistency*: 1 − coefficient of variation of the paces (1 = every round alike). Both
are None under two full rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev

from otelwod import conventions as c
from otelwod.conventions import Status
from otelwod.runtime.events import (
    Event,
    MetricRecorded,
    MetricRejected,
    RestStarted,
    RestStopped,
    SegmentEnded,
    SegmentStarted,
    SpanPaused,
    SpanResumed,
    SpanStarted,
    SpanStopped,
    Value,
)
from otelwod.runtime.planned import Planned, planned_movements
from otelwod.runtime.program import Program
from otelwod.runtime.turns import FinalEvents


@dataclass(frozen=True, slots=True)
class Split:
    """One round or interval of ``block``: ``reps`` are those recorded in it; ``done`` when full, not cut short.

    ``elapsed_ns`` = ``work_ns`` + ``rest_ns``: in an EMOM the time to complete and the rest that it earned. ``made``:
    all work was done before the boundary; None outside EMOMs.
    """

    block: str
    label: str
    number: int
    elapsed_ns: int
    work_ns: int
    reps: float
    done: bool
    made: bool | None = None

    @property
    def rest_ns(self) -> int:
        """The rest in it."""
        return self.elapsed_ns - self.work_ns

    @property
    def pace_ns(self) -> float | None:
        """Work time per repetition; None without repetitions."""
        return self.work_ns / self.reps if self.reps > 0 else None


@dataclass(frozen=True, slots=True)
class MovementTotal:
    """All efforts of one movement: how often, how long, how much.

    ``planned_reps`` are those of the efforts that began, None where the text leaves one open; `Outcome.planned` says
    what the whole workout asks for. ``splits_ns`` are the single efforts, in order.
    """

    movement: str
    efforts: int
    work_ns: int
    reps: float
    planned_reps: int | None
    distance_m: float
    energy_kcal: float
    volume_kg: float
    splits_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of a session so far."""

    status: Status
    elapsed_ns: int
    total_ns: int
    work_ns: int
    rest_ns: int
    score: Mapping[str, Value]
    splits: tuple[Split, ...]
    movements: tuple[MovementTotal, ...]
    rejected: Mapping[str, int]
    planned: tuple[Planned, ...] = ()
    """What the program asked for, by movement; empty where `Results` was not given one."""

    @property
    def fade(self) -> float | None:
        """Of the full rounds of the first block that has two or more, by pace; see the module."""
        return fade(self.paces)

    @property
    def consistency(self) -> float | None:
        """Of the same rounds as `fade`."""
        return consistency(self.paces)

    @property
    def paces(self) -> tuple[float, ...]:
        """What `fade` and `consistency` compare: nanoseconds per repetition, or per round where one has none."""
        comparable = self._comparable()
        paces = tuple(split.pace_ns for split in comparable)
        if all(pace is not None for pace in paces):
            return tuple(pace for pace in paces if pace is not None)
        return tuple(float(split.work_ns) for split in comparable)

    @property
    def intervals_made(self) -> tuple[int, int]:
        """How many EMOM intervals with work ended, and how many of them were missed: ``(made, missed)``."""
        judged = [split.made for split in self.splits if split.made is not None]
        return sum(judged), len(judged) - sum(judged)

    def _comparable(self) -> list[Split]:
        blocks: dict[str, list[Split]] = {}
        for split in self.splits:
            if split.done and split.work_ns > 0:
                blocks.setdefault(split.block, []).append(split)
        return next((splits for splits in blocks.values() if len(splits) > 1), [])


def fade(splits_ns: Sequence[float]) -> float | None:
    """Last over first − 1; None under two splits or where the first took no time."""
    if len(splits_ns) < 2 or splits_ns[0] <= 0:
        return None
    return splits_ns[-1] / splits_ns[0] - 1


def consistency(splits_ns: Sequence[float]) -> float | None:
    """1 − standard deviation / mean; None under two splits or where they took no time."""
    mean = fmean(splits_ns) if splits_ns else 0.0
    if len(splits_ns) < 2 or mean <= 0:
        return None
    return 1 - pstdev(splits_ns) / mean


@dataclass(slots=True)
class _Open:
    key: str
    started: int
    paused_before: int
    rest: int = 0
    reps: float = 0
    distance: float = 0.0
    energy: float = 0.0
    load: float = 0.0
    number: int = 0
    label: str = ""
    movement: str | None = None
    target: int | None = None
    block: str = ""


@dataclass(slots=True)
class _Total:
    efforts: int = 0
    work: int = 0
    reps: float = 0
    planned: int | None = 0
    distance: float = 0.0
    energy: float = 0.0
    volume: float = 0.0
    splits: list[int] = field(default_factory=list)


class Results:
    """Subscribe it to a session; `outcome` is right at any moment, the last tap once it is final.

    With the ``program``, what was asked for stands beside what was done.
    """

    def __init__(self, program: Program | None = None) -> None:
        self._planned = planned_movements(program) if program is not None else ()
        self._final = FinalEvents(self._fold)
        self._open: list[_Open] = []
        self._splits: list[Split] = []
        self._totals: dict[str, _Total] = {}
        self._rejected: dict[str, int] = {}
        self._score: Mapping[str, Value] = {}
        self._status: Status = "active"
        self._now = 0
        self._paused_at: int | None = None
        self._paused = 0
        self._resting_since: int | None = None
        self._rest = 0
        self._finished: tuple[int, int] | None = None

    def __call__(self, event: Event) -> None:
        """Takes one event of the stream."""
        self._final(event)

    def close(self) -> None:
        """Nothing more can be undone."""
        self._final.close()

    def outcome(self) -> Outcome:
        """What it came to so far. Call `close` first to count the last tap in."""
        active, total = self._finished or (self._active(), self._now)
        rest = self._rest_so_far()
        return Outcome(
            status=self._status,
            elapsed_ns=active,
            total_ns=total,
            work_ns=active - rest,
            rest_ns=rest,
            score=self._score,
            splits=tuple(self._splits),
            movements=tuple(
                MovementTotal(
                    name, t.efforts, t.work, t.reps, t.planned, t.distance, t.energy, t.volume, tuple(t.splits)
                )
                for name, t in self._totals.items()
            ),
            rejected=dict(self._rejected),
            planned=self._planned,
        )

    def _active(self) -> int:
        return (self._now if self._paused_at is None else self._paused_at) - self._paused

    def _rest_so_far(self) -> int:
        return self._rest + (self._active() - self._resting_since if self._resting_since is not None else 0)

    def _fold(self, event: Event) -> None:
        self._now = event.t
        if isinstance(event, SpanStarted):
            self._start(event)
        elif isinstance(event, SpanStopped):
            self._stop(event)
        elif isinstance(event, SegmentStarted):
            if event.type in c.STRUCTURAL_SEGMENTS:
                opened = self._opened(event.key)
                opened.label, opened.number, opened.block = event.label, event.index + 1, event.block
        elif isinstance(event, SegmentEnded):
            self._end_round(event)
        elif isinstance(event, MetricRecorded):
            self._record(event)
        elif isinstance(event, MetricRejected):
            self._rejected[event.reason] = self._rejected.get(event.reason, 0) + 1
        elif isinstance(event, RestStarted):
            self._resting_since = self._active()
        elif isinstance(event, RestStopped):
            self._rest, self._resting_since = self._rest_so_far(), None
        elif isinstance(event, SpanPaused):
            self._paused_at = event.t if self._paused_at is None else self._paused_at
        elif isinstance(event, SpanResumed) and self._paused_at is not None:
            self._paused += event.t - self._paused_at
            self._paused_at = None

    def _opened(self, key: str) -> _Open:
        opened = _Open(key, self._active(), self._paused, rest=self._rest_so_far())
        self._open.append(opened)
        return opened

    def _start(self, event: SpanStarted) -> None:
        opened = self._opened(event.key)
        opened.label = event.label
        if event.block_type == "effort":
            opened.movement = str(event.attributes.get(c.MOVEMENT_NAME, event.label))
            target, load = event.attributes.get(c.REPS_TARGET), event.attributes.get(c.LOAD_VALUE)
            opened.target = target if isinstance(target, int) else None
            opened.load = load if isinstance(load, float | int) else 0.0

    def _stop(self, event: SpanStopped) -> None:
        if not self._open or self._open[-1].key != event.key:
            return
        opened = self._open.pop()
        work = self._active() - opened.started - (self._rest_so_far() - opened.rest)
        if opened.movement is not None:
            total = self._totals.setdefault(opened.movement, _Total())
            total.efforts += 1
            total.work += work
            total.reps += opened.reps
            asked = opened.target
            total.planned = total.planned + asked if total.planned is not None and asked is not None else None
            total.distance += opened.distance
            total.energy += opened.energy
            total.volume += opened.reps * opened.load
            total.splits.append(work)
        if self._open:
            self._open[-1].reps += opened.reps
        else:
            self._status = event.status
            self._score = {k: v for k, v in event.attributes.items() if k.startswith("otelwod.score.")}
            self._finished = (self._active(), event.t)

    def _end_round(self, event: SegmentEnded) -> None:
        if not self._open or self._open[-1].key != event.key:
            return
        opened = self._open.pop()
        elapsed = self._active() - opened.started
        rest = self._rest_so_far() - opened.rest
        self._splits.append(
            Split(
                opened.block,
                opened.label,
                opened.number,
                elapsed,
                elapsed - rest,
                opened.reps,
                event.complete,
                bool(made) if (made := event.attributes.get(c.INTERVAL_MADE)) is not None else None,
            )
        )
        if self._open:
            self._open[-1].reps += opened.reps

    def _record(self, event: MetricRecorded) -> None:
        if not self._open:
            return
        opened = self._open[-1]
        if event.metric == "reps":
            opened.reps += event.value
        elif event.metric == "distance":
            opened.distance += event.value
        elif event.metric == "energy":
            opened.energy += event.value
        elif event.metric == "load":
            opened.load = event.value
