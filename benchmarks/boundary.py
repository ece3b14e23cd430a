"""What a boundary costs, as a ratio to a plain OpenTelemetry span around the same call. Prints a Markdown table.

    python benchmarks/boundary.py            # the table, about a minute
    python benchmarks/boundary.py --quick    # fewer rounds
    python benchmarks/boundary.py --soak     # a million calls and metrics in one task: what memory they keep

Interleaved arms, CPU time of the whole process (see ``_harness``). The call has two small arguments and a small
mapping as its answer. In every traced arm each span is counted. A limit that is broken makes the exit status 1.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable
from typing import Any

from _harness import Arm, interleave, machine, ratio, table
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind

from otelwod.stages.taskrun import TaskRun, boundary, run_task, task

OPERATIONS = 2_000
SOAK = 1_000_000
SOAK_LIMIT_BYTES = 64 * 1024 * 1024
LIMITS = {"outside a task": 1.5, "live": 3.0, "record": 6.0, "replay": 6.0}
"""Ratios to the plain span that must not be exceeded."""


def fetch(city: str, page: int) -> dict[str, Any]:
    return {"city": city, "page": page, "degrees": 21.5}


ask = boundary("fetch")(fetch)


class Counting(SpanProcessor):
    """Counts what ended."""

    def __init__(self) -> None:
        self.ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        self.ended += 1


def calls(count: int) -> None:
    for _ in range(count):
        ask("rome", 1)


def in_task(mode: Any, record: TaskRun | None = None) -> Callable[[int], object]:
    def arm(count: int) -> None:
        with task("benchmark", mode=mode, record=record):
            calls(count)

    return arm


def measure(rounds: int) -> bool:
    tracer = trace.get_tracer("benchmark")

    def plain(count: int) -> None:
        for _ in range(count):
            with tracer.start_as_current_span("fetch", kind=SpanKind.CLIENT):
                fetch("rome", 1)

    record = run_task(calls, 1)
    arms: dict[str, Arm] = {
        "untraced": calls,
        "untraced, record": in_task("record"),
    }
    untraced = interleave(arms, operations=OPERATIONS, rounds=rounds)
    counting = Counting()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(counting)
    trace.set_tracer_provider(provider)
    traced: dict[str, Arm] = {
        "plain span": plain,
        "outside a task": calls,
        "live": in_task("live"),
        "record": in_task("record"),
        "replay": in_task("replay", record),
    }
    measured = interleave(traced, operations=OPERATIONS, rounds=rounds)
    ran = (rounds + 1) * (OPERATIONS * len(traced) + 3)  # and a span for each task
    good = counting.ended == ran
    if not good:
        print(f"{counting.ended:,} spans ended, not {ran:,}", file=sys.stderr)
    rows = [("a call", "µs", "ratio to a plain span [quartiles]")]
    for name, each in {**measured, **untraced}.items():
        against = ratio(each, measured["plain span"])
        rows.append((name, f"{each.ns / 1000:.1f}", str(against)))
        if against.median > LIMITS.get(name, 1.0e9):
            print(f"{name}: {against.median:.2f} is over the limit of {LIMITS[name]}", file=sys.stderr)
            good = False
    print(machine())
    print()
    print(table(rows))
    return good


def soak() -> bool:
    """One task with a million calls and a million metrics: the record keeps its bounds and counts the rest."""
    before = _most_memory()
    with task("soak") as run:
        calls(SOAK)
        for number in range(SOAK):
            run.set_metrics([("counter", "n", number)])
    grown = _most_memory() - before
    print(
        f"{SOAK:,} calls and metrics: {len(run.calls):,} calls and {len(run.metrics):,} metrics kept, "
        f"{run.dropped} dropped; memory grew by {grown / 2**20:.1f} MiB at most"
    )
    kept = len(run.calls) + run.dropped["calls"] == len(run.metrics) + run.dropped["metrics"] == SOAK
    return kept and grown < SOAK_LIMIT_BYTES


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--soak", action="store_true")
    options = parser.parse_args()
    return 0 if (soak() if options.soak else measure(5 if options.quick else 15)) else 1


if __name__ == "__main__":
    sys.exit(main())
