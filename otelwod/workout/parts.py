"""A line's parts: ``A)`` and ``Min 1:`` labels in front, and where one line holds several steps."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.movements import lookup
from otelwod.workout.tokens import Token
from otelwod.workout.units import SPELLINGS
from otelwod.workout.wordlist import words

HEADER_WORDS: Final = words(
    """
    amrap amraps emom tabata for time rft rounds round rds rd sets set cap tc timecap every minute minutes min
    mins sec secs seconds s h x of in the on each reps rep as many possible alternating limit interval intervals
    """
)
SECTIONS: Final = words(
    """
    strength metcon wod wu core warmup warm-up cooldown cool-down skill skills accessory conditioning finisher mobility
    gymnastics weightlifting lifting endurance buy-in cash-out buyin cashout workout part
    """
)
PARTNERS: Final = words("in teams team partner partners pair pairs athlete athletes p1 p2 p3 p4")
"""Words that begin a label about who does the work: kept as a note."""
STANDARDS: Final = words("rx l1 l2 l3 l4 level performance men women male female")
SCALINGS: Final = words("scaled scaling scale beginner beginners intermediate foundations masters fitness")
"""Words of lines for other athletes: below a line with such a label they are another choice."""
_LABELS: Final = words(
    """
    min minute station odd even part block day week set
    """
)


def after_label(line: list[Token]) -> int:
    """The index behind a label in front (``A)``, ``1.``, ``Min 1:``, ``Strength:``, ``Buy-in:``), or 0."""
    size = len(line)
    if size < 3:
        return 0
    first, second = line[0], line[1]
    if second.glued and second.kind in (")", "close", ".") and not line[2].glued:
        letter = first.kind == "word" and len(first.text) <= 2 and first.text[0] in "ABCDEFGabcdefg"
        if (letter and (len(first.text) == 1 or first.text[1].isdigit())) or (
            first.kind == "number" and len(first.text) <= 2 and first.text.isdigit()
        ):
            return 2
    if first.kind != "word":
        return 0
    word = first.text.lower()
    if word in PARTNERS:
        colon = next((k for k, token in enumerate(line[:7]) if token.kind == ":"), 0)
        return colon + 1 if colon and colon + 1 < size else 0
    if second.kind == ":" and _LETTER.fullmatch(word):
        return 2
    if word in STANDARDS or word in SCALINGS:
        colon = next((k for k, token in enumerate(line[:4]) if token.kind == ":"), 0)
        return colon + 1 if 0 < colon < size - 1 else 0
    if word in SECTIONS or word in _LABELS:
        if second.kind == ":":
            return 2
        if word in _LABELS or word == "part":
            if word in ("odd", "even") and second.kind == "-":
                return 2
            short = second.kind == "number" or (second.kind == "word" and len(second.text) <= 2)
            if short and line[2].kind in (":", "-", ")", "close") and size > 3:
                return 3
        if second.kind == "number" and word in SECTIONS and word not in ("part", "set"):
            return 1
    return 0


_LETTER: Final = re.compile(r"[a-g][0-9]?")
"""``A:``, ``B2:``"""


def is_part(name: str) -> bool:
    """Whether a text is the title of a part: ``Strength``, ``WOD Chipper``, ``Partner WOD``."""
    lowered = name.lower()
    if lowered in SECTIONS:
        return True
    first, _, last = lowered.partition(" ")
    return bool(last) and (first in _PIECES or lowered.rsplit(" ", 1)[-1] in _PIECES)


_PIECES: Final = words("wod workout metcon")


def is_label(word: str) -> bool:
    """Whether a colon behind this word makes it a label, never a key."""
    return word in PARTNERS or word in STANDARDS or word in SCALINGS or _LETTER.fullmatch(word) is not None


_GROUPING: Final = words("x rounds round rds sets set times")
_PLAIN: Final = frozenset({"+", ",", ";"})


def opened(line: list[Token]) -> list[Token]:
    """``3 x (400 m Run + 10 Burpees), rest 3:00``: without the brackets of the group that is repeated.

    What stands behind the bracket is a step of its own, or the movement of steps without one (``(400 m + 200 m) Run``).
    """
    first = next((i for i, token in enumerate(line[:5]) if token.kind == "open"), 0)
    head = line[:first]
    if not head or head[0].kind != "number" or not any(t.kind == "times" or t.word in _GROUPING for t in head[1:]):
        return line
    if any(t.kind not in ("number", "times", ":") and t.word not in _GROUPING and t.word != "of" for t in head):
        return line
    close = next((i for i in range(first + 1, len(line)) if line[i].kind in ("open", "close")), -1)
    if close < 0 or line[close].kind == "open":
        return line
    inner, rest = line[first + 1 : close], line[close + 1 :]
    if rest and rest[0].word in ("w", "with"):
        rest = rest[2:] if rest[1:2] and rest[1].kind == "/" else rest[1:]
    joins = [i for i, token in enumerate(inner) if token.kind in _PLAIN]
    measured = any(token.kind in ("word", "time") for token in inner)
    if not joins or not measured or inner[0].kind not in ("number", "time", "word", "?"):
        return line
    while head[-1].kind == ":" or head[-1].word == "of":
        head.pop()
    if head[-1].kind != "times" and head[-1].word not in _GROUPING:
        return line  # 5 x 5 (100 kg, slow)
    comma = Token(",", ",", line[close].start, line[close].end, False)
    moves = bool(rest) and all(token.kind == "word" for token in rest) and rest[0].word != "rest"
    if not moves:
        joined = rest and rest[0].kind in (*_PLAIN, "-")
        return [*head, *inner, *((comma,) if rest else ()), *(rest[1:] if joined else rest)]
    found = list(head)
    for start, end in zip([0, *(i + 1 for i in joins)], [*joins, len(inner)], strict=True):
        part = inner[start:end]
        bare = all(token.kind != "word" or token.word in SPELLINGS for token in part)
        found += [*part, *(rest if bare else ()), *inner[end : end + 1]]
    return found


_JOINERS: Final = frozenset("|+,;/&")
_JOINING: Final = words("and then rest r")


_RESTS: Final = words("rest r")
"""``r 2:00``: rowers and runners write rest so."""


def split(line: list[Token]) -> list[tuple[str, list[Token]]]:
    """The steps of one line as (joiner, tokens): ``,`` next step, ``+`` together with the one before, ``|`` or else
    (``/`` where the line writes a slash).

    Parentheses are not looked into.
    """
    parts: list[tuple[str, list[Token]]] = []
    joiner, current, depth, worded = ",", [], 0, False  # type: tuple[str, list[Token], int, bool]
    numbered = amrap = False  # known on the way: no separator looks back over the line
    for i, token in enumerate(line):
        kind = token.kind
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif (kind in _JOINERS or token.word in _JOINING) and depth == 0 and i + 1 < len(line):
            if not current and token.word == "then":
                continue
            found = _joiner(line, i, worded, numbered, amrap) if current else None
            if found is not None:
                parts.append((joiner, current))
                joiner, worded = found, False
                current = [token] if token.word in _RESTS else []
                continue
        current.append(token)
        if kind == "number":
            numbered = True
        elif kind == "word":
            amrap = amrap or token.word == "amrap"
            worded = worded or (depth == 0 and token.word not in HEADER_WORDS)
    parts.append((joiner, current))
    return parts


def _joiner(line: list[Token], i: int, worded: bool, numbered: bool, amrap: bool) -> str | None:
    """How the separator at ``i`` joins, None for not at all; ``numbered``, ``amrap``: such a token stands before it,
    ``worded``: a word of its own in this step."""
    token, after = line[i], line[i + 1]
    kind = token.kind
    if kind == "|":
        return "|"
    if kind == "+":
        return "+"
    if kind in (",", ";"):
        before = line[i - 1]
        if after.kind == "number" and line[i + 2 : i + 3] and line[i + 2].kind == "%":
            return None  # 4x6 @ 30X1, 60%
        if i == 2 and line[0].word == "for" and line[1].word == "time":
            return None  # For time, 21-15-9
        if after.word == "every" and numbered:
            return None  # 5x1 Snatch, every 90 s
        if before.word in ("on", "work") and after.kind in ("time", "number"):
            return None  # :40 on, :20 off
        if not worded and i + 2 < len(line) and (line[i + 2].text.lower() == "on" or line[i + 2].kind == "/"):
            return None  # 4 rounds, 3:00 on / 1:00 off
        recovers = after.word == "r" and line[i + 2 : i + 3] and line[i + 2].kind == "time"
        return "," if recovers or _starts_step(after) or (worded and _known_on_both_sides(line, i)) else None
    if kind == "/":
        spaced = not token.glued and not after.glued and line[i - 1].kind == "word" and worded
        if i + 2 < len(line) and line[i + 2].text.lower() == line[i - 1].text.lower():
            return None  # 95 lb / 65 lb
        off_beat = not token.glued and not after.glued
        if off_beat and (after.word == "rest" or (not worded and amrap)):
            return ","  # Row 500 m / rest 1:00
        if spaced and (after.kind == "number" or (_schemed(line) and _known_on_both_sides(line, i))):
            return ","
        if worded and line[i - 1].kind == "word" and _both_movements(line, i):
            return "," if _schemed(line) else "/"
        return None
    if kind == "&" or token.word in ("and", "then"):
        if token.word == "then" and worded:
            return ","
        return "," if worded and (_starts_step(after) or _known_on_both_sides(line, i)) else None
    if token.word in _RESTS and (after.kind == "time" or (after.kind == "number" and token.word == "rest")):
        return "," if worded or numbered else None
    return None


def _schemed(line: list[Token]) -> bool:
    """Whether the line begins with a rep scheme: then ``cal bike / burpees`` are two movements of its rounds."""
    return [token.kind for token in line[:3]] == ["number", "-", "number"]


_STEP_WORDS: Final = words("max rest then tabata amrap emom every")


def _starts_step(token: Token) -> bool:
    if token.kind in ("number", "time", "?"):
        return True
    return token.word in _STEP_WORDS


def _both_movements(line: list[Token], i: int) -> bool:
    """Whether a movement ends before the slash and one begins behind it, with a count or not: ``15 T2B/12 C2B``."""
    start = i
    while start > 0 and i - start < _REACH and line[start - 1].kind == "word" and line[start - 1].word not in SPELLINGS:
        start -= 1
    j = i + 1
    while j < len(line) and (line[j].kind == "number" or line[j].word in SPELLINGS):
        j += 1
    end = j
    while end < len(line) and end - j < _REACH and line[end].kind == "word":
        end += 1
    left = " ".join(token.text for token in line[start:i])
    right = " ".join(token.text for token in line[j:end])
    if not left or not right or lookup(left) is None or lookup(right) is None:
        return False
    return lookup(f"{left} / {right}") is None and lookup(f"{left} and {right}") is None


_REACH: Final = 6


def _known_on_both_sides(line: list[Token], i: int) -> bool:
    """Whether the words next to a separator are movements of their own (and not one: ``Clean and Jerk``)."""
    left: list[str] = []
    for token in reversed(line[max(0, i - _REACH) : i]):
        if token.kind != "word" or token.text.lower() in ("of", "and"):
            break
        left.insert(0, token.text)
    right: list[str] = []
    for token in line[i + 1 : i + 1 + _REACH]:
        if token.kind != "word" or token.text.lower() == "and":
            break
        right.append(token.text)
    if not left or not right or lookup(" ".join([*left, line[i].text, *right])) is not None:
        return False
    if lookup(" ".join([left[-1], "and", right[0]])) is not None:
        return False
    return lookup(" ".join(left)) is not None and lookup(" ".join(right)) is not None
