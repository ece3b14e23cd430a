"""How far a long run has come: one line on stderr that overwrites itself, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO


class Progress:
    """Counts steps; says so twice a second once a second has passed. Silent where stderr is no terminal."""

    def __init__(
        self,
        what: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        unit: str = "steps",
        every: int = 64,
    ) -> None:
        self._what = what
        self._unit = unit
        self._every = every
        self._stream = stream or sys.stderr
        self._clock = clock
        self._enabled = self._stream.isatty()
        self._count = 0
        self._due = clock() + 1.0
        self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def silence(self) -> None:
        """Says nothing, whatever stderr is."""
        self._enabled = False

    def step(self) -> None:
        """One more step is done."""
        self._count += 1
        if self._enabled and self._count % self._every == 0 and self._clock() >= self._due:
            self._due = self._clock() + 0.5
            self._shown = True
            self._stream.write(f"\r\x1b[K{self._what}: {self._count:,} {self._unit}")
            self._stream.flush()
