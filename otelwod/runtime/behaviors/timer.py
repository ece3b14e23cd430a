"""A block's own time: it ends the block when it is up, or only measures."""

from __future__ import annotations

from otelwod.runtime.block import Behavior, Block


class Timer(Behavior):
    """Ends the block ``planned`` unpaused nanoseconds after its start; only measures when ``planned`` is None."""

    __slots__ = ("planned",)

    def __init__(self, planned: int | None) -> None:
        self.planned = planned

    def mount(self, block: Block) -> None:
        if self.planned is not None:
            block.set("planned", self.planned)

    def deadline(self, block: Block) -> int | None:
        return None if self.planned is None else block.started_active + self.planned

    def expire(self, block: Block) -> None:
        block.complete("timer_expired")

    def finished(self, block: Block) -> bool:
        return self.planned is not None and block.elapsed == self.planned


class Cap(Timer):
    """A limit on work: the block has failed when it ends it, unless nothing was left to do at that moment."""

    __slots__ = ()

    def expire(self, block: Block) -> None:
        block.close_children()
        block.complete("timer_expired", "completed" if block.finished else "failed")

    def finished(self, block: Block) -> bool:
        return False
