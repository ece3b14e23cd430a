"""What belongs to what where indentation does not say it: whiteboard headers, and caps on lines of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts
from otelwod.workout.model import Duration
from otelwod.workout.parts import SECTIONS
from otelwod.workout.wordlist import words

_ONCE: Final = words("cash-out cashout buy-in buyin")
_ENDS: Final = re.compile(r"(?:cash|buy)[ -]?(?:out|in)\b|then\b", re.IGNORECASE)
_CASH_OUT: Final = re.compile(r"\bcash[ -]?out\b", re.IGNORECASE)
"""What is done once, before or behind a block without indentation."""


_SECTIONED: Final = re.compile(
    rf"(?:{'|'.join(sorted(SECTIONS - _ONCE))})(?: [a-z0-9])?(?:\s?:|\s[-\u2013\u2014])\s*\S", re.IGNORECASE
)
"""A line that begins a part and says what it is at once."""


def attach_caps(found: Drafts) -> tuple[dict[int, Duration], frozenset[int]]:
    """A line with nothing but a cap belongs to the header that it stands under, behind or before.

    Gives the caps by draft, and the drafts that are used up.
    """
    drafts = found.drafts
    capped = _lone_caps(drafts)
    if not capped:
        return {}, frozenset()
    caps: dict[int, Duration] = {}
    before: dict[tuple[int, int | None], int] = {}
    waiting: dict[tuple[int, int | None], int] = {}
    for i, draft in enumerate(drafts):
        facts, place = draft.facts, (draft.fence, draft.parent)
        if i in capped and facts.cap is not None:
            above = draft.parent if draft.parent is not None and _takes_cap(drafts[draft.parent].facts) else None
            target = above if above is not None else before.get(place)
            if target is None:
                waiting[place] = i
            else:
                caps[target] = facts.cap
        elif _takes_cap(facts):
            if facts.kind == "for_time" or place not in before:
                before[place] = i
            cap = drafts[waiting.pop(place)].facts.cap if place in waiting else None
            if cap is not None:
                caps[i] = cap
    for i in waiting.values():
        found.say(drafts[i], "warning", "skipped the cap: nothing here takes one",
                  "write For Time (cap 20:00) above the lines that it limits")  # fmt: skip
    return caps, frozenset(capped)


def _lone_caps(drafts: list[Draft]) -> set[int]:
    """The lines with nothing but a cap, in which nothing stands but other such lines."""
    if not any(_cap_only(draft.facts) for draft in drafts):
        return set()
    holding = bytearray(len(drafts))
    capped: set[int] = set()
    for i in range(len(drafts) - 1, -1, -1):  # children before their parents
        parent = drafts[i].parent
        if not holding[i] and _cap_only(drafts[i].facts):
            capped.add(i)
        elif parent is not None:
            holding[parent] = 1
    return capped


def adopt(found: Drafts, caps: dict[int, Duration], dropped: frozenset[int]) -> None:
    """Give a whiteboard header without indented lines the lines that follow it.

    Sections hold workouts, workouts hold rounds, rounds hold work; a blank line behind the first adopted one ends all
    but a section; a rest in front of the next workout stands between the two.
    """
    drafts = found.drafts
    has_children = bytearray(len(drafts))
    for i, draft in enumerate(drafts):
        if draft.parent is not None and i not in dropped and not _own_rest(drafts, draft):
            has_children[draft.parent] = 1
    following = next_siblings(drafts)
    open_headers: dict[tuple[int, int | None], list[tuple[float, int]]] = {}
    adopted: dict[int, int] = {}
    for i, draft in enumerate(drafts):
        if i in dropped:
            continue
        facts = draft.facts
        own: float = 1 if i in caps else rank(facts)
        works = facts.has_work and facts.kind != "section"
        adopter = (facts.adopts or i in caps) and not has_children[i] and not works
        target = i
        if facts.assumed and facts.kind == "tabata":
            own = 4 if works else 3 if _inside_repeats(drafts, open_headers.get((draft.fence, draft.parent))) else 1
        if facts.part:
            own = min(own, 1)
        if facts.wraps and not has_children[i + 1] and not drafts[i + 1].facts.has_work:
            own, adopter, target = 1, True, i + 1
        place = (draft.fence, draft.parent)
        headers = open_headers.get(place)
        if headers is None:
            if adopter:
                open_headers[place] = [(own, target)]
            continue
        if _SECTIONED.match(draft.text) is not None:  # Strength: 5x5 Squat ends the part before
            headers.clear()
        if draft.blank_before:
            while headers and headers[-1][0] > 0 and headers[-1][1] in adopted:
                headers.pop()
        if facts.kind == "rest" and following[i] >= 0 and rank(drafts[following[i]].facts) <= 1:
            own = 1
        if facts.kind == "rest" and headers and headers[-1][1] not in adopted:
            above = drafts[headers[-1][1]].facts
            own = 1 if above.kind == "amrap" else own  # no AMRAP begins with a rest
        if adopter and own == 1 and headers and _opens(drafts, headers[-1], adopted) and not draft.blank_before:
            headers[-1] = (_ROUNDS_OF_WORKOUTS, headers[-1][1])  # 2 rounds: / AMRAP 4 / 10 burpees
        elif own > 1 and facts.kind == "rest" and len(headers) > 1 and headers[-2][0] == _ROUNDS_OF_WORKOUTS:
            own = 1  # between the workouts of a round
        while headers and headers[-1][0] >= own:
            headers.pop()
        ends = _ENDS.match(draft.text) is not None and (facts.is_header or draft.text[:1] not in "tT")
        if headers and (ends or _CASH_OUT.search(draft.text[:200]) is not None):
            if headers[-1][1] in adopted:
                while headers and repeats(drafts[headers[-1][1]].facts):
                    headers.pop()
            elif repeats(drafts[headers[-1][1]].facts):
                found.say(draft, "warning", "it is read as part of every round of the line above",
                          "write it above that line to do it once")  # fmt: skip
        if headers:
            header = headers[-1][1]
            draft.parent = header
            adopted[header] = adopted.get(header, 0) + 1
        if adopter:
            headers.append((own, target))
    for header, count in adopted.items():
        lines = "the line below, not indented, is" if count == 1 else f"{count} lines below, not indented, are"
        found.say(drafts[header], "info", f"{lines} read as part of it", "indent the lines that belong to it")


_ROUNDS_OF_WORKOUTS: Final = 0.5
"""The rank of rounds whose first line below is a workout: they hold workouts, as a section does."""


def _opens(drafts: list[Draft], header: tuple[float, int], adopted: dict[int, int]) -> bool:
    """Whether a header is bare rounds, of which nothing is known yet but that lines follow."""
    facts = drafts[header[1]].facts
    return header[0] == 2 and header[1] not in adopted and facts.rounds is not None and not facts.wraps


def _own_rest(drafts: list[Draft], draft: Draft) -> bool:
    """A rest that a header names in its own line: ``3 rounds, rest 2:00``."""
    return draft.facts.kind == "rest" and draft.parent is not None and drafts[draft.parent].line == draft.line


def in_order(
    found: Drafts, caps: dict[int, Duration], dropped: frozenset[int]
) -> tuple[dict[int, Duration], frozenset[int]]:
    """Each draft with all that stands in it before the next; the rest that a header names comes behind its lines.

    Gives ``caps`` and ``dropped`` for the new order.
    """
    drafts = found.drafts
    _share_intervals(found)
    path: list[int] = []
    moves = False
    for i, draft in enumerate(drafts):
        while path and path[-1] != draft.parent:
            path.pop()
        moves = moves or (draft.parent is not None and not path) or _own_rest(drafts, draft)
        path.append(i)
    if not moves:
        return caps, dropped
    children: dict[int | None, list[int]] = {}
    for i, draft in enumerate(drafts):
        children.setdefault(draft.parent, []).append(i)
    for below in children.values():
        late = [i for i in below if _own_rest(drafts, drafts[i])]
        line = drafts[late[0]].line if late else 0
        if late and any(drafts[i].line != line and drafts[i].facts.kind != "rest" for i in below):
            below[:] = [i for i in below if not _own_rest(drafts, drafts[i])] + late
    order: list[int] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        order.append(waiting.pop())
        waiting.extend(reversed(children.get(order[-1], [])))
    place = {i: at for at, i in enumerate(order)}
    found.drafts = [drafts[i] for i in order]
    for draft in found.drafts:
        draft.parent = None if draft.parent is None else place[draft.parent]
    return {place[i]: cap for i, cap in caps.items()}, frozenset(place[i] for i in dropped)


_REMAINING: Final = re.compile(r"\b(?:remain(?:ing|der)?|of the (?:time|interval|minute))\b", re.IGNORECASE)


def _share_intervals(found: Drafts) -> None:
    """``rest remaining time`` at the end of intervals: all lines above share each of them."""
    drafts = found.drafts
    heads = {
        draft.parent: draft
        for draft in drafts
        if draft.facts.kind == "rest"
        and draft.parent is not None
        and drafts[draft.parent].facts.kind == "emom"
        and draft.facts.duration is None
        and any(map(_REMAINING.search, draft.facts.notes))
    }
    if not heads:
        return
    seen: set[int] = set()
    for draft in drafts:
        if draft.parent not in heads or draft.parent is None:
            continue
        if draft is heads[draft.parent]:
            found.say(draft, "info", "the lines of each interval are done together, then it is rest",
                      "write + in front of those that share an interval")  # fmt: skip
            draft.facts = Facts(action=draft.text[:80])
        elif draft.parent in seen:
            draft.facts = replace(draft.facts, joined=True)
        elif not draft.facts.is_aside:
            seen.add(draft.parent)


def next_siblings(drafts: list[Draft]) -> list[int]:
    """For each draft the next one with the same parent, or -1."""
    following = [-1] * len(drafts)
    last: dict[tuple[int, int | None], int] = {}
    for i, draft in enumerate(drafts):
        place = (draft.fence, draft.parent)
        before = last.get(place)
        if before is not None:
            following[before] = i
        last[place] = i
    return following


def _inside_repeats(drafts: list[Draft], headers: list[tuple[float, int]] | None) -> bool:
    """Whether rounds or an AMRAP are open: work and rest without a count are how their lines are done."""
    facts = drafts[headers[-1][1]].facts if headers else None
    return facts is not None and (facts.kind == "amrap" or facts.rounds is not None or bool(facts.scheme))


def rank(facts: Facts) -> int:
    """Which headers hold which: sections, then workouts, then rounds, then bare work and rest (3), then work."""
    if facts.kind == "section":
        return 0
    if facts.kind in ("amrap", "emom", "tabata", "for_time"):
        return 1
    return 2 if facts.rounds is not None or facts.scheme else 4


def repeats(facts: Facts) -> bool:
    """Whether a header does what stands in it more than once."""
    return facts.rounds is not None or bool(facts.scheme) or facts.kind in ("amrap", "emom", "tabata")


def _cap_only(facts: Facts) -> bool:
    if facts.cap is None or facts.kind is not None:
        return False
    return not facts.has_work and not facts.is_header and facts.load is None


def _takes_cap(facts: Facts) -> bool:
    return facts.kind == "for_time" or (facts.kind is None and (facts.rounds is not None or bool(facts.scheme)))
