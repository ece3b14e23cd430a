"""What a program, rather than the athlete, does to the current block: values and segments of its own.

`Session.perform` takes one of these. An app that measures by itself (a sensor that counts, a coach's rule that splits
an effort) performs actions; what the athlete says are inputs. Actions are not undone by `undo`, and are not in a
journal: an app that resumes sessions performs them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from otelwod.runtime.block import LeafSegment
from otelwod.runtime.capture import capture
from otelwod.runtime.engine import Engine


@dataclass(frozen=True, slots=True)
class EmitMetric:
    """A value for the current block; rejected where the athlete's would be. Its ``source`` is ``runtime``."""

    metric: str
    value: float
    unit: str = ""
    type: str | None = None


@dataclass(frozen=True, slots=True)
class StartSegment:
    """Splits the current leaf block: what follows is ``work`` or ``rest`` under this label."""

    type: Literal["work", "rest"]
    label: str


@dataclass(frozen=True, slots=True)
class EndSegment:
    """The current leaf block is again what it is by itself: a rest block rests, any other works."""


Action: TypeAlias = EmitMetric | StartSegment | EndSegment


def act(engine: Engine, action: Action) -> None:
    """Carries out an action now. `ValueError` for a segment that no leaf block can have."""
    block = engine.stack.current
    if block is None:
        return
    if isinstance(action, EmitMetric):
        capture(engine, block, action.metric, action.value, action.unit, action.type, "runtime")
        return
    own: Literal["work", "rest"] = "rest" if block.rests else "work"
    type, label = (action.type, action.label) if isinstance(action, StartSegment) else (own, block.get("label"))
    if type not in ("work", "rest"):
        raise ValueError(f"a leaf segment is work or rest, not {type!r}; rounds and minutes belong to behaviours")
    segment: LeafSegment | None = block.get("segment")
    if segment is None or segment.type == "pause":
        return
    if type == "work":
        block.stop_rest()
    block.start_leaf(type, label, taken=type == "rest" and own == "work")
