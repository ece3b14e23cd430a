"""Small instrumented programs, and what the export of their spans says: shared by the tests of the processor."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

from otelwod.archive.otlp_codec import DecodeCounts, decode, encode
from otelwod.insight import Report, analyze_traces
from otelwod.insight.processor import PerformanceProcessor
from otelwod.telemetry.span_records import record_of
from otelwod.trace import Trace


class Exported(SpanProcessor):
    """Keeps what an exporter would have been given, and reads it back as the file would be read."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def report(self, **options: Any) -> Report:
        """`analyze_traces` over the OTLP JSON text of all spans."""
        text = json.dumps(encode([record_of(span) for span in self.spans]))
        counts = DecodeCounts()
        records = list(decode(json.loads(text), counts))
        return analyze_traces(Trace.from_records(records, counts=counts.quality()), **options)


class Program:
    """A provider with a processor and, after it, an export of the same spans."""

    def __init__(self, sampler: Sampler = ALWAYS_ON, **options: Any) -> None:
        self.processor = PerformanceProcessor(**{"background": False, "metrics": False, **options})
        self.exported = Exported()
        self.provider = TracerProvider(
            sampler=sampler, resource=Resource({"service.name": "shop"}), shutdown_on_exit=False
        )
        self.provider.add_span_processor(self.processor)
        self.provider.add_span_processor(self.exported)
        self.tracer = self.provider.get_tracer("tests")

    def timed(self, name: str, start: int, end: int | None, parent: trace.Span | None = None, **options: Any) -> Span:
        """A span at explicit times; left open when ``end`` is None."""
        context = trace.set_span_in_context(parent) if parent is not None else None
        span = self.tracer.start_span(name, context=context, start_time=start, **options)
        assert isinstance(span, Span)
        if end is not None:
            span.end(end)
        return span

    def serial(self, calls: Sequence[tuple[str, int]], start: int = 1_000) -> Span:
        """A root with one child after the other, each with its length in nanoseconds."""
        root = self.timed("root", start, None)
        now = start
        for name, length in calls:
            self.timed(name, now, now + length, root)
            now += length
        root.end(now)
        return root


def random_tree(program: Program, seed: int, size: int, *, overlap: bool) -> None:
    """One trace of about ``size`` spans; with ``overlap`` children may overlap, overrun and fail, and be detached."""
    rng = random.Random(seed)
    base = 1_700_000_000_000_000_000 + seed * 10_000_000_000
    root = program.timed("root", base, None)
    ends: list[tuple[int, Span]] = [(base + 1_000_000, root)]
    known: list[tuple[int, int, Span]] = [(base, base + 1_000_000, root)]
    reach = {id(root): base}
    for _ in range(size):
        above_start, above_end, above = rng.choice(known)
        start = rng.randrange(above_start, above_end + 1) if overlap else reach[id(above)]
        if not overlap and start >= above_end:
            continue
        latest = above_end + (rng.random() < 0.1) * 5_000 if overlap else above_end
        end = rng.randrange(start, max(start, latest) + 1)
        attributes: dict[str, Any] = {}
        if rng.random() < 0.2:
            attributes["otelwod.phase"] = rng.choice(["work", "rest"])
        if overlap and rng.random() < 0.1:
            attributes["otelwod.blocking"] = False
        kind = rng.choice(list(trace.SpanKind)) if overlap else trace.SpanKind.INTERNAL
        span = program.timed(rng.choice("abcd"), start, None, above, attributes=attributes, kind=kind)
        if overlap and rng.random() < 0.1:
            span.record_exception(ValueError("no"))
            span.set_status(trace.StatusCode.ERROR, "it failed")
        reach[id(above)] = max(reach[id(above)], end)
        reach[id(span)] = start
        ends.append((end, span))
        known.append((start, end, span))
    depth = {id(span): at for at, (_, span) in enumerate(ends)}
    for end, span in sorted(ends, key=lambda item: (item[0], -depth[id(item[1])])):
        span.end(end)
