"""Random series-parallel programs: what they do, how long they take, and the trace they leave.

A program is a span whose body is a list of steps, one after the other: its own work, a call of another span, or a
parallel part of branches, each a list of calls. The parent waits for all branches. All work is in whole microseconds,
so that a speed-up by a fifth is exact in nanoseconds.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from otelwod.trace import SpanRecord


@dataclass
class Span:
    """A span of a program: ``steps`` are ints (own work, ns), spans (calls) and lists of branches (parallel parts)."""

    operation: str
    steps: list[Step] = field(default_factory=list)


Step: TypeAlias = "int | Span | list[list[Span]]"


def program(seed: int, *, operations: int = 8, budget: int = 60) -> Span:
    """A random program of about ``budget`` spans."""
    rng = random.Random(seed)
    left = [budget]

    def work() -> int:
        return int(rng.lognormvariate(3, 1) * 100 + 1) * 1000

    def span(depth: int) -> Span:
        left[0] -= 1
        made = Span(f"op{rng.randrange(operations)}")
        made.steps.append(work())
        if depth < 5:
            for _ in range(rng.randrange(1, 4)):
                if left[0] <= 0:
                    break
                if rng.random() < 0.5:
                    made.steps.append(span(depth + 1))
                else:
                    branches = [
                        [span(depth + 1) for _ in range(1 + (rng.random() < 0.4))] for _ in range(rng.randrange(2, 5))
                    ]
                    made.steps.append(branches)
                if rng.random() < 0.7:
                    made.steps.append(work())
        return made

    top = span(0)
    top.operation = "main"
    return top


def run(
    top: Span, faster: Mapping[str, Fraction] | None = None, delay: Mapping[str, int] | None = None
) -> list[SpanRecord]:
    """The trace of one run, root first. ``faster``: own work of an operation takes that share less.

    ``delay``: each call of an operation takes so many ns of own work more, at its start.
    """
    records: list[SpanRecord] = []

    def go(span: Span, parent: str | None, start: int) -> int:
        span_id = f"{len(records):016x}"
        at = len(records)
        records.append(SpanRecord("t", span_id, parent, span.operation, start, None))
        now = start + (delay or {}).get(span.operation, 0)
        for step in span.steps:
            if isinstance(step, int):
                now += step - int(step * (faster or {}).get(span.operation, Fraction(0)))
            elif isinstance(step, Span):
                now = go(step, span_id, now)
            else:
                ends = []
                for branch in step:
                    then = now
                    for call in branch:
                        then = go(call, span_id, then)
                    ends.append(then)
                now = max(ends)
        records[at] = SpanRecord("t", span_id, parent, span.operation, start, now)
        return now

    go(top, None, 1_000)
    return records
