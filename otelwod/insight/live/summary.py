"""`Summary`: everything since the start, whatever detail has gone since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from otelwod.insight.live.book import Book
from otelwod.insight.live.tally import OperationSummary


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything since the start (or the last reset), whatever detail has gone since.

    ``started`` and ``ended`` spans; ``open`` now. ``completed`` traces, ``timed_out`` among them. ``retained`` spans in
    detail, ``folded`` ones of which only sums stay, ``unattributed`` ones without self and critical time, ``lost`` ones
    that the ring had no room for, ``unreadable`` ones. ``disabled``: why the processor has switched itself off.
    ``untold``: complete traces that subscribers were not told of, because they are too slow.
    """

    operations: tuple[OperationSummary, ...]
    started: int
    ended: int
    open: int
    completed: int
    timed_out: int
    retained: int
    folded: int
    unattributed: int
    evicted_traces: int
    unwatched: int
    lost: int
    unreadable: int
    renamed: int
    disabled: str = ""
    untold: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and texts."""
        return asdict(self)


def summarise(book: Book, lost: int, untold: int, disabled: str) -> Summary:
    """What a settled book knows, with the spans that were ``lost`` before they came into it, and ``untold`` traces."""
    counts = book.counts
    operations = book.sums().summaries(book.operations)
    still_open = len(book.open) + counts.unwatched - counts.returned
    return Summary(
        operations=operations,
        started=counts.ended + still_open + lost,
        ended=counts.ended + lost,
        open=still_open,
        completed=counts.completed,
        timed_out=counts.timed_out,
        retained=book.retained,
        folded=counts.folded,
        unattributed=sum(use.count - use.attributed for use in operations),
        evicted_traces=counts.evicted_traces,
        unwatched=counts.unwatched,
        lost=lost,
        unreadable=counts.unreadable,
        renamed=counts.renamed,
        disabled=disabled,
        untold=untold,
    )
