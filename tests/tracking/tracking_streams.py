"""Hand-written event streams, providers and checks shared by the tests of the tracking room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otelwod import conventions as c
from otelwod.runtime import events as ev
from otelwod.telemetry import PlannedIdGenerator
from otelwod.trace import SpanRecord

S = 1_000_000_000
ANCHOR = 1_700_000_000 * S


class Stream:
    """Writes the events of a session as the runtime would; every method takes the moment in nanoseconds."""

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self.turn = 0
        self.leaves: dict[str, tuple[str, int]] = {}
        self.counts: dict[str, int] = defaultdict(int)

    def send(self, event: Any) -> None:
        self.sink(event)

    def tap(self) -> Stream:
        self.turn += 1
        return self

    def block(self, t: int, key: str, parent: str | None, type: str, label: str, **attributes: Any) -> str:
        self.send(
            ev.SpanStarted(
                t=t,
                turn=self.turn,
                key=key,
                parent=parent,
                block_id=key.replace("#", "."),
                block_type=type,  # type: ignore[arg-type]
                label=label,
                depth=key.count("."),
                attributes={k.replace("__", "."): v for k, v in attributes.items()},
            )
        )
        return key

    def leaf_block(self, t: int, key: str, parent: str | None, type: str, label: str, **attributes: Any) -> str:
        self.block(t, key, parent, type, label, **attributes)
        self.leaf(t, key, "rest" if type == "rest" else "work", label)
        return key

    def leaf(self, t: int, block: str, type: str, label: str) -> None:
        self.end_leaf(t, block)
        index = self.counts[block]
        self.counts[block] += 1
        key = f"{block}-seg-{index}"
        self.leaves[block] = (key, index)
        self.send(
            ev.SegmentStarted(t=t, turn=self.turn, key=key, block=block, type=type, index=index, label=label)  # type: ignore[arg-type]
        )

    def end_leaf(self, t: int, block: str) -> None:
        if block in self.leaves:
            key, _ = self.leaves.pop(block)
            self.send(ev.SegmentEnded(t=t, turn=self.turn, key=key, block=block))

    def segment(self, t: int, block: str, type: str, index: int, label: str) -> str:
        key = f"{block}#{index + 1}"
        self.send(
            ev.SegmentStarted(t=t, turn=self.turn, key=key, block=block, type=type, index=index, label=label)  # type: ignore[arg-type]
        )
        return key

    def end_segment(self, t: int, key: str) -> None:
        self.send(ev.SegmentEnded(t=t, turn=self.turn, key=key, block=key.rsplit("#", 1)[0]))

    def stop(self, t: int, key: str, status: str = "completed", reason: str = "user_advance", **more: Any) -> None:
        self.end_leaf(t, key)
        self.send(
            ev.SpanStopped(
                t=t,
                turn=self.turn,
                key=key,
                status=status,  # type: ignore[arg-type]
                reason=reason,  # type: ignore[arg-type]
                attributes={k.replace("__", "."): v for k, v in more.items()},
            )
        )

    def pause(self, t: int, keys: Iterable[str]) -> None:
        keys = list(keys)
        for key in keys:
            self.send(ev.SpanPaused(t=t, turn=self.turn, key=key))
        self.leaf(t, keys[-1], "pause", "Paused")

    def resume(self, t: int, keys: Iterable[str], type: str = "work", label: str = "Work") -> None:
        keys = list(keys)
        self.leaf(t, keys[-1], type, label)
        for key in keys:
            self.send(ev.SpanResumed(t=t, turn=self.turn, key=key))

    def metric(self, t: int, block: str, name: str = "reps", value: float = 1, unit: str = "{rep}") -> None:
        self.send(
            ev.MetricRecorded(t=t, turn=self.turn, block=block, metric=name, value=value, unit=unit, source="athlete")
        )

    def reject(self, t: int, block: str, reason: str, value: Any = 1, name: str = "reps") -> None:
        self.send(
            ev.MetricRejected(
                t=t,
                turn=self.turn,
                block=block,
                metric=name,
                value=value,
                unit="{rep}",
                source="athlete",
                reason=reason,  # type: ignore[arg-type]
            )
        )


def provider(*, own: bool = True, **options: Any) -> tuple[TracerProvider, InMemorySpanExporter]:
    """A provider as ours (planned ids, no event limit) or as somebody else's, and what it exports."""
    if own:
        options.setdefault("id_generator", PlannedIdGenerator())
        options.setdefault("span_limits", SpanLimits(max_events=SpanLimits.UNSET))
    made = TracerProvider(shutdown_on_exit=False, **options)
    exporter = InMemorySpanExporter()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made, exporter


def leaves_of(records: Iterable[SpanRecord]) -> list[SpanRecord]:
    """The records that have a phase, by start."""
    return sorted((r for r in records if c.PHASE in r.attributes), key=lambda r: (r.start_ns, r.end_ns or 0))


def assert_tiles(records: Iterable[SpanRecord]) -> None:
    """Leaves tile every span above them: no gap, no overlap, to the nanosecond; a leaf has no children."""
    records = list(records)
    children: dict[str | None, list[SpanRecord]] = defaultdict(list)
    for record in records:
        children[record.parent_id].append(record)
    for record in records:
        below = sorted(children.get(record.span_id, ()), key=lambda r: (r.start_ns, r.end_ns or 0))
        assert (c.PHASE in record.attributes) == (not below), record.name
        if not below:
            continue
        assert below[0].start_ns == record.start_ns, record.name
        assert below[-1].end_ns == record.end_ns, record.name
        for before, after in pairwise(below):
            assert before.end_ns == after.start_ns, (record.name, before.name, after.name)
