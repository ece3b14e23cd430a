"""Phrases of boards that say something about the work but are not the work: read first, and put out of the line.

What is taken is overwritten by as many spaces, so every offset stays that of the line as written.
"""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.blanking import blank
from otelwod.workout.model import Severity
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.spellings import NUMBERED, respell, rule, signs, unwrap_rest
from otelwod.workout.tempo import mark_tempo

_LONGEST: Final = 400
"""Characters of a line that is looked at; no phrase of a board stands in a longer one."""
_NUMBER_WORDS: Final = {
    word: str(number)
    for number, word in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)
}  # fmt: skip
_AMOUNT: Final = r"\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?"
_WEIGHT: Final = r"(?:lbs?\.?|kgs?|pounds?|poods?|#)"
_HEIGHT: Final = r"(?:['\"\u2019\u201d\u2032\u2033]|[- ]?(?:in|inch|inches|ft|feet|foot)\b)"
_BLANKED: Final = (
    rule(r"^complete (?=as many|\d)", "complete "),
    rule(r"(?<=%)\s?(?:of )?(?:your )?(?:1[- ]?rm|max)\b", "%"),
    rule(r"(?<=\d)x(?=\s?(?:bw|bodyweight)\b)", "bw", "bodyweight"),
    rule(r",(?= ?\d+ reps?$)", ","),
    rule(rf"(?<=\w),(?= {_AMOUNT}[- ]?{_WEIGHT}(?: (?:balls?|kettlebells?|dumbbells?|barbell|bar)(?: to .*)?)?$)",
          ","),
    rule(rf"(?<=\w),(?= \d+(?:/\d+)?{_HEIGHT} ?(?:box|rope|target|wall)?$)", ","),
    rule(r"(?<=lb) ball(?: to(?: an?)?)?(?= \d|$)|(?<=pound) ball$|(?<=kg) ball(?: to(?: an?)?)?(?= \d|$)",
          "lb ball", "pound ball", "kg ball"),
    rule(r"(?<=ft) target$|(?<=foot) target$", "ft target", "foot target"),
    rule(r"(?<=\d[\"\u201d\u2033]) box$", '" box', "\u201d box", "\u2033 box"),
    rule(r"(?<=^rest) (?:precisely|exactly)\b", "precisely", "exactly"),
)  # fmt: skip
"""Words without a meaning of their own."""

_NOTED: Final[tuple[tuple[re.Pattern[str], Severity, str, str], ...]] = (
    (rule(r"(?<=\S) ?,? ?\(?\bnot for time\b!*\)?", "not for time"), "info",
     "the time is not scored", "write the rounds alone"),
    (rule(r"(?:^in (?:an? )?(?:teams?|pairs?|duos|trios)(?: of \w+)?(?:[:.]?$|,))"
           r"|(?<=\w),? in (?:an? )?(?:teams?|pairs?|duos|trios)(?: of \w+(?: ?[-/] ?\d+| (?:to|or) \d+)?)?\b",
           "in team", "in pair", "in a team", "in a pair", "in duos", "in trios"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r"^with an? (?:partner|team)\b,?|(?<=\w),? with an? partner\b|(?<=\()with an? partner\b", "with a"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r",? ?\bsplit(?: the)?(?: reps| work)? (?:as needed|as desired|evenly|any ?how)\b,?", "split"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r"@ ?\d*:\d\d ?/ ?\d+ ?k?m\b", "@"), "info", "a pace is kept as a note and not timed",
     "write the distance alone, or a time for it"),
    (rule(r",? ?@? ?\(?\b(?:\d{1,2}(?: ?- ?\d{1,2})? ?rir|rir ?:? ?@? ?\d{1,2}(?: ?- ?\d{1,2})?)\b\)?", "rir"), "info",
     "repetitions in reserve are kept as a note and are no load", "write RPE 8, or the load that is meant"),
    (rule(r",? ?@? ?\(?\b(?:rpe ?:? ?@? ?\d{1,2}(?:\.5)? ?(?:-|to) ?\d{1,2}(?:\.5)?"
           r"|\d{1,2}(?:\.5)? ?(?:-|to) ?\d{1,2}(?:\.5)? ?rpe)\b\)?", "rpe"), "info",
     "a range of efforts is kept as a note", "write one of them, RPE 8"),
    (rule(r"(?<=\d )\((\d+)/\1\)", "("), "info", "kept as a note: the count in front is that of both sides",
     "write the count of both sides together"),
    (rule(r"^(?:on|with) (?:a|the)(?: running| continuous)* clock\b[:.,]?", "clock"), "info",
     "the parts follow one another", "write the length of each part"),

    (rule(r"(?<=\brest) ?@? ?\d ?: ?\d(?!\w)(?: ?(?:work ?[:/to]+ ?rest|ratio))?"
           r"|^(?:work ?[:/] ?rest:? )\d ?: ?\d(?!\d)",
           "rest @", "rest 1:1", "rest 1:2", "rest 1:3", "rest 2:1", "rest 3:1", "work:rest", "work/rest"), "info",
     "a rest as long as the work is kept as a note: the rest is open", "write the time: Rest 1:00"),
    (rule(r"\b(?:i go,? ?(?:/|then)? ?you go|you go,? ?(?:/|then)? ?i go|igug|igyg|ygig|relay(?: style)?"
           r"|waterfall(?: start| style)?|alternate (?:rounds|movements|partners)|one works,? one rests"
           r"|(?:one|1) (?:partner )?(?:works|working) at a time)\b[:,]?",
           "you go", "igug", "igyg", "ygig", "relay", "waterfall", "alternate ", "one works", "at a time"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r",? ?\b(?:while|as) (?:your |the )?(?:other )?partners? .*$", "partner"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r",? ?\b(?:partition|break up|share|divide)(?: the)?(?: reps| work)?"
           r"(?: as needed| as desired|,? any ?how)\b",
           "partition", "break up", "share", "divide"), "info",
     "kept as a note: counts are as written", "say who does what"),
    (rule(r",? ?\(?\b(?:the )?last (?:set|round|one)(?: is| goes)?(?: (?:to|till|until|for|as))?"
           r" (?:failure|max(?: reps?)?|an? amrap|amrap)\b\)?", "last set", "last round", "last one"), "info",
     "kept as a note: the last one is counted like the others", "write the last set on a line of its own"),
    (rule(r"^(?:alternate|alternating)(?: between)?:?$", "alternat"), "info",
     "kept as a note: lines of intervals take turns", "write the lines below it"),
    (rule(r":? ?\b(?:build|work) (?:up )?to an? (?:heavy|max)(?: (?:single|set))?\b", "to a"), "info",
     "kept as a note: which load is the most is recorded", "write the load that is meant, such as 90%"),
    (rule(r"^\*[^*\d]+\*$", "*"), "info", "kept as a note", "write it without * if it is something to do"),
)  # fmt: skip
_FIND: Final = rule(
    r"\b(?:to )?(?:find|establish|test|hit|reach|(?:build|work)(?: up)? to)(?: (?:an?|your|the|new|today's))* "
    r"(?=(?:heavy|heaviest|max)\b|\d{1,2} ?-?rm\b)",
    "find ", "establish ", "test ", "hit ", "reach ", " to ",
)  # fmt: skip
_HEAVY: Final = rule(r"\bheavy (single|double|triple)\b(?: of)?", "heavy ")
_HEAVY_REPS: Final = {"single": "1RM", "double": "2RM", "triple": "3RM"}
"""What is looked for is the load of so many repetitions."""
_RATIO: Final = rule(r"(?<![\d:])(\d ?: ?\d)(?![\d:])(?: ?work ?(?:[:/]|to) ?rest| rest)\b(?: ratio)?",
                      ":1 rest", ":2 rest", ":3 rest", "work:rest", "work/rest", "work to rest")  # fmt: skip
_COMPLEX: Final = rule(
    r"^(?:(?:barbell|bb|db) )?complex ?[:-]? ?"
    r"(?:x ?(\d{1,3})|(\d{1,3}) ?x|(\d{1,3}) (?:sets|rounds)(?: of)?)? ?:?(?= ?\d)",
    "complex",
)  # fmt: skip
_ENCLOSED: Final = rule(
    r"^(\d{1,3} ?(?:x|sets|rounds)(?: of)?:? ?)\((\d+ [^\W\d][^()+]*(?:\+[^()+]*)+)\)", "("
)  # fmt: skip
"""``5 x (1 clean + 2 front squats)``"""
_PAIR: Final = rule(rf"\b(?:a )?(?:two|pair of|2) (?={_AMOUNT}[- ]?{_WEIGHT} ?(?:db|kb|dumbbell|kettlebell)s\b)",
                     "dbs", "kbs", "dumbbells", "kettlebells")  # fmt: skip
_TURNS: Final = rule(r"\b(?:odd|even)(?: min(?:ute)?s?)?:", "odd", "even")
_BOLD: Final = rule(r"\*\*(?=\S)([^*]+)\*\*|__(?=\S)([^_]+)__", "**", "__")
_SPELLED: Final = rule(rf"(?<=rest )(\s*)({'|'.join(_NUMBER_WORDS)})(?= (?:min|sec))", " min", " sec")
_PARTS: Final = rule(r"^(cash|buy|warm|cool) (?=(?:out|in|up|down)\b)", "cash ", "buy ", "warm ", "cool ")
_KEYCAP: Final = re.compile("[0-9#*]\ufe0f?\u20e3")
_SIGNS: Final = re.compile("|".join(map(re.escape, sorted(signs))))
"""What a line has if there is anything to do in it; most lines have none of it."""


def tidy(body: str, remarks: Remarks, notes: list[str]) -> str:
    """The line without such phrases, as long as before; each one that says something becomes a note and is said."""
    if len(body) > _LONGEST:
        return body
    if body.isascii() and NUMBERED.search(body) is None and _SIGNS.search(body.lower()) is None:
        return body
    end = body.find("//")
    line, comment = (body, "") if end < 0 else (body[:end], body[end:])
    if "**" in line or "__" in line:
        line = _BOLD.sub(lambda found: f"  {found[1] or found[2]}  ", line)
    shift = len(line) - len(line.lstrip())
    text = line[shift:].rstrip()
    if not text or text[0] in '"\u201c':
        return line + comment
    text = respell(text, shift, remarks, notes)
    text = _sought(text, shift, remarks, notes)
    text = mark_tempo(text, shift, remarks, notes)
    text = _complex(text, shift, remarks, notes)
    text = _PAIR.sub(lambda found: "2x".ljust(len(found[0])), text)
    text = _PARTS.sub(r"\1-", text)
    if not text.isascii():
        text = _KEYCAP.sub(lambda found: " " * len(found[0]), text)
    text = _SPELLED.sub(lambda found: found[1] + _NUMBER_WORDS[found[2].lower()].ljust(len(found[2])), text)
    for pattern, severity, message, hint in _NOTED:
        found = pattern.search(text)
        if found is None:
            continue
        said = found[0].strip(" ,:*()@")
        notes.append(said)
        start = shift + found.start() + found[0].index(said)
        remarks.add(Remark(start, severity, f"{said!r}: {message}", hint))
        text = unwrap_rest(blank(text, found))
    for pattern in _BLANKED:
        text = pattern.sub(lambda found: " " * len(found[0]), text)
    text = _SPELLED.sub(lambda found: found[1] + _NUMBER_WORDS[found[2].lower()].ljust(len(found[2])), text)
    if text[:4].lower() == "emom" and len(turns := _TURNS.findall(text)) == 2 and turns[0][:3].lower() == "odd":
        text = _TURNS.sub(lambda found: " " * len(found[0]), text)
    return line[:shift] + text + line[shift + len(text) :] + comment


def _sought(text: str, shift: int, remarks: Remarks, notes: list[str]) -> str:
    """A search for a load keeps its repetitions; a rest as long as the work stands behind its comma as a rest."""
    found = _FIND.search(text)
    if found is not None:
        notes.append(text[found.start() :])
        text = text[: found.start()] + " " * len(found[0]) + text[found.end() :]
    text = _HEAVY.sub(lambda heavy: _HEAVY_REPS[heavy[1].lower()].ljust(len(heavy[0])), text)
    ratio = _RATIO.search(text)
    if ratio is None:
        return text
    notes.append(ratio[0])
    message = f"{ratio[0]!r}: a rest as long as the work is kept as a note: the rest is open"
    remarks.add(Remark(shift + ratio.start(), "info", message, "write the time: Rest 1:00"))
    before, behind = text[: ratio.start()], text[ratio.end() :]
    if before.endswith("(") and behind.startswith(")"):  # 5x5 Squat (1:1 rest)
        before, behind = f"{before[:-1]},", f" {behind[1:]}"
    return before + "rest".ljust(len(ratio[0])) + behind


def _complex(text: str, shift: int, remarks: Remarks, notes: list[str]) -> str:
    """``Complex x5: 1 clean + 2 front squats``: sets of parts that follow one another."""
    head = _COMPLEX.match(text) if "+" in text else None
    if head is not None:
        said = head[0].strip(" :")
        sets = head[1] or head[2] or head[3]
        notes.append(said)
        remarks.add(Remark(shift, "info", f"{said!r}: the parts of a complex are read one behind the other",
                           "write it in quotes to count it as one movement"))  # fmt: skip
        text = (f"{sets} x" if sets else "").ljust(len(head[0])) + text[head.end() :]
    return _ENCLOSED.sub(lambda sets: f"{sets[1]} {sets[2]} ", text)
