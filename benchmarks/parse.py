"""How fast workouts are read, and how the time grows from 10 KB to 10 MB.

Two corpora, in CPU time, the least disturbed of a few rounds:

* *boards*: the examples and every workout of the language guide, over and over, as an archive of a gym repeats itself
  (equal lines are read once);
* *distinct*: no two lines of work are equal, so that nothing can be remembered.

The growth exponent is the slope of log time over log size: 1 is linear.

    python benchmarks/parse.py [LARGEST_MB]
"""

from __future__ import annotations

import gc
import math
import random
import re
import sys
import time
from pathlib import Path

from _harness import machine

from otelwod.workout import parse

ROOT = Path(__file__).parents[1]
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
    """``size`` characters of real workouts."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*.wod"))]
    texts += re.findall(r"```wod\n(.*?)```", (ROOT / "docs" / "language.md").read_text("utf-8"), re.DOTALL)
    text = "\n".join(texts) + "\n"
    return (text * (size // len(text) + 1))[:size]


def distinct(size: int) -> str:
    """``size`` characters of lines that never repeat."""
    pick = random.Random(1)
    lines: list[str] = []
    written = number = 0
    while written < size:
        number += 1
        line = (
            f"AMRAP {pick.randint(1, 60)}\n"
            if number % 6 == 1
            else f"  {number} {pick.choice(MOVEMENTS)} {pick.randint(10, 400)}/{pick.randint(5, 9)} lb\n"
        )
        lines.append(line)
        written += len(line)
    return "".join(lines)[:size]


def seconds(text: str, rounds: int) -> float:
    """CPU seconds of one reading, the least of some."""
    best = math.inf
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        parse(text)
        best = min(best, time.process_time() - start)
    return best


def exponent(points: list[tuple[int, float]]) -> float:
    """The slope of log time over log size, by least squares."""
    xs = [math.log(size) for size, _ in points]
    ys = [math.log(spent) for _, spent in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sum((x - mx) ** 2 for x in xs)


def main() -> None:
    largest = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else 10_000_000
    print(machine())
    for name, make in (("boards", boards), ("distinct", distinct)):
        points: list[tuple[int, float]] = []
        size = 10_000
        while size <= largest:
            text = make(size)
            spent = seconds(text, 5 if size <= 100_000 else 3 if size <= 1_000_000 else 1)
            points.append((size, spent))
            print(f"{name:9} {size / 1e6:6.2f} MB  {spent:8.3f} s CPU  {size / spent / 1e6:6.2f} MB/s")
            size *= 10
        if len(points) > 1:
            print(f"{name:9} growth exponent {exponent(points):.2f}")


if __name__ == "__main__":
    main()
