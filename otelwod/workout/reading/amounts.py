"""Numbers with their fractions and units, looked at without being taken."""

from __future__ import annotations

from typing import Final

from otelwod.workout.numbers import MAX_NUMBER, number
from otelwod.workout.reading.step import Step
from otelwod.workout.units import SPELLINGS, dimension
from otelwod.workout.wordlist import words

_FRACTIONS: Final = frozenset({2.0, 3.0, 4.0, 8.0})
"""What may stand below: 1/4 mile is a fraction, 65/95 lb is not."""
ROUND_WORDS: Final = frozenset({"rounds", "round", "rds", "rd", "sets", "set", "rft", "intervals", "interval"})
"""Words behind a number of rounds."""


STROKES: Final = frozenset(
    {"swim", "free", "freestyle", "fly", "butterfly", "backstroke", "breaststroke", "breast", "kick", "im", "drill"}
)
"""Words of a pool: what they count is metres."""
_IN_POOL: Final = STROKES | words(
    """
    stroke crawl back pull paddles fins board buoy swim swims kicks drills choice with and / & easy hard fast slow
    steady moderate sprint build descend race pace max effort technique smooth strong relaxed warm-up cool-down warm
    cool up down
    """
)


def in_pool(words: list[str]) -> bool:
    """Whether these words name what is swum, and nothing else: ``free``, ``fly kick``, but not ``free throws``."""
    return bool(words) and words[0].lower() in STROKES and all(word.lower() in _IN_POOL for word in words)


def amount_at(step: Step, i: int) -> tuple[float | None, int]:
    """The value at token ``i`` (``2``, ``1/4``, ``1 1/2``, ``½``) and the index behind it."""
    value = number(step.line[i].text)
    j = i + 1
    if value is None or value == MAX_NUMBER:
        return value, j
    after = step.at(j).kind
    if after == "/" and step.at(j + 1).kind == "number" and step.at(j + 2).kind != "/":
        below = number(step.line[j + 1].text)
        if below in _FRACTIONS and value < below and fraction_follows(step, j + 2):
            return value / below, j + 2
    if after == "number" and value == int(value):
        part = number(step.line[j].text)
        if part is not None and not step.line[j].text.isascii():
            return value + part, j + 1
        if step.at(j + 1).kind == "/" and step.at(j + 2).kind == "number" and fraction_follows(step, j + 3):
            below = number(step.line[j + 2].text)
            if part is not None and below in _FRACTIONS and part < below:
                return value + part / below, j + 3
    return value, j


def fraction_follows(step: Step, i: int) -> bool:
    """Whether a unit follows that people give in fractions (calories are never)."""
    unit = unit_at(step, i)[0]
    return bool(unit) and dimension(unit) != "energy"


def unit_at(step: Step, i: int) -> tuple[str, int]:
    """The canonical unit at token ``i`` (also behind a hyphen) and the index behind it; ``""`` for none."""
    token = step.at(i)
    if token.kind == "-" and token.glued and step.at(i + 1).kind == "word" and step.at(i + 1).glued:
        i += 1
        token = step.at(i)
    text = token.word
    if text:
        unit = SPELLINGS.get(text)
        if unit is None or (text == "k" and not token.glued) or unit == "rpe":
            return "", i
        if text == "in" and not token.glued and step.at(i + 1).kind in ("number", "time"):
            return "", i
        return unit, i + 1
    if token.kind == "%" or (token.kind == "#" and token.glued):
        return ("%" if token.kind == "%" else "lb"), i + 1
    if token.kind == "'" and token.glued:
        long = step.facts.kind in ("amrap", "emom", "rest") or minutes_follow(step, i + 1)
        return ("min" if long or (step.facts.times_word and _goes_on(step, i + 1)) else "ft"), i + 1
    return "", i


def _goes_on(step: Step, i: int) -> bool:
    """``3 x 20' @ r18``, ``3 x 20' Row``: minutes; ``3 x 50' Lunge`` is feet."""
    return step.at(i).kind in ("end", "@", ",") or step.word_at(i) in _STEADY


_STEADY: Final = frozenset({"row", "run", "bike", "ski", "erg", "swim", "ride", "easy", "steady", "tempo", "z2", "ut2"})


def minutes_follow(step: Step, i: int) -> bool:
    return step.word_at(i) in ("amrap", "emom", "cap", "tc", "rest", "e2mom", "time", "on", "off")


def time_unit_at(step: Step, i: int) -> bool:
    unit = SPELLINGS.get(step.word_at(i))
    return unit is not None and dimension(unit) == "time"


def time_at(step: Step, i: int) -> bool:
    return (step.at(i).kind == "time" and step.at(i).text != ":?") or (
        step.at(i).kind == "number" and time_unit_at(step, i + 1)
    )
