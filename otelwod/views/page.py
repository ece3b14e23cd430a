"""A page: lines of styled pieces, laid out once and written plainly or in colour.

Layout never depends on colour: what a terminal shows is what a file, a test or a screen reader gets.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from otelwod.views.text import cells, fit

Style = Literal["", "title", "strong", "dim", "path", "error", "warning", "work", "rest", "good"]
Piece: TypeAlias = tuple[str, Style]
Align = Literal["left", "right"]

_RICH_STYLES: Final[dict[Style, str]] = {
    "": "",
    "title": "bold",
    "strong": "bold",
    "dim": "dim",
    "path": "bold yellow",
    "error": "bold red",
    "warning": "yellow",
    "work": "green",
    "rest": "blue",
    "good": "green",
}
_BREAK: Final = re.compile(r" (?!(?:%|s|ms|µs|ns)(?:\W|$))")
_ASCII: Final = str.maketrans("█░├└│─●✗…·–µ“”›→", '#.|`|-*x~.-u"">>')


@dataclass(slots=True)
class Page:
    """Lines in order, each a tuple of (text, style) pieces that together fit ``width`` cells."""

    width: int
    lines: list[tuple[Piece, ...]] = field(default_factory=list)

    def add(self, *pieces: Piece | str) -> None:
        """One line; what does not fit is cut with an ellipsis."""
        room = self.width
        line: list[Piece] = []
        for piece in pieces:
            text, style = styled(piece)
            if cells(text) > room:
                text = fit(text, room)
            room -= cells(text)
            if text:
                line.append((text, style))
        self.lines.append(tuple(line))

    def say(self, text: str, style: Style = "", *, indent: str = "", first: str | None = None) -> None:
        """A paragraph, wrapped at spaces but never between a number and its unit.

        Its first line begins with ``first``, the others with ``indent``.
        """
        lead = indent if first is None else first
        line = ""
        for word in _BREAK.split(text):
            longer = f"{line} {word}" if line else word
            if line and cells(lead) + cells(longer) > self.width:
                self.add(lead, (line, style))
                lead, line = indent, word
            else:
                line = longer
        self.add(lead, (line, style))

    def head(self, text: str) -> None:
        """A heading with an empty line before it."""
        self.blank()
        self.add((text, "title"))

    def blank(self) -> None:
        """An empty line, unless the page begins or the last line is one."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def plain(self) -> str:
        """The page as text, each line ended by a newline."""
        return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in self.lines)

    def colored(self) -> str:
        """The page with the terminal's colours, by rich. Raises ImportError where rich is not installed."""
        from rich.console import Console
        from rich.text import Text

        out = io.StringIO()
        console = Console(file=out, force_terminal=True, width=self.width + 1, highlight=False, legacy_windows=False)
        for line in self.lines:
            text = Text(no_wrap=True, end="\n")
            for piece, style in line:
                text.append(piece, _RICH_STYLES[style])
            text.rstrip()
            console.print(text, soft_wrap=True)
        return out.getvalue()


def styled(piece: Piece | str) -> Piece:
    return (piece, "") if isinstance(piece, str) else piece


def in_ascii(page: str) -> str:
    """The same page for an output that has ASCII only: each drawing character becomes one of its width."""
    return page.translate(_ASCII)
