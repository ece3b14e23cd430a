"""The arguments of a call by name, so that what is captured can be masked by name.

A plain function's wrapper has the names in its own parameter list. Everything else (partials, callable objects,
context managers, and functions that another decorator has wrapped as ``*args, **kwargs``) takes them from its
signature. Where there is no signature, a positional password could not be told from anything else, and nothing is
captured.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

Naming: TypeAlias = Callable[..., dict[str, object]]


def has_own_names(function: object) -> bool:
    """Whether the parameters in the code of ``function`` are those that it shows to its callers."""
    return type(function) is FunctionType and not vars(function).keys() & {"__wrapped__", "__signature__"}


def naming_of(function: Callable[..., Any]) -> Naming | None:
    """Called like ``function``, gives the arguments by name; None where its signature cannot be inspected."""
    try:
        signature = inspect.signature(function)
    except Exception:  # noqa: BLE001 - a `__signature__` of the host may be anything
        return None

    def names(*args: Any, **kwargs: Any) -> dict[str, object]:
        try:
            found: dict[str, object] = dict(signature.bind(*args, **kwargs).arguments)
        except TypeError:
            return {}  # wrong arguments: the call itself says so
        return without_receiver(found)

    return names


def without_receiver(arguments: dict[str, object]) -> dict[str, object]:
    """Without a leading ``self`` or ``cls``."""
    first = next(iter(arguments), None)
    if first in ("self", "cls"):
        del arguments[first]
    return arguments
