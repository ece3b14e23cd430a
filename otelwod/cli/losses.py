"""What a run did not keep or send, in one line that needs no knowledge of OpenTelemetry."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from otelwod.tracking.book import DEFAULT_EVENT_LIMIT

_SPEAKERS: Final = ("opentelemetry.attributes", "otelwod.tracking.mirror", "otelwod.tracking.writer")
"""They log each loss (the first even each value) in words for developers; `loss_line` says it once, for the athlete."""


def loss_line(losses: Mapping[str, int], *, sent: bool) -> str | None:
    """One line on `Tracker.losses`; None when nothing was lost. ``sent``: whether the trace was to be sent anywhere."""
    parts = []
    unsent = losses["events_lost"] + losses["attributes_lost"]
    if sent and unsent:
        parts.append(
            f"{_counted(unsent, 'value')} too many for the limits set in OTEL_… "
            f"{'was' if unsent == 1 else 'were'} left out of what was sent (the summary and the trace file have all)"
        )
    if sent and losses["provider_failures"]:
        parts.append(f"sending failed {_counted(losses['provider_failures'], 'time')}")
    if losses["events_beyond_limit"]:
        parts.append(
            f"{_counted(losses['events_beyond_limit'], 'value')} could not be kept: "
            f"one block or rest holds {DEFAULT_EVENT_LIMIT:,}"
        )
    if losses["listener_failures"]:
        parts.append(f"writing down failed {_counted(losses['listener_failures'], 'time')}")
    return f"Not complete: {'; '.join(parts)}." if parts else None


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@contextmanager
def losses_unsaid() -> Iterator[None]:
    """Keeps the log messages about losses off the screen."""
    loggers = [logging.getLogger(name) for name in _SPEAKERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
