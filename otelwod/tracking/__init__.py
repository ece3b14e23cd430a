"""Runtime events → records, mirrored to OpenTelemetry spans, span events and instruments."""

from otelwod.tracking.active import ActiveSpan, ActiveSpans, DepthError
from otelwod.tracking.book import Change
from otelwod.tracking.captured import CapturedMetric, MetricRejectedError, ParentTimer
from otelwod.tracking.completed import Overflow
from otelwod.tracking.session import SessionTracker

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
