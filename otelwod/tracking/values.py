"""What may stand in an attribute, whatever came in: bounded, encodable, of OpenTelemetry's types.

One bad value must harm itself only: a lone surrogate in a text or an integer beyond 64 bits would void the whole batch
it is exported in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from otelwod.trace import AttributeValue

MAX_NAME: Final = 512
MAX_TEXT: Final = 8_192
MAX_ITEMS: Final = 1_024
MAX_ATTRIBUTES: Final = 100
"""Attributes that one caller may add to one span; OpenTelemetry's own limit is 128."""

_INT64: Final = 1 << 63


def text(value: str, limit: int = MAX_TEXT) -> str:
    """``value`` with lone surrogates as visible escapes, cut to ``limit`` characters."""
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    if value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")[:limit]


def span_name(label: str, fallback: str) -> str:
    """``label`` as the name of a span; ``fallback`` where it is empty."""
    return text(label, MAX_NAME) or text(fallback, MAX_NAME)


def attribute_value(value: object) -> AttributeValue:
    """``value`` as an attribute: text, bool, 64-bit int, float, or a tuple of one of them; all else as its ``str``."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if -_INT64 <= value < _INT64:
            return int(value)
        try:
            return float(value)
        except OverflowError:
            return "inf" if value > 0 else "-inf"
    if isinstance(value, float):
        return float(value)
    if isinstance(value, tuple | list):
        return _sequence(value)
    return text(_described(value))


def attributes_of(given: Mapping[str, object]) -> dict[str, AttributeValue]:
    """A bounded copy of ``given`` with text keys; None values and empty keys are left out."""
    out: dict[str, AttributeValue] = {}
    for key, value in given.items():
        if value is None or not isinstance(key, str) or not key:
            continue
        if len(out) == MAX_ATTRIBUTES:
            break
        out[text(key, MAX_NAME)] = attribute_value(value)
    return out


def _sequence(values: tuple[object, ...] | list[object]) -> AttributeValue:
    items = [attribute_value(v) for v in values[:MAX_ITEMS] if not isinstance(v, tuple | list)]
    if all(isinstance(v, bool) for v in items):
        return tuple(bool(v) for v in items)
    if all(isinstance(v, int) and not isinstance(v, bool) for v in items):
        return tuple(v for v in items if isinstance(v, int))
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in items):
        return tuple(float(v) for v in items if isinstance(v, int | float))
    return tuple(str(v) for v in items)


def _described(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a host's object may raise anything from __str__
        return f"<{type(value).__name__}>"
