"""What the processors and the monitor may be given: each option checked where it is given, with words that help.

Everything raises `TypeError` for a wrong type and `ValueError` for a value that means nothing, and names the option.
"""

from __future__ import annotations

import math
from typing import Final

LONGEST_S: Final = 1_000_000.0
"""The longest time, in seconds, that a wait of the operating system surely takes."""


def check_whole(what: str, value: object, least: int = 1) -> None:
    """A whole number of at least ``least``; True and 1.5 are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must be a whole number, such as 1000, not {shown(value)}")
    if value < least:
        raise ValueError(f"{what} must be at least {least}, not {shown(value)}")


def check_number(what: str, value: object, *, zero: bool = False, most: float = math.inf) -> None:
    """A finite number above 0 (or, with ``zero``, not below it), and at most ``most``."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{what} must be a number, such as 0.5, not {shown(value)}")
    if not (0 < value <= most or (zero and value == 0)) or value == math.inf:
        least = "0 or more" if zero else "above 0"
        upper = "finite" if most == math.inf else f"at most {most:,.0f}"
        raise ValueError(f"{what} must be {least} and {upper}, not {shown(value)}")


def check_flag(what: str, value: object) -> None:
    """True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be True or False, not {shown(value)}")


def check_function(what: str, value: object, of: str) -> None:
    """Something that can be called; ``of`` says with what."""
    if not callable(value):
        raise TypeError(f"{what} must be a function of {of}, not {shown(value)}")


def check_text(what: str, value: object) -> None:
    """A text that is not empty."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text, not {shown(value)}")
    if not value.strip():
        raise ValueError(f"{what} must not be empty; leave it out for all")


def shown(value: object) -> str:
    """A short outline of any object, whatever its ``repr`` does."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - foreign code; the type says enough
        text = f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"
