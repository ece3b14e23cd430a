"""Words in a line that say who, where or how fast, and never how much: put out of the line, and kept as notes.

What is taken is overwritten by as many spaces, so every offset stays that of the line as written. What everybody
writes (*partner*, *teams of 3*, *of the following*) is a note without a word; what has a number that is not counted
is said.
"""

from __future__ import annotations

import re
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.blanking import blank
from otelwod.workout.model import Severity
from otelwod.workout.remarks import Remark, Remarks

_LONGEST: Final = 400
"""Characters of a line that is looked at; no header of a board is longer."""
_TIME: Final = r"(?:\d*:\d\d|\d+(?:\.\d+)? ?(?:min(?:ute)?s?|m(?=\b)|s(?:ec(?:ond)?s?)?)\b)"
_WEIGHT: Final = r"\d+(?:[.,]\d+)?(?:/\d+(?:[.,]\d+)?)?[- ]?(?:lbs?\.?|kgs?|pounds?|poods?|#)"

_HEADER: Final = re.compile(
    r"\b(?:amraps?|emom|e\d+mom|otm|tabata|rft|for time|every (?:min|\d|:)|as many|\d+ ?(?:rounds?|rds|sets))\b",
    re.IGNORECASE,
)
"""A line that may say how others are done."""


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_COUNT: Final = r"(?:\d+(?:[-/]\d+| (?:to|or) \d+)?|two|three|four|five|six)"
_TEAM: Final = (
    rf"(?:(?:teams?|pairs?|groups?|partners) of {_COUNT}|{_COUNT}[- ](?:person|people|man|athlete) teams?)\b\)?"
)
_RATE: Final = r"(?:1[4-9]|[2-4]\d)"
"""Strokes a minute that people row, ski or swim."""
_OF_HEADERS: Final = (
    _rule(rf"^{_TEAM} ?:|(?:^|(?<=\S)(?<!\bin)[ ,(]+(?:for |in )?(?:an? )?){_TEAM}(?: ?[-\u2013\u2014](?= ))?"),
    _rule(r"(?<=\w)[ ,]+(?:in )?(?:teams?|pairs?|partners?|duos?|trios?)(?= ?:)"),
    _rule(r"^(?:partner|team|buddy|pair)s?(?: wod\b| workout\b| metcon\b)?(?=[ ,-])(?! ?:)[ ,\-\u2013\u2014]*"),
    _rule(r"^alternat(?:e|ing) (?=e\d*mom\b)"),
    _rule(r"^(?:metcon|wod|workout|conditioning)(?: ?[-\u2013\u2014,] ?| (?=[ae]m(?:rap|om)\b))"),
    _rule(r",? ?\(?\b(?:with|in|wearing)(?: an?)? (?:weight(?:ed)? )?vest\b\)?"),
    _rule(r",? ?\(?\b(?:partition|break up|share|split|divide|scale)(?: the| reps| work| it)* (?:up )?"
          r"as (?:you (?:like|wish|want|need)|needed|desired|necessary)\b\)?"),
    _rule(r",? ?\bwithout (?:any )?(?:rest|stopping|breaks?|dropping)\b"),
    _rule(r" ?\b(?:of )?(?:the |these )?following\b(?: (?:movements|exercises|stations|complex|circuit))?"),
    _rule(r"(?:,|[-\u2013\u2014]| of)? ?\b(?:\d+|two|three|four|five|six) (?:stations|movements|exercises)\b"),
    _rule(r"(?:,|[-\u2013\u2014])? ?\balternat(?:e|es|ing)(?: between)?(?: (?:movements|exercises|minutes|stations))?"
          r"(?: (?:each|every) (?:minute|min|round))?(?= ?[:(.]| ?$)"),
    _rule(r"(?:(?<=rounds)|(?<=sets)|(?<=rds)|(?<=round)) for (?:max|total|maximum|most)"
          r" (?:reps?|cals?|calories|distance|met(?:er|re)s|load|score)(?= ?[:.]| ?$)"),
)  # fmt: skip
"""What is read over in a header, and kept as its note."""

_SAID: Final[tuple[tuple[re.Pattern[str], bool, Severity, str, str], ...]] = (
    (_rule(rf",? ?\(?\b(?:with|in|wearing)(?: an?)? {_WEIGHT} ?(?:weight(?:ed)? )?vest\b\)?"), True, "info",
     "what is worn throughout is kept as a note and adds no load", "write the load behind a movement to count it"),
    (_rule(rf",? ?\b(?:with|using|w/) ?(?:(?:an?|one|two|2) )?{_WEIGHT}"
           r"(?: ?(?:kb|db|bb|kettlebell|dumbbell|barbell|bar|plate|ball|sandbag|ruck|backpack)s?\b)?"
           r"(?= ?(?:[:,.(]|$))"), True, "warning",
     "is read as a note: whose load it is does not stand here", "write it behind each movement: KB swings 24 kg"),
    (_rule(r"(?<=\d)( ?min(?:ute)?s?)? ?[-\u2013\u2014,:(] ?\d+ (?:rounds|rds)(?: of(?: \d+ (?:stations|movements"
           r"|exercises|minutes))?)?\)?(?= ?:?$)"), True, "info",
     "is read as a note: the length of the EMOM counts", "write E5MOM x 4 for rounds of five minutes"),
    (_rule(r"@? ?\b\d{1,3}(?:-\d{1,3})? ?(?:spm|bpm|rpm|s/m|strokes?/min|watts?)\b|@ ?\d{1,4} ?w\b"
           rf"|@? ?\b(?:s?r|s/r|(?:stroke )?rate):? ?{_RATE}(?: ?[-/] ?{_RATE})?\b"
           r"(?! ?(?:(?:s|secs?|seconds?|mins?|minutes?|reps?|rounds?|m|cals?|kg|lbs?|x)\b|[:%]))"),
     False, "info",
     "a rate is kept as a note and is no load", "write the load in lb or kg, and the rate behind //"),
    (_rule(r"(?<=[\w)] )r ?(?:[5-9]\d|1[0-8]\d)(?=[ ,)]*$|,)"), False, "warning",
     "kept as a note: it may be a rest or a stroke rate", "write Rest 90 s for a rest"),
    (_rule(r"(?:@|\btempo:?) ?\d[\dx](?:\dx|x\d|\d\d)\b(?! ?(?:lb|kg|m\b|%|#))|(?:@|\btempo:?) ?\d-[\dx]-[\dx]-[\dx]\b"
           r"|\b\d[\dx]x\d tempo\b|\b\d{4} tempo\b"), False, "info",
     "the tempo is kept as a note and is no load", "write @ 95 lb for a load"),
    (_rule(r"@ ?\d*:\d\d(?:-\d*:\d\d)? ?(?:pace|/ ?(?:km?|mi|mile))\b"), False, "info",
     "a pace is kept as a note and not timed", "write the distance alone, or a time for it"),
    (_rule(r"\b(?:one|two|three|1|2|3) works?,? ?(?:the )?(?:one|two|three|1|2|3|others?) rests?\b[.,:]?"), False,
     "info", "kept as a note: counts are as written", "say who does what"),
)  # fmt: skip
"""(pattern, of headers only, severity, message, hint)"""

_TURN: Final = _rule(r"(?<=\w)[ ,]+\(?(?:as (?:an? )?|for (?:an? )?)?(?:buy[- ]?in|cash[- ]?out)\b\)?(?= ?[.:!]?$)")
"""``1000 m row cash out``: which turn of the workout it is."""
_EMOM_ROUNDS: Final = _SAID[2][0]
_SIGNS: Final = re.compile(
    r"team|partner|pair|budd|group|metcon|wod|workout|conditioning|vest| as |following|stations|movements|exercises"
    r"|alternat| for |with |w/|using|without|spm|bpm|rpm|s/m|/min|watt|w\b|rate|\bs?r ?\d|s/r|duo|trio"
    r"|tempo|@|pace|works|cash|buy|kgx|lbx|lbsx|rounds|rds"
)
_WITH_REST: Final = _rule(
    rf"(?:\bw/|\bwith(?: an?)?) ?({_TIME}) ?(?:of )?(?:rest|recovery)\b|(?:\bw/|\bwith) ?rest(?: of)? ({_TIME})"
)
_SET_LOAD: Final = _rule(r"\b(\d+(?:[.,]\d+)?)(kg|lbs?)x(\d+)\b")
"""``60kgx5``: five of 60 kg."""


def plain(body: str, remarks: Remarks, notes: list[str]) -> str:
    """The line without such words; its numbers are those that count."""
    if len(body) > _LONGEST or _SIGNS.search(body.lower()) is None:
        return body
    end = body.find("//")
    line, comment = (body, "") if end < 0 else (body[:end], body[end:])
    shift = len(line) - len(line.lstrip())
    text = line[shift:].rstrip()
    if not text or text[0] in '"\u201c':
        return body
    tail = line[shift + len(text) :] + comment
    text = _WITH_REST.sub(lambda found: f", rest {found[1] or found[2]}".ljust(len(found[0])), text)
    text = _SET_LOAD.sub(lambda found: f"{found[3]} {found[1]}{found[2]}", text)
    turn = _TURN.search(text)
    if turn is not None and any(char.isdigit() for char in text[: turn.start()]):
        notes.append(turn[0].strip(" ,()"))
        if _HEADER.search(text[: turn.start()]) is not None:
            remarks.add(Remark(shift + turn.start(), "warning", f"{notes[-1]!r}: it is read as part of every round",
                               "write it on a line of its own, above the rounds or below them"))  # fmt: skip
        text = blank(text, turn)
    heads = _HEADER.search(text) is not None
    for pattern, of_headers, severity, message, hint in _SAID:
        found = pattern.search(text) if heads or not of_headers else None
        while found is not None and not (pattern is _EMOM_ROUNDS and "mom" not in text.lower()):
            said = found[0].strip(" ,:*()@.-\u2013\u2014")
            notes.append(said)
            remarks.add(Remark(shift + found.start(), severity, f"{said!r}: {message}", hint))
            text = blank(text, found)
            found = pattern.search(text)
    for pattern in _OF_HEADERS if heads else ():
        found = pattern.search(text)
        if found is not None:
            notes.append(found[0].strip(" ,()-\u2013\u2014"))
            text = blank(text, found)
    return line[:shift] + text + tail


_STATION: Final = _rule(
    rf"(?:,|[-\u2013\u2014])? ?\b(?:(?P<work>{_TIME})(?: work)?(?: at| on| per| for)?(?: (?:each|every|a|per))? ?"
    r"(?:station|movement|exercise)s?)\b"
)
_CLOCK: Final = re.compile(r"(\d*):(\d\d)|(\d+(?:\.\d+)?) ?(m|s)", re.IGNORECASE)


def station(body: str) -> tuple[str, int]:
    """``3 rounds, 1 min each station``: the line without it, and the nanoseconds at each line below; else 0."""
    lowered = body.lower()
    if len(body) > _LONGEST or not any(word in lowered for word in ("station", "movement", "exercise")):
        return body, 0
    found = _STATION.search(body) if _HEADER.search(body) is not None else None
    length = _CLOCK.match(found["work"]) if found is not None else None
    if found is None or length is None:
        return body, 0
    if length[3] is None:
        seconds = 60.0 * int(length[1] or 0) + int(length[2])
    else:
        seconds = float(length[3]) * (60 if length[4].lower() == "m" else 1)
    return blank(body, found), round(seconds * NANOS_PER_SECOND)
