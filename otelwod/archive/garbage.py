"""Reading without looking for garbage: millions of small objects that all stay alive."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the cyclic collector off for the block, and on again behind it where it was on.

    Parsing makes no cycles, so there is nothing to find, yet each look goes through all that was read before: half
    the time of a large JSON text.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
