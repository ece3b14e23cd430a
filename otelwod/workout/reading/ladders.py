"""Ladders: ``10 to 1``, ``10-9-...-1``, ``10-1``, ``2 to 20 by 2``."""

from __future__ import annotations

from typing import Final

from otelwod.workout.model import Reps
from otelwod.workout.numbers import number
from otelwod.workout.reading.amounts import ROUND_WORDS, unit_at
from otelwod.workout.reading.placing import put_rounds
from otelwod.workout.reading.step import Step
from otelwod.workout.tokens import Token
from otelwod.workout.units import dimension

TO: Final = frozenset({"to", "down", "up"})


def read_ladder(step: Step, start: int, first: float, j: int) -> bool:
    """``10 to 1``, ``1 to 10``, ``20 to 2 by 2``; ``8 to 12`` is a range. False where it is neither."""
    while step.word_at(j) in TO:
        j += 1
    if step.word_at(j - 1) != "to" or step.at(j).kind != "number" or step.facts.rounds is not None:
        return False
    value = number(step.line[j].text)
    if value is None or step.facts.scheme or step.facts.reps is not None or value == first or min(value, first) < 1:
        return False
    token, last = step.line[start], step.line[j]
    unit = unit_at(step, j + 1)[0]
    if value != int(value) or first != int(first) or (unit and dimension(unit) != "energy"):
        return False
    low, high, stride = int(first), int(value), 1
    j += 1
    if step.word_at(j) == "by" and step.at(j + 1).kind == "number":
        stride = int(number(step.line[j + 1].text) or 1)
        j += 3 if step.word_at(j + 2) == "s" else 2
    elif step.word_at(j) in ROUND_WORDS or (1 < low < high):
        step.i = j
        step.info(token.start, f"of {low} to {high} the first number counts" if step.word_at(j) in ROUND_WORDS
                  else f"{low} to {high} is read as a range", "write every number of a ladder: 2-4-6-8")  # fmt: skip
        if step.word_at(j) in ROUND_WORDS:
            step.i += 1
            step.facts.adopts = True
            put_rounds(step, token, low)
        else:
            put_range(step, low, high)
        return True
    step.i = j
    if not 0 < stride <= abs(high - low) or abs(high - low) > 1000 * stride or (high - low) % stride:
        step.error(token, "these numbers have no steps that lead to the last", "write every number of the scheme")
        return True
    step.facts.scheme = tuple(range(low, high + 1, stride) if high > low else range(low, high - 1, -stride))
    step.facts.adopts = not step.words
    said_ladder(step, token, last, step.facts.scheme)
    return True


def is_ladder(step: Step, whole: tuple[int, ...]) -> bool:
    """``10-1`` counts down, ``1-10`` up; ``3-1`` and ``1-5`` may be what they say."""
    if len(whole) != 2 or step.word_at(step.i) in ROUND_WORDS or step.facts.rounds is not None or step.facts.scheme:
        return False
    return whole[1] == 1 < whole[0] - 2 or whole[0] == 1 < whole[1] - 6


def put_range(step: Step, low: int, high: int) -> None:
    step.facts.reps = Reps("range", low, high)
    if step.word_at(step.i) in ("reps", "rep"):
        step.i += 1


def said_ladder(step: Step, first: Token, last: Token, scheme: tuple[int, ...]) -> None:
    shown = "-".join(map(str, scheme)) if len(scheme) < 6 else f"{scheme[0]}-{scheme[1]}-…-{scheme[-1]}"
    step.info(first.start, f"{step.slice(first, last)!r} is read as the ladder {shown}", f"write {shown}")


def expanded(step: Step, token: Token, values: tuple[int, ...]) -> tuple[int, ...]:
    """``10-9-...-1``: the step between the first two numbers goes on to the last."""
    stride = values[1] - values[0] if len(values) > 2 else (1 if values[-1] > values[0] else -1)
    head, last = values[:-1], values[-1]
    if stride == 0 or (last - head[-1]) % stride or not 0 < (last - head[-1]) // stride <= 1000:
        step.error(token, "these numbers have no steps that lead to the last", "write every number of the scheme")
        return values
    return (*head, *range(head[-1] + stride, last + (1 if stride > 0 else -1), stride))
