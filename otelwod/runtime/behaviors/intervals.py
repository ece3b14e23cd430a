"""Work that starts anew at every boundary of a clock: EMOM, and pairs of work and rest such as Tabata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from otelwod import conventions as c
from otelwod.conventions import SegmentType
from otelwod.runtime.block import Behavior, Block, Ending
from otelwod.runtime.events import Value
from otelwod.runtime.program import MINUTE_NS, Node
from otelwod.runtime.tally import Tally


class IntervalState(NamedTuple):
    """``number`` counts from 0; ``resting`` once the work of this interval is over, ``done`` when it was finished.

    Of the ``planned`` intervals that have work: ``with_work`` ended, ``made`` of them were done in time, and ``lowest``
    is the smallest number of repetitions in one.
    """

    number: int
    planned: int
    resting: bool = False
    done: bool = False
    made: int = 0
    with_work: int = 0
    reps_before: float = 0
    lowest: float | None = None


class Intervals(Behavior):
    """``count`` intervals of ``length`` nanoseconds; the children alternate over them.

    With ``work`` less than ``length`` the work itself is cut at ``work`` and the remainder is rest. Work that is done
    early leaves rest until the boundary. No tap ever moves a boundary, and the last interval runs to its own.
    """

    __slots__ = ("count", "length", "segment", "work")

    def __init__(self, count: int, length: int, work: int | None = None, segment: SegmentType = "minute") -> None:
        self.count = count
        self.length = length
        self.work = length if work is None else work
        self.segment: SegmentType = segment

    def mount(self, block: Block) -> None:
        block.set("tally", Tally())
        rounds, more = divmod(self.count, len(block.node.children))
        with_work = [self._has_work(block, child) for child in block.node.children]
        self._start(block, IntervalState(0, planned=rounds * sum(with_work) + sum(with_work[:more])))

    def deadline(self, block: Block) -> int | None:
        state: IntervalState = block.get("interval")
        start = block.started_active + state.number * self.length
        return start + (self.length if state.resting or self.work >= self.length else self.work)

    def expire(self, block: Block) -> None:
        state: IntervalState = block.get("interval")
        # The rest that fills an interval ends because its time is up; work is cut.
        finished = block.close_children("timer_expired" if state.resting else "forced")
        done = state.done or (finished and not state.resting)
        if not state.resting and self.work < self.length:
            self._rest(block, done)
            return
        state = self._end(block, done)
        if state.number + 1 == self.count:
            block.complete("rounds_complete")
        else:
            self._start(block, state._replace(number=state.number + 1, resting=False, done=False))

    def child_done(self, block: Block, child: Node, ending: Ending) -> bool:
        state: IntervalState = block.get("interval")
        if not state.resting:
            self._rest(block, ending.status == "completed")
        return True

    def _start(self, block: Block, state: IntervalState) -> None:
        tally: Tally = block.get("tally")
        block.set("interval", state._replace(reps_before=tally.reps))
        current = state.number + 1
        attributes: dict[str, Value] = {c.ROUND_CURRENT: current, c.ROUND_TOTAL: self.count}
        minutes = "Minute" if self.length == MINUTE_NS else "Interval"
        word = "Round" if self.segment == "round" else minutes
        block.start_round(self.segment, state.number, f"{word} {current}", attributes)
        block.milestone("round started", attributes)
        block.push(self._child(block, state.number))

    def _rest(self, block: Block, done: bool) -> None:
        """The work of this interval is over: rest until its boundary."""
        state: IntervalState = block.get("interval")
        block.set("interval", state._replace(resting=True, done=done))
        if block.node.rest is not None:
            block.push(block.node.rest)

    def _end(self, block: Block, done: bool) -> IntervalState:
        """Ends the interval at its boundary and counts it in; one whose work is "Rest" counts for nothing."""
        state: IntervalState = block.get("interval")
        attributes: dict[str, Value] = {}
        if self._has_work(block, self._child(block, state.number)):
            tally: Tally = block.get("tally")
            reps = tally.reps - state.reps_before
            lowest = reps if state.lowest is None else min(state.lowest, reps)
            state = state._replace(made=state.made + done, with_work=state.with_work + 1, lowest=lowest)
            if self.work >= self.length:
                attributes[c.INTERVAL_MADE] = done
        block.set("interval", state)
        block.end_round(attributes=attributes)
        return state

    @staticmethod
    def _has_work(block: Block, child: int) -> bool:
        return block.program.nodes[child].has_work

    def _child(self, block: Block, index: int) -> int:
        return block.node.children[index % len(block.node.children)]

    def finished(self, block: Block) -> bool:
        state: IntervalState = block.get("interval")
        return state.number + 1 == self.count and self._at_boundary(block, state)

    def _at_boundary(self, block: Block, state: IntervalState) -> bool:
        return block.elapsed == (state.number + 1) * self.length

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        state: IntervalState = block.get("interval")
        if block.get("structure") is not None and self._at_boundary(block, state):
            # A block further out ends at the boundary of this interval, and was first: the interval is a full one.
            self._end(block, state.done or bool(block.get("child_finished", False)))
        return {c.ROUND_CURRENT: state.number + 1}

    def peek(self, block: Block) -> int | None:
        state: IntervalState = block.get("interval")
        if not state.resting and self.work < self.length:
            return block.node.rest
        return self._child(block, state.number + 1) if state.number + 1 < self.count else None
