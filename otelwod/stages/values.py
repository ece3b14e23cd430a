"""Values of the host as attributes: bounded, and without running any code of the host.

Only exact knowledge of a built-in type is used; the ``__str__``, ``__repr__``, ``__class__``, ``__len__`` or
``__iter__`` of a foreign object is never called, because it may raise, sleep or change something.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import numbers
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any, Final

from otelwod.stages.guard import type_name
from otelwod.telemetry.redaction import MASK, SLACK, is_secret, redact_bytes, redact_text, secret_items
from otelwod.trace import AttributeValue

MAX_TEXT: Final = 4096
"""Characters of a text attribute."""
MAX_NAME: Final = 256
"""Characters of a name or key."""
MAX_ITEMS: Final = 128
"""Items of a sequence attribute, and attributes given at once."""
_INT64: Final = 1 << 63
_PLAIN: Final = (datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, uuid.UUID)
_PATHS: Final = (pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath)


def text(value: str, limit: int = MAX_TEXT) -> str:
    """``value`` cut to ``limit`` characters, with what UTF-8 cannot carry (lone surrogates) as escapes."""
    if type(value) is not str:
        value = str.__str__(value)
    if len(value) > limit:
        value = f"{value[: limit - 1]}…"
    if not value.isascii():
        value = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def clean_text(value: str, limit: int = MAX_TEXT) -> str:
    """As `text`, with secrets masked: also one that is cut off from its name or its end by the cut."""
    if type(value) is not str:
        value = str.__str__(value)
    return text(redact_text(value[: limit + SLACK]), limit)


def attribute(value: Any) -> AttributeValue:
    """Any value as one that OpenTelemetry can carry, secrets masked: numbers, flags, texts, flat sequences of them."""
    simple = _simple(value)
    if simple is not None:
        return simple
    kind = type(value)
    if issubclass(kind, (list, tuple)):
        head = _head(value, MAX_ITEMS)
        secret = secret_items(head)
        items: list[Any] = [MASK if at in secret else attribute_item(item) for at, item in enumerate(head)]
        kinds = {type(item) for item in items}
        # OpenTelemetry wants sequences of one type.
        if len(kinds) > 1:
            return tuple(str(item) for item in items)
        return tuple(items)
    return outline(value, MAX_TEXT)


def attribute_item(value: Any) -> str | bool | int | float:
    """One item of a sequence attribute, secrets masked."""
    simple = _simple(value)
    return outline(value, MAX_NAME) if simple is None else simple


def attributes(given: Mapping[str, object] | None) -> dict[str, AttributeValue]:
    """Attributes as given at a decorator or a ``with``: names made text, values made attributes, secrets masked."""
    clean: dict[str, AttributeValue] = {}
    for name, value in _head((given or {}).items(), MAX_ITEMS):
        key = text(name if isinstance(name, str) else outline(name, MAX_NAME), MAX_NAME)
        if key and value is not None:
            clean[key] = MASK if is_secret(key) else attribute(value)
    return clean


def outline(value: Any, limit: int) -> str:
    """A short text that shows ``value``: built-in data written out with secrets masked, other objects by type."""
    budget = [limit]
    return text(_write("", value, 4, budget), limit)


def _simple(value: Any) -> str | bool | int | float | None:
    kind = type(value)
    if kind is str:
        return clean_text(value)
    if kind is bool or kind is float or (kind is int and -_INT64 <= value < _INT64):
        return value  # type: ignore[no-any-return]
    if kind is int:
        return _big(value)
    if issubclass(kind, enum.Enum):
        return _enum_name(value)
    if issubclass(kind, str):
        return clean_text(value)
    if issubclass(kind, int):
        return _simple(int.__index__(value))
    if issubclass(kind, float):
        return float.__float__(value)
    if kind.__module__ == "numpy" and hasattr(kind, "item") and getattr(value, "shape", None) == ():
        return _simple(value.item())
    return None


def _big(value: int) -> str:
    # Python refuses to write integers of more than 4300 digits, and it would take long.
    return str(value) if value.bit_length() <= 1024 else f"<int of {value.bit_length()} bits>"


def _enum_name(value: Any) -> str:
    name = object.__getattribute__(value, "__dict__").get("_name_")
    return f"{type_name(type(value))}.{name}"


def _head(items: Any, count: int) -> list[Any]:
    # A loop over the iterator of the *built-in* type: a subclass's __iter__ is not asked.
    kind = type(items)
    if issubclass(kind, list):
        return list(list.__getitem__(items, slice(0, count)))
    if issubclass(kind, tuple):
        return list(tuple.__getitem__(items, slice(0, count)))
    found: list[Any] = []
    for item in items:
        if len(found) == count:
            break
        found.append(item)
    return found


def _write(name: str, value: Any, depth: int, budget: list[int]) -> str:
    """``value`` in Python's notation. ``budget`` is what is left to write; ``depth`` bounds the nesting."""
    if name and is_secret(name):
        return MASK
    if budget[0] <= 0:
        return "…"
    kind = type(value)
    if kind is bytes:
        written = repr(redact_bytes(value[: budget[0] + SLACK])[: budget[0] + 1])
    elif issubclass(kind, str) and not issubclass(kind, enum.Enum):
        written = repr(clean_text(value, budget[0] + 1))
    elif value is None or kind is bool or kind is float:
        written = repr(value)
    elif kind is int:
        written = _big(value)
    elif kind in _PLAIN or kind in _PATHS:
        written = redact_text(str(value))
    elif issubclass(kind, enum.Enum):
        written = _enum_name(value)
    elif depth and kind in (list, tuple, set, frozenset, dict):
        return _write_many(value, kind, depth - 1, budget)
    elif depth and "__dataclass_fields__" in kind.__dict__ and "__dict__" not in kind.__dict__.get("__slots__", ()):
        return _write_fields(value, kind, depth - 1, budget)
    else:
        simple = _simple(value)
        written = f"<{type_name(kind)} object>" if simple is None else repr(simple)
    budget[0] -= len(written)
    return written


def _write_many(value: Any, kind: type, depth: int, budget: list[int]) -> str:
    opening, closing = "[]" if kind is list else "()" if kind is tuple else "{}"
    parts = []
    secret = secret_items(value[: MAX_ITEMS + 1]) if kind is list or kind is tuple else ()
    for number, item in enumerate(value.items() if kind is dict else value):
        if budget[0] <= 0 or number == MAX_ITEMS:
            parts.append("…")
            break
        budget[0] -= 2
        if kind is dict:
            key, inner = item
            parts.append(f"{_write('', key, 1, budget)}: {_write(name_of(key), inner, depth, budget)}")
        elif number in secret:
            parts.append(MASK)
        else:
            parts.append(_write("", item, depth, budget))
    if kind is tuple and len(parts) == 1:
        parts.append("")
    return f"{opening}{', '.join(parts).rstrip()}{closing}"


def name_of(key: object) -> str:
    """What a key says about its value: texts and bytes are names, anything else says nothing."""
    if type(key) is bytes:
        return key[:MAX_NAME].decode("latin-1")
    return str.__str__(key) if issubclass(type(key), str) else ""


def _write_fields(value: Any, kind: type, depth: int, budget: list[int]) -> str:
    try:
        fields = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return f"<{type_name(kind)} object>"
    shown = []
    for name in kind.__dict__["__dataclass_fields__"]:
        if budget[0] <= 0:
            shown.append("…")
            break
        budget[0] -= len(name) + 3
        if name in fields:
            shown.append(f"{name}={_write(name, fields[name], depth, budget)}")
    return f"{type_name(kind)}({', '.join(shown)})"


def number(value: Any) -> int | float | None:
    """``value`` as a finite number that a backend can hold, or None where it is none (flags are none).

    A `Decimal`, a `Fraction` and any other `numbers.Real` is taken as the nearest float.
    """
    kind = type(value)
    if kind is bool:
        return None
    # `int` itself is asked, not `_simple`: a member of an enumeration is a number here, and its name elsewhere.
    simple = value if kind in (int, float) else int.__index__(value) if issubclass(kind, int) else _simple(value)
    if simple is None and issubclass(kind, (decimal.Decimal, numbers.Real)):
        simple = _float(value)
    if type(simple) is int:
        if -_INT64 <= simple < _INT64:
            return simple
        return float(simple) if simple.bit_length() < 1023 else None
    if type(simple) is float and math.isfinite(simple):
        return simple
    return None


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except Exception:  # noqa: BLE001 - too large for a float, a signalling NaN, or a number of foreign make
        return None
