"""A movement on a line of its own is that of the sets and amounts below it: ``Back Squat`` / ``5x5 @ 80%``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts
from otelwod.workout.model import Movement, Reps
from otelwod.workout.movements import movement
from otelwod.workout.units import quantity
from otelwod.workout.wordlist import words

_PACES: Final = words("easy hard fast slow steady moderate relaxed sprint smooth race pace effort max")
"""Words behind an amount that say how, not what."""
_COVERS_GROUND: Final = re.compile(
    r"carr(?:y|ies)|walk|lunge|crawl|sled|drag|push_pull|prowler|run|sprint|shuttle|yoke", re.IGNORECASE
)


def names_only(facts: Facts) -> bool:
    """A known movement and nothing else."""
    return (
        facts.movement is not None
        and facts.movement.id is not None
        and facts.kind is None
        and not facts.choices
        and not facts.is_header
        and not (facts.reps or facts.load or facts.distance or facts.energy or facts.duration or facts.size)
    )


def _is_cardio(named: Movement) -> bool:
    return named.id is not None and named.id.startswith("cardio/")


def _paced(facts: Facts) -> bool:
    """``250 m easy``: all the words of the line say how it is done."""
    said = facts.movement
    known = said is not None and said.qualifier is None and said.id is None
    return known and said is not None and set(said.name.lower().split()) <= _PACES


def _bare_set(facts: Facts, named: Movement) -> bool:
    """Work without a movement: ``5x5 @ 80%``, ``3 @ 85%``, ``250 m``, ``:30``; or a scheme alone: ``5-5-3-3-1``."""
    if facts.kind not in (None, "emom") or facts.choices or facts.cap is not None:
        return False
    if facts.movement is not None and not _paced(facts):
        return False
    if facts.kind == "emom":  # 3 x 5 @ 75% every 2:30, 10 x 100 m on 1:45
        return facts.reps is not None or (facts.distance is not None and _is_cardio(named))
    sets = facts.rounds is not None or bool(facts.scheme)
    amount = facts.distance is not None or facts.energy is not None
    if amount and not sets:
        across = _is_cardio(named) or (facts.energy is None and _COVERS_GROUND.search(named.name) is not None)
        return across and not facts.size
    if facts.duration is not None and not facts.is_header:
        return facts.reps is None and facts.load is None and facts.duration.ns is not None
    if sets and facts.load is not None and facts.times_word and not facts.scheme and not amount:
        return True
    return facts.reps is not None or (bool(facts.scheme) and not facts.joined) or (sets and amount)


def _opens_bare_sets(drafts: list[Draft], j: int, named: Movement) -> bool:
    """``5x5 @ 75%, rest 2:00``: rounds of which the work in the same line has no movement."""
    head, inner = drafts[j], drafts[j + 1] if j + 1 < len(drafts) else None
    rounds = head.facts.rounds is not None and head.facts.kind is None and head.facts.movement is None
    if not rounds or inner is None or inner.line != head.line or inner.parent != j:
        return False
    return _bare_set(inner.facts, named)


def give_movements(found: Drafts) -> None:
    """Every line with nothing but a known movement gives it to the bare sets below it, and becomes a note."""
    drafts = found.drafts
    for i, draft in enumerate(drafts):
        named = draft.facts.movement
        if named is None or not names_only(draft.facts):
            continue
        inside = i + 1 < len(drafts) and drafts[i + 1].parent == i
        sets = _sets_below(drafts, i, named, inside)
        if not inside and sets and _heads_others(drafts, sets[-1]):
            sets.pop()
        if not inside and (not sets or drafts[i + 1].facts.kind == "rest"):
            continue
        if not inside and _goes_on(drafts, sets[-1]):
            sets = [j for j in sets if not _timed_only(drafts[j].facts)]
        if not sets:
            continue
        for j in sets:
            if _bare_set(drafts[j].facts, named):
                _give(found, drafts[j], named)
        if not inside:
            draft.facts = Facts(offset=draft.facts.offset, action=named.name, notes=draft.facts.notes)
        lines = "line" if len(sets) == 1 else f"{len(sets)} lines"
        found.say(draft, "info", f"{named.name[:60]!r} is read as the movement of the {lines} below",
                  "write it on each of them")  # fmt: skip


def _sets_below(drafts: list[Draft], i: int, named: Movement, inside: bool) -> list[int]:
    """The bare sets directly below a movement, the rests between them passed over."""
    sets: list[int] = []
    draft = drafts[i]
    for j in range(i + 1, len(drafts)):
        below = drafts[j]
        bare = _bare_set(below.facts, named)
        if sets and below.line == drafts[sets[-1]].line and below.parent is not None and below.parent >= i:
            if bare:
                sets.append(j)
            if bare or below.facts.kind == "rest":
                continue
            break
        if below.parent != (i if inside else draft.parent) or below.fence != draft.fence:
            break
        if _opens_bare_sets(drafts, j, named):
            sets.append(j)
            continue
        if (below.blank_before and not inside) or not (bare or below.facts.kind == "rest"):
            break
        if below.facts.kind != "rest":
            sets.append(j)
    return sets


def _give(found: Drafts, draft: Draft, named: Movement) -> None:
    """The movement for one set, and what its bare numbers are with it."""
    facts = draft.facts
    paced = facts.movement.name if facts.movement is not None else None
    facts = replace(facts, movement=movement(named.name, paced) if paced else named)
    if facts.reps is None and facts.load is not None and facts.rounds is not None:  # Set 1: 5 x 100 kg
        facts = replace(facts, reps=Reps("exact", facts.rounds, facts.rounds), rounds=None, times_word=False)
        found.say(draft, "info", "it is read as repetitions with a load", "write 3x5 for sets")
    metres = facts.reps.target if facts.reps is not None and facts.reps.women is None else None
    if facts.scheme and min(facts.scheme) >= 100 and _is_cardio(named):
        found.say(draft, "warning", "these numbers are read as repetitions", "write 100 m for metres")
    elif metres is not None and metres >= 100 and _is_cardio(named) and facts.distance is None:
        found.say(draft, "info", f"'{metres}' is read as metres", f"write {metres} m")
        facts = replace(facts, reps=None, distance=quantity(float(metres), "m", str(metres)))
    draft.facts = facts


def _timed_only(facts: Facts) -> bool:
    return facts.duration is not None and not (facts.reps or facts.distance or facts.energy or facts.is_header)


def _goes_on(drafts: list[Draft], last: int) -> bool:
    """Whether work follows the sets directly, which a time above it may be meant for (``Run``, ``20:00``, work)."""
    draft = drafts[last]
    behind = last + 1
    while behind < len(drafts) and drafts[behind].line == draft.line:
        behind += 1
    after = drafts[behind] if behind < len(drafts) else None
    if after is None or after.blank_before or after.fence != draft.fence or after.parent != draft.parent:
        return False
    return not names_only(after.facts) and after.facts.kind != "section"


def _heads_others(drafts: list[Draft], last: int) -> bool:
    """Whether the last set is a scheme above movements of its own (``Run``, ``21-15-9``, ``Thrusters``)."""
    facts = drafts[last].facts
    if not facts.scheme or facts.reps is not None or last + 1 == len(drafts):
        return False
    after = drafts[last + 1]
    return after.parent == last or (
        after.parent == drafts[last].parent and not after.blank_before and after.facts.movement is not None
    )
