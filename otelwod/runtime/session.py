"""A workout being done: inputs in, events out. No clock, no thread, no sleep; time is an argument.

``send`` first runs every boundary up to the input's time, each stamped with its own moment and in order, then the
input itself. So a live session, a simulation, a replay and a test are the same code, and one late tick gives the same
events as a tick a millisecond. Not thread-safe: a session has one driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from otelwod import conventions as c
from otelwod.runtime.attributes import is_skippable, label_of, start_attributes
from otelwod.runtime.behaviors import Work
from otelwod.runtime.block import Block, BlockState, Ending, LeafSegment
from otelwod.runtime.blocks import BLOCKS, BlockFactory
from otelwod.runtime.bus import EventBus, Subscriber
from otelwod.runtime.events import (
    Event,
    MetricRejected,
    SpanPaused,
    SpanResumed,
    SpanStarted,
    SpanStopped,
    TapUndone,
    Value,
)
from otelwod.runtime.inputs import TAPS, Input, InputError, format_seconds
from otelwod.runtime.memory import Checkpoint, MemoryEntry, RuntimeMemory
from otelwod.runtime.metrics import STREAMS, Measured, measure
from otelwod.runtime.program import Limits, Node, Program, ProgramError, takes_scheme
from otelwod.runtime.scores import Score
from otelwod.runtime.stack import DepthError, RuntimeStack
from otelwod.runtime.tally import Amounts, Tally

SESSION = "session"
"""Owner of what belongs to no single block."""


class Clock(NamedTuple):
    """Where a session is in time, in its ``clock`` reference."""

    status: str
    now: int
    paused_at: int | None
    paused_total: int
    opened: int
    """Blocks opened so far."""


class LimitError(RuntimeError):
    """The session opened more blocks than `Limits` allows, and was stopped."""


class Session:
    """Runs a `Program`. `ProgramError` where it has errors: nothing may start that cannot run.

    ``blocks`` adds or replaces block types (see `BLOCKS`); a statement names one by an attached ``block`` value.
    ``history`` is how many events late subscribers can catch up on.
    """

    def __init__(
        self,
        program: Program,
        *,
        limits: Limits | None = None,
        blocks: Mapping[str, BlockFactory] | None = None,
        history: int = 4096,
    ) -> None:
        if program.errors:
            raise ProgramError(program.errors)
        self.program = program
        self.limits = limits or Limits()
        self._factories = {**BLOCKS, **(blocks or {})}
        self._behaviors: dict[int, tuple[Any, ...]] = {}
        self._bus = EventBus(history)
        self._out: list[Event] = []
        self.memory = RuntimeMemory()
        self.stack = RuntimeStack(self.limits.depth)
        self._reset_state()

    def _reset_state(self) -> None:
        self._push_requests: dict[str, int] = {}
        self._end_requests: dict[str, Ending] = {}
        self._deadline: tuple[int, int] | bool | None = False
        self._checkpoint: tuple[Checkpoint, int] | None = None
        self._clock = self.memory.allocate("clock", SESSION, Clock("waiting", 0, None, 0, 0), visibility="public")
        self._turn = self.memory.allocate("turn", SESSION, 0, visibility="public")

    # -------------------------------------------------------------------------------------------------- for readers

    @property
    def turn(self) -> int:
        """The number of the last tap or boundary; see `events`."""
        return self._turn.get()

    @property
    def now(self) -> int:
        """Nanoseconds from the start, pauses included."""
        return self._clock.get().now

    @property
    def active_now(self) -> int:
        """Nanoseconds from the start, pauses not counted."""
        clock = self._clock.get()
        return (clock.now if clock.paused_at is None else clock.paused_at) - clock.paused_total

    @property
    def is_started(self) -> bool:
        """Whether the session was started."""
        return self._clock.get().status != "waiting"

    @property
    def is_done(self) -> bool:
        """Whether the session has ended."""
        return self._clock.get().status == "done"

    @property
    def is_paused(self) -> bool:
        """Whether the session is paused."""
        return self._clock.get().paused_at is not None

    @property
    def current(self) -> Block | None:
        """The innermost open block."""
        return self.stack.current

    @property
    def next_boundary(self) -> int | None:
        """When the next timer ends, in nanoseconds from the start, if nothing else happens; None while paused."""
        if self.is_paused:
            return None
        deadline = self._next_deadline()
        return deadline[0] + self._clock.get().paused_total if deadline is not None else None

    @property
    def subscriber_failures(self) -> int:
        """How often a subscriber raised."""
        return self._bus.failures

    @property
    def can_undo(self) -> bool:
        """Whether `undo` would take a tap back: none since a boundary, and none twice."""
        return self._checkpoint is not None

    def next_up(self) -> Node | None:
        """What comes after the current block: the look-ahead of the innermost block that has one."""
        for block in reversed(self.stack.blocks()):
            for behavior in block.behaviors:
                index = behavior.peek(block)
                if index is not None:
                    return self.program.nodes[index]
        return None

    def subscribe(self, subscriber: Subscriber, *, catch_up: bool = False) -> Callable[[], None]:
        """Delivers every event to ``subscriber``; call what is returned to end it."""
        return self._bus.subscribe(subscriber, catch_up=catch_up)

    # ------------------------------------------------------------------------------------------------------- inputs

    def send(self, entry: Input) -> list[Event]:
        """Runs the boundaries up to the input's time, then the input. Returns what was emitted.

        `InputError` where time runs backwards or the start is not at 0; `LimitError` where a limit broke: then
        the session was ended as interrupted, and nothing recorded before is lost.
        """
        self._out = []
        try:
            self._take(entry)
        except (LimitError, DepthError) as error:
            self.interrupt()
            raise LimitError(str(error)) from None
        return self._out

    def _take(self, entry: Input) -> None:
        clock = self._clock.get()
        if entry.t < clock.now:
            raise InputError(f"{entry.kind} at {format_seconds(entry.t)} s comes after {format_seconds(clock.now)} s")
        if clock.status == "waiting":
            if entry.kind == "start" and entry.t != 0:
                raise InputError("a session starts at t = 0")
            self._begin()
        elif entry.kind == "start":
            raise InputError("the session has started already")
        if clock.status == "done":
            self._take_after_the_end(entry)
            return
        self._advance(entry.t)
        if entry.kind in ("start", "tick"):
            return
        if entry.kind == "undo":
            self._undo()
            return
        if self.is_done:
            self._take_after_the_end(entry)
            return
        if entry.kind in TAPS:
            self._checkpoint = (self.memory.checkpoint(), self.turn + 1)
        else:
            self._checkpoint = None
        self._turn.set(self.turn + 1)
        self._tap(entry)
        self._settle()

    def _tap(self, entry: Input) -> None:
        kind = entry.kind
        if kind == "reps":
            self._measure("reps", entry.value, "", entry.type)
        elif kind == "record":
            self._measure(entry.metric, entry.value, entry.unit, entry.type)
        elif kind == "stop":
            self._end_all(Ending("skipped", "aborted"))
        elif kind == "pause":
            self._pause()
        elif kind == "resume":
            self._resume()
        elif not self.is_paused:
            block = self.stack.current
            if block is None:
                return
            if kind == "next":
                self._wake(block)
                self._next(block)
            elif kind == "skip":
                self._skip(block)
            elif kind == "rest":
                self._rest(block)

    def emit_metric(self, metric: str, value: float, unit: str = "", type: str | None = None) -> list[Event]:
        """The action *EmitMetric*: a value for the current block, now, by the program itself."""
        self._out = []
        if self.stack.current is not None:
            self._turn.set(self.turn + 1)
            self._checkpoint = None
            self._measure(metric, value, unit, type, source="runtime")
        return self._out

    def start_segment(self, type: str, label: str) -> list[Event]:
        """The action *StartSegment*: splits the current leaf block, now. `ValueError` for a type that is no leaf's."""
        if type not in ("work", "rest"):
            raise ValueError(f"a leaf segment is work or rest, not {type!r}; rounds and minutes belong to behaviours")
        self._out = []
        block = self.stack.current
        if block is not None and block.get("segment") is not None and not self.is_paused:
            self._turn.set(self.turn + 1)
            self._checkpoint = None
            block.stop_rest() if type == "work" else None
            block.start_leaf("work" if type == "work" else "rest", label)
        return self._out

    def end_segment(self) -> list[Event]:
        """The action *EndSegment*: back to what the current block is by itself."""
        block = self.stack.current
        own = "rest" if block is not None and block.node.type == "rest" else "work"
        return self.start_segment(own, block.get("label", "") if block is not None else "")

    def interrupt(self) -> list[Event]:
        """The crash: ends everything now as failed, interrupted."""
        self._push_requests.clear()
        self._end_requests.clear()
        if self.is_started and not self.is_done:
            self._turn.set(self.turn + 1)
            self._end_all(Ending("failed", "interrupted"))
        return self._out

    def reset(self) -> None:
        """Back to before the start. Subscribers stay; the memory is empty but for the clock."""
        for reference in self.memory:
            self.memory.release(reference)
        self.stack.replace([])
        self._behaviors.clear()
        self._reset_state()

    # --------------------------------------------------------------------------------------------------------- time

    def _begin(self) -> None:
        self._clock.set(Clock("running", 0, None, 0, 0))
        self._turn.set(self.turn + 1)
        self._open(self.program.nodes[0], None)
        self._settle()

    def _advance(self, t: int) -> None:
        """Runs every boundary up to and including ``t``: at equal times boundaries come before inputs."""
        while not self.is_done:
            clock: Clock = self._clock.get()
            deadline = self._next_deadline() if clock.paused_at is None else None
            if deadline is None or deadline[0] > t - clock.paused_total:
                break
            due, index = deadline
            self._clock.set(clock._replace(now=due + clock.paused_total))
            self._turn.set(self.turn + 1)
            self._checkpoint = None
            self._expire(self.stack.blocks()[index], due)
            self._settle()
        clock = self._clock.get()
        if clock.status == "running":
            self._clock.set(clock._replace(now=t))

    def _next_deadline(self) -> tuple[int, int] | None:
        """The earliest deadline with the depth of its block, the outermost first; remembered until a change."""
        known = self._deadline
        if not isinstance(known, bool):
            return known
        earliest: tuple[int, int] | None = None
        for index, block in enumerate(self.stack):
            for behavior in block.behaviors:
                due = behavior.deadline(block)
                if due is not None and (earliest is None or due < earliest[0]):
                    earliest = (due, index)
        self._deadline = earliest
        return earliest

    def _expire(self, block: Block, due: int) -> None:
        self._deadline = False
        for behavior in block.behaviors:
            if behavior.deadline(block) == due:
                behavior.expire(block)
                return

    # ------------------------------------------------------------------------------------------------ open and close

    def request_push(self, block: Block, node: int) -> None:
        """For behaviours: see `Block.push`."""
        self._push_requests[block.key] = node

    def request_end(self, block: Block, ending: Ending) -> None:
        """For behaviours: see `Block.complete`."""
        self._end_requests.setdefault(block.key, ending)

    def _settle(self) -> None:
        """Carries out what behaviours asked for, until nothing is left to do at this moment."""
        while self._end_requests or self._push_requests:
            ending_block = self._outermost_ending() if self._end_requests else None
            if ending_block is not None:
                self._end(ending_block)
                continue
            self._end_requests.clear()
            top = self.stack.current
            if top is None or top.key not in self._push_requests:
                self._push_requests.clear()
                break
            node = self.program.nodes[self._push_requests.pop(top.key)]
            self._open(node, top)
        self._deadline = False

    def _outermost_ending(self) -> Block | None:
        for block in self.stack:
            if block.key in self._end_requests:
                return block
        return None

    def _end(self, block: Block) -> None:
        ending = self._end_requests.pop(block.key)
        self.close_above(block, Ending("completed", "forced"))
        self._close(block, ending)
        parent = self.stack.current
        if parent is None:
            self._clock.set(self._clock.get()._replace(status="done"))
            return
        if parent.key in self._end_requests:
            return
        for behavior in parent.behaviors:
            if behavior.child_done(parent, block.node, ending):
                return

    def close_above(self, block: Block, ending: Ending) -> None:
        """For behaviours: see `Block.close_children`."""
        on_time = False
        while self.stack.current is not None and self.stack.current is not block:
            child = self.stack.current
            active = self.active_now
            on_time = any(b.deadline(child) == active for b in child.behaviors)
            self._end_requests.pop(child.key, None)
            self._close(child, ending)
        if on_time:
            block.set("child_on_time", True)

    def _end_all(self, ending: Ending) -> None:
        while self.stack.current is not None:
            self._close(self.stack.current, ending)
        self._push_requests.clear()
        self._end_requests.clear()
        self._deadline = False
        clock: Clock = self._clock.get()
        paused = clock.now - clock.paused_at if clock.paused_at is not None else 0
        self._clock.set(clock._replace(status="done", paused_at=None, paused_total=clock.paused_total + paused))

    def _open(self, node: Node, parent: Block | None) -> None:
        clock: Clock = self._clock.get()
        if clock.opened >= self.limits.blocks:
            raise LimitError(f"more than {self.limits.blocks:,} blocks ran; raise `blocks` in Limits")
        self._clock.set(clock._replace(opened=clock.opened + 1))
        parent_key = parent.span_key if parent is not None else None
        key = f"{parent_key}.{node.position}" if parent_key is not None else node.path
        state = BlockState(node.index, key, parent_key, clock.now, self.active_now)
        self.memory.allocate("block", key, state, visibility="public")
        block = Block(self, node, state, self._behaviors_of(node))
        self.stack.push(block)
        target = self._inherited_reps(node)
        label = label_of(node, target, self.program.profile)
        block.set("label", label)
        if target is not None:
            block.set("reps_target", target)
        self.emit(
            SpanStarted(
                t=clock.now,
                turn=self.turn,
                key=key,
                parent=parent_key,
                block_id=node.path,
                block_type=node.type,  # type: ignore[arg-type]  # a block of one's own may name its own type
                label=label,
                depth=node.depth,
                line=node.statement.line if node.statement is not None else None,
                attributes=start_attributes(node, target, self.program.profile),
            )
        )
        for behavior in block.behaviors:
            behavior.mount(block)

    def _close(self, block: Block, ending: Ending) -> None:
        """Unmounts, pops and disposes of the innermost block."""
        attributes: dict[str, Value] = {}
        for behavior in block.behaviors:
            attributes.update(behavior.unmount(block, ending))
        block.end_leaf()
        block.stop_rest()
        block.end_round(complete=block.get("round_complete", False))
        self._push_requests.pop(block.key, None)
        parent = self._parent_of_top()
        tally: Tally | None = block.get("tally")
        if parent is not None and tally is not None:
            self._add(parent, tally)
        self.stack.pop()
        self._deadline = False
        self.emit(
            SpanStopped(
                t=self.now,
                turn=self.turn,
                key=block.key,
                status=ending.status,
                reason=ending.reason,
                attributes=attributes,
            )
        )
        self.memory.release_owner(block.key)
        if parent is None:
            self._release_scores()

    def _behaviors_of(self, node: Node) -> tuple[Any, ...]:
        found = self._behaviors.get(node.index)
        if found is None:
            name = node.statement.values.get("block") if node.statement is not None else None
            factory = self._factories.get(str(name)) if name is not None else None
            factory = factory or self._factories[node.type]
            found = self._behaviors[node.index] = factory(node, self.program.profile)
        return found

    def _inherited_reps(self, node: Node) -> int | None:
        """The reps of the nearest rep scheme above, for an effort that names no amount of its own."""
        if node.type != "effort" or node.statement is None or not takes_scheme(node.statement):
            return None
        for block in reversed(self.stack.blocks()):
            reps: int | None = block.get("scheme_reps")
            if reps is not None:
                return reps
        return None

    # ------------------------------------------------------------------------------------------------- single inputs

    def _next(self, block: Block) -> None:
        for behavior in block.behaviors:
            if behavior.next(block):
                return

    def can_advance(self, block: Block) -> bool:
        """For behaviours: whether a tap on "next" ends this block."""
        return is_skippable(block.node)

    def _skip(self, block: Block) -> None:
        if block.node.statement is not None and is_skippable(block.node):
            self.request_end(block, Ending("skipped", "user_advance"))

    def _rest(self, block: Block) -> None:
        """The athlete rests inside the current work, until the next input that works."""
        segment: LeafSegment | None = block.get("segment")
        if segment is not None and segment.type == "work":
            block.start_leaf("rest", "Rest")

    def _wake(self, block: Block) -> None:
        """Ends a rest that the athlete took; a rest block's own rest goes on."""
        segment: LeafSegment | None = block.get("segment")
        if segment is not None and segment.type == "rest" and block.node.type != "rest":
            block.stop_rest()
            block.start_leaf("work", block.get("label"))

    def _pause(self) -> None:
        clock: Clock = self._clock.get()
        if clock.paused_at is not None:
            return
        self._clock.set(clock._replace(paused_at=clock.now))
        for block in self.stack:
            self.emit(SpanPaused(t=clock.now, turn=self.turn, key=block.key))
        top = self.stack.current
        if top is not None:
            top.set("before_pause", top.get("segment"))
            top.start_leaf("pause", "Paused")

    def _resume(self) -> None:
        clock: Clock = self._clock.get()
        if clock.paused_at is None:
            return
        paused = clock.now - clock.paused_at
        self._clock.set(clock._replace(paused_at=None, paused_total=clock.paused_total + paused))
        top = self.stack.current
        if top is not None:
            before: LeafSegment | None = top.get("before_pause")
            if before is not None:
                top.start_leaf(before.type, before.label)
            else:
                top.end_leaf()
        for block in self.stack:
            self.emit(SpanResumed(t=clock.now, turn=self.turn, key=block.key))
        self._deadline = False

    def _undo(self) -> None:
        """Takes the last tap back: the state before it, and whatever time has run since."""
        if self._checkpoint is None:
            return
        checkpoint, undone = self._checkpoint
        now, turn = self.now, self.turn
        self._checkpoint = None
        self.memory.restore(checkpoint)
        self._rebuild_stack()
        self._turn.set(turn + 1)
        self.emit(TapUndone(t=now, turn=self.turn, undone_turn=undone))
        self._advance(now)

    # ------------------------------------------------------------------------------------------------------- metrics

    def _measure(self, metric: str, value: float, unit: str, type: str | None, source: str = "athlete") -> None:
        measured = measure(metric, value, unit)
        block = self.stack.current
        if block is None:
            return
        if measured.problem:
            self._reject(block.key, measured, value, source, "invalid", type)
            return
        if measured.metric in STREAMS:
            block.record(measured.metric, measured.value, measured.unit, source, type)
            return
        if self.is_paused:
            self._reject(block.key, measured, value, source, "paused", type)
            return
        if measured.metric in ("reps", "distance", "energy"):
            self._wake(block)
        segment: LeafSegment | None = block.get("segment")
        if segment is not None and segment.type == "rest":
            self._reject(block.key, measured, value, source, "rest", type)
            return
        block.record(measured.metric, measured.value, measured.unit, source, type)
        amounts: Amounts | None = block.get("amounts")
        if amounts is None:
            return
        if measured.metric == "load":
            block.set("amounts", amounts._replace(load=measured.value))
        elif measured.metric == "reps":
            block.set("amounts", amounts._replace(reps=amounts.reps + measured.value))
        elif measured.metric == "distance":
            block.set("amounts", amounts._replace(distance=amounts.distance + measured.value))
        elif measured.metric == "energy":
            block.set("amounts", amounts._replace(energy=amounts.energy + measured.value))

    def _reject(
        self,
        key: str,
        measured: Measured,
        given: float,
        source: str,
        reason: c.RejectionReason,
        type: str | None,
    ) -> None:
        value: float | str = measured.value if not measured.problem else str(given)
        self.emit(
            MetricRejected(
                t=self.now,
                turn=self.turn,
                block=key,
                metric=measured.metric,
                value=value,
                unit=measured.unit,
                source=source,
                reason=reason,
                type=type,
            )
        )

    def _take_after_the_end(self, entry: Input) -> None:
        """After the end only values are worth a word: they are rejected, and counted. ``undo`` may still come."""
        if entry.kind == "undo" and self._checkpoint is not None:
            self._clock.set(self._clock.get()._replace(now=max(entry.t, self.now)))
            self._undo()
        elif entry.kind in ("reps", "record"):
            self._turn.set(self.turn + 1)
            self._checkpoint = None
            name, unit = ("reps", "") if entry.kind == "reps" else (entry.metric, entry.unit)
            measured = measure(name, entry.value, unit)
            self._clock.set(self._clock.get()._replace(now=max(entry.t, self.now)))
            self._reject(self.program.nodes[0].path, measured, entry.value, "athlete", "ended", entry.type)

    def add_up(self, block: Block, tally: Tally) -> None:
        """For behaviours: a leaf's amounts go to its parent, once."""
        parent = self.stack.parent(block)
        if parent is not None:
            self._add(parent, tally)

    @staticmethod
    def _add(parent: Block, tally: Tally) -> None:
        so_far: Tally | None = parent.get("tally")
        parent.set("tally", tally if so_far is None else so_far.plus(tally))

    def target_reached(self) -> bool:
        """For behaviours: whether the innermost open effort has done all that was asked."""
        block = self.stack.current
        if block is None:
            return False
        return any(isinstance(b, Work) and b.reached(block) for b in block.behaviors)

    # -------------------------------------------------------------------------------------------------------- scores

    def note_score(self, score: Score) -> None:
        """For behaviours: a scored block ended."""
        noted, _ = self.noted_scores()
        reference = self.memory.find(SESSION, "score")
        if reference is None:
            self.memory.allocate("score", SESSION, (noted + 1, score))
        else:
            reference.set((noted + 1, score))

    def noted_scores(self) -> tuple[int, Score]:
        """How many scored blocks ended, and the score of the last."""
        reference = self.memory.find(SESSION, "score")
        return reference.get() if reference is not None else (0, {})

    def _release_scores(self) -> None:
        reference = self.memory.find(SESSION, "score")
        if reference is not None:
            self.memory.release(reference)

    # ------------------------------------------------------------------------------------------------------- plumbing

    def emit(self, event: Event) -> None:
        """For behaviours: puts an event into the stream."""
        self._out.append(event)
        self._bus.publish(event)

    def _parent_of_top(self) -> Block | None:
        blocks = self.stack.blocks()
        return blocks[-2] if len(blocks) > 1 else None

    def _rebuild_stack(self) -> None:
        """Handles for the blocks that the memory says are open."""
        blocks = []
        for reference in self.memory.search(type="block"):
            state: BlockState = reference.get()
            node = self.program.nodes[state.node]
            blocks.append(Block(self, node, state, self._behaviors_of(node)))
        self.stack.replace(blocks)
        clock, turn = self.memory.find(SESSION, "clock"), self.memory.find(SESSION, "turn")
        if clock is not None and turn is not None:
            self._clock, self._turn = clock, turn
        self._push_requests.clear()
        self._end_requests.clear()
        self._deadline = False

    @classmethod
    def from_snapshot(cls, program: Program, snapshot: tuple[MemoryEntry, ...], **options: Any) -> Session:
        """A session whose memory equals the snapshot: it goes on as the one it was taken from."""
        session = cls(program, **options)
        session.memory.release_owner(SESSION)
        session.memory.load(snapshot)
        session._rebuild_stack()
        return session
