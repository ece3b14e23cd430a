"""Our metric pipeline: counted results, an end in bounded time, a foreign exporter that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)

from otelwod.telemetry.delivery import Destination
from otelwod.telemetry.exporter_log import ExporterLog
from otelwod.telemetry.metrics import CountingMetricExporter, MeterPipeline

LIMIT = 20.0


class Exporter(MetricExporter):
    def __init__(self, answer: MetricExportResult | Exception = MetricExportResult.SUCCESS) -> None:
        super().__init__()
        self.answer = answer
        self.called = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.shut = 0

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        self.called.set()
        self.release.wait(LIMIT)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self.shut += 1
        if isinstance(self.answer, ZeroDivisionError):
            raise self.answer


@pytest.fixture
def hung() -> Iterator[Exporter]:
    exporter = Exporter()
    exporter.release.clear()
    yield exporter
    exporter.release.set()


def pipeline(exporter: MetricExporter) -> MeterPipeline:
    log = ExporterLog()
    counting = CountingMetricExporter(exporter, "here", log)
    reader = PeriodicExportingMetricReader(counting, 3_600_000)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("test").create_counter("c").add(1)
    return MeterPipeline(provider, (counting,), log)


def close(pipeline: MeterPipeline, timeout_s: float = LIMIT) -> tuple[Destination, ...]:
    import time

    return pipeline.close(timeout_s, time.monotonic())


def test_the_last_collection_is_delivered_and_counted() -> None:
    exporter = Exporter()
    metrics = pipeline(exporter)
    assert not metrics.closed
    assert metrics.provider.force_flush()
    assert close(metrics) == (Destination("here", "metrics", delivered=2),)
    assert metrics.closed
    assert exporter.shut == 1
    assert metrics.destinations()[0].lines() == ()


@pytest.mark.parametrize(
    ("answer", "error"), [(MetricExportResult.FAILURE, ""), (ValueError("boom"), "ValueError: boom")]
)
def test_failures_are_counted_and_raise_nowhere(answer: MetricExportResult | Exception, error: str) -> None:
    assert close(pipeline(Exporter(answer))) == (Destination("here", "metrics", failed=1, error=error),)


def test_a_hung_backend_does_not_hold_the_exit(hung: Exporter) -> None:
    metrics = pipeline(hung)
    metrics.begin_close()
    assert hung.called.wait(LIMIT)
    assert close(metrics, 0.0) == (Destination("here", "metrics", failed=1, error="no answer in time"),)


def test_a_provider_that_cannot_shut_down_is_counted() -> None:
    (destination,) = close(pipeline(Exporter(ZeroDivisionError("x"))))
    assert destination.failed == 2
    assert "ZeroDivisionError" in destination.error
