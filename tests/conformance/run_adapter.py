"""The recorded runs of WOD Wiki, played through our runtime: upstream's steps as inputs, both sides as plain rows.

A row is one ended block: ``(line, start_ms, end_ms, movement, reason)``, in the order in which they ended. Upstream's
gate ("Ready to Start") is no block of ours, and our node for lines joined by `+` is none of upstream's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from otelwod import conventions as c
from otelwod.runtime.events import Event, SpanStarted, SpanStopped
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.workout import parse

MS = 1_000_000
FORMATS = frozenset({"amrap", "emom", "for time", "tabata"})
"""What upstream calls the effort of a header is the name of its format."""
REASONS = {
    "user-advance": "user_advance",
    "timer-expired": "timer_expired",
    "forced-pop": "forced",
    "rounds-exhausted": "rounds_complete",
    "children-complete": "children_complete",
    "user-abort": "aborted",
    "event:timer:complete": "timer_expired",
}
"""Upstream's word for how a block ended → ours."""
EVENTS = {"timer:pause": "pause", "timer:resume": "resume", "abort": "stop"}

Row = tuple[int | None, int, int, str | None, str]


@dataclass(frozen=True)
class Check:
    """One ``check`` step: both sides at that moment."""

    t_ms: int
    expected_rows: list[Row] | None
    rows: list[Row]
    expected_done: bool
    done: bool


def play(case: dict[str, Any]) -> Iterator[Check]:
    """Runs a case; a `Check` for each of its ``check`` steps behind the start."""
    session = Session(compile_workout(parse(case["script"])))
    events: list[Event] = []
    session.subscribe(events.append)
    t = 0
    for step in case["steps"]:
        op = step["op"]
        if op == "next":
            session.send(Input("next" if session.is_started else "start", t))
        elif op in ("tick", "advance"):
            if session.is_started:  # a session of ours has no time before its start
                t += step["ms"] * MS
                session.send(Input("tick", t))
        elif op == "event":
            session.send(Input(EVENTS[step["name"]], t))  # type: ignore[arg-type]
        elif session.is_started:
            expect = step["expect"]
            outputs = expect.get("outputs")
            yield Check(
                expect["t_ms"],
                None if outputs is None else upstream_rows(outputs),
                our_rows(events),
                expect["depth"] == 0,
                session.is_done,
            )


def upstream_rows(outputs: list[dict[str, Any]]) -> list[Row]:
    """The ended blocks among upstream's outputs."""
    rows: list[Row] = []
    for output in outputs:
        if output["type"] != "segment" or (output["level"] == 1 and output["stmt"] is None):
            continue
        facts = {metric["type"]: metric.get("value") for metric in output["metrics"]}
        line = output["stmt"] if output["level"] else None
        movement = str(facts["effort"]) if "effort" in facts and line is not None else None
        rows.append((line, output["start"], output["end"], _plain(movement), REASONS[output["reason"]]))
    return rows


def our_rows(events: list[Event]) -> list[Row]:
    """The ended blocks of our stream."""
    starts: dict[str, SpanStarted] = {}
    rows: list[Row] = []
    for event in events:
        if isinstance(event, SpanStarted):
            starts[event.key] = event
        elif isinstance(event, SpanStopped):
            started = starts[event.key]
            if started.line is None and started.block_type == "group":
                continue
            movement = started.attributes.get(c.MOVEMENT_NAME)
            if started.block_type == "rest" and started.line is not None:
                movement = "Rest"
            rows.append(
                (started.line, started.t // MS, event.t // MS, _plain(movement and str(movement)), event.reason)
            )
    return rows


def _plain(movement: str | None) -> str | None:
    plain = movement.lower().replace("-", "").strip() if movement else ""
    return plain if plain and plain not in FORMATS else None
