"""``otelwod.stage.*``: how often, how long, how many, read when a reader collects. Recording is an addition.

Distinct stages are capped as CONVENTIONS says; those beyond share ``_other``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from otelwod import conventions as c
from otelwod._version import __version__
from otelwod.telemetry.settings import SCOPE


class StageCounter:
    """The totals of one stage, since the program began. Calls from any thread."""

    __slots__ = ("_lock", "active", "attributes", "busy_ns", "calls", "errors", "items")

    def __init__(self, stage: str, pipeline: str) -> None:
        self.attributes = {c.STAGE_NAME: stage, c.PIPELINE_NAME: pipeline}
        self.reset()

    def reset(self) -> None:
        """From zero, with a lock of its own."""
        self.calls = self.busy_ns = self.items = self.errors = self.active = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """A call began."""
        with self._lock:
            self.active += 1

    def end(self, busy_ns: int, items: int, failed: bool) -> None:
        """It ended: how long it took, for how many items, and whether it failed."""
        with self._lock:
            self.active -= 1
            self.calls += 1
            self.busy_ns += busy_ns
            self.items += items
            self.errors += failed


class StageCounters:
    """All stages of a process, and the instruments over them, made when the first stage is."""

    def __init__(self, limit: int = c.MAX_DISTINCT) -> None:
        self._counters: dict[tuple[str, str], StageCounter] = {}
        self._limit = limit
        self._lock = threading.Lock()

    def of(self, stage: str, pipeline: str) -> StageCounter:
        """The counter of a stage in a pipeline; the same one for the same names."""
        key = (stage, pipeline)
        with self._lock:
            if not self._counters:
                self._observe()
            if key not in self._counters and len(self._counters) >= self._limit:
                key = (c.OTHER, c.OTHER)
            found = self._counters.get(key)
            if found is None:
                found = self._counters[key] = StageCounter(*key)
            return found

    def forget(self) -> None:
        """Everything from zero, with locks of its own: in a forked child, where the parent's may be held."""
        self._lock = threading.Lock()
        for counter in self._counters.values():
            counter.reset()

    def _observe(self) -> None:
        meter = metrics.get_meter(SCOPE, __version__)
        for name, unit, field, description in _INSTRUMENTS:
            meter.create_observable_counter(name, [_Reader(self, field)], unit=unit, description=description)
        meter.create_observable_up_down_counter(
            c.INSTRUMENT_STAGE_ACTIVE, [_Reader(self, "active")], unit=c.UNIT_CALL, description="Calls under way"
        )

    def all(self) -> tuple[StageCounter, ...]:
        """Every counter so far."""
        with self._lock:
            return tuple(self._counters.values())


_INSTRUMENTS: Final = (
    (c.INSTRUMENT_STAGE_CALLS, c.UNIT_CALL, "calls", "Calls of a stage"),
    (c.INSTRUMENT_STAGE_BUSY_TIME, c.UNIT_SECONDS, "busy_ns", "Time in which a stage worked"),
    (c.INSTRUMENT_STAGE_ITEMS, c.UNIT_ITEM, "items", "Items that went through a stage"),
    (c.INSTRUMENT_STAGE_ERRORS, c.UNIT_ERROR, "errors", "Calls that failed"),
)


class _Reader:
    def __init__(self, counters: StageCounters, field: str) -> None:
        self._counters = counters
        self._field = field

    def __call__(self, _options: CallbackOptions) -> Iterable[Observation]:
        for counter in self._counters.all():
            value = getattr(counter, self._field)
            yield Observation(value / c.NANOS_PER_SECOND if self._field == "busy_ns" else value, counter.attributes)


stage_counters: Final = StageCounters()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=stage_counters.forget)
