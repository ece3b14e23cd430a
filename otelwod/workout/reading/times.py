"""Times with their marks, and colons that are none."""

from __future__ import annotations

from otelwod.workout.numbers import timer
from otelwod.workout.reading.amounts import time_unit_at
from otelwod.workout.reading.placing import put_time
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.stray import stray
from otelwod.workout.tokens import Token
from otelwod.workout.units import SPELLINGS


def read_colon(step: Step, token: Token) -> None:
    before, after = step.at(step.i - 1), step.at(step.i + 1)
    numeric = before.kind in ("number", "time")
    spaced = not token.glued and not after.glued and after.kind == "number"
    if numeric and ((token.glued and after.glued) or spaced):
        first = step.i - 1
        step.i += 1
        step.i += 1 if spaced else 0
        while not spaced and step.at(step.i).glued:
            step.i += 1
        step.error(
            step.line[first],
            f"{step.slice(step.line[first], step.line[step.i - 1])!r} is not a time",
            "write minutes:seconds, such as 5:00, or :30 for seconds",
        )
        return
    step.i += 1
    if not (before.kind in ("word", "close", "literal") or numeric) or step.at(step.i).kind == ":":
        while step.at(step.i).kind == ":":
            step.i += 1
        step.warn(
            token,
            f"skipped {step.slice(token, step.line[step.i - 1])!r}: no time stands behind it",
            "write :30 or 1:00, or :? for an open time",
        )


def read_mark(step: Step, token: Token) -> None:
    """``^`` and ``*`` in front of a time; ``*`` between two numbers multiplies them."""
    j = step.i + 1
    while step.at(j).kind in ("^", "*"):
        j += 1
    if step.at(j).kind == "time" or (step.at(j).kind == "number" and time_unit_at(step, j + 1)):
        for k in range(step.i, j):
            if step.line[k].kind == "^":
                step.direction_up = True
            else:
                step.required = True
        step.i = j
        return
    if j > step.i + 1:
        last = step.line[j - 1]
        step.warn(token, f"skipped {step.slice(token, last)!r}: no time stands behind it", "write ^5:00 or *1:00")
        step.i = j
        return
    stray(step, token)


def read_time(step: Step, token: Token) -> None:
    step.i += 1
    if token.text == ":?":
        put_time(step, None, token, token)
        return
    after = step.at(step.i)
    if after.glued and after.kind == ":" and step.at(step.i + 1).glued:
        return  # the colon that follows says what is wrong
    if after.glued and after.kind == "word" and SPELLINGS.get(after.text.lower()) is None and after.text != "x":
        step.i += 1
        step.error(
            token,
            f"{step.slice(token, after)!r} is not a time",
            "write digits only, such as 5:00, and a space behind it",
        )
        return
    value = timer(token.text)
    if isinstance(value, str):
        step.error(token, f"{token.text!r} is not a time", value)
        return
    if time_unit_at(step, step.i):
        step.i += 1  # "1:00 min" says it twice
    put_time(step, value, token, token)
