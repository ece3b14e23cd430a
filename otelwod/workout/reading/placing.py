"""Found values → their place in the facts; what has none is said."""

from __future__ import annotations

from functools import lru_cache

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.model import Duration, Reps
from otelwod.workout.numbers import MAX_SECONDS
from otelwod.workout.reading.amounts import time_at
from otelwod.workout.reading.step import Bare, Step
from otelwod.workout.tokens import Token
from otelwod.workout.units import SIZES, SIZES_BY_MOVEMENT, dimension, quantity, to_si


def put_bare(step: Step, first: Token, last: Token, value: float, women: float | None) -> None:
    step.bare.append(Bare(value, women, first.start, last.end, bool(step.words)))


def put_rounds(step: Step, token: Token, value: float) -> None:
    facts = step.facts
    if facts.rounds is not None or facts.scheme:
        if facts.inner_rounds is None and value == int(value) and value >= 1:
            facts.inner_rounds = int(value)
            step.info(token.start, f"{token.text} rounds are read as part of each of the rounds before",
                      "give each of the two a line of its own")  # fmt: skip
        else:
            step.warn(token, f"skipped {token.text!r}: the line has rounds already", "give it a line of its own")
        return
    if value != int(value) or value < 1:
        step.error(token, f"{token.text} rounds cannot be done", "write a whole number from 1")
        step.facts.rounds = int(value)
        return
    step.facts.rounds = int(value)


def put_reps(step: Step, token: Token, value: float, women: float | None) -> None:
    if women is not None and women > value:
        step.warn(token, f"skipped {token.text!r}: of two counts the first is the greater one", "write 20/15 reps")
        return
    if step.facts.reps is not None:
        step.warn(token, f"skipped {token.text!r}: the line has repetitions already", "give it a line of its own")
        return
    if value != int(value) or (women is not None and women != int(women)):
        step.error(token, f"{token.text} repetitions cannot be done", "write a whole number")
    step.facts.reps = _exactly(value, women)


@lru_cache(maxsize=4096)
def _exactly(value: float, women: float | None = None) -> Reps:
    count = int(value) if value == int(value) else value
    return Reps("exact", count, count, None if women is None else _exactly(women))


def put_load(step: Step, first: Token, last: Token, value: float, women: float | None) -> None:
    unit, text = step.default_unit, step.slice(first, last)
    if women is not None and women > value:
        step.warn(first, f"skipped {text!r}: two numbers without a unit", f"write {text} {unit}")
        return
    step.info(first.start, f"{text!r} is read as {unit}", f"write {text} {unit}")
    put_quantity(step, first, last, value, women, unit)


def put_rpe(step: Step, first: Token, last: Token, value: float) -> None:
    if value > 10:
        step.error(first, f"{step.slice(first, last)!r} is out of range", "RPE goes from 1 to 10")
    else:
        put_quantity(step, first, last, value, None, "rpe")


def put_quantity(step: Step, first: Token, last: Token, value: float | None, women: float | None, unit: str) -> None:
    """A number with a unit."""
    facts, text, what = step.facts, step.slice(first, last), dimension(unit)
    if what == "time":
        if value is None:
            put_time(step, None, first, last)
            return
        seconds = value * (to_si(1, unit) or 1)
        if women is not None:
            step.info(first.start, f"of {text!r} the first time counts for everyone", "write one time")
        if seconds > MAX_SECONDS:
            step.error(first, f"the time {text!r} is out of range", "a time is at most a year")
            return
        put_time(step, round(seconds * NANOS_PER_SECOND), first, last)
        return
    if what == "load" and unit == "%" and value is not None and value > 1000:
        step.error(first, f"{text!r} is out of range", "write at most 1000 %")
        return
    if what == "load" and value is not None and women is not None and women > value:
        step.info(first.start, f"of {text!r} the first load is that of the men, the greater one that of the women",
                  "write the men's first, as in 95/65 lb")  # fmt: skip
    found = quantity(value, unit, text, women)
    slot: str = what
    if unit in SIZES or (unit in SIZES_BY_MOVEMENT and facts.distance is not None):
        slot = "size"
    if getattr(facts, slot) is not None:
        step.warn(first, f"skipped {text!r}: the line has a {slot} already", "give it a line of its own")
        return
    setattr(facts, slot, found)
    if slot == "load":
        step.load_end = last.end


def put_time(step: Step, ns: int | None, first: Token, last: Token) -> None:
    """A time was read: it is work, rest, an interval, or the length of something."""
    up, required = step.direction_up, step.required
    step.direction_up = step.required = False
    facts = step.facts
    follow = step.word_at(step.i)
    if ns is not None and facts.work_ns is None and follow in ("on", "work") and rest_follows(step, step.i + 1):
        facts.work_ns = ns
        step.rest_next = True
        step.i += 1
        while step.at(step.i).kind in ("/", ",", "-", "+") or step.word_at(step.i) == "and":
            step.i += 1
        return
    if ns is not None and facts.work_ns is None and step.at(step.i).kind == "/" and time_at(step, step.i + 1):
        facts.work_ns = ns
        step.rest_next = True
        step.i += 1
        return
    if step.rest_next and ns is not None:
        step.rest_next = False
        facts.rest_ns = ns
        if follow in ("off", "rest"):
            step.i += 1
        return
    if step.interval_next and ns is not None:
        step.interval_next = False
        facts.interval_ns = ns or None
        if not ns:
            step.error(first, "intervals without a length", "write every 2:00")
        return
    direction = "up" if up or ns is None else "down"
    if step.length_end == first.start and step.durations and ns is not None and step.durations[-1].ns is not None:
        before = step.durations.pop()
        assert before.ns is not None  # noqa: S101 - said in the condition
        ns += before.ns
        text = f"{before.text} {step.slice(first, last)}"
    else:
        text = step.slice(first, last)
    step.durations.append(Duration(ns, text, direction, not required))  # type: ignore[arg-type]
    step.length_end = step.at(step.i).start if first.kind == "number" else -1


def rest_follows(step: Step, i: int) -> bool:
    """Whether a rest follows the work of an interval (``:40 on / :20 off``)."""
    while step.at(i).kind in ("/", ",", "-", "+", "|") or step.word_at(i) == "and":
        i += 1
    return time_at(step, i)


def put_minutes(step: Step, token: Token, value: float) -> None:
    seconds = value * 60
    if seconds > MAX_SECONDS:
        step.error(token, f"{token.text} minutes are out of range", "a time is at most a year")
        return
    step.durations.append(Duration(round(seconds * NANOS_PER_SECOND), f"{token.text} min"))
