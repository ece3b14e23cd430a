"""The end of a step: what the bare numbers, the times and the words are."""

from __future__ import annotations

from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.facts import Facts, has_equipment, is_section, resize
from otelwod.workout.model import Duration, Reps
from otelwod.workout.movements import lookup, movement
from otelwod.workout.numbers import clock
from otelwod.workout.reading.amounts import in_pool
from otelwod.workout.reading.placing import put_load, put_minutes, put_quantity, put_reps
from otelwod.workout.reading.step import Step
from otelwod.workout.remarks import Remark
from otelwod.workout.tokens import Token
from otelwod.workout.units import SIZES_BY_MOVEMENT, doubled

_TRAILING: Final = frozenset({"to", "at", "with", "of", "and", "in", "the", "a"})
IMPLEMENTS: Final = frozenset({"dbs", "kbs", "dumbbells", "kettlebells"})
"""Words for two of a kind, one in each hand."""
_WITH: Final = frozenset({"with", "w", "using"})
_PER_SIDE: Final = frozenset({"each", "ea", "per", "side", "arm", "leg", "hand", "way"})


def conclude(step: Step) -> None:
    """Decide what the bare numbers, the times and the words are."""
    facts = step.facts
    name_movement(step)
    if facts.kind == "emom":
        finish_emom(step)
    elif facts.kind == "tabata" or facts.work_ns is not None:
        finish_tabata(step)
    elif facts.kind == "amrap" and not step.durations and step.bare and not step.bare[0].behind_words:
        head = step.bare[0]
        if facts.movement is None or len(step.bare) > 1:
            step.bare.pop(0)
            put_minutes(step, step.token_of(head), head.value)
    elif facts.kind == "amrap" and not step.durations and not step.bare:
        settle_sets(step)
    place_bare(step)
    if step.bodyweight is not None:
        settle_bodyweight(step, step.bodyweight)
    settle(step)
    size = facts.size
    if size is not None and size.unit in SIZES_BY_MOVEMENT and facts.distance is not None and not _boxed(facts):
        facts.size = None
        step.said(f"skipped {size.text!r}: the line has a distance already", "give it a line of its own")
    if step.pair and facts.load is not None and facts.load.unit in ("lb", "kg", "pood"):
        facts.load = doubled(facts.load)
    if facts.kind in ("emom", "tabata"):
        for extra in step.durations:
            step.said(f"skipped {extra.text!r}: the intervals have their length", "give it a line of its own")
        step.durations.clear()
    if step.durations:
        facts.duration = step.durations[0]
        if facts.kind is None and facts.reps is not None and facts.load is not None and facts.times_word:
            length = facts.duration.text
            step.info(facts.offset, f"{length!r} is read as the time of each set",
                      f"write rest {length}, or {length} pause if it is that")  # fmt: skip
        own = facts.kind is None and facts.has_work and not facts.is_header
        if own:
            facts.later = tuple(step.durations[1:])
        for extra in step.durations[1:]:
            if own:
                step.said(f"{extra.text!r}, the second time of the line, is read as a step of its own",
                          "give it a line of its own, or write Rest in front of it")  # fmt: skip
            else:
                step.said(f"skipped {extra.text!r}: the line has a time already", "give it a line of its own")
    if step.direction_up or step.required:
        step.remarks.add(Remark(facts.offset, "warning", "skipped a mark without a time", "write ^5:00 or *1:00"))


def settle_sets(step: Step) -> None:
    """``3 x AMRAP Push-ups``: without a time they are sets of as many as it goes."""
    facts = step.facts
    behind = facts.movement is None and bool(step.line) and step.line[0].start > 0
    if not facts.times_word or facts.rounds is None or facts.reps is not None or not (facts.movement or behind):
        return
    if facts.distance is None and facts.energy is None and facts.cap is None:
        facts.kind, facts.adopts, facts.reps = None, False, Reps("max")
        step.info(facts.offset, "an AMRAP without a time is read as sets of as many repetitions as possible",
                  f"write {facts.rounds} x max, or {facts.rounds} x AMRAP 2 for two minutes each")  # fmt: skip


_UNLOADED: Final = ("_up", "dip", "air_squat", "pistol", "handstand", "ring_row", "wall_", "_hold", "jump", "burpee")
"""Parts of the ids of movements in which the athlete lifts nothing else."""


def settle_bodyweight(step: Step, token: Token) -> None:
    """``Bench press bw`` has a load of one body weight; ``20 Pull-ups bw`` only says that there is none."""
    facts = step.facts
    known = facts.movement.id if facts.movement is not None else None
    if facts.load is not None:
        step.warn(token, f"skipped {token.text!r}: the line has a load already", "give it a line of its own")
    elif known is not None and any(part in known for part in _UNLOADED):
        facts.notes.append(token.text)
        step.info(token.start, f"{token.text!r} is kept as a note: no load is added", "write 1 bw for a load")
    else:
        put_quantity(step, token, token, 1.0, None, "bw")


def settle(step: Step) -> None:
    """Facts that do not go with the kind of the line are said and left out."""
    facts = step.facts
    counted = facts.rounds is not None or bool(facts.scheme)
    if facts.kind is None and counted and facts.adopts and step.durations and not (facts.times_word or facts.has_work):
        step.info(facts.offset, f"{step.durations[0].text} is read as the cap of these rounds",
                  f"write (cap {step.durations[0].text})")  # fmt: skip
        facts.kind = "for_time"
    if facts.cap is not None and facts.kind is None and (counted or facts.has_work):
        facts.kind, facts.adopts = "for_time", True
    if facts.kind == "for_time" and facts.cap is None and step.durations:
        length = step.durations.pop(0)
        facts.cap = Duration(length.ns, length.text) if length.ns else None
    if facts.kind == "for_time" or facts.cap is not None:
        for extra in step.durations:
            step.said(f"skipped {extra.text!r}: work for time has a cap and no other time", "give it a line of its own")
        step.durations.clear()
    if facts.inner_rounds is not None and facts.kind is not None:
        step.said(f"skipped {facts.inner_rounds}: the line has rounds already", "give it a line of its own")
        facts.inner_rounds = None
    if facts.kind != "emom":
        facts.interval_ns = None
    whole = (facts.work_ns or 0) + (facts.rest_ns or 0)
    if facts.kind == "emom" and facts.work_ns and whole == facts.interval_ns and facts.rounds is not None:
        facts.kind = "tabata"  # EMOM 12 (40 s work / 20 s rest)
        step.info(facts.offset, f"it is read as {facts.rounds} intervals of this work and rest",
                  f"write ({facts.rounds}) {clock(facts.work_ns)} / {clock(facts.rest_ns or 0)}")  # fmt: skip
    if facts.kind != "tabata" and facts.work_ns is not None:
        facts.work_ns = facts.rest_ns = None
        step.said("skipped work and rest: the line is of another kind", "give them a line of their own")
    if facts.kind is None and facts.times_word and facts.rounds is not None and len(step.line) == 2:
        facts.adopts = True  # 5x, and the work on the lines below
    if facts.kind is None and is_section(facts) and not step.durations:
        facts.kind, facts.adopts = "section", True
    if facts.kind == "emom" and len(set(facts.scheme)) == 1 and facts.reps is None:  # 1-1-1-1-1 Snatch every 90 s
        put_reps(step, step.line[0], facts.scheme[0], None)
        facts.scheme = ()
    if facts.kind in ("emom", "tabata") and facts.scheme:
        facts.scheme = ()
        step.said(
            "skipped the rep scheme: intervals have none", "write the repetitions of each interval on its own line"
        )
    if facts.kind == "rest":
        for slot in ("reps", "load", "distance", "energy", "size"):
            found = getattr(facts, slot)
            if found is not None:
                setattr(facts, slot, None)
                step.said(f"skipped the {slot} of a rest", "give the work a line of its own")
    if facts.cap is not None and facts.kind not in (None, "for_time"):
        facts.cap = None
        step.said("skipped the cap: the line has a length of its own", "write the cap on a line with For Time")


def name_movement(step: Step) -> None:
    facts, words = step.facts, step.words
    if facts.kind == "rest":
        if words:
            facts.notes.append(" ".join(words))
        facts.notes.extend(step.qualifiers)
        return
    if step.pair and len(words) > 1 and words[-1].lower() in IMPLEMENTS and lookup(" ".join(words)) is None:
        words.pop()  # lunge DBs 50/35: what is held, not what is done
    while len(words) > 1 and not step.literal and words[-1].lower() in _TRAILING:
        words.pop()
    if len(words) > 1 and not step.literal and words[0].lower() in _WITH:
        rest = words[2 if words[1].lower() in ("a", "an", "one", "the") else 1 :]
        if lookup(" ".join(rest)) is not None:
            words[:] = rest  # AMRAP 12 with a 20 kg KB swing
    side: list[str] = []
    if not step.literal:
        while len(words) > 1 and words[-1].lower() in _PER_SIDE:
            side.append(words.pop())
    if side:
        step.qualifiers.insert(0, " ".join(reversed(side)))
    if not words:
        if step.qualifiers:
            step.said(f"skipped ({step.qualifiers[0]}): no movement stands with it",
                      "write it behind a movement, or use // for a note")  # fmt: skip
            facts.notes.extend(step.qualifiers)
        return
    facts.movement = movement(" ".join(words), ", ".join(step.qualifiers) or None)
    resize(facts)


def finish_emom(step: Step) -> None:
    facts, minute = step.facts, 60 * NANOS_PER_SECOND
    if facts.rounds is None and facts.scheme and not step.durations:
        facts.rounds = len(facts.scheme)
    length = step.durations.pop(0) if step.durations else None
    ns = length.ns if length is not None and length.ns else None
    if facts.rounds is None and step.bare and (facts.movement is None or len(step.bare) > 1 or ns is None):
        head = step.bare[0]
        leading = not head.behind_words and (facts.movement is None or len(step.bare) > 1)
        if leading and head.women is None and head.value == int(head.value) and head.value >= 1:
            step.bare.pop(0)
            if facts.interval_ns is not None and facts.interval_ns != minute and not facts.times_word:
                ns = int(head.value) * minute
                step.info(head.offset, f"{int(head.value)} is read as minutes", f"write x {int(head.value)} for rounds")
            else:
                facts.rounds = int(head.value)
    if facts.interval_ns is None:
        if facts.rounds is not None:
            facts.interval_ns = ns or minute
        elif ns is None:
            facts.rounds, facts.interval_ns, facts.assumed = 10, minute, True
        elif ns <= minute:
            facts.rounds, facts.interval_ns = 10, ns
            step.info(facts.offset, "an EMOM without a count is read as 10 intervals", f"write (10) {clock(ns)} EMOM")
        else:
            facts.interval_ns = minute
            facts.rounds = divided(step, ns, minute)
    elif facts.rounds is None:
        if ns is None:
            facts.rounds = 10
            step.info(facts.offset, "intervals without a count are read as 10", "write x 10 behind it")
        else:
            facts.rounds = divided(step, ns, facts.interval_ns)


def divided(step: Step, total: int, interval: int) -> int:
    count = max(1, total // interval)
    if count * interval != total:
        step.info(
            step.facts.offset,
            f"{clock(total)} holds {count} whole intervals of {clock(interval)}",
            f"write x {count} behind the interval",
        )
    return count


def finish_tabata(step: Step) -> None:
    facts = step.facts
    second = NANOS_PER_SECOND
    if facts.kind is None:
        facts.kind = "tabata"
        facts.adopts = True
    if facts.rounds is None and step.bare and not step.bare[0].behind_words and facts.movement is None:
        head = step.bare.pop(0)
        facts.rounds = int(head.value) if head.value >= 1 else None
    if facts.work_ns is None:
        length = step.durations.pop(0) if step.durations else None
        ns = length.ns if length is not None else None
        if ns is not None and facts.rounds is None and ns >= 60 * second and ns % (30 * second) == 0:
            facts.rounds = ns // (30 * second)
            ns = None
        facts.work_ns = ns or 20 * second
        facts.rest_ns = 10 * second
        if ns is not None and ns != 20 * second:
            step.info(facts.offset, "the rest of each interval is read as :10", f"write {clock(ns)} / :10")
    if facts.rest_ns is None:
        facts.rest_ns = 0
    if facts.rounds is None:
        if facts.tabata_word:
            facts.rounds = 8
        elif step.durations and step.durations[0].ns:
            length_ns = step.durations.pop(0).ns or 0
            facts.rounds = divided(step, length_ns, max(1, facts.work_ns + facts.rest_ns))
        else:
            facts.rounds, facts.assumed = 1, True
    if facts.work_ns == 0:
        step.remarks.add(Remark(facts.offset, "error", "an interval without work", "write (8) :20 / :10"))


def _boxed(facts: Facts) -> bool:
    """Whether the movement has a box, a target or a rope, of which a length is the size."""
    return facts.movement is not None and has_equipment(facts.movement.name)


def _is_cardio(facts: Facts) -> bool:
    """Whether the line moves along and says no distance yet."""
    known = facts.movement.id if facts.movement is not None else None
    amount = facts.reps or facts.distance or facts.energy
    return known is not None and known.startswith("cardio/") and not amount


def _laps(step: Step, value: float) -> bool:
    """Whole lengths of a pool in front of a stroke."""
    amount = step.facts.reps or step.facts.distance or step.facts.energy
    return value >= 25 and value % 25 == 0 and not amount and in_pool(step.words)


def place_bare(step: Step) -> None:
    """What is left of the bare numbers: repetitions first, then a load without a unit."""
    facts = step.facts
    for bare in step.bare:
        token = step.token_of(bare)
        if bare.women is not None and bare.women > bare.value:
            step.warn(token, f"skipped {token.text!r}: two numbers without a unit",
                      f"write {token.text} {step.default_unit} for a load, or 10 reps")  # fmt: skip
        elif bare.women is not None and facts.movement is not None and "box" in facts.movement.name.lower():
            step.info(bare.offset, f"{token.text!r} is read as inches", f"write {token.text} in")
            put_quantity(step, token, token, bare.value, bare.women, "in")
        elif bare.women is not None and bare.behind_words:
            put_load(step, token, token, bare.value, bare.women)
        elif bare.behind_words and bare.value >= 100 and _is_cardio(facts):  # Row 500
            step.info(bare.offset, f"{token.text!r} is read as metres", f"write {token.text} m")
            put_quantity(step, token, token, bare.value, bare.women, "m")
        elif _laps(step, bare.value) and bare.women is None:  # 8x50 kick
            step.info(bare.offset, f"{token.text!r} is read as metres", f"write {token.text} m")
            put_quantity(step, token, token, bare.value, None, "m")
        elif facts.reps is None and facts.kind != "rest":
            put_reps(step, token, bare.value, bare.women)
        elif bare.women is not None and facts.load is None:
            put_load(step, token, token, bare.value, bare.women)
        else:
            step.warn(token, f"skipped {token.text!r}: a number without a unit",
                      f"write {token.text} {step.default_unit} for a load, {token.text} m for a distance")  # fmt: skip
