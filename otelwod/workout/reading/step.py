"""The state of reading one step of a line, and how it speaks of what it finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from otelwod.workout.facts import Facts, Kind
from otelwod.workout.model import Duration
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.tokens import Token

_END: Final = Token("end", "", 0, 0, False)


class Bare(NamedTuple):
    """A number without a unit: where it stands decides what it is."""

    value: float
    women: float | None
    offset: int
    end: int
    behind_words: bool


class Step:
    """The tokens of one step, where the reading stands, and what was found so far."""

    __slots__ = (
        "bare",
        "bodyweight",
        "content",
        "default_unit",
        "direction_up",
        "durations",
        "facts",
        "held",
        "i",
        "interval_next",
        "length_end",
        "line",
        "literal",
        "load_end",
        "names_held",
        "pair",
        "qualifiers",
        "remarks",
        "required",
        "rest_next",
        "scan",
        "words",
    )  # fmt: skip

    def __init__(
        self, content: str, line: list[Token], remarks: Remarks, default_unit: str, scan: Callable[[Step], None]
    ) -> None:
        self.content = content
        self.line = line
        self.remarks = remarks
        self.default_unit = default_unit
        self.scan = scan
        self.i = 0
        self.facts = Facts(offset=line[0].start if line else 0)
        self.words: list[str] = []
        self.qualifiers: list[str] = []
        self.literal = False
        self.durations: list[Duration] = []
        self.bare: list[Bare] = []
        self.bodyweight: Token | None = None
        self.pair = False
        self.held = False
        self.names_held: bool | None = None
        self.load_end = -1
        self.rest_next = False
        self.interval_next = False
        self.length_end = -1
        self.direction_up = False
        self.required = False

    def at(self, i: int) -> Token:
        """The token at ``i``, or one of the kind ``end``."""
        return self.line[i] if 0 <= i < len(self.line) else _END

    def word_at(self, i: int) -> str:
        """The word at ``i`` in lower case, or an empty text."""
        return self.line[i].word if 0 <= i < len(self.line) else ""

    def warn(self, token: Token, message: str, hint: str = "") -> None:
        """Text was skipped."""
        self.remarks.add(Remark(token.start, "warning", message, hint))

    def info(self, offset: int, message: str, hint: str = "") -> None:
        """A choice was made."""
        self.remarks.add(Remark(offset, "info", message, hint))

    def error(self, token: Token, message: str, hint: str) -> None:
        """Text has no meaning."""
        self.remarks.add(Remark(token.start, "error", message, hint))

    def slice(self, first: Token, last: Token) -> str:
        """The text from one token to another."""
        return self.content[first.start : last.end]

    def set_kind(self, token: Token, kind: Kind) -> None:
        """A header word: a line is of one kind, the first."""
        facts = self.facts
        if facts.kind is not None and facts.kind != kind:
            self.warn(token, f"skipped {token.text!r}: the line says {facts.kind} already", "give it a line of its own")
            return
        facts.kind = kind
        facts.adopts = True

    def token_of(self, bare: Bare) -> Token:
        """A bare number as the token that it was."""
        return Token("number", self.content[bare.offset : bare.end], bare.offset, bare.end, False)

    def said(self, message: str, hint: str) -> None:
        self.remarks.add(Remark(self.facts.offset, "warning", message, hint))
