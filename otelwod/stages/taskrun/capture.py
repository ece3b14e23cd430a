"""Any value as JSON, bounded and without secrets, with a note for everything that is not what it was.

JSON's own values come back exactly as they were. What JSON has no form for is replaced, and the note says where, what
stood there, and what stands there now: ``output.rows[3].when: datetime.datetime left out``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from otelwod.stages.guard import type_name
from otelwod.telemetry.redaction import MASK, is_secret, redact_text

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH: Final = 64
MAX_NODES: Final = 100_000
"""Values inside one captured value; what comes later is left out."""
MAX_TEXT: Final = 1_000_000
"""Characters of one text."""
MAX_NOTES: Final = 100
LEFT_OUT: Final = "$left_out"
"""The key of the object that stands for a value without a JSON form: ``{"$left_out": "module.Type"}``."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A value as JSON, and what is not as it was (at most 100 notes, the last counting the rest)."""

    value: Json
    notes: tuple[str, ...] = ()


class _Capture:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.beyond = 0
        self.nodes = 0

    def note(self, path: str, what: str) -> None:
        if len(self.notes) < MAX_NOTES - 1:
            self.notes.append(f"{path}: {what}")
        else:
            self.beyond += 1

    def leave_out(self, path: str, what: str) -> Json:
        self.note(path, f"{what} left out")
        return {LEFT_OUT: what}

    def write(self, path: str, value: Any, depth: int) -> Json:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return self.leave_out(path, f"what comes after {MAX_NODES:,} values")
        if value is None or type(value) is bool:
            return value
        if type(value) is int:
            # Python refuses to write integers of more than 4,300 digits, and it would take long.
            return value if value.bit_length() <= 10_000 else self.leave_out(path, "an integer of over 3,000 digits")
        if type(value) is float:
            return value if math.isfinite(value) else self.leave_out(path, f"float {value}")
        if type(value) is str:
            return self.text(path, value)
        if depth >= MAX_DEPTH:
            return self.leave_out(path, f"what is nested over {MAX_DEPTH} deep")
        kind = type(value)
        if kind is list:
            return self.many(path, value, depth)
        if kind is tuple:
            self.note(path, "a tuple became a list")
            return self.many(path, value, depth)
        if kind is dict:
            return self.mapping(path, value, depth)
        return self.leave_out(path, type_name(kind))

    def text(self, path: str, value: str) -> str:
        if len(value) > MAX_TEXT:
            self.note(path, f"a text of {len(value):,} characters was cut")
            value = value[:MAX_TEXT]
        try:
            value.encode()
        except UnicodeEncodeError:
            self.note(path, "a text with lone surrogates was escaped")
            value = value.encode("utf-8", "backslashreplace").decode()
        masked = redact_text(value)
        if masked != value:
            self.note(path, "a secret was masked")
        return masked

    def many(self, path: str, items: Any, depth: int) -> list[Json]:
        written: list[Json] = []
        for index, item in enumerate(items):
            if self.nodes > MAX_NODES:
                self.note(path, f"cut behind {index:,} items")
                break
            written.append(self.write(f"{path}[{index}]", item, depth + 1))
        return written

    def mapping(self, path: str, items: Mapping[Any, Any], depth: int) -> dict[str, Json]:
        written: dict[str, Json] = {}
        for key, item in items.items():
            if self.nodes > MAX_NODES:
                self.note(path, f"cut behind {len(written):,} entries")
                break
            if type(key) is not str:
                self.note(path, f"an entry whose key is {type_name(type(key))} left out")
                continue
            name = self.text(path, key)
            if is_secret(key) and item is not None:
                self.note(f"{path}.{name}", "a secret was masked")
                written[name] = MASK
            else:
                written[name] = self.write(f"{path}.{name}", item, depth + 1)
        return written


def capture(path: str, value: Any) -> Captured:
    """``value`` as JSON; ``path`` is what the notes call it. Never raises, and runs no code of the value's."""
    capturing = _Capture()
    written = capturing.write(path, value, 0)
    notes = capturing.notes
    if capturing.beyond:
        notes.append(f"{path}: and {capturing.beyond:,} more")
    return Captured(written, tuple(notes))
