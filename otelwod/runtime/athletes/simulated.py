"""A pace model: how long things take an athlete, good enough that any workout yields a realistic trace at once.

A repetition takes ``seconds × form × fatigue × noise``: seconds by movement (`SECONDS_PER_REP`), form drawn once per
athlete, fatigue ``1 + fatigue × (1 − exp(−work / fatigue_after))`` over the work so far, noise log-normal for each set.
Large sets are broken into smaller ones with a breath between. The model is made up, not fitted to anybody; every
parameter stands in `Pace`.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

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


class SimulatedAthlete:
    """An `Athlete` that follows a `Pace`; the same seed does the same."""

    def __init__(self, seed: int, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._random = random.Random(seed)  # noqa: S311 - a model, not a secret
        self._form = self._random.uniform(*self.pace.form)
        self._worked = 0.0
        self._block = ""
        self._plan: deque[Input] = deque()

    def propose(self, session: Session) -> Input | None:
        """The next input of the plan for the current block; a new block gets a new plan."""
        block = session.current
        if block is None:
            return None
        if block.key != self._block:
            self._block = block.key
            self._plan = deque(self._plan_for(block, session))
        else:
            while self._plan and self._plan[0].t < session.now:
                self._plan.popleft()
        if not self._plan:
            return None
        entry = self._plan[0]
        boundary = session.next_boundary
        if boundary is None or entry.t < boundary:
            self._plan.popleft()
        return entry

    def _plan_for(self, block: Block, session: Session) -> list[Input]:
        statement = block.node.statement
        now = session.now / NANOS_PER_SECOND
        if block.node.type == "rest":
            waits = statement is None or (statement.duration is not None and statement.duration.ns is not None)
            return [] if waits else [self._at("next", now + self._about(self.pace.rest_as_needed))]
        if statement is None:
            return [self._at("next", now + self._about(self.pace.open_effort))]
        return self._work(block, statement, session, now)

    def _work(self, block: Block, statement: Statement, session: Session, now: float) -> list[Input]:
        profile = session.program.profile
        movement = _movement(statement)
        target: int | None = block.get("reps_target")
        if statement.reps is not None:
            target = statement.reps.for_profile(profile).target
        if target is not None:
            return self._sets(movement, target, now, ends=True)
        if statement.distance is not None and statement.distance.for_profile(profile).si is not None:
            metres = statement.distance.for_profile(profile).si or 0.0
            return self._once(
                now, metres / _lookup(self.pace.metres_per_second, movement, self.pace.other_metres_per_second)
            )
        if statement.energy is not None and statement.energy.for_profile(profile).si is not None:
            calories = statement.energy.for_profile(profile).si or 0.0
            return self._once(now, calories * _lookup(self.pace.seconds_per_calorie, movement, self.pace.other_calorie))
        if statement.duration is not None:
            return self._timed(statement, movement, now)
        parent = session.stack.parent(block)
        if parent is not None and parent.get("interval") is not None and statement.movement is not None:
            # As many as fit before the clock cuts them: the rest of the plan is simply not played out.
            return self._sets(movement, 200, now, ends=False, against_the_clock=True)
        if statement.reps is not None or statement.movement is not None:
            return self._sets(movement, self._open_reps(statement), now, ends=True)
        return self._once(now, self.pace.open_effort)

    def _timed(self, statement: Statement, movement: str, now: float) -> list[Input]:
        duration = statement.duration
        if duration is None or duration.ns is None or duration.direction == "up" or not duration.ns:
            planned = duration.ns if duration is not None else None
            seconds = planned / NANOS_PER_SECOND if planned else self.pace.open_effort
            return [self._at("next", now + self._about(seconds))]
        if movement in self.pace.seconds_per_rep or statement.reps is not None:
            until = now + duration.ns / NANOS_PER_SECOND
            return self._sets(movement, 10_000, now, ends=False, against_the_clock=True, until=until)
        return []

    def _open_reps(self, statement: Statement) -> int:
        reps = statement.reps
        if reps is not None and reps.kind == "range" and reps.low is not None and reps.high is not None:
            return self._random.randint(int(min(reps.low, reps.high)), int(max(reps.low, reps.high)))
        return self._random.randint(*self.pace.open_reps)

    def _sets(
        self,
        movement: str,
        reps: int,
        now: float,
        *,
        ends: bool,
        against_the_clock: bool = False,
        until: float = math.inf,
    ) -> list[Input]:
        """Sets of reps, each reported when done; the last one by "next" where the effort ends with it.

        Against the clock nobody breaks into sets: every repetition is reported, and there is no breath between.
        """
        seconds = _lookup(self.pace.seconds_per_rep, movement, self.pace.other_rep)
        plan: list[Input] = []
        left = reps
        while left > 0 and now < until and len(plan) < 10_000:
            count = min(left, 1 if against_the_clock else self._random.randint(*self.pace.set_size))
            left -= count
            now += self._tired(count * seconds)
            if left == 0 and ends:
                break
            plan.append(self._at("reps", now, count))
            if left > 0 and not against_the_clock:
                now += self.pace.breath * self._fatigue()
        if ends:
            plan.append(self._at("next", now))
        return plan

    def _once(self, now: float, seconds: float) -> list[Input]:
        return [self._at("next", now + self._tired(seconds))]

    def _fatigue(self) -> float:
        return 1 + self.pace.fatigue * (1 - math.exp(-self._worked / self.pace.fatigue_after))

    def _tired(self, seconds: float) -> float:
        spent = self._about(seconds * self._form * self._fatigue())
        self._worked += spent
        return spent

    def _about(self, seconds: float) -> float:
        return seconds * math.exp(self._random.gauss(0.0, self.pace.noise))

    @staticmethod
    def _at(kind: str, seconds: float, value: float = 0) -> Input:
        t = round(seconds * 1000) * 1_000_000
        return Input("reps", t, value=value) if kind == "reps" else Input("next", t)


def _movement(statement: Statement) -> str:
    """The second half of the movement's id, or a guess of it from the text."""
    movement = statement.movement
    if movement is None:
        return ""
    if movement.id is not None:
        return movement.id.partition("/")[2]
    return movement.name.lower().replace("-", "_").replace(" ", "_").rstrip("s")


def _lookup(table: Mapping[str, float], movement: str, default: float) -> float:
    """The table's value for a movement, or for the first word of the table that stands in its name."""
    if movement in table:
        return table[movement]
    return next((value for word, value in table.items() if word in movement), default)
