"""The machine under a session: the open blocks, their time, and what opens and closes them.

`Session` says what the athlete may do; behaviours say what a block does; this module carries both out. All that it
must remember from one input to the next stands in `RuntimeMemory`; the other fields are configuration, or are found
again from the memory (`rebuild`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from otelwod.conventions import Status
from otelwod.runtime.block import FORCED, Block, BlockState, Ending
from otelwod.runtime.blocks import BlockFactory
from otelwod.runtime.bus import EventBus
from otelwod.runtime.events import Event, SpanStarted, SpanStopped, Value
from otelwod.runtime.kinds import Kinds, inherited_reps
from otelwod.runtime.memory import MemoryReference, RuntimeMemory
from otelwod.runtime.program import Limits, Node, Program
from otelwod.runtime.stack import DepthError, RuntimeStack
from otelwod.runtime.tally import Tally

SESSION = "session"
"""Owner of what belongs to no single block."""

_OWN = ("clock", "now", "turn", "opened", "undo")
"""The references that a session has for itself."""


class LimitError(RuntimeError):
    """The session went beyond its `Limits`, and was ended as interrupted."""


class Clock(NamedTuple):
    """Where a session is, in its ``clock`` reference: ``waiting``, ``running`` or ``done``, and its pauses."""

    status: str
    paused_at: int | None
    paused_total: int


class Engine:
    """Opens, times and closes the blocks of one `Program`."""

    __slots__ = (
        "_clock",
        "_deadline",
        "_endings",
        "_kinds",
        "_now",
        "_opened",
        "_publish",
        "_pushes",
        "_turn",
        "limits",
        "memory",
        "out",
        "program",
        "stack",
        "undo",
    )

    def __init__(self, program: Program, limits: Limits, factories: Mapping[str, BlockFactory], bus: EventBus) -> None:
        self.program = program
        self.limits = limits
        self.memory = RuntimeMemory()
        self.stack = RuntimeStack(limits.depth, self._unmount, self._dispose)
        self.out: list[Event] = []
        self._publish: Callable[[Event], None] = bus.publish
        self._kinds = Kinds(program, factories)
        self.clear()

    def clear(self) -> None:
        """Back to before the start."""
        for reference in self.memory:
            self.memory.release(reference)
        self.stack.replace([])
        self._forget_requests()
        allocate = self.memory.allocate
        self._clock = allocate("clock", SESSION, Clock("waiting", None, 0), visibility="public")
        self._now: MemoryReference[int] = allocate("now", SESSION, 0, visibility="public")
        self._turn: MemoryReference[int] = allocate("turn", SESSION, 0, visibility="public")
        self._opened: MemoryReference[int] = allocate("opened", SESSION, 0, visibility="public")
        self.undo: MemoryReference[Any] = allocate("undo", SESSION, None)

    def release_all(self) -> None:
        """Empties the memory, for good or until `clear`; the time that was stays readable."""
        last = {type: self._session_reference(type).get() for type in _OWN}
        for reference in self.memory:
            self.memory.release(reference)
        self.memory, emptied = RuntimeMemory(), self.memory
        for type in _OWN:
            self.memory.allocate(type, SESSION, last[type] if type != "undo" else None)
        self.rebuild()
        self.memory = emptied

    def rebuild(self) -> None:
        """Finds everything again from the memory, after it was loaded or rolled back."""
        self._clock, self._now, self._turn, self._opened, self.undo = map(self._session_reference, _OWN)
        blocks = []
        for reference in self.memory.search(type="block"):
            state: BlockState = reference.get()
            blocks.append(Block(self, self.program.nodes[state.node], state, self._kinds[state.node]))
        self.stack.replace(blocks)
        self._forget_requests()

    def _session_reference(self, type: str) -> MemoryReference[Any]:
        reference = self.memory.find(SESSION, type)
        if reference is None:
            raise ValueError(f"this is no snapshot of a session: its {type!r} is missing")
        return reference

    def _forget_requests(self) -> None:
        self._pushes: dict[str, int] = {}
        self._endings: dict[str, Ending] = {}
        self._deadline: tuple[int, int] | bool | None = False

    # --------------------------------------------------------------------------------------------------------- time

    @property
    def clock(self) -> Clock:
        """Status and pauses."""
        return self._clock._value

    @property
    def now(self) -> int:
        """Nanoseconds from the start, pauses included."""
        return self._now._value

    @now.setter
    def now(self, t: int) -> None:
        self._now.set(t)

    @property
    def active_now(self) -> int:
        """Nanoseconds from the start, pauses not counted."""
        clock = self._clock._value
        return (self._now._value if clock.paused_at is None else clock.paused_at) - clock.paused_total

    @property
    def turn(self) -> int:
        """The number of the last tap or boundary; see `events`."""
        return self._turn._value

    @turn.setter
    def turn(self, turn: int) -> None:
        self._turn.set(turn)

    def begin(self) -> None:
        """Opens the session's own block, at 0."""
        self._clock.set(Clock("running", None, 0))
        self.turn += 1
        self.open(self.program.nodes[0], None)
        self.settle()

    def advance(self, t: int) -> bool:
        """Runs every boundary up to and including ``t``: at equal times boundaries come before inputs.

        True when there was one.
        """
        ran = 0
        while True:
            clock = self._clock._value
            if clock.status != "running":
                return ran > 0
            deadline = self._deadline if clock.paused_at is None else None
            if isinstance(deadline, bool):
                deadline = self.next_deadline()
            if deadline is None or deadline[0] > t - clock.paused_total:
                break
            due, index = deadline
            ran += 1
            if ran > self.limits.boundaries:
                raise LimitError(f"more than {self.limits.boundaries:,} boundaries in one step; raise it in Limits")
            # A deadline in the past (of a behaviour of one's own) is due now: time never runs backwards.
            self._now.set(max(due + clock.paused_total, self._now.get()))
            self._turn.set(self._turn.get() + 1)
            self._expire(self.stack.blocks()[index], due)
            self.settle()
        self._now.set(t)
        return ran > 0

    def next_deadline(self) -> tuple[int, int] | None:
        """The earliest deadline with the depth of its block, the outermost first; remembered until a change."""
        known = self._deadline
        if not isinstance(known, bool):
            return known
        earliest: tuple[int, int] | None = None
        for index, block in enumerate(self.stack):
            for behavior in block.timed:
                due = behavior.deadline(block)
                if due is not None and (earliest is None or due < earliest[0]):
                    earliest = (due, index)
        self._deadline = earliest
        return earliest

    def _expire(self, block: Block, due: int) -> None:
        self._deadline = False
        for behavior in block.timed:
            if behavior.deadline(block) == due:
                behavior.expire(block)
                return

    def pause(self) -> None:
        """Stops the time of everything."""
        clock = self._clock.get()
        self._clock.set(clock._replace(paused_at=self._now.get()))

    def resume(self) -> None:
        """Lets time go on."""
        clock = self._clock.get()
        if clock.paused_at is not None:
            paused = self._now.get() - clock.paused_at
            self._clock.set(clock._replace(paused_at=None, paused_total=clock.paused_total + paused))
            self._deadline = False

    # ------------------------------------------------------------------------------------------------ what is asked

    def request_push(self, block: Block, node: int) -> None:
        """See `Block.push`."""
        self._pushes[block.key] = node

    def request_end(self, block: Block, ending: Ending) -> None:
        """See `Block.complete`."""
        self._endings.setdefault(block.key, ending)

    def tap_next(self, block: Block) -> None:
        """Asks the behaviours of a block, in order, until one takes care of the tap."""
        self._deadline = False
        for behavior in block.behaviors:
            if behavior.next(block):
                return

    def settle(self) -> None:
        """Carries out what behaviours asked for, until nothing is left to do at this moment."""
        while self._endings or self._pushes:
            ending_block = self._outermost_ending() if self._endings else None
            if ending_block is not None:
                self._end(ending_block)
                continue
            self._endings.clear()
            top = self.stack.current
            if top is None or top.key not in self._pushes:
                self._pushes.clear()
                break
            self.open(self.program.nodes[self._pushes.pop(top.key)], top)

    def _outermost_ending(self) -> Block | None:
        for block in self.stack:
            if block.key in self._endings:
                return block
        return None

    def _end(self, block: Block) -> None:
        ending = self._endings.pop(block.key)
        self.close_above(block)
        skipped_nothing = ending.status == "skipped" and block.finished
        self.stack.pop(ending)
        parent = self.stack.current
        if parent is None:
            self._clock.set(self._clock.get()._replace(status="done"))
            return
        if parent.key in self._endings:
            return
        if ending.status == "skipped":
            parent.set("child_finished", skipped_nothing)
        for behavior in parent.behaviors:
            if behavior.child_done(parent, block.node, ending):
                return

    # ------------------------------------------------------------------------------------------------ open and close

    def open(self, node: Node, parent: Block | None) -> None:
        """Pushes and mounts a block. `LimitError`, `DepthError` before anything changed."""
        opened = self._opened.get()
        if opened >= self.limits.blocks:
            raise LimitError(f"more than {self.limits.blocks:,} blocks ran; raise `blocks` in Limits")
        self.stack.check_room()
        self._opened.set(opened + 1)
        parent_key = parent.span_key if parent is not None else None
        key = f"{parent_key}.{node.position}" if parent_key is not None else node.path
        now = self._now.get()
        state = BlockState(node.index, key, parent_key, now, self.active_now)
        self.memory.allocate("block", key, state, visibility="public")
        block = Block(self, node, state, self._kinds[node.index])
        self.stack.push(block)
        self._deadline = False
        target = inherited_reps(node, self.stack)
        label, attributes = self._kinds.start(node.index, target)
        allocate = self.memory.allocate
        allocate("label", key, label, visibility="public")
        if target is not None:
            allocate("reps_target", key, target, visibility="public")
        self.emit(
            SpanStarted(
                t=now,
                turn=self._turn.get(),
                key=key,
                parent=parent_key,
                block_id=node.path,
                block_type=node.type,  # type: ignore[arg-type]  # a block of one's own may name its own type
                label=label,
                depth=node.depth,
                line=node.statement.line if node.statement is not None else None,
                attributes=attributes.copy(),
            )
        )
        for behavior in block.behaviors:
            behavior.mount(block)

    def _unmount(self, block: Block, ending: Ending) -> dict[str, Value]:
        """What the behaviours say at the end; segments end, and what was done goes to the block around."""
        attributes: dict[str, Value] = {}
        for behavior in block.behaviors:
            attributes.update(behavior.unmount(block, ending))
        block.end_leaf()
        block.stop_rest()
        block.end_round(complete=block.get("round_complete", False))
        tally: Tally | None = block.get("tally")
        if tally is not None:
            self.add_up(block, tally)
        return attributes

    def _dispose(self, block: Block, ending: Ending, attributes: Mapping[str, Value]) -> None:
        """Says that the block ended, and releases all that it owned."""
        self._pushes.pop(block.key, None)
        self._endings.pop(block.key, None)
        self._deadline = False
        self.emit(
            SpanStopped(
                t=self._now.get(),
                turn=self._turn.get(),
                key=block.key,
                status=ending.status,
                reason=ending.reason,
                attributes=attributes,
            )
        )
        self.memory.release_owner(block.key)

    def close_above(self, block: Block, ending: Ending = FORCED) -> bool:
        """See `Block.close_children`."""
        finished = False
        child = self.stack.current
        while child is not None and child is not block:
            finished = child.finished
            self.stack.pop(ending)
            child = self.stack.current
            if child is not None:
                child.set("child_finished", finished)
        return finished

    def end_all(self, status: Status, reason: Any) -> None:
        """Ends the session and all that is open, now."""
        ending = Ending(status, reason)
        self._pushes.clear()
        self._endings.clear()
        while self.stack.current is not None:
            self.stack.pop(ending)
        self._forget_requests()
        clock = self._clock.get()
        paused = self._now.get() - clock.paused_at if clock.paused_at is not None else 0
        self._clock.set(Clock("done", None, clock.paused_total + paused))

    def add_up(self, block: Block, tally: Tally) -> None:
        """See `Block.add_up`."""
        parent = self.stack.parent(block)
        if parent is not None:
            so_far: Tally | None = parent.get("tally")
            parent.set("tally", tally if so_far is None else so_far.plus(tally))

    def emit(self, event: Event) -> None:
        """Puts an event into the stream."""
        self.out.append(event)
        self._publish(event)


__all__ = ["SESSION", "Clock", "DepthError", "Engine", "LimitError"]
