"""A real asyncio event loop on a clock of its own: waiting takes no time, and every run is the same."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Selector(selectors.DefaultSelector):
    """Where the loop would sleep until its next timer, the clock jumps there."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready: list[Any] = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """``loop.time()`` starts at 0 and moves only while everybody waits."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-12

    def time(self) -> float:
        return self._virtual.now

    def time_ns(self) -> int:
        return round(self._virtual.now * 1_000_000_000)


def run(main: Coroutine[Any, Any, _T], loop: VirtualLoop) -> _T:
    """Run to the end and close the loop."""
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()
