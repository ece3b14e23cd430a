"""Tables that fit the page: columns leave in a stated order where it is narrow, a picture takes what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from otelwod.views.page import Page, Piece, styled
from otelwod.views.text import cells, left, right

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: at most ``most`` cells wide. Those with the lowest ``keep`` go first where the page is too narrow."""

    title: str
    align: Literal["left", "right"] = "right"
    keep: int = 9
    most: int = 60

    def fit(self, text: str, width: int) -> str:
        """``text`` in exactly ``width`` cells."""
        return left(text, width) if self.align == "left" else right(text, width)


@dataclass(frozen=True, slots=True)
class Picture:
    """A last column of what room is left, between ``least`` (else it is left out) and ``most`` cells.

    ``draw(row, width)`` gives the pieces of a row, ``title(width)`` its heading.
    """

    draw: Callable[[int, int], Sequence[Piece]]
    title: Callable[[int], str] = lambda width: ""
    least: int = 12
    most: int = 60


def table(
    page: Page,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Piece | str]],
    *,
    picture: Picture | None = None,
    indent: str = "  ",
) -> None:
    """Add a table with two spaces between its columns. The first column gives way before others leave."""
    body = [tuple(map(styled, row)) for row in rows]
    widths = [
        min(column.most, max([cells(column.title), *(cells(row[at][0]) for row in body)]))
        for at, column in enumerate(columns)
    ]
    shown = [at for at, width in enumerate(widths) if width]

    def overhang() -> int:
        return cells(indent) + sum(widths[at] + 2 for at in shown) - 2 - page.width

    wanted = picture.least + 2 if picture else 0
    squeeze = min(max(0, overhang() + wanted), max(0, widths[0] - 24))
    widths[0] -= squeeze
    while len(shown) > 1 and overhang() > 0:
        shown.remove(min(shown, key=lambda at: (columns[at].keep, -at)))
    room = min(picture.most, -overhang() - 2) if picture else 0
    if picture is None or room < picture.least:
        room = 0
        widths[0] += min(squeeze, max(0, -overhang()))
    titles: list[Piece | str] = [indent]
    for at in shown:
        titles += [(columns[at].fit(columns[at].title, widths[at]), "dim"), _GAP]
    page.add(*titles, (picture.title(room) if picture and room else "", "dim"))
    for number, row in enumerate(body):
        line: list[Piece | str] = [indent]
        for at in shown:
            text, style = row[at]
            line += [(columns[at].fit(text, widths[at]), style), _GAP]
        if picture and room:
            line += picture.draw(number, room)
        page.add(*line)
