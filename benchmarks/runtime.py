"""Inputs a second of the workout runtime, at the start and the end of one long session; and whether its memory grows.

An AMRAP of Cindy's size (5, 10, 15), every repetition an input of its own, a tap behind each movement, a sensor value
every ten inputs: what a counting app sends. Times are CPU time, so that other programs on the machine do not count.

    python benchmarks/runtime.py [INPUTS]
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Iterator

from otelwod.runtime.inputs import Input
from otelwod.runtime.program import Limits, compile_workout
from otelwod.runtime.session import Session
from otelwod.workout import parse

CINDY = "2000:00:00 AMRAP\n  5 Pull-ups\n  10 Push-ups\n  15 Air Squats"
PARTS = 10


def inputs(count: int) -> Iterator[Input]:
    """``count`` inputs, one every 5 ms of the session."""
    step = 5_000_000
    made = 0
    while True:
        for reps in (5, 10, 15):
            for _ in range(reps):
                made += 1
                if made > count:
                    return
                if made % 10 == 0:
                    yield Input("record", made * step, value=150, metric="heart_rate")
                else:
                    yield Input("reps", made * step, value=1)
            made += 1
            yield Input("next", made * step)


def session() -> Session:
    """A session that lets itself run as long as it likes."""
    limits = Limits(blocks=10**9)
    program = compile_workout(parse(CINDY), limits=limits)
    return Session(program, limits=limits)


def speed(count: int) -> list[float]:
    """Inputs a CPU second, in each tenth of the session."""
    running = session()
    running.send(Input("start", 0))
    rates = []
    entries = inputs(count)
    for _ in range(PARTS):
        part = [entry for entry, _ in zip(entries, range(count // PARTS), strict=False)]
        begun = time.process_time()
        for entry in part:
            running.send(entry)
        rates.append(len(part) / (time.process_time() - begun))
    return rates


def growth(count: int) -> tuple[int, int]:
    """Bytes that the session holds after a tenth of its inputs, and at the end."""
    tracemalloc.start()
    running = session()
    running.send(Input("start", 0))
    held = []
    for number, entry in enumerate(inputs(count), 1):
        running.send(entry)
        if number in (count // PARTS, count - 1):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return held[0], held[-1]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rates = speed(count)
    print(f"{count:,} inputs through one session, CPU time")
    print(f"first tenth  {rates[0]:10,.0f} inputs/s")
    print(f"last tenth   {rates[-1]:10,.0f} inputs/s")
    print(f"end / start  {rates[-1] / rates[0]:10.2f}")
    print(f"slowest      {min(rates):10,.0f} inputs/s")
    early, late = growth(min(count, 200_000))
    print(f"memory held after a tenth and at the end of {min(count, 200_000):,} inputs: {early:,} and {late:,} bytes")


if __name__ == "__main__":
    main()
