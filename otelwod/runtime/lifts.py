"""The sets under load of a session, by movement: the best set of each, which is one that was done, never a mean."""

from __future__ import annotations

from typing import Final, NamedTuple

from otelwod.workout.model import Movement

MOST_LIFTS: Final = 50
"""Movements that are kept apart; the sets of all others share one entry."""
_OTHERS: Final = "_other"


class Lift(NamedTuple):
    """The sets of one movement. The best has the greatest ``load`` (kg), and of those the most ``reps``.

    ``alike`` sets are just like the best, of ``sets`` in all. ``volume`` is kg·reps, ``one_rep_max`` the best estimate
    over the sets (Epley 1985: load × (1 + reps / 30); a single is its own maximum).
    """

    movement: str
    name: str
    load: float
    reps: float
    alike: int
    sets: int
    volume: float
    one_rep_max: float

    def plus(self, other: Lift) -> Lift:
        """The sets of both."""
        mine, theirs = (self.load, self.reps), (other.load, other.reps)
        best = self if mine >= theirs else other
        return best._replace(
            movement=self.movement,
            name=self.name,
            alike=self.alike + other.alike if mine == theirs else best.alike,
            sets=self.sets + other.sets,
            volume=self.volume + other.volume,
            one_rep_max=max(self.one_rep_max, other.one_rep_max),
        )


def lift_of(movement: Movement | None, load: float, reps: float) -> Lift:
    """One set. A movement that the table knows is the same however it is written."""
    name = movement.name if movement is not None else ""
    key = name.lower()
    if movement is not None and movement.id is not None:
        key = f"{movement.id} {(movement.qualifier or '').lower()}"
    return Lift(key, name, load, reps, 1, 1, load * reps, estimated_one_rep_max(load, reps))


def merged(left: tuple[Lift, ...], right: tuple[Lift, ...]) -> tuple[Lift, ...]:
    """The sets of both by movement, in the order of their first ones."""
    if not left or not right:
        return left or right
    found = {lift.movement: lift for lift in left}
    for lift in right:
        if lift.movement not in found and len(found) >= MOST_LIFTS:
            lift = lift._replace(movement=_OTHERS, name="other lifts")
        known = found.get(lift.movement)
        found[lift.movement] = lift if known is None else known.plus(lift)
    return tuple(found.values())


def estimated_one_rep_max(load: float, reps: float) -> float:
    """Epley's formula; a single repetition is the maximum itself."""
    return load if reps <= 1 else load * (1 + reps / 30)
