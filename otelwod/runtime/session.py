"""A workout being done: inputs in, events out. No clock, no thread, no sleep; time is an argument.

``send`` first runs every boundary up to the input's time, each stamped with its own moment and in order, then the
input itself. So a live session, a simulation, a replay and a test are the same code, and one late tick gives the same
events as a tick a millisecond, turn numbers included. Not thread-safe: a session has one driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from otelwod.runtime.actions import Action, act
from otelwod.runtime.block import Block
from otelwod.runtime.blocks import BLOCKS, BlockFactory
from otelwod.runtime.bus import EventBus, Subscriber
from otelwod.runtime.capture import reject
from otelwod.runtime.engine import SESSION, DepthError, Engine, LimitError
from otelwod.runtime.events import Event, TapUndone
from otelwod.runtime.inputs import TAPS, Input, InputError, check
from otelwod.runtime.memory import Change, MemoryEntry, RuntimeMemory
from otelwod.runtime.metrics import is_stream, measure
from otelwod.runtime.program import Limits, Node, Program, ProgramError
from otelwod.runtime.stack import RuntimeStack
from otelwod.runtime.taps import tap

__all__ = ["LimitError", "Session"]


class Undoable(NamedTuple):
    """The last tap, in the session's ``undo`` reference: its changes, its turn and time, and sensor values since."""

    log: tuple[Change, ...]
    turn: int
    t: int
    samples: tuple[Input, ...] = ()


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
        self._bus = EventBus(history)
        self._engine = Engine(program, self.limits, {**BLOCKS, **(blocks or {})}, self._bus)
        self._busy = False
        self._closed = False

    # -------------------------------------------------------------------------------------------------- for readers

    @property
    def memory(self) -> RuntimeMemory:
        """The session's whole state."""
        return self._engine.memory

    @property
    def stack(self) -> RuntimeStack:
        """The open blocks."""
        return self._engine.stack

    @property
    def turn(self) -> int:
        """The number of the last tap, action or boundary; see `events`."""
        return self._engine.turn

    @property
    def now(self) -> int:
        """Nanoseconds from the start, pauses included."""
        return self._engine.now

    @property
    def active_now(self) -> int:
        """Nanoseconds from the start, pauses not counted."""
        return self._engine.active_now

    @property
    def is_started(self) -> bool:
        """Whether the session was started."""
        return self._engine.clock.status != "waiting"

    @property
    def is_done(self) -> bool:
        """Whether the session has ended."""
        return self._engine.clock.status == "done"

    @property
    def is_paused(self) -> bool:
        """Whether the session is paused."""
        return self._engine.clock.paused_at is not None

    @property
    def current(self) -> Block | None:
        """The innermost open block."""
        return self._engine.stack.current

    @property
    def next_boundary(self) -> int | None:
        """When the next timer ends, in nanoseconds from the start, if nothing else happens; None while paused."""
        clock = self._engine.clock
        deadline = self._engine.next_deadline() if clock.paused_at is None else None
        return deadline[0] + clock.paused_total if deadline is not None else None

    @property
    def subscriber_failures(self) -> int:
        """How often a subscriber raised."""
        return self._bus.failures

    @property
    def can_undo(self) -> bool:
        """Whether ``undo`` would take a tap back: none since a boundary, and none twice."""
        return self._engine.undo.get() is not None

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
        out = self._begin_turn()
        try:
            check(entry, self._engine.now)
            self._take(entry)
        except (LimitError, DepthError) as error:
            self._interrupt()
            raise LimitError(str(error)) from None
        finally:
            self._busy = False
        return out

    def perform(self, action: Action) -> list[Event]:
        """An action of the program itself on the current block, now. `ValueError` for a segment no leaf can have."""
        out = self._begin_turn()
        engine = self._engine
        before = engine.turn
        try:
            engine.turn = before + 1
            act(engine, action)
        finally:
            self._busy = False
            if out:
                engine.undo.set(None)
            else:
                engine.turn = before
        return out

    def interrupt(self) -> list[Event]:
        """The crash: ends everything now as failed, interrupted."""
        out = self._begin_turn()
        try:
            self._interrupt()
        finally:
            self._busy = False
        return out

    def reset(self) -> None:
        """Back to before the start. Subscribers stay."""
        self._closed = False
        self._engine.clear()

    def close(self) -> None:
        """Interrupts what still runs, makes the last tap final, and empties the memory. Harmless twice.

        ``now`` and the like keep what they were; inputs are refused.
        """
        if not self._closed:
            self.interrupt()
            self._closed = True
            self._engine.release_all()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _interrupt(self) -> None:
        if self.is_started and not self.is_done:
            engine = self._engine
            engine.turn += 1
            engine.undo.set(None)
            engine.end_all("failed", "interrupted")

    def _begin_turn(self) -> list[Event]:
        if self._busy:
            raise RuntimeError("the session is in the middle of an input; a subscriber must not send another")
        if self._closed:
            raise InputError("the session was closed; make a new one, or reset it")
        self._busy = True
        out: list[Event] = []
        self._engine.out = out
        return out

    def _take(self, entry: Input) -> None:
        engine = self._engine
        status = engine.clock.status
        if status == "waiting":
            if entry.kind == "start" and entry.t != 0:
                raise InputError("a session starts at t = 0")
            engine.begin()
        elif entry.kind == "start":
            raise InputError("the session has started already")
        elif status == "done":
            self._take_after_the_end(entry)
            return
        if engine.advance(entry.t):
            engine.undo.set(None)
        kind = entry.kind
        if kind == "tick" or kind == "start":
            return
        if kind == "undo":
            self._undo()
        elif engine.clock.status == "done":
            self._take_after_the_end(entry)
        elif kind == "record" and is_stream(entry.metric):
            self._take_sample(entry)
        else:
            self._tap(entry)

    def _tap(self, entry: Input) -> None:
        engine = self._engine
        before = engine.turn
        after = before + 1
        log = engine.memory.log_changes()
        try:
            engine.turn = after
            tap(engine, entry)
            engine.settle()
        finally:
            engine.memory.stop_log()
        out = engine.out
        if out and out[-1].turn == after:
            engine.undo.set(Undoable(tuple(log), after, entry.t) if entry.kind in TAPS else None)
            return
        # Nothing came of it ("next" while paused): it was no tap, and the one before can still be undone.
        engine.turn = before
        pending: Undoable | None = engine.undo.get()
        if pending is not None and log:
            engine.undo.set(pending._replace(log=(*pending.log, *log)))

    def _take_sample(self, entry: Input) -> None:
        """A sensor's value is no tap: it stays within the turn of a tap that can still be undone, and survives that."""
        engine = self._engine
        pending: Undoable | None = engine.undo.get()
        if pending is not None and len(pending.samples) < self.limits.samples:
            engine.undo.set(pending._replace(samples=(*pending.samples, entry)))
        else:
            engine.undo.set(None)
            engine.turn += 1
        block = engine.stack.current
        if block is not None:
            tap(engine, entry)
        else:
            self._reject_ended(entry)

    def _undo(self) -> None:
        """Takes the last tap back: the state before it, then whatever time and sensors have brought since."""
        engine = self._engine
        undoable: Undoable | None = engine.undo.get()
        if undoable is None:
            return
        now = engine.now
        engine.memory.roll_back(undoable.log)
        engine.rebuild()
        engine.undo.set(None)
        engine.now = undoable.t
        engine.turn = undoable.turn + 1
        engine.emit(TapUndone(t=undoable.t, turn=engine.turn, undone_turn=undoable.turn))
        for sample in undoable.samples:
            engine.advance(sample.t)
            self._take_sample(sample)
        engine.advance(now)

    def _take_after_the_end(self, entry: Input) -> None:
        """After the end only values are worth a word: they are rejected, and counted. ``undo`` may still come."""
        engine = self._engine
        if entry.kind == "undo" and self.can_undo:
            engine.now = entry.t
            self._undo()
        elif entry.kind == "record" and is_stream(entry.metric):
            self._take_sample(entry)
        elif entry.kind in ("reps", "record"):
            engine.turn += 1
            engine.undo.set(None)
            self._reject_ended(entry)

    def _reject_ended(self, entry: Input) -> None:
        metric, unit = ("reps", "") if entry.kind == "reps" else (entry.metric, entry.unit)
        measured = measure(metric, entry.value, unit)
        self._engine.now = entry.t
        reject(self._engine, self.program.nodes[0].path, measured, entry.value, "athlete", "ended", entry.type)

    # ------------------------------------------------------------------------------------------------------ snapshot

    @classmethod
    def from_snapshot(cls, program: Program, snapshot: tuple[MemoryEntry, ...], **options: Any) -> Session:
        """A session whose memory equals the snapshot: it goes on as the one it was taken from."""
        session = cls(program, **options)
        session.memory.release_owner(SESSION)
        session.memory.load(snapshot)
        session._engine.rebuild()
        return session
