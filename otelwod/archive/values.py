"""Values out of JSON that anyone may have written: times, ids, attributes, texts."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from otelwod.trace import AttributeValue

MICROSECOND: Final = 1_000
_END_OF_TIME: Final = 1 << 63
_SCALARS: Final = (str, int, float, bool)


def nanoseconds(value: object, unit: int) -> int | None:
    """``value`` (a number or decimal digits) times ``unit`` as whole nanoseconds; None when it is no such time.

    Times before 1970 and beyond the year 2262 (what 63 bits hold) are none.
    """
    if type(value) is int:
        time = value * unit
    elif isinstance(value, float) and math.isfinite(value):
        time = round(value * unit)
    elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        time = int(value) * unit
    else:
        return None
    return time if 0 <= time < _END_OF_TIME else None


def identifier(value: object) -> str:
    """An id as text; empty when there is none. Numbers are ids too: some writers leave the quotes out."""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int and abs(value) < _END_OF_TIME else ""


def words(value: object) -> str:
    """A name or message as text; empty when there is none."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(attribute(value))


def attribute(value: object) -> AttributeValue:
    """A JSON value as a span's attribute: scalars stay, lists of one scalar type become tuples, the rest JSON text."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, list) and len(set(map(type, value))) == 1 and isinstance(value[0], _SCALARS):
        return tuple(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def objects_in(value: object) -> list[dict[str, Any]]:
    """The objects in a list that should hold nothing else; no list is an empty one."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
