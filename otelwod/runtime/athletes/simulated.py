"""A pace model: how long things take an athlete, good enough that any workout yields a realistic trace at once.

A repetition takes ``seconds × form × fatigue × noise``: seconds by movement (`SECONDS_PER_REP`), form drawn once per
athlete, fatigue ``1 + fatigue × (1 − exp(−work / fatigue_after))`` over the work so far, noise log-normal for each set.
Large sets are broken into smaller ones with a breath between. What a clock cuts off was done in proportion to its
time: whole repetitions, metres and kilocalories. A written range is kept. The model is made up, not fitted to anybody;
every parameter stands in `Pace`.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND
from otelwod.runtime.block import Block
from otelwod.runtime.inputs import Input
from otelwod.runtime.session import Session
from otelwod.workout.model import Statement

SECONDS_PER_REP: Final[Mapping[str, float]] = {
    "thruster": 2.4,
    "pull_up": 1.5,
    "chest_to_bar_pull_up": 1.9,
    "push_up": 1.4,
    "air_squat": 1.5,
    "burpee": 3.6,
    "box_jump": 2.6,
    "kettlebell_swing": 1.9,
    "wall_ball": 2.5,
    "double_under": 0.6,
    "single_under": 0.5,
    "toes_to_bar": 2.1,
    "handstand_push_up": 2.6,
    "muscle_up": 4.5,
    "deadlift": 2.6,
    "clean": 3.8,
    "power_clean": 3.4,
    "clean_and_jerk": 6.0,
    "snatch": 4.2,
    "power_snatch": 3.6,
    "back_squat": 4.0,
    "front_squat": 4.0,
    "overhead_squat": 3.6,
    "bench_press": 3.4,
    "strict_press": 3.4,
    "push_press": 2.8,
    "sit_up": 2.2,
    "lunge": 2.2,
}
"""Seconds of a fresh athlete for one repetition, by the second half of the movement's id."""

METRES_PER_SECOND: Final[Mapping[str, float]] = {
    "run": 3.4,
    "row": 4.2,
    "ski": 3.9,
    "bike": 8.5,
    "swim": 1.0,
    "walk": 1.5,
}
SECONDS_PER_CALORIE: Final[Mapping[str, float]] = {"row": 3.9, "ski": 4.2, "bike": 3.4}


@dataclass(frozen=True, slots=True)
class Pace:
    """All parameters of the model. Times in seconds."""

    seconds_per_rep: Mapping[str, float] = field(default_factory=lambda: SECONDS_PER_REP)
    other_rep: float = 2.5
    """A repetition of a movement that the table does not know."""
    metres_per_second: Mapping[str, float] = field(default_factory=lambda: METRES_PER_SECOND)
    other_metres_per_second: float = 2.0
    seconds_per_calorie: Mapping[str, float] = field(default_factory=lambda: SECONDS_PER_CALORIE)
    other_calorie: float = 4.0
    form: tuple[float, float] = (0.85, 1.2)
    """An athlete's factor on everything is drawn once from this range."""
    fatigue: float = 0.5
    """How much slower an exhausted athlete is: 0.5 is half as long again."""
    fatigue_after: float = 600.0
    """Seconds of work after which about two thirds of the fatigue is there."""
    noise: float = 0.06
    """Standard deviation of the logarithm of each set's time."""
    set_size: tuple[int, int] = (5, 12)
    """Repetitions that are done at one go."""
    breath: float = 2.0
    """Seconds between two sets of one effort, growing with fatigue."""
    rest_as_needed: float = 60.0
    open_effort: float = 60.0
    """Seconds of an effort that names no amount and no time."""
    open_reps: tuple[int, int] = (8, 20)
    """Repetitions where the text asks for as many as possible, or leaves them open."""


_MOST_SETS: Final = 10_000
"""Of one plan. What is left then is one last set."""


class _Step(NamedTuple):
    """A stretch of work (or of nothing) from ``begin`` to the ``entry`` at its end, in nanoseconds.

    ``amount`` of ``metric`` is done evenly over it: repetitions, metres or kilocalories.
    """

    entry: Input
    begin: int
    amount: float = 0
    metric: str = "reps"

    def cut(self, boundary: int) -> tuple[Input, _Step] | None:
        """What is done before a boundary inside, in whole units, and what is left then; None for nothing."""
        length = self.entry.t - self.begin
        if self.amount <= 0 or length <= 0 or boundary <= self.begin:
            return None
        done = math.ceil((boundary - self.begin) * self.amount / length) - 1
        at = self.begin + math.ceil(length * done / self.amount)
        if done < 1 or done >= self.amount or not at < boundary:
            return None
        left = self.amount - done
        entry = replace(self.entry, value=left) if self.entry.kind == "reps" else self.entry
        if self.metric == "reps":
            part = Input("reps", at, value=done)
        else:
            unit = c.UNIT_METRE if self.metric == "distance" else c.UNIT_KILOCALORIE
            part = Input("record", at, value=done, metric=self.metric, unit=unit)
        return part, self._replace(entry=entry, begin=at, amount=left)


class SimulatedAthlete:
    """An `Athlete` that follows a `Pace`; the same seed does the same."""

    def __init__(self, seed: int, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._random = random.Random(seed)  # noqa: S311 - a model, not a secret
        self._form = self._random.uniform(*self.pace.form)
        self._worked = 0.0
        self._block = ""
        self._plan: deque[_Step] = deque()

    def propose(self, session: Session) -> Input | None:
        """The next input of the plan for the current block; a new block gets a new plan."""
        block = session.current
        if block is None:
            return None
        if block.key != self._block:
            self._forget(session.now)
            self._block = block.key
            self._plan = deque(self._plan_for(block, session))
        else:
            while self._plan and self._plan[0].entry.t < session.now:
                self._plan.popleft()
        if not self._plan:
            return None
        step = self._plan[0]
        boundary = session.next_boundary
        if boundary is None or step.entry.t < boundary:
            self._plan.popleft()
            return step.entry
        cut = step.cut(boundary)
        if cut is None:
            return step.entry
        part, self._plan[0] = cut
        return part

    def _forget(self, now: int) -> None:
        """Work that was planned, and that a clock cut off, tires nobody."""
        undone = sum(step.entry.t - max(step.begin, now) for step in self._plan if step.amount and step.entry.t > now)
        self._worked = max(0.0, self._worked - undone / NANOS_PER_SECOND)

    def _plan_for(self, block: Block, session: Session) -> list[_Step]:
        statement = block.node.statement
        now = session.now / NANOS_PER_SECOND
        if block.node.type == "rest":
            timed = statement is None or (statement.duration is not None and statement.duration.ns is not None)
            if timed or _fills_interval(block, session):
                return []
            return [_next(now, now + self._about(self.pace.rest_as_needed))]
        if statement is None:
            return [_next(now, now + self._about(self.pace.open_effort))]
        return self._work(block, statement, session, now)

    def _work(self, block: Block, statement: Statement, session: Session, now: float) -> list[_Step]:
        profile = session.program.profile
        movement = _movement(statement)
        target: int | None = block.get("reps_target")
        reps = statement.reps.for_profile(profile) if statement.reps is not None else None
        if reps is not None:
            target = reps.target
        if target is not None:
            return self._sets(movement, target, now, ends=True)
        if reps is not None and reps.kind == "range" and reps.low is not None and reps.high is not None:
            chosen = self._random.randint(*sorted((int(reps.low), int(reps.high))))
            return self._sets(movement, chosen, now, ends=True, is_open=True)
        if statement.distance is not None and statement.distance.for_profile(profile).si is not None:
            metres = statement.distance.for_profile(profile).si or 0.0
            speed = _lookup(self.pace.metres_per_second, movement, self.pace.other_metres_per_second)
            return self._once(now, metres / speed, metres, "distance")
        if statement.energy is not None and statement.energy.for_profile(profile).si is not None:
            calories = statement.energy.for_profile(profile).si or 0.0
            each = _lookup(self.pace.seconds_per_calorie, movement, self.pace.other_calorie)
            return self._once(now, calories * each, calories, "energy")
        if statement.duration is not None:
            return self._timed(statement, movement, now)
        parent = session.stack.parent(block)
        if parent is not None and parent.get("interval") is not None and statement.movement is not None:
            # As many as fit before the clock cuts them: the rest of the plan is simply not played out.
            return self._sets(movement, 200, now, ends=False, against_the_clock=True)
        if reps is not None or statement.movement is not None:
            return self._sets(movement, self._random.randint(*self.pace.open_reps), now, ends=True, is_open=True)
        return self._once(now, self.pace.open_effort)

    def _timed(self, statement: Statement, movement: str, now: float) -> list[_Step]:
        duration = statement.duration
        if duration is None or duration.ns is None or duration.direction == "up" or not duration.ns:
            planned = duration.ns if duration is not None else None
            seconds = planned / NANOS_PER_SECOND if planned else self.pace.open_effort
            return [_next(now, now + self._about(seconds))]
        if movement in self.pace.seconds_per_rep or statement.reps is not None:
            until = now + duration.ns / NANOS_PER_SECOND
            return self._sets(movement, _MOST_SETS, now, ends=False, against_the_clock=True, until=until)
        return []

    def _sets(
        self,
        movement: str,
        reps: int,
        now: float,
        *,
        ends: bool,
        is_open: bool = False,
        against_the_clock: bool = False,
        until: float = math.inf,
    ) -> list[_Step]:
        """Sets of reps, each reported when done; the last one by "next" where the effort ends with it.

        Where the text leaves the number open, "next" completes nothing: the last set is reported as well. Against the
        clock nobody breaks into sets: every repetition is reported, and there is no breath between.
        """
        seconds = _lookup(self.pace.seconds_per_rep, movement, self.pace.other_rep)
        plan: list[_Step] = []
        left = reps
        while left > 0 and now < until and len(plan) < _MOST_SETS:
            count = 1 if against_the_clock else min(left, self._random.randint(*self.pace.set_size))
            if ends and len(plan) == _MOST_SETS - 1:
                count = left
            left -= count
            begin = now
            now += self._tired(count * seconds)
            if left == 0 and ends and not is_open:
                return [*plan, _next(begin, now, count)]
            plan.append(_Step(Input("reps", _ns(now), value=count), _ns(begin), count))
            if left > 0 and not against_the_clock:
                now += self.pace.breath * self._fatigue()
        return [*plan, _next(now, now)] if ends else plan

    def _once(self, now: float, seconds: float, amount: float = 0, metric: str = "reps") -> list[_Step]:
        return [_next(now, now + self._tired(seconds), amount, metric)]

    def _fatigue(self) -> float:
        return 1 + self.pace.fatigue * (1 - math.exp(-self._worked / self.pace.fatigue_after))

    def _tired(self, seconds: float) -> float:
        spent = self._about(seconds * self._form * self._fatigue())
        self._worked += spent
        return spent

    def _about(self, seconds: float) -> float:
        return seconds * math.exp(self._random.gauss(0.0, self.pace.noise))


def _ns(seconds: float) -> int:
    """Nanoseconds, rounded to whole milliseconds."""
    return round(seconds * 1000) * 1_000_000


def _next(begin: float, end: float, amount: float = 0, metric: str = "reps") -> _Step:
    return _Step(Input("next", _ns(end)), _ns(begin), amount, metric)


def _fills_interval(block: Block, session: Session) -> bool:
    """Whether an open rest is the last thing in an interval of a clock, and so lasts until its boundary."""
    child, parent = block, session.stack.parent(block)
    while parent is not None:
        if parent.get("interval") is not None:
            return True
        if parent.node.type != "group" or parent.node.children[-1] != child.node.index:
            return False
        child, parent = parent, session.stack.parent(parent)
    return False


def _movement(statement: Statement) -> str:
    """The second half of the movement's id, or a guess of it from the text."""
    movement = statement.movement
    if movement is None:
        return ""
    if movement.id is not None:
        known = movement.id.partition("/")[2]
        return "back_squat" if known == "air_squat" and statement.load is not None else known  # "Squat 140 kg"
    return movement.name.lower().replace("-", "_").replace(" ", "_").rstrip("s")


def _lookup(table: Mapping[str, float], movement: str, default: float) -> float:
    """The table's value for a movement, or for the first word of the table that stands in its name."""
    if movement in table:
        return table[movement]
    return next((value for word, value in table.items() if word in movement), default)
