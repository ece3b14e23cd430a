"""A pipeline with work, waiting and a failure; writes what it recorded to the file that it is given.

Run by the tests as a program of its own, with the ``OTEL_*`` environment saying where the spans go.
"""

from __future__ import annotations

import sys
import time

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otelwod
from otelwod.archive.otlp_json import SessionWriter
from otelwod.stages.pipeline import FunctionStage, Pipeline
from otelwod.telemetry.span_records import record_of


def load(number: int) -> int:
    """The slow source."""
    time.sleep(0.002)
    return number


def clean(number: int) -> int:
    """Fails for one item."""
    if number == 7:
        raise ValueError(f"no record {number}")
    return number


def store(number: int) -> int:
    """The last stage."""
    return number


def main() -> None:
    """Runs it once."""
    kept = InMemorySpanExporter()
    telemetry = otelwod.configure(exporters=[kept])
    stages = [FunctionStage(load, workers=2), FunctionStage(clean), FunctionStage(store)]
    result = Pipeline("etl", stages, on_error="collect").run(range(20))
    assert len(result.failures) == 1
    delivery = telemetry.shutdown(20)
    with SessionWriter(sys.argv[1]) as writer:
        writer.write(map(record_of, kept.get_finished_spans()))
    assert delivery.complete, delivery.lines()


if __name__ == "__main__":
    main()
