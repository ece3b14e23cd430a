"""A header keeps its format and its lines whatever words stand in it: words that are no movement become its note."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts
from otelwod.workout.model import Duration
from otelwod.workout.nesting import next_siblings, rank

_MINUTE: Final = 60 * NANOS_PER_SECOND
_SETS: Final = re.compile(r"\bsets?\b", re.IGNORECASE)
"""``3 sets band walks`` may as well be work of its own; with a colon behind it is a header."""


def settle_headers(found: Drafts) -> None:
    """Words of a header that name no movement become its note, and so does a step of nothing but such words.

    Only where lines stand below it: ``AMRAP 10 Tyre flips`` alone is work of a movement that the table does not know.
    """
    drafts = found.drafts
    if not any(_worded(draft) for draft in drafts):
        return
    below = _lines_below(drafts)
    own: dict[int, list[int]] = {}
    for i, draft in enumerate(drafts):
        if draft.parent is not None and drafts[draft.parent].line == draft.line:
            own.setdefault(draft.parent, []).append(i)
    gone: set[int] = set()
    for i, draft in enumerate(drafts):
        if not below[i] or not _heads(draft):
            continue
        if _worded(draft):
            draft.facts = _without_words(found, draft, draft.facts)
        steps = own.get(i, [])
        if steps and all(_worded(drafts[k]) and not drafts[k].facts.reps for k in steps):
            for k in steps:
                said = _say(found, drafts[k])
                draft.facts = replace(draft.facts, notes=[*draft.facts.notes, said])
            gone.update(steps)
    if gone:
        found.rearrange(gone)


def _heads(draft: Draft) -> bool:
    """A header in the words of a board."""
    facts = draft.facts
    if facts.kind in ("amrap", "emom", "for_time", "tabata"):
        return True
    sets = _SETS.search(draft.text[:200]) is not None and not draft.text.endswith(":")
    return facts.adopts and facts.rounds is not None and not sets


def _worded(draft: Draft) -> bool:
    """Words that the table of movements does not know, and no amount of their own; quotes make any text a movement."""
    facts = draft.facts
    movement = facts.movement
    if movement is None or movement.id is not None or facts.choices or facts.kind in ("rest", "section"):
        return False
    if facts.distance is not None or facts.energy is not None:
        return False
    if facts.reps is not None and not (facts.reps.kind == "exact" and _length_taken(facts)):
        return False
    return f'"{movement.name}"' not in draft.text and f"\u201c{movement.name}\u201d" not in draft.text


def _length_taken(facts: Facts) -> bool:
    """``EMOM 12 foo``, ``AMRAP 12 foo``: without a length, its number was taken for repetitions."""
    return facts.assumed if facts.kind == "emom" else facts.kind == "amrap" and facts.duration is None


def _without_words(found: Drafts, draft: Draft, facts: Facts) -> Facts:
    said = _say(found, draft)
    kept = replace(facts, movement=None, load=None, size=None, reps=None, notes=[*facts.notes, said])
    minutes = facts.reps.low if facts.reps is not None else None
    if minutes and facts.kind == "emom":
        kept.rounds, kept.assumed = int(minutes), False
    elif minutes and facts.kind == "amrap":
        kept.duration = Duration(int(minutes) * _MINUTE, f"{int(minutes)} min")
    return kept


def _say(found: Drafts, draft: Draft) -> str:
    """The words, and the load with them, as a note that is said."""
    facts = draft.facts
    parts = [facts.movement.name if facts.movement is not None else ""]
    if facts.movement is not None and facts.movement.qualifier is not None:
        parts.append(f"({facts.movement.qualifier})")
    parts.extend(one.text for one in (facts.load, facts.size) if one is not None)
    if draft.facts.duration is not None and draft.facts.kind is None:
        parts.insert(0, draft.facts.duration.text)
    said = " ".join(parts)
    found.say(draft, "warning", f"{said[:80]!r} in a header is read as a note",
              "write work on a line of its own, or a text that is a movement in quotes")  # fmt: skip
    return said


def _lines_below(drafts: list[Draft]) -> bytearray:
    """Whether lines stand in a draft, or directly below it without being a header like it."""
    below = bytearray(len(drafts))
    following = next_siblings(drafts)
    for i, draft in enumerate(drafts):
        if draft.parent is not None and drafts[draft.parent].line != draft.line:
            below[draft.parent] = 1
        after = drafts[following[i]] if following[i] >= 0 else None
        if after is not None and not after.blank_before and rank(after.facts) > rank(draft.facts):
            below[i] = 1
    return below
