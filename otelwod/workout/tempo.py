"""A tempo without the word: ``Squat 3010``, ``5x5 Squat 31X1``, ``Squat 3-0-1-0``.

The four signs are the seconds of the way down, of the pause, of the way up (``X``: as fast as it goes) and of the pause
on top. They count nothing: what is taken for a tempo becomes a note, and that is said with the other reading.
"""

from __future__ import annotations

import re
from typing import Final

from otelwod.workout.blanking import blank
from otelwod.workout.movements import lookup
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.wordlist import words

_SIGNS: Final = re.compile(
    r"(?<![\w.,:/@-])(?:[0-9][0-9xX]{3}|[0-9](?:-[0-9xX]){2,3})(?![\w%#]|[.,:/-][0-9xX]| ?(?:m|km|mi|ft|yd|lbs?|kgs?"
    r"|%|#|cals?|reps?|rounds?|sets?|s|secs?|mins?|x|tempo)\b)"
)
_NAMED: Final = re.compile(r"(?:@|\btempo:?) ?$", re.IGNORECASE)
"""A tempo with the word is read where the other notes are."""
_SETS: Final = re.compile(r"(?<![0-9])[0-9]{1,3} ?[xX\u00d7] ?(?:[0-9]|max)")
_NO_NAME: Final = words("x sets set of reps rounds kg kgs lb lbs rest then rm")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_STRENGTH: Final = re.compile(r"^(?!cardio/)(?!.*(?:double_under|single_under|jump_rope))")


def mark_tempo(text: str, shift: int, remarks: Remarks, notes: list[str]) -> str:
    """The text of a line without its tempo, as long as before."""
    for found in _SIGNS.finditer(text):
        said, before = found[0], text[: found.start()]
        if _NAMED.search(before) is not None or not _is_tempo(said, before, text[found.end() :]):
            continue
        notes.append(f"tempo {said}")
        other = f", or {said} reps for repetitions" if said.isdigit() else ""
        if said[2] == "X" and said[:2].isdigit():
            other = f", or {said[:2]} x {said[3]} for sets"
        remarks.add(Remark(shift + found.start(), "info", f"{said!r} is read as a tempo and kept as a note",
                           f"write tempo {said} to say so{other}"))  # fmt: skip
        text = blank(text, found)
        if not any(char.isdigit() for char in before) and text[found.end() : found.end() + 1] == ",":
            text = f"{text[: found.end()]} {text[found.end() + 1 :]}"  # Squat 3010, 5x5
        return text
    return text


def _is_tempo(said: str, before: str, behind: str) -> bool:
    if "-" in said:  # 21-15-9 has no zeros
        alone = said.count("-") == 2 and not any(map(str.isalpha, before))  # 3-0-1 Squats
        return not alone and ("0" in said or "x" in said.lower())
    if said.isdigit():
        return said[2:] != "00" and max(said) <= "6" and _names_strength(before)
    if not re.fullmatch("[0-9][0-9]X[0-9]", said):
        return said[1:3] == "XX" and said[3] != "X"  # 3x10 are sets
    if _SETS.search(before) is not None or _SETS.search(behind) is not None or said[3] == "0":
        return True
    return "2" <= said[0] <= "5" and said[1] <= "3" and said[3] == "1" and _names_strength(before)


def _names_strength(before: str) -> bool:
    """Whether the words in front are a movement that has a tempo; repetitions of nothing else are meant there."""
    name = [word for word in _WORD.findall(before) if word.lower() not in _NO_NAME]
    known = lookup(" ".join(name)) if name else None
    return known is not None and _STRENGTH.search(known[0]) is not None
