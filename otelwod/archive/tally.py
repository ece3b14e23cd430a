"""The count of what a reader had to leave out, by reason, and the repairs it made. Nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_MOST_WARNINGS = 50


@dataclass(slots=True)
class Tally:
    """Grows while sources are read. ``skipped``: not analysed; ``repaired``: analysed, with something put right."""

    spans: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    """Events, attributes and links that the program which recorded the spans says it dropped."""
    undated: int = 0
    """Spans without a start in traces without any date, whose starts of 0 nobody else can tell from real ones."""
    warnings: list[str] = field(default_factory=list)

    def skip(self, what: str, count: int = 1) -> None:
        """Count something that is not analysed, such as ``"span without an id"``."""
        self.skipped[what] += count

    def repair(self, what: str, count: int = 1) -> None:
        """Count something that was put right, such as ``"time out of range"``."""
        self.repaired[what] += count

    def warn(self, text: str) -> None:
        """Say something once; a flood of warnings is cut off."""
        if text and text not in self.warnings and len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(text)
