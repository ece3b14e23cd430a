"""What all spans of an operation add up to over the life of a program: exact sums, and percentiles of known error.

Durations go into buckets by the leading bits of their floating-point form (a logarithmic histogram, as DDSketch and
HdrHistogram use): a percentile read from the middle of its bucket is off by at most 1/256 of itself.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import rshift
from typing import Final

from otelwod.conventions import PHASE
from otelwod.insight.live.attribution import Shares
from otelwod.insight.live.rows import Row
from otelwod.trace import Operation, SpanRecord

MANTISSA_BITS: Final = 7
PERCENTILE_ERROR: Final = 1 / (1 << (MANTISSA_BITS + 1))
"""The most that a percentile of a histogram is off, as a share of itself."""
_SHIFT: Final = 52 - MANTISSA_BITS


def buckets(durations: Sequence[int]) -> Iterable[int]:
    """The bucket of each duration (not negative); order is kept: a longer one is never in a lower bucket."""
    bits = memoryview(array("d", durations)).cast("B").cast("q")
    return map(rshift, bits, repeat(_SHIFT))


def middle(bucket: int) -> int:
    """The duration in the middle of a bucket, in whole nanoseconds."""
    if bucket <= 0:
        return 0
    edges = memoryview(array("q", (bucket << _SHIFT, (bucket + 1) << _SHIFT))).cast("B").cast("d")
    return round((edges[0] + edges[1]) / 2)


class Tally:
    """One operation. ``self_ns`` and ``critical_ns`` leave out ``unattributed`` of the ``count`` spans."""

    __slots__ = (
        "count",
        "critical_ns",
        "errors",
        "histogram",
        "max_ns",
        "min_ns",
        "rest_ns",
        "self_ns",
        "total_ns",
        "unattributed",
    )

    def __init__(self) -> None:
        self.count = self.total_ns = self.max_ns = self.errors = self.rest_ns = 0
        self.min_ns = -1
        self.self_ns = self.critical_ns = self.unattributed = 0
        self.histogram: Counter[int] = Counter()

    def add(self, durations: Sequence[int]) -> None:
        """Add some spans, by their durations."""
        least, most = min(durations), max(durations)
        if least < 0:
            durations = [max(0, duration) for duration in durations]
            least, most = 0, max(0, most)
        self.count += len(durations)
        self.total_ns += sum(durations)
        if most > self.max_ns:
            self.max_ns = most
        if least < self.min_ns or self.min_ns < 0:
            self.min_ns = least
        try:
            self.histogram.update(buckets(durations))
        except OverflowError:  # beyond what a float can hold
            self.histogram.update(buckets([min(duration, 1 << 63) for duration in durations]))

    def merge(self, other: Tally) -> None:
        """Add another tally of the same operation."""
        self.count += other.count
        self.total_ns += other.total_ns
        self.errors += other.errors
        self.rest_ns += other.rest_ns
        self.self_ns += other.self_ns
        self.critical_ns += other.critical_ns
        self.unattributed += other.unattributed
        self.max_ns = max(self.max_ns, other.max_ns)
        known = [least for least in (self.min_ns, other.min_ns) if least >= 0]
        self.min_ns = min(known, default=-1)
        self.histogram.update(other.histogram)

    def percentile(self, percent: int) -> int:
        """The nearest-rank percentile, off by at most `PERCENTILE_ERROR` of itself; never beyond minimum or maximum."""
        wanted = -(-percent * self.count // 100)
        seen = 0
        for bucket in sorted(self.histogram):
            seen += self.histogram[bucket]
            if seen >= wanted:
                return min(self.max_ns, max(self.min_ns, middle(bucket)))
        return self.max_ns


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """One operation since the start (or the last reset). Times in nanoseconds.

    ``self_ns`` and ``critical_ns`` are sums over ``attributed`` of the ``count`` spans: all of them, unless detail had
    to go before it could be analysed. Percentiles are off by at most ``percentile_error`` of themselves.
    """

    operation: str
    service: str
    count: int
    errors: int
    total_ns: int
    min_ns: int
    mean_ns: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    self_ns: int
    critical_ns: int
    attributed: int
    rest_ns: int = 0
    percentile_error: float = PERCENTILE_ERROR


class Tallies:
    """All operations, by their position in the book's table of operations."""

    __slots__ = ("by_operation",)

    def __init__(self) -> None:
        self.by_operation: dict[int, Tally] = {}

    def of(self, operation: int) -> Tally:
        """The tally of one operation, made when missing."""
        tally = self.by_operation.get(operation)
        if tally is None:
            tally = self.by_operation[operation] = Tally()
        return tally

    def add(self, durations: Mapping[int, Sequence[int]], tagged: Iterable[Row]) -> None:
        """Count and time spans: their durations by operation, and those of their rows that have a tag."""
        for operation, spans in durations.items():
            self.of(operation).add(spans)
        for _, _, operation, start, end, _, tag in tagged:
            if tag == "rest":
                self.of(operation).rest_ns += max(0, (end or start) - start)
            elif isinstance(tag, SpanRecord):
                if tag.status == "error":
                    self.of(operation).errors += 1
                if tag.attributes.get(PHASE) == "rest":
                    self.of(operation).rest_ns += max(0, (end or start) - start)

    def attribute(self, shares: Shares, sign: int = 1) -> None:
        """Add self and critical time by operation; with ``sign`` −1 take them back."""
        for operation, own in shares.own.items():
            tally = self.of(operation)
            tally.self_ns += sign * own
            tally.critical_ns += sign * shares.critical.get(operation, 0)

    def owe(self, operations: Iterable[int], sign: int = 1) -> None:
        """Note spans, by their operation, as not attributed; with ``sign`` −1 as no longer owed."""
        for operation, count in Counter(operations).items():
            self.of(operation).unattributed += sign * count

    def merge(self, other: Tallies) -> None:
        """Add all of another's."""
        for operation, tally in other.by_operation.items():
            self.of(operation).merge(tally)

    def summaries(self, operations: Sequence[Operation]) -> tuple[OperationSummary, ...]:
        """A row an operation, most critical time first, then self time, then the name."""
        rows = [_summary(operations[at], tally) for at, tally in self.by_operation.items() if tally.count]
        rows.sort(key=lambda row: (-row.critical_ns, -row.self_ns, -row.total_ns, row.operation, row.service))
        return tuple(rows)


def _summary(operation: Operation, tally: Tally) -> OperationSummary:
    service, name = operation
    return OperationSummary(
        operation=name,
        service=service,
        count=tally.count,
        errors=tally.errors,
        total_ns=tally.total_ns,
        min_ns=max(0, tally.min_ns),
        mean_ns=tally.total_ns // tally.count,
        p50_ns=tally.percentile(50),
        p95_ns=tally.percentile(95),
        p99_ns=tally.percentile(99),
        max_ns=tally.max_ns,
        self_ns=tally.self_ns,
        critical_ns=tally.critical_ns,
        attributed=tally.count - tally.unattributed,
        rest_ns=tally.rest_ns,
    )
