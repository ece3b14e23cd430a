"""The OpenTelemetry side of a record: spans with explicit times and contexts, never attached as current.

A record exists without any of this: with no tracer, a disabled SDK, a sampler that dropped the span, or a provider
whose processors raise. Where the provider gives a valid context, the record takes its ids, so that files and
backends agree.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opentelemetry import trace as otel
from opentelemetry.context import Context

from otelwod._version import __version__
from otelwod.telemetry.ids import format_span_id, format_trace_id, planned_ids, span_id_for
from otelwod.trace import AttributeValue, SpanEvent

_log = logging.getLogger(__name__)

SCOPE: Final = "otelwod"


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The ids of one span, and its OpenTelemetry side where there is one."""

    trace_id: str
    span_id: str
    span: otel.Span | None = None
    context: Context | None = None
    given: Mapping[str, AttributeValue] = field(default_factory=dict)
    """What the OpenTelemetry span has known since its start."""


class Mirror:
    """Starts and ends the OpenTelemetry spans of one session; counts what went wrong instead of raising."""

    __slots__ = (
        "_anchor_ns",
        "_session_id",
        "_trace_id",
        "_tracer",
        "attributes_lost",
        "events_lost",
        "failures",
        "resource",
        "scope",
        "scope_version",
    )

    def __init__(self, tracer: otel.Tracer | None, *, session_id: str, trace_id: int, anchor_ns: int) -> None:
        self._tracer = tracer
        self._session_id = session_id
        self._trace_id = trace_id
        self._anchor_ns = anchor_ns
        self.resource: dict[str, AttributeValue] = {}
        self.scope = SCOPE
        self.scope_version = __version__
        self.events_lost = 0
        self.attributes_lost = 0
        self.failures = 0

    def start(
        self, key: str, name: str, t: int, attributes: dict[str, AttributeValue], parent: Mirrored | None
    ) -> Mirrored:
        """Begin the span ``key``, which has the same ids every time on our own provider."""
        span_id = span_id_for(self._session_id, key)
        trace_id = parent.trace_id if parent is not None else format_trace_id(self._trace_id)
        derived = Mirrored(trace_id, format_span_id(span_id))
        if self._tracer is None or (parent is not None and parent.span is None):
            return derived
        # An empty context keeps whatever span the host has open out of a session's own trace.
        under = Context() if parent is None or parent.context is None else parent.context
        try:
            with planned_ids(self._trace_id, span_id):
                span = self._tracer.start_span(
                    name, context=under, attributes=attributes, start_time=self._anchor_ns + t
                )
            context = span.get_span_context()
            if not context.is_valid or (parent is not None and format_span_id(context.span_id) == parent.span_id):
                return derived  # a disabled tracer hands the parent's context back
            if parent is None:
                self._take_origin(span)
            return Mirrored(
                format_trace_id(context.trace_id),
                format_span_id(context.span_id),
                span,
                otel.set_span_in_context(span, under),
                dict(attributes),
            )
        except Exception:  # noqa: BLE001 - a processor or sampler of the host may raise anything
            self._failed("start")
            return derived

    def end(
        self,
        mirrored: Mirrored,
        t: int,
        attributes: dict[str, AttributeValue],
        events: Sequence[SpanEvent],
        failure: str | None,
    ) -> None:
        """End the span with all it gathered. ``failure`` describes an error status, None is no error."""
        span = mirrored.span
        if span is None:
            return
        try:
            if span.is_recording():
                given = mirrored.given
                values = {key: value for key, value in attributes.items() if given.get(key) is not value}
                if values:
                    span.set_attributes(values)
                for event in events:
                    span.add_event(event.name, event.attributes, event.time_ns)
                if failure is not None:
                    span.set_status(otel.Status(otel.StatusCode.ERROR, failure))
                self._count_losses(span)
            span.end(self._anchor_ns + t)
        except Exception:  # noqa: BLE001 - a processor of the host may raise anything
            self._failed("end")

    def _count_losses(self, span: otel.Span) -> None:
        events = getattr(span, "dropped_events", 0)
        if isinstance(events, int) and events > 0:
            if not self.events_lost:
                _log.warning(
                    "otelwod: the tracer provider keeps a limited number of events on a span; the oldest are missing "
                    "in its spans (records and files have all). Raise OTEL_SPAN_EVENT_COUNT_LIMIT to keep more."
                )
            self.events_lost += events
        attributes = getattr(span, "dropped_attributes", 0)
        if isinstance(attributes, int) and attributes > 0:
            self.attributes_lost += attributes

    def _take_origin(self, span: otel.Span) -> None:
        """Resource and scope, as the provider's own spans have them (the API alone does not tell)."""
        attributes = getattr(getattr(span, "resource", None), "attributes", None)
        if attributes is not None:
            self.resource = dict(attributes)
        scope = getattr(span, "instrumentation_scope", None)
        if scope is not None:
            self.scope, self.scope_version = scope.name, scope.version or ""

    def _failed(self, action: str) -> None:
        if not self.failures:
            _log.warning(
                "otelwod: the tracer provider raised on %s of a span; records are complete", action, exc_info=True
            )
        self.failures += 1
