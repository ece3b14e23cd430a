"""Python callables → OpenTelemetry spans; pipelines, boundaries, task runs."""
