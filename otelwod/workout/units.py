"""Units: every spelling, its canonical name, what it measures and its factor to SI. The one place that converts.

A table of some thirty rows serves better than a units library here: the language has four dimensions with fixed
factors and no compound units, a library such as pint costs tens of milliseconds at import and microseconds a value,
and the hard part (``m`` is metres, ``min`` is minutes, ``in`` is a box height) is grammar, not conversion.

Factors: the pound is 0.45359237 kg, the inch 0.0254 m, the mile 1609.344 m (international yard and pound, 1959);
the pood is 16.3804964 kg; the dietary calorie is the kilocalorie, and 4.184 kJ.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal

from otelwod.workout.model import Quantity

Dimension = Literal["load", "distance", "energy", "time"]

KG_PER_LB: Final = 0.45359237

# canonical name -> (dimension, SI factor or None where no conversion exists, other spellings)
_UNITS: Final[dict[str, tuple[Dimension, float | None, str]]] = {
    "kg": ("load", 1.0, "kgs kilo kilos kilogram kilograms"),
    "lb": ("load", KG_PER_LB, "lbs pound pounds #"),
    "pood": ("load", 16.3804964, "poods pd"),
    "bw": ("load", None, "bodyweight bodyweights"),
    "%": ("load", None, "percent pct"),
    "rpe": ("load", None, ""),
    "m": ("distance", 1.0, "meter meters metre metres mtr mtrs"),
    "km": ("distance", 1000.0, "k kms kilometer kilometers kilometre kilometres"),
    "mi": ("distance", 1609.344, "mile miles"),
    "yd": ("distance", 0.9144, "yds yard yards"),
    "ft": ("distance", 0.3048, "foot feet"),
    "in": ("distance", 0.0254, "inch inches"),
    "cm": ("distance", 0.01, "centimeter centimeters centimetre centimetres"),
    "cal": ("energy", 1.0, "cals calorie calories"),
    "kcal": ("energy", 1.0, "kcals kilocalorie kilocalories"),
    "kJ": ("energy", 1 / 4.184, "kj kilojoule kilojoules"),
    "s": ("time", 1.0, "sec secs second seconds"),
    "min": ("time", 60.0, "mins minute minutes"),
    "h": ("time", 3600.0, "hr hrs hour hours"),
}

SPELLINGS: Final[dict[str, str]] = {
    spelling: name for name, (_, _, others) in _UNITS.items() for spelling in (name.lower(), *others.split())
}
"""Every spelling in lower case, with the canonical name."""

LOADS: Final = frozenset(name for name, row in _UNITS.items() if row[0] == "load")
SIZES: Final = frozenset({"in", "cm"})
"""Units that only ever measure equipment: a box, a step, a deficit."""
SIZES_BY_MOVEMENT: Final = frozenset({"ft", "m"})
"""Units that measure equipment where the movement has a box, a target or a rope."""


def dimension(unit: str) -> Dimension:
    """What a canonical unit measures."""
    return _UNITS[unit][0]


def to_si(value: float, unit: str) -> float | None:
    """Kilograms, metres, kilocalories or seconds; None where the unit has no conversion (``bw``, ``%``, ``rpe``)."""
    factor = _UNITS[unit][1]
    return None if factor is None else value * factor


def spoken(value: float | None) -> str:
    """A number as people write it: ``95``, ``2.5``, ``0.25``; ``?`` for one that is to be recorded."""
    if value is None:
        return "?"
    if value == int(value):
        return str(int(value))
    return f"{value:.4f}".rstrip("0").rstrip(".")


def doubled(load: Quantity) -> Quantity:
    """The same load in each hand: both count."""
    if load.pieces > 1:
        return load
    women = None if load.women is None else doubled(load.women)
    return replace(load, si=None if load.si is None else 2 * load.si, women=women, pieces=2)


def quantity(value: float | None, unit: str, text: str, women: float | None = None) -> Quantity:
    """A `Quantity` with its SI value; equal ones of a usual length are one object."""
    make = _quantity if len(text) <= _USUAL else _quantity.__wrapped__
    return make(value, unit, text, women)


_USUAL: Final = 40


@lru_cache(maxsize=4096, typed=True)
def _quantity(value: float | None, unit: str, text: str, women: float | None) -> Quantity:
    other = None if women is None else quantity(women, unit, text)
    return Quantity(value, unit, text, None if value is None else to_si(value, unit), other)
