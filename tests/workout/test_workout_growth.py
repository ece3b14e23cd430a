"""Work grows with the length of a line and no faster: counted, never timed, so that a slow machine changes nothing.

What is counted: every line of Python that is executed (a loop counts at each turn, on one line too), and every token
that is looked at, a slice of them as many as it copies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, SupportsIndex, overload

import pytest

from otelwod.workout import canonical, line, parse, parts, totals
from otelwod.workout.tokens import Token, tokens

PIECES = (
    "1,", "(", "+ ", "1/", "x", "5x", ":", '" "', "[", "and ", "rest ", ")", "()", "(3) ", "((1) ", "(a) ", "[a] ",
    "{", "{} ", "^", "* ", "@ ", "@ 5 ", "? ", "1-", "1 - ", "1, 2, ", "9", "a", "a ", "a-", "x5 ", "| ", "a | ",
    "10 a, ", "10 a and ", "t2b/", "15 t2b / ", "1 / ", "a / 1 ", "a / b ", ":20 / ", "w/ ", "e/s ", "rest 1 ",
    "rest 1:00 ", "1 rest ", "1:00 rest, ", "then 5 a ", "for time ", "amrap 5 ", "every 2:00 ", "1 every ", "cap ",
    "5 min ", "1:2:", "1 to ", "10 to 1 ", "10-9-...-1 ", "2x50 ", "a 2x50 ", "db 2x50/35 ", "1/2 mile ", "1 1/2 ",
    "@ 2x", "rpe: ", ":40 on ", ":40/:20 ", "1,000", "250m-", "5/3/1 ", "$ ", "$", "'", "95 lb/", "10 a (b) ",
    "part ", "1RM ", "bw ", "odd: ", "1 in ", "(1 (a) ", "a (+) ", "a (5 lb) ", "5-1 a ",
    "max effort ", "3x failure ", "to failure ", "3xamrap ", "21 and ", "1 & ", "3010 ", "r20 ", "r1:30 ",
    "emom 5 2x5 ", "amrap 5: 3 rounds of 5 a ", "(5 kg, a) ", "(5 kg, (a, ", "(5 kg, rest 1:00) ", "free ",
    "teams of 3: ", "(relay, ",
)  # fmt: skip
"""What a hostile line, or a slip of the keyboard, repeats."""
TIMES = 150
GROWTH = 5.0
"""At four times the length four times the work, and a little for what is said once; quadratic work would be sixteen."""


class Counted(list[Token]):
    """Tokens that count how often they are looked at."""

    seen = 0

    @overload
    def __getitem__(self, at: SupportsIndex) -> Token: ...
    @overload
    def __getitem__(self, at: slice) -> list[Token]: ...
    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        Counted.seen += len(found) if isinstance(found, list) else 1
        return Counted(found) if isinstance(found, list) else found

    def __iter__(self) -> Iterator[Token]:
        for token in super().__iter__():
            Counted.seen += 1
            yield token


def work(text: str) -> int:
    """How much is done for a text."""
    executed = 0

    def trace(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal executed
        executed += event == "line"
        return trace

    Counted.seen = 0
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        workout = parse(text)
        canonical(workout)
        totals(workout)
    finally:
        sys.settrace(before)
    return executed + Counted.seen


def growth(piece: str) -> float:
    """How much more work four times as much of the same is."""
    for text in (piece, piece * TIMES):
        parse(text)  # what is remembered from one text to the next is no work of this one
    return work(piece * 4 * TIMES) / work(piece * TIMES)


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "tokens", lambda body: Counted(tokens(body)))


@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_with_the_line(piece: str) -> None:
    assert growth(piece) <= GROWTH


@pytest.mark.parametrize(
    "piece",
    [
        "10 a\n",
        "(1)\n",
        "cap 5\n",
        "Squat\n5 @ 5\n",
        "rest\n",
        "1 a\nRest between\n",
        "AMRAP 5\n1 a\n",
        "Row\n250 m\n",
        "Plank\n:30\n5 a\n",
        "EMOM 4\n2 rounds\n1 a\n2 b\n",
        "1 a\n2 b\nRest 1:00 between exercises\n",
        "3 rounds\n1 a\n2 b\nRest 1:00 between exercises\n",
        "3 rounds\n  1 a\n  rest 1:00 between exercises\n",
    ],
)
def test_work_grows_with_the_lines(piece: str) -> None:
    assert growth(piece) <= GROWTH


def test_the_count_sees_a_look_over_the_whole_line_at_each_separator(monkeypatch: pytest.MonkeyPatch) -> None:
    joiner = parts._joiner

    def looking_back(tokens: list[Token], i: int, *known: bool) -> str | None:
        return None if any(token.kind == "none" for token in tokens[:i]) else joiner(tokens, i, *known)

    assert growth("1, ") <= GROWTH
    monkeypatch.setattr(parts, "_joiner", looking_back)
    assert growth("1, ") > 1.5 * GROWTH
