"""Names of benchmark workouts: a first line that is one of them is the title and nothing to do."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from otelwod.workout.movements import lookup, nearest
from otelwod.workout.parts import PARTNERS, SECTIONS
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
    r"(?:crossfit )?(?:games )?open [0-9]{2}\.[0-9][abc]?(?: ?/ ?[0-9]{2}\.[0-9][abc]?)?"
    r"|[0-9]{2}\.[0-9][abc]?"
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


def is_benchmark(text: str) -> bool:
    """Whether a text is the name of a known workout, whose lines are written elsewhere."""
    lowered = text.casefold()
    return lowered in BENCHMARKS or lowered in _PHRASES


_HEADERS: Final = words(
    """
    amrap emom tabata rft rounds round rds sets cap every minute minutes rest max time interval intervals then
    """
)
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
_NO_NAME: Final = re.compile(r"[0-9@#%|+{}\[\]/\\]|:(?=\s*\S)")


_MEANT: Final = {"amrap": "AMRAP", "emom": "EMOM", "tabata": "Tabata", "rounds": "rounds"}
_TRANSPOSED: Final = ("time", "rest", "every", "emom")
"""Words of which others are near: only swapped letters count."""


def meant_header(text: str) -> str | None:
    """The header word that a misspelt word of the text may have meant (``Amarp``, ``ruonds``)."""
    before = ""
    for word in _WORD.findall(text.lower())[:12]:
        if len(word) >= 4 and word not in _HEADERS and not word.startswith("ground"):
            close = get_close_matches(word, _MEANT, n=1, cutoff=0.75)
            for whole in _TRANSPOSED:
                if not close and sorted(word) == sorted(whole):
                    close = [whole]
            if close:
                return "For Time" if close[0] == "time" and before == "for" else _MEANT.get(close[0], close[0])
        before = word
    return None


_NO_FIRST: Final = words("in on with death scaled rx igyg igug ygig relay waterfall partition split share then")
"""Words that begin no name."""


def is_name(text: str) -> bool:
    """Whether a text can be nothing but a name: a few words, no number, no movement, no word of the language."""
    found = _WORD.findall(text)
    if not 0 < len(found) <= 6 or len(text) > 60 or _NO_NAME.search(text) or '"' in text[1:-1]:
        return False
    lowered = [word.lower() for word in found]
    name = " ".join(found)
    if "-".join(lowered) in SECTIONS:
        return False
    if lowered[0] in _NO_FIRST or lowered[:2] in (["i", "go"], ["you", "go"]) or name.lower() in SECTIONS:
        return False
    if any(word in _HEADERS or (word in SECTIONS and word not in ("wod", "workout", "part")) for word in lowered):
        return False
    if len(found) == 1 and found[0].isupper() is False and found[0].islower() and not is_title(found[0]):
        return False
    if any(lookup(word) is not None for word in found) or meant_header(name) is not None:
        return False
    return lookup(name) is None and nearest(name) is None


def name_and_rest(content: str) -> tuple[str, str] | None:
    """``Angie - for time``, ``Angie (for time)``, ``AMRAP 20 - Cindy``: the name, and the line without it."""
    parts = re.split(r"(?: [-\u2013\u2014] |: )", content, maxsplit=1) if len(content) <= 200 else [content]
    if len(parts) == 2:
        first, second = (part.strip() for part in parts)
        if second and (is_title(first) or (is_name(first) and first.split()[0].lower() not in PARTNERS)):
            return first, second
        if first and (is_title(second) or is_name(second)):
            return second, first
    head, bracket, rest = content.partition("(")
    if bracket and len(content) <= 200 and rest.rstrip(" :").endswith(")") and (is_title(head) or is_name(head)):
        return head.strip(), rest.rstrip(" :")[:-1].strip()
    return None
