"""How much a span may grow before the total does (slack), and what deleting its own work can gain (drag)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

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


def runner_up(replay: Replay, on_path: Iterable[int]) -> dict[int, int | None]:
    """The slack of the runner-up: how much faster each row on the path can get before another takes the path over.

    Keeping every observed predecessor, whatever came after a row waited also for the sibling that ended last before
    it did. None where nothing ran beside the row, nor beside what it lies in. The rows above those on the path are
    there too.
    """
    end = replay.end

    def rooms(span: int, links: Sequence[int]) -> list[int | None]:
        latest = sorted({end[kid] for kid in replay.kids[span] if end[kid] > replay.start[kid]})
        alone = Counter(end[kid] for kid in replay.kids[span] if end[kid] > replay.start[kid])
        found: list[int | None] = []
        for link in links:
            at = bisect_left(latest, end[link])
            found.append(0 if alone[end[link]] > 1 else end[link] - latest[at - 1] if at else None)
        return found

    return _down_the_path(replay, on_path, rooms)


def limits(replay: Replay, on_path: Iterable[int]) -> dict[int, int | None]:
    """The most that making each row on the path shorter can gain (HIGH): until what does not follow it ends last.

    Keeping only last predecessors, all that hangs from a row by them moves with it. None where that is no limit. The
    rows above those on the path are there too.
    """

    def rooms(span: int, links: Sequence[int]) -> list[int | None]:
        latest = max(replay.end[kid] for kid in replay.kids[span])
        runner: int | None = None
        found: list[int | None] = []
        for _, other in zip(links, _beside(replay, span, set(links)), strict=False):
            if other is not None:
                runner = other if runner is None else max(runner, other)
            found.append(None if runner is None else latest - runner)
        return found

    return _down_the_path(replay, on_path, rooms)


def _down_the_path(
    replay: Replay, on_path: Iterable[int], rooms: Callable[[int, Sequence[int]], list[int | None]]
) -> dict[int, int | None]:
    """The least room on the way from the root to each row; room as long as the row itself is none to speak of."""
    path = {row for row in on_path if replay.place[row] >= 0}
    for row in list(path):
        above = replay.parent[row]
        while above not in path and above != replay.root:
            path.add(above)
            above = replay.parent[above]
    found: dict[int, int | None] = {replay.root: None}
    for span in replay.order:
        if span != replay.root and span not in path:
            continue
        given = found[span]
        links = [kid for kid in replay.kids[span] if kid in path]
        own = rooms(span, links) if links and replay.own_ns[span] < 0 else [None] * len(links)
        for link, room in zip(links, own, strict=True):
            least = min((value for value in (given, room) if value is not None), default=None)
            found[link] = None if least is None or least >= replay.end[link] - replay.start[link] else least
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


def drag(replay: Replay, critical_ns: Sequence[int]) -> dict[int, int]:
    """The most that deleting a row's own work can gain (HIGH), for the rows on the path; at most cp(v)."""
    on_path = [row for row, length in enumerate(critical_ns) if length and replay.place[row] >= 0]
    most = limits(replay, on_path)
    found = {}
    for row in on_path:
        gain, limit = min(replay.own_gain(row), critical_ns[row]), most[row]
        found[row] = gain if limit is None else min(gain, limit)
    return found
