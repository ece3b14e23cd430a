"""Text for people: hostile characters made visible, durations, shares, counts and columns.

Every view takes these from here, so that a duration reads the same everywhere and no name of a span can steer a
terminal. Lengths are counted in terminal cells, where a wide character takes two.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from otelwod.runtime.scores import clock_text

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}
_HOSTILE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Zero-width (non-)joiners: Persian, Hindi and emoji need them, and they cannot reorder a line."""
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")
_UNITS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
_SECOND: Final = 1_000_000_000


def visible(text: str) -> str:
    """``text`` on one line, with each control, escape, bidi or other format character as an escape.

    ``"a\\x1b[31mb\\n"`` becomes ``"a\\\\e[31mb\\\\n"``. Lone surrogates and line separators are escaped too, so the
    result can be written in any encoding that has its letters. Printable text is returned as it is.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if unicodedata.category(character) not in _HOSTILE or character in _JOINERS:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cells(text: str) -> int:
    """How many terminal cells ``text`` takes: wide characters count 2, combining ones 0."""
    if _PLAIN.fullmatch(text):
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def fit(text: str, width: int, *, ellipsis: str = "…") -> str:
    """``text`` cut to at most ``width`` cells, the cut marked by ``ellipsis``. No padding."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 0:
        return ""
    taken: list[str] = []
    for character in text:
        room -= _cells_of(character)
        if room < 0:
            break
        taken.append(character)
    return "".join(taken) + ellipsis


def left(text: str, width: int) -> str:
    """``text`` fitted and padded on its right to exactly ``width`` cells."""
    text = fit(text, width)
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """``text`` fitted and padded on its left to exactly ``width`` cells."""
    text = fit(text, width)
    return " " * (width - cells(text)) + text


def fmt_duration(ns: int) -> str:
    """Nanoseconds as people say them: ``1:02:03``, ``4:32``, ``45.2 s``, ``12.3 ms``, ``5 µs``, ``40 ns``, ``0 s``.

    From a minute on to the nearest second; below, three significant digits without trailing zeros.
    """
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns == 0:
        return "0 s"
    if ns >= 59_950_000_000:  # would round to 60 s
        return sign + clock_text(ns + _SECOND // 2)
    for index, (unit, name) in enumerate(_UNITS):
        if ns >= unit:
            number = _three_digits(ns, unit)
            if number == "1000":  # 999.6 ms is 1 s
                number, name = "1", _UNITS[index - 1][1]
            return f"{sign}{number} {name}"
    raise AssertionError("nanoseconds are whole")


def _three_digits(ns: int, unit: int) -> str:
    """``ns / unit`` rounded half up to three significant digits, in whole numbers throughout."""
    decimals = 2 if ns < 10 * unit else 1 if ns < 100 * unit else 0
    scale = 10**decimals
    scaled = (ns * scale + unit // 2) // unit
    whole, part = divmod(scaled, scale)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole}.{digits}" if digits else str(whole)


def fmt_clock(ns: int) -> str:
    """Nanoseconds as a stopwatch shows them: ``0:45``, ``4:32``, ``1:02:03``. Begun seconds do not count yet."""
    return "-" + clock_text(-ns) if ns <= -_SECOND else clock_text(max(0, ns))


def fmt_percent(part: float, whole: float = 1.0) -> str:
    """``part / whole`` as a share: ``61 %``, ``4.2 %``, ``<0.1 %``, ``0 %``; ``–`` when the whole is nothing."""
    if not whole:
        return "–"
    percent = 100.0 * part / whole
    if percent == 0.0:
        return "0 %"
    if 0.0 < percent < 0.1:
        return "<0.1 %"
    return f"{percent:.1f} %" if abs(percent) < 9.95 else f"{percent:.0f} %"


def fmt_count(number: int, one: str, many: str | None = None) -> str:
    """``1 span``, ``1,234 spans``: the number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def fmt_number(value: float) -> str:
    """A measured value without noise: ``21``, ``43.1``, ``0.25``."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.3f}".rstrip("0").rstrip(".")
