"""Nothing of ours raises into the host: what goes wrong inside is swallowed, counted by place, and said once a place.

A processor, sampler or exporter of the user runs inside our calls and may raise anything. `KeyboardInterrupt` and
`SystemExit` are the host's own when a signal brought them while we were running, and then they pass.
"""

from __future__ import annotations

import logging
import opcode
import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from types import CodeType, TracebackType
from typing import Final

_logger = logging.getLogger("otelwod.stages")
_RAISE: Final = opcode.opmap["RAISE_VARARGS"]
_TRACEBACK: Final = BaseException.__dict__["__traceback__"]
_get_traceback: Callable[[BaseException], TracebackType | None] = _TRACEBACK.__get__
_set_traceback: Callable[[BaseException, TracebackType | None], None] = _TRACEBACK.__set__

_strict = [os.environ.get("OTELWOD_STRICT", "").strip().lower() in ("1", "true", "yes", "on")]
_failures: dict[str, int] = {}
deep: Final = [0]
"""Failures for want of stack. Counted in place (``deep[0] += 1``), because there even a call would fail again."""


def set_strict(strict: bool) -> bool:
    """Whether a wrong argument of `metric`, `log`, `span` … raises (tests, development) or is counted; what it was.

    The default is counting, or strict where the environment has ``OTELWOD_STRICT=1``.
    """
    before, _strict[0] = _strict[0], bool(strict)
    return before


def is_strict() -> bool:
    """As `set_strict` says."""
    return _strict[0]


def failures() -> Mapping[str, int]:
    """How often something of ours or of a plug-in failed inside a stage, by place. A span may be missing for each."""
    return {**_failures, "recursion limit": deep[0]} if deep[0] else dict(_failures)


def swallow(problem: BaseException, place: str) -> None:
    """Count ``problem``, or raise it again where it is the host's own (see the module)."""
    if not isinstance(problem, Exception) and _from_a_signal(problem):
        raise problem
    _failures[place] = number = _failures.get(place, 0) + 1
    if number == 1:
        # Only the type is said: the text of a foreign exception may be a trap, or a secret.
        _logger.warning(
            "otelwod: %s in %s; the program goes on, and later ones are only counted (otelwod.stages.failures())",
            type_name(type(problem)),
            place,
        )


def drop_frame(error: BaseException) -> None:
    """Take the innermost caller's entry (ours) off the traceback, so that the host sees its own frames only.

    Goes to the slot itself: a subclass may have made ``__traceback__`` something else. Python 3.10 restores the entry
    when the exception is raised again; from 3.11 on it stays away.
    """
    traceback = traceback_of(error)
    if traceback is not None:
        _set_traceback(error, traceback.tb_next)


def traceback_of(error: BaseException) -> TracebackType | None:
    """The real traceback, whatever a subclass says."""
    return _get_traceback(error)


def type_name(kind: type) -> str:
    """``module.QualName`` (built-ins without module), asked of `type` itself: a metaclass cannot interfere."""
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str(name)


def _from_a_signal(problem: BaseException) -> bool:
    """Whether a signal handler raised ``problem``: the stack shows the handler's code, or (for the interpreter's own

    handler, which has no frame) nothing that raises.
    """
    handlers = _handler_codes()
    traceback, last = traceback_of(problem), None
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            return True
        traceback, last = traceback.tb_next, traceback
    if last is None or not isinstance(problem, KeyboardInterrupt):
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] != _RAISE


def _handler_codes() -> set[CodeType]:
    codes = set()
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        while isinstance(handler, partial):
            handler = handler.func
        code = getattr(getattr(handler, "__func__", handler), "__code__", None)
        if isinstance(code, CodeType):
            codes.add(code)
    return codes
