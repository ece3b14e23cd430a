"""Python callables → spans: `stage`, `span`, `wait`, `metric`, `annotate`, `log`, and context that follows.

Importing this package needs ``opentelemetry-api`` only; it loads no SDK.
"""

from otelwod.stages.decorator import stage
from otelwod.stages.guard import failures, set_strict
from otelwod.stages.notes import MetricError, NotesError, annotate, log, metric, rejections
from otelwod.stages.propagation import (
    TracedExecutor,
    bind,
    context_from_headers,
    incoming_environment,
    incoming_headers,
    outgoing_environment,
    outgoing_headers,
    submit,
)
from otelwod.stages.span import OpenSpan, span, start_span, wait

__all__ = [
    "MetricError",
    "NotesError",
    "OpenSpan",
    "TracedExecutor",
    "annotate",
    "bind",
    "context_from_headers",
    "failures",
    "incoming_environment",
    "incoming_headers",
    "log",
    "metric",
    "outgoing_environment",
    "outgoing_headers",
    "rejections",
    "set_strict",
    "span",
    "stage",
    "start_span",
    "submit",
    "wait",
]
