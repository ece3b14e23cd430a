"""Options of the processor where nobody writes code: environment variables and declarative configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from otelwod.insight.live.guard import warn
from otelwod.telemetry.variables import OF_PROCESSOR, PREFIX


@dataclass(frozen=True, slots=True)
class ProcessorOptions:
    """What ``instrumentation/development: python: otelwod:`` takes; None leaves the default.

    The environment variable of an option is its name in capitals behind ``OTELWOD_``. ``see_all`` records also what the
    sampler drops (it is not exported). ``enabled`` False attaches nothing; True is a choice without any other option.
    """

    enabled: bool | None = None
    report_at_exit: bool | None = None
    see_all: bool | None = None
    metrics: bool | None = None
    predecessor_attribute: bool | None = None
    max_spans: int | None = None
    max_traces: int | None = None
    max_open: int | None = None
    max_operations: int | None = None
    trace_timeout_s: float | None = None
    interval_s: float | None = None


def _flag(value: object) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise ValueError("is neither true nor false")


def _whole(value: object) -> int:
    text = str(value).strip()
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 9 or int(text) < 1:
        raise ValueError("is not a whole number from 1 to 999,999,999")
    return int(text)


def _seconds(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 < number <= 1e6:
        raise ValueError("is not a number of seconds above 0, at most 1,000,000")
    return number


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {"bool": _flag, "int": _whole, "float": _seconds}


def is_chosen(environ: Mapping[str, str]) -> bool:
    """Whether any of our variables is set, to whatever."""
    return any(environ.get(name, "").strip() for name in OF_PROCESSOR)


def read_options(environ: Mapping[str, str], given: Mapping[str, object]) -> dict[str, Any]:
    """Options by name: those ``given``, else those of the environment. A bad value is left out, with a warning."""
    found: dict[str, Any] = {}
    for field in fields(ProcessorOptions):
        value: object = given.get(field.name)
        source = field.name
        if value is None:
            source = PREFIX + field.name.upper()
            value = environ.get(source, "").strip()
        if value == "":
            continue
        try:
            found[field.name] = _READERS[str(field.type).split(" ")[0]](value)
        except ValueError as error:
            warn("%s: %r %s; the default is used", source, str(value)[:40], error)
    return found
