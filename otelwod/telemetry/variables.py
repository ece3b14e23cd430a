"""The names of our environment variables, and a word about those that are nearly one of them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

PREFIX: Final = "OTELWOD_"
KNOWN: Final = ("OTELWOD_BUDGET", "OTELWOD_HISTORY", "OTELWOD_STRICT")
"""Those that rooms read by themselves; the processor's options come on top."""
OF_OTHERS: Final = tuple(
    PREFIX + word
    for word in (
        *("BACKENDS", "CONFORMANCE", "REQUIRE_", "PORT_", "TEST_", "TELEMETRY_", "JAEGER", "PROMETHEUS", "TEMPO"),
        *("OTLP_", "HEALTH", "FLUSH", "DECISION_WAIT", "KEEP_PERCENT", "SLOW_MS", "NEXT", "GRAFANA", "COLLECTOR"),
    )
)
"""How names begin that belong to our tests and to compose.yaml."""
_logger = logging.getLogger("otelwod.telemetry")


def warn_of_unknown(environ: Iterable[str], known: Iterable[str]) -> None:
    """Say of each ``OTELWOD_…`` variable that nobody reads, once, which one was probably meant."""
    names = (*KNOWN, *known)
    for name in environ:
        if name.startswith(PREFIX) and name not in names and not name.startswith(OF_OTHERS):
            near = get_close_matches(name.removeprefix(PREFIX), [own.removeprefix(PREFIX) for own in names], 1)
            warn_once(
                f"{name[:60]} is not read by otelwod; " + (f"is {PREFIX}{near[0]} meant?" if near else "see its docs")
            )


@functools.lru_cache(maxsize=256)
def warn_once(message: str) -> None:
    """One line in the log, the first time."""
    _logger.warning("%s", message)
