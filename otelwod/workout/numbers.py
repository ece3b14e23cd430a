"""Numbers and times as they stand in a line, with their bounds."""

from __future__ import annotations

import unicodedata
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND

MAX_NUMBER: Final = 1_000_000_000
"""The largest number that the language knows; what is larger is out of range."""
MAX_SECONDS: Final = 366 * 86_400
"""The longest time: a year."""
_MAX_DIGITS: Final = 12


def number(text: str) -> float | None:
    """The value of a number token (``1,000``, ``2.5``, ``22,5``, ``½``), or None where it is out of range."""
    if len(text) <= 9 and text.isascii() and text.isdigit():
        return float(text)
    if len(text) == 1 and not text.isascii():
        return unicodedata.numeric(text)
    before, comma, after = text.rpartition(",")
    if comma and len(after) < 3:
        text = f"{before}.{after}"  # 22,5 kg
    digits = text.replace(",", "")
    whole, _, part = digits.partition(".")
    if len(whole.lstrip("0")) > _MAX_DIGITS or len(part) > _MAX_DIGITS:
        return None
    value = float(digits)
    return value if value <= MAX_NUMBER else None


def timer(text: str) -> int | str:
    """Nanoseconds of ``5:00``, ``:30``, ``1:30:00`` or ``1:00:00:00`` (days), or what is wrong, said as a hint.

    ``:90`` and ``90:00`` are times; behind the first number each part has two digits, below 60 (hours below 24).
    """
    parts = text.split(":")
    if len(parts) > 4:
        return "write hours:minutes:seconds, such as 1:30:00"
    if any(len(part) > 8 for part in parts):
        return "a time has at most eight digits before a colon"
    if parts[0] == "":
        seconds = int(parts[1])
        if seconds > MAX_SECONDS:
            return "a time is at most a year"
        return seconds * NANOS_PER_SECOND
    values = [int(part) for part in parts]
    limits = (60, 60, 24)
    for limit, value, part in zip(limits, reversed(values[1:]), reversed(parts[1:]), strict=False):
        if value >= limit or len(part) != 2:
            return _suggestion(values, parts)
    scale = (1, 60, 3600, 86_400)
    seconds = sum(value * unit for value, unit in zip(reversed(values), scale, strict=False))
    if seconds > MAX_SECONDS:
        return "a time is at most a year"
    return seconds * NANOS_PER_SECOND


def _suggestion(values: list[int], parts: list[str]) -> str:
    if len(values) == 2 and len(parts[1]) == 1:
        return f"write {values[0]}:0{values[1]} or {values[0]}:{values[1]}0"
    scale = (1, 60, 3600, 86_400)
    seconds = sum(value * unit for value, unit in zip(reversed(values), scale, strict=False))
    return f"write {clock(seconds * NANOS_PER_SECOND)}" if seconds <= MAX_SECONDS else "write minutes:seconds"


def clock(nanoseconds: int) -> str:
    """A time as the language writes it: ``:30``, ``5:00``, ``1:30:00``; fractions of a second are kept."""
    seconds, rest = divmod(nanoseconds, NANOS_PER_SECOND)
    tail = f".{rest:09d}".rstrip("0") if rest else ""
    minutes, second = divmod(seconds, 60)
    if minutes == 0:
        return f":{second:02d}{tail}"
    hours, minute = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes}:{second:02d}{tail}"
    return f"{hours}:{minute:02d}:{second:02d}{tail}"
