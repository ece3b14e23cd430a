"""Replay of a trace with some spans faster or slower: what-if, slack and drag.

Every span keeps its work: its own time before the first child, between children and after the last. A child begins
when its *predecessors* among its siblings have ended (end ≤ start + eps) and its parent has done the work that lay
between. Two replays bound the truth: LOW keeps every observed predecessor, HIGH only the last one (latest end; ties:
earliest start, then id), which is what the critical path follows. A span ends when all its children have ended and
the rest of its own work is done. Both are exact for series-parallel programs with fixed workers whose parallel parts
have spans of their own; locks, caches and back-pressure are not seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from otelwod.insight.criticalpath import extent
from otelwod.trace import Trace

_NO_KIDS: tuple[int, ...] = ()


class Replay:
    """A trace made ready: blocking children clamped into their parents from the roots down, under a virtual root.

    Build once (linear time), ask often. Rows that are detached, non-blocking or below such have no place in it.
    """

    def __init__(self, trace: Trace, children: Sequence[Sequence[int]], *, eps_ns: int = 0) -> None:
        n = len(trace)
        self.trace, self.eps_ns, self.root = trace, eps_ns, n
        self.start: list[int] = [*trace.start_ns, 0]
        self.end: list[int] = [*trace.end_ns, 0]
        self.start[n], self.end[n] = extent(trace)
        self.parent: list[int] = [n if above < 0 else above for above in trace.parent]
        self.kids: list[Sequence[int]] = [_NO_KIDS] * (n + 1)
        self.order: list[int] = [n]  # parents before children
        start, end = self.start, self.end
        for span in self.order:
            below = children[span] if span < n else trace.roots
            if not below:
                continue
            a, b = start[span], end[span]
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
        self.place = [-1] * (n + 1)  # in that order; -1 without a place
        for at, row in enumerate(self.order):
            self.place[row] = at

    @property
    def total_ns(self) -> int:
        """From the first start to the last end of the roots."""
        return self.end[self.root] - self.start[self.root]

    def what_if(self, rows: Iterable[int], speedup: Fraction) -> tuple[int, int]:
        """(LOW, HIGH): what the total would shrink by if the own work of ``rows`` took ``speedup`` less.

        ``speedup`` is between 0 and 1 (1: their own work is gone).
        """
        chosen = {row for row in rows if self.place[row] >= 0}
        touched = set(chosen)
        for row in chosen:
            above = self.parent[row]
            while above not in touched:
                touched.add(above)
                if above == self.root:
                    break
                above = self.parent[above]
        low: dict[int, int] = {}
        high: dict[int, int] = {}
        for row in sorted(touched, key=self.place.__getitem__, reverse=True):
            low[row], high[row] = self._shrink(row, row in chosen, speedup, low, high)
        if self.root not in low:
            return 0, 0
        return min(low[self.root], high[self.root]), high[self.root]

    def _shrink(
        self, span: int, faster: bool, speedup: Fraction, low: dict[int, int], high: dict[int, int]
    ) -> tuple[int, int]:
        """How much shorter one span gets, given how much shorter its children get."""
        kids = self.kids[span]
        start, end = self.start, self.end
        by, of = speedup.numerator, speedup.denominator
        if not kids:
            gain = (end[span] - start[span]) * by // of if faster else 0
            return gain, gain
        low_end: dict[int, int] = {}
        high_end: dict[int, int] = {}
        low_all = high_all = latest = done = start[span]  # the latest ends of all children so far
        for kid, begin, last, low_join, observed, running_from in self._joins(span, low_end):
            work = begin - observed
            low_work = high_work = work
            if faster and work > 0:
                high_work -= work * by // of
                alone = min(work, running_from - observed) if running_from is not None else work
                low_work -= max(0, alone) * by // of
            after_low = (start[span] if low_join is None else low_join) + low_work
            after_high = (start[span] if last is None else high_end[last]) + high_work
            stop = end[kid]
            length = stop - begin
            low_end[kid] = done = after_low + length - low.get(kid, 0)
            if done > low_all:
                low_all = done
            high_end[kid] = done = after_high + length - high.get(kid, 0)
            if done > high_all:
                high_all = done
            if stop > latest:
                latest = stop
        tail = end[span] - latest
        if faster:
            tail -= tail * by // of
        return end[span] - (low_all + tail), end[span] - (high_all + tail)

    def _joins(
        self, span: int, low_end: dict[int, int] | None = None
    ) -> Iterable[tuple[int, int, int | None, int | None, int, int | None]]:
        """For each child by start: (child, its start, its last predecessor, the latest replayed end among all its

        predecessors, the latest observed one, since when some other child runs beside the work before it). Without
        predecessors the second and third are None and the fourth is the span's start.
        """
        kids, start, end, ids = self.kids[span], self.start, self.end, self.trace.span_id
        eps = self.eps_ns
        by_end = kids if len(kids) < 2 else sorted(kids, key=end.__getitem__)
        place = {kid: at for at, kid in enumerate(kids)}
        ended = running = 0
        waiting: list[int] = []
        last: int | None = None
        join: int | None = None
        observed = start[span]

        for at, kid in enumerate(kids):
            begin = start[kid]
            fresh: list[int] = []
            while ended < len(by_end) and end[by_end[ended]] <= begin + eps:
                fresh.append(by_end[ended])
                ended += 1
            if waiting:
                fresh += waiting
                waiting = []
            for other in fresh:
                if place[other] >= at:  # it ended in time, yet began no earlier: no predecessor of this one
                    waiting.append(other)
                    continue
                stop = end[other]
                if last is None or (stop, -start[other]) > (observed, -start[last]):
                    last, observed = other, stop
                elif stop == observed and start[other] == start[last] and ids[other] < ids[last]:
                    last = other
                if low_end is not None and (join is None or low_end[other] > join):
                    join = low_end[other]
            while running < at and end[kids[running]] <= begin + eps:
                running += 1
            yield kid, begin, last, join, observed, start[kids[running]] if running < at else None

    def slack(self) -> dict[int, int]:
        """How much each row can grow with the total unchanged, keeping every observed predecessor; 0 on the path."""
        slack = {self.root: 0}
        for span in self.order:
            kids = self.kids[span]
            if not kids:
                continue
            spare = slack[span]
            starts = [self.start[kid] for kid in kids]
            latest = max(self.end[kid] for kid in kids)
            # The latest observed end among the predecessors of each child that has any: others may grow up to it.
            limits = [None if last is None else observed for _, _, last, _, observed, _ in self._joins(span)]
            room = [latest + spare] * (len(kids) + 1)  # room[i]: the latest end that children from i on allow
            for at in range(len(kids) - 1, -1, -1):
                kid = kids[at]
                stop = self.end[kid]
                after = bisect_left(starts, stop - self.eps_ns, at + 1)
                mine = slack[kid] = max(0, min(latest + spare, room[after]) - stop)
                limit = limits[at]
                room[at] = room[at + 1] if limit is None else min(room[at + 1], limit + mine)
        del slack[self.root]
        return slack

    def limits(self, on_path: Sequence[int]) -> dict[int, int | None]:
        """For each row on the critical path: the most that making it shorter can gain before what runs beside it

        takes the path over (the slack of the runner-up); None where nothing runs beside it.
        """
        path = set(on_path)
        for row in on_path:
            above = self.parent[row]
            while above not in path and above != self.root:
                path.add(above)
                above = self.parent[above]
        found: dict[int, int | None] = {self.root: None}
        for span in self.order:
            if span not in found or not any(kid in path for kid in self.kids[span]):
                continue
            given = found[span]
            level: dict[int, int] = {}  # how many links of the path each child hangs from, itself included
            beside: list[int | None] = [None]  # the latest end of the others that hang from exactly that many
            links: list[int] = []
            for kid, _, last, _, _, _ in self._joins(span):
                depth = level[last] if last is not None else 0
                if kid in path:
                    links.append(kid)
                    depth = len(links)
                    beside.append(None)
                else:
                    beside[depth] = max(beside[depth] or 0, self.end[kid])
                level[kid] = depth
            latest = max(self.end[kid] for kid in self.kids[span])
            runner: int | None = None
            for at, link in enumerate(links):
                other = beside[at]
                if other is not None:
                    runner = other if runner is None else max(runner, other)
                rooms = [room for room in (given, None if runner is None else latest - runner) if room is not None]
                room = min(rooms, default=None)
                length = self.end[link] - self.start[link]
                found[link] = None if room is None or room >= length else room
        del found[self.root]
        return found

    def drag(self, critical_ns: Sequence[int], limits: Mapping[int, int | None]) -> dict[int, int]:
        """The most that deleting a row's own work can gain (HIGH), for the rows on the path; at most cp(v).

        ``limits`` are `limits` of the rows on the path.
        """
        on_path = [row for row, length in enumerate(critical_ns) if length]
        whole = Fraction(1)
        found = {}
        for row in on_path:
            _, gain = self._shrink(row, True, whole, {}, {})
            limit = limits.get(row)
            gain = min(gain, critical_ns[row])
            found[row] = gain if limit is None else min(gain, limit)
        return found
