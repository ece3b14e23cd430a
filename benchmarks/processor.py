"""What `PerformanceProcessor` costs: ``python benchmarks/processor.py [--quick]`` prints every ratio of its promises.

One interleaved run in CPU time of the whole process, background work included: the arms take turns every few
milliseconds, and each figure is the median over rounds of the paired ratio. "An SDK span" is a ``with
tracer.start_as_current_span(...)`` without attributes, the cheapest there is, of a provider whose one processor does
nothing, so that the SDK's own dispatch is on both sides of every comparison.

===================  =========================================================================================
hand-over            CPU(our ``on_end``) / CPU(``BatchSpanProcessor.on_end``) <= 1.0, goal 0.5
all added CPU        CPU(span + our processor + its background) / CPU(span + idle processor) <= 1.10
a rolled-up call     (CPU(rolled-up call) - CPU(bare call)) / (CPU(call with an SDK span) - CPU(bare call)) <= 0.15
hot loop             CPU(loop of 10 µs calls, budget on) / CPU(bare loop) <= 1.02 + noise, where noise is that of the
                     same ratio for a second bare loop (`Ratio.noise`)
memory               bytes by tracemalloc / spans retained in detail <= 256
===================  =========================================================================================

Each limit is printed with *met* or *BROKEN*.
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

from _harness import interleave, machine, ratio, table
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otelwod.insight.monitor import resident_bytes
from otelwod.insight.processor import PerformanceProcessor
from otelwod.telemetry.rollup import Budget, RollUp

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


def ended_spans(count: int) -> list[ReadableSpan]:
    """Sampled spans of one program that have ended."""
    ended: list[ReadableSpan] = []

    class Keep(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            ended.append(span)

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Keep())
    tracer = provider.get_tracer("benchmark")
    for _ in range(count):
        tracer.start_span("query").end()
    return ended


HANDED: Final = 400
"""Spans handed over in one go: fewer than would wake a worker."""


def enqueue_arms() -> tuple[dict[str, Callable[[int], None]], dict[str, Callable[[], object]]]:
    """``on_end`` of the batch processor and of ours, nothing but the hand-over; and what makes everything as it was

    before the spans ended.
    """
    spans = ended_spans(HANDED)
    batch = BatchSpanProcessor(Nowhere(), schedule_delay_millis=3_600_000)
    ours = PerformanceProcessor(background=False, metrics=False)
    ours.on_end(spans[-1])
    is_open = {span.context.span_id: span for span in spans}

    def hand_over(processor: SpanProcessor) -> Callable[[int], None]:
        def run(operations: int) -> None:
            on_end = processor.on_end
            for span in spans[:operations]:
                on_end(span)

        return run

    def again() -> None:
        ours._ring.clear()
        ours._open.update(is_open)

    names = "BatchSpanProcessor.on_end", "PerformanceProcessor.on_end"
    arms = dict(zip(names, map(hand_over, (batch, ours)), strict=True))
    return arms, dict(zip(names, (batch._batch_processor._queue.clear, again), strict=True))


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


def rolled_arms() -> dict[str, Callable[[int], None]]:
    """A function with an SDK span, and the same rolled up, both under an open parent."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Idle())
    tracer = provider.get_tracer("benchmark")

    def work() -> None:
        return

    rolled = RollUp("work").wrap(work, lambda plain: plain)

    def spans(operations: int) -> None:
        with tracer.start_as_current_span("outer"):
            for _ in range(operations):
                with tracer.start_as_current_span("work"):
                    work()

    def calls(operations: int) -> None:
        with tracer.start_as_current_span("outer"):
            for _ in range(operations):
                rolled()

    def bare(operations: int) -> None:
        with tracer.start_as_current_span("outer"):
            for _ in range(operations):
                work()

    return {"bare calls": bare, "a call with an SDK span": spans, "a rolled-up call": calls}


def hot_loop_arms() -> tuple[dict[str, Callable[[int], None]], RollUp]:
    """A loop of calls of about 10 µs of CPU: bare, and with a span each under a budget of 2 %."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(PerformanceProcessor(metrics=False))
    tracer = provider.get_tracer("benchmark")
    turns = 100
    while True:
        start = time.process_time_ns()
        for _ in range(2_000):
            sum(range(turns))
        if time.process_time_ns() - start >= 2_000 * 10_000:
            break
        turns += turns // 4

    def work() -> int:
        return sum(range(turns))

    def make_spanned(plain: Callable[[], int]) -> Callable[[], int]:
        def spanned() -> int:
            with tracer.start_as_current_span("work"):
                return plain()

        return spanned

    roll = RollUp("work", rolled=False, budget=Budget(0.02))
    budgeted = roll.wrap(work, make_spanned)
    always = make_spanned(work)

    def loop(call: Callable[[], int]) -> Callable[[int], None]:
        def run(operations: int) -> None:
            with tracer.start_as_current_span("outer"):
                for _ in range(operations):
                    call()

        return run

    def wrapper(*args: Any, **kwargs: Any) -> int:
        return work(*args, **kwargs)

    arms = {"bare": work, "with the budget": budgeted, "bare again": work, "a wrapper": wrapper, "a span each": always}
    return {name: loop(call) for name, call in arms.items()}, roll


def held(value: float, limit: float, promise: str) -> str:
    """A promise, and whether it is kept."""
    return f"{promise}: {'met' if value <= limit else 'BROKEN'}"


def million(one_trace: bool, count: int = 1_000_000) -> str:
    """A million spans in one trace, or a million traces that never end: memory and counts."""
    processor = PerformanceProcessor(metrics=False)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("benchmark")
    before = resident_bytes() or 0
    peak = before
    if one_trace:
        with tracer.start_as_current_span("root"):
            for at in range(count):
                tracer.start_span("step").end()
                if at % 50_000 == 0:
                    peak = max(peak, resident_bytes() or 0)
    else:
        for at in range(count):
            tracer.start_span("root")
            if at % 50_000 == 0:
                peak = max(peak, resident_bytes() or 0)
    summary = processor.summary()
    peak = max(peak, resident_bytes() or 0)
    what = "spans in one trace" if one_trace else "traces that never end"
    return (
        f"{count:,} {what}: RSS + {(peak - before) / 1e6:.0f} MB, started {summary.started:,}, "
        f"ended {summary.ended:,}, open {summary.open:,}, lost {summary.lost:,}, unattributed {summary.unattributed:,}"
    )


def in_place(rounds: int = 60) -> str:
    """What each part takes where it happens, beside a span, and not in a loop of its own: the tenth part of all calls

    that was disturbed least, in nanoseconds of the clock, without the clock's own.
    """
    clock = time.perf_counter_ns
    spent: dict[str, list[int]] = {name: [] for name in ("on_start", "on_end", "background, a span", "the clock")}

    class Timed(PerformanceProcessor):
        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            begin = clock()
            PerformanceProcessor.on_start(self, span, parent_context)
            spent["on_start"].append(clock() - begin)

        def on_end(self, span: ReadableSpan) -> None:
            begin = clock()
            PerformanceProcessor.on_end(self, span)
            middle = clock()
            spent["on_end"].append(middle - begin)
            spent["the clock"].append(clock() - middle)

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            begin = clock()
            done = PerformanceProcessor.force_flush(self, timeout_millis)
            spent["background, a span"].append((clock() - begin) // 1_000)
            return done

    run = traces(Timed(background=False, metrics=False))
    for _ in range(rounds):
        run(1_000)
    least = {name: sorted(values)[len(values) // 10] for name, values in spent.items()}
    return ", ".join(f"{name} {ns - least['the clock']}" for name, ns in least.items() if name != "the clock") + " ns"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--million", action="store_true", help="only: a million spans, a million open traces")
    parser.add_argument("--in-place", action="store_true", help="only: what each part takes beside a span")
    given = parser.parse_args()
    quick = given.quick
    if given.in_place:
        print(machine())
        print(in_place())
        return
    if given.million:
        print(machine())
        print(million(one_trace=True))
        print(million(one_trace=False))
        return
    rounds = 40 if quick else 400
    print(machine())
    hand_over, prepare = enqueue_arms()
    handed = interleave(hand_over, operations=HANDED, rounds=10 * rounds, collect_every=200, prepare=prepare)
    arms = {
        "SDK, one idle processor": traces(Idle()),
        "SDK + PerformanceProcessor": traces(PerformanceProcessor()),
        "SDK, idle, overlapping": traces(Idle(), overlapping=True),
        "SDK + PerformanceProcessor, overlapping": traces(PerformanceProcessor(), overlapping=True),
        "SDK + BatchSpanProcessor": traces(BatchSpanProcessor(Nowhere())),
    }
    spans = interleave(arms, operations=1_000, rounds=rounds, warm_up=10, collect_every=20)
    base = spans["SDK, one idle processor"]
    overlapping = spans["SDK, idle, overlapping"]
    rows = [["what", "ns", "ratio [middle half]", "promise"]]
    batch = handed["BatchSpanProcessor.on_end"]
    ours = handed["PerformanceProcessor.on_end"]
    found = ratio(ours, batch)
    rows.append(["BatchSpanProcessor.on_end", f"{batch.ns:.0f}", "1", ""])
    promise = held(found.median, 1.0, "<= 1.0, goal 0.5")
    rows.append(["PerformanceProcessor.on_end", f"{ours.ns:.0f}", str(found), promise])
    rows.append(["SDK span, idle processor", f"{base.ns:.0f}", "1", ""])
    for name, bare in (
        ("SDK + PerformanceProcessor", base),
        ("SDK + PerformanceProcessor, overlapping", overlapping),
        ("SDK + BatchSpanProcessor", base),
    ):
        found = ratio(spans[name], bare)
        promise = held(found.median, 1.10, "<= 1.10") if name == "SDK + PerformanceProcessor" else ""
        rows.append([name, f"{spans[name].ns:.0f}", str(found), promise])
    rolled = interleave(rolled_arms(), operations=1_000, rounds=rounds, collect_every=20)
    span, bare = rolled["a call with an SDK span"], rolled["bare calls"]
    call = rolled["a rolled-up call"]
    found = ratio(call, span, floor=bare)
    rows.append(["a rolled-up call", f"{call.ns - bare.ns:.0f}", str(found), held(found.median, 0.15, "<= 0.15")])
    loops, roll = hot_loop_arms()
    spanned = interleave({"bare": loops["bare"], "a span each": loops.pop("a span each")}, operations=500, rounds=40)
    # Long enough that a budget's window of 0.1 s sees the loop and not the other arms.
    hot = interleave(loops, operations=20_000, rounds=max(12, rounds // 8), warm_up=3)
    noise = ratio(hot["bare again"], hot["bare"]).noise
    found = ratio(hot["with the budget"], hot["bare"])
    rows.append(["hot loop of 10 µs calls, bare", f"{hot['bare'].ns:.0f}", "1", ""])
    rows.append(["the same again", f"{hot['bare again'].ns:.0f}", str(ratio(hot["bare again"], hot["bare"])), ""])
    wrapped = ratio(hot["a wrapper"], hot["bare"])
    rows.append(["the same, a wrapper that only passes on", f"{hot['a wrapper'].ns:.0f}", str(wrapped), ""])
    each = spanned["a span each"]
    rows.append(["the same, a span each", f"{each.ns:.0f}", str(ratio(each, spanned["bare"])), ""])
    name = f"the same with the budget (rolled up: {roll.rolled}, one of {roll.mask + 1} timed)"
    promise = held(found.median, 1.02 + noise, f"<= 1.02 + noise {noise:.3f}")
    rows.append([name, f"{hot['with the budget'].ns:.0f}", str(found), promise])
    size = bytes_per_span()
    rows.append(["bytes per retained span", f"{size:.0f}", "", held(size, 256, "<= 256")])
    print(table(rows))


if __name__ == "__main__":
    main()
