"""Spellings of boards put into those of the language: primes for seconds, plus sets, lists of repetitions, groups.

Every rule names its signs: texts in lower case of which each line has one that the rule matches; most lines have none.
"""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.remarks import Remark, Remarks

signs: Final[set[str]] = set()
"""What a line has if there is anything to do in it."""


NUMBERED: Final = re.compile(r"[0-9][0-9x-][0-9x][0-9x-]|(?:and|then|&) ?[0-9]", re.IGNORECASE)
"""What a line has besides, if it may have a tempo, or numbers joined by words."""


def rule(pattern: str, sign: str, *others: str) -> re.Pattern[str]:
    """A rule, and its signs."""
    signs.update((sign, *others))
    return re.compile(pattern, re.IGNORECASE)


_DOUBLE: Final = '["\u201d\u2033]'
_TIME: Final = r"(?:\d*:\d\d|\d+ ?(?:s|secs?|seconds?|mins?|minutes?)\b)"
_MINUTES: Final = rule(rf"(?<![\d.])(\d{{1,2}})['\u2019\u2032] ?(\d{{1,2}})(?:{_DOUBLE}|'')", "'", "\u2019", "\u2032")
"""``1'30"``"""
_SECONDS: Final = rule(rf"(?<![\d./])(\d{{1,3}}){_DOUBLE}", '"', "\u201d", "\u2033")
"""``45"``"""
_EQUIPMENT: Final = re.compile(
    r"\b(?:box|target|rope|step|hurdle|deficit|wall[- ]?balls?|jump|over|block|riser|platform|pad|plyo|band)",
    re.IGNORECASE,
)
_LASTING: Final = re.compile(
    r"\b(?:plank|hold|hang|l-?sit|sit|rest|on|off|sprint|row|run|bike|ski|erg|max|work|easy|hard|stretch|bridge|hollow"
    r"|wall sit|handstand|x)\b",
    re.IGNORECASE,
)
_PLUS: Final = rule(r"(?<![\d.+])(\d{1,3})\+(?! ?\d)", *(f"{digit}+" for digit in range(10)))
"""``5+``: at least five."""
_AMOUNTS: Final = rule(r"(?<![\w.,/])\d+(m|k|km|cal)(?:/\d+\1){2,}(?![\w/])", "m/", "k/", "l/")
"""``500m/400m/300m``"""
_LOADS: Final = rule(r"(?<=@ )\d+%(?:, ?\d+%){2,}(?! ?[x\d])|(?<=@)\d+%(?:, ?\d+%){2,}(?! ?[x\d])", "%")
"""``@ 65%, 75%, 85%``"""
_THEN: Final = r"(?: ?[,;] ?(?:(?:and|then) |& ?)?| ?& ?| (?:and|then) )"
_LIST: Final = rule(
    rf"(?<![\w,.:/-])(?<!\()(\d{{1,3}})((?:{_THEN}\d{{1,3}}){{2,}})(?= *(?:$|[@(:]| [^\W\d]))"
    r"(?! *(?:s|secs?|mins?|in|ft|%|#)\b)(?! ?,)",
    ",", ";",
)  # fmt: skip
"""``21, 15, 9``; ``21, 15, and 9``; ``21, 15 & 9``"""
_TWO: Final = rule(
    r"^(\d{1,3}) (?:and|&) (\d{1,3})(?= *:?$| [^\W\d])(?! *(?:kgs?|lbs?|m|km|cals?|s|secs?|mins?|in|ft|x|%|#)\b)",
    "& 1",
)  # fmt: skip
"""``21 and 15 Thrusters``"""
_UNIT: Final = re.compile(r" *(?:kgs?|lbs?|m|km|cals?)\b", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"\d+")
_COUNTING: Final = re.compile(r"\b(?:min(?:ute)?s?|sets?|rounds?|weeks?|days?|stations?|and)\.? *$", re.IGNORECASE)
_HARD_EASY: Final = rule(
    rf"\(?\b({_TIME}) ?(?:hard|max|fast|sprint|work|on) ?[/,] ?({_TIME}) ?(?:easy|slow|light|recovery|rest|off)\b\)?",
    "hard", "easy", "slow", "light", "recovery", "off)", "rest)",
)  # fmt: skip
_FIFTIES: Final = rule(r"(?:(?<=[\w@] )|(?<=@))(\d{1,2}[05])s$", "0s", "5s")
"""``DB Bench 50s``"""
_FIFTIES_EACH: Final = rule(r"\b(\d{2})s ?/ ?(\d{2})s\b", "s/", "s /")
"""``DB thrusters 50s/35s``"""
_HELD: Final = re.compile(r"\b(?:db|kb|dumbbell|kettlebell)s?\b", re.IGNORECASE)
_CARRIED: Final = re.compile(r"\b(?:hold|hang|carry|plank|walk|max|amrap|on|off|rest|work)\b", re.IGNORECASE)
_RESTED: Final = rule(r"(?<=\S) ?\( *(rest (?=\d|:\d)[^(),;]*)\)", "(rest")
"""``5 sets (rest 2:00)``"""
_RESTED_BEHIND: Final = rule(
    r"(?<![xX\u00d7(])(?<![xX\u00d7] )(?<!rounds )(?<!sets )(?<!of )(?<!: )"
    r"\(([^()]+?) ?[,;/] ?(rest (?=\d|:\d)[^()]*)\)",
    ",", ";", "/ rest",
)  # fmt: skip
"""``5x5 (100 kg, rest 2:00)``, but not a group of steps that is repeated."""
_RESTED_LOAD: Final = rule(rf"\(([^()]*?(?:\dkgs?| kgs?|lbs?|%)) ?[,;] ?({_TIME} rest)\)", " rest)")
"""``5x5 Squat (80%, 2:00 rest)``"""
_BODY: Final = rule(r"(?<=\d )body weights?\b", "body weight")
_EACH_HALF: Final = rule(r"(?<![\d.+])(\d{1,3}) ?\+ ?\1(?= [^\W\d])", "+")
"""``10+10 split squats``"""


def unwrap_rest(text: str) -> str:
    """A rest alone in brackets as a step behind the line."""
    return _RESTED.sub(lambda found: ("," + found[1]).ljust(len(found[0])), text)


def respell(text: str, shift: int, remarks: Remarks, notes: list[str]) -> str:
    """The text of a line as the language writes it, every later part of it where it was; choices are said."""

    def say(start: int, message: str, hint: str) -> None:
        remarks.add(Remark(shift + start, "info", message, hint))

    text = _BODY.sub(lambda found: "bodyweight".ljust(len(found[0])), text)
    text = _RESTED_BEHIND.sub(lambda found: f"({found[1]}),{found[2]}".ljust(len(found[0])), text)
    text = _RESTED_LOAD.sub(lambda found: f"({found[1]}),{found[2]}".ljust(len(found[0])), text)
    text = unwrap_rest(text)
    if not _EQUIPMENT.search(text):
        text = _MINUTES.sub(lambda found: f"{found[1]}:{int(found[2]):02d}".ljust(len(found[0])), text)
        found = _SECONDS.search(text)
        if found is not None and _LASTING.search(text):
            say(found.start(), f"{found[0]!r} is read as seconds", f"write {found[1]} s, or {found[1]} in")
            text = _SECONDS.sub(lambda found: f"{found[1]}s", text)
        elif found is not None:
            say(found.start(), f"{found[0]!r} is read as inches", f"write {found[1]} s for seconds")
    found = _PLUS.search(text)
    if found is not None:
        say(found.start(), f"{found[0]!r} is read as at least {found[1]}: more can be recorded", f"write {found[1]}")
        notes.append(found[0])
        text = _PLUS.sub(lambda found: f"{found[1]} ", text)
    found = _EACH_HALF.search(text)
    if found is not None:
        both = f"{found[1]}/{found[1]}"
        text = text[: found.start()] + both.ljust(len(found[0])) + text[found.end() :]
    text = _AMOUNTS.sub(lambda found: found[0].replace("/", "-"), text)
    text = _LOADS.sub(lambda found: (re.sub("%, ?", "-", found[0][:-1]) + "%").ljust(len(found[0])), text)
    found = _LIST.search(text) or _TWO.search(text)
    if found is not None and not _COUNTING.search(text[: found.start()]):
        scheme = "-".join(_NUMBERS.findall(found[0]))
        what = "" if _UNIT.match(text[found.end() :]) else "the rep scheme "
        say(found.start(), f"{found[0]!r} is read as {what}{scheme}", f"write {scheme}")
        text = text[: found.start()] + scheme.ljust(len(found[0])) + text[found.end() :]
    found = _HARD_EASY.search(text)
    if found is not None:
        say(found.start(), f"{found[0].strip('()')!r} is read as work and rest", f"write {found[1]} / {found[2]}")
        text = text[: found.start()] + f"{found[1]} / {found[2]}".ljust(len(found[0])) + text[found.end() :]
    if _HELD.search(text):
        text = _FIFTIES_EACH.sub(lambda found: f"2x{found[1]}/{found[2]}".ljust(len(found[0])), text)
        found = _FIFTIES.search(text)
        if found is not None and not _CARRIED.search(text):
            say(found.start(), f"{found[0]!r} is read as two of {found[1]} lb", f"write 2x{found[1]} lb DBs")
            text = f"{text[: found.start()]}2x{found[1]} lb"
    return text
