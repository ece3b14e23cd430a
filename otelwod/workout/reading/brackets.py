"""What stands in brackets: rounds, schemes, headers, caps, loads, qualifiers."""

from __future__ import annotations

from otelwod.workout.numbers import number
from otelwod.workout.reading.amounts import ROUND_WORDS
from otelwod.workout.reading.conclude import name_movement
from otelwod.workout.reading.counts import names_held
from otelwod.workout.reading.ladders import expanded
from otelwod.workout.reading.placing import put_rounds
from otelwod.workout.reading.step import Step
from otelwod.workout.remarks import Remarks
from otelwod.workout.tokens import Token


def read_bracket(step: Step, token: Token) -> None:
    """``(3)``, ``(21-15-9)``, ``(AMRAP)``, ``(cap 20:00)``, ``(95/65 lb)``; else it qualifies the movement."""
    depth, j = 0, step.i
    while j < len(step.line):
        kind = step.line[j].kind
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            break
        j += 1
    inner = step.line[step.i + 1 : j]
    if depth:
        step.error(token, "an opening bracket without a closing one", "write ) behind the text that it encloses")
        first = next((k for k, part in enumerate(inner) if part.kind != "open"), len(inner))
        inner = inner[first:]
        step.i = len(step.line)
        if not enclosed_count(step, token, inner):
            closed = [part for part in inner if part.kind not in ("open", "close")]
            step.line = closed
            step.i = 0
        return
    step.i = j + 1
    if not inner:
        step.warn(token, "skipped '()': it is empty", "write (3) for three rounds, or remove it")
    elif not enclosed_count(step, token, inner):
        enclosed(step, token, inner)


def enclosed_count(step: Step, token: Token, inner: list[Token]) -> bool:
    """``3``, ``3 rounds of``, ``21-15-9``, ``21,15,9`` in brackets."""
    values: list[float] = []
    kinds: set[str] = set()
    for k, part in enumerate(inner):
        if part.kind == "number":
            value = number(part.text)
            if value is None:
                step.error(part, "the number is out of range", "write a number up to 1,000,000,000")
                return True
            if part.text.count(",") and len(part.text) > 4 and len(inner) == 1 and value >= 1000:
                kinds.add("thousands")
            values.append(value)
        elif part.kind in ("-", ",", "ellipsis") or (part.kind == "/" and inner[k - 1].kind == "number"):
            kinds.add(part.kind)
        elif part.kind != "word" or part.text.lower() not in (*ROUND_WORDS, "of", "x", "reps"):
            return False
    if not values or "/" in kinds or (len(values) > 1 and not kinds):
        return False
    if len(values) == 1:
        put_rounds(step, inner[next(k for k, part in enumerate(inner) if part.kind == "number")], values[0])
        return True
    if any(v != int(v) or v < 1 for v in values):
        step.error(token, "this is not a rep scheme", "write whole numbers from 1, such as (21-15-9)")
        return True
    whole = tuple(map(int, values))
    if step.facts.rounds is not None or step.facts.scheme:
        step.warn(token, "skipped a rep scheme: the line has rounds already", "give it a line of its own")
        return True
    step.facts.scheme = expanded(step, token, whole) if "ellipsis" in kinds and len(whole) > 1 else whole
    return True


def enclosed(step: Step, token: Token, inner: list[Token]) -> None:
    """Brackets with words in them: a header, a cap, a load, a time, or a qualifier of the movement."""
    remarks = Remarks()
    sub = Step(step.content, [part for part in inner if part.kind != "open"], remarks, step.default_unit, step.scan)
    sub.held = names_held(step)
    if any(part.kind == "+" for part in inner):
        step.qualifiers.append(step.slice(inner[0], inner[-1]))  # Complex (1+1+1)
        return
    step.scan(sub)
    name_movement(sub)
    step.pair = step.pair or sub.pair
    found, facts = sub.facts, step.facts
    text = step.slice(inner[0], inner[-1])
    if found.movement is not None or found.reps is not None or found.kind == "rest":
        parts = listed(inner)
        if len(parts) > 1:  # (100 kg, slow)
            for part in parts:
                if any(token.kind in ("word", "time", "%", "#", "/") for token in part):
                    enclosed(step, part[0], part)
                else:
                    step.qualifiers.append(step.slice(part[0], part[-1]))
        elif found.kind == "rest" and sub.durations:
            facts.notes.append(text)
            step.warn(inner[0], f"{text!r} in brackets is kept as a note: no rest is taken",
                      f"write it behind the line: , {text}")  # fmt: skip
        else:
            step.qualifiers.append(text)
        return
    timed = bool(step.bare) or step.facts.reps is not None
    alone = found.kind is None and found.cap is None and found.work_ns is None and found.rounds is None
    if sub.durations and timed and alone and facts.kind is None and found.distance is None:
        for length in sub.durations:
            facts.notes.append(length.text)
            step.warn(token, f"{length.text!r} in brackets is kept as a note: it may be a rest, a pause or a cap",
                      f"write rest {length.text}, {length.text} pause, or cap {length.text}")  # fmt: skip
        sub.durations.clear()
    said = (
        found.load,
        found.size,
        found.distance,
        found.energy,
        found.cap,
        found.work_ns,
        found.kind,
        found.series or None,
    )
    if not sub.durations and not sub.bare and not found.scheme and all(one is None for one in said):
        step.qualifiers.append(text)
        return
    facts.kind = facts.kind or found.kind
    facts.adopts = facts.adopts or (found.kind is not None)
    facts.tabata_word = facts.tabata_word or found.tabata_word
    facts.cap = facts.cap or found.cap
    facts.load = facts.load or found.load
    facts.size = facts.size or found.size
    facts.distance = facts.distance or found.distance
    facts.energy = facts.energy or found.energy
    facts.series = facts.series or found.series
    facts.interval_ns = facts.interval_ns or found.interval_ns
    if facts.rounds is None and not facts.scheme:
        facts.rounds, facts.scheme = found.rounds, found.scheme
    elif found.rounds is not None and facts.inner_rounds is None:
        put_rounds(step, inner[0], found.rounds)  # 3 x (4 x 200 m)
    if facts.work_ns is None:
        facts.work_ns, facts.rest_ns = found.work_ns, found.rest_ns
    step.durations.extend(sub.durations)
    step.bare.extend(one._replace(behind_words=bool(step.words)) for one in sub.bare)
    for remark in remarks:
        step.remarks.add(remark)


def listed(inner: list[Token]) -> list[list[Token]]:
    """What commas separate, none of it empty."""
    parts: list[list[Token]] = [[]]
    for token in inner:
        if token.kind in (",", ";"):
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def read_square(step: Step, token: Token) -> None:
    """``[…]`` belongs to other notations: kept as a note, and said."""
    j = step.i
    while j < len(step.line) and step.line[j].kind != "]":
        j += 1
    if j == len(step.line):
        step.error(token, "an opening bracket without a closing one", "write ] behind the text, or remove [")
        step.i = j  # what it encloses is unknown
        return
    text = step.content[token.end : step.line[j].start].strip()
    step.i = j + 1
    text = " ".join(text.removeprefix(":").strip().removeprefix("!").split())
    if text:
        step.facts.notes.append(text)
    if step.facts.action is None:
        step.facts.action = text
    step.warn(token, f"{step.slice(token, step.line[j])!r} is kept as a note: square brackets mean nothing here",
              "remove it, or write it without brackets if it is to be done")  # fmt: skip
