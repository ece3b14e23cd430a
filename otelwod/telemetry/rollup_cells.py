"""The sums of rolled-up calls, one cell an operation and parent span, and how they come onto the parent at its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import Any, Final, TypeAlias

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span

from otelwod.conventions import NANOS_PER_SECOND, ROLLUP

_SPAN_KEY: Final = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
_CELLS: Final = "_otelwod_rollup"
_ENDED: Final[dict[str, Any]] = {}
"""In place of the cells of a span that has ended."""
_making = threading.Lock()
_logger = logging.getLogger("otelwod.telemetry")

Closed: TypeAlias = "Callable[[Cell], None]"


class Cell:
    """The sums of one operation under one parent: ``count`` calls, of which ``timed`` took ``total_ns`` together.

    ``next`` counts a call and returns how many there were before it: one call into C, which no thread can come into.
    ``seen``: calls that the operation's window knows of.
    """

    __slots__ = ("_counter", "closed", "lock", "max_ns", "next", "seen", "timed", "total_ns")

    def __init__(self, closed: Closed | None = None) -> None:
        """``closed`` is called with the cell when its parent ends."""
        self._counter = count()
        self.next = self._counter.__next__
        self.closed = closed
        self.seen = self.timed = self.total_ns = self.max_ns = 0
        self.lock = threading.Lock()

    @property
    def count(self) -> int:
        """The calls until now. The counter says it in its text; to ask for the next number would count one more."""
        return int(repr(self._counter)[6:-1])

    @property
    def estimated_total_ns(self) -> int:
        """The time of all calls: exact where every call was timed."""
        return self.total_ns * self.count // self.timed if self.timed else 0


def current_getter() -> Callable[[], Context]:
    """What returns the current OpenTelemetry context: its context variable's own ``get`` where that is what is behind.

    The API's function calls two more in Python, which for a call that is only counted would be half of the cost.
    """
    variable = getattr(getattr(context_api, "_RUNTIME_CONTEXT", None), "_current_context", None)
    return variable.get if isinstance(variable, ContextVar) else context_api.get_current


def cell_in(context: Context, operation: str, parentless: Cell, closed: Closed) -> Cell:
    """The cell of an operation under the span that is current in ``context``; ``parentless`` where none records."""
    span: Any = context.get(_SPAN_KEY)
    if span is None:
        return parentless
    try:
        cell: Cell = getattr(span, _CELLS)[operation]
    except (AttributeError, KeyError):
        return _new_cell(span, operation, parentless, closed) if span.is_recording() else parentless
    return cell


def _new_cell(span: Span, operation: str, parentless: Cell, closed: Closed) -> Cell:
    """The sums of an operation under ``span``, which takes them as attributes when it ends.

    The span's own ``end`` is what tells us: no processor is needed, whoever made the span.
    """
    with _making:
        cells: dict[str, Cell] | None = getattr(span, _CELLS, None)
        if cells is None:
            cells = {}
            end = span.end

            def end_with_sums(end_time: int | None = None) -> None:
                _write(span)
                end(end_time)

            span._otelwod_rollup = cells  # type: ignore[attr-defined]
            span.end = end_with_sums  # type: ignore[method-assign]
        if cells is _ENDED:
            return parentless
        return cells.setdefault(operation, Cell(closed))


def _write(span: Any) -> None:
    """Put the sums on the span. What is called under it from now on has no recording parent."""
    try:
        with _making:
            cells: dict[str, Cell] = span._otelwod_rollup
            span._otelwod_rollup = _ENDED
        for operation, cell in cells.items():
            if cell.closed is not None:
                cell.closed(cell)
            base = f"{ROLLUP}.{operation}"
            calls = cell.count
            span.set_attribute(f"{base}.count", calls)
            span.set_attribute(f"{base}.total", cell.estimated_total_ns / NANOS_PER_SECOND)
            span.set_attribute(f"{base}.max", cell.max_ns / NANOS_PER_SECOND)
            if cell.timed < calls:
                span.set_attribute(f"{base}.timed", cell.timed)
    except Exception as error:  # noqa: BLE001 - the host's span ends, with sums or without
        _logger.debug("sums of rolled-up calls were lost: %s", type(error).__name__)
