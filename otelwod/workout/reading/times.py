"""Times with their marks, and colons that are none."""

from __future__ import annotations

from typing import Final

from otelwod.workout.numbers import clock, timer
from otelwod.workout.reading.amounts import in_pool, time_at, time_unit_at
from otelwod.workout.reading.placing import put_time
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.stray import stray
from otelwod.workout.tokens import Token
from otelwod.workout.units import SPELLINGS


def read_colon(step: Step, token: Token) -> None:
    before, after = step.at(step.i - 1), step.at(step.i + 1)
    numeric = before.kind in ("number", "time")
    apart = not token.glued and not after.glued and after.kind == "number"
    spaced = apart and token.start == before.end + 1 and not (step.facts.kind and step.at(step.i + 2).kind == "word")
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


def on_at(step: Step, token: Token) -> bool:
    """``At 10:00: 400 m Run``: when something starts is no length."""
    first = step.i
    first += step.word_at(first) in ("min", "minute")
    timed = step.at(first).kind == "time" or (step.at(first).kind == "number" and first > step.i)
    if not step.words and step.at(first).kind == "number" and not timed:
        return True  # AMRAP 12 at 60 kg: 5 cleans
    if step.words or not timed or step.at(first + 1).kind not in (":", "-") or step.at(first + 2).kind == "time":
        return False
    text = step.slice(token, step.line[first])
    step.i = first + 2
    step.facts.notes.append(text)
    step.facts.part = True
    step.warn(token, f"{text!r}, a starting time, is kept as a note: the parts follow one another",
              "write the length of the part before it")  # fmt: skip
    return True


def on_send_off(step: Step, token: Token) -> bool:
    """``10 x 100 m on 2:00``: every 2:00 the next one starts."""
    facts = step.facts
    if facts.rounds is None or facts.kind is not None or not time_at(step, step.i):
        return False
    if facts.distance is None and not swims(step) and not (facts.times_word and (step.bare or facts.reps)):
        return False
    step.set_kind(token, "emom")
    step.interval_next = True
    text = step.line[step.i].text + (f" {step.word_at(step.i + 1)}" if step.line[step.i].kind == "number" else "")
    step.info(token.start, "it is read as the time from one start to the next", f"write every {text}")
    return True


def swims(step: Step) -> bool:
    """Whether the first word of the movement is a stroke: its bare numbers are metres, its times starts."""
    return in_pool(step.words)


def read_span(step: Step, token: Token, first: int, end: int) -> None:
    """``0:00-10:00`` on a running clock is a part of ten minutes; of ``:30-:45 Plank`` the first time counts."""
    before, behind = step.at(step.i - 2), step.at(step.i + 2)
    last = step.line[step.i + 1]
    leads = before.kind == "end" or before.word == "from"
    step.i += 2
    text = step.slice(token, last)
    step.facts.part = leads and (first == 0 or behind.kind == ":")
    if first == 0 or (leads and (behind.kind == ":" or behind.word in _PARTS)):
        step.info(token.start, f"{text!r} is read as the {clock(end - first)} between the two",
                  f"write {clock(end - first)}")  # fmt: skip
        put_time(step, end - first, token, last)
    else:
        step.info(token.start, f"of {text!r} the first time counts", "write one time")
        put_time(step, first, token, token)


_PARTS: Final = frozenset({"amrap", "emom", "for", "tabata", "max", "rest"})
"""Words behind the time of a part."""


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
        step.i += after.glued and after.word == "x"  # 5:3x
        step.error(token, f"{token.text!r} is not a time", value)
        return
    if step.at(step.i).kind == "-" and step.at(step.i + 1).kind == "time":
        end = timer(step.line[step.i + 1].text) if step.line[step.i + 1].text != ":?" else 0
        if isinstance(end, int) and end > value:
            read_span(step, token, value, end)
            return
    if time_unit_at(step, step.i):
        step.i += 1  # "1:00 min" says it twice
    if step.at(step.i).kind == "/" and step.word_at(step.i + 1) in ("side", "arm", "leg", "hand"):
        step.qualifiers.append("per " + step.line[step.i + 1].text)
        step.i += 2
    put_time(step, value, token, token)
