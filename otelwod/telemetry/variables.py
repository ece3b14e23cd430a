"""The names of our environment variables, and a word about those that are nearly one of them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

PREFIX: Final = "OTELWOD_"
OF_PROCESSOR: Final = tuple(
    PREFIX + word
    for word in (
        *("ENABLED", "REPORT_AT_EXIT", "SEE_ALL", "METRICS", "PREDECESSOR_ATTRIBUTE", "MAX_SPANS", "MAX_TRACES"),
        *("MAX_OPEN", "MAX_OPERATIONS", "TRACE_TIMEOUT_S", "INTERVAL_S"),
    )
)
"""The options of `PerformanceProcessor` (`otelwod.insight.live.options`)."""
KNOWN: Final = ("OTELWOD_BUDGET", "OTELWOD_HISTORY", "OTELWOD_STRICT", *OF_PROCESSOR)
OF_OTHERS: Final = tuple(
    PREFIX + word
    for word in (
        *("BACKENDS", "CONFORMANCE", "REQUIRE_", "PORT_", "TEST_", "TELEMETRY_", "JAEGER", "PROMETHEUS", "TEMPO"),
        *("OTLP_", "HEALTH", "FLUSH", "DECISION_WAIT", "KEEP_PERCENT", "SLOW_MS", "NEXT", "GRAFANA", "COLLECTOR"),
    )
)
"""How names begin that belong to our tests and to compose.yaml."""
_logger = logging.getLogger("otelwod.telemetry")


def unknown(environ: Iterable[str]) -> list[str]:
    """A line about each ``OTELWOD_…`` variable that nobody reads: which one was probably meant."""
    found: list[str] = []
    for name in environ:
        if name.startswith(PREFIX) and name not in KNOWN and not name.startswith(OF_OTHERS):
            near = get_close_matches(name.removeprefix(PREFIX), [own.removeprefix(PREFIX) for own in KNOWN], 1)
            remedy = f"is {PREFIX}{near[0]} meant?" if near else "see its docs"
            found.append(f"{name[:60]} is not read by otelwod; {remedy}")
    return found


def warn_of_unknown(environ: Iterable[str]) -> None:
    """Say those lines in the log, each once."""
    for line in unknown(environ):
        warn_once(line)


@functools.lru_cache(maxsize=256)
def warn_once(message: str) -> None:
    """One line in the log, the first time."""
    _logger.warning("%s", message)
