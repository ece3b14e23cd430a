"""What is said of a text, bounded: a line or a text of nothing but faults costs no more than any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from otelwod.workout.model import Diagnostic, Severity

MAX_OF_A_LINE: Final = 50
"""Remarks of one line, errors and others each."""
MAX_OF_A_TEXT: Final = 10_000
"""Diagnostics of one text, errors and others each; more are counted in a last one."""
_LONGEST: Final = 160


@dataclass(slots=True)
class Remark:
    """A diagnostic at an offset in the line's content."""

    offset: int
    severity: Severity
    message: str
    hint: str = ""


def clipped(message: str) -> str:
    """A message with the middle of a long quotation left out."""
    return message if len(message) <= _LONGEST else f"{message[:80]} … {message[-70:]}"


class Remarks:
    """The remarks of one line."""

    __slots__ = ("_errors", "_found")

    def __init__(self) -> None:
        self._found: list[Remark] = []
        self._errors = 0

    def add(self, remark: Remark) -> None:
        """Keep a remark, as long as there is room for its kind."""
        if remark.severity == "error":
            self._errors += 1
            if self._errors > MAX_OF_A_LINE:
                return
        elif len(self._found) - min(self._errors, MAX_OF_A_LINE) >= MAX_OF_A_LINE:
            return
        remark.message = clipped(remark.message)
        remark.hint = clipped(remark.hint)
        self._found.append(remark)

    def __iter__(self) -> Iterator[Remark]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class Diagnostics:
    """The diagnostics of one text."""

    __slots__ = ("_errors", "_hidden", "_others")

    def __init__(self) -> None:
        self._errors: list[Diagnostic] = []
        self._others: list[Diagnostic] = []
        self._hidden = 0

    def add(self, line: int, column: int, severity: Severity, message: str, hint: str) -> None:
        """Keep a diagnostic, or count it where there are too many of its kind."""
        kept = self._errors if severity == "error" else self._others
        if len(kept) >= MAX_OF_A_TEXT:
            self._hidden += 1
        else:
            kept.append(Diagnostic(line, column, severity, clipped(message), clipped(hint)))

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return bool(self._errors)

    def __len__(self) -> int:
        return len(self._errors) + len(self._others) + self._hidden

    def in_order(self) -> tuple[Diagnostic, ...]:
        """All that was kept, in the order of the text, and the number of those that were not."""
        found = sorted([*self._errors, *self._others], key=lambda d: (d.line, d.column))
        if self._hidden:
            last = found[-1].line
            found.append(Diagnostic(last, 1, "info", f"{self._hidden} more are not shown", "mend the ones above first"))
        return tuple(found)
