"""Parts that add up to their whole as shown, where floors would miss their sum by up to one a part.

Percents by largest remainder (Hamilton's method): all are floored, and those with the largest remainders get what is
missing. Times of a session as differences of readings of one clock: see `WholeSeconds`.
"""

from __future__ import annotations

from collections.abc import Sequence

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.insight.errors import inclusive
from otelwod.trace import Trace


def apportion(parts: Sequence[int], units: int, whole: int) -> list[int]:
    """How many of ``units`` fall to each part of ``whole``. They add up where the parts do; what no part covers keeps
    its own share. All zero where the whole is nothing; a larger sum of parts is the whole."""
    every = [*parts, max(0, whole - sum(parts))]
    whole = sum(every)
    if whole <= 0:
        return [0] * len(parts)
    given = [part * units // whole for part in every]
    by_remainder = sorted(range(len(every)), key=lambda at: (-(every[at] * units % whole), at))
    for at in by_remainder[: units - sum(given)]:
        given[at] += 1
    return given[:-1]


def fmt_share(share: int, part: int, *, tenths: bool = False) -> str:
    """A share from `apportion` in percent, or in tenths of a percent: ``60 %``, ``60.0 %``; ``<1 %`` for a part that
    got none."""
    if not share and part > 0:
        return "<0.1 %" if tenths else "<1 %"
    return f"{share / 10:.1f} %" if tenths else f"{share} %"


class WholeSeconds:
    """How long each span of a session took, in whole seconds (given as nanoseconds) that add up at every level.

    A time is the difference of two readings of one clock in whole seconds, so a minute that begins and ends on the
    second is a minute. A moment between two seconds is read as the one that keeps the sum of its phase true, the last
    one is floored, as a score is: no span is noticeably more than a second off. Where leaves do not tile the one root
    (foreign or damaged data) everything is exact, and adds up as it does.
    """

    def __init__(self, trace: Trace) -> None:
        rows = range(len(trace.start_ns))
        length = [end - start for start, end in zip(trace.start_ns, trace.end_ns, strict=True)]
        leaves = [length[row] if row in trace.phase else 0 for row in rows]
        covered = inclusive(trace, leaves)
        tiles = len(trace.roots) == 1 and all(covered[row] in (0, length[row]) for row in rows)
        self.tiled = tiles and covered[trace.roots[0]] > 0
        """Whether the times are rounded and add up."""
        if self.tiled:
            leaves = _rounded(trace, leaves)
        self._phases: dict[str, list[int]] = {
            phase: inclusive(trace, [ns if trace.phase.get(row) == phase else 0 for row, ns in enumerate(leaves)])
            for phase in sorted(set(trace.phase.values()))
        }
        inside = inclusive(trace, leaves)
        self.time = [inside[row] if tiles and covered[row] else length[row] for row in rows]
        self.own = [self.time[row] if row in trace.phase else max(0, self.time[row] - inside[row]) for row in rows]

    def phase(self, name: str, row: int) -> int:
        """The time of one phase inside a span."""
        column = self._phases.get(name)
        return 0 if column is None else column[row]


def _rounded(trace: Trace, leaves: Sequence[int]) -> list[int]:
    """The leaves, which follow one another, from one reading of the clock to the next."""
    (root,) = trace.roots
    begin = trace.start_ns[root]
    last = (trace.end_ns[root] - begin) // NANOS_PER_SECOND
    error = dict.fromkeys(trace.phase.values(), 0)  # shown so far beyond what is exact
    # As a floored clock is, the shown one is behind by half a second; phases of whole seconds are not.
    broken = {phase for row, phase in trace.phase.items() if leaves[row] % NANOS_PER_SECOND}
    aim = {phase: -NANOS_PER_SECOND // (2 * len(broken)) if phase in broken else 0 for phase in error}
    found = [0] * len(leaves)
    reading = 0
    for row, _ in trace.preorder():
        if row in trace.phase:
            phase = trace.phase[row]
            exact = error[phase] - leaves[row]
            whole, part = divmod(trace.end_ns[row] - begin, NANOS_PER_SECOND)
            readings = [max(reading, min(whole + up, last)) for up in range(2 if part else 1)]
            off = [abs(exact + (at - reading) * NANOS_PER_SECOND - aim[phase]) for at in readings]
            following = readings[off.index(min(off))]
            found[row] = (following - reading) * NANOS_PER_SECOND
            error[phase] = exact + found[row]
            reading = following
    return found
