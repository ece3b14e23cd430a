"""Traces for the views' tests, of our own making."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otelwod import conventions as c
from otelwod.insight.analysis import analyze_traces
from otelwod.insight.report import Report
from otelwod.trace import SpanEvent, SpanRecord, SpanStatus, Trace

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND


class Builder:
    """Collects spans whose times are seconds from the start of the trace."""

    def __init__(self, trace_id: str = "c0ffee", service: str = "gym") -> None:
        self.trace_id = trace_id
        self.service = service
        self.records: list[SpanRecord] = []

    def span(
        self,
        name: str,
        start: float,
        end: float | None,
        parent: str | None = None,
        *,
        status: SpanStatus = "unset",
        message: str = "",
        attributes: Mapping[str, Any] | None = None,
        events: tuple[SpanEvent, ...] = (),
        span_id: str | None = None,
    ) -> str:
        identity = span_id or f"{len(self.records) + 1:016x}"
        self.records.append(
            SpanRecord(
                self.trace_id,
                identity,
                parent,
                name,
                T0 + round(start * SECOND),
                None if end is None else T0 + round(end * SECOND),
                status=status,
                status_message=message,
                attributes=dict(attributes or {}),
                events=events,
                resource={c.SERVICE_NAME: self.service},
            )
        )
        return identity

    def report(self, **options: Any) -> Report:
        return analyze_traces(Trace.from_records(self.records), **options)


def metric(name: str, at: float, value: float, *, unit: str = "{rep}", rejected: str = "") -> SpanEvent:
    given: dict[str, Any] = {c.METRIC_NAME: name, c.METRIC_VALUE: value, c.METRIC_UNIT: unit}
    if rejected:
        given[c.REASON] = rejected
    event = c.EVENT_METRIC_REJECTED if rejected else c.EVENT_METRIC_RECORDED
    return SpanEvent(event, T0 + round(at * SECOND), given)


def fran(*, paces: tuple[float, ...] = (2.0, 2.5, 3.0), name: str = "Fran", missed: int = 2) -> Builder:
    """21-15-9 thrusters and pull-ups: a repetition of round i takes ``paces[i]`` seconds, and 20 s of rest between."""
    built = Builder()
    at = 0.0
    session = built.span(name, 0, 0, attributes={})
    rounds = built.span("21-15-9", 0, 0, session, attributes={c.BLOCK_TYPE: "rounds", c.BLOCK_LABEL: "21-15-9"})
    for index, (reps, pace) in enumerate(zip((21, 15, 9), paces, strict=True)):
        segment = len(built.records)
        given = {c.SEGMENT_TYPE: "round", c.SEGMENT_INDEX: index, c.SEGMENT_LABEL: f"Round {index + 1}"}
        identity = built.span(f"Round {index + 1}", at, at, rounds, attributes=given)
        begin = at
        for movement in ("Thrusters", "Pull-ups"):
            done = reps if (index, movement) != (2, "Pull-ups") else reps - missed
            built.span(
                f"{reps} {movement}",
                at,
                at + reps * pace,
                identity,
                attributes={
                    c.BLOCK_TYPE: "effort",
                    c.PHASE: "work",
                    c.MOVEMENT_NAME: movement,
                    c.REPS_DONE: done,
                    c.REPS_TARGET: reps,
                },
                events=(metric("reps", at + reps * pace, done),),
            )
            at += reps * pace
        if index < 2:
            built.span(
                "Rest 0:20",
                at,
                at + 20,
                identity,
                attributes={c.BLOCK_TYPE: "rest", c.PHASE: "rest"},
                events=(metric("reps", at + 3, 2, rejected="rest"),),
            )
            at += 20
        built.records[segment] = _ending(built.records[segment], begin, at)
    built.records[0] = _ending(
        built.records[0],
        0,
        at,
        {
            c.BLOCK_TYPE: "session",
            c.WORKOUT_NAME: name,
            c.WORKOUT_FORMAT: "for_time",
            c.SCORE_DISPLAY: f"{int(at) // 60}:{int(at) % 60:02d}",
        },
    )
    built.records[1] = _ending(built.records[1], 0, at)
    return built


def _ending(record: SpanRecord, start: float, end: float, attributes: Mapping[str, Any] | None = None) -> SpanRecord:
    return SpanRecord(
        record.trace_id,
        record.span_id,
        record.parent_id,
        record.name,
        T0 + round(start * SECOND),
        T0 + round(end * SECOND),
        attributes=attributes or record.attributes,
        resource=record.resource,
    )


def pipeline() -> Builder:
    """load → resize (in two halves, one failing and retried) beside thumbnails → save."""
    built = Builder("5eed", "images")
    main = built.span("main", 0, 4.1)
    built.span("load", 0.05, 0.75, main)
    built.span("resize", 0.8, 2.2, main)
    built.span(
        "resize", 2.25, 3.4, main, status="error", message="out of memory", attributes={c.ERROR_TYPE: "MemoryError"}
    )
    beside = built.span("thumbnails", 0.8, 1.9, main)
    built.span("encode", 0.9, 1.8, beside)
    built.span("save", 3.45, 4.05, main)
    return built
