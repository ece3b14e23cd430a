"""An exception is recorded once, on the span where it came up first, and only marked on the spans it passes.

Who has recorded it is remembered beside the open spans, not on the exception, which stays as the host made it; and by
identity, not by reference, so that nothing is kept alive. An identity can be used again by the next exception, so it
counts only together with a place on the traceback that the exception has been seen at.
"""

from __future__ import annotations

import builtins
import traceback as traceback_module
from types import CodeType
from typing import Any, Final, TypeAlias

from opentelemetry.trace import Span, Status, StatusCode

from otelwod.conventions import ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE
from otelwod.stages import guard, values
from otelwod.telemetry.redaction import SLACK, redact_text

Mark: TypeAlias = tuple[int, CodeType | None, int]
"""Identity of an exception, and code and instruction of the outermost host frame it had passed."""

MAX_FRAMES: Final = 100
"""Frames of a stack trace that are written, those next to the ``raise``."""
MAX_STACKTRACE: Final = 16_384
MAX_CHAIN: Final = 16
"""Causes and contexts (and members of a group) that are written with an exception; a longer chain is left out."""
MAX_DESCRIPTION: Final = 256
_GROUP: Final[Any] = getattr(builtins, "BaseExceptionGroup", None)  # from Python 3.11 on


def mark_of(error: BaseException) -> Mark:
    """What to remember of an exception that was recorded."""
    traceback = guard.traceback_of(error)
    if traceback is None:
        return id(error), None, 0
    return id(error), traceback.tb_frame.f_code, traceback.tb_lasti


def is_marked(error: BaseException, mark: Mark | None) -> bool:
    """Whether ``mark`` was made for this very exception."""
    if mark is None or mark[0] != id(error):
        return False
    _, code, instruction = mark
    traceback = guard.traceback_of(error)
    if code is None:
        return True
    while traceback is not None:
        if traceback.tb_lasti == instruction and traceback.tb_frame.f_code is code:
            return True
        traceback = traceback.tb_next
    return False


def record(span: Span, error: BaseException) -> None:
    """The event: type, message and stack trace, bounded and without secrets."""
    kind = guard.type_name(type(error))
    message = message_of(error)
    span.add_event(
        EXCEPTION_EVENT,
        {
            EXCEPTION_TYPE: values.text(kind, values.MAX_NAME),
            EXCEPTION_MESSAGE: message,
            EXCEPTION_STACKTRACE: _stacktrace(error, f"{kind}: {message}"),
        },
    )


def mark(span: Span, error: BaseException) -> None:
    """Status and ``error.type``."""
    kind = guard.type_name(type(error))
    span.set_attribute(ERROR_TYPE, values.text(kind, values.MAX_NAME))
    message = message_of(error)
    description = f"{kind}: {message}" if message else kind
    span.set_status(Status(StatusCode.ERROR, values.text(description, MAX_DESCRIPTION)))


def message_of(error: BaseException) -> str:
    """``str(error)``, bounded and without secrets; a word in its place where that cannot be had."""
    try:
        message = str(error)
    except BaseException as problem:  # noqa: BLE001 - the host's __str__ may raise anything
        guard.swallow(problem, "str() of an exception")
        return "<unprintable>"
    return values.clean_text(message)


def _stacktrace(error: BaseException, fallback: str) -> str:
    try:
        lines = traceback_module.format_exception(
            type(error), error, guard.traceback_of(error), limit=-MAX_FRAMES, chain=_is_short(error)
        )
        written = "".join(lines)
    except BaseException as problem:  # noqa: BLE001 - formatting asks the exception, which may raise anything
        guard.swallow(problem, "stack trace of an exception")
        return fallback
    written = redact_text(written[-MAX_STACKTRACE - 16 * SLACK :])
    if len(written) > MAX_STACKTRACE:  # the end says most
        written = f"…{written[1 - MAX_STACKTRACE :]}"
    return values.text(written, MAX_STACKTRACE)


def _is_short(error: BaseException) -> bool:
    """Whether the chain behind ``error`` can be written; a group of many, or a long chain, takes too long."""
    seen = 0
    waiting: list[BaseException] = [error]
    while waiting:
        seen += 1
        if seen > MAX_CHAIN:
            return False
        current = waiting.pop()
        for slot in ("__cause__", "__context__"):
            other = BaseException.__dict__[slot].__get__(current)
            if isinstance(other, BaseException):
                waiting.append(other)
        if _GROUP is not None and isinstance(current, _GROUP):
            waiting.extend(current.exceptions)
    return True
