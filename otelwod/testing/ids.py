"""Ids that count: 1, 2, 3."""

from __future__ import annotations

import threading
from itertools import count

from opentelemetry.sdk.trace.id_generator import IdGenerator


class SequentialIdGenerator(IdGenerator):
    """Trace and span ids from 1 up, each in the order in which spans start. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin again at 1."""
        with self._lock:
            self._traces, self._spans = count(1), count(1)

    def generate_trace_id(self) -> int:
        with self._lock:
            return next(self._traces)

    def generate_span_id(self) -> int:
        with self._lock:
            return next(self._spans)

    def is_trace_id_random(self) -> bool:
        """False, of course."""
        return False
