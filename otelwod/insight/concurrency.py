"""One sweep over a trace in time: who worked when (active share), and how many at once (concurrency).

At each moment the *active* spans are the open ones without an open child. The moment is split equally among them,
so that the shares of all spans add up to the time that the trace covers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from otelwod.insight.report import Concurrency
from otelwod.trace import Trace

SHARE_BITS = 20
"""Shares are fixed-point numbers in units of 2**-20 ns: exact to a nanosecond over a million changes, never floats."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """``active[row]`` in units of 2**-20 ns; ``histogram`` {active at once: ns}, 0 being idle between roots.

    ``tail_ns``: the last stretch of the trace in which at most one span was active.
    """

    active: list[int]
    histogram: Mapping[int, int]
    tail_ns: int

    @property
    def covered_ns(self) -> int:
        """Time with at least one open span."""
        return sum(length for level, length in self.histogram.items() if level)


def sweep(trace: Trace) -> Sweep:
    """Walk through all starts and ends in the order of time (n log n)."""
    start, end, parent = trace.start_ns, trace.end_ns, trace.parent
    n = len(trace)
    active = [0] * n
    histogram: Counter[int] = Counter()
    if not n:
        return Sweep(active, histogram, 0)
    open_children = [0] * n
    is_open = bytearray(n + 1)  # the last, -1, is the parent of the roots: never open
    since = [0] * n  # the tide when a span became active
    tide = 0  # what one span that is always active has earned so far: the integral of dt / level
    level = 0
    now = start[0]
    serial_since = now
    upcoming = 0
    last = end[0]
    for row in sorted(range(n), key=end.__getitem__):
        last = end[row]
        while upcoming < n and start[upcoming] <= last:  # at equal times starts come first: no time lies between
            time = start[upcoming]
            if time != now:
                histogram[level] += time - now
                if level:
                    tide += ((time - now) << SHARE_BITS) // level
                    if level > 1:
                        serial_since = time
                now = time
            above = parent[upcoming]
            if above >= 0:
                if is_open[above] and not open_children[above]:
                    active[above] += tide - since[above]
                    level -= 1
                open_children[above] += 1
            is_open[upcoming] = 1
            if not open_children[upcoming]:
                since[upcoming] = tide
                level += 1
            upcoming += 1
        if last != now:
            histogram[level] += last - now
            if level:
                tide += ((last - now) << SHARE_BITS) // level
                if level > 1:
                    serial_since = last
            now = last
        is_open[row] = 0
        if not open_children[row]:
            active[row] += tide - since[row]
            level -= 1
        above = parent[row]
        if above >= 0:
            open_children[above] -= 1
            if is_open[above] and not open_children[above]:
                since[above] = tide
                level += 1
    return Sweep(active, histogram, last - serial_since)


def concurrency(sweeps: Iterable[Sweep]) -> Concurrency:
    """The profile over all traces: histograms, idle time and tails add up."""
    histogram: Counter[int] = Counter()
    tail = 0
    for one in sweeps:
        histogram.update(one.histogram)
        tail += one.tail_ns
    idle = histogram.pop(0, 0)
    covered = sum(histogram.values())
    serial = histogram.get(1, 0)
    return Concurrency(
        mean=float(Fraction(sum(k * t for k, t in histogram.items()), covered)) if covered else 0.0,
        peak=max(histogram, default=0),
        serial_fraction=float(Fraction(serial, covered)) if covered else 0.0,
        idle_ns=idle,
        covered_ns=covered,
        tail_ns=tail,
        amdahl_ceiling=float(Fraction(covered, serial)) if serial else None,
        histogram=tuple(sorted(histogram.items())),
    )


def whole(shares: Sequence[int], total_ns: int, names: Sequence[object]) -> list[int]:
    """Fixed-point shares as whole nanoseconds that add up to ``total_ns`` exactly (largest remainder; ties by name)."""
    unit = 1 << SHARE_BITS
    floors = [share // unit for share in shares]
    missing = total_ns - sum(floors)
    if missing:
        by_rest = sorted(range(len(shares)), key=lambda i: (-(shares[i] % unit), names[i]))
        for i in range(missing):
            floors[by_rest[i % len(by_rest)]] += 1
    return floors
