"""``12 lunges each leg``, ``8/8 rows``: the number that stands there is that of one side, and that is said."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.reading.step import Step
from otelwod.workout.tokens import Token

SIDES: Final = frozenset({"side", "sides", "arm", "leg", "hand", "way", "direction", "foot"})
_ONE: Final = re.compile(r"\b(?:each|per|ea)\b", re.IGNORECASE)


def on_side(step: Step, token: Token) -> bool:
    """``3x8 each side DB row``: in front of the movement, too."""
    if step.words or step.word_at(step.i) not in SIDES or not (step.facts.rounds or step.facts.reps or step.bare):
        return False
    step.qualifiers.append(f"{token.text} {step.line[step.i].text}")
    step.i += 1
    return True


def say_sides(step: Step) -> None:
    """An amount of one side is counted once."""
    facts = step.facts
    reps, qualifier = facts.reps, facts.movement.qualifier if facts.movement is not None else None
    both = reps is not None and reps.women is not None and reps.women.low == reps.low
    if both or (qualifier is not None and _ONE.search(qualifier)):
        count = f"{int(reps.low)} is counted" if reps is not None and reps.low is not None else "the amount is counted"
        step.info(facts.offset, f"{count} once, as that of one side", "write the number of both sides together")
