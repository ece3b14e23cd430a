"""How fast workouts are read, how the time grows from 10 KB to 10 MB, and what memory that takes.

    python benchmarks/parse.py            # up to 10 MB, some four minutes
    python benchmarks/parse.py --quick    # up to 1 MB

Two corpora:

* *boards*: the examples and every workout of the language guide, over and over, as an archive of a gym repeats itself
  (equal lines are read once);
* *distinct*: no two lines are equal (which is checked), so that no reading is ever used again; movements and loads
  come again, as they do on boards.

Interleaved arms, CPU time of the whole process (see ``_harness``), the least disturbed round. The growth exponent is
the slope of log time over log size: 1 is linear. Memory is what Python allocates (``tracemalloc``), over the text
itself. A growth exponent over its limit makes the exit status 1; the goal of 1 MB/s is said to be met or not.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import re
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from _harness import Arm, interleave, machine, table

from otelwod.workout import parse

ROOT = Path(__file__).parents[1]
SIZES = {10_000: 9, 100_000: 7, 1_000_000: 5, 10_000_000: 1}
"""Characters of the texts, and rounds."""
QUICK = {10_000: 5, 100_000: 3, 1_000_000: 1}
EXPONENT_LIMIT = 1.1
GOAL = 1.0
"""MB/s."""
MOVEMENTS = (
    "Thrusters",
    "Pull-ups",
    "Push-ups",
    "Air Squats",
    "Box Jumps",
    "KB Swings",
    "Burpees",
    "Deadlifts",
    "Rows",
)


def boards(size: int) -> str:
    """Some ``size`` characters of real workouts."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*.wod"))]
    texts += re.findall(r"```wod\n(.*?)```", (ROOT / "docs" / "language.md").read_text("utf-8"), re.DOTALL)
    text = "\n".join(texts) + "\n"
    return (text * (size // len(text) + 1))[:size]


def distinct(size: int) -> str:
    """Some ``size`` characters of lines that never repeat."""
    pick = random.Random(1)
    lines: list[str] = []
    written = number = 0
    while written < size:
        number += 1
        line = (
            f"AMRAP {number // 3600}:{number // 60 % 60:02}:{number % 60:02}\n"
            if number % 6 == 1
            else f"  {number} {pick.choice(MOVEMENTS)} {pick.randint(10, 400)}/{pick.randint(5, 9)} lb\n"
        )
        lines.append(line)
        written += len(line)
    if len(set(lines)) != len(lines):
        raise SystemExit("the lines that are to be distinct repeat themselves")
    return "".join(lines)


CORPORA: dict[str, Callable[[int], str]] = {"boards": boards, "distinct": distinct}


def reading(text: str) -> Arm:
    def arm(count: int) -> None:
        for _ in range(count):
            parse(text)

    return arm


def seconds(size: int, rounds: int) -> dict[str, tuple[int, float]]:
    """For each corpus the characters of its text, and the CPU seconds of reading it once."""
    texts = {name: make(size) for name, make in CORPORA.items()}
    arms: dict[str, Arm] = {name: reading(text) for name, text in texts.items()}
    measured = interleave(arms, operations=max(1, 100_000 // size), rounds=rounds, warm_up=int(rounds > 1))
    return {name: (len(text), measured[name].best_ns / 1e9) for name, text in texts.items()}


def exponent(points: list[tuple[int, float]]) -> float:
    """The slope of log time over log size, by least squares."""
    xs = [math.log(size) for size, _ in points]
    ys = [math.log(spent) for _, spent in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sum((x - mx) ** 2 for x in xs)


def memory(text: str) -> tuple[float, float]:
    """MB that the workout holds, and MB at the peak of reading it, for each MB of text."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    workout = parse(text)
    peak = tracemalloc.get_traced_memory()[1]
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del workout
    return (held - before) / len(text), (peak - before) / len(text)


def measure(sizes: dict[int, int], sample: int) -> bool:
    """Print all figures; whether every limit is kept."""
    points: dict[str, list[tuple[int, float]]] = {name: [] for name in CORPORA}
    for size, rounds in sizes.items():
        for name, point in seconds(size, rounds).items():
            points[name].append(point)
    print(machine())
    print()
    rows = [["corpus", *(f"{size / 1e6:g} MB" for size in sizes), "growth exponent", "memory held", "at the peak"]]
    good = True
    said: list[str] = []
    for name, found in points.items():
        slope = exponent(found)
        held, peak = memory(CORPORA[name](sample))
        rates = [size / spent / 1e6 for size, spent in found]
        rows.append(
            [
                name,
                *(f"{rate:.2f} MB/s" for rate in rates),
                f"{slope:.2f}",
                f"{held:.0f} MB a MB",
                f"{peak:.0f} MB a MB",
            ]
        )
        linear = slope <= EXPONENT_LIMIT
        good &= linear
        said.append(
            f"{name}: linear (exponent at most {EXPONENT_LIMIT}) {'met' if linear else 'BROKEN'}; "
            f"goal of {GOAL:g} MB/s at every size {'met' if min(rates) >= GOAL else 'NOT met'}"
        )
    print(table(rows))
    print()
    print("\n".join(said))
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="up to 1 MB, fewer rounds")
    options = parser.parse_args()
    return 0 if (measure(QUICK, 100_000) if options.quick else measure(SIZES, 1_000_000)) else 1


if __name__ == "__main__":
    sys.exit(main())
