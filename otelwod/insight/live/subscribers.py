"""Those who are told of each complete trace, and the thread that tells them: nobody else ever waits for a callback."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from otelwod.insight.live.guard import warn
from otelwod.trace import Trace

MOST_WAITING: Final = 1_000
"""Traces that may wait for slow callbacks; of more the oldest are not told, and counted."""


class Subscribers:
    """Callbacks of the host. One that raises is not called again; false while there are none.

    What waits is the id of a trace; ``find`` gives the trace when its turn comes. ``dropped`` counts traces that were
    not told: too many waited, or the detail of one had gone by then.
    """

    def __init__(self, find: Callable[[int], Trace | None], *, threaded: bool = True) -> None:
        """With ``threaded`` False `drain` tells, in the thread that calls it."""
        self._find = find
        self._threaded = threaded
        self._callbacks: list[Callable[[Trace], None]] = []
        self.restart()

    def restart(self) -> None:
        """Begin with nothing to tell and no thread: at first, and in a forked child."""
        self._waiting: deque[int] = deque()
        self._news = threading.Condition()  # reentrant: a finalizer may end a span at any point
        self._thread: threading.Thread | None = None
        self._busy = False
        self.dropped = 0

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[[Trace], None]) -> Callable[[], None]:
        """Returns the way to end it, which may be gone more than once."""
        self._callbacks.append(callback)

        def leave() -> None:
            with contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return leave

    def offer(self, trace_ids: Iterable[int]) -> None:
        """Note complete traces, to be told. Never waits for a callback."""
        with self._news:
            self._waiting.extend(trace_ids)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            if not self._waiting:
                return
            self._news.notify_all()
            if self._thread is None and self._threaded:
                thread = threading.Thread(target=self._work, name="otelwod-subscribers", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the interpreter is going down: `drain` tells what it has the time for
                    self._threaded = False
                    return
                self._thread = thread

    def drain(self, timeout_s: float) -> bool:
        """Wait until all has been told; whether that was so in time. From a callback there is nothing to wait for."""
        until = time.monotonic() + timeout_s
        if self._threaded:
            if threading.current_thread() is self._thread:
                return True
            with self._news:
                return self._news.wait_for(lambda: not self._waiting and not self._busy, timeout_s)
        if self._busy:
            return True
        self._busy = True
        try:
            while self._waiting and time.monotonic() <= until:
                self._tell(self._waiting.popleft())
        finally:
            self._busy = False
        return not self._waiting

    def _work(self) -> None:
        """The thread: ends when nothing has come for a while, and begins again with the next trace."""
        while True:
            with self._news:
                self._busy = False
                self._news.notify_all()
                if not self._news.wait_for(lambda: self._waiting, 1.0):
                    self._thread = None
                    return
                trace_id = self._waiting.popleft()
                self._busy = True
            self._tell(trace_id)

    def _tell(self, trace_id: int) -> None:
        """Call everybody."""
        try:
            trace = self._find(trace_id)
        except Exception as error:  # noqa: BLE001 - nothing of ours may end the thread with a traceback
            warn("a trace could not be told: %s", type(error).__name__)
            trace = None
        if trace is None:
            self.dropped += 1
            return
        for callback in tuple(self._callbacks):
            try:
                callback(trace)
            except BaseException as error:  # noqa: BLE001 - foreign code, in our thread
                with contextlib.suppress(ValueError):  # it may have left by itself
                    self._callbacks.remove(callback)
                warn("a subscriber raised %s and is not called again", type(error).__name__)
