"""What was done, added up once: a leaf's amounts go to its parent when it ends, so nothing counts twice."""

from __future__ import annotations

from typing import NamedTuple

from otelwod.runtime.lifts import Lift, lift_of, merged
from otelwod.workout.model import Movement


class Amounts(NamedTuple):
    """What one effort did, in its ``amounts`` reference. ``load`` in kilograms, the last one said."""

    reps: float = 0
    distance: float = 0.0
    energy: float = 0.0
    load: float | None = None

    def plus(self, metric: str, value: float) -> Amounts:
        """What it is after one more value; itself where that metric adds nothing up. A load replaces the last."""
        if metric == "reps":
            return Amounts(self.reps + value, self.distance, self.energy, self.load)
        if metric == "load":
            return Amounts(self.reps, self.distance, self.energy, value)
        if metric == "distance":
            return Amounts(self.reps, self.distance + value, self.energy, self.load)
        if metric == "energy":
            return Amounts(self.reps, self.distance, self.energy + value, self.load)
        return self


class Tally(NamedTuple):
    """What a container's parts did, in its ``tally`` reference: repetitions, metres, kilocalories, kg·reps, lifts."""

    reps: float = 0
    distance: float = 0.0
    energy: float = 0.0
    volume: float = 0.0
    lifts: tuple[Lift, ...] = ()
    """The efforts with repetitions under load, by movement."""

    def plus(self, other: Tally) -> Tally:
        """The sum of two tallies."""
        return Tally(
            self.reps + other.reps,
            self.distance + other.distance,
            self.energy + other.energy,
            self.volume + other.volume,
            merged(self.lifts, other.lifts),
        )


def tally_of(amounts: Amounts, movement: Movement | None = None) -> Tally:
    """One effort as a tally."""
    reps, distance, energy, load = amounts
    if load is None or load <= 0 or reps <= 0:
        return Tally(reps, distance, energy)
    return Tally(reps, distance, energy, reps * load, (lift_of(movement, load, reps),))
