"""Spans that end in a list instead of a backend."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import StatusCode

from otelwod.telemetry.id_generator import PlannedIdGenerator
from otelwod.telemetry.span_records import record_of
from otelwod.testing.ids import SequentialIdGenerator
from otelwod.trace import SpanRecord


class CapturedSpans:
    """A private tracer provider whose ended spans can be looked at.

    Ids count from 1 (planned ones are kept), everything is sampled, nothing is limited, and the environment plays
    no part. Nothing is set globally, unless within `installed`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: list[ReadableSpan] = []
        self._ids = SequentialIdGenerator()
        self.provider = _provider(self._ids)
        self.provider.add_span_processor(_Sink(self))
        self.tracer = self.provider.get_tracer("otelwod.testing")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All ended spans, in the order in which they ended."""
        with self._lock:
            return tuple(self._ended)

    @property
    def records(self) -> tuple[SpanRecord, ...]:
        """The same as `otelwod.trace.SpanRecord`."""
        return tuple(map(record_of, self.spans))

    def by_name(self, name: str) -> tuple[ReadableSpan, ...]:
        """The ended spans of this name, in the order in which they ended."""
        return tuple(span for span in self.spans if span.name == name)

    def one(self, name: str) -> ReadableSpan:
        """The only span of this name; an AssertionError that shows the tree when there is none, or more."""
        found = self.by_name(name)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} spans are named {name!r}, not one, in:\n{self.tree() or '(no spans)'}")
        return found[0]

    def clear(self) -> None:
        """Forget all spans; ids begin at 1 again."""
        with self._lock:
            self._ended.clear()
        self._ids.reset()

    def tree(self, attributes: Iterable[str] = (), *, events: bool = False, durations: bool = False) -> str:
        """All ended spans as text, a line each, indented by depth, siblings in the order of their start.

        ``attributes`` are shown where a span or an event has them; ``events`` adds a line for each event,
        ``durations`` seconds. A span with an error says so. Ids and times are never shown, so that the text is the same
        in every run::

            checkout  ERROR ValueError: no card
              load  otelwod.phase='work'
                * cache.miss
        """
        return tree_of(self.spans, attributes, events=events, durations=durations)

    @contextmanager
    def installed(self) -> Iterator[CapturedSpans]:
        """Capture also the spans of every tracer that comes from OpenTelemetry's global API, for the time being.

        The provider that was set before is set again at the end. Tracers that were got from it keep sending there.
        """
        relay = _global_provider()
        before = (trace._TRACER_PROVIDER, trace._TRACER_PROVIDER_SET_ONCE._done, relay.target)
        trace._TRACER_PROVIDER, trace._TRACER_PROVIDER_SET_ONCE._done = relay.provider, True
        relay.target = self
        try:
            yield self
        finally:
            trace._TRACER_PROVIDER, trace._TRACER_PROVIDER_SET_ONCE._done, relay.target = before

    def _take(self, span: ReadableSpan) -> None:
        with self._lock:
            self._ended.append(span)


def tree_of(
    spans: Iterable[ReadableSpan], attributes: Iterable[str] = (), *, events: bool = False, durations: bool = False
) -> str:
    """See `CapturedSpans.tree`. A span whose parent is not among them is a root."""
    shown = tuple(attributes)
    ordered = sorted(spans, key=lambda span: (span.start_time or 0, span.context.span_id if span.context else 0))
    present = {span.context.span_id for span in ordered if span.context}
    children: dict[int | None, list[ReadableSpan]] = {}
    for span in ordered:
        parent = span.parent.span_id if span.parent is not None and span.parent.span_id in present else None
        children.setdefault(parent, []).append(span)
    lines: list[str] = []
    waiting = [(span, 0) for span in reversed(children.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        lines.append("  " * depth + _line(span, shown, durations))
        if events:
            lines.extend("  " * (depth + 1) + _event_line(event.name, event.attributes, shown) for event in span.events)
        below = children.get(span.context.span_id, []) if span.context else []
        waiting.extend((child, depth + 1) for child in reversed(below))
    return "\n".join(lines)


def _event_line(name: str, values: Mapping[str, object] | None, shown: tuple[str, ...]) -> str:
    given = values or {}
    return "  ".join([f"* {name}", *(f"{each}={given[each]!r}" for each in shown if each in given)])


def _line(span: ReadableSpan, shown: tuple[str, ...], durations: bool) -> str:
    values = span.attributes or {}
    parts = [span.name]
    if durations and span.start_time is not None and span.end_time is not None:
        parts.append(f"{(span.end_time - span.start_time) / 1e9:g} s")
    parts.extend(f"{name}={values[name]!r}" for name in shown if name in values)
    if span.status.status_code is StatusCode.ERROR:
        parts.append(f"ERROR {span.status.description or ''}".rstrip())
    return "  ".join(parts)


class _Sink(SpanProcessor):
    """Hands ended spans to one capture."""

    def __init__(self, target: CapturedSpans) -> None:
        self._target = target

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Only ended spans are captured."""

    def on_end(self, span: ReadableSpan) -> None:
        self._target._take(span)


class _Relay(SpanProcessor):
    """The one global provider of this process, and the capture that its spans go to now.

    One for all tests: a tracer made at import time binds itself to the first provider that it meets.
    """

    def __init__(self) -> None:
        self.target: CapturedSpans | None = None
        self.provider = _provider(_RelayedIds(self))
        self.provider.add_span_processor(self)

    def on_end(self, span: ReadableSpan) -> None:
        if self.target is not None:
            self.target._take(span)


class _RelayedIds(IdGenerator):
    """Ids of the present capture, so that no id comes twice in it."""

    def __init__(self, relay: _Relay) -> None:
        self._relay = relay
        self._otherwise = SequentialIdGenerator()

    def _ids(self) -> IdGenerator:
        return self._relay.target._ids if self._relay.target is not None else self._otherwise

    def generate_trace_id(self) -> int:
        return self._ids().generate_trace_id()

    def generate_span_id(self) -> int:
        return self._ids().generate_span_id()


@cache
def _global_provider() -> _Relay:
    return _Relay()


def _provider(ids: IdGenerator) -> TracerProvider:
    unlimited = SpanLimits(
        **dict.fromkeys(
            ("max_attributes", "max_events", "max_links", "max_span_attributes", "max_event_attributes",
             "max_link_attributes", "max_attribute_length", "max_span_attribute_length"),
            SpanLimits.UNSET,
        )
    )  # fmt: skip
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource({"service.name": "otelwod.testing"}),
        id_generator=PlannedIdGenerator(ids),
        span_limits=unlimited,
        shutdown_on_exit=False,
    )
    provider._disabled = False  # OTEL_SDK_DISABLED is for programs, not for the tests of programs
    return provider
