"""One JSON text of any known kind → spans. The kind is told by the content, never by a file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from otelwod.archive import jaeger, zipkin
from otelwod.archive.columns import Gathering
from otelwod.archive.otlp_codec import DecodeCounts, decode
from otelwod.archive.tally import Tally
from otelwod.archive.values import objects_in

_OTLP: Final = ("resourceSpans", "resource_spans", "scopeSpans", "scope_spans", "instrumentationLibrarySpans")
_TEMPO: Final = ("batches",)
_WRAPPERS: Final = ("trace", "result", "data")
NOT_SPANS: Final = "JSON that holds no trace of a known format"

Pending = list[dict[str, Any]]
"""Zipkin spans: the halves of a shared span may stand anywhere in a file, so they are read together at its end."""


class Documents:
    """Takes JSON values one after the other; `finish` when a source has no more.

    ``formats`` names what was met: otlp, jaeger, zipkin, tempo.
    """

    def __init__(self, gathering: Gathering, tally: Tally) -> None:
        self.gathering = gathering
        self.tally = tally
        self.formats: dict[str, None] = {}
        self.coarse = False
        """Whether any source was in microseconds."""
        self._zipkin: Pending = []

    def add(self, value: object) -> None:
        """Take one parsed JSON text: an object, or an array of such at most two levels deep."""
        if isinstance(value, dict):
            self._object(value)
        elif isinstance(value, list):
            for item in value:
                for inner in item if isinstance(item, list) else (item,):
                    if isinstance(inner, dict):
                        self._object(inner)
                    else:
                        self.tally.skip("array item that is no object")
        else:
            self.tally.skip(NOT_SPANS)

    def finish(self) -> None:
        """Put together what had to wait for the whole source."""
        if self._zipkin:
            self.gathering.add_records(zipkin.read(self._zipkin, self.tally))
            self._zipkin = []

    def _object(self, value: dict[str, Any]) -> None:
        kind = _kind(value)
        if kind is None:
            self._unknown(value)
            return
        self.formats[kind[0]] = None
        kind[1](self, value)

    def _unknown(self, value: Mapping[str, Any]) -> None:
        said = [str(error.get("msg", error))[:200] for error in objects_in(value.get("errors"))]
        if said:
            self.tally.warn(f"the backend answered with an error: {said[0]}")
        elif value.get("data", ()) is None or value.get("data", ()) == []:
            self.tally.warn("the answer of the backend holds no traces")
        else:
            self.tally.skip(NOT_SPANS)

    def _otlp(self, value: dict[str, Any]) -> None:
        counts = DecodeCounts()
        self.gathering.add_records(decode(value, counts))
        self.tally.dropped += counts.dropped
        if counts.unreadable:
            self.tally.skip("record that cannot be read as a span", counts.unreadable)

    def _jaeger(self, value: dict[str, Any]) -> None:
        self.coarse = True
        for trace in value["data"]:
            if isinstance(trace, dict):
                jaeger.read_trace(trace, self.gathering, self.tally)
            else:
                self.tally.skip("trace that is no object")

    def _jaeger_trace(self, value: dict[str, Any]) -> None:
        self.coarse = True
        jaeger.read_trace(value, self.gathering, self.tally)

    def _jaeger_span(self, value: dict[str, Any]) -> None:
        self.coarse = True
        jaeger.read_trace(
            {"traceID": value.get("traceID"), "spans": [value], "processes": {}}, self.gathering, self.tally
        )

    def _zipkin_span(self, value: dict[str, Any]) -> None:
        self.coarse = True
        self._zipkin.append(value)


def is_known(value: Mapping[str, Any]) -> bool:
    """Whether an object is of a format that `Documents` reads."""
    return _kind(value) is not None


_Reader = Callable[[Documents, dict[str, Any]], None]


def _kind(value: Mapping[str, Any]) -> tuple[str, _Reader] | None:
    """The name of the format and who reads it."""
    for inner in (value, *(value[name] for name in _WRAPPERS if isinstance(value.get(name), dict))):
        if any(name in inner for name in _OTLP):
            return "otlp", Documents._otlp
        if any(name in inner for name in _TEMPO):
            return "tempo", Documents._otlp
    if isinstance(value.get("data"), list) and value["data"]:
        return "jaeger", Documents._jaeger
    if "spans" in value and ("traceID" in value or "processes" in value):
        return "jaeger", Documents._jaeger_trace
    if "spanID" in value:
        return "jaeger", Documents._jaeger_span
    return ("zipkin", Documents._zipkin_span) if zipkin.is_span(value) else None
