"""Names of benchmark workouts: a first line that is one of them is the title and nothing to do."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.wordlist import words

BENCHMARKS: Final = words(
    """
    amanda angie annie barbara candy chelsea cindy diane elizabeth eva fran grace gwen hansen helen isabel
    jackie karen kelly linda lynne maggie marguerita mary nancy nicole adrambrown badger bull bradshaw clovis
    collin daniel danny dt erin forrest garrett griff hamilton hidalgo holbrook jack jag28 jason jerry josh jt
    klepto luce manion mccluskey michael mike moore mr.joshua murph nate nutts ohms paul rahoi rankel ricky
    riley ryan schmalls severin small stephen thompson tommyv tyler wittman zembiec chad loredo kalsu
    filthy-fifty fight-gone-bad cgb chief
    """
)
_PHRASES: Final = frozenset(
    {"filthy fifty", "fight gone bad", "the chief", "the seven", "tabata something else", "tommy v", "mr joshua"}
)


_DATED: Final = re.compile(
    r"(?:crossfit )?(?:games )?open [0-9]{2}\.[0-9][abc]?"
    r"|(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? ?)?"
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4})?"
)
"""``Open 19.1``, ``Monday``, ``2024-05-26``, ``Friday 24.5.2024``."""


def is_title(text: str) -> bool:
    """Whether these words alone are the name of a benchmark workout, a weekday or a date."""
    lowered = text.strip(" :\"'\u201c\u201d").casefold()
    if not lowered or len(lowered) > 40:
        return False
    return lowered in BENCHMARKS or lowered in _PHRASES or _DATED.fullmatch(lowered) is not None
