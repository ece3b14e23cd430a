"""A block's own time: it ends itself when it is up, or only measures."""

from __future__ import annotations

from otelwod.conventions import Reason, Status
from otelwod.runtime.block import Behavior, Block


class Timer(Behavior):
    """Ends the block ``planned`` unpaused nanoseconds after its start; only measures when ``planned`` is None."""

    __slots__ = ("planned", "status")

    def __init__(self, planned: int | None, status: Status = "completed") -> None:
        self.planned = planned
        self.status: Status = status

    def mount(self, block: Block) -> None:
        if self.planned is not None:
            block.set("planned", self.planned)

    def deadline(self, block: Block) -> int | None:
        return None if self.planned is None else block.started_active + self.planned

    def expire(self, block: Block) -> None:
        reason: Reason = "timer_expired"
        block.complete(reason, self.status)
