"""What each input does to the open blocks. Every function acts at the engine's present moment, in its present turn."""

from __future__ import annotations

from otelwod.runtime.attributes import is_skippable
from otelwod.runtime.block import Block, Ending, LeafSegment
from otelwod.runtime.capture import capture, wake
from otelwod.runtime.engine import Engine
from otelwod.runtime.events import SpanPaused, SpanResumed
from otelwod.runtime.inputs import Input


def tap(engine: Engine, entry: Input) -> None:
    """Carries out one input other than ``start``, ``tick`` and ``undo``."""
    kind = entry.kind
    block = engine.stack.current
    if block is None:
        return
    if kind == "reps":
        capture(engine, block, "reps", entry.value, "", entry.type, "athlete")
    elif kind == "record":
        capture(engine, block, entry.metric, entry.value, entry.unit, entry.type, "athlete")
    elif kind == "stop":
        engine.end_all("skipped", "aborted")
    elif kind == "pause":
        pause(engine)
    elif kind == "resume":
        resume(engine)
    elif engine.clock.paused_at is not None:
        return  # while everything is paused, nothing moves on
    elif kind == "next":
        wake(block)
        engine.tap_next(block)
    elif kind == "skip":
        skip(engine, block)
    elif kind == "rest":
        rest(block)


def skip(engine: Engine, block: Block) -> None:
    """Ends a block unfinished, unless the text says that it cannot be skipped."""
    if block.node.statement is not None and is_skippable(block.node):
        engine.request_end(block, Ending("skipped", "user_advance"))


def rest(block: Block) -> None:
    """The athlete rests inside the current work, until the next input that works."""
    segment: LeafSegment | None = block.get("segment")
    if segment is not None and segment.type == "work":
        block.start_leaf("rest", "Rest", taken=True)


def pause(engine: Engine) -> None:
    """Stops the whole tree, root first; what the innermost block did becomes a pause."""
    if engine.clock.paused_at is not None:
        return
    engine.pause()
    for block in engine.stack:
        engine.emit(SpanPaused(t=engine.now, turn=engine.turn, key=block.key))
    top = engine.stack.current
    if top is not None:
        top.set("before_pause", top.get("segment"))
        top.start_leaf("pause", "Paused")


def resume(engine: Engine) -> None:
    """Lets the whole tree go on with what it was at."""
    if engine.clock.paused_at is None:
        return
    engine.resume()
    top = engine.stack.current
    if top is not None:
        before: LeafSegment | None = top.get("before_pause")
        if before is not None:
            top.start_leaf(before.type, before.label, taken=before.taken)
        else:
            top.end_leaf()
    for block in engine.stack:
        engine.emit(SpanResumed(t=engine.now, turn=engine.turn, key=block.key))
