"""What was wrong with the data, in counts."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Quality:
    """What was wrong with the data, in counts; nothing here stops an analysis. Always shown.

    ========================  ==================================================================================
    spans                     spans that took part
    roots                     spans without a parent in their trace, orphans included
    orphans                   spans whose parent is missing: each is an extra root
    duplicate_ids             spans that repeat an id: equal ones are dropped, others kept without children
    cycles                    circles of parents; each is broken at its earliest span, which becomes a root
    zero_durations            spans that took no time (negative ones not among them)
    negative_durations        spans that ended before they began: taken as no time
    missing_times             spans without a start: they take that of their parent
    overruns                  blocking children that reach beyond their parent: clamped to it
    detached                  children wholly outside their parent: off the critical path
    open_spans                spans without an end: taken as open until the last end of their trace
    dropped_events            events, attributes and links that the source said it had dropped
    unreadable                records in the source that could not be read as spans
    skew_shifts               spans whose times were shifted to correct clock skew
    sampled_share             the share of traces that the source kept, None when it did not say
    ========================  ==================================================================================
    """

    spans: int = 0
    roots: int = 0
    orphans: int = 0
    duplicate_ids: int = 0
    cycles: int = 0
    zero_durations: int = 0
    negative_durations: int = 0
    missing_times: int = 0
    overruns: int = 0
    detached: int = 0
    open_spans: int = 0
    dropped_events: int = 0
    unreadable: int = 0
    skew_shifts: int = 0
    sampled_share: float | None = None

    def __add__(self, other: Quality) -> Quality:
        """Counts add up; the sampled share is kept where both agree (or only one knows it)."""
        shares = {q.sampled_share for q in (self, other)} - {None}
        names = (f.name for f in fields(Quality) if f.name != "sampled_share")
        return Quality(
            **{name: getattr(self, name) + getattr(other, name) for name in names},
            sampled_share=shares.pop() if len(shares) == 1 else None,
        )
