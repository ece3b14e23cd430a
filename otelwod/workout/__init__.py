"""Text → `Workout` (statements) and diagnostics with line and column. Knows nothing of time or OpenTelemetry."""

from __future__ import annotations

from otelwod.workout.canonical import canonical
from otelwod.workout.files import load, unreadable
from otelwod.workout.label import effort_label
from otelwod.workout.model import (
    Diagnostic,
    Duration,
    Movement,
    Profile,
    Quantity,
    Reps,
    RepsKind,
    Scalar,
    Severity,
    Statement,
    Workout,
)
from otelwod.workout.program import parse
from otelwod.workout.totals import Totals, totals

__all__ = [
    "Diagnostic",
    "Duration",
    "Movement",
    "Profile",
    "Quantity",
    "Reps",
    "RepsKind",
    "Scalar",
    "Severity",
    "Statement",
    "Totals",
    "Workout",
    "canonical",
    "effort_label",
    "load",
    "parse",
    "totals",
    "unreadable",
]
