"""Runtime events → records, mirrored to OpenTelemetry spans, span events and instruments."""
