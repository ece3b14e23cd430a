"""What a whole workout adds up to, in SI units, so that kilograms and pounds never mix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from otelwod.workout.model import Profile, Quantity, Statement, Workout

MAX_COUNT: Final = 10**15
"""Counts stop here: ``(1000000000)`` nested in itself costs no more than any other text."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Repetitions, Σ repetitions × load (kg), metres, kilocalories, and the nanoseconds that the text fixes.

    Only what the text says exactly is counted: an AMRAP, maximal and recorded repetitions, and children that repeat
    until a timer ends add nothing but the time; then ``open_ended`` is True. Work that is not timed adds no time.
    """

    reps: int
    volume_load_kg: float
    distance_m: float
    energy_kcal: float
    planned_ns: int
    open_ended: bool = False


def totals(workout: Workout, profile: Profile = "men") -> Totals:
    """Add up a workout for an athlete of this profile. One pass, no recursion."""
    statements = workout.statements
    size = len(statements)
    passes = [1] * size
    """How often each statement's children run."""
    schemed: list[int | None] = [None] * size
    """The sum of the rep scheme over those passes."""
    fixed = [False] * size
    """Whether an enclosing timer already counts the time."""
    groups = _interval_groups(statements)
    reps = planned = 0
    volume = distance = energy = 0.0
    open_ended = False
    has_children = bytearray(size)
    for s in statements:
        if s.parent is not None and s.type is not None:
            has_children[s.parent] = 1
    for s in statements:
        times, scheme_sum, timed = 1, None, False
        if s.parent is not None:
            parent = statements[s.parent]
            times, scheme_sum, timed = passes[s.parent], schemed[s.parent], fixed[s.parent]
            if parent.type in ("emom", "tabata"):
                times = _alternating(times, parent.rounds or 0, *groups[s.index])
        own_timer = _timer_ns(s, bool(has_children[s.index]))
        if own_timer is not None and not timed:
            planned = min(MAX_COUNT * 1000, planned + times * own_timer)
        unbounded = s.type == "amrap" or (s.type == "timer" and bool(has_children[s.index]))
        open_ended = open_ended or (unbounded and times > 0)
        rounds = len(s.rep_scheme) if s.rep_scheme else s.rounds
        repeat = 0 if unbounded else (1 if s.type in ("emom", "tabata") else rounds if rounds is not None else 1)
        passes[s.index] = min(MAX_COUNT, times * repeat)
        fixed[s.index] = timed or s.type in ("timer", "amrap", "emom", "tabata")
        if s.rep_scheme:
            schemed[s.index] = min(MAX_COUNT, times * sum(s.rep_scheme))
        elif scheme_sum is not None:
            schemed[s.index] = min(MAX_COUNT, scheme_sum * repeat)
        if s.type in (None, "rest") or has_children[s.index] or not s.has_work:
            continue
        if s.type in ("emom", "tabata"):
            times *= s.rounds or 0
        elif s.type in ("rounds", "for_time", "amrap"):
            times = passes[s.index]
            scheme_sum = schemed[s.index] if s.rep_scheme else scheme_sum
        times = min(MAX_COUNT, times)
        own = s.reps.for_profile(profile) if s.reps is not None else None
        if own is not None and own.target is None:
            open_ended = True
            count = 0
        elif own is not None and own.target is not None:
            count = own.target * times
        else:
            count = scheme_sum if scheme_sum is not None and s.distance is None and s.energy is None else 0
        reps = min(MAX_COUNT, reps + count)
        volume += count * _si(s.load, profile)
        distance += times * _si(s.distance, profile)
        energy += times * _si(s.energy, profile)
    return Totals(reps, volume, distance, energy, planned, open_ended)


def _si(quantity: Quantity | None, profile: Profile) -> float:
    if quantity is None:
        return 0.0
    return quantity.for_profile(profile).si or 0.0


def _timer_ns(s: Statement, has_children: bool) -> int | None:
    """The time that a statement fixes by itself, one pass."""
    if s.type in ("effort", "rest", "timer", "amrap"):
        return s.duration.ns if s.duration is not None and s.duration.direction == "down" else None
    if s.type == "emom":
        return (s.rounds or 0) * (s.interval_ns or 0)
    if s.type == "tabata":
        return (s.rounds or 0) * ((s.work_ns or 0) + (s.rest_ns or 0))
    if s.type == "rounds" and not has_children and s.duration is not None and s.duration.ns is not None:
        return (len(s.rep_scheme) or s.rounds or 1) * s.duration.ns
    return None


def _interval_groups(statements: tuple[Statement, ...]) -> dict[int, tuple[int, int]]:
    """For each child of intervals (its interval's number among the alternating ones, how many alternate)."""
    number: dict[int, int] = {}
    count: dict[int, int] = {}
    for s in statements:
        if s.parent is not None and statements[s.parent].type in ("emom", "tabata") and s.type is not None:
            seen = count.get(s.parent, 0)
            if not (s.joined and seen):
                seen += 1
                count[s.parent] = seen
            number[s.index] = seen - 1
    return {s.index: (number.get(s.index, 0), count.get(s.parent, 1)) for s in statements if s.parent is not None}


def _alternating(times: int, rounds: int, number: int, count: int) -> int:
    return min(MAX_COUNT, times * (rounds // count + (1 if number < rounds % count else 0)))
