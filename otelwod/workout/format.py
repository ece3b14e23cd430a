"""The format of a workout: one word for how it is done.

Of the top-level statements (rests and value lines aside; a group counts as what stands in it):

* ``for_time``, ``amrap``, ``emom``: the block says so.
* ``tabata``: intervals with the word or of 8 × 20 s / 10 s; ``interval``: other intervals of work and rest, and rounds
  that hold a timed rest.
* ``for_time`` also for a rep scheme over children (21-15-9 is raced).
* ``strength``: sets of one movement (``5x5 Back Squat``, ``Deadlift 5-5-3``) with a load or with a barbell movement,
  also with a rest between the sets, and where each set is a line of its own.
* ``rounds``: other rounds. ``custom``: all else, and a mixture of formats.
"""

from __future__ import annotations

from otelwod.conventions import NANOS_PER_SECOND, WorkoutFormat
from otelwod.workout.model import Statement
from otelwod.workout.movement_table import BARBELL_CATEGORIES


def workout_format(statements: tuple[Statement, ...]) -> WorkoutFormat:
    """The format of these statements. One pass, no recursion."""
    found: set[WorkoutFormat] = set()
    transparent: set[int] = set()
    works: dict[int, list[Statement]] = {}
    rests: set[int] = set()
    parents: set[int] = set()
    rounds: list[Statement] = []
    sets: list[Statement] = []
    for s in statements:
        if s.parent is not None:
            parents.add(s.parent)
            if s.type == "rest" and s.duration is not None:
                rests.add(s.parent)
            elif s.type not in (None, "rest"):
                works.setdefault(s.parent, []).append(s)
        if s.parent is not None and s.parent not in transparent:
            continue
        if s.type in ("group", "session"):
            transparent.add(s.index)
        elif s.type == "rounds":
            rounds.append(s)
        elif s.type in ("for_time", "amrap", "emom"):
            found.add(s.type)
        elif s.type == "tabata":
            classic = (s.rounds, s.work_ns, s.rest_ns) == (8, 20 * NANOS_PER_SECOND, 10 * NANOS_PER_SECOND)
            found.add("tabata" if classic or s.label.startswith("Tabata") else "interval")
        elif s.type == "effort":
            sets.append(s)
        elif s.type == "timer":
            found.add("custom")
    if sets:
        same = len({s.movement.id or s.movement.name for s in sets if s.movement is not None}) == 1
        found.add("strength" if len(sets) > 1 and same and all(map(_is_strength, sets)) else "custom")
    for s in rounds:
        if s.index not in parents:
            found.add("strength" if _is_strength(s) else "rounds")
        elif s.index in rests:
            inner = works.get(s.index, [])
            found.add("strength" if len(inner) == 1 and _is_strength(inner[0]) else "interval")
        else:
            found.add("for_time" if s.rep_scheme else "rounds")
    if len(found) == 1:
        return found.pop()
    return "custom"


def _is_strength(statement: Statement) -> bool:
    if statement.duration is not None or statement.distance is not None or statement.energy is not None:
        return False
    if statement.reps is None and not statement.rep_scheme:
        return False
    category = (statement.movement.id or "").partition("/")[0] if statement.movement is not None else ""
    return statement.load is not None or category in BARBELL_CATEGORIES
