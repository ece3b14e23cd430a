"""One step of a line → its facts: what every word, number and sign of it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from otelwod.workout.facts import Facts
from otelwod.workout.reading.brackets import read_bracket, read_square
from otelwod.workout.reading.conclude import conclude
from otelwod.workout.reading.counts import read_at, read_number, read_question, read_times
from otelwod.workout.reading.sides import say_sides
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.stray import stray
from otelwod.workout.reading.times import read_colon, read_mark, read_time
from otelwod.workout.reading.words import read_literal, read_word
from otelwod.workout.remarks import Remarks
from otelwod.workout.tokens import Token


def read_step(content: str, line: list[Token], remarks: Remarks, default_unit: str) -> Facts:
    """The facts of the tokens of one step; what is to be said of them goes to ``remarks``.

    ``default_unit`` is that of a load without one. ``content`` is the line that the tokens' offsets point into.
    """
    step = Step(content, line, remarks, default_unit, scan)
    scan(step)
    conclude(step)
    say_sides(step)
    return step.facts


def scan(step: Step) -> None:
    """Every token once, from left to right."""
    while step.i < len(step.line):
        token = step.line[step.i]
        handler = _HANDLERS.get(token.kind)
        if handler is not None:
            handler(step, token)
        else:
            stray(step, token)


_HANDLERS: Final[dict[str, Callable[[Step, Token], None]]] = {
    "word": read_word,
    "number": read_number,
    "time": read_time,
    "times": read_times,
    "literal": read_literal,
    "open": read_bracket,
    "[": read_square,
    "?": read_question,
    "@": read_at,
    ":": read_colon,
    "^": read_mark,
    "*": read_mark,
}
