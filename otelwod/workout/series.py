"""``Row 250m-500m-750m``, ``5/3/1 @ 75/85/95%``: an amount or a load for each set, as steps."""

from __future__ import annotations

from dataclasses import replace

from otelwod.workout.facts import Facts
from otelwod.workout.model import Reps
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.units import dimension, spoken


def spread(steps: list[Facts], remarks: Remarks) -> list[Facts]:
    """The steps of a line, one for each value of a series; a rest behind such a step comes behind each of them."""
    found: list[Facts] = []
    rested = False
    for k, facts in enumerate(steps):
        if rested:
            rested = False
            continue
        if not facts.series:
            found.append(facts)
            continue
        after = steps[k + 1] if k + 1 < len(steps) else None
        rest = after if after is not None and after.kind == "rest" and after.rounds is None else None
        sets = _sets(facts)
        text = "-".join(spoken(one.value) for one in facts.series) + f" {facts.series[0].unit}"
        if not sets:
            what = "a load" if dimension(facts.series[0].unit) == "load" else "an amount"
            remarks.add(Remark(facts.offset, "warning", f"{text!r}, {what} for each set, is kept as a note",
                               "write a line for each set"))  # fmt: skip
            found.append(replace(facts, series=(), notes=[*facts.notes, text]))
            continue
        remarks.add(Remark(facts.offset, "info", f"{text!r} is read as {len(sets)} sets, one for each",
                           "write a line for each set"))  # fmt: skip
        for one in sets:
            found.append(one)
            if rest is not None:
                found.append(replace(rest, notes=list(rest.notes)))
        rested = rest is not None
    return found


def _sets(facts: Facts) -> list[Facts]:
    """One step for each value, or none where their number does not fit the sets of the line."""
    count = len(facts.series)
    if facts.kind is not None or facts.choices or facts.inner_rounds is not None or facts.cap is not None:
        return []
    loads = dimension(facts.series[0].unit) == "load"
    if (facts.load is not None) if loads else (facts.distance is not None or facts.energy is not None):
        return []
    if (facts.rounds is not None and facts.rounds != count) or (
        facts.scheme and (len(facts.scheme) != count or not loads)
    ):
        return []
    sets: list[Facts] = []
    for k, value in enumerate(facts.series):
        one = replace(
            facts, series=(), rounds=None, scheme=(), times_word=False, adopts=False, joined=facts.joined and not k
        )
        if k:
            one = replace(one, notes=[], values={})
        if facts.scheme:
            one.reps = Reps("exact", facts.scheme[k], facts.scheme[k])
        setattr(one, dimension(value.unit), value)
        sets.append(one)
    return sets
