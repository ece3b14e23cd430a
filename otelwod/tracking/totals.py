"""What a block's metrics add up to, on its span."""

from __future__ import annotations

from otelwod import conventions as c
from otelwod.trace import AttributeValue

_SUMS = {
    "reps": (c.REPS_DONE, c.UNIT_REP),
    "distance": (c.DISTANCE_DONE, c.UNIT_METRE),
    "energy": (c.ENERGY_DONE, c.UNIT_KILOCALORIE),
}


def add_to_totals(attributes: dict[str, AttributeValue], name: str, value: float, unit: str) -> None:
    """Let an accepted metric count on its block: repetitions, distance and energy add up, a load is set.

    Names and units are canonical (`otelwod.runtime.metrics.measure`); another unit counts in no total.
    """
    if name == "load" and unit == c.UNIT_KILOGRAM:
        attributes[c.LOAD_VALUE] = float(value)
        return
    key, canonical = _SUMS.get(name, ("", ""))
    if not key or unit != canonical:
        return
    before = attributes.get(key, 0)
    total = float(value) + (before if isinstance(before, int | float) else 0)
    attributes[key] = int(total) if name == "reps" and total.is_integer() else total
