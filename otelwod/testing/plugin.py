"""The pytest plugin: two fixtures, and nothing else happens unless one is used.

Loaded by pytest in every run of every project that has otelwod installed, so it imports nothing before a fixture asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from otelwod.testing.clock import FakeClock
    from otelwod.testing.spans import CapturedSpans


@pytest.fixture
def otelwod_spans() -> Iterator[CapturedSpans]:
    """Captured spans on a tracer provider of this test's own; ``with otelwod_spans.installed():`` makes it global."""
    from otelwod.testing.spans import CapturedSpans

    captured = CapturedSpans()
    yield captured
    captured.provider.shutdown()


@pytest.fixture
def otelwod_clock() -> FakeClock:
    """A clock that moves only when the test says so."""
    from otelwod.testing.clock import FakeClock

    return FakeClock()
