"""How much is read from one source, and what is said when it is too much or not readable at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one source, checked before the work that they bound.

    ``bytes`` as stored, ``expanded_bytes`` after decompression, ``expansion``: how many times its stored size a source
    of more than 64 MiB may have then, ``nodes`` (values) and ``depth`` of JSON (Jaeger's UI export nests two levels for
    each level of the trace), ``spans`` that are kept, ``seconds`` for a backend's whole answer.
    """

    bytes: int = 1 << 30
    expanded_bytes: int = 1 << 30
    expansion: int = 200
    nodes: int = 150_000_000
    depth: int = 400
    spans: int = 5_000_000
    seconds: float = 30.0


class ReadError(ValueError):
    """A source that cannot be read at all: ``place: what, and what to do``."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


def fmt_bytes(number: int) -> str:
    """A size for messages: ``512 B``, ``1.5 MiB``."""
    size = float(number)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size == int(size) else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
