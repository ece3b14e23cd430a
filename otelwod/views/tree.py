"""The tree of a trace as rows: which spans are worth one, how they hang together, where they lie in time.

A trace may hold a million spans or levels; a screen holds some dozen. What is shown is chosen by weight, with all its
ancestors, and what is left out is counted where it hangs. No recursion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest


def parents_by_depth(depths: Sequence[int]) -> list[int]:
    """For rows in pre-order the position of each one's parent, -1 for roots, from their depths alone."""
    open_at: dict[int, int] = {}
    parents = []
    for row, depth in enumerate(depths):
        parents.append(open_at.get(depth - 1, -1))
        open_at[depth] = row
    return parents


FEW = 12


def choose(
    parents: Sequence[int], weights: Sequence[tuple[int, ...]], rows: int, depth: int, minor: Sequence[bool] = ()
) -> list[bool]:
    """Which of the rows (in pre-order) to show: at most ``rows``, at most ``depth`` levels deep.

    The heaviest first, each with its ancestors; all of them where they fit. Where they do not, no more than a dozen
    lines go to those that are too ``minor`` to be seen.
    """
    depths: list[int] = []
    for parent in parents:
        depths.append(0 if parent < 0 else depths[parent] + 1)
    allowed = [row for row, level in enumerate(depths) if level < depth]
    shown = [False] * len(parents)
    if len(allowed) <= rows:
        for row in allowed:
            shown[row] = True
        return shown
    left = rows
    for row in nlargest(4 * rows, allowed, key=lambda row: (weights[row], -row)):
        if minor and minor[row] and rows - left >= FEW:
            continue
        line = []
        at = row
        while at >= 0 and not shown[at]:
            line.append(at)
            at = parents[at]
        if len(line) <= left:
            left -= len(line)
            for at in line:
                shown[at] = True
    _show_the_only_one(parents, shown, frozenset(allowed))
    return shown


def _show_the_only_one(parents: Sequence[int], shown: list[bool], allowed: frozenset[int]) -> None:
    """ "… 1 more" would take the line that the one itself needs."""
    hidden: dict[int, list[int]] = {}
    nearest: list[int] = []
    for row, parent in enumerate(parents):
        above = nearest[parent] if parent >= 0 else -1
        if shown[row]:
            nearest.append(row)
        else:
            hidden.setdefault(above, []).append(row)
            nearest.append(above)
    for rows in hidden.values():
        if len(rows) == 1 and rows[0] in allowed:
            shown[rows[0]] = True


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree: the span at position ``at``, or (``at`` None) the count of those left out there."""

    at: int | None
    prefix: str
    hidden: int = 0


def outline(parents: Sequence[int], shown: Sequence[bool]) -> Iterator[Row]:
    """The chosen rows with their branches drawn; behind the children of each one, how many were left out."""
    below: dict[int, list[int]] = {}
    hidden: dict[int, int] = {}
    nearest: list[int] = []
    for row, parent in enumerate(parents):
        above = nearest[parent] if parent >= 0 else -1
        if shown[row]:
            below.setdefault(above, []).append(row)
            nearest.append(row)
        else:
            hidden[above] = hidden.get(above, 0) + 1
            nearest.append(above)
    stack = _entries(-1, "", "", below, hidden)
    while stack:
        at, first, rest, more = stack.pop()
        if at is None:
            yield Row(None, first, more)
            continue
        yield Row(at, first)
        stack += _entries(at, rest + "├ ", rest + "│ ", below, hidden)


def _entries(
    parent: int, branch: str, stem: str, below: dict[int, list[int]], hidden: dict[int, int]
) -> list[tuple[int | None, str, str, int]]:
    """What hangs on ``parent``, last first: (position, prefix of its line, prefix of what hangs on it, left out)."""
    entries: list[tuple[int | None, str, str, int]] = [(at, branch, stem, 0) for at in below.get(parent, ())]
    if hidden.get(parent):
        entries.append((None, branch, stem, hidden[parent]))
    if entries and branch:
        at, _, _, more = entries[-1]
        entries[-1] = (at, branch[:-2] + "└ ", stem[:-2] + "  ", more)
    entries.reverse()
    return entries


def bar(start: int, end: int, first: int, last: int, width: int) -> tuple[int, int]:
    """Where ``[start, end)`` lies on ``width`` cells for ``[first, last)``: (cells before it, its own, at least 1)."""
    whole = max(1, last - first)
    before = min(width - 1, max(0, (start - first) * width // whole))
    after = min(width, -((first - end) * width // whole))  # rounded up: nothing that took time vanishes
    return before, max(1, after - before)
