"""Start, end and duration of one thing: the wall clock says when, the monotonic clock how long."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from otelwod.stages import tracing

_logger = logging.getLogger("otelwod.stages")


@dataclass(frozen=True, slots=True)
class Timed:
    """``start_ns`` since the Unix epoch; ``duration_ns`` is monotonic and never negative."""

    start_ns: int
    duration_ns: int

    @property
    def end_ns(self) -> int:
        """``start + duration``, whatever happened to the wall clock meanwhile."""
        return self.start_ns + self.duration_ns


class Timing:
    """A stop watch: ``start()``, then ``end()``.

    ``end()`` before ``start()`` gives None, and so does a clock that fails: timing never fails what it times.
    """

    __slots__ = ("_monotonic", "_wall", "timed")

    def __init__(self) -> None:
        self._wall: int | None = None
        self._monotonic: int | None = None
        self.timed: Timed | None = None
        """What was measured; None before `end`."""

    def start(self) -> Timing:
        """Starts, or starts anew."""
        self.timed = self._wall = self._monotonic = None
        try:
            self._wall, self._monotonic = tracing.wall_ns(), tracing.monotonic_ns()
        except Exception as problem:  # noqa: BLE001 - a clock that fails must not fail the call
            _warn(problem)
        return self

    def end(self) -> Timed | None:
        """What has passed since `start`; None without one. A second call measures again from the same start."""
        if self._wall is None or self._monotonic is None:
            return None
        try:
            self.timed = Timed(self._wall, max(0, tracing.monotonic_ns() - self._monotonic))
        except Exception as problem:  # noqa: BLE001
            _warn(problem)
            return None
        return self.timed


def _warn(problem: Exception) -> None:
    _logger.warning("otelwod: a clock failed (%s); what was being timed has no timing", type(problem).__name__)
