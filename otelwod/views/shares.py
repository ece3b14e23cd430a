"""Parts that add up to their whole as shown: whole seconds and whole percents by largest remainder.

Floors miss their sum by up to one a part. Here the whole is floored, and the parts with the largest remainders get what
is missing (Hamilton's method), so that no part is off by one or more.
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

    The session is floored, its phases share its seconds by largest remainder, and within a phase a leaf gets what the
    running sum has come to: no span is a second off in any of its phases. Where leaves do not tile the one root
    (foreign or damaged data) everything is exact, and adds up as it does.
    """

    def __init__(self, trace: Trace) -> None:
        rows = range(len(trace.start_ns))
        length = [end - start for start, end in zip(trace.start_ns, trace.end_ns, strict=True)]
        leaves = [length[row] if row in trace.phase else 0 for row in rows]
        covered = inclusive(trace, leaves)
        tiles = len(trace.roots) == 1 and all(covered[row] in (0, length[row]) for row in rows)
        if tiles and covered[trace.roots[0]]:
            leaves = _rounded(trace, leaves, length[trace.roots[0]])
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


def _rounded(trace: Trace, leaves: Sequence[int], total_ns: int) -> list[int]:
    """The leaves in whole seconds whose sum is that of the floored ``total_ns``."""
    totals: dict[str, int] = {}
    for row, phase in trace.phase.items():
        totals[phase] = totals.get(phase, 0) + leaves[row]
    names = sorted(totals)
    seconds = apportion([totals[name] for name in names], total_ns // NANOS_PER_SECOND, total_ns)
    # A phase that gets the second it has begun starts with what it lacks of it; each sum is floored then.
    sums = {name: max(0, given * NANOS_PER_SECOND - totals[name]) for name, given in zip(names, seconds, strict=True)}
    found = [0] * len(leaves)
    for row, _ in trace.preorder():
        if row in trace.phase:
            phase = trace.phase[row]
            before, sums[phase] = sums[phase], sums[phase] + leaves[row]
            found[row] = (sums[phase] // NANOS_PER_SECOND - before // NANOS_PER_SECOND) * NANOS_PER_SECOND
    return found
