"""How much a span may grow before the total does (slack), and what deleting its own work can gain (drag)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from otelwod.insight.replay import NOBODY, Replay


def slack(replay: Replay) -> dict[int, int]:
    """How much each row can grow with the total unchanged, keeping every observed predecessor; 0 on the path.

    A child may grow up to the latest end among its siblings (and then as far as its parent may), and up to the
    latest observed end among the predecessors of each child that followed it (and then as far as that may).
    Rows without a place in the replay are missing.
    """
    found = {replay.root: 0}
    start, end = replay.start, replay.end
    for span in replay.order:
        kids = replay.kids[span]
        spare = found[span]
        if replay.own_ns[span] >= 0:
            for kid in kids:
                found[kid] = spare
            continue
        joins = replay.joins(span)
        starts = [start[kid] for kid in kids]
        most = max(end[kid] for kid in kids) + spare
        room = [most] * (len(kids) + 1)  # room[i]: the latest end that the children from i on allow
        for at in range(len(kids) - 1, -1, -1):
            kid = kids[at]
            stop = end[kid]
            after = bisect_left(starts, stop - replay.eps_ns, at + 1)
            mine = found[kid] = max(0, min(most, room[after]) - stop)
            room[at] = room[at + 1]
            if joins.last[at] != NOBODY:
                room[at] = min(room[at], joins.observed[at] + mine)
    del found[replay.root]
    return found


def limits(replay: Replay, on_path: Iterable[int]) -> dict[int, int | None]:
    """What making each row on the critical path shorter can gain before what runs beside it takes the path over.

    That is the slack of the runner-up; None where nothing beside it ever could. The rows that lead to those on the
    path are there too.
    """
    path = {row for row in on_path if replay.place[row] >= 0}
    for row in list(path):
        above = replay.parent[row]
        while above not in path and above != replay.root:
            path.add(above)
            above = replay.parent[above]
    start, end = replay.start, replay.end
    found: dict[int, int | None] = {replay.root: None}
    for span in replay.order:
        if span != replay.root and span not in path:
            continue
        given = found[span]
        links: Sequence[int] = [kid for kid in replay.kids[span] if kid in path]
        beside = _beside(replay, span, path) if links and replay.own_ns[span] < 0 else [None] * len(links)
        latest = max((end[kid] for kid in replay.kids[span]), default=0)
        runner: int | None = None
        for link, other in zip(links, beside):  # noqa: B905 - what hangs from the last link is part of no race
            if other is not None:
                runner = other if runner is None else max(runner, other)
            rooms = [room for room in (given, None if runner is None else latest - runner) if room is not None]
            room = min(rooms, default=None)
            found[link] = None if room is None or room >= end[link] - start[link] else room
    del found[replay.root]
    return found


def _beside(replay: Replay, span: int, path: set[int]) -> list[int | None]:
    """The latest end of the children off the path, by how many links of the path they hang from."""
    joins = replay.joins(span)
    level: dict[int, int] = {}
    beside: list[int | None] = [None]
    for kid, last in zip(joins.kids, joins.last, strict=True):
        if kid in path:
            level[kid] = len(beside)
            beside.append(None)
            continue
        depth = level[kid] = level[last] if last != NOBODY else 0
        beside[depth] = max(beside[depth] or 0, replay.end[kid])
    return beside


def drag(replay: Replay, critical_ns: Sequence[int], limits: Mapping[int, int | None]) -> dict[int, int]:
    """The most that deleting a row's own work can gain (HIGH), for the rows on the path; at most cp(v).

    ``limits`` are those of the rows on the path.
    """
    found = {}
    for row, critical in enumerate(critical_ns):
        if critical and replay.place[row] >= 0:
            gain = min(replay.own_gain(row), critical)
            limit = limits.get(row)
            found[row] = gain if limit is None else min(gain, limit)
    return found
