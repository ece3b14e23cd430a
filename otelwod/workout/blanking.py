"""Taking text out of a line: all behind it stays where it was, brackets stay in pairs, and none is left empty."""

from __future__ import annotations

import re
from typing import Final

_HOLLOW: Final = re.compile(r"\([\s,;]*\)")
_EDGE: Final = re.compile(r"(?<=\() {2,}[,;]|[,;] {2,}(?=\))")
"""A comma that a phrase in brackets leaves behind."""


def blank(text: str, found: re.Match[str]) -> str:
    """The text with spaces where a phrase stood; a bracket that the phrase does not close stays."""
    start, end = found.span()
    kept = _unpaired(found[0])
    text = text[:start] + kept + text[end:]
    for hollow in _HOLLOW.finditer(text):
        if hollow.start() <= end and hollow.end() >= start:
            text = text[: hollow.start()] + " " * len(hollow[0]) + text[hollow.end() :]
    return _EDGE.sub(lambda edge: " " * len(edge[0]), text)


def _unpaired(phrase: str) -> str:
    """Spaces, and the brackets of a phrase whose other halves stand outside it."""
    kept = [" "] * len(phrase)
    opened: list[int] = []
    for i, char in enumerate(phrase):
        if char == "(":
            opened.append(i)
        elif char == ")" and opened:
            opened.pop()
        elif char == ")":
            kept[i] = ")"
    for i in opened:
        kept[i] = "("
    return "".join(kept)
