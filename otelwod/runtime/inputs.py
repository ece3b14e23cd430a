"""What an athlete (or an app) tells a session, and its form as JSON lines.

A journal and a ``--replay`` file have the same form: one object a line, in time order, ``t`` in decimal seconds from
the start (at most nine places). Times are integer nanoseconds inside the program.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args

from otelwod.conventions import NANOS_PER_SECOND

InputKind = Literal["start", "next", "reps", "record", "rest", "pause", "resume", "skip", "stop", "undo", "tick"]
KINDS: Final = frozenset(get_args(InputKind))
TAPS: Final = frozenset({"next", "reps", "record", "rest", "pause", "resume", "skip"})
"""Inputs that `undo` can take back."""
MAX_SECONDS: Final = 10**7
"""Longest session that an input file may describe: about 115 days."""
_MAX_LINE: Final = 10_000
_LARGEST_VALUE: Final = 1e15
_NANOSECOND: Final = Decimal("1e-9")


class InputError(ValueError):
    """An input that cannot be understood or comes too late; ``line`` counts from 1 in a file, 0 outside one."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Input:
    """One input at ``t`` nanoseconds from the start.

    ``reps`` takes ``value`` (how many more); ``record`` takes ``metric``, ``value`` and ``unit``; both may have a
    ``type`` (a category). ``start`` of a journal carries ``details`` (``at``, ``workout``, ``seed``).
    """

    kind: InputKind
    t: int
    value: float = 0
    metric: str = ""
    unit: str = ""
    type: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def check(entry: Input, now: int) -> None:
    """`InputError` for what no session can take: an unknown kind, no whole nanoseconds, a time before ``now``."""
    if not isinstance(entry.kind, str) or entry.kind not in KINDS:
        raise InputError(f"unknown input {_shown(entry.kind)}; it is one of {', '.join(sorted(KINDS))}")
    if type(entry.t) is not int:
        raise InputError(f"the time of an input is whole nanoseconds, not {_shown(entry.t)}")
    if entry.t < now:
        raise InputError(f"{entry.kind} at {format_seconds(entry.t)} s comes after {format_seconds(now)} s")
    if entry.t > MAX_SECONDS * NANOS_PER_SECOND:
        raise InputError(f"a session lasts at most {MAX_SECONDS:,} seconds")


def _shown(value: object) -> str:
    return repr(value)[:100] if isinstance(value, str | float) else f"a {type(value).__name__}"


def parse_input(text: str, line: int = 0) -> Input:
    """One JSON line as an `Input`. `InputError` says what is wrong and what would be right."""
    if len(text) > _MAX_LINE:
        raise InputError(f"this line has {len(text):,} characters; an input has a few dozen", line)
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f'not a JSON object ({error}); write one input a line, like {{"t": 12.5, "input": "next"}}', line
        ) from None
    if not isinstance(data, dict):
        raise InputError('not a JSON object; write one input a line, like {"t": 12.5, "input": "next"}', line)
    kind = data.get("input")
    if not isinstance(kind, str) or kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise InputError(f'unknown input {kind!r}; "input" is one of {known}', line)
    t = _nanoseconds(data.get("t", 0 if kind == "start" else None), line)
    if kind == "reps":
        return Input("reps", t, value=_number(data, line), type=_type(data, line))
    if kind == "record":
        metric = data.get("name")
        if not isinstance(metric, str) or not metric:
            raise InputError('"record" needs a "name", such as "load" or "heart_rate"', line)
        unit = data.get("unit", "")
        if not isinstance(unit, str):
            raise InputError('"unit" is text, such as "kg"', line)
        return Input("record", t, value=_number(data, line), metric=metric, unit=unit, type=_type(data, line))
    details = {key: data[key] for key in ("at", "workout", "seed") if key in data} if kind == "start" else {}
    return Input(cast(InputKind, kind), t, details=details)


def format_input(entry: Input) -> str:
    """An `Input` as one JSON line, without the line end; `parse_input` reads it back exactly.

    `InputError` for a value that no file can carry: not finite, no number. A session rejects those as invalid.
    """
    data: dict[str, Any] = {"input": entry.kind}
    if entry.kind == "reps":
        data["value"] = _plain(entry.value)
    elif entry.kind == "record":
        data.update(name=entry.metric, value=_plain(entry.value), unit=entry.unit)
    if entry.type is not None and entry.kind in ("reps", "record"):
        data["type"] = entry.type
    data.update(entry.details)
    body = json.dumps(data, ensure_ascii=False)
    return f'{{"t": {format_seconds(entry.t)}, {body[1:]}'


def format_seconds(t: int) -> str:
    """Nanoseconds as exact decimal seconds: ``12500000000`` → ``12.5``."""
    whole, rest = divmod(t, NANOS_PER_SECOND)
    return f"{whole}.{rest:09d}".rstrip("0") if rest else str(whole)


def read_inputs(lines: Iterable[str]) -> Iterator[Input]:
    """The inputs of a file, checked for their order. `InputError` names the line."""
    now = 0
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        entry = parse_input(text, number)
        if entry.t < now:
            raise InputError(
                f"time runs backwards: {format_seconds(entry.t)} s after {format_seconds(now)} s; sort the lines by t",
                number,
            )
        now = entry.t
        yield entry


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number here")


def _nanoseconds(value: object, line: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InputError('"t" is the time from the start in seconds, such as 12.5', line)
    seconds = Decimal(value)
    if not 0 <= seconds <= MAX_SECONDS:
        raise InputError(f'"t" must lie between 0 and {MAX_SECONDS:,} seconds', line)
    whole = seconds.quantize(_NANOSECOND)
    if whole != seconds:
        raise InputError('"t" has more than nine decimal places; a nanosecond is the smallest step', line)
    return int(whole.scaleb(9))


def _number(data: dict[str, Any], line: int) -> float:
    value = data.get("value")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InputError('"value" must be a number', line)
    number = float(value) if isinstance(value, Decimal) else value
    if not abs(number) <= _LARGEST_VALUE:  # also what is no number, or infinite
        raise InputError('"value" is out of range', line)
    return number


def _plain(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_VALUE:
        raise InputError(f"a value is a number up to {_LARGEST_VALUE:g}; {_shown(value)} cannot be written down")
    return int(value) if float(value).is_integer() else value


def _type(data: dict[str, Any], line: int) -> str | None:
    type = data.get("type")
    if type is not None and not isinstance(type, str):
        raise InputError('"type" is text: the category of a value', line)
    return type
