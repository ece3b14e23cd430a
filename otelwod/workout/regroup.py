"""What a line takes from the lines next to it: bare sets their movement, sets the rest between them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts
from otelwod.workout.line import chosen, head_and_work
from otelwod.workout.model import Reps
from otelwod.workout.parts import SCALINGS, is_part
from otelwod.workout.remarks import Remarks

_BETWEEN: Final = re.compile(r"\b(?:between|b ?/ ?w|btw|after each|after every|each set|each round)\b", re.IGNORECASE)

_AMONG: Final = re.compile(
    r"\b(?:between|btw|b ?/ ?w) (?:the )?(?:exercise|movement|station|tabata|block)s?\b", re.IGNORECASE
)


def regroup(found: Drafts) -> None:
    """All rules, for texts in which they can apply."""
    names = rests = levels = supersets = times = False
    for draft in found.drafts:
        facts = draft.facts
        levels = levels or bool(facts.level)
        supersets = supersets or (bool(facts.notes) and _paired(facts) == 2)
        times = times or _lone_time(facts)
        rests = rests or facts.kind == "rest"
        names = names or (facts.movement is not None and _names_only(facts))
    if levels:
        _choose(found)
    if supersets:
        _alternate(found)
    if times:
        _say_lone_times(found)
    if names:
        _give_movements(found)
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


# --------------------------------------------------------------------------------------- Back Squat / 5x5 @ 80%


def _names_only(facts: Facts) -> bool:
    """A known movement and nothing else."""
    return (
        facts.movement is not None
        and facts.movement.id is not None
        and facts.kind is None
        and not facts.choices
        and not facts.is_header
        and not (facts.reps or facts.load or facts.distance or facts.energy or facts.duration or facts.size)
    )


def _bare_set(facts: Facts) -> bool:
    """Work without a movement: ``5x5 @ 80%``, ``3 @ 85%``, ``5 x 400 m``; or a scheme alone: ``5-5-3-3-1``."""
    if facts.movement is not None or facts.kind not in (None, "emom") or facts.choices or facts.cap is not None:
        return False
    if facts.kind == "emom":
        return facts.reps is not None  # 3 x 5 @ 75% every 2:30
    sets = facts.rounds is not None or bool(facts.scheme)
    amount = facts.distance is not None or facts.energy is not None
    if sets and facts.load is not None and facts.times_word and not facts.scheme and not amount:
        return True
    return facts.reps is not None or (bool(facts.scheme) and not facts.joined) or (sets and amount)


def _opens_bare_sets(drafts: list[Draft], j: int) -> bool:
    """``5x5 @ 75%, rest 2:00``: rounds of which the work in the same line has no movement."""
    head, inner = drafts[j], drafts[j + 1] if j + 1 < len(drafts) else None
    rounds = head.facts.rounds is not None and head.facts.kind is None and head.facts.movement is None
    return rounds and inner is not None and inner.line == head.line and inner.parent == j and _bare_set(inner.facts)


def _give_movements(found: Drafts) -> None:
    drafts = found.drafts
    for i, draft in enumerate(drafts):
        if not _names_only(draft.facts):
            continue
        inside = i + 1 < len(drafts) and drafts[i + 1].parent == i
        sets: list[int] = []
        for j in range(i + 1, len(drafts)):
            below = drafts[j]
            if sets and below.line == drafts[sets[-1]].line and below.parent is not None and below.parent >= i:
                if _bare_set(below.facts):
                    sets.append(j)
                if _bare_set(below.facts) or below.facts.kind == "rest":
                    continue
                break
            if below.parent != (i if inside else draft.parent) or below.fence != draft.fence:
                break
            if _opens_bare_sets(drafts, j):
                sets.append(j)
                continue
            if (below.blank_before and not inside) or not (_bare_set(below.facts) or below.facts.kind == "rest"):
                break
            if below.facts.kind != "rest":
                sets.append(j)
        if not sets or (not inside and (drafts[i + 1].facts.kind == "rest" or _heads_others(drafts, sets[-1]))):
            continue
        for j in sets:
            if not _bare_set(drafts[j].facts):
                continue
            facts = replace(drafts[j].facts, movement=draft.facts.movement)
            if facts.reps is None and facts.load is not None and facts.rounds is not None:  # Set 1: 5 x 100 kg
                facts = replace(facts, reps=Reps("exact", facts.rounds, facts.rounds), rounds=None, times_word=False)
                found.say(drafts[j], "info", "it is read as repetitions with a load", "write 3x5 for sets")
            known = facts.movement.id if facts.movement is not None else None
            if facts.scheme and min(facts.scheme) >= 100 and known is not None and known.startswith("cardio/"):
                found.say(drafts[j], "warning", "these numbers are read as repetitions", "write 100 m for metres")
            drafts[j].facts = facts
        name = draft.facts.movement.name if draft.facts.movement is not None else ""
        if not inside:
            draft.facts = Facts(offset=draft.facts.offset, action=name, notes=draft.facts.notes)
        lines = "line" if len(sets) == 1 else f"{len(sets)} lines"
        found.say(draft, "info", f"{name[:60]!r} is read as the movement of the {lines} below",
                  "write it on each of them")  # fmt: skip


def _heads_others(drafts: list[Draft], last: int) -> bool:
    """Whether the last set is a scheme above movements of its own (``Run``, ``21-15-9``, ``Thrusters``)."""
    facts = drafts[last].facts
    if not facts.scheme or facts.reps is not None or last + 1 == len(drafts):
        return False
    after = drafts[last + 1]
    return after.parent == last or (
        after.parent == drafts[last].parent and not after.blank_before and after.facts.movement is not None
    )


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
            if any(map(_AMONG.search, facts.notes)):
                found.say(draft, "warning", "it is read as one rest, behind the line above",
                          "write it behind each line that it follows")  # fmt: skip
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
