"""``otelwod.operation.*``: what the tallies know, as observable counters. Nothing is recorded on the hot path."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from otelwod._version import __version__
from otelwod.conventions import (
    INSTRUMENT_OPERATION_CALLS,
    INSTRUMENT_OPERATION_CRITICAL_TIME,
    INSTRUMENT_OPERATION_ERRORS,
    INSTRUMENT_OPERATION_SELF_TIME,
    MAX_DISTINCT,
    NANOS_PER_SECOND,
    OPERATION,
    OTHER,
    UNIT_CALL,
    UNIT_ERROR,
    UNIT_SECONDS,
)
from otelwod.insight.live.tally import OperationSummary
from otelwod.telemetry.settings import SCOPE

if TYPE_CHECKING:
    from otelwod.insight.processor import PerformanceProcessor

_Value = Callable[[OperationSummary], float]
_INSTRUMENTS: Final[Sequence[tuple[str, str, str, _Value]]] = (
    (INSTRUMENT_OPERATION_CALLS, UNIT_CALL, "Ended spans", lambda use: use.count),
    (
        INSTRUMENT_OPERATION_SELF_TIME,
        UNIT_SECONDS,
        "Time without a blocking child",
        lambda use: use.self_ns / NANOS_PER_SECOND,
    ),
    (
        INSTRUMENT_OPERATION_CRITICAL_TIME,
        UNIT_SECONDS,
        "Time on the critical path of its trace",
        lambda use: use.critical_ns / NANOS_PER_SECOND,
    ),
    (INSTRUMENT_OPERATION_ERRORS, UNIT_ERROR, "Spans with status error", lambda use: use.errors),
)


class _Names:
    """At most `MAX_DISTINCT` operations keep their name; the choice never changes, so that no counter jumps."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        if name in self._known:
            return name
        if len(self._known) >= MAX_DISTINCT:
            return OTHER
        self._known.add(name)
        return name


def register(processor: PerformanceProcessor) -> None:
    """Offer the counters through the API's meter, which passes to the meter provider that is set, now or later."""
    meter = metrics.get_meter(SCOPE, __version__)
    source = weakref.ref(processor)
    names = _Names()
    for name, unit, description, value in _INSTRUMENTS:
        meter.create_observable_counter(
            name, callbacks=[_callback(source, names, value)], unit=unit, description=description
        )


def _callback(
    source: weakref.ref[PerformanceProcessor], names: _Names, value: _Value
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    shown: dict[str, float] = {}

    def observe(options: CallbackOptions) -> Iterable[Observation]:
        processor = source()
        if processor is None or processor.disabled:
            return []
        sums: dict[str, float] = {}
        for use in processor.operation_totals():
            name = names(use.operation)
            sums[name] = sums.get(name, 0) + value(use)
        for name, amount in sums.items():  # a trace that goes on is attributed anew; a counter never falls
            shown[name] = max(amount, shown.get(name, 0))
        return [Observation(shown[name], {OPERATION: name}) for name in sums]

    return observe
