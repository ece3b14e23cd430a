"""What `PerformanceProcessor` costs: ``python benchmarks/processor.py [--quick]`` prints every ratio of its promises.

One interleaved run in CPU time of the whole process, background threads included. "An SDK span" is a
``with tracer.start_as_current_span(...)`` of a provider whose one processor does nothing, so that the SDK's own dispatch
is on both sides of every comparison.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Callable

from _harness import interleave, machine, ratio, table
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otelwod.insight.processor import PerformanceProcessor

CHILDREN = 9
"""Spans under each root: a trace of ten."""


class Nowhere(SpanExporter):
    """Takes spans and keeps none."""

    def export(self, spans: object) -> SpanExportResult:
        """Nothing to do."""
        return SpanExportResult.SUCCESS


class Idle(SpanProcessor):
    """The SDK's dispatch and nothing else."""


def traces(processor: SpanProcessor, *, overlapping: bool = False) -> Callable[[int], None]:
    """An arm that makes spans, ten a trace, and lets the processor finish its work."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("benchmark")

    def run(operations: int) -> None:
        for _ in range(operations // (CHILDREN + 1)):
            with tracer.start_as_current_span("request"):
                if overlapping:
                    spans = [tracer.start_span("query") for _ in range(CHILDREN)]
                    for span in spans:
                        span.end()
                else:
                    for _ in range(CHILDREN):
                        with tracer.start_as_current_span("query"):
                            pass
        processor.force_flush()

    return run


def ended_span() -> ReadableSpan:
    """A sampled span that has ended."""
    ended: list[ReadableSpan] = []

    class Keep(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            ended.append(span)

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Keep())
    provider.get_tracer("benchmark").start_span("query").end()
    return ended[0]


def enqueue(processor: SpanProcessor, span: ReadableSpan, clear: Callable[[], None]) -> Callable[[int], None]:
    """An arm that calls ``on_end`` in runs that stay below the size at which a worker would be woken."""

    def run(operations: int) -> None:
        on_end = processor.on_end
        for _ in range(operations // 400):
            for _ in range(400):
                on_end(span)
            clear()

    return run


def enqueue_arms() -> dict[str, Callable[[int], None]]:
    """``on_end`` of the batch processor and of ours, nothing but the hand-over."""
    span = ended_span()
    batch = BatchSpanProcessor(Nowhere(), schedule_delay_millis=3_600_000)
    ours = PerformanceProcessor(background=False, metrics=False)
    ours.on_end(span)
    return {
        "BatchSpanProcessor.on_end": enqueue(batch, span, batch._batch_processor._queue.clear),
        "PerformanceProcessor.on_end": enqueue(ours, span, ours._ring.clear),
    }


def bytes_per_span(spans: int = 20_000) -> float:
    """What a retained span takes, by tracemalloc, with all that belongs to it in the book."""
    processor = PerformanceProcessor(max_spans=2 * spans, max_traces=spans, background=False, metrics=False)
    run = traces(processor)
    run(1_000)
    processor.reset()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run(spans)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / processor.summary().retained


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    rounds, operations = (5, 10_000) if quick else (15, 20_000)
    print(machine())
    handed = interleave(enqueue_arms(), operations=100_000, rounds=rounds)
    arms = {
        "SDK, one idle processor": traces(Idle()),
        "SDK + PerformanceProcessor": traces(PerformanceProcessor()),
        "SDK, idle, overlapping": traces(Idle(), overlapping=True),
        "SDK + PerformanceProcessor, overlapping": traces(PerformanceProcessor(), overlapping=True),
        "SDK + BatchSpanProcessor": traces(BatchSpanProcessor(Nowhere())),
    }
    spans = interleave(arms, operations=operations, rounds=rounds)
    base = spans["SDK, one idle processor"]
    overlapping = spans["SDK, idle, overlapping"]
    rows = [["what", "ns", "ratio [middle half]", "promise"]]
    batch = handed["BatchSpanProcessor.on_end"]
    ours = handed["PerformanceProcessor.on_end"]
    rows.append(["BatchSpanProcessor.on_end", f"{batch.ns:.0f}", "1", ""])
    rows.append(["PerformanceProcessor.on_end", f"{ours.ns:.0f}", str(ratio(ours, batch)), "<= 1.0, goal 0.5"])
    rows.append(["SDK span, idle processor", f"{base.ns:.0f}", "1", ""])
    for name, bare in (
        ("SDK + PerformanceProcessor", base),
        ("SDK + PerformanceProcessor, overlapping", overlapping),
        ("SDK + BatchSpanProcessor", base),
    ):
        promise = "<= 1.10" if name == "SDK + PerformanceProcessor" else ""
        rows.append([name, f"{spans[name].ns:.0f}", str(ratio(spans[name], bare)), promise])
    rows.append(["bytes per retained span", f"{bytes_per_span():.0f}", "", "<= 256"])
    print(table(rows))


if __name__ == "__main__":
    main()
