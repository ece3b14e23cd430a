"""Attribute values, ids, times and enums as OTLP's JSON writes them, and as others have written them.

The mapping is protobuf's (https://protobuf.dev/programming-guides/json/) with OTLP's exceptions: ids in hex, enums
as numbers, names in lowerCamelCase. See https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from otelwod.trace import Attributes, AttributeValue

INT64_MIN: Final = -(1 << 63)
INT64_MAX: Final = (1 << 63) - 1
UINT64_MAX: Final = (1 << 64) - 1
_DEEPEST_VALUE: Final = 16
_LONGEST_NUMBER: Final = 400
_HEX: Final = frozenset("0123456789abcdef")


# ---------------------------------------------------------------------------------------------------------- encoding


def encodable(text: str) -> str:
    """``text`` as it is, or with escapes for what UTF-8 cannot hold: one lone surrogate would void a whole request."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def encode_value(value: object) -> dict[str, Any]:
    """An ``AnyValue``. What has no counterpart (other types, integers beyond 64 bits) is written as text."""
    if isinstance(value, str):
        return {"stringValue": encodable(value)}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if INT64_MIN <= value <= INT64_MAX else {"stringValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": encode_double(value)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return {"arrayValue": {"values": [encode_scalar(item) for item in value]} if value else {}}
    return encode_scalar(value)


def encode_scalar(value: object) -> dict[str, Any]:
    """As `encode_value`, for the items of an array: no array is nested in another."""
    if isinstance(value, str | bool | int | float):
        return encode_value(value)
    return {} if value is None else {"stringValue": encodable(str(value))}


def encode_double(value: float) -> float | str:
    """A double; JSON has no NaN and no infinities, protobuf writes them as text."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def encode_attributes(attributes: Attributes) -> list[dict[str, Any]]:
    """A list of ``KeyValue`` in the order of the mapping."""
    return [{"key": encodable(key), "value": encode_value(value)} for key, value in attributes.items()]


# ---------------------------------------------------------------------------------------------------------- decoding


def decode_value(value: object) -> AttributeValue:
    """An attribute of an ``AnyValue``: scalars as they are, arrays of one type as tuples.

    Maps and mixed or nested arrays become JSON text, bytes stay base64 text, an empty value an empty text.
    """
    plain = _plain(value, _DEEPEST_VALUE)
    if isinstance(plain, str | bool | int | float):
        return plain
    if isinstance(plain, list):
        same = _same_type(plain)
        if same is not None:
            return same
    return "" if plain is None else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _same_type(values: list[Any]) -> AttributeValue | None:
    kinds = {type(value) for value in values}
    if len(kinds) <= 1 and kinds <= {str, bool, int, float}:
        return tuple(values)
    if kinds == {int, float}:
        return tuple(float(value) for value in values)
    return None


def _plain(value: object, depth: int) -> Any:
    """The JSON value that an ``AnyValue`` stands for. The depth is bounded, so the recursion is."""
    if not isinstance(value, Mapping) or depth == 0:
        return None if isinstance(value, Mapping) else _bare(value)
    for name, content in value.items():
        match name:
            case "stringValue" | "string_value":
                return content if isinstance(content, str) else _bare(content)
            case "boolValue" | "bool_value":
                return content is True or content == "true"
            case "intValue" | "int_value":
                number = decode_integer(content)
                return number if number is not None else _bare(content)
            case "doubleValue" | "double_value":
                return decode_double(content)
            case "bytesValue" | "bytes_value":
                return _bare(content)
            case "arrayValue" | "array_value":
                return [_plain(item, depth - 1) for item in items_of(content, "values")]
            case "kvlistValue" | "kvlist_value":
                pairs = (item for item in items_of(content, "values") if isinstance(item, Mapping))
                return {str(item.get("key", "")): _plain(item.get("value"), depth - 1) for item in pairs}
    return None


def _bare(value: object) -> Any:
    """A JSON value where OTLP has none: kept if it is a scalar (some writers leave the type out)."""
    return value if isinstance(value, str | bool | int | float) else None


def decode_integer(value: object) -> int | None:
    """A 64-bit integer written as a number or as text; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        try:
            value = int(text) if len(text) <= _LONGEST_NUMBER else None
        except ValueError:
            try:
                value = float(text)  # 1.7e18, as JavaScript writes it
            except ValueError:
                return None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and INT64_MIN <= value <= UINT64_MAX else None


def decode_double(value: object) -> float:
    """A double written as a number or as text (``NaN``, ``Infinity``); NaN when it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def decode_attributes(pairs: object) -> dict[str, AttributeValue]:
    """Attributes of a list of ``KeyValue``; what is no pair is left out, of equal keys the last one stays."""
    attributes: dict[str, AttributeValue] = {}
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, Mapping) and isinstance(key := pair.get("key"), str) and key:
            attributes[key] = decode_value(pair.get("value"))
    return attributes


def decode_id(value: object, size: int) -> str:
    """An id of ``size`` bytes as lower-case hex, from hex or (protobuf's own mapping, as old Tempo wrote) base64.

    Text that is neither stays as it is; nothing, or an id of zeros, gives an empty text.
    """
    if not isinstance(value, str) or not value:
        return ""
    if len(value) == 2 * size:
        text = value.lower()
        if _HEX.issuperset(text):
            return text if text.strip("0") else ""
    if len(value) == (size + 2) // 3 * 4 and value.endswith("="):
        try:
            raw = base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            return value
        if len(raw) == size:
            return raw.hex() if any(raw) else ""
    return value if value.strip("0") else ""


def items_of(container: object, name: str) -> list[Any]:
    """The list ``container[name]``; empty when there is none."""
    items = container.get(name) if isinstance(container, Mapping) else None
    return items if isinstance(items, list) else []
