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


_WEEKDAY: Final = r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b\.?"
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_NTH: Final = r"[0-9]{1,2}(?:st|nd|rd|th|\.)?"
_DATE: Final = (
    r"(?:[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}"
    rf"|{_MONTH} {_NTH}(?:,? ?[0-9]{{4}})?|{_NTH} {_MONTH}(?:,? ?[0-9]{{4}})?)"
)
_SHORT: Final = rf"(?:{_DATE}|[0-9]{{1,2}}[-/.][0-9]{{1,2}}(?:[-/.](?:[0-9]{{2}})?)?)"
"""Behind a weekday or a word for the workout; alone, ``21/15/9`` is a rep scheme."""
_CLASS: Final = r"(?:[ ,@\u2013-]*(?:at )?[0-9]{1,2}:[0-9]{2}(?: ?(?:am|pm|h|uhr))?)?"
_OF_DAY: Final = r"(?:wod|workout(?: of the day)?|training|session|class|programming)[ :,\u2013-]+(?:for |of )?"
_DATE_LINE: Final = re.compile(
    rf"(?:{_OF_DAY})?(?:{_WEEKDAY}[ ,:\u2013-]*{_SHORT}?|{_DATE}){_CLASS}"
    rf"|{_OF_DAY}(?:{_SHORT}|[0-9]{{6}}|[0-9]{{8}}){_CLASS}"
    r"|(?:week|wk|w|cycle|phase) ?[0-9]{1,2}(?:[ ,:/\u2013-]*(?:day|d) ?[0-9]{1,2})?|day ?[0-9]{1,3}"
)


def is_dated(text: str) -> bool:
    """Whether a line says nothing but when: ``WOD 241121``, ``Monday, Nov 20``, ``Wed 18:30``, ``Week 3 Day 2``."""
    return len(text) <= 48 and _DATE_LINE.fullmatch(text.strip(" :.*_").casefold()) is not None


def is_title(text: str) -> bool:
    """Whether these words alone are the name of a benchmark workout, a weekday or a date."""
    lowered = text.strip(" :\"'\u201c\u201d").casefold()
    if not lowered or len(lowered) > 40:
        return False
    return lowered in BENCHMARKS or lowered in _PHRASES or _DATED.fullmatch(lowered) is not None or is_dated(lowered)


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


_NO_FIRST: Final = words(
    "alternate alternating in on with death scaled rx igyg igug ygig relay waterfall partition split share then"
)
"""Words that begin no name."""


_COUNTED: Final = re.compile(r"([^\W\d_][^\d]{0,40}) [0-9]{1,4}")


def is_counted_name(text: str) -> bool:
    """``Filthy 50``: a name with a number, which counts nothing."""
    found = _COUNTED.fullmatch(text) if len(text) <= 48 else None
    return found is not None and (is_title(found[1]) or is_name(found[1]))


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
