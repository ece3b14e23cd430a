"""What a recorded value is: its canonical name, unit and validity. One rule for sessions and foreign trackers."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from otelwod import conventions as c
from otelwod.workout.units import SPELLINGS, dimension, to_si

STREAMS: Final = frozenset({"heart_rate", "power", "cadence", "speed", "temperature"})
"""Values that a sensor sends all the time: accepted in rest and pause too, and aggregated on leaves."""

_ALIASES: Final = {
    "calories": "energy",
    "cals": "energy",
    "cal": "energy",
    "weight": "load",
    "hr": "heart_rate",
    "heartrate": "heart_rate",
    "bpm": "heart_rate",
    "watts": "power",
    "rep": "reps",
}
_UNITS: Final = {
    "reps": c.UNIT_REP,
    "load": c.UNIT_KILOGRAM,
    "distance": c.UNIT_METRE,
    "energy": c.UNIT_KILOCALORIE,
    "heart_rate": c.UNIT_BEATS_PER_MINUTE,
    "power": c.UNIT_WATT,
    "rpe": "1",
}
_DIMENSIONS: Final = {"load": "load", "distance": "distance", "energy": "energy"}
_LARGEST: Final = {
    "reps": 1e6,
    "heart_rate": 400.0,
    "rpe": 10.0,
    "load": 1e5,
    "distance": 1e8,
    "energy": 1e7,
}
_LARGEST_OTHER: Final = 1e15
"""Sums over any session stay finite and exact enough."""
_LONGEST: Final = 200


class Measured(NamedTuple):
    """A value in canonical form; ``problem`` says in words why it is invalid, empty when it is not."""

    metric: str
    value: float
    unit: str
    problem: str = ""


def is_stream(metric: object) -> bool:
    """Whether a sensor sends this all the time, under any of its names."""
    return isinstance(metric, str) and _name(metric) in STREAMS


def _name(metric: str) -> str:
    plain = metric.strip().lower()
    return _ALIASES.get(plain, plain)


def measure(metric: str, value: object, unit: object = "") -> Measured:
    """Canonical name, SI value and UCUM unit of what was said. Never raises; see ``problem``."""
    if metric == "reps" and type(value) is int and 0 <= value <= _LARGEST["reps"] and unit == "":
        return Measured("reps", float(value), c.UNIT_REP)  # by far the most frequent
    name = _name(metric) if isinstance(metric, str) else ""
    plain = unit if isinstance(unit, str) else ""
    if len(name) > _LONGEST or len(plain) > _LONGEST:
        return Measured(name[:_LONGEST], 0.0, plain[:_LONGEST], f"names and units have at most {_LONGEST} characters")
    if not isinstance(unit, str):
        return Measured(name, 0.0, "", f"the unit of {name} must be text")
    if not name:
        return Measured("", 0.0, unit, "a metric needs a name")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Measured(name, 0.0, unit, f"{name} must be a number, not {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        return Measured(name, number, unit, f"{name} must be a finite number")
    converted, canonical, problem = _convert(name, number, unit)
    if not problem and converted < 0:
        problem = f"{name} cannot be negative"
    if not problem and converted > _LARGEST.get(name, _LARGEST_OTHER):
        problem = f"{name} of {converted:g} is out of range"
    if not problem and name == "reps" and not converted.is_integer():
        problem = "reps are whole"
    return Measured(name, converted, canonical, problem)


def _convert(name: str, number: float, unit: str) -> tuple[float, str, str]:
    expected = _DIMENSIONS.get(name)
    canonical = _UNITS.get(name, unit)
    if expected is None or not unit or unit == canonical:
        return number, canonical, ""
    spelling = SPELLINGS.get(unit.lower())
    if spelling is None or dimension(spelling) != expected:
        return number, unit, f"{unit!r} is no unit of {name}"
    converted = to_si(number, spelling)
    if converted is None:
        return number, unit, f"{unit!r} has no fixed size; give {name} in {canonical}"
    return converted, canonical, ""
