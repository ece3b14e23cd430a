"""otelwod: timed work as OpenTelemetry spans, and spans as an answer to where the time went.

The public names and nothing else. Each is loaded when it is first used, so that ``import otelwod`` loads no SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from otelwod._version import __version__

if TYPE_CHECKING:
    from otelwod.archive.analysis import analyze
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
    from otelwod.telemetry import configure
    from otelwod.trace import SpanRecord, Trace
    from otelwod.tracking import ExecutionTracker, SessionTracker
    from otelwod.workout import Workout, load, parse

__all__ = [
    "ExecutionTracker",
    "Input",
    "Report",
    "Session",
    "SessionTracker",
    "SimulatedAthlete",
    "SpanRecord",
    "Trace",
    "TracedExecutor",
    "Workout",
    "__version__",
    "analyze",
    "annotate",
    "compile_workout",
    "configure",
    "drive",
    "load",
    "log",
    "metric",
    "parse",
    "replay",
    "span",
    "stage",
    "start_span",
    "submit",
    "wait",
]

_HOMES = {
    "ExecutionTracker": "otelwod.tracking",
    "Input": "otelwod.runtime.inputs",
    "Report": "otelwod.insight.report",
    "Session": "otelwod.runtime.session",
    "SessionTracker": "otelwod.tracking",
    "SimulatedAthlete": "otelwod.runtime.athletes",
    "SpanRecord": "otelwod.trace",
    "Trace": "otelwod.trace",
    "TracedExecutor": "otelwod.stages",
    "Workout": "otelwod.workout",
    "analyze": "otelwod.archive.analysis",
    "annotate": "otelwod.stages",
    "compile_workout": "otelwod.runtime.program",
    "configure": "otelwod.telemetry",
    "drive": "otelwod.runtime.athletes",
    "load": "otelwod.workout",
    "log": "otelwod.stages",
    "metric": "otelwod.stages",
    "parse": "otelwod.workout",
    "replay": "otelwod.runtime.athletes",
    "span": "otelwod.stages",
    "stage": "otelwod.stages",
    "start_span": "otelwod.stages",
    "submit": "otelwod.stages",
    "wait": "otelwod.stages",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'otelwod' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
