"""``Rest 1:00 between exercises``: one rest behind each of the lines that it stands with."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.model import Duration
from otelwod.workout.nesting import repeats

_AMONG: Final = re.compile(
    r"\b(?:between|btw|b ?/ ?w|after)(?: (?:the|all|each|every))* (?:exercise|movement|station|tabata|block)s?\b",
    re.IGNORECASE,
)


def spread_rests(
    found: Drafts, caps: dict[int, Duration], dropped: frozenset[int]
) -> tuple[dict[int, Duration], frozenset[int]]:
    """Put such a rest behind every line of its block; where nothing repeats the block, not behind the last.

    The drafts are in order. Gives ``caps`` and ``dropped`` for the new order.
    """
    drafts = found.drafts
    rests = (i for i, draft in enumerate(drafts) if draft.facts.kind == "rest" and draft.facts.notes)
    among = [i for i in rests if any(map(_AMONG.search, drafts[i].facts.notes))]
    if not among:
        return caps, dropped
    behind: dict[int, Draft] = {}
    gone: set[int] = set()
    last = _last_inside(drafts)
    for i in among:
        rest = drafts[i]
        above = drafts[rest.parent].facts if rest.parent is not None else None
        lines = _lines_before(drafts, i, dropped)
        if len(lines) < 2 or (above is not None and above.kind in ("emom", "tabata")):
            found.say(rest, "warning", "it is read as one rest, behind the line above",
                      "write it behind each line that it follows")  # fmt: skip
            continue
        again = above is not None and repeats(above)
        where = "behind each of" if again else "between"
        found.say(rest, "info", f"it is read as a rest {where} the {len(lines)} lines above",
                  "write it on a line of its own behind each line that it follows")  # fmt: skip
        behind.update((last[j], rest) for j in lines[:-1])
        if not again:
            gone.add(i)
    place = found.rearrange(gone, behind)
    return {place[i]: cap for i, cap in caps.items()}, frozenset(place[i] for i in dropped if i in place)


def _lines_before(drafts: list[Draft], i: int, dropped: frozenset[int]) -> list[int]:
    """The work above a rest in the same block, up to another rest or, where nothing holds the block, a blank line."""
    lines: list[int] = []
    rest = drafts[i]
    for j in range(i - 1, -1, -1):
        draft = drafts[j]
        if draft.fence != rest.fence or (rest.parent is not None and j <= rest.parent):
            break
        if draft.parent != rest.parent or j in dropped or draft.facts.is_aside:
            continue
        if draft.facts.kind == "rest":
            break
        lines.append(j)
        if rest.parent is None and draft.blank_before:
            break
    return lines[::-1]


def _last_inside(drafts: list[Draft]) -> list[int]:
    """For each draft the last one that stands in it, itself where nothing does."""
    last = list(range(len(drafts)))
    for i in range(len(drafts) - 1, -1, -1):
        parent = drafts[i].parent
        if parent is not None:
            last[parent] = max(last[parent], last[i])
    return last
