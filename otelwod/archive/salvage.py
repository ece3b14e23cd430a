"""Objects out of JSON that is torn or damaged: what is readable is read, the rest is skipped.

A JSON parser gives all or nothing. Here every ``{`` that a failure leaves behind is tried again from there, so that a
file cut at any byte still gives each whole span before the cut, and a damaged byte costs the span it hit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_OBJECT: Final = re.compile(r"\{")
_LONGEST_KEY: Final = 256
_SPACES: Final = 64
_EFFORT: Final = 64
"""Characters that may be looked at, for each character of the text; damage made to cost time stops here."""


def objects(text: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """The outermost readable objects in the order of the text, each with the key that it is the value of, if any.

    Nesting must have been checked (`nesting.deeper_than`). Linear time: gives up after `_EFFORT` times the length.
    """
    decode = json.JSONDecoder().raw_decode
    budget = _EFFORT * len(text)
    match = _OBJECT.search(text)
    while match is not None and budget > 0:
        start = match.start()
        try:
            value, end = decode(text, start)
        except json.JSONDecodeError as error:
            budget -= error.pos - start + 1
            end = start + 1
        except ValueError:  # a number of thousands of digits: nobody says where it is
            budget -= len(text) - start
            end = start + 1
        else:
            yield _key_before(text, start), value
        match = _OBJECT.search(text, end)


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


def documents(text: str) -> Iterator[dict[str, Any]]:
    """What `objects` finds, as `document.Documents` takes it: bare spans get back what stood around them."""
    resource: dict[str, Any] = {}
    scope: dict[str, Any] = {}
    jaeger = _JaegerTrace()
    for key, value in objects(text):
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
