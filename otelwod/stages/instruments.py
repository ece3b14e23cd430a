"""The instruments of this room: the duration of a stage (on request), and how many metrics were refused.

Made through the API's meter, which passes to whatever meter provider is set, now or later.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram

from otelwod._version import __version__
from otelwod.conventions import (
    ERROR_TYPE,
    INSTRUMENT_REJECTIONS,
    INSTRUMENT_STAGE_DURATION,
    MAX_DISTINCT,
    NANOS_PER_SECOND,
    OTHER,
    REASON,
    STAGE_NAME,
    UNIT_METRIC,
    UNIT_SECONDS,
    RejectionReason,
)
from otelwod.stages import guard
from otelwod.telemetry.settings import SCOPE

# fmt: off
BUCKETS_S: Final = (
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
)
# fmt: on
"""Bucket boundaries in seconds, from a function call to a batch job."""


class Capped:
    """At most ``limit`` distinct texts; every later one is `OTHER`. Metric attributes must not grow without bound."""

    __slots__ = ("_known", "_limit")

    def __init__(self, limit: int = MAX_DISTINCT) -> None:
        self._known: set[str] = set()
        self._limit = limit

    def __call__(self, text: str) -> str:
        if text in self._known:
            return text
        if len(self._known) >= self._limit:
            return OTHER
        self._known.add(text)
        return text


_stage_names = Capped()
_error_types = Capped()


class StageDuration:
    """The histogram ``otelwod.stage.duration`` as one stage sees it."""

    __slots__ = ("_attributes", "_name")

    def __init__(self, name: str) -> None:
        self._name = _stage_names(name)
        self._attributes = {STAGE_NAME: self._name}

    def record(self, duration_ns: int, error: BaseException | None) -> None:
        """One call. A failed one carries ``error.type``; the current span becomes the exemplar."""
        attributes = self._attributes
        if error is not None:
            attributes = {**attributes, ERROR_TYPE: _error_types(guard.type_name(type(error)))}
        _duration().record(duration_ns / NANOS_PER_SECOND, attributes)


def stage_duration(name: str) -> StageDuration:
    """The histogram for the stage of this name."""
    return StageDuration(name)


def count_rejection(reason: RejectionReason) -> None:
    """One metric refused."""
    _rejections().add(1, {REASON: reason})


@lru_cache(maxsize=1)
def _duration() -> Histogram:
    return metrics.get_meter(SCOPE, __version__).create_histogram(
        INSTRUMENT_STAGE_DURATION,
        unit=UNIT_SECONDS,
        description="Duration of a stage's calls",
        explicit_bucket_boundaries_advisory=BUCKETS_S,
    )


@lru_cache(maxsize=1)
def _rejections() -> Counter:
    return metrics.get_meter(SCOPE, __version__).create_counter(
        INSTRUMENT_REJECTIONS, unit=UNIT_METRIC, description="Metrics that were not accepted"
    )
