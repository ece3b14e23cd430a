"""Where the public names live. A name is loaded when it is first used.

The table holds texts, no imports: this is also how a room finds what the package offers above it (the processor prints
its verdict by ``print_verdict``) without an import upwards.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

HOMES: Final = {
    "ExecutionTracker": "otelwod.tracking",
    "Input": "otelwod.runtime.inputs",
    "KeepProcessor": "otelwod.insight.live.keeping",
    "PerformanceMonitor": "otelwod.insight.monitor",
    "PerformanceProcessor": "otelwod.insight.processor",
    "Pipeline": "otelwod.stages.pipeline",
    "PipelineStage": "otelwod.stages.pipeline",
    "Report": "otelwod.insight.report",
    "SeeAllSampler": "otelwod.insight.live.sampling",
    "Session": "otelwod.runtime.session",
    "SessionTracker": "otelwod.tracking",
    "SimulatedAthlete": "otelwod.runtime.athletes",
    "SpanRecord": "otelwod.trace",
    "TaskRun": "otelwod.stages.taskrun",
    "Threshold": "otelwod.insight.monitor",
    "Timing": "otelwod.stages.taskrun",
    "Trace": "otelwod.trace",
    "TracedExecutor": "otelwod.stages",
    "Workout": "otelwod.workout",
    "analyze": "otelwod.archive.analysis",
    "annotate": "otelwod.stages",
    "boundary": "otelwod.stages.taskrun",
    "compile_workout": "otelwod.runtime.program",
    "configure": "otelwod.telemetry",
    "drive": "otelwod.runtime.athletes",
    "load": "otelwod.workout",
    "log": "otelwod.stages",
    "metric": "otelwod.stages",
    "parse": "otelwod.workout",
    "print_verdict": "otelwod.views.verdict",
    "replay": "otelwod.runtime.athletes",
    "run_task": "otelwod.stages.taskrun",
    "run_task_async": "otelwod.stages.taskrun",
    "span": "otelwod.stages",
    "stage": "otelwod.stages",
    "start_span": "otelwod.stages",
    "submit": "otelwod.stages",
    "task": "otelwod.stages.taskrun",
    "wait": "otelwod.stages",
}


def load_name(name: str) -> Any:
    """The object of a public name. Raises KeyError for one that there is not."""
    return getattr(import_module(HOMES[name]), name)
