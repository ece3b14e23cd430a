"""Runtime events → records, mirrored to OpenTelemetry spans, span events and instruments."""

from otelwod.tracking.active import ActiveSpan, ActiveSpans, DepthError
from otelwod.tracking.captured import CapturedMetric, MetricRejectedError, ParentTimer
from otelwod.tracking.completed import Overflow
from otelwod.tracking.execution import ExecutionTracker
from otelwod.tracking.executions import Executions, execution_spans, from_json, to_json
from otelwod.tracking.session import SessionTracker
from otelwod.tracking.spans import ExecutionSpan, MetricValue, SpanMetrics, TimeSegment
from otelwod.tracking.writer import Change

__all__ = [
    "ActiveSpan",
    "ActiveSpans",
    "CapturedMetric",
    "Change",
    "DepthError",
    "ExecutionSpan",
    "ExecutionTracker",
    "Executions",
    "MetricRejectedError",
    "MetricValue",
    "Overflow",
    "ParentTimer",
    "SessionTracker",
    "SpanMetrics",
    "TimeSegment",
    "execution_spans",
    "from_json",
    "to_json",
]
