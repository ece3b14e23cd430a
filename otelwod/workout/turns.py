"""Rounds in an EMOM: the rounds of its lines that take turns, or rounds that are done in every interval."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts

_ROUNDS: Final = re.compile(r"\b(?:rounds|rds)\b", re.IGNORECASE)


def settle_turns(found: Drafts) -> None:
    """``EMOM 16``, ``4 rounds`` of four lines: 4 × 4 are the intervals; other rounds in one are said."""
    drafts = found.drafts
    inside: dict[int, list[int]] = {}
    for i, draft in enumerate(drafts):
        if draft.parent is not None and not draft.facts.is_aside:
            holder = drafts[draft.parent]
            if holder.facts.kind == "emom" or _plain_rounds(holder):
                inside.setdefault(draft.parent, []).append(i)
    for i, draft in enumerate(drafts):
        over = drafts[draft.parent] if draft.parent is not None else None
        if over is None or not _plain_rounds(draft) or draft.facts.rounds == 1:
            continue
        count = draft.facts.rounds
        if over.facts.kind == "amrap" and draft.facts.within:
            found.say(draft, "info", f"the {count} rounds are done in each round of the AMRAP",
                      f"write {count} x AMRAP for as many AMRAPs")  # fmt: skip
        if over.facts.kind != "emom" or over.facts.rounds is None or over.facts.assumed:
            continue
        lines = inside.get(i, [])
        turns = sum(not drafts[k].facts.joined for k in lines)
        alone = inside.get(draft.parent or 0) == [i]
        total = over.facts.rounds
        if alone and turns > 1 and turns * (count or 0) == total and not draft.facts.has_work:
            for k in lines:
                drafts[k].parent = draft.parent
            draft.facts = Facts(offset=draft.facts.offset, action=f"{count} rounds")
            found.say(draft, "info", f"{count} rounds of {turns} lines that take turns are the {total} intervals",
                      "write + in front of the lines to do all of them in one interval")  # fmt: skip
        elif _ROUNDS.search(draft.text[:200]) is not None:
            found.say(draft, "warning", f"the {count} rounds are done in each of the {total} intervals",
                      f"leave the rounds out if all {total} intervals together are {count} rounds")  # fmt: skip


def _plain_rounds(draft: Draft) -> bool:
    facts = draft.facts
    return facts.rounds is not None and facts.kind is None and not facts.scheme
