"""What a line takes from the lines next to it: bare sets their movement, sets the rest between them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts
from otelwod.workout.heading_movements import give_movements, names_only
from otelwod.workout.line import chosen, head_and_work
from otelwod.workout.parts import SCALINGS, is_part
from otelwod.workout.remarks import Remarks

_BETWEEN: Final = re.compile(r"\b(?:between|b ?/ ?w|btw|after each|after every|each set|each round)\b", re.IGNORECASE)


def regroup(found: Drafts) -> None:
    """All rules, for texts in which they can apply."""
    names = rests = levels = supersets = times = False
    for draft in found.drafts:
        facts = draft.facts
        levels = levels or bool(facts.level)
        supersets = supersets or (bool(facts.notes) and _paired(facts) == 2)
        times = times or _lone_time(facts)
        rests = rests or facts.kind == "rest"
        names = names or (facts.movement is not None and names_only(facts))
    if levels:
        _choose(found)
    if supersets:
        _alternate(found)
    if names:
        give_movements(found)
    if times:
        _say_lone_times(found)
    if rests:
        _open_sets(found)


# ------------------------------------------------------------------------------- A1: 4x6 Press / A2: 4x8 Rows


def _paired(facts: Facts) -> int:
    """The number in the label of sets that take turns with others (``A2.``), or 0."""
    match = _PAIR.fullmatch(facts.notes[0]) if facts.notes else None
    plain = facts.rounds is not None and facts.kind is None and facts.has_work and facts.inner_rounds is None
    return int(match[2]) if match is not None and plain else 0


_PAIR: Final = re.compile(r"([A-Ga-g])([1-9])")


def _alternate(found: Drafts) -> None:
    """``A1``, ``A2`` with as many sets each are rounds of both, and so is the rest below them."""
    index: list[int] = []
    built: list[Draft] = []
    drafts = found.drafts
    head, until = -1, -1
    for i, draft in enumerate(drafts):
        parent = None if draft.parent is None else index[draft.parent]
        if i > until and (end := _end_of_pairs(drafts, i)) > i + 1:
            head, until = len(built), end - 1
            first = draft.facts
            built.append(Draft(draft.line, draft.column, parent, Facts(offset=first.offset, rounds=first.rounds),
                               draft.text, draft.blank_before, draft.fence))  # fmt: skip
            names = f"{first.notes[0]} to {drafts[_last_pair(drafts, end)].facts.notes[0]}"
            found.say(draft, "info", f"{names} are read as {first.rounds} rounds of one behind the other",
                      "give them labels such as A and B to do them one after the other")  # fmt: skip
        if i <= until:
            parent = head
            draft.facts = replace(draft.facts, rounds=None, times_word=False, adopts=False)
            draft.blank_before = False
        draft.parent = parent
        index.append(len(built))
        built.append(draft)
    found.drafts = built


def _end_of_pairs(drafts: list[Draft], start: int) -> int:
    """The index behind a run of such lines, the rest below it among them."""
    first, end = drafts[start], start
    while end < len(drafts) and drafts[end].parent == first.parent and drafts[end].fence == first.fence:
        facts = drafts[end].facts
        if _paired(facts) != end - start + 1 or facts.rounds != first.facts.rounds:
            break
        if facts.notes[0][0].lower() != first.facts.notes[0][0].lower():
            break
        end += 1
    if start + 1 < end < len(drafts) and drafts[end].facts.kind == "rest" and not drafts[end].blank_before:
        end += drafts[end].parent == first.parent
    above = drafts[end].parent if end < len(drafts) else None
    return end if above is None or above < start else start  # a line with lines of its own


def _last_pair(drafts: list[Draft], end: int) -> int:
    return end - 1 if drafts[end - 1].facts.kind != "rest" else end - 2


# --------------------------------------------------------------------------------------- 12 min / 10 burpees


def _lone_time(facts: Facts) -> bool:
    """A time and nothing else."""
    alone = facts.duration is not None and facts.kind is None and not facts.is_header and not facts.has_work
    return alone and not facts.notes and facts.load is None and facts.size is None


def _say_lone_times(found: Drafts) -> None:
    """A time above lines that it does not hold is waited for, and that is said."""
    for before, draft in pairwise(found.drafts):
        follows = before.parent == draft.parent and before.line != draft.line and not draft.blank_before
        if follows and _lone_time(before.facts) and draft.facts.has_work and draft.facts.duration is None:
            found.say(before, "warning", "a time alone: it runs out before the lines below begin",
                      "write AMRAP in front of it, or indent the lines that are done in it")  # fmt: skip


# -------------------------------------------------------------------------- Rx: 10 Pull-ups / Scaled: 10 Ring rows


def _choose(found: Drafts) -> None:
    """A line for other athletes, directly below one with such a label, is another choice of that line."""
    first: Draft | None = None
    before: Draft | None = None
    others: list[Facts] = []
    for draft in found.drafts:
        facts = draft.facts
        if not facts.level:
            _join(first, others)
            first = before = None
            continue
        follows = before is not None and not draft.blank_before and before.parent == draft.parent
        if first is not None and follows:
            others.append(replace(facts, notes=[], values={}))
            draft.facts = Facts(action=draft.text[:80])
            found.say(draft, "info", f"{draft.text[:40]!r} is read as another choice of the line above",
                      "write A | B in one line")  # fmt: skip
        else:
            _join(first, others)
            first = draft
            if facts.level in SCALINGS:
                first = None
                draft.facts = Facts(action=draft.text[:80])
                found.say(draft, "warning", f"skipped {draft.text[:40]!r}: a workout has one prescription",
                          "write the other one as a workout of its own")  # fmt: skip
        before = draft
    _join(first, others)


def _join(first: Draft | None, others: list[Facts]) -> None:
    """End a run of choices."""
    if first is not None and others:
        own = replace(first.facts, choices=())
        first.facts = chosen([own, *first.facts.choices[1:], *others], Remarks())
    others.clear()


# ------------------------------------------------------------------------------- 5x5 Back Squat / Rest 2:00 between


def _open_sets(found: Drafts) -> None:
    """Sets on one line with a rest between them become rounds that hold both; no work gets lost above a rest."""
    drafts = found.drafts
    only_rests: dict[int, list[int]] = {}
    others: set[int] = set()
    before: dict[tuple[int, int | None], int] = {}
    moved: dict[int, int | None] = {}
    opened: set[int] = set()
    for i, draft in enumerate(drafts):
        facts, place = draft.facts, (draft.fence, draft.parent)
        if draft.parent is not None:
            if facts.kind == "rest" or facts.is_aside:
                only_rests.setdefault(draft.parent, []).append(i)
            else:
                others.add(draft.parent)
        above = before.get(place)
        if facts.kind == "rest" and above is not None and not draft.blank_before:
            sets = drafts[above].facts
            if sets.kind in (None, "for_time") and (sets.rounds is not None or sets.scheme):
                if any(map(_BETWEEN.search, facts.notes)):
                    if sets.has_work or above in only_rests or above in others:
                        moved[i] = above
                        if sets.has_work:
                            opened.add(above)
                elif facts.duration is not None and sets.has_work and draft.parent is None:
                    found.say(draft, "info", "it is read as one rest behind all sets of the line above",
                              "write Rest 2:00 between sets, or indent it")  # fmt: skip
        before[place] = i
    for i, below in only_rests.items():
        facts = drafts[i].facts
        if i in others or not facts.has_work or facts.kind not in (None, "for_time"):
            continue
        if facts.rounds is not None or facts.scheme:
            opened.add(i)
        elif facts.kind is None and not (facts.movement is not None and is_part(facts.movement.name.partition(" ")[0])):
            # a rest below one step comes behind it
            moved.update((j, drafts[i].parent) for j in below if drafts[j].facts.kind == "rest")
    for i, parent in moved.items():
        drafts[i].parent = parent
    if opened:
        _insert_work(found, opened)


def _insert_work(found: Drafts, opened: set[int]) -> None:
    """The work of a header as its first child."""
    index: list[int] = []
    built: list[Draft] = []
    for i, draft in enumerate(found.drafts):
        index.append(len(built))
        if draft.parent is not None:
            draft.parent = index[draft.parent]
        built.append(draft)
        if i in opened:
            head, work = head_and_work(draft.facts)
            if work is not None:
                draft.facts = head
                built.append(Draft(draft.line, draft.column, index[i], work, draft.text, False, draft.fence))
    found.drafts = built
