"""Sessions for the tests of the runtime: short ways to run a text and to read the events that come out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from otelwod.runtime.events import (
    Event,
    MetricRecorded,
    MetricRejected,
    SegmentEnded,
    SegmentStarted,
    SpanStarted,
    SpanStopped,
    TapUndone,
)
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import Limits, Program, compile_workout
from otelwod.runtime.session import Session
from otelwod.workout import parse

S = 1_000_000_000
"""A second in nanoseconds."""
MINUTE = 60 * S


def program(text: str, **options: Any) -> Program:
    """A text as a program without errors."""
    compiled = compile_workout(parse(text), **options)
    assert not compiled.errors, compiled.errors
    return compiled


class Run:
    """A session, its inputs by name, and everything it emitted."""

    def __init__(self, text: str, *, limits: Limits | None = None, start: bool = True, **options: Any) -> None:
        compiled = program(text, limits=limits) if limits is not None else program(text)
        self.session = Session(compiled, limits=limits, **options)
        self.events: list[Event] = []
        self.session.subscribe(self.events.append)
        if start:
            self.session.send(Input("start", 0))

    def __getattr__(self, kind: str) -> Any:
        """``run.next(t)``, ``run.reps(t, 5)``, ``run.record(t, 95, metric="load", unit="lb")``."""
        if kind.startswith("_"):
            raise AttributeError(kind)

        def send(t: int, value: Any = 0, **fields: Any) -> list[Event]:
            return self.session.send(Input(kind, t, value=value, **fields))  # type: ignore[arg-type]

        return send

    @property
    def label(self) -> str:
        """Of the innermost open block."""
        current = self.session.current
        return str(current.get("label")) if current is not None else ""

    @property
    def score(self) -> str:
        """The display form of the session's score."""
        return str(stopped(self.events, "0").attributes.get("otelwod.score.display", ""))


def of(kind: type, events: Iterable[Event]) -> list[Any]:
    """The events of one class."""
    return [event for event in events if isinstance(event, kind)]


def settled(events: Iterable[Event]) -> list[Event]:
    """The stream as it stands at the end: undone turns and their undoing left out."""
    kept: list[Event] = []
    for event in events:
        if isinstance(event, TapUndone):
            kept = [e for e in kept if e.turn != event.undone_turn]
        else:
            kept.append(event)
    return kept


def stopped(events: Iterable[Event], key: str) -> SpanStopped:
    """How a block ended."""
    return next(e for e in settled(events) if isinstance(e, SpanStopped) and e.key == key)


def blocks(events: Iterable[Event]) -> list[tuple[str, int, int | None, str]]:
    """``(label, start, end, reason)`` of every block, in order of start."""
    events = settled(events)
    ends = {e.key: e for e in of(SpanStopped, events)}
    return [
        (e.label, e.t, ends[e.key].t if e.key in ends else None, ends[e.key].reason if e.key in ends else "")
        for e in of(SpanStarted, events)
    ]


def efforts(events: Iterable[Event]) -> list[tuple[str, int, int | None, str]]:
    """The same of blocks without children."""
    events = settled(events)
    leaves = {e.block for e in of(SegmentStarted, events) if e.type in ("work", "rest")}
    keys = [e.key for e in of(SpanStarted, events)]
    return [row for key, row in zip(keys, blocks(events), strict=True) if key in leaves]


def leaves(events: Iterable[Event], block: str | None = None) -> list[tuple[str, int, int]]:
    """``(type, start, end)`` of the leaf segments, of one block or of all, in order of start."""
    events = settled(events)
    ends = {e.key: e.t for e in of(SegmentEnded, events)}
    return [
        (e.type, e.t, ends[e.key])
        for e in of(SegmentStarted, events)
        if e.type in ("work", "rest", "pause") and (block is None or e.block == block)
    ]


def rounds(events: Iterable[Event]) -> list[tuple[str, int, int, bool]]:
    """``(label, start, end, complete)`` of the rounds and minutes."""
    events = settled(events)
    ends = {e.key: e for e in of(SegmentEnded, events)}
    return [
        (e.label, e.t, ends[e.key].t, ends[e.key].complete)
        for e in of(SegmentStarted, events)
        if e.type in ("round", "minute")
    ]


def recorded(events: Iterable[Event], metric: str = "reps") -> float:
    """The sum of a metric over the session."""
    return sum(e.value for e in of(MetricRecorded, settled(events)) if e.metric == metric)


def rejected(events: Iterable[Event]) -> list[tuple[str, str]]:
    """``(metric, reason)`` of what was not accepted."""
    return [(e.metric, e.reason) for e in of(MetricRejected, settled(events))]
