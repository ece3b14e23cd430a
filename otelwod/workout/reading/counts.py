"""Numbers: quantities, repetitions, rounds, rep schemes, ranges and pairs."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.model import Reps
from otelwod.workout.movements import lookup
from otelwod.workout.numbers import number
from otelwod.workout.reading.amounts import ROUND_WORDS, amount_at, unit_at
from otelwod.workout.reading.ladders import TO, expanded, is_ladder, read_ladder, said_ladder
from otelwod.workout.reading.placing import put_bare, put_load, put_quantity, put_reps, put_rounds, put_rpe
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.times import on_at, on_send_off, swims
from otelwod.workout.tokens import Token
from otelwod.workout.units import SIZES, SPELLINGS, dimension, quantity

_PER_SIDE: Final = frozenset({"each", "ea", "per", "side", "arm", "leg", "hand", "way"})


def read_number(step: Step, token: Token) -> None:
    start = step.i
    value, j = amount_at(step, start)
    if value is None:
        step.i = unit_at(step, j)[1] if unit_at(step, j)[0] else j
        shown = token.text if len(token.text) <= 20 else token.text[:17] + "..."
        step.error(token, f"the number {shown} is out of range", "write a number up to 1,000,000,000")
        return
    beside = step.at(j)
    if beside.kind == "word" and beside.glued and read_beside(step, token, beside, j):
        return
    sign = beside.kind
    followed = sign in ("-", "/") and step.at(j + 1).kind == "number"
    if followed and read_series(step, start, value, j):
        return
    if step.word_at(j) in TO and read_ladder(step, start, value, j):
        return
    women: float | None = None
    if sign == "/" and followed:
        women, behind = amount_at(step, j + 1)
        if women is None or women == 0:
            step.i = unit_at(step, behind)[1]
            step.error(token, f"{step.slice(token, step.line[behind - 1])!r} is not a number", "write 1/4 or 95/65")
            return
        j = behind
    elif sign == "/" and step.word_at(j + 1) in _PER_SIDE:
        step.qualifiers.append("per " + step.line[j + 1].text)
        put_bare(step, token, step.line[j - 1], value, None)
        step.i = j + 2
        return
    unit, behind = unit_at(step, j)
    if unit and women is None and step.at(behind).kind == "/" and step.at(behind + 1).kind == "number":
        second, k = amount_at(step, behind + 1)
        other, k2 = unit_at(step, k)
        if second and other == unit and dimension(unit) != "time":  # 95 lb / 65 lb
            women, behind = second, k2
    if unit:
        step.i = behind
        put_quantity(step, token, step.line[behind - 1], value, women, unit)
        return
    step.i = j
    place_count(step, token, step.line[j - 1], value, women)


_SERIES: Final = re.compile(r"(?:m|k|km|mi|cal|s|min)-[0-9]")


def read_beside(step: Step, token: Token, beside: Token, j: int) -> bool:
    """``2H Swings`` with both hands; ``250m-500m-750m``, which no one line can say."""
    if beside.text == "H" and step.at(j + 1).kind == "word":
        step.words.append(token.text + beside.text)
        step.i = j + 1
        return True
    if not _SERIES.match(beside.word):
        return False
    step.i = j + 1
    while step.at(step.i).glued:
        step.i += 1
    text = step.slice(token, step.line[step.i - 1])
    parts = [_AMOUNT.fullmatch(part) for part in text.lower().split("-")]
    unit = SPELLINGS[beside.word.partition("-")[0]]
    if not step.facts.series and all(part is not None and SPELLINGS[part[2]] == unit for part in parts):
        values = [number(part[1]) for part in parts if part is not None]
        if dimension(unit) != "time" and None not in values:
            step.facts.series = tuple(quantity(value, unit, f"{value} {unit}") for value in values)
            return True
    step.facts.notes.append(text)
    step.warn(token, f"{text!r}, an amount for each set, is kept as a note", "write a line for each set")
    return True


_AMOUNT: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(m|k|km|mi|cal|s|min)")


def read_series(step: Step, start: int, first: float, j: int) -> bool:
    """``21-15-9``, ``8-12``, ``21/15/9``, ``10-9-...-1``; False where it is no series."""
    values, sign = [first], step.line[j].kind
    expand = False
    k = j
    while step.at(k).kind == sign:
        if sign == "-" and step.at(k + 1).kind == "ellipsis" and step.at(k + 2).kind == sign:
            expand, k = True, k + 2
            continue
        if step.at(k + 1).kind != "number":
            break
        value = number(step.line[k + 1].text)
        if value is None:
            step.i = k + 2
            step.error(step.line[k + 1], "the number is out of range", "write a number up to 1,000,000,000")
            return True
        values.append(value)
        k += 2
    if step.at(k).kind == "ellipsis" or (step.at(k).kind == "-" and step.at(k + 1).kind == "ellipsis"):
        k += 1 if step.at(k).kind == "ellipsis" else 2
        step.warn(step.line[start], "a ladder without an end is read as the numbers that stand there",
                  "write every number, or the last one: 3-6-...-30")  # fmt: skip
    if sign == "/" and len(values) < 3:
        return False
    token, last = step.line[start], step.line[k - 1]
    unit, behind = unit_at(step, k)
    step.i = k
    if len(values) > 2 and unit and dimension(unit) in ("load", "distance") and unit not in SIZES:
        step.i = behind
        if step.facts.series:
            step.warn(token, f"skipped {step.slice(token, last)!r}: the line has a value for each set already",
                      "give it a line of its own")  # fmt: skip
        else:
            step.facts.series = tuple(quantity(value, unit, f"{value} {unit}") for value in values)
        return True
    if len(values) > 2 and min(values) >= 100 and not step.facts.series and _moves_along(step):  # Row 100/200/300
        step.info(token.start, f"{step.slice(token, last)!r} is read as metres", f"write {step.slice(token, last)} m")
        step.facts.series = tuple(quantity(value, "m", f"{value} m") for value in values)
        return True
    if unit and not (dimension(unit) == "energy" and (len(values) > 2 or values[-1] < first)):
        step.i = behind
        step.info(token.start, f"of {step.slice(token, last)!r} the first number counts", "write one number")
        put_quantity(step, token, step.line[behind - 1], first, None, unit)
        return True
    if any(v != int(v) or v < 1 for v in values):
        step.error(token, f"{step.slice(token, last)!r} is not a rep scheme", "write whole numbers from 1")
        return True
    whole = tuple(map(int, values))
    if expand:
        whole = expanded(step, token, whole)
    elif sign == "-" and is_ladder(step, whole):
        whole = expanded(step, token, whole)
        said_ladder(step, token, last, whole)
    if step.word_at(step.i) in ("reps", "rep"):
        step.i += 1
    if len(whole) == 2 and whole[0] <= whole[1] and step.word_at(step.i) not in ROUND_WORDS:
        step.facts.reps = Reps("range", whole[0], whole[1])
    elif step.word_at(step.i) in ROUND_WORDS and len(whole) == 2 and whole[0] < whole[1]:
        step.facts.rounds = whole[0]
        step.info(token.start, f"of {whole[0]}-{whole[1]} rounds the first number counts", "write one number")
        step.i += 1
    elif step.facts.rounds == len(whole) and not step.facts.scheme:
        step.facts.rounds, step.facts.scheme = None, whole  # 3 rounds of 21-15-9
        step.info(token.start, f"{step.slice(token, last)!r} names the {len(whole)} rounds of the line",
                  "write the scheme on a line below the rounds to do all of it in each")  # fmt: skip
    elif step.facts.rounds is not None or step.facts.scheme:
        step.warn(
            token, f"skipped {step.slice(token, last)!r}: the line has rounds already", "give it a line of its own"
        )
    else:
        step.facts.scheme = whole
        step.facts.adopts = not step.words
    return True


def _moves_along(step: Step) -> bool:
    known = lookup(" ".join(step.words[-3:])) if step.words else None
    return known is not None and known[0].startswith("cardio/")


def place_count(step: Step, first: Token, last: Token, value: float, women: float | None) -> None:
    """A number without a unit: rounds, repetitions, or bare."""
    facts, after = step.facts, step.at(step.i)
    word = step.word_at(step.i)
    crossed = word == "x" and (not step.words or _at_most(step, step.i + 1))
    times = after.kind == "times" or crossed or (after.kind == "*" and after.glued)
    if times and women is None:
        if value == 2 and pair_follows(step):
            step.i += 1
            step.pair = True
            step.info(
                first.start, "'2x' is read as a pair, not as sets: a load in each hand", "write 2 sets of for sets"
            )
            return
        if step.words and value > 20 and after.glued:  # Back Squat 225x5
            step.i += 1
            put_load(step, first, last, value, None)
            return
        step.i += 1
        if facts.times_word and facts.rounds is not None and step.at(step.i).kind == "number" and sets_of_load(step):
            put_reps(step, first, value, None)
            return
        put_rounds(step, first, value)
        facts.times_word = True
        if step.word_at(step.i) in ROUND_WORDS:
            step.i += 1
        return
    if word in ROUND_WORDS and women is None:
        step.i += 1
        facts.adopts = True
        put_rounds(step, first, value)
        if word == "rft":
            step.set_kind(after, "for_time")
        return
    if word in ("reps", "rep"):
        step.i += 1
        if step.word_at(step.i) == "max":
            step.i += 1
            max_of(step, first, value)
        put_reps(step, first, value, women)
        return
    if word == "rm":
        step.i += 1
        max_of(step, first, value)
        put_reps(step, first, value, None)
        return
    put_bare(step, first, last, value, women)


def _at_most(step: Step, i: int) -> bool:
    """``Bench 3 x max``, ``Bench 3x to failure``."""
    word = step.word_at(i)
    return word in _MAXIMAL or (word in ("to", "until", "till") and step.word_at(i + 1) in ("failure", "fail"))


_MAXIMAL: Final = frozenset({"max", "amap", "amrap", "failure", "fail"})


HELD: Final = frozenset({"db", "dbs", "kb", "kbs", "dumbbell", "dumbbells", "kettlebell", "kettlebells"})


def names_held(step: Step) -> bool:
    """Whether the step names something that is held; the line is looked over once."""
    if step.names_held is None:
        step.names_held = any(token.word in HELD for token in step.line)
    return step.names_held


def pair_follows(step: Step) -> bool:
    """Whether ``2x`` stands before the load of something that is held: ``2x50 lb DBs``, ``10 DB snatch 2x50/35``."""
    if step.at(step.i + 1).kind != "number":
        return False
    j = amount_at(step, step.i + 1)[1]
    both = step.at(j).kind == "/" and step.at(j + 1).kind == "number"
    unit, behind = unit_at(step, amount_at(step, j + 1)[1] if both else j)
    weight = unit in ("lb", "kg", "pood")
    if step.held:
        return weight or (both and not unit)
    if not step.words:
        return weight and step.word_at(behind) in HELD and step.at(behind + 1).kind != "word"
    held = step.line[0].kind == "number" or names_held(step)
    return held and (weight or (both and not unit))


def sets_of_load(step: Step) -> bool:
    """``5x5x225``: of three numbers the last is the load; it is taken here where it has no unit."""
    load, behind = amount_at(step, step.i)
    unit = unit_at(step, behind)[0]
    if unit:
        return dimension(unit) == "load"
    if load is None or load <= 20 or step.at(behind).kind in ("times", "-", "/"):
        return False
    first, step.i = step.line[step.i], behind
    put_load(step, first, step.line[behind - 1], load, None)
    return True


def max_of(step: Step, first: Token, value: float) -> None:
    """``3RM``: the heaviest three repetitions."""
    step.facts.notes.append(f"{int(value)}RM")
    many = "repetition" if value == 1 else "repetitions"
    step.info(first.start, f"{int(value)}RM is read as {int(value)} {many}; which load was the most is recorded",
              "write the load that is meant, such as 90%")  # fmt: skip


def read_question(step: Step, token: Token) -> None:
    """``?``: to be recorded; ``? kg`` is a load to be recorded."""
    step.i += 1
    unit, behind = unit_at(step, step.i)
    if unit:
        step.i = behind
        put_quantity(step, token, step.line[behind - 1], None, None, unit)
    elif step.facts.reps is None:
        step.facts.reps = Reps("record")


def read_at(step: Step, token: Token) -> None:
    """``@ 95 lb``, ``@ 80%``, ``@RPE 8``, ``@?``; anything else behind ``@`` is a note."""
    step.i += 1
    after = step.at(step.i)
    if after.kind == "time" and (on_at(step, token) or (swims(step) and on_send_off(step, token))):
        return
    if after.kind == "number":
        value, j = amount_at(step, step.i)
        women = None
        if value is not None and step.at(j).kind == "/" and step.at(j + 1).kind == "number":
            women, j = amount_at(step, j + 1)
        k = j
        while step.at(k).kind in ("-", "/") and step.at(k + 1).kind == "number":
            k += 2
        ranged = k > j and unit_at(step, k)[0]
        unit, k = unit_at(step, j)
        if value is not None and unit and dimension(unit) == "distance":  # @ 5k pace
            step.i = k + (step.word_at(k) == "pace")
            text = step.slice(token, step.line[step.i - 1])
            step.facts.notes.append(text)
            step.info(
                token.start, f"{text!r}, a pace, is kept as a note and not timed", "write a time for the distance"
            )
            return
        if value is None or unit or ranged:
            return  # the number says it itself
        if value == 2 and step.at(j).kind == "times" and step.at(j + 1).kind == "number":  # @ 2x50
            step.pair, step.i = True, j
            read_at(step, token)
            return
        first, last = after, step.line[j - 1]
        step.i = j
        if step.word_at(j) == "rpe":
            step.i += 1
            put_rpe(step, first, last, value)
        elif step.at(j).kind in ("word", "times") and step.at(j).glued:
            while step.at(step.i).glued:
                step.i += 1
            step.facts.notes.append(step.slice(token, step.line[step.i - 1]))
            step.info(token.start, "kept as a note: no load stands behind @", "write @ 95 lb, @ 80% or @RPE 8")
        elif women is None and step.facts.times_word and 6 <= value <= 10 and not names_held(step):  # 5x5 @8
            step.info(first.start, f"'@ {step.slice(first, last)}' behind sets is read as RPE",
                      f"write {step.slice(first, last)} {step.default_unit} for a load")  # fmt: skip
            put_rpe(step, first, last, value)
        else:
            put_load(step, first, last, value, women)
        return
    if after.kind == "?":
        step.i += 1
        unit, behind = unit_at(step, step.i)
        step.i = behind if unit else step.i
        unit = unit if unit and dimension(unit) == "load" else step.default_unit
        put_quantity(step, token, step.line[step.i - 1], None, None, unit)
        return
    if step.word_at(step.i) in ("rpe", "bw", "bodyweight") or after.kind == "time":
        return
    if after.kind == "word":
        start = step.i
        step.i = len(step.line)
        step.facts.notes.append(step.slice(token, step.line[-1]))
        step.info(step.line[start].start, "kept as a note: no load stands behind @", "write @ 95 lb, @ 80% or @RPE 8")
        return
    step.warn(token, "skipped '@': no load stands behind it", "write @ 95 lb, @ 80% or @RPE 8")


def read_times(step: Step, token: Token) -> None:
    """``x 5`` without a number in front: intervals or rounds where something is timed, else repetitions."""
    step.i += 1
    after = step.at(step.i)
    if after.kind != "number":
        return
    value, j = amount_at(step, step.i)
    few = value is not None and value <= 20  # 10 squats x 3, but not 5 Deadlifts x 100
    timed = (
        step.facts.kind in ("emom", "tabata", "amrap")
        or step.facts.work_ns is not None
        or bool(step.durations)
        or step.facts.distance is not None
        or step.facts.energy is not None
        or (few and (step.facts.reps is not None or any(not bare.behind_words for bare in step.bare)))
    )
    if value is None or unit_at(step, j)[0] or step.at(j).kind in ("-", "/"):
        return
    step.i = j
    if step.word_at(j) in ROUND_WORDS:
        step.i += 1
        timed = True
    if timed:
        put_rounds(step, after, value)
        step.facts.times_word = True
    else:
        put_reps(step, after, value, None)
