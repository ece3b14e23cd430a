"""Rows of a Markdown table → lines of work: ``| Deadlift | 5 | 225 lb |`` is ``5 Deadlift 225 lb``."""

from __future__ import annotations

import re
from typing import Final

_RULE: Final = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_REST: Final = re.compile(r"rest:? ([0-9:][^|]{0,20})|([0-9:][^|]{0,20}) rest", re.IGNORECASE)
_COUNT: Final = re.compile(r"[0-9]+(?:[-/][0-9]+)*")


def is_row(line: str) -> bool:
    """Whether a line stands between two bars."""
    stripped = line.strip()
    return len(stripped) > 2 and stripped[0] == stripped[-1] == "|"


def untable(lines: list[tuple[int, str]]) -> None:
    """Write the rows of tables as lines of work, in place; titles of columns and rules become empty."""
    titles: list[str] = []
    for position, (number, line) in enumerate(lines):
        if not is_row(line):
            titles = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        text = ""
        if position + 1 < len(lines) and _RULE.fullmatch(lines[position + 1][1]):
            titles = [cell.lower() for cell in cells]
        elif not _RULE.fullmatch(line):
            text = line[: len(line) - len(line.lstrip())] + _work(cells, titles)
        lines[position] = (number, text)


def _work(cells: list[str], titles: list[str]) -> str:
    """Sets and repetitions, where the column says so or the cell is a bare number, then the rest in order."""
    sets = reps = rest = ""
    bare = [cell for cell in cells if _COUNT.fullmatch(cell)]
    others: list[str] = []
    for at, cell in enumerate(cells):
        title = titles[at] if at < len(titles) else ""
        counted = _COUNT.fullmatch(cell) is not None
        if title.startswith("rest") or _REST.fullmatch(cell):
            rest = _REST.sub(r"\1\2", cell).strip()
            rest = f"{rest} s" if rest.isdigit() and int(rest) > 10 else rest
            continue
        if counted and not titles and not sets and len(bare) == 2:
            sets = cell
            continue
        if counted and title.startswith(("set", "round")):
            sets = cell
        elif counted and not reps and (title.startswith("rep") or not titles):
            reps = cell
        elif cell.strip("-\u2013\u2014"):
            others.append(cell)
    head = f"{sets}x{reps}" if sets and reps else f"({sets})" if sets else reps
    line = " ".join(filter(None, (head, *others)))
    return f"{line}, rest {rest}" if rest.strip("-\u2013\u2014") else line
