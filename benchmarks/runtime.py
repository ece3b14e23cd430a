"""Inputs a second of the workout runtime, in a new session and after a million inputs; and whether its memory grows.

An AMRAP of Cindy's size (5, 10, 15), every repetition an input of its own, a tap behind each movement, a sensor value
every ten inputs: what a counting app sends. The old session and a new one take turns, in CPU time, so that other
programs on the machine fall on both alike.

    python benchmarks/runtime.py            # a million inputs, some minutes
    python benchmarks/runtime.py --quick    # a tenth of them, fewer rounds
"""

from __future__ import annotations

import argparse
import gc
import time
import tracemalloc
from collections.abc import Iterator
from itertools import islice

from _harness import interleave, machine, ratio

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


class Running:
    """A session and the inputs that are still to come."""

    def __init__(self) -> None:
        self._session = session()
        self._session.send(Input("start", 0))
        self._entries = inputs(10**12)

    def __call__(self, count: int) -> None:
        send = self._session.send
        for entry in islice(self._entries, count):
            send(entry)


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the inputs, fewer rounds")
    quick = parser.parse_args().quick
    count = 100_000 if quick else 1_000_000
    old, new = Running(), Running()
    begun = time.process_time()
    old(count)
    overall = count / (time.process_time() - begun)
    measured = interleave({"start": new, "end": old}, operations=3_000, rounds=5 if quick else 15)
    print(machine())
    print(f"{count:,} inputs through one session: {overall:,.0f} inputs/s overall, making them included")
    for name, words in (("start", "at its start"), ("end", "at its end")):
        arm = measured[name]
        print(f"{words:12} {1e9 / arm.ns:10,.0f} inputs/s, at best {1e9 / arm.best_ns:,.0f}")
    print(f"time of an input at the end / at the start: {ratio(measured['end'], measured['start'])}")
    early, late = growth(min(count, 200_000))
    print(f"memory held after a tenth and at the end of {min(count, 200_000):,} inputs: {early:,} and {late:,} bytes")


if __name__ == "__main__":
    main()
