"""Streams: samples that come many a second and are summed up on the leaf they fall into, not one event each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from otelwod import conventions as c
from otelwod.trace import AttributeValue


class StreamNames(NamedTuple):
    """The attributes of a stream's summary."""

    min: str
    mean: str
    max: str
    last: str


STREAMS: Final[Mapping[str, StreamNames]] = {
    "heart_rate": StreamNames(c.HEART_RATE_MIN, c.HEART_RATE_MEAN, c.HEART_RATE_MAX, c.HEART_RATE_LAST),
    "power": StreamNames(c.POWER_MIN, c.POWER_MEAN, c.POWER_MAX, c.POWER_LAST),
    "cadence": StreamNames(c.CADENCE_MIN, c.CADENCE_MEAN, c.CADENCE_MAX, c.CADENCE_LAST),
    "speed": StreamNames(c.SPEED_MIN, c.SPEED_MEAN, c.SPEED_MAX, c.SPEED_LAST),
    "temperature": StreamNames(c.TEMPERATURE_MIN, c.TEMPERATURE_MEAN, c.TEMPERATURE_MAX, c.TEMPERATURE_LAST),
}
"""The streams of `otelwod.runtime.metrics`, by name; they are accepted in every phase."""


@dataclass(slots=True)
class StreamSummary:
    """Minimum, mean, maximum and last of the samples so far. The mean is of samples, not weighted by time."""

    count: int
    total: float
    low: float
    high: float
    last: float

    @classmethod
    def of(cls, value: float) -> StreamSummary:
        """The summary of one sample."""
        return cls(1, value, value, value, value)

    def add(self, value: float) -> None:
        """One more sample."""
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self.last = value


def summary_attributes(summaries: Mapping[str, StreamSummary]) -> dict[str, AttributeValue]:
    """The attributes of a leaf on which these streams fell."""
    out: dict[str, AttributeValue] = {}
    for name, summary in summaries.items():
        names = STREAMS[name]
        # The division may leave [low, high] by a rounding error.
        mean = min(max(summary.total / summary.count, summary.low), summary.high)
        out[names.min], out[names.mean] = summary.low, mean
        out[names.max], out[names.last] = summary.high, summary.last
    return out
