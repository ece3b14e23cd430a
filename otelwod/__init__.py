"""otelwod: timed work as OpenTelemetry spans, and spans as an answer to where the time went.

The public names and nothing else. Each is loaded when it is first used, so that ``import otelwod`` loads no SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelwod._names import HOMES, load_name
from otelwod._version import __version__

if TYPE_CHECKING:
    from otelwod.archive.analysis import analyze
    from otelwod.insight.live.keeping import KeepProcessor
    from otelwod.insight.live.sampling import SeeAllSampler
    from otelwod.insight.monitor import PerformanceMonitor, Threshold
    from otelwod.insight.processor import PerformanceProcessor
    from otelwod.insight.report import Report
    from otelwod.runtime.athletes import SimulatedAthlete, drive, replay
    from otelwod.runtime.inputs import Input
    from otelwod.runtime.program import compile_workout
    from otelwod.runtime.session import Session
    from otelwod.stages import (
        TracedExecutor,
        annotate,
        log,
        metric,
        span,
        stage,
        start_span,
        submit,
        wait,
    )
    from otelwod.stages.pipeline import Pipeline, PipelineStage
    from otelwod.stages.taskrun import TaskRun, Timing, boundary, run_task, run_task_async, task
    from otelwod.telemetry import configure
    from otelwod.trace import SpanRecord, Trace
    from otelwod.tracking import ExecutionTracker, SessionTracker
    from otelwod.views.verdict import print_verdict
    from otelwod.workout import Workout, load, parse

__all__ = [
    "ExecutionTracker",
    "Input",
    "KeepProcessor",
    "PerformanceMonitor",
    "PerformanceProcessor",
    "Pipeline",
    "PipelineStage",
    "Report",
    "SeeAllSampler",
    "Session",
    "SessionTracker",
    "SimulatedAthlete",
    "SpanRecord",
    "TaskRun",
    "Threshold",
    "Timing",
    "Trace",
    "TracedExecutor",
    "Workout",
    "__version__",
    "analyze",
    "annotate",
    "boundary",
    "compile_workout",
    "configure",
    "drive",
    "load",
    "log",
    "metric",
    "parse",
    "print_verdict",
    "replay",
    "run_task",
    "run_task_async",
    "span",
    "stage",
    "start_span",
    "submit",
    "task",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'otelwod' has no attribute {name!r}")
    value = globals()[name] = load_name(name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
