"""What became of the telemetry: counts by destination, and the one line that says so. Plain data, no SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from otelwod.telemetry.settings import Signal

UNKNOWN_REASON: Final = "the exporter gave no reason"


@dataclass(frozen=True, slots=True)
class Destination:
    """One place that one signal was sent to.

    Spans are counted one by one; for metrics a count is one collection (all instruments at one time). ``failed`` were
    offered and not accepted, or not accepted in time; ``dropped`` were never offered because the queue was full.
    """

    place: str
    signal: Signal
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    error: str = ""

    @property
    def lost(self) -> int:
        """All that did not arrive."""
        return self.failed + self.dropped

    def lines(self) -> tuple[str, ...]:
        """At most two lines for a person: what was sent, and what was not and why."""
        lines = []
        if self.delivered and self.signal == "traces":
            lines.append(f"sent {_spans(self.delivered)} to {self.place}")
        if self.lost:
            what = _spans(self.lost) if self.signal == "traces" else "metrics"
            lines.append(f"could not deliver {what} to {self.place}: {self.error or UNKNOWN_REASON}")
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The account of a whole program: ended = delivered + failed + dropped, for each destination."""

    destinations: tuple[Destination, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything arrived everywhere (also when there was nowhere to send to)."""
        return not any(destination.lost for destination in self.destinations)

    @property
    def delivered(self) -> int:
        """Spans that arrived, over all destinations."""
        return sum(d.delivered for d in self.destinations if d.signal == "traces")

    @property
    def lost(self) -> int:
        """Spans that did not arrive, over all destinations."""
        return sum(d.lost for d in self.destinations if d.signal == "traces")

    def lines(self) -> tuple[str, ...]:
        """The lines of every destination, in order."""
        return tuple(line for destination in self.destinations for line in destination.lines())


def _spans(count: int) -> str:
    return "1 span" if count == 1 else f"{count:,} spans"
