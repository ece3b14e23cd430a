"""``Death by Burpees``: once in the first minute, twice in the second, until a minute does not suffice."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.facts import Facts
from otelwod.workout.model import Quantity, Reps
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.units import spoken

MINUTES: Final = 20
"""Minutes where the line names no time; few get there."""
_MOST: Final = 60
_LARGEST: Final = 1_000_000
_MINUTE: Final = 60 * NANOS_PER_SECOND


def grow(nodes: list[tuple[int, Facts]], offset: int, remarks: Remarks) -> list[tuple[int, Facts]]:
    """The steps of such a line as an EMOM of as many minutes as it names, each with its own amounts.

    Steps of one line share the minutes. What is no plain work stays as it is, and that is said.
    """
    steps = [facts for parent, facts in nodes if parent < 0]
    if not nodes:
        remarks.add(Remark(offset, "warning", "work that grows each minute: what grows does not stand in this line",
                           "write it in one line: Death by Burpees"))  # fmt: skip
        return nodes
    if len(steps) != len(nodes) or not all(map(_grows, steps)):
        remarks.add(Remark(offset, "warning", "work that grows each minute: it is read as it stands, without growing",
                           "write each minute: EMOM 10, and below it 1 Burpee, 2 Burpees, ..."))  # fmt: skip
        return nodes
    length = next((one.cap or one.duration for one in steps if one.cap or one.duration), None)
    minutes = min(_MOST, max(1, (length.ns or 0) // _MINUTE)) if length is not None else MINUTES
    remarks.add(
        Remark(
            offset,
            "warning",
            f"work that grows each minute is read as {minutes} minutes of it: once, twice … {minutes} times",
            "stop when a minute does not suffice, or write the minutes that are meant: Death by Burpees 10 min",
        )
    )
    grown: list[tuple[int, Facts]] = [(-1, Facts(offset=offset, kind="emom", rounds=minutes, interval_ns=_MINUTE))]
    for times in range(1, minutes + 1):
        for k, facts in enumerate(steps):
            one = replace(facts, cap=None, duration=None, joined=k > 0, values={}, notes=[])
            bare = facts.reps is None and facts.distance is None and facts.energy is None
            one.reps = Reps("exact", times, times) if bare else _more_reps(facts.reps, times)
            one.distance, one.energy = _more(facts.distance, times), _more(facts.energy, times)
            grown.append((0, one))
    return grown


def _grows(facts: Facts) -> bool:
    """Plain work of one movement, whose amounts are known."""
    amounts = [facts.reps.low if facts.reps else None, facts.reps.high if facts.reps else None]
    amounts += [found.value for found in (facts.distance, facts.energy) if found is not None]
    exact = facts.reps is None or facts.reps.kind == "exact"
    known = all(found.value is not None for found in (facts.distance, facts.energy) if found is not None)
    small = all(value <= _LARGEST for value in amounts if value is not None)
    plain = facts.kind in (None, "for_time") and facts.movement is not None and not facts.choices
    return plain and exact and known and small and facts.rounds is None and not facts.scheme


def _more_reps(reps: Reps | None, times: int) -> Reps | None:
    if reps is None or reps.low is None or reps.high is None:
        return None
    return Reps("exact", times * reps.low, times * reps.high, _more_reps(reps.women, times))


def _more(found: Quantity | None, times: int) -> Quantity | None:
    if found is None or found.value is None:
        return None
    value, si = times * found.value, None if found.si is None else times * found.si
    return Quantity(value, found.unit, f"{spoken(value)} {found.unit}", si, _more(found.women, times), found.pieces)
