"""Runtime events → records, mirrored to OpenTelemetry spans, span events and instruments."""

from otelwod.tracking.active import ActiveSpan, ActiveSpans, DepthError
from otelwod.tracking.captured import CapturedMetric, MetricRejectedError, ParentTimer
from otelwod.tracking.completed import Overflow
from otelwod.tracking.session import SessionTracker
from otelwod.tracking.writer import Change

__all__ = [
    "ActiveSpan",
    "ActiveSpans",
    "CapturedMetric",
    "Change",
    "DepthError",
    "MetricRejectedError",
    "Overflow",
    "ParentTimer",
    "SessionTracker",
]
