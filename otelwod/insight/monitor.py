"""`PerformanceMonitor`: says at once when an operation becomes slow, fails too often, rests too long, or memory grows.

    monitor = PerformanceMonitor(processor, [Threshold("p95", 0.5, operation="GET /checkout")], on_alert=page_somebody)

It looks at each trace when that is complete, in the processor's background thread; nothing runs on the host's threads.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from opentelemetry import metrics

from otelwod._version import __version__
from otelwod.conventions import (
    ALERT_MEASURE,
    INSTRUMENT_ALERTS,
    MAX_DISTINCT,
    NANOS_PER_SECOND,
    OPERATION,
    OTHER,
    UNIT_ALERT,
)
from otelwod.insight.live.checks import check_flag, check_function, check_number, check_text, check_whole, shown
from otelwod.insight.live.guard import Guard
from otelwod.insight.processor import PerformanceProcessor
from otelwod.insight.selftime import self_times
from otelwod.insight.statistics import rank
from otelwod.telemetry.settings import SCOPE
from otelwod.trace import Trace

Measure = Literal["duration", "self_time", "p95", "error_rate", "rest_share", "rss", "traced_memory"]
_SINGLE: Final = ("duration", "self_time")
_WINDOWED: Final = ("p95", "error_rate", "rest_share")
_MEMORY: Final = ("rss", "traced_memory")
_UNITS: Final = {"error_rate": "", "rest_share": "", "rss": " B", "traced_memory": " B"}
_logger = logging.getLogger("otelwod.monitor")


@dataclass(frozen=True, slots=True)
class Threshold:
    """When to speak. ``limit`` is in seconds for times, a share (0 to 1) for rates, bytes for memory.

    ============== =======================================================================================
    duration       the longest span of the operation in a trace
    self_time      the greatest self time of such a span
    p95            of the last ``window`` spans
    error_rate     share of the last ``window`` spans with status error
    rest_share     time of rest spans under (or at) the operation's spans, over the time of those, same window
    rss            resident memory of the process (``operation`` is ignored)
    traced_memory  growth of what tracemalloc sees from one completed trace whose root is the operation to the next;
                   only while tracemalloc is on, which the program decides
    ============== =======================================================================================

    ``operation`` is a name or a pattern such as ``GET *``. The alert ends (and may come again) when the value falls to
    ``clear`` × limit: hysteresis. It is repeated at most every ``every_s`` seconds while it lasts. ``at_least``: spans
    that a window must hold.
    """

    measure: Measure
    limit: float
    operation: str = "*"
    clear: float = 0.9
    every_s: float = 60.0
    window: int = 200
    at_least: int = 20

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError for what means nothing."""
        if self.measure not in (*_SINGLE, *_WINDOWED, *_MEMORY):
            raise ValueError(f"measure is one of {', '.join((*_SINGLE, *_WINDOWED, *_MEMORY))}, not {self.measure!r}")
        check_number("Threshold: limit", self.limit)
        check_text("Threshold: operation", self.operation)
        check_number("Threshold: clear", self.clear, most=1)
        check_number("Threshold: every_s", self.every_s, zero=True)
        check_whole("Threshold: window", self.window)
        check_whole("Threshold: at_least", self.at_least)
        if not self.at_least <= self.window <= 100_000:
            raise ValueError(
                f"Threshold: at_least must be at most window, and that at most 100,000, not {self.at_least} and "
                f"{self.window}"
            )


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold that is exceeded (or, ``over`` False, no longer is). ``trace_id`` is that of the trace that told."""

    threshold: Threshold
    operation: str
    value: float
    over: bool
    trace_id: str

    def __str__(self) -> str:
        unit = _UNITS.get(self.threshold.measure, " s")
        where = f" of {self.operation}" if self.operation else ""
        verb = "is" if self.over else "is back at"
        return f"{self.threshold.measure}{where} {verb} {self.value:.4g}{unit} (limit {self.threshold.limit:.4g}{unit})"


class _State:
    """One threshold at one operation."""

    __slots__ = ("errors", "is_over", "rests", "spoke", "times")

    def __init__(self, window: int) -> None:
        self.times: deque[int] = deque(maxlen=window)
        self.errors: deque[bool] = deque(maxlen=window)
        self.rests: deque[int] = deque(maxlen=window)
        self.is_over = False
        self.spoke = float("-inf")


class PerformanceMonitor:
    """Watches the traces of a processor. Alerts go to ``on_alert``, to the log (``otelwod.monitor``) and, counted, to

    the instrument ``otelwod.monitor.alerts``. ``tracemalloc`` is looked at, never started. ``rss`` and ``clock``
    (monotonic seconds) can be given for tests. At most 1,000 operations are watched, each threshold for itself.
    """

    def __init__(
        self,
        processor: PerformanceProcessor,
        thresholds: Sequence[Threshold],
        *,
        on_alert: Callable[[Alert], None] | None = None,
        log: bool = True,
        clock: Callable[[], float] = time.monotonic,
        rss: Callable[[], int | None] | None = None,
    ) -> None:
        """Raises TypeError, with what to do instead, for what is no processor, threshold or function."""
        if not isinstance(processor, PerformanceProcessor):
            raise TypeError(
                "PerformanceMonitor: processor must be the PerformanceProcessor of the provider, "
                f"not {shown(processor)}"
            )
        if not isinstance(thresholds, (list, tuple)) or not all(isinstance(each, Threshold) for each in thresholds):
            raise TypeError(
                'PerformanceMonitor: thresholds must be a list of Threshold, such as [Threshold("p95", 0.5)], '
                f"not {shown(thresholds)}"
            )
        if on_alert is not None:
            check_function("PerformanceMonitor: on_alert", on_alert, "an Alert")
        check_flag("PerformanceMonitor: log", log)
        check_function("PerformanceMonitor: clock", clock, "nothing that gives seconds")
        if rss is not None:
            check_function("PerformanceMonitor: rss", rss, "nothing that gives bytes")
        self._thresholds = tuple(thresholds)
        self._on_alert = on_alert
        self._log = log
        self._clock = clock
        self._rss = rss or resident_bytes
        self._states: dict[tuple[int, str], _State] = {}
        self._traced: dict[str, int] = {}
        self._names: set[str] = set()
        self._guard = Guard("PerformanceMonitor", self.close)
        self._counter = metrics.get_meter(SCOPE, __version__).create_counter(
            INSTRUMENT_ALERTS, unit=UNIT_ALERT, description="Thresholds that were exceeded"
        )
        self._leave = processor.subscribe(self._look)

    def close(self) -> None:
        """Watch no longer."""
        self._leave()

    @property
    def active(self) -> tuple[tuple[Threshold, str], ...]:
        """What is exceeded now: (threshold, operation)."""
        return tuple((self._thresholds[at], name) for (at, name), state in self._states.items() if state.is_over)

    def _look(self, trace: Trace) -> None:
        try:
            for at, name, value in self._values(trace):
                self._judge(at, name, value, trace.trace_id)
        except Exception as error:  # noqa: BLE001 - nothing of ours may end the processor's thread
            self._guard.failed(error, "a look at a trace")

    # ------------------------------------------------------------------------------------------------------- measuring

    def _values(self, trace: Trace) -> Iterator[tuple[int, str, float]]:
        """(threshold, operation, value) of everything that this trace says."""
        rows: dict[str, list[int]] = {}
        for row, operation in enumerate(trace.operation):
            if row not in trace.guessed:
                rows.setdefault(trace.operations[operation][1], []).append(row)
        own = self_times(trace, trace.nonblocking) if self._wants("self_time") else []
        rests = _rests(trace) if self._wants("rest_share") else []
        roots = {trace.operations[trace.operation[row]][1] for row in trace.roots}
        for at, threshold in enumerate(self._thresholds):
            if threshold.measure in _MEMORY:
                yield from self._memory(at, threshold, roots)
                continue
            for name in rows:
                if fnmatchcase(name, threshold.operation):
                    value = self._value(at, name, rows[name], trace, own, rests)
                    if value is not None:
                        yield at, name, value

    def _wants(self, measure: Measure) -> bool:
        return any(threshold.measure == measure for threshold in self._thresholds)

    def _value(
        self, at: int, name: str, rows: Sequence[int], trace: Trace, own: Sequence[int], rests: Sequence[int]
    ) -> float | None:
        threshold = self._thresholds[at]
        lengths = [trace.end_ns[row] - trace.start_ns[row] for row in rows]
        if threshold.measure == "duration":
            return max(lengths) / NANOS_PER_SECOND
        if threshold.measure == "self_time":
            return max(own[row] for row in rows) / NANOS_PER_SECOND
        state = self._state(at, name)
        if state is None:
            return None
        state.times.extend(lengths)
        if threshold.measure == "error_rate":
            state.errors.extend(trace.status.get(row) == "error" for row in rows)
        elif threshold.measure == "rest_share":
            state.rests.extend(rests[row] for row in rows)
        if len(state.times) < threshold.at_least:
            return None
        if threshold.measure == "p95":
            return rank(sorted(state.times), 95) / NANOS_PER_SECOND
        if threshold.measure == "error_rate":
            return sum(state.errors) / len(state.errors)
        total = sum(state.times)
        return sum(state.rests) / total if total else None

    def _memory(self, at: int, threshold: Threshold, roots: set[str]) -> Iterator[tuple[int, str, float]]:
        if threshold.measure == "rss":
            used = self._rss()
            if used is not None:
                yield at, "", used
        elif tracemalloc.is_tracing():
            for name in roots:
                if fnmatchcase(name, threshold.operation) and (name in self._traced or len(self._traced) < 1_000):
                    now = tracemalloc.get_traced_memory()[0]
                    before = self._traced.get(name, now)
                    self._traced[name] = now
                    yield at, name, max(0, now - before)

    def _state(self, at: int, name: str) -> _State | None:
        state = self._states.get((at, name))
        if state is None and len(self._states) < 1_000 * max(1, len(self._thresholds)):
            state = self._states[at, name] = _State(self._thresholds[at].window)
        return state

    # --------------------------------------------------------------------------------------------------------- telling

    def _judge(self, at: int, name: str, value: float, trace_id: str) -> None:
        threshold = self._thresholds[at]
        state = self._state(at, name)
        if state is None:
            return
        now = self._clock()
        if value > threshold.limit:
            if now - state.spoke >= threshold.every_s:
                state.spoke = now
                self._tell(Alert(threshold, name, value, True, trace_id))
            state.is_over = True
        elif state.is_over and value <= threshold.limit * threshold.clear:
            state.is_over = False
            self._tell(Alert(threshold, name, value, False, trace_id))

    def _tell(self, alert: Alert) -> None:
        if self._log:
            _logger.log(logging.WARNING if alert.over else logging.INFO, "%s, trace %s", alert, alert.trace_id)
        if alert.over:
            if len(self._names) < MAX_DISTINCT:
                self._names.add(alert.operation)
            name = alert.operation if alert.operation in self._names else OTHER
            self._counter.add(1, {ALERT_MEASURE: alert.threshold.measure, OPERATION: name})
        if self._on_alert is not None:
            try:
                self._on_alert(alert)
            except Exception as error:  # noqa: BLE001 - the host's callback, in our thread
                self._guard.failed(error, "on_alert")


def _rests(trace: Trace) -> list[int]:
    """For each row the time of the rest spans at or under it (a rest span is a leaf: nothing counts twice)."""
    rests = [0] * len(trace)
    for row, phase in trace.phase.items():
        if phase == "rest":
            rests[row] = trace.end_ns[row] - trace.start_ns[row]
    for row, _ in reversed(list(trace.preorder())):
        above = trace.parent[row]
        if above >= 0:
            rests[above] += rests[row]
    return rests


def resident_bytes() -> int | None:
    """The resident memory of this process, from ``/proc``; elsewhere its peak; None where neither can be had."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
