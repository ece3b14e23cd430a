"""Any value as JSON, bounded and without secrets, with a note for everything that is not what it was.

JSON's own values come back exactly as they were. What JSON has no form for is replaced, and the note says where, what
stood there, and what stands there now: ``output.rows[3].when: datetime.datetime left out``.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from otelwod.stages.guard import type_name
from otelwod.telemetry.redaction import MASK, SLACK, is_secret, redact_text, secret_items

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH: Final = 64
MAX_NODES: Final = 100_000
"""Values inside one captured value; what comes later is left out."""
MAX_TEXT: Final = 1_000_000
"""Characters of one text."""
MAX_CHARACTERS: Final = 4_000_000
"""Characters of all texts (and digits of long integers) inside one captured value."""
MAX_NOTES: Final = 100
LEFT_OUT: Final = "$left_out"
"""The key of the object that stands for a value without a JSON form: ``{"$left_out": "module.Type"}``."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A value as JSON, and what is not as it was (at most 100 notes, the last counting the rest).

    ``complete`` is False where something was left out or cut. ``size`` is about what it takes, in bytes.
    """

    value: Json
    notes: tuple[str, ...] = ()
    complete: bool = True
    size: int = 0


class _Capture:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.beyond = 0
        self.nodes = 0
        self.characters = 0
        self.complete = True

    def note(self, path: str, what: str) -> None:
        if len(self.notes) < MAX_NOTES - 1:
            self.notes.append(f"{path}: {what}")
        else:
            self.beyond += 1

    def leave_out(self, path: str, what: str) -> Json:
        self.note(path, f"{what} left out")
        self.complete = False
        return {LEFT_OUT: what}

    def write(self, path: str, value: Any, depth: int) -> Json:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            return self.leave_out(path, f"what comes after {MAX_NODES:,} values")
        if value is None or type(value) is bool:
            return value
        if type(value) is int:
            return self.integer(path, value)
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

    def integer(self, path: str, value: int) -> Json:
        # Python refuses to write integers of more than 4,300 digits, and it would take long.
        if value.bit_length() > 10_000:
            return self.leave_out(path, "an integer of over 3,000 digits")
        self.characters += value.bit_length() // 3
        if self.characters > MAX_CHARACTERS:
            return self.leave_out(path, f"what comes after {MAX_CHARACTERS:,} characters")
        return value

    def text(self, path: str, value: str) -> str:
        room = min(MAX_TEXT, max(0, MAX_CHARACTERS - self.characters))
        if len(value) > room:
            self.note(path, f"a text of {len(value):,} characters was cut to {room:,}")
            self.complete = False
            value = value[: room + SLACK]
        self.characters += min(room, len(value))
        try:
            value.encode()
        except UnicodeEncodeError:
            self.note(path, "a text with lone surrogates was escaped")
            value = value.encode("utf-8", "backslashreplace").decode()
        masked = redact_text(value)
        if masked != value:
            self.note(path, "a secret was masked")
        return masked[:room]

    def many(self, path: str, items: Any, depth: int) -> list[Json]:
        written: list[Json] = []
        secret = secret_items(items) if len(items) <= MAX_NODES else ()
        for index, item in enumerate(items):
            if self.nodes > MAX_NODES:
                self.note(path, f"cut behind {index:,} items")
                self.complete = False
                break
            if index in secret and item is not None:
                self.note(f"{path}[{index}]", "a secret was masked")
                written.append(MASK)
            else:
                written.append(self.write(f"{path}[{index}]", item, depth + 1))
        return written

    def mapping(self, path: str, items: Mapping[Any, Any], depth: int) -> dict[str, Json]:
        written: dict[str, Json] = {}
        for key, item in items.items():
            if self.nodes > MAX_NODES:
                self.note(path, f"cut behind {len(written):,} entries")
                self.complete = False
                break
            if type(key) is not str:
                self.note(path, f"an entry whose key is {type_name(type(key))} left out")
                self.complete = False
                continue
            name = self.text(path, key)
            if name in written:  # masking or cutting made two keys the same
                self.note(path, f"a second entry {name[:40]!r} left out")
                self.complete = False
                continue
            if is_secret(key) and item is not None:
                self.note(f"{path}.{name}", "a secret was masked")
                written[name] = MASK
            else:
                written[name] = self.write(f"{path}.{name}", item, depth + 1)
        return written


def capture(path: str, value: Any) -> Captured:
    """``value`` as JSON; ``path`` is what the notes call it. Never raises, and runs no code of the value's."""
    return _captured(path, _Capture(), lambda capturing: capturing.write(path, value, 0))


def capture_call(
    names: tuple[str, ...] | None, args: tuple[Any, ...], kwargs: dict[str, Any], path: str = "input"
) -> Captured:
    """Arguments as ``{"args": […], "kwargs": {…}}``. ``names`` are the parameters', by which secrets are masked."""
    names = names or ()

    def write(capturing: _Capture) -> Json:
        written: list[Json] = []
        for index, value in enumerate(args):
            at = f"{path}.args[{index}]"
            if index < len(names) and is_secret(names[index]) and value is not None:
                capturing.note(at, "a secret was masked")
                written.append(MASK)
            else:
                written.append(capturing.write(at, value, 1))
        return {"args": written, "kwargs": capturing.mapping(f"{path}.kwargs", kwargs, 1)}

    return _captured(path, _Capture(), write)


def parameter_names(function: Any) -> tuple[str, ...] | None:
    """The names of a callable's positional parameters; None where it does not tell (some of C's functions)."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except Exception:  # noqa: BLE001 - a `__signature__` of the host may be anything
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(each.name for each in parameters if each.kind in positional)


def is_async(function: Any) -> bool:
    """Whether calling it gives something to await."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def _captured(path: str, capturing: _Capture, write: Callable[[_Capture], Json]) -> Captured:
    written = write(capturing)
    notes = capturing.notes
    if capturing.beyond:
        notes.append(f"{path}: and {capturing.beyond:,} more")
    return Captured(written, tuple(notes), capturing.complete, capturing.characters + 64 * capturing.nodes)
