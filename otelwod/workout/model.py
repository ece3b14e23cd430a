"""What a workout's text says: statements with their facts, and diagnostics.

A `Workout` is flat: its statements stand in the order of the text and name their parent by index, so that nothing
that walks it needs recursion. It says what is to be done, never how long it took: time belongs to ``runtime``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from otelwod.conventions import BlockType, Direction, WorkoutFormat

Severity = Literal["error", "warning", "info"]
Profile = Literal["men", "women"]
Scalar: TypeAlias = str | int | float | bool | None
RepsKind = Literal["exact", "range", "max", "record"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell the author. ``line`` and ``column`` count from 1.

    *error*: no meaning, nothing runs. *warning*: text that was skipped. *info*: a choice that was made.
    """

    line: int
    column: int
    severity: Severity
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit as written (``95``, ``"lb"``) and in SI (``43.09``, ``"kg"``).

    ``si`` is None where no conversion exists: a load in body weights (``bw``), ``%`` or ``RPE``. ``unit`` is the
    canonical spelling (``lb kg pood bw % rpe``, ``m km mi ft in cm yd``, ``cal kcal kJ``). ``value`` is None for "to be
    recorded" (``? kg``). ``women`` is the second of two Rx values (``225/155 lb``). ``pieces`` is 2 for a load in each
    hand (``2x50 lb``): ``value`` is that of one, ``si`` that of both together.
    """

    value: float | None
    unit: str
    text: str
    si: float | None = None
    women: Quantity | None = None
    pieces: int = 1

    def for_profile(self, profile: Profile) -> Quantity:
        """The value that an athlete of this profile uses."""
        return self.women if profile == "women" and self.women is not None else self


@dataclass(frozen=True, slots=True)
class Duration:
    """A time: ``ns`` is None for ``:?`` (open, the elapsed time is recorded).

    ``direction`` is ``up`` for ``^5:00`` (counts up, does not end at its time) and for open ones; ``skippable`` is
    False for ``*1:00``.
    """

    ns: int | None
    text: str
    direction: Direction = "down"
    skippable: bool = True


@dataclass(frozen=True, slots=True)
class Reps:
    """Repetitions: exact (``low == high``), a range (``8-12``), maximal (``Max``) or to be recorded (``?``).

    Counts are whole numbers; a fraction (``10.5``) is kept as written beside the error that it is.
    """

    kind: RepsKind
    low: float | None = None
    high: float | None = None
    women: Reps | None = None

    def for_profile(self, profile: Profile) -> Reps:
        """The repetitions that an athlete of this profile does."""
        return self.women if profile == "women" and self.women is not None else self

    @property
    def target(self) -> int | None:
        """The number that a tap on "next" completes: only an exact count has one, and no fraction can be done."""
        exact = self.kind == "exact" and self.low is not None and self.low == int(self.low)
        return int(self.low) if exact and self.low is not None else None


@dataclass(frozen=True, slots=True)
class Movement:
    """What is done: ``id`` is ``category/name`` where the table knows it, ``name`` the text as written."""

    name: str
    id: str | None = None
    qualifier: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the text.

    ``type`` is the block that it becomes, or None where it carries values only and never runs by itself (a lone
    load line applies to the next header's children, and stands in their ``loads`` already).

    What stands where, by type:

    ========  ==========================================================================================
    timer     ``duration``; with children they repeat until it ends, each pass a round
    for_time  ``cap`` (optional); ``rounds``/``rep_scheme`` where the header names them
    rounds    ``rounds`` (None: until an enclosing timer ends) or ``rep_scheme``; childless: repeats its own facts
    amrap     ``duration`` (open: until stopped)
    emom      ``rounds`` intervals of ``interval_ns``; children alternate, ``joined`` ones share an interval
    tabata    ``rounds`` intervals of ``work_ns`` and ``rest_ns``, with or without children
    effort    ``reps``, ``load``, ``distance``, ``energy``, ``size``, ``movement``; ``duration`` where it is timed
    rest      ``duration``, or None for "as needed"
    group     children in order, once
    ========  ==========================================================================================

    A childless header with facts of its own (``(3) 10 Push-ups``, ``5x5 Back Squat 225 lb``) is *both*: its
    movement, reps and load are those of one implied effort that repeats.
    """

    index: int
    line: int
    column: int
    parent: int | None
    type: BlockType | None
    text: str
    label: str
    joined: bool = False
    step: bool = False
    rounds: int | None = None
    rep_scheme: tuple[int, ...] = ()
    duration: Duration | None = None
    interval_ns: int | None = None
    work_ns: int | None = None
    rest_ns: int | None = None
    cap: Duration | None = None
    reps: Reps | None = None
    load: Quantity | None = None
    distance: Quantity | None = None
    energy: Quantity | None = None
    size: Quantity | None = None
    movement: Movement | None = None
    choices: tuple[Statement, ...] = ()
    values: Mapping[str, Scalar] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def has_work(self) -> bool:
        """Whether the line itself names something to do (and is an effort, or implies one)."""
        return (
            self.movement is not None or self.reps is not None or self.distance is not None or self.energy is not None
        )


@dataclass(frozen=True, slots=True)
class Workout:
    """A whole text: its statements and all that is to say about it.

    ``id`` is a hash of the normalised text: white space, case, comments and line ends do not change it.
    """

    name: str
    format: WorkoutFormat
    id: str
    statements: tuple[Statement, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    fences: tuple[tuple[int, int], ...] = ()
    """For Markdown: (first, past the last) statement index of each runnable fence."""
    values: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep this workout from running."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def children(self) -> tuple[tuple[int, ...], ...]:
        """For each statement the indices of its children, in order. One pass, no recursion."""
        lists: list[list[int]] = [[] for _ in self.statements]
        for statement in self.statements:
            if statement.parent is not None:
                lists[statement.parent].append(statement.index)
        return tuple(map(tuple, lists))

    def roots(self) -> tuple[int, ...]:
        """The indices of the top-level statements, in order."""
        return tuple(s.index for s in self.statements if s.parent is None)
