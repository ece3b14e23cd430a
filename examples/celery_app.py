"""A Celery worker whose thumbnails are slow, and the processor that says so.

    celery --workdir examples --app celery_app worker --pool solo --loglevel warning     (with a broker)
    python examples/celery_app.py                                                        (without one)

A worker is a program of its own: the processor is added when the worker process starts, after any fork.
Needs celery and opentelemetry-instrumentation-celery.
"""

from __future__ import annotations

import os
import time
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from otelwod.insight.processor import PerformanceProcessor

app = Celery("shop", broker=os.environ.get("CELERY_BROKER", "memory://"), backend="cache+memory://")
tracer = trace.get_tracer("shop")


@app.task
def publish(images: int) -> int:
    """A task with a slow step."""
    with tracer.start_as_current_span("load"):
        time.sleep(0.002)
    for _ in range(images):
        with tracer.start_as_current_span("thumbnail"):
            time.sleep(0.01)
    return images


@worker_process_init.connect(weak=False)
def observe(**_: Any) -> None:
    """Once in each worker process (the prefork pool starts them; its parent does no work)."""
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    provider = TracerProvider()
    provider.add_span_processor(PerformanceProcessor(report_at_exit=True))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()


@worker_process_shutdown.connect(weak=False)
def say_it(**_: Any) -> None:
    """A pool process leaves without the interpreter's own end: print the verdict now."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


if __name__ == "__main__":
    from celery.contrib.testing.worker import start_worker

    app.conf.result_backend = "cache+memory://"
    observe()
    app.loader.import_task_module("celery.contrib.testing.tasks")
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        results = [publish.delay(3) for _ in range(5)]
        print([result.get(timeout=30) for result in results])
