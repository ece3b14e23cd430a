"""What was done, added up once: a leaf's amounts go to its parent when it ends, so nothing counts twice."""

from __future__ import annotations

from typing import NamedTuple


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
    """What a container's parts did, in its ``tally`` reference: repetitions, metres, kilocalories, kg·reps.

    ``sets`` counts efforts with repetitions under load; ``heaviest`` is the largest load moved, ``one_rep_max`` the
    best estimate over the sets (Epley 1985: load × (1 + reps / 30); a single is its own maximum).
    """

    reps: float = 0
    distance: float = 0.0
    energy: float = 0.0
    volume: float = 0.0
    sets: int = 0
    heaviest: float | None = None
    one_rep_max: float | None = None

    def plus(self, other: Tally) -> Tally:
        """The sum of two tallies."""
        return Tally(
            self.reps + other.reps,
            self.distance + other.distance,
            self.energy + other.energy,
            self.volume + other.volume,
            self.sets + other.sets,
            _greater(self.heaviest, other.heaviest),
            _greater(self.one_rep_max, other.one_rep_max),
        )


def tally_of(amounts: Amounts) -> Tally:
    """One effort as a tally."""
    loaded = amounts.load is not None and amounts.load > 0 and amounts.reps > 0
    load = amounts.load if loaded and amounts.load is not None else 0.0
    return Tally(
        amounts.reps,
        amounts.distance,
        amounts.energy,
        amounts.reps * load,
        1 if loaded else 0,
        load if loaded else None,
        estimated_one_rep_max(load, amounts.reps) if loaded else None,
    )


def estimated_one_rep_max(load: float, reps: float) -> float:
    """Epley's formula; a single repetition is the maximum itself."""
    return load if reps <= 1 else load * (1 + reps / 30)


def _greater(left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return right if left is None else left
    return max(left, right)
