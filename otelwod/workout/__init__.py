"""Text → `Workout` (statements) and diagnostics with line and column. Knows nothing of time or OpenTelemetry."""
