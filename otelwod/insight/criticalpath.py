"""The critical path: which span held the trace at each moment, read backwards from the end.

The definition is that of docs/performance-analysis.md: a span is scanned from its end; the blocking child that ended
last (ties: earliest start, then id) held it until it ended; what no such child covers is the span's own. Each span
is looked at once, from a stack of our own: a million levels are no deeper than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import sub

from otelwod.trace import Trace

VIRTUAL = -1
"""The row of the virtual root over several roots: its sections are the time in which no root was open."""


@dataclass(frozen=True, slots=True)
class Path:
    """Sections as columns, oldest first: row ``row[i]`` held ``[start_ns[i], end_ns[i])``."""

    row: list[int] = field(default_factory=list)
    start_ns: list[int] = field(default_factory=list)
    end_ns: list[int] = field(default_factory=list)

    def by_row(self, rows: int) -> list[int]:
        """cp(v) of each row: the length of its sections."""
        lengths = [0] * (rows + 1)  # the last is VIRTUAL's
        for row, length in zip(self.row, map(sub, self.end_ns, self.start_ns), strict=True):
            lengths[row] += length
        lengths.pop()
        return lengths


def critical_path(
    trace: Trace,
    nonblocking: frozenset[int] = frozenset(),
    *,
    eps_ns: int = 0,
    strict: bool = False,
    root: int | None = None,
    handed: Sequence[int] = (),
) -> Path:
    """The critical path of a trace, or of the tree under ``root``.

    ``nonblocking`` rows are not waited for by their parent. Siblings count as one after the other when the first
    ended at most ``eps_ns`` after the second began; ``strict`` wants it to have ended before, as Jaeger's UI does.
    With several roots the path is that of a virtual root over them (`VIRTUAL`). The trees under ``handed``
    (`handover.handed_over`) follow one another behind it, each from where the one before it ended.
    """
    path = Path()
    reach = extent(trace)[1]
    if root is None and len(trace.roots) == 1:
        root = trace.roots[0]
    if root is not None:
        _scan(trace, root, trace.start_ns[root], trace.end_ns[root], nonblocking, eps_ns, strict, path)
    elif trace.roots:
        _scan(trace, VIRTUAL, *extent(trace), nonblocking, eps_ns, strict, path)
    path.row.reverse()
    path.start_ns.reverse()
    path.end_ns.reverse()
    for row in handed:
        begin, stop = max(trace.start_ns[row], reach), trace.end_ns[row]
        behind = Path()
        _scan(trace, row, begin, stop, nonblocking, eps_ns, strict, behind)
        if begin > reach:
            behind.row.append(VIRTUAL)
            behind.start_ns.append(reach)
            behind.end_ns.append(begin)
        path.row.extend(reversed(behind.row))
        path.start_ns.extend(reversed(behind.start_ns))
        path.end_ns.extend(reversed(behind.end_ns))
        reach = stop
    return path


def extent(trace: Trace, handed: Sequence[int] = ()) -> tuple[int, int]:
    """From the first start of the roots to the last end of them and of ``handed``; (0, 0) for an empty trace."""
    if not trace.roots:
        return 0, 0
    stop = max(trace.end_ns[row] for row in (*trace.roots, *handed))
    return min(trace.start_ns[row] for row in trace.roots), stop


def _scan(
    trace: Trace, span: int, a: int, b: int, nonblocking: frozenset[int], eps: int, strict: bool, path: Path
) -> None:
    start, end = trace.start_ns, trace.end_ns
    first, following = trace.child_links()
    add_row, add_start, add_end = path.row.append, path.start_ns.append, path.end_ns.append
    # The stack is five columns of numbers: a tuple a level would wake the garbage collector a thousand times.
    spans: list[int] = []
    froms: list[int] = []
    tos: list[int] = []
    curs: list[int] = []
    rests: list[list[int]] = []
    nothing: list[int] = []
    kids = _latest_last(trace, first[span], following, nonblocking, b)
    cur = b
    while True:
        below = False
        while kids:
            child = kids.pop()
            stop = end[child]
            if stop > b:
                stop = b
            if stop <= a:  # and so do all that are left
                break
            begin = start[child]
            if stop > cur + eps or begin >= cur or (strict and stop == cur != b):
                continue
            if stop > cur:
                stop = cur
            if begin < a:
                begin = a
            if begin >= stop:
                continue  # took no time, holds nothing
            if stop < cur:
                add_row(span)
                add_start(stop)
                add_end(cur)
            cur = begin
            if first[child] >= 0:
                below = True
                break
            add_row(child)
            add_start(begin)
            add_end(stop)
        if below:
            if cur > a:
                spans.append(span)
                froms.append(a)
                tos.append(b)
                curs.append(cur)
                rests.append(kids or nothing)
            span, a, b, cur = child, begin, stop, stop
            below_it = first[span]
            if following[below_it] < 0 and not nonblocking:
                kids = [below_it]
            else:
                kids = _latest_last(trace, below_it, following, nonblocking, b)
            continue
        if cur > a:
            add_row(span)
            add_start(a)
            add_end(cur)
        if not spans:
            return
        span, a, b, cur, kids = spans.pop(), froms.pop(), tos.pop(), curs.pop(), rests.pop()


def _latest_last(trace: Trace, child: int, following: Sequence[int], nonblocking: frozenset[int], b: int) -> list[int]:
    """The children in the chain, the one to look at first at the end: by (end clamped to b; start and id downwards).

    Row order breaks ties already, and sorting is stable.
    """
    kids = [child]
    child = following[child] if child >= 0 else kids.pop()
    while child >= 0:
        kids.append(child)
        child = following[child]
    if nonblocking:
        kids = [row for row in kids if row not in nonblocking]
    if len(kids) < 2:
        return kids
    end = trace.end_ns
    kids.reverse()
    kids.sort(key=end.__getitem__)
    if end[kids[-1]] > b and end[kids[-2]] >= b:
        clamped = len(kids)
        while clamped and end[kids[clamped - 1]] >= b:
            clamped -= 1
        start, ids = trace.start_ns, trace.span_id
        kids[clamped:] = sorted(kids[clamped:], key=lambda row: (start[row], ids[row]), reverse=True)
    return kids


def overlaps(trace: Trace, nonblocking: frozenset[int], path: Path) -> dict[int, int]:
    """cp_overlap of the rows where it is not 0: the part of their sections during which some child of theirs ran.

    That part is ambiguous: the span may have worked, or waited for a child that the path does not name.
    """
    first, following = trace.child_links()
    sections: dict[int, list[tuple[int, int]]] = {}
    for row, begin, stop in zip(path.row, path.start_ns, path.end_ns, strict=True):
        if row != VIRTUAL and first[row] >= 0:
            sections.setdefault(row, []).append((begin, stop))
    found = {}
    for row, pieces in sections.items():
        intervals = []
        child = first[row]
        while child >= 0:
            if child not in nonblocking:
                intervals.append((trace.start_ns[child], trace.end_ns[child]))
            child = following[child]
        shared = _shared(pieces, intervals)
        if shared:
            found[row] = shared
    return found


def _shared(pieces: Sequence[tuple[int, int]], intervals: Sequence[tuple[int, int]]) -> int:
    """How much of the disjoint, ascending pieces the intervals (ascending by start) cover."""
    total, at = 0, 0
    reach = pieces[0][0]
    for begin, stop in intervals:
        begin = max(begin, reach)
        if stop <= begin:
            continue
        reach = stop
        while at < len(pieces) and pieces[at][1] <= begin:
            at += 1
        look = at
        while look < len(pieces) and pieces[look][0] < stop:
            total += min(stop, pieces[look][1]) - max(begin, pieces[look][0])
            look += 1
        at = max(at, look - 1)
    return total


def waits(trace: Trace, nonblocking: frozenset[int] = frozenset(), *, eps_ns: int = 0) -> list[int]:
    """How long each row's parent waited for it: what scan(parent) hands to the row, on the path or not.

    For every span: its duration = its own sections + the waits on its children. 0 for roots.
    """
    start, end = trace.start_ns, trace.end_ns
    first, following = trace.child_links()
    waited = [0] * len(trace)
    for span in range(len(trace)):
        if first[span] < 0:
            continue
        a = start[span]
        cur = b = end[span]
        for child in reversed(_latest_last(trace, first[span], following, nonblocking, b)):
            stop, begin = min(end[child], b), start[child]
            if stop <= a:
                break
            if stop > cur + eps_ns or begin >= cur:
                continue
            begin, stop = max(begin, a), min(stop, cur)
            if begin < stop:
                waited[child] = stop - begin
                cur = begin
    return waited


def clamped(trace: Trace, children: Sequence[Sequence[int]]) -> dict[int, tuple[int, int]]:
    """[start, end) of each row that lies inside its clamped parent, clamped to it, from the roots down.

    Rows outside their parent are missing, and so is all that lies under them.
    """
    kept = {row: (trace.start_ns[row], trace.end_ns[row]) for row in trace.roots}
    todo = list(trace.roots)
    for span in todo:
        a, b = kept[span]
        for child in children[span]:
            begin, stop = trace.start_ns[child], trace.end_ns[child]
            if (begin < b and stop > a) or (a <= begin == stop <= b):
                kept[child] = max(begin, a), min(stop, b)
                todo.append(child)
    return kept
