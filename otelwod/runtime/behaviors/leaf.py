"""Blocks without children: efforts, timers, rests."""

from __future__ import annotations

from collections.abc import Mapping

from otelwod import conventions as c
from otelwod.runtime.attributes import is_skippable
from otelwod.runtime.block import Behavior, Block, Ending
from otelwod.runtime.events import Value
from otelwod.runtime.tally import Amounts, tally_of


class Advance(Behavior):
    """A tap on "next" ends the block, unless it says that it cannot be skipped."""

    __slots__ = ("skippable",)

    def __init__(self, skippable: bool = True) -> None:
        self.skippable = skippable

    def next(self, block: Block) -> bool:
        if self.skippable:
            block.complete("user_advance")
        return True


class Work(Behavior):
    """Marks the block as work, keeps the amounts done and completes a fixed target when the athlete taps "next".

    ``reps``, ``distance`` (m) and ``energy`` (kcal) are the fixed targets, None where there is none.
    """

    __slots__ = ("distance", "energy", "load", "reps")

    def __init__(
        self,
        reps: int | None = None,
        distance: float | None = None,
        energy: float | None = None,
        load: float | None = None,
    ) -> None:
        self.reps = reps
        self.distance = distance
        self.energy = energy
        self.load = load

    def mount(self, block: Block) -> None:
        block.set("amounts", Amounts(load=self.load))
        block.start_leaf("work", block.get("label"))

    def target(self, block: Block) -> int | None:
        """The repetitions asked for: its own, else those of the rep scheme above (as ``reps_target``)."""
        inherited: int | None = block.get("reps_target")
        return self.reps if self.reps is not None else inherited

    def reached(self, block: Block) -> bool:
        """Whether every fixed target is done; False when there is none."""
        amounts: Amounts = block.get("amounts")
        pairs = (
            (self.target(block), amounts.reps),
            (self.distance, amounts.distance),
            (self.energy, amounts.energy),
        )
        asked = [(target, done) for target, done in pairs if target is not None]
        return bool(asked) and all(done >= target for target, done in asked)

    def finished(self, block: Block) -> bool:
        return self.reached(block)

    def next(self, block: Block) -> bool:
        if is_skippable(block.node):
            self._complete_targets(block)
        return False

    def _complete_targets(self, block: Block) -> None:
        amounts: Amounts = block.get("amounts")
        reps = self.target(block)
        if reps is not None and reps > amounts.reps:
            block.record("reps", reps - amounts.reps, c.UNIT_REP, "completion")
            amounts = amounts._replace(reps=reps)
        if self.distance is not None and self.distance > amounts.distance:
            block.record("distance", self.distance - amounts.distance, c.UNIT_METRE, "completion")
            amounts = amounts._replace(distance=self.distance)
        if self.energy is not None and self.energy > amounts.energy:
            block.record("energy", self.energy - amounts.energy, c.UNIT_KILOCALORIE, "completion")
            amounts = amounts._replace(energy=self.energy)
        block.set("amounts", amounts)

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        statement = block.node.statement
        block.add_up(tally_of(block.get("amounts"), statement.movement if statement is not None else None))
        return {}


class RestBehavior(Behavior):
    """Marks the block as rest: ``rest:started``, ``rest:stopped``, and no effort counts.

    ``rest`` is how long it is to last and ``work`` how long the work before it was to last, in nanoseconds; None where
    the text does not say. ``fills``: it lasts until the boundary of the interval around it, however early it began.
    """

    __slots__ = ("fills", "rest", "work")

    def __init__(self, work: int | None = None, rest: int | None = None, *, fills: bool = False) -> None:
        self.work = work
        self.rest = rest
        self.fills = fills

    def mount(self, block: Block) -> None:
        block.set("planned_rest", self._left(block) if self.fills else self.rest)
        block.start_leaf("rest", block.get("label"))

    @staticmethod
    def _left(block: Block) -> int | None:
        """Unpaused time to the next deadline of the block around."""
        around = block.parent
        if around is None:
            return None
        due = [at for at in (behavior.deadline(around) for behavior in around.timed) if at is not None]
        return min(due) - block.started_active if due else None

    def finished(self, block: Block) -> bool:
        return True  # rest that is cut leaves no work undone

    def is_in_rest_period(self, block: Block) -> bool:
        """Whether the athlete rests in this block now (a pause is neither work nor rest)."""
        return block.is_resting


class HoldOn(Behavior):
    """Takes a tap on "next" and does nothing: only a boundary ends this block."""

    __slots__ = ()

    def next(self, block: Block) -> bool:
        return True
