"""`Summary`: everything since the start, whatever detail has gone since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from otelwod.insight.live.tally import OperationSummary


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything since the start (or the last reset), whatever detail has gone since.

    ``started`` and ``ended`` spans; ``open`` now. ``completed`` traces, ``timed_out`` among them. ``retained`` spans in
    detail, ``folded`` ones of which only sums stay, ``unattributed`` ones without self and critical time, ``lost`` ones
    that the ring had no room for, ``unreadable`` ones. ``disabled``: why the processor has switched itself off.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and texts."""
        return asdict(self)
