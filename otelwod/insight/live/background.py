"""The processor's own thread, its end, and its new beginning in a forked child."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otelwod.insight.processor import PerformanceProcessor


def work(processor: weakref.ref[PerformanceProcessor]) -> None:
    """The background thread: ends with its processor, or when that is closed or belongs to a parent process."""
    mine = threading.current_thread()
    while True:
        alive = processor()
        if (
            alive is None
            or alive._closed
            or alive.disabled
            or (alive._thread is not None and alive._thread is not mine)
        ):
            return
        wake, interval = alive._wake, alive._interval_s
        wake.clear()
        alive._turn()
        del alive
        wake.wait(interval)


def at_exit(processor: weakref.ref[PerformanceProcessor]) -> None:
    alive = processor()
    if alive is not None:
        alive.shutdown()


def after_fork(restart: Callable[[], None]) -> None:
    """Call ``restart`` in every forked child for as long as its object lives."""
    if hasattr(os, "register_at_fork"):
        weak = weakref.WeakMethod(restart)

        def in_child() -> None:
            method = weak()
            if method is not None:
                method()

        os.register_at_fork(after_in_child=in_child)
