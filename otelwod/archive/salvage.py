"""Objects out of JSON that is torn or damaged: what is readable is read, the rest is skipped.

A JSON parser gives all or nothing. Here every ``{`` that a failure leaves behind is tried again from there, so that a
file cut at any byte still gives each whole span before the cut, and a damaged byte costs the span it hit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from otelwod.archive.tally import Tally

_OBJECT: Final = re.compile(r"\{")
_DECODE: Final = json.JSONDecoder().raw_decode
_LONGEST_KEY: Final = 256
_SPACES: Final = 64
_EFFORT: Final = 64
"""Characters that may be looked at, for each character of the text; damage made to cost time stops here."""
_FIRST_WINDOW: Final = 1 << 10
_GROWTH: Final = 8
_MARGIN: Final = 16
"""A failure this near to a window's end may be the window's fault."""
_CUT_SHORT: Final = "Unterminated string"
"""The error whose place is where the string began, not where it was cut."""


def objects(text: str, tally: Tally) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """The outermost readable objects in the order of the text, each with the key that it is the value of, if any.

    Nesting must have been checked (`nesting.deeper_than`). Linear time: gives up, and says so, after `_EFFORT` times
    the length.
    """
    budget = _EFFORT * len(text) + _FIRST_WINDOW
    match = _OBJECT.search(text)
    while match is not None:
        start = match.start()
        value, end, cost = _decoded(text, start)
        budget -= cost
        if value is not None:
            yield _key_before(text, start), value
        elif budget < 0:
            tally.skip("rest of a badly damaged text")
            return
        match = _OBJECT.search(text, end)


def _decoded(text: str, start: int) -> tuple[dict[str, Any] | None, int, int]:
    """The object that begins at ``start`` (None: damaged), where to go on, and what a failure cost.

    Tried on windows of the text that grow: a parser's error counts the lines before it, which costs as much as the text
    up to there is long.
    """
    width, cost = _FIRST_WINDOW, 0
    while True:
        window = text[start : start + width]
        try:
            value, end = _DECODE(window)
        except json.JSONDecodeError as error:
            cost += error.pos + 1
            torn = error.pos >= len(window) - _MARGIN or error.msg.startswith(_CUT_SHORT)
            if not torn or len(window) < width:
                return None, start + 1, cost
            cost += len(window)
        except ValueError:  # a number of thousands of digits: nobody says where it is
            return None, start + 1, cost + len(window)
        else:
            return value, start + end, cost
        width *= _GROWTH


def _key_before(text: str, start: int) -> str | None:
    """The key whose value begins at ``start``; None where there is none."""
    before = text[max(0, start - _SPACES) : start].rstrip()
    if not before.endswith(":"):
        return None
    end = start - len(text[max(0, start - _SPACES) : start]) + len(before[:-1].rstrip()) - 1
    begin = text.rfind('"', max(0, end - _LONGEST_KEY), max(0, end))
    if begin < 0 or text[end] != '"' or "\\" in (text[end - 1], text[begin - 1 : begin]):
        return None
    return text[begin + 1 : end]


def documents(text: str, tally: Tally) -> Iterator[dict[str, Any]]:
    """What `objects` finds, as `document.Documents` takes it: bare spans get back what stood around them."""
    resource: dict[str, Any] = {}
    scope: dict[str, Any] = {}
    jaeger = _JaegerTrace()
    for key, value in objects(text, tally):
        if key == "resource":
            resource, scope = value, {}
        elif key in ("scope", "instrumentationLibrary"):
            scope = value
        elif "spanId" in value and "startTimeUnixNano" in value:
            yield {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [value]}]}]}
        elif "scope" in value and isinstance(value.get("spans"), list):
            yield {"resourceSpans": [{"resource": resource, "scopeSpans": [value]}]}
        elif "spanID" in value and ("startTime" in value or "operationName" in value):
            yield from jaeger.add_span(value)
        elif key == "processes":
            yield from jaeger.add_processes(value)
        elif key and "serviceName" in value and "id" not in value and not key.endswith("Endpoint"):
            yield from jaeger.add_processes({key: value}, whole=False)
        elif not ("refType" in value or "key" in value):
            yield value
    yield from jaeger.flush()


class _JaegerTrace:
    """Spans of one Jaeger trace with its processes, which stand behind them (or, with sorted keys, before them)."""

    def __init__(self) -> None:
        self._spans: list[dict[str, Any]] = []
        self._processes: dict[str, Any] = {}
        self._behind = False

    def add_span(self, span: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self._spans and span.get("traceID") != self._spans[0].get("traceID"):
            yield from self.flush()
            if self._behind:
                self._processes, self._behind = {}, False
        self._spans.append(span)

    def add_processes(self, processes: dict[str, Any], *, whole: bool = True) -> Iterator[dict[str, Any]]:
        if whole and self._spans and self._processes:
            yield from self.flush()
            self._processes = {}
        self._behind = bool(self._spans)
        self._processes = {**self._processes, **processes}

    def flush(self) -> Iterator[dict[str, Any]]:
        if self._spans:
            yield {"traceID": self._spans[0].get("traceID"), "spans": self._spans, "processes": self._processes}
            self._spans = []
