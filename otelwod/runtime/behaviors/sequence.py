"""Children in order: once, or round after round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from otelwod import conventions as c
from otelwod.conventions import Reason
from otelwod.runtime.block import Behavior, Block, Ending
from otelwod.runtime.events import Value
from otelwod.runtime.program import Node
from otelwod.runtime.tally import Tally


class Sequence(Behavior):
    """Runs the children in order, once; the block ends with the last."""

    __slots__ = ()

    def mount(self, block: Block) -> None:
        block.set("tally", Tally())
        block.set("step", 0)
        block.push(block.node.children[0])

    def child_done(self, block: Block, child: Node, ending: Ending) -> bool:
        step = block.get("step") + 1
        if step >= len(block.node.children):
            block.complete("children_complete")
        else:
            block.set("step", step)
            block.push(block.node.children[step])
        return True

    def finished(self, block: Block) -> bool:
        return bool(block.get("child_finished", False)) and block.get("step") + 1 == len(block.node.children)

    def peek(self, block: Block) -> int | None:
        step = block.get("step") + 1
        return block.node.children[step] if step < len(block.node.children) else None


class RoundState(NamedTuple):
    """``current`` counts from 1, ``done`` are full rounds; ``before`` is the tally when the round began.

    A round in which work was skipped is no full round.
    """

    current: int
    done: int
    step: int
    before: Tally = Tally()
    skipped: bool = False


class Rounds(Behavior):
    """Runs the children round after round, each round a segment; ``total`` None: until something else ends it.

    ``scheme`` gives each round its repetitions, for efforts below that name none.
    """

    __slots__ = ("reason", "scheme", "total")

    def __init__(self, total: int | None, scheme: tuple[int, ...] = (), reason: Reason = "rounds_complete") -> None:
        self.total = total
        self.scheme = scheme
        self.reason: Reason = reason

    def mount(self, block: Block) -> None:
        block.set("tally", Tally())
        self._start(block, 1, 0)

    def child_done(self, block: Block, child: Node, ending: Ending) -> bool:
        state: RoundState = block.get("round")
        if ending.status == "skipped" and not block.get("child_finished", False):
            state = state._replace(skipped=True)
        step = state.step + 1
        if step < len(block.node.children):
            block.set("round", RoundState(state.current, state.done, step, state.before, state.skipped))
            block.push(block.node.children[step])
            return True
        done = state.done if state.skipped else state.done + 1
        block.set("round", state._replace(done=done))
        block.end_round(complete=not state.skipped)
        if state.current == self.total:
            block.complete(self.reason)
        else:
            self._start(block, state.current + 1, done)
        return True

    def _start(self, block: Block, current: int, done: int) -> None:
        tally: Tally = block.get("tally")
        block.set("round", RoundState(current, done, 0, tally))
        if self.scheme:
            block.set("scheme_reps", self.scheme[current - 1])
        attributes: dict[str, Value] = {c.ROUND_CURRENT: current}
        if self.total is not None:
            attributes[c.ROUND_TOTAL] = self.total
        block.start_round("round", current - 1, f"Round {current}", attributes)
        block.milestone("round started", attributes)
        block.push(block.node.children[0])

    def finished(self, block: Block) -> bool:
        return self._round_finished(block) and block.get("round").current == self.total

    @staticmethod
    def _round_finished(block: Block) -> bool:
        """Whether the last part of the round was finished at the very moment at which it was cut."""
        step = block.get("round").step
        return bool(block.get("child_finished", False)) and step + 1 == len(block.node.children)

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        state: RoundState = block.get("round")
        if block.get("structure") is not None and self._round_finished(block) and not state.skipped:
            tally: Tally = block.get("tally")
            state = state._replace(done=state.done + 1, before=tally)
            block.set("round", state)
            block.set("round_complete", True)
        return {c.ROUND_CURRENT: state.current}

    def peek(self, block: Block) -> int | None:
        state: RoundState = block.get("round")
        if state.step + 1 < len(block.node.children):
            return block.node.children[state.step + 1]
        if self.total is None or state.current < self.total:
            return block.node.children[0]
        return None
