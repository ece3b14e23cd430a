"""Fixtures of the real programs; one process of each for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from backend_programs import Collector


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A running Collector that writes spans and metrics to files."""
    collector = Collector(tmp_path_factory.mktemp("otelcol"))
    with collector.program:
        yield collector
