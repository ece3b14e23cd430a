"""How good the answers are: what-if intervals beside the truth, from programs that are run again with the change."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

import pytest
from series_parallel import program
from series_parallel import run as run_program
from virtual_time import VirtualLoop
from virtual_time import run as run_loop

from otelwod.insight import analyze_traces
from otelwod.insight.bottlenecks import prepare, what_if
from otelwod.insight.criticalpath import critical_path
from otelwod.insight.replay import Replay
from otelwod.trace import SpanRecord, Trace

FIFTH = Fraction(1, 5)


def length(records: list[SpanRecord]) -> int:
    root = next(record for record in records if record.parent_id is None)
    return root.duration_ns


def predicted(records: list[SpanRecord], operation: str, speedup: Fraction) -> tuple[int, int, int]:
    """(LOW, HIGH, speedup × cp) for an operation without service."""
    (trace,) = Trace.from_records(records)
    critical = critical_path(trace).by_row(len(trace))
    run = prepare(trace, Replay(trace, trace.children), critical)
    answer = what_if([run], ("", operation), speedup)
    cp = sum(critical[row] for row in run.rows[("", operation)])
    return answer.low_ns, answer.high_ns, cp * speedup.numerator // speedup.denominator


def test_the_truth_of_series_parallel_programs_lies_in_a_narrow_interval() -> None:
    widths = []
    for seed in range(80):
        made = program(seed)
        base = run_program(made)
        total = length(base)
        for operation in sorted({record.name for record in base}):
            low, high, most = predicted(base, operation, FIFTH)
            truth = total - length(run_program(made, {operation: FIFTH}))
            assert 0 <= low <= truth <= high <= most, (seed, operation)
            widths.append((high - low) / total)
    mean = sum(widths) / len(widths)
    assert mean <= 0.015
    assert len(widths) > 500
    assert any(widths), "the interval must be honest about what it cannot know"


@pytest.mark.parametrize("speedup", [Fraction(1, 2), Fraction(9, 10), Fraction(1)])
def test_large_speedups_too(speedup: Fraction) -> None:
    for seed in range(100, 115):
        made = program(seed)
        base = run_program(made)
        for operation in sorted({record.name for record in base}):
            low, high, most = predicted(base, operation, speedup)
            truth = length(base) - length(run_program(made, {operation: speedup}))
            assert 0 <= low <= truth <= high <= most, (seed, operation)


def test_the_best_bottleneck_is_the_one_whose_speed_gains_most() -> None:
    right, regrets = 0, []
    for seed in range(40):
        made = program(seed)
        base = run_program(made)
        gains = {
            operation: length(base) - length(run_program(made, {operation: FIFTH}))
            for operation in {record.name for record in base}
        }
        named = analyze_traces(Trace.from_records(base)).bottlenecks[0]
        assert named.what_if.low_ns <= gains[named.operation] <= named.what_if.high_ns
        right += gains[named.operation] == max(gains.values())
        regrets.append(1 - gains[named.operation] / max(gains.values()))
    # LOW is cautious: where intervals overlap, the first may gain less than another.
    assert right >= 36
    assert sum(regrets) / len(regrets) <= 0.02


# ----------------------------------------------------------------------------------------- a real asyncio program

_PARENT: contextvars.ContextVar[str | None] = contextvars.ContextVar("_PARENT", default=None)


class Shop:
    """An asyncio service: each order is priced, then its items are fetched and packed side by side, then shipped."""

    def __init__(self, loop: VirtualLoop, seed: int, delays_us: dict[str, int]) -> None:
        self.loop, self.seed, self.delays = loop, seed, delays_us
        self.records: list[SpanRecord] = []
        self.opened = 0

    @asynccontextmanager
    async def span(self, name: str, label: str = "") -> AsyncIterator[None]:
        span_id, parent = f"{self.opened:016x}", _PARENT.get()
        self.opened += 1
        token = _PARENT.set(span_id)
        start = self.loop.time_ns()
        try:
            rng = random.Random(f"{self.seed}/{name}/{label}")
            await asyncio.sleep((rng.randrange(500, 5_000) + self.delays.get(name, 0)) / 1_000_000)
            yield
        finally:
            _PARENT.reset(token)
            self.records.append(SpanRecord("t", span_id, parent, name, start, self.loop.time_ns()))

    async def item(self, label: str) -> None:
        async with self.span("item", label):
            async with self.span("fetch", label):
                pass
            async with self.span("pack", label):
                pass

    async def order(self, label: str) -> None:
        async with self.span("order", label):
            async with self.span("price", label):
                pass
            await asyncio.gather(*(self.item(f"{label}.{i}") for i in range(4)))
            async with self.span("ship", label):
                pass

    async def day(self) -> None:
        async with self.span("day"):
            for number in range(3):
                await asyncio.gather(self.order(f"{number}a"), self.order(f"{number}b"))


def trace_a_day(seed: int, delays_us: dict[str, int]) -> list[SpanRecord]:
    loop = VirtualLoop()
    shop = Shop(loop, seed, delays_us)
    run_loop(shop.day(), loop)
    return shop.records


@pytest.mark.parametrize("operation", ["price", "fetch", "pack", "ship", "item"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_injected_delay_of_an_asyncio_program_lies_in_the_predicted_interval(operation: str, seed: int) -> None:
    """Each call waits 2 ms more; from the slow trace alone we say what taking that away would gain.

    The delay is a different share of each call, so the interval is that between the smallest and the greatest share.
    """
    normal, slow = trace_a_day(seed, {}), trace_a_day(seed, {operation: 2_000})
    truth = length(slow) - length(normal)
    assert truth > 0
    (trace,) = Trace.from_records(slow)
    replay = Replay(trace, trace.children, eps_ns=1)
    rows = [row for row in range(len(trace)) if trace.operations[trace.operation[row]][1] == operation]
    own = [replay.own_ns[row] if replay.own_ns[row] >= 0 else trace.end_ns[row] - trace.start_ns[row] for row in rows]
    least, most = Fraction(2_000_000, max(own)), Fraction(2_000_000, min(own))
    noise = len(slow)  # a nanosecond of rounding a span: asyncio's clock is a float
    assert replay.what_if(rows, least)[0] - noise <= truth <= replay.what_if(rows, most)[1] + noise


@pytest.mark.parametrize("operation", ["price", "fetch", "pack", "ship"])
def test_the_same_with_the_delay_as_half_of_the_work(operation: str) -> None:
    """With a delay in proportion the share is one number, and the interval a narrow one."""
    rng_free = {"price": 0, "fetch": 0, "pack": 0, "ship": 0, operation: 1}

    class Twice(Shop):
        @asynccontextmanager
        async def span(self, name: str, label: str = "") -> AsyncIterator[None]:
            async with super().span(name, label):
                if rng_free.get(name) and self.delays.get("twice"):
                    rng = random.Random(f"{self.seed}/{name}/{label}")
                    await asyncio.sleep(rng.randrange(500, 5_000) / 1_000_000)
                yield

    found = []
    for delays in ({}, {"twice": 1}):
        loop = VirtualLoop()
        shop = Twice(loop, 5, delays)
        run_loop(shop.day(), loop)
        found.append(shop.records)
    normal, slow = found
    truth = length(slow) - length(normal)
    low, high, _ = predicted(slow, operation, Fraction(1, 2))
    noise = len(slow)
    assert low - noise <= truth <= high + noise
    assert high - low <= length(slow) * 0.05
