"""Signs that mean nothing where they stand."""

from __future__ import annotations

from typing import Final

from otelwod.workout.reading.step import Step
from otelwod.workout.tokens import Token

_SILENT: Final = frozenset({".", "!", "ellipsis", "-", ",", ";", "emoji", "\ufe0f", "\u23f1", "\u23f0", "\u23f3"})
"""Harmless between words; emoji are decoration."""


def stray(step: Step, token: Token) -> None:
    """A sign that means nothing here: harmless between words, else said."""
    step.i += 1
    kind = token.kind
    if kind in ("/", "&") and step.words and step.at(step.i).kind == "word":
        step.words.append(kind)
        return
    if kind == "close":
        step.error(token, "a closing bracket without an opening one", "remove ) or write ( before it")
        return
    if kind in _SILENT:
        return
    if kind == "'" and step.words:
        return
    while step.at(step.i).kind == kind and step.at(step.i).glued:
        step.i += 1
    step.warn(token, f"skipped {step.slice(token, step.line[step.i - 1])!r}: it has no meaning here", "remove it")
