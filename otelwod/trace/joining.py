"""Putting the spans of a trace right: missing times, order, copies, circles of parents."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from operator import eq
from typing import Any, TypeVar, cast

from otelwod.trace.records import SpanRecord

_ONE_YEAR_NS = 365 * 86_400 * 1_000_000_000
_T = TypeVar("_T")


def with_times(
    span_id: Sequence[str],
    parent_id: Sequence[str | None],
    starts: Sequence[int],
    ends: Sequence[int | None],
    found: dict[str, int],
) -> tuple[Sequence[int], Sequence[int], frozenset[int]]:
    """Give open spans an end, and spans without a start that of their nearest ancestor that has one.

    A start of 0 is missing only among times of our days; in a trace on virtual time it is a start like any other.
    The third value holds the positions whose duration remains a guess.
    """
    last = max(max(starts), max((end for end in ends if end is not None), default=0))
    if last <= _ONE_YEAR_NS and None not in ends:
        return starts, cast("Sequence[int]", ends), frozenset()
    found["open_spans"] = sum(1 for end in ends if end is None)
    missing = {row for row, start in enumerate(starts) if start <= 0} if last > _ONE_YEAR_NS else set()
    found["missing_times"] = len(missing)
    fixed = list(starts)
    durations = [None if end is None else end - start for start, end in zip(starts, ends, strict=True)]
    by_start = sorted(range(len(starts)), key=lambda at: (starts[at] > 0, -starts[at], parent_id[at] or ""))
    rows = {span_id[at]: at for at in by_start}  # of one id, the span that began first
    first = min((start for start in starts if start > 0), default=0)
    unsettled = set(missing)
    for row in missing:
        chain = []
        at: int | None = row
        while at is not None and at in unsettled:
            unsettled.discard(at)
            chain.append(at)
            at = rows.get(cast("str", parent_id[at]))
        start = first if at is None or fixed[at] <= 0 else fixed[at]
        for link in chain:
            fixed[link] = start
    finished = []
    guessed = set()
    for row, (start, duration, end) in enumerate(zip(fixed, durations, ends, strict=True)):
        if duration is None or end is None:
            finished.append(max(last, start))
            guessed.add(row)
        elif row in missing and duration <= _ONE_YEAR_NS:
            finished.append(start + max(0, duration))  # the source gave a duration: it stays true
        else:
            finished.append(end)
            if row in missing:
                guessed.add(row)
    return fixed, finished, frozenset(guessed)


def canonical_order(starts: Sequence[int], rank: Callable[[int], Any]) -> list[int]:
    """Positions in the order of starts, and by ``rank`` where these are the same."""
    order = sorted(range(len(starts)), key=starts.__getitem__)
    sorted_starts = pick(starts, order)
    done = -1
    for at, same in enumerate(map(eq, sorted_starts, islice(sorted_starts, 1, None))):
        if same and at >= done:
            done = bisect_right(sorted_starts, sorted_starts[at], at)
            order[at:done] = sorted(order[at:done], key=rank)
    return order


def without_copies(
    order: Sequence[int],
    starts: Sequence[int],
    rank: Callable[[int], object],
    records: Sequence[SpanRecord] | Callable[[int], SpanRecord] | None,
) -> list[int]:
    """Drop spans that were delivered twice, alike in all columns.

    Should the rest of their records differ, the one that stays does not depend on the order of the input either.
    """
    kept: dict[object, int] = {}
    for at in order:
        key = (starts[at], rank(at))
        other = kept.setdefault(key, at)
        if other != at and records is not None:
            one, two = (records(i) if callable(records) else records[i] for i in (other, at))
            if one != two and repr(two) < repr(one):
                kept[key] = at
    return list(kept.values())


def break_cycles(parent: list[int]) -> int:
    """Make the earliest row of every circle of parents a root; the number of circles."""
    state = bytearray(len(parent))  # 0 unseen, 1 on the way, 2 done
    cycles = 0
    for row in range(len(parent)):
        way = []
        at = row
        while at >= 0 and not state[at]:
            state[at] = 1
            way.append(at)
            at = parent[at]
        if at >= 0 and state[at] == 1:
            circle = way[way.index(at) :]
            parent[min(circle)] = -1
            cycles += 1
        for link in way:
            state[link] = 2
    return cycles


def pick(column: Sequence[_T], order: Sequence[int]) -> list[_T]:
    return list(map(column.__getitem__, order))
