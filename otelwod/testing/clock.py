"""A clock that moves only when it is told to."""

from __future__ import annotations

from typing import Final

NANOS_PER_SECOND: Final = 1_000_000_000
DEFAULT_WALL_NS: Final = 1_700_000_000 * NANOS_PER_SECOND
"""2023-11-14 22:13:20 UTC: round in seconds, and no time that a test could meet by chance."""


class FakeClock:
    """Stands in for ``time.time_ns`` and ``time.monotonic_ns`` (and their float forms); both move together.

    ``step_ns`` is added after each reading, for code that must see time pass. `jump` moves the wall clock alone, as NTP
    and people do.
    """

    __slots__ = ("_monotonic_ns", "_step_ns", "_wall_ns")

    def __init__(self, wall_ns: int = DEFAULT_WALL_NS, *, monotonic_ns: int = 0, step_ns: int = 0) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._step_ns = step_ns

    def time_ns(self) -> int:
        """The wall clock, in nanoseconds since the Unix epoch."""
        now = self._wall_ns
        self._step()
        return now

    def monotonic_ns(self) -> int:
        """The monotonic clock, in nanoseconds; never goes back."""
        now = self._monotonic_ns
        self._step()
        return now

    perf_counter_ns = monotonic_ns

    def time(self) -> float:
        """As `time_ns`, in seconds."""
        return self.time_ns() / NANOS_PER_SECOND

    def monotonic(self) -> float:
        """As `monotonic_ns`, in seconds."""
        return self.monotonic_ns() / NANOS_PER_SECOND

    perf_counter = monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a negative time."""
        self.advance_ns(round(seconds * NANOS_PER_SECOND))

    def advance_ns(self, nanoseconds: int) -> None:
        """Let time pass, exactly. Raises ValueError for a negative time."""
        if nanoseconds < 0:
            raise ValueError("time does not go back; use jump() for the wall clock")
        self._wall_ns += nanoseconds
        self._monotonic_ns += nanoseconds

    sleep = advance
    """In place of ``time.sleep``: returns at once, and the time has passed."""

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward, or back with a negative value; the monotonic clock does not notice."""
        self._wall_ns += round(seconds * NANOS_PER_SECOND)

    def _step(self) -> None:
        self._wall_ns += self._step_ns
        self._monotonic_ns += self._step_ns
