"""Scores as gyms write them, from the amounts of a block. Pure functions; each gives span attributes.

AMRAP: full rounds + what was done of the round under way. For Time: ``m:ss``, or ``CAP + reps missing``.
EMOM: intervals made. Tabata: the lowest interval and the total. Strength, by movement: the best set, volume load,
estimated one-repetition maximum.
"""

from __future__ import annotations

from typing import Literal

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND
from otelwod.runtime.events import Value
from otelwod.runtime.lifts import Lift
from otelwod.runtime.tally import Tally
from otelwod.workout.units import KG_PER_LB

Score = dict[str, Value]


def clock_text(ns: int) -> str:
    """A time as a gym clock shows it, whole seconds only: ``4:32``, ``1:02:03``."""
    seconds = ns // NANOS_PER_SECOND
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def number_text(value: float) -> str:
    """A number without a needless fraction: ``12``, ``43.1``, ``2,551``."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.1f}"


def _reps_text(reps: float) -> str:
    return f"{number_text(reps)} rep{'' if reps == 1 else 's'}"


def _rounds_text(rounds: int) -> str:
    return f"{rounds} round{'' if rounds == 1 else 's'}"


def amrap_score(rounds: int, reps: float, distance: float = 0.0, energy: float = 0.0) -> Score:
    """Full rounds, and what was done of the round under way: ``3 rounds + 200 m + 9 reps``."""
    parts = [_rounds_text(rounds), *_amounts_text(0, distance, energy), *_amounts_text(reps)]
    return {c.SCORE_DISPLAY: " + ".join(parts), c.SCORE_ROUNDS: rounds, c.SCORE_REPS: int(reps)}


def _amounts_text(reps: float, distance: float = 0.0, energy: float = 0.0) -> list[str]:
    parts = [_reps_text(reps)] if reps else []
    parts += [f"{number_text(distance)} m"] if distance else []
    return parts + ([f"{number_text(energy)} kcal"] if energy else [])


def time_score(elapsed_ns: int, reps: float) -> Score:
    """The time it took, pauses not counted."""
    score: Score = {c.SCORE_DISPLAY: clock_text(elapsed_ns), c.SCORE_TIME: elapsed_ns / NANOS_PER_SECOND}
    if reps:
        score[c.SCORE_REPS] = int(reps)
    return score


def cap_score(cap_ns: int, reps: float, planned: int | None) -> Score:
    """The cap came first: what is missing, or what was done where the text leaves the total open."""
    missing = f"CAP + {number_text(max(0, planned - reps))}" if planned is not None else f"CAP, {_reps_text(reps)}"
    return {c.SCORE_DISPLAY: missing, c.SCORE_TIME: cap_ns / NANOS_PER_SECOND, c.SCORE_REPS: int(reps)}


def emom_score(made: int, intervals: int, reps: float) -> Score:
    """How many intervals were made of those that had work."""
    return {c.SCORE_DISPLAY: f"{made} of {intervals} made", c.SCORE_ROUNDS: made, c.SCORE_REPS: int(reps)}


def tabata_score(lowest: float | None, reps: float, rounds: int) -> Score:
    """The lowest interval, and the total."""
    low = number_text(lowest or 0)
    display = f"lowest {low}, total {_reps_text(reps)}" if reps else _rounds_text(rounds)
    return {
        c.SCORE_DISPLAY: display,
        c.SCORE_LOWEST: int(lowest or 0),
        c.SCORE_REPS: int(reps),
        c.SCORE_ROUNDS: rounds,
    }


def strength_score(tally: Tally, unit: Literal["kg", "lb"] = "kg") -> Score:
    """Each movement's best set, volume load and estimated one-repetition maximum; several stand apart by ``; ``.

    ``3 × 5 @ 140 kg``: the best set is 5 at 140 kg, and it was done three times. Words are in ``unit``, attributes
    in kg.
    """
    if not tally.lifts:
        return {c.SCORE_DISPLAY: _reps_text(tally.reps), c.SCORE_REPS: int(tally.reps)}
    named = len(tally.lifts) > 1
    display = "; ".join(_lift_text(lift, unit, named=named) for lift in tally.lifts)
    heaviest = max(lift.load for lift in tally.lifts)
    return {c.SCORE_DISPLAY: display, c.SCORE_LOAD: heaviest, c.SCORE_REPS: int(tally.reps)}


def _lift_text(lift: Lift, unit: Literal["kg", "lb"], *, named: bool) -> str:
    one = 1.0 if unit == "kg" else KG_PER_LB
    # Rounded first: 225 lb is 102.05828325 kg, and back not quite 225 lb.
    load, volume, best = (number_text(round(kg / one, 6)) for kg in (lift.load, lift.volume, lift.one_rep_max))
    name = f"{lift.name.replace(';', ',') or 'no name'} " if named else ""
    sets = f"{name}{lift.alike} × {number_text(lift.reps)} @ {load} {unit}"
    return f"{sets}, volume {volume} {unit}, est. 1RM {best} {unit}"


def total_score(tally: Tally) -> Score:
    """Where no format says how to score: all that was done."""
    parts = _amounts_text(tally.reps, tally.distance, tally.energy)
    score: Score = {c.SCORE_DISPLAY: ", ".join(parts)} if parts else {}
    if tally.reps:
        score[c.SCORE_REPS] = int(tally.reps)
    return score
