"""Values into the stream: to the open block where they count, rejected with a reason where they do not."""

from __future__ import annotations

from typing import Any, Final

from otelwod.conventions import RejectionReason
from otelwod.runtime.block import Block, LeafSegment
from otelwod.runtime.engine import Engine
from otelwod.runtime.events import MetricRejected
from otelwod.runtime.metrics import STREAMS, Measured, measure
from otelwod.runtime.tally import Amounts

WORK: Final = frozenset({"reps", "distance", "energy"})
"""What is only done at work: such a value ends a rest that the athlete took."""
_MOST_TEXT = 200
"""Characters of a value that is no number which a rejection keeps."""


def capture(engine: Engine, block: Block, metric: str, value: Any, unit: str, type: str | None, source: str) -> None:
    """Records a value of ``block``, or rejects it. Amounts of work wake an athlete who rests."""
    measured = measure(metric, value, unit)
    name, number, canonical, problem = measured
    if problem:
        reject(engine, block.key, measured, value, source, "invalid", type)
        return
    if name in STREAMS:
        block.record(name, number, canonical, source, type)
        return
    if engine.clock.paused_at is not None:
        reject(engine, block.key, measured, value, source, "paused", type)
        return
    segment: LeafSegment | None = block.get("segment")
    if segment is not None and segment.type == "rest":
        if name in WORK and segment.taken:
            wake(block)
        else:
            reject(engine, block.key, measured, value, source, "rest", type)
            return
    block.record(name, number, canonical, source, type)
    amounts: Amounts | None = block.get("amounts")
    if amounts is not None:
        more = amounts.plus(name, number)
        if more is not amounts:
            block.set("amounts", more)


def wake(block: Block) -> None:
    """Ends a rest that was taken in the middle of work; a block's own rest goes on."""
    segment: LeafSegment | None = block.get("segment")
    if segment is not None and segment.taken:
        block.stop_rest()
        block.start_leaf("work", block.get("label"))


def reject(
    engine: Engine,
    key: str,
    measured: Measured,
    given: Any,
    source: str,
    reason: RejectionReason,
    type: str | None,
) -> None:
    """Says that a value was not accepted; one that is no number is kept as (bounded) text."""
    engine.emit(
        MetricRejected(
            t=engine.now,
            turn=engine.turn,
            block=key,
            metric=measured.metric,
            value=_text(given) if measured.problem else measured.value,
            unit=measured.unit,
            source=source,
            reason=reason,
            type=type,
        )
    )


def _text(given: Any) -> str:
    """What was given, as text, whatever it is."""
    if isinstance(given, str):
        return given[:_MOST_TEXT]
    if isinstance(given, int | float) and not isinstance(given, bool):
        try:
            return str(given)[:_MOST_TEXT]
        except ValueError:  # an integer of thousands of digits
            return "a number too long to write"
    return f"{given.__class__.__name__} object" if given is not None else "None"
