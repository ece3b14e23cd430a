"""What a stage costs, against OpenTelemetry's own decorator given the same attributes. Prints a Markdown table.

    python benchmarks/stages.py            # the table, about two minutes
    python benchmarks/stages.py --quick    # fewer rounds
    python benchmarks/stages.py --soak     # a million calls, and a generator of 10^7 items: memory afterwards

Interleaved arms, CPU time of the whole process (see ``_harness``). Roll-up is off: every call is a span. In every arm
that records, each span is counted, and before the measurement the spans of both arms are compared: name, attributes,
status, parent. A limit that is broken makes the exit status 1.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from _harness import Arm, Measured, Ratio, alternate, interleave, machine, ratio, table
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased

from otelwod.stages import stage

ATTRIBUTES = {"otelwod.stage.name": "operation", "code.function.name": "__main__.operation", "otelwod.phase": "work"}
THREADS = 4
TASKS = 100
_LOOP = asyncio.new_event_loop()
"""One for all arms: to make and close a loop costs as much as thousands of calls that are switched off."""
DOCUMENT = {"a": [1, 2, {"b": "ccc"}], "d": {"e": None, "f": 1.5}}


def operation(x: int) -> int:
    return x


async def operation_later(x: int) -> int:
    return x


operation_later.__qualname__ = "operation"


def items(count: int) -> Iterator[int]:
    yield from range(count)


class Counting(SpanProcessor):
    """Counts what ended, and keeps it while ``keep`` is set."""

    def __init__(self) -> None:
        self.ended = 0
        self.keep: list[ReadableSpan] | None = None

    def on_end(self, span: ReadableSpan) -> None:
        self.ended += 1
        if self.keep is not None:
            self.keep.append(span)


class Nowhere(SpanExporter):
    """Takes everything."""

    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def use(provider: Any) -> None:
    """Make ``provider`` the global one; the API lets a program do that once only."""
    trace._TRACER_PROVIDER = provider


def provider_with(*processors: SpanProcessor, sampler: Sampler | None = None) -> TracerProvider:
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    for processor in processors:
        provider.add_span_processor(processor)
    use(provider)
    return provider


def theirs(function: Callable[..., Any]) -> Callable[..., Any]:
    """OpenTelemetry's decorator with the same attributes."""
    return trace.get_tracer("theirs").start_as_current_span("operation", attributes=ATTRIBUTES)(function)


def calls(function: Callable[[int], Any]) -> Arm:
    def run(count: int) -> None:
        for number in range(count):
            function(number)

    return run


def awaits(function: Callable[[int], Any]) -> Arm:
    async def main(count: int) -> None:
        for number in range(count):
            await function(number)

    return lambda count: _LOOP.run_until_complete(main(count))


def in_tasks(function: Callable[[int], Any]) -> Arm:
    async def one(count: int) -> None:
        for number in range(count):
            await function(number)
            await asyncio.sleep(0)

    async def main(count: int) -> None:
        await asyncio.gather(*(one(count // TASKS) for _ in range(TASKS)))

    return lambda count: _LOOP.run_until_complete(main(count))


def in_threads(function: Callable[[int], Any]) -> Arm:
    def run(count: int) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(calls(function), count // THREADS) for _ in range(THREADS)]:
                done.result()

    return run


def check_same(counting: Counting, mine: Arm, other: Arm) -> None:
    """Both arms must give the same spans: as many, with equal names, attributes, status, and no parent."""
    shapes = []
    for arm in (mine, other):
        counting.keep = []
        arm(200)
        shapes.append(
            [
                (s.name, dict(s.attributes or {}), s.status.status_code, s.parent, s.kind, len(s.events))
                for s in counting.keep
            ]
        )
        counting.keep = None
    if len(shapes[0]) != 200 or shapes[0] != shapes[1]:
        raise SystemExit(f"the arms do not give the same spans: {shapes[0][:1]} and {shapes[1][:1]}")


class Report:
    """Rows of the table, and whether a limit was broken."""

    def __init__(self) -> None:
        self.rows = [["what", "otelwod", "OpenTelemetry", "ratio [quartiles]", "limit", ""]]
        self.failed = False

    def add(
        self, what: str, mine: Measured, other: Measured, found: Ratio, limit: float | None, text: str = ""
    ) -> None:
        met = limit is None or found.median <= limit
        self.failed |= not met
        self.rows.append(
            [
                what,
                f"{mine.ns / 1000:.2f} µs",
                f"{other.ns / 1000:.2f} µs",
                text or str(found),
                "" if limit is None else f"≤ {limit:.3g}",
                "" if limit is None else "met" if met else "BROKEN",
            ]
        )
        print(f"  {what}: {text or found}", file=sys.stderr)

    def note(self, what: str, text: str) -> None:
        """A row that explains the one above."""
        self.rows.append([what, "", "", text, "", ""])
        print(f"  {what}: {text}", file=sys.stderr)


def recorded(
    report: Report,
    what: str,
    make: Callable[[Callable[[int], Any]], Arm],
    function: Any,
    limit: float,
    *,
    count: int,
    rounds: int,
    processor: SpanProcessor | None = None,
    sampler: Sampler | None = None,
) -> Measured:
    """Bare, ours and theirs with a provider that counts every span (or hands it to ``processor`` as well)."""
    counting = Counting()
    provider = provider_with(counting, *([processor] if processor is not None else []), sampler=sampler)
    arms = {"bare": make(function), "ours": make(stage("operation")(function)), "theirs": make(theirs(function))}
    check_same(counting, arms["ours"], arms["theirs"])
    before = counting.ended
    found = interleave(arms, operations=count, rounds=rounds)
    expected = 2 * count * (rounds + 1)
    if counting.ended - before != expected:
        raise SystemExit(f"{what}: {counting.ended - before} spans instead of {expected}")
    report.add(what, found["ours"], found["theirs"], ratio(found["ours"], found["theirs"], floor=found["bare"]), limit)
    provider.shutdown()
    return found["theirs"]


def off(
    report: Report,
    what: str,
    make: Callable[[Callable[[int], Any]], Arm],
    function: Any,
    decorated: Any,
    *,
    rounds: int,
) -> None:
    """What a stage adds while nothing records, against what their decorator adds then."""
    arms = {"bare": make(function), "ours": make(stage("operation")(function)), "theirs": make(decorated)}
    # Short turns, because what a stage adds is a thousandth of what the machine may lose between two long ones.
    found = interleave(arms, operations=4000, rounds=5 * rounds)
    bare, ours, other = (found[name] for name in ("bare", "ours", "theirs"))
    added = Measured("ours", tuple(a - b for a, b in zip(ours.samples, bare.samples, strict=True)))
    report.add(what, added, other, ratio(ours, other, floor=bare), 0.03)


def long_stages(report: Report, pairs: int) -> None:
    """A program of 1 ms stages against the bare program, with a control: what the machine does to any Python.

    The control has no stages; after each millisecond it takes a small document to JSON text and back, which is plain
    Python and C of about the cost of a span. Where that costs a multiple of what it costs in a loop, so does a span.
    """
    counting = Counting()
    provider_with(counting)
    in_a_loop = {
        "bare": calls(operation),
        "json": lambda count: [json_round_trip() for _ in range(count)],
        "span": calls(stage("operation")(operation)),
    }
    hot = interleave(in_a_loop, operations=500, rounds=21)
    work = spin(1.0)
    work.__module__, work.__qualname__ = operation.__module__, operation.__qualname__

    def with_json(x: int) -> int:
        result = work(x)
        json_round_trip()
        return result

    arms = {
        "bare": calls(work),
        "ours": calls(stage("operation")(work)),
        "theirs": calls(theirs(work)),
        "json": calls(with_json),
    }
    check_same(counting, arms["ours"], arms["theirs"])
    before = counting.ended
    found = alternate(arms, rounds=pairs)
    if counting.ended - before != 4 * pairs:
        raise SystemExit(f"1 ms stages: {counting.ended - before} spans instead of {4 * pairs}")
    slower, by_them = (ratio(found[name], found["bare"]) for name in ("ours", "theirs"))
    report.add(
        "program of 1 ms stages, of bare",
        found["ours"],
        found["theirs"],
        slower,
        1.02,
        f"{slower} (theirs {by_them.median:.3f})",
    )
    for what, arm, loop in (("a span", "ours", "span"), ("control: JSON of 55 bytes", "json", "json")):
        here = statistics.median(
            mine - bare for mine, bare in zip(found[arm].samples, found["bare"].samples, strict=True)
        )
        alone = hot[loop].ns - hot["bare"].ns
        report.note(
            f"… {what}",
            f"{alone / 1000:.1f} µs in a loop, {here / 1000:.1f} µs there: {here / alone:.1f} times",
        )


def json_round_trip() -> object:
    """A fixed piece of everyday Python."""
    return json.loads(json.dumps(DOCUMENT))


def spin(milliseconds: float) -> Callable[[int], int]:
    """Work of about this CPU time."""

    def work(count: int) -> int:
        total = 0
        for number in range(count):
            total += number * number
        return total

    count = 1000
    while True:
        best = min(_timed(work, count) for _ in range(5))
        if best >= milliseconds * 1e6:
            return lambda _: work(count)
        count = int(count * max(1.05, min(10.0, milliseconds * 1e6 / max(best, 1))))


def _timed(work: Callable[[int], int], count: int) -> int:
    start = time.process_time_ns()
    work(count)
    return time.process_time_ns() - start


def measure(rounds: int) -> Report:
    report = Report()
    span = recorded(report, "function", calls, operation, 0.90, count=2000, rounds=rounds)
    recorded(report, "coroutine", awaits, operation_later, 0.90, count=2000, rounds=rounds)
    sampler = ParentBased(TraceIdRatioBased(1.0))  # one that decides: the SDK's own start_span on both sides
    recorded(report, "function, sampler", calls, operation, 0.90, count=2000, rounds=rounds, sampler=sampler)
    recorded(report, "coroutine, sampler", awaits, operation_later, 0.90, count=2000, rounds=rounds, sampler=sampler)
    for what, make, function in (
        ("function, BatchSpanProcessor", calls, operation),
        ("coroutine, BatchSpanProcessor", awaits, operation_later),
    ):
        batch = BatchSpanProcessor(Nowhere(), max_queue_size=1_000_000)
        recorded(report, what, make, function, 0.95, count=2000, rounds=rounds, processor=batch)
    recorded(report, f"function in {THREADS} threads", in_threads, operation, 0.90, count=2000, rounds=rounds)
    recorded(report, f"coroutine in {TASKS} tasks", in_tasks, operation_later, 0.90, count=2000, rounds=rounds)

    provider_with(Counting())
    bare, ours = items, stage("items")(items)
    found = interleave(
        {"bare": lambda count: sum(bare(count)), "ours": lambda count: sum(ours(count))},
        operations=50_000,
        rounds=rounds,
    )
    step = Measured("step", tuple(a - b for a, b in zip(found["ours"].samples, found["bare"].samples, strict=True)))
    report.add(
        "generator step, of a span", step, span, Ratio(step.ns / span.ns, 0, 0), 0.025, f"{step.ns / span.ns:.3f}"
    )

    long_stages(report, pairs=100 * rounds)

    use(None)
    for what, make, function in (("function", calls, operation), ("coroutine", awaits, operation_later)):
        use(None)
        off(report, f"{what}, no provider", make, function, theirs(function), rounds=rounds)
        disabled = TracerProvider(shutdown_on_exit=False)
        disabled._disabled = True  # as OTEL_SDK_DISABLED=true does
        use(disabled)
        off(report, f"{what}, SDK disabled", make, function, theirs(function), rounds=rounds)
    provider_with(Counting())
    token = context_api.attach(context_api.set_value(context_api._SUPPRESS_INSTRUMENTATION_KEY, True))
    decorated = trace.NoOpTracer().start_as_current_span("operation", attributes=ATTRIBUTES)(operation)
    off(report, "function, suppressed", calls, operation, decorated, rounds=rounds)
    context_api.detach(token)
    use(None)
    return report


def soak() -> bool:
    """A million calls, half of them failing every tenth time, and 10^7 items: what is kept afterwards."""
    provider_with(Counting())

    @stage
    def work(x: int) -> int:
        if x % 10 == 0:
            raise ValueError(x)
        return x

    def run(count: int) -> None:
        for number in range(count):
            with suppress(ValueError):
                work(number)

    run(1000)
    gc.collect()
    blocks = sys.getallocatedblocks()
    run(1_000_000)
    gc.collect()
    grown = sys.getallocatedblocks() - blocks
    print(f"a million calls: {grown:+d} allocated blocks")
    generator = stage(items)(10_000_000)
    next(generator)
    gc.collect()
    tracemalloc.start()
    peak = 0
    for number in generator:
        if number % 1_000_000 == 0:
            peak = max(peak, tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    print(f"a generator of 10^7 items: at most {peak} bytes more while it ran")
    use(None)
    return abs(grown) < 1000 and peak < 10_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--soak", action="store_true", help="memory after many calls")
    options = parser.parse_args()
    if options.soak:
        return 0 if soak() else 1
    report = measure(rounds=7 if options.quick else 21)
    print(f"{machine()}; opentelemetry-sdk {_sdk_version()}\n")
    print(table(report.rows))
    return 1 if report.failed else 0


def _sdk_version() -> str:
    from importlib.metadata import version

    return version("opentelemetry-sdk")


if __name__ == "__main__":
    sys.exit(main())
