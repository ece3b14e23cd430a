"""The words that make a line a header: AMRAP, EMOM, every, Tabata, for time, cap, rest."""

from __future__ import annotations

import re
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.model import Duration, Reps
from otelwod.workout.reading.amounts import ROUND_WORDS, amount_at, time_at, time_unit_at, unit_at
from otelwod.workout.reading.counts import read_number
from otelwod.workout.reading.placing import put_minutes, put_quantity, put_rounds
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.times import on_send_off, read_time
from otelwod.workout.tokens import Token
from otelwod.workout.units import SPELLINGS, dimension

NUMBERED: Final = re.compile(r"(e|amrap|emomx?|tabatax?)([0-9]{1,4})(mom|)$")
"""``E2MOM``, ``AMRAP20``, ``EMOM10``, ``EMOMx10``, ``Tabatax8``."""


def on_numbered(step: Step, token: Token, match: re.Match[str]) -> None:
    """``E2MOM``, ``AMRAP20``, ``EMOM10``, ``EMOMx10``."""
    step.i += 1
    count = int(match[2])
    if match[1] == "e":
        step.set_kind(token, "emom")
        step.facts.interval_ns = count * 60 * NANOS_PER_SECOND
        if not 0 < count <= 1440:
            step.error(token, f"{token.text} has no interval", "write E2MOM or every 2:00")
            step.facts.interval_ns = None
        return
    if match[1] == "amrap":
        step.set_kind(token, "amrap")
        step.durations.append(Duration(count * 60 * NANOS_PER_SECOND, f"{count} min"))
    else:
        step.set_kind(token, "tabata" if match[1].startswith("tabata") else "emom")
        step.facts.tabata_word = step.facts.kind == "tabata"
        put_rounds(step, token, count)


SECONDLY: Final = re.compile(r"e([0-9]{1,4})s(?:om|ots)?$")
"""``E90S``: every 90 seconds."""


def on_secondly(step: Step, token: Token, match: re.Match[str]) -> None:
    step.i += 1
    step.set_kind(token, "emom")
    step.facts.interval_ns = int(match[1]) * NANOS_PER_SECOND or None
    if step.facts.interval_ns is None:
        step.error(token, f"{token.text} has no interval", "write E90S or every 1:30")


def on_amrap(step: Step, token: Token) -> bool:
    if step.facts.times_word and step.facts.kind is None and step.word_at(step.i) in ("reps", "rep"):
        step.i += 1
        step.facts.reps = step.facts.reps or Reps("max")  # 3xAMRAP reps
        return True
    step.set_kind(token, "amrap")
    skip_words(step, "of", "in")
    take_minutes(step)
    return True


def skip_words(step: Step, *words: str) -> None:
    while step.word_at(step.i) in words or (step.at(step.i).kind in ("-", ":") and step.at(step.i + 1).kind != "end"):
        step.i += 1


_ABOUT: Final = frozenset({"of", "for", "with", "w", "using", "wearing", "in", "at", "on", "from", "without"})
"""Words that no movement begins with: the number in front of them is the length of the header."""
_PRIMES: Final = frozenset({"'", "\u2019", "\u2032"})
"""Signs of minutes."""


def take_minutes(step: Step) -> None:
    """A bare number directly behind ``AMRAP``, ``cap`` or ``rest`` is minutes, unless it counts a movement."""
    if step.at(step.i).kind != "number" or (step.facts.kind == "amrap" and step.durations):
        return
    value, j = amount_at(step, step.i)
    after = step.at(j)
    unit = "" if after.kind in _PRIMES else unit_at(step, j)[0]
    if value is None or unit or after.kind in ("times", "/") or step.word_at(j) in ROUND_WORDS:
        return
    if after.kind in _PRIMES:  # TC: 18'
        j, after = j + 1, step.at(j + 1)
    if after.kind in ("end", ":", "open", "-", ",", ";", "@") or step.word_at(j) in _ABOUT:
        first = step.line[step.i]
        step.i = j
        put_minutes(step, first, value)


def on_as_many(step: Step, _token: Token) -> bool:
    rest = [step.word_at(k) for k in range(step.i, step.i + 6)]
    for phrase in (("many", "rounds", "and", "reps", "as", "possible"), ("many", "rounds", "as", "possible"),
                   ("many", "reps", "as", "possible")):  # fmt: skip
        if tuple(rest[: len(phrase)]) == phrase:
            step.i += len(phrase)
            return on_amrap(step, _token)
    return False


def on_emom(step: Step, token: Token) -> bool:
    step.set_kind(token, "emom")
    skip_words(step, "for", "of")
    number = step.at(step.i)
    if number.kind == "number" and step.word_at(step.i + 1) in _ABOUT - {"of", "for"} and step.facts.rounds is None:
        value, behind = amount_at(step, step.i)
        if value is not None and step.facts.interval_ns in (None, 60 * NANOS_PER_SECOND):
            step.i = behind
            put_rounds(step, number, value)  # EMOM 12 with a 20 kg KB: 10 swings
    return True


def on_every(step: Step, token: Token) -> bool:
    word = step.word_at(step.i)
    if word in ("minute", "min"):
        step.i += 1
        for phrase in (("on", "the", "minute"), ("on", "the", "min")):
            if tuple(step.word_at(step.i + k) for k in range(3)) == phrase:
                step.i += 3
        step.facts.interval_ns = 60 * NANOS_PER_SECOND
    elif time_at(step, step.i):
        step.interval_next = True
    else:
        return False
    return on_emom(step, token)


def on_the_minute(step: Step, token: Token) -> bool:
    if on_send_off(step, token):
        return True
    if step.word_at(step.i) == "the" and step.word_at(step.i + 1) in ("minute", "min") and not step.words:
        step.i += 2
        return on_emom(step, token)
    return False


def on_alternating(step: Step, _token: Token) -> bool:
    return step.word_at(step.i) in ("emom", "tabata")


def on_tabata(step: Step, token: Token) -> bool:
    step.set_kind(token, "tabata")
    step.facts.tabata_word = step.facts.kind == "tabata"
    skip_words(step, "of")
    return True


def on_for(step: Step, token: Token) -> bool:
    after = step.word_at(step.i)
    if after == "time":
        step.i += 1
        step.set_kind(token, "for_time")
        skip_words(step, "of")
        return True
    if after in ("max", "maximum") and step.word_at(step.i + 1) in ("reps", "rep"):
        step.i += 2
        if step.facts.is_header:
            step.facts.notes.append("for max reps")
            return True
        step.facts.reps = step.facts.reps or Reps("max")
        return True
    unit = SPELLINGS.get(after)
    if unit is not None and dimension(unit) == "energy" and step.facts.energy is None:  # 1:00 Row for calories
        step.i += 1
        put_quantity(step, token, step.line[step.i - 1], None, None, unit)
        return True
    if after in _AIMS and step.facts.is_header and not step.words:
        step.facts.notes.append(f"for {after}")
        step.i += 1
        return True
    return step.at(step.i).kind in ("number", "time") and (step.facts.kind is not None or not step.words)


_AIMS: Final = frozenset({"quality", "load", "form", "technique", "reps", "score", "distance", "fun", "completion"})


def on_in(step: Step, _token: Token) -> bool:
    return time_at(step, step.i) or (step.facts.kind == "amrap" and step.at(step.i).kind == "number")


def on_rest(step: Step, token: Token) -> bool:
    if step.words or step.facts.kind is not None:
        return False
    step.facts.kind = "rest"
    skip_words(step, "for")
    if step.at(step.i).kind == "number":
        value, j = amount_at(step, step.i)
        counted = unit_at(step, j)[0] or step.at(j).kind in ("-", "/") or step.word_at(j) in ("rep", "reps")
        if value is not None and not counted:
            step.info(step.line[step.i].start, "a rest without a unit is read as minutes", "write 1:00 or 90 s")
            first = step.line[step.i]
            step.i = j
            put_minutes(step, first, value)
    return True


def on_cap(step: Step, token: Token) -> bool:
    """``cap 20:00``, ``TC 20``, ``20 min cap``."""
    if token.text.lower() == "time":
        if step.word_at(step.i) not in ("cap", "limit"):
            return step.at(step.i).kind == ":"
        step.i += 1
    elif step.words and not step.durations:
        return False
    skip_words(step, "of", "at", "is")
    before = len(step.durations)
    if step.at(step.i).kind == "time" or (step.at(step.i).kind == "number" and time_unit_at(step, step.i + 1)):
        (read_time if step.at(step.i).kind == "time" else read_number)(step, step.line[step.i])
    else:
        take_minutes(step)
    if len(step.durations) == before and step.bare and step.bare[-1].women is None and not step.durations:
        bare = step.bare.pop()
        put_minutes(step, step.token_of(bare), bare.value)
    if step.durations and step.durations[-1].ns:
        length = step.durations.pop()
        step.facts.cap = Duration(length.ns, length.text)
    else:
        step.error(token, "a cap without a time", "write cap 20:00")
    return True
