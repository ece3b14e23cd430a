"""Interleaved A/B measurement in CPU time, shared by every benchmark of this directory.

The arms take turns within each round, in an order that rotates from round to round, so that a slow phase of the
machine (frequency, neighbours, garbage) falls on all of them. What is reported is the median over rounds of the
*paired* ratio to the first arm, with the middle half of the rounds as its spread: a ratio of two medians taken at
different times would mix in the machine.

An arm is a callable that performs ``n`` operations. CPU time is that of the whole process (``process_time_ns``), so
background threads (a batch processor's) count as well.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

Arm = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Measured:
    """One arm: nanoseconds of CPU an operation, one figure a round, in the order of the rounds."""

    name: str
    samples: tuple[float, ...]

    @property
    def ns(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def best_ns(self) -> float:
        """The least disturbed round."""
        return min(self.samples)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A paired ratio: the median over rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    rounds: int = 0

    @property
    def noise(self) -> float:
        """By how much two medians must differ to differ at all, at about 95 % (the notch of a box plot).

        McGill, Tukey and Larsen, "Variations of Box Plots", 1978: 1.57 × the middle half / √rounds.
        """
        return float("nan") if not self.rounds else 1.57 * (self.high - self.low) / self.rounds**0.5

    def __str__(self) -> str:
        return f"{self.median:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interleave(
    arms: Mapping[str, Arm],
    *,
    operations: int,
    rounds: int = 15,
    warm_up: int = 1,
    collect_every: int = 1,
    prepare: Mapping[str, Callable[[], object]] | None = None,
) -> dict[str, Measured]:
    """Run every arm ``operations`` times a round; the first ``warm_up`` rounds are thrown away.

    ``prepare``: what is to be done before an arm's turn and not to be measured, by the name of the arm.

    ``collect_every``: so many rounds apart the garbage of the rounds before is collected. Many short rounds tell more
    on a machine whose speed changes by the second than a few long ones do; these need no collection each.
    """
    names = list(arms)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(warm_up + rounds):
        shift = turn % len(names)
        # Once a round: a full collection also empties the interpreter's free lists, and right after it everything that
        # allocates is slow, which no program knows that runs for longer than a benchmark's arm.
        if turn % collect_every == 0:
            gc.collect()
        for name in names[shift:] + names[:shift]:
            arm = arms[name]
            if prepare is not None:
                prepare[name]()
            start = time.process_time_ns()
            arm(operations)
            spent = time.process_time_ns() - start
            if turn >= warm_up:
                samples[name].append(spent / operations)
    return {name: Measured(name, tuple(values)) for name, values in samples.items()}


def alternate(arms: Mapping[str, Arm], *, rounds: int, seed: int = 0) -> dict[str, Measured]:
    """As `interleave`, call by call: for operations that are long themselves, and of which a few per cent matter.

    An operation runs twice in a row and the second is measured: so it finds the caches as a program of nothing but
    this operation would leave them. The order is drawn anew in each round, lest one arm always follow the same other.
    """
    random = Random(seed)
    names = list(arms)
    samples: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    for _ in range(rounds):
        random.shuffle(names)
        for name in names:
            arm = arms[name]
            arm(1)
            start = time.process_time_ns()
            arm(1)
            samples[name].append(time.process_time_ns() - start)
    return {name: Measured(name, tuple(samples[name])) for name in arms}


def ratio(measured: Measured, baseline: Measured, *, floor: Measured | None = None) -> Ratio:
    """``measured / baseline``, round by round; with ``floor`` (the bare program) taken off both first."""
    off: Sequence[float] = floor.samples if floor is not None else (0.0,) * len(measured.samples)
    values = sorted(
        (mine - bare) / (theirs - bare)
        for mine, theirs, bare in zip(measured.samples, baseline.samples, off, strict=True)
        if theirs > bare
    )
    if len(values) < 2:
        return Ratio(float("nan"), float("nan"), float("nan"))
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Ratio(median, low, high, len(values))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> str:
    """One line that says what ran this."""
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"Python {sys.version.split()[0]} on {sys.platform}, {model}"
