"""Replay of a trace with some spans faster: the what-if interval.

Every span keeps its work: its own time before the first child, between children and after the last. A child begins
when its *predecessors* among its siblings have ended (end ≤ start + eps) and its parent has done the work that lay
between. Two replays bound the truth: LOW keeps every observed predecessor, HIGH only the last one (latest end; ties:
earliest start, then id), which is what the critical path follows. A span ends when all its children have ended and
the rest of its own work is done. Both are exact for series-parallel programs with fixed workers whose parallel parts
have spans of their own; locks, caches and back-pressure are not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from otelwod.insight.criticalpath import extent
from otelwod.trace import Trace

_NO_KIDS: tuple[int, ...] = ()
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Joins:
    """Who waited for whom among the children of one span, by start.

    Of child ``kids[i]`` the predecessors are the first ``counts[i]`` of ``admitted``; ``last[i]`` is the last one
    (or `NOBODY`) and ``observed[i]`` its end (or the span's start). ``known[i]`` is the one that the program itself
    says was waited for (or `NOBODY`). ``running_from[i]`` is the earliest start of the children that still ran when it
    began, -1 when none did: from then on the span's own work cannot be seen.
    """

    kids: Sequence[int]
    admitted: Sequence[int]
    counts: Sequence[int]
    last: Sequence[int]
    observed: Sequence[int]
    known: Sequence[int]
    running_from: Sequence[int]


class Replay:
    """A trace made ready: blocking children clamped into their parents from the roots down, under a virtual root.

    Build once (linear time but for sorting siblings), ask often. Rows that are detached, non-blocking or below such
    have no place in it. ``root`` is the virtual root's row; ``order`` has parents before children; ``place`` is the
    position in it, or -1. ``own_ns`` is the visible own work of a span, -1 where children overlap (then it depends).

    ``handed``: rows that are trees of their own beside the roots (`handover.handed_over`).

    ``before``: for some rows the row that ended last before it in the same task or thread, where the program recorded
    that. Intervals show only who *may* have been waited for; a task waits for itself for certain. So HIGH keeps such a
    predecessor too, and no longer promises what that does not let happen. LOW keeps every predecessor anyway.
    """

    def __init__(
        self,
        trace: Trace,
        children: Sequence[Sequence[int]],
        *,
        eps_ns: int = 0,
        before: Mapping[int, int] | None = None,
        handed: Sequence[int] = (),
    ) -> None:
        n = len(trace)
        self.trace, self.eps_ns, self.root = trace, eps_ns, n
        self.start: list[int] = [*trace.start_ns, 0]
        self.end: list[int] = [*trace.end_ns, 0]
        self.start[n], self.end[n] = extent(trace, handed)
        self.parent: list[int] = [n if above < 0 else above for above in trace.parent]
        self.kids: list[Sequence[int]] = [_NO_KIDS] * (n + 1)
        self.order: list[int] = [n]
        self.own_ns: list[int] = [0] * (n + 1)
        self._joins: dict[int, Joins] = {}
        self._before = before or {}
        self._low, self._high = [0] * (n + 1), [0] * (n + 1)
        self._low_end, self._high_end = [0] * (n + 1), [0] * (n + 1)
        tops: Sequence[int] = trace.roots
        if handed:
            tops = sorted((*trace.roots, *handed))  # row order is that of starts
            for row in handed:
                self.parent[row] = n
        start, end = self.start, self.end
        for span in self.order:
            below = children[span] if span < n else tops
            a, b = start[span], end[span]
            if not below:
                self.own_ns[span] = b - a
                continue
            inside = []
            clamped = False
            for child in below:
                begin, stop = start[child], end[child]
                if begin >= a and stop <= b:
                    inside.append(child)
                elif begin < b and stop > a:
                    start[child], end[child] = max(begin, a), min(stop, b)
                    inside.append(child)
                    clamped = True
            if clamped:
                inside.sort(key=lambda row: (start[row], row))
            self.kids[span] = inside
            self.order.extend(inside)
            self.own_ns[span] = self._own(inside, a, b)
        self.place = [-1] * (n + 1)
        for at, row in enumerate(self.order):
            self.place[row] = at

    def _own(self, kids: Sequence[int], a: int, b: int) -> int:
        """The work between children that follow one another; -1 when some overlap."""
        start, end, eps = self.start, self.end, self.eps_ns
        own, reach = 0, a
        first = True
        for kid in kids:
            begin, stop = start[kid], end[kid]
            if not first and (begin + eps < reach or stop <= reach):
                return -1
            if begin > reach:
                own += begin - reach
            reach, first = stop, False
        return own + b - reach

    @property
    def total_ns(self) -> int:
        """From the first start to the last end of the roots."""
        return self.end[self.root] - self.start[self.root]

    def what_if(self, rows: Iterable[int], speedup: Fraction) -> tuple[int, int]:
        """(LOW, HIGH): what the total would shrink by if the own work of ``rows`` took ``speedup`` less.

        ``speedup`` is between 0 and 1 (1: their own work is gone).
        """
        place, parent, low, high = self.place, self.parent, self._low, self._high
        chosen = {row for row in rows if place[row] >= 0}
        touched = set(chosen)
        for row in chosen:
            above = parent[row]
            while above not in touched:
                touched.add(above)
                if above == self.root:
                    break
                above = parent[above]
        by, of = speedup.numerator, speedup.denominator
        own_ns = self.own_ns
        ordered = sorted(touched, key=place.__getitem__, reverse=True)
        for row in ordered:
            if own_ns[row] < 0:
                low[row], high[row] = self._overlapping(row, row in chosen, by, of)
            elif row in chosen:
                gain = own_ns[row] * by // of
                low[row] += gain
                high[row] += gain
            if row != self.root and own_ns[parent[row]] >= 0:  # children in a row: what they gain adds up
                low[parent[row]] += low[row]
                high[parent[row]] += high[row]
        least, most = low[self.root], high[self.root]
        for row in ordered:
            low[row] = high[row] = 0
        return min(least, most), most

    def own_gain(self, row: int) -> int:
        """By how much a span gets shorter at most when all its own work is gone (HIGH)."""
        own = self.own_ns[row]
        return self._overlapping(row, True, 1, 1)[1] if own < 0 else own

    def _overlapping(self, span: int, faster: bool, by: int, of: int) -> tuple[int, int]:
        """How much shorter a span with overlapping children gets, given how much shorter these get."""
        start, end, low, high = self.start, self.end, self._low, self._high
        low_end, high_end = self._low_end, self._high_end
        joins = self.joins(span)
        admitted = joins.admitted
        low_join = low_all = high_all = latest = begins = start[span]
        known = 0
        for kid, count, last, observed, certain, running_from in zip(
            joins.kids, joins.counts, joins.last, joins.observed, joins.known, joins.running_from, strict=True
        ):
            while known < count:
                done = low_end[admitted[known]]
                known += 1
                if done > low_join or known == 1:
                    low_join = done
            high_join = begins if last < 0 else high_end[last]
            if certain >= 0 and high_end[certain] > high_join:
                high_join = high_end[certain]
            begin, stop = start[kid], end[kid]
            low_work = high_work = begin - observed
            if faster and low_work > 0:
                seen = low_work if running_from < 0 else max(0, running_from - observed)
                low_work -= min(low_work, seen) * by // of
                high_work -= high_work * by // of
            done = low_end[kid] = low_join + low_work + stop - begin - low[kid]
            if done > low_all:
                low_all = done
            done = high_join + high_work + stop - begin - high[kid]
            high_end[kid] = done
            if done > high_all:
                high_all = done
            if stop > latest:
                latest = stop
        tail = end[span] - latest
        if faster:
            tail -= tail * by // of
        return end[span] - (low_all + tail), end[span] - (high_all + tail)

    def joins(self, span: int) -> Joins:
        """The order among the children of a span; found on first use."""
        joins = self._joins.get(span)
        if joins is None:
            joins = self._joins[span] = self._find_joins(span)
        return joins

    def _find_joins(self, span: int) -> Joins:
        kids, start, end, ids, eps = self.kids[span], self.start, self.end, self.trace.span_id, self.eps_ns
        by_end = sorted(kids, key=end.__getitem__)
        place = {kid: at for at, kid in enumerate(kids)}
        admitted: list[int] = []
        counts, lasts, ends, knowns, running_froms = [], [], [], [], []
        ended = running = 0
        waiting: list[int] = []
        last, observed = NOBODY, start[span]
        for at, kid in enumerate(kids):
            limit = start[kid] + eps
            fresh, waiting = waiting, []
            while ended < len(by_end) and end[by_end[ended]] <= limit:
                fresh.append(by_end[ended])
                ended += 1
            for other in fresh:
                if place[other] >= at:  # it ended in time, yet began no earlier: no predecessor of this one
                    waiting.append(other)
                    continue
                admitted.append(other)
                stop = end[other]
                if last < 0 or stop > observed:
                    last, observed = other, stop
                elif stop == observed and (start[other], ids[other]) < (start[last], ids[last]):
                    last = other
            while running < at and end[kids[running]] <= limit:
                running += 1
            own = self._before.get(kid, NOBODY)
            knowns.append(own if place.get(own, at) < at and end[own] <= limit else NOBODY)
            counts.append(len(admitted))
            lasts.append(last)
            ends.append(observed)
            running_froms.append(start[kids[running]] if running < at else -1)
        return Joins(kids, admitted, counts, lasts, ends, knowns, running_froms)
