"""`metric`, `annotate`, `log`: what code says about itself while it runs, on the current span.

Outside a span, or with tracing off, the same lines go to the standard `logging`: `log` at its own level, the other
two at DEBUG. So code is instrumented once for both worlds.
"""

from __future__ import annotations

import logging
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from otelwod.conventions import (
    CAPTURED_ELAPSED,
    EVENT_LOG_EMITTED,
    EVENT_METRIC_RECORDED,
    EVENT_METRIC_REJECTED,
    LOG_LEVEL,
    LOG_MESSAGE,
    METRIC_NAME,
    METRIC_SOURCE,
    METRIC_TYPE,
    METRIC_UNIT,
    METRIC_VALUE,
    NANOS_PER_SECOND,
    REASON,
    SPAN_IDS,
)
from otelwod.stages import guard, instruments, tracing, values
from otelwod.stages.block import Block, current_block
from otelwod.telemetry.redaction import MASK, is_secret
from otelwod.trace import AttributeValue

SOURCE: Final = "code"
MAX_SPAN_IDS: Final = 64
"""Ids of enclosing spans on a metric event: those nearest to it."""
_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
_rejected = 0
_lock = threading.Lock()


class NotesError(ValueError):
    """A metric, annotation or log line that says nothing, in strict mode."""


class MetricError(NotesError):
    """A metric that says nothing, in strict mode."""


def rejections() -> int:
    """How many metrics, annotations and levels of log lines were rejected as invalid since the program began."""
    return _rejected


def metric(name: str, value: float | Decimal | Fraction, unit: str = "1", *, type: str | None = None) -> None:
    """A number that belongs to the current span, at this moment: ``otelwod.metric("rows", 1200, "{row}")``.

    ``value``: a real number; a float in the end, but for integers of 64 bits. ``unit`` in UCUM (``s``, ``By``,
    ``{row}``); ``type`` is a category. A wrong type, an empty name, NaN or an infinity is rejected: `MetricError` in
    strict mode, otherwise counted, and shown as ``otelwod.metric.rejected``.
    """
    clean = values.number(value)
    reason = _refusal(name, value, clean, unit, type)
    if reason is not None:
        _reject(reason, MetricError)
        _show_rejection()
    try:
        span = tracing.recording_span()
        if span is None:
            _debug("metric", name, value, unit)
            return
        attributes: dict[str, AttributeValue] = {
            METRIC_NAME: values.attribute_item(name),
            METRIC_VALUE: values.attribute_item(value) if clean is None else clean,
            METRIC_UNIT: values.attribute_item(unit),
            METRIC_SOURCE: SOURCE,
        }
        if type is not None:
            attributes[METRIC_TYPE] = values.attribute_item(type)
        if reason is not None:
            attributes[REASON] = "invalid"
        block = current_block()
        if block is not None:
            attributes[SPAN_IDS] = _path(block)
            attributes[CAPTURED_ELAPSED] = (tracing.monotonic_ns() - block.started) / NANOS_PER_SECOND
        span.add_event(EVENT_METRIC_RECORDED if reason is None else EVENT_METRIC_REJECTED, attributes)
    except BaseException as problem:  # noqa: BLE001 - the value, the span and the log's handlers are foreign
        guard.swallow(problem, "metric")


def annotate(key: str, value: object) -> None:
    """An attribute of the current span. Any value: what OpenTelemetry cannot carry becomes a short text.

    The value of a key that names a secret (password, token, …) is masked. None is no value, and OpenTelemetry has no
    way to remove an attribute: so None, and a key that is no text or empty, is rejected as in `metric`: `NotesError`
    in strict mode, otherwise counted (`rejections`), and the span stays as it is.
    """
    reason = _no_annotation(key, value)
    if reason is not None:
        _reject(reason)
        return
    try:
        span = tracing.recording_span()
        if span is None:
            _debug("attribute", key, value)
            return
        for name, clean in values.attributes({key: value}).items():
            span.set_attribute(name, clean)
    except BaseException as problem:  # noqa: BLE001 - the span and the log's handlers are foreign
        guard.swallow(problem, "annotate")


def log(level: int | str, message: str, /, **data: object) -> None:
    """A line at this moment of the current span, as an event with ``data`` as its attributes.

    ``level``: a number of `logging`, or its name in any case; any other is `NotesError` in strict mode, and otherwise
    counted (`rejections`) and taken as INFO. Outside a span the line goes to the `logging` logger of the calling
    module, as ``message key=value …``.
    """
    number = _level(level)
    if number is None:
        _reject(f"log: level is a number or one of {', '.join(_LEVELS)}, not {values.outline(level, 40)}")
    severity = logging.INFO if number is None else number
    try:
        span = tracing.recording_span()
        text = values.clean_text(message) if isinstance(message, str) else values.outline(message, 1024)
        if span is None:
            logger = logging.getLogger(sys._getframe(1).f_globals.get("__name__") or "otelwod")
            if logger.isEnabledFor(severity):
                logger.log(severity, "%s", f"{text}{_shown(data)}", stacklevel=2)
            return
        attributes = {LOG_LEVEL: logging.getLevelName(severity), LOG_MESSAGE: text, **values.attributes(data)}
        span.add_event(EVENT_LOG_EMITTED, attributes)
    except BaseException as problem:  # noqa: BLE001 - the span and the log's handlers are foreign
        guard.swallow(problem, "log")


def _refusal(name: object, value: object, clean: float | None, unit: object, type_: object) -> str | None:
    """Why a metric is none, in words that say what to do; None where it is one."""
    if not isinstance(name, str) or not name.strip():
        return f"metric: the name is a text that is not empty, not {values.outline(name, 40)}"
    if clean is None:
        return (
            f"metric {name[:80]!r}: the value is a finite number, not {values.outline(value, 40)}; "
            "use annotate() for texts and flags"
        )
    if not isinstance(unit, str) or not unit.strip():
        return f'metric {name[:80]!r}: the unit is a text such as "s", "By" or "1", not {values.outline(unit, 40)}'
    if type_ is not None and (not isinstance(type_, str) or not type_.strip()):
        return f"metric {name[:80]!r}: the type is a text that is not empty, not {values.outline(type_, 40)}"
    return None


def _no_annotation(key: object, value: object) -> str | None:
    """Why an annotation is none, in words that say what to do; None where it is one."""
    if not isinstance(key, str) or not key.strip():
        return f"annotate: the key is a text that is not empty, not {values.outline(key, 40)}"
    if value is None:
        return f'annotate {key[:80]!r}: None is no value; leave the call out, or say what it means, such as "unknown"'
    return None


def _reject(reason: str, error: type[NotesError] = NotesError) -> None:
    """Raise ``error`` in strict mode, else count."""
    global _rejected
    if guard.is_strict():
        raise error(reason)
    with _lock:
        _rejected += 1


def _show_rejection() -> None:
    """One more metric on the instrument."""
    try:
        instruments.count_rejection("invalid")
    except BaseException as problem:  # noqa: BLE001 - a meter is foreign code
        guard.swallow(problem, "rejections")


def _path(block: Block) -> tuple[str, ...]:
    """Span ids from the root down to ``block``."""
    ids: list[str] = []
    current: Block | None = block
    while current is not None and len(ids) < MAX_SPAN_IDS:
        ids.append(format(current.span.get_span_context().span_id, "016x"))
        current = current.parent
    return tuple(reversed(ids))


def _level(level: object) -> int | None:
    if isinstance(level, str):
        return _LEVELS.get(level.strip().lower())
    return level if isinstance(level, int) and not isinstance(level, bool) and 0 <= level <= 1000 else None


def _shown(data: dict[str, Any]) -> str:
    shown = (f"{key}={MASK if is_secret(key) else values.outline(value, 256)}" for key, value in data.items())
    return "".join(f" {item}" for item in shown)


def _debug(what: str, name: object, value: object, unit: str | None = None) -> None:
    """A metric or an annotation where there is no span, as a DEBUG line of the module that called us."""
    logger = logging.getLogger(sys._getframe(2).f_globals.get("__name__") or "otelwod")
    if logger.isEnabledFor(logging.DEBUG):
        title = values.text(name, values.MAX_NAME) if isinstance(name, str) else values.outline(name, 40)
        shown = MASK if is_secret(title) else values.outline(value, 256)
        logger.debug("%s %s=%s%s", what, title, shown, f" {unit}" if unit else "", stacklevel=3)
