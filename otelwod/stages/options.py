"""What `stage`, `span` and `start_span` may be given: each option checked, with words that say what to do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from opentelemetry.trace import SpanKind

from otelwod.conventions import Phase
from otelwod.stages import values

Capture = Literal["args", "result"]
_CAPTURES: Final[tuple[Capture, ...]] = get_args(Capture)


def check(
    what: str,
    *,
    name: object,
    phase: object = None,
    attributes: object = None,
    items: object = None,
    histogram: object = False,
    kind: object = SpanKind.INTERNAL,
    rollup: object = None,
) -> None:
    """Raise `TypeError` (of a wrong type) or `ValueError` for an option of ``what`` that means nothing."""
    if not isinstance(name, str):
        raise TypeError(f"{what}: the name is a text, not {_shown(name)}")
    if not name.strip():
        raise ValueError(f"{what}: the name is empty; give it a text that says what is done")
    if phase is not None and phase not in get_args(Phase):
        raise ValueError(
            f"{what}: phase is one of {', '.join(get_args(Phase))}, not {_shown(phase)}; left out, a leaf is work"
        )
    if attributes is not None:
        _check_attributes(what, attributes)
    if items is not None and not callable(items):
        raise TypeError(
            f"{what}: items is a function of the result that gives a count, such as len; not {_shown(items)}"
        )
    if not isinstance(histogram, bool):
        raise TypeError(f"{what}: histogram is True or False, not {_shown(histogram)}; the stage's name is its label")
    if not isinstance(kind, SpanKind):
        raise TypeError(f"{what}: kind is a SpanKind, such as SpanKind.SERVER, not {_shown(kind)}")
    if rollup is not None and not isinstance(rollup, bool):
        raise TypeError(
            f"{what}: rollup is True (always), False (never) or left out (as OTELWOD_BUDGET says), not {_shown(rollup)}"
        )


def captured(given: object) -> frozenset[Capture]:
    """What ``capture=`` asks for. Raises `TypeError` or `ValueError` for anything but "args" and "result"."""
    if not isinstance(given, (str, Iterable)):
        raise TypeError(f'stage: capture is "args", "result" or both in a tuple, not {_shown(given)}')
    asked: tuple[object, ...] = (given,) if isinstance(given, str) else tuple(given)
    for one in asked:
        if one not in _CAPTURES:
            raise ValueError(f'stage: capture takes "args" and "result", not {_shown(one)}')
    return frozenset(known for known in _CAPTURES if known in asked)


def _check_attributes(what: str, attributes: object) -> None:
    if not isinstance(attributes, Mapping):
        raise TypeError(
            f'{what}: attributes is a mapping of names to values, such as {{"team": "data"}}, not {_shown(attributes)}'
        )
    for key in attributes:
        if not isinstance(key, str) or not key.strip():
            raise TypeError(f"{what}: the name of an attribute is a text that is not empty, not {_shown(key)}")


def _shown(value: object) -> str:
    return values.outline(value, 40)
