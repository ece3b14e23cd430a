"""The journal of a session: every input as it came, so that a killed session can go on. Text only; files are cli's.

The first line is the ``start`` with the moment (``at``, nanoseconds since the epoch), the workout's id and the seed.
A journal that was cut at any byte is read up to its last whole line; the gap until the resumption is a pause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from otelwod.runtime.inputs import Input, InputError, format_input, parse_input


@dataclass(frozen=True, slots=True)
class Journal:
    """What a journal says. ``torn`` when its last line was cut."""

    details: dict[str, Any]
    inputs: tuple[Input, ...]
    torn: bool = False

    @property
    def last(self) -> int:
        """The time of the last input, in nanoseconds from the start."""
        return self.inputs[-1].t if self.inputs else 0


def journal_line(entry: Input) -> str:
    """One input as a line of the journal, with its line end."""
    return format_input(entry) + "\n"


def read_journal(text: str) -> Journal:
    """A journal, however it was cut. `InputError` where a line other than the last is damaged."""
    inputs: list[Input] = []
    torn = False
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        is_last = number == len(lines)
        if is_last:
            # Without its line end a line may be half of one that still parses: {"t": 12} of {"t": 12.5, …}.
            torn = True
            continue
        entry = parse_input(line, number)
        if inputs and entry.t < inputs[-1].t:
            raise InputError("time runs backwards in this journal", number)
        inputs.append(entry)
    details = dict(inputs[0].details) if inputs and inputs[0].kind == "start" else {}
    return Journal(details, tuple(inputs), torn)


def resumption(journal: Journal, paused: bool, at: int) -> tuple[Input, ...]:
    """What to send after replaying a journal: the gap from its last input to ``at`` is a pause."""
    at = max(at, journal.last)
    if at == journal.last:
        return ()
    return (() if paused else (Input("pause", journal.last),)) + (Input("resume", at),)
