"""Frozen tables ↔ plain dicts, lists, numbers and texts, by the types of their fields."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_NOT_PLAIN: Final = "trace"
"""The field that holds a `Trace` itself: it has no place in JSON."""


def plain(value: Any) -> Any:
    """A table and all in it as plain values. Its depth is that of the classes, never that of a trace."""
    if is_dataclass(value):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


@cache
def _names(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.name != _NOT_PLAIN)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, vars(sys.modules[cls.__module__]))


def build(cls: type[_T], data: Any, place: str) -> _T:
    """The inverse of `plain`. Unknown keys are ignored; ValueError, naming the place, for a wrong shape or type."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{place}: an object was expected, not {type(data).__name__}")
    hints = _hints(cls)  # type: ignore[arg-type]
    given = {name: _read(hints[name], data[name], f"{place}.{name}") for name in _names(cls) if name in data}  # type: ignore[arg-type]
    try:
        return cls(**given)
    except TypeError as error:
        raise ValueError(f"{place}: {error}") from None


def _read(hint: Any, value: Any, place: str) -> Any:
    if is_dataclass(hint):
        return build(hint, value, place)  # type: ignore[arg-type]
    arguments = get_args(hint)
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{place}: a list was expected, not {type(value).__name__}")
        if arguments[-1] is Ellipsis:
            return tuple(_read(arguments[0], item, f"{place}[{i}]") for i, item in enumerate(value))
        return tuple(_read(kind, item, place) for kind, item in zip(arguments, value, strict=True))
    if value is not None:
        for option in arguments:
            if is_dataclass(option):
                return build(option, value, place)  # type: ignore[arg-type]
    allowed = tuple(a for a in arguments if isinstance(a, type)) or ((hint,) if isinstance(hint, type) else (str,))
    if float in allowed:
        allowed += (int,)
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        raise ValueError(f"{place}: {value!r} is of the wrong type")
    return value
