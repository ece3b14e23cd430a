"""Files and backends ↔ `Trace`."""
