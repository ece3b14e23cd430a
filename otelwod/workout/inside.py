"""``EMOM 16: 4 rounds of 5 Burpees``: rounds within the AMRAP or the intervals of the same line."""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.parts import HEADER_WORDS, opened
from otelwod.workout.tokens import Token
from otelwod.workout.units import SPELLINGS
from otelwod.workout.wordlist import words

_TIMED: Final = re.compile(r"amraps?|(?:amrap|emomx?)[0-9]+|emom|otm|e[0-9]+mom|e[0-9]+s(?:om)?|every")
_SHORTEST: Final = 5
"""Tokens of the shortest such line: ``EMOM 9 2x5``."""
_INITIALS: Final = frozenset("aeom")
_OPENING: Final = 16
"""Tokens in which the header of a line ends."""
_GROUPS: Final = words("x rounds round rds rd sets set")
_NO_WORK: Final = words("rest r for cap tc each every in with not on off")
_SHORT: Final = frozenset({"1:00", "0:30", ":30", ":60"})


def rounds_inside(line: list[Token]) -> tuple[list[Token], list[Token], bool]:
    """The header of a line, the rounds within it (none of most lines), and whether brackets hold what is repeated.

    A count behind an AMRAP or intervals that have their length is that of rounds within; without one it is the length.
    """
    opening = line[:_OPENING]
    starts = [i for i, token in enumerate(opening) if token.word[:1] in _INITIALS and _is_timed(line, i)]
    if len(line) < _SHORTEST or not starts:
        return line, [], False
    by_minutes = any(token.word in ("emom", "otm") for token in opening)
    lengths = depth = 0
    named = False
    for i, token in enumerate(opening):
        if depth == 0 and named and lengths > 0:
            j = i + 1 if _separates(line, i) else i
            if (j > i or _measures(line[i - 1])) and _rounds_at(line, j):
                group = opened(line[j:])
                return line[:i], group, len(group) != len(line) - j
        depth += (token.kind == "open") - (token.kind == "close")
        if token.kind in ("number", "time"):
            lengths += not (by_minutes and _short(line, i))
        elif i in starts:
            named = True
            interval = token.word == "every" and i + 1 < len(line) and line[i + 1].kind in ("number", "time")
            lengths += (token.word[-1].isdigit()) - interval
        elif token.word and token.word not in HEADER_WORDS:
            break
    return line, [], False


def _is_timed(line: list[Token], i: int) -> bool:
    """Whether the word at ``i`` names an AMRAP or intervals (``on the minute`` does)."""
    word = line[i].word
    return _TIMED.fullmatch(word) is not None or (word in ("minute", "min") and i > 0 and line[i - 1].word == "the")


def _separates(line: list[Token], i: int) -> bool:
    """A colon, ``of``, or a dash with spaces around it."""
    token = line[i]
    dash = token.kind == "-" and not token.glued and i + 1 < len(line) and not line[i + 1].glued
    return token.kind == ":" or token.word == "of" or dash


def _measures(token: Token) -> bool:
    return token.kind in ("number", "time") or token.word in SPELLINGS


def _short(line: list[Token], i: int) -> bool:
    """A minute or less: the time of one interval."""
    after = line[i + 1].word if i + 1 < len(line) else ""
    return line[i].text in _SHORT or after in ("s", "sec", "secs", "second", "seconds")


def _rounds_at(line: list[Token], i: int) -> bool:
    """Whether rounds or sets of some work stand at ``i``: ``4 rounds of 5 Burpees``, ``4 x 5 Burpees``."""
    if i + 2 >= len(line) or line[i].kind != "number":
        return False
    if line[i + 1].kind != "times" and line[i + 1].word not in _GROUPS:
        return False
    j = i + 2
    while j < len(line) and (line[j].kind == ":" or line[j].word == "of"):
        j += 1
    return j < len(line) and line[j].kind in ("number", "word", "time", "?", "open") and line[j].word not in _NO_WORK
