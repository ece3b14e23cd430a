"""What the OTLP exporters log, caught and condensed to a reason.

The exporters tell their errors to ``logging`` only, at length, some with a traceback, once a retry. A command line
shows one line instead. No SDK here.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOGGER: Final = "opentelemetry"
_LONGEST_REASON: Final = 160
_UNINFORMATIVE: Final = re.compile(
    r"due to timeout, max retries or shutdown|Shutdown in progress|already shutdown", re.I
)
_KNOWN: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        ("connection refused", "connection refused"),
        ("name or service not known|name resolution|getaddrinfo|dns resolution failed|nodename", "host name not found"),
        ("certificate verify failed", "its TLS certificate was not accepted"),
        ("wrong.version.number", "it does not speak TLS; use http:// for a plain endpoint"),
        (r"exceeded \d+ redirects", "it redirects elsewhere, which is not followed"),
        ("timed out|deadline.exceeded", "no answer in time"),
        ("connection reset|connection aborted|remotedisconnected|socket closed", "it closed the connection"),
        ("network is unreachable|no route to host", "network unreachable"),
    )
)
_HTTP_STATUS: Final = re.compile(r"code: (\d{3}), reason: (.*)", re.S)
_GRPC_STATUS: Final = re.compile(r"error code: (?:StatusCode\.)?(\w+)(?:, error details: (.*))?", re.S)


def reason_of(message: str) -> str:
    """A log message of an exporter as a few words on one line; empty when it says nothing about the cause."""
    if _UNINFORMATIVE.search(message):
        return ""
    for pattern, words in _KNOWN:
        if pattern.search(message):
            return words
    if found := _HTTP_STATUS.search(message):
        return _one_line(f"{found[1]} {found[2]}")
    if found := _GRPC_STATUS.search(message):
        return _one_line(f"{found[1]} {found[2] or ''}")
    return _one_line(message)


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"


class ExporterLog(logging.Handler):
    """Between `install` and `remove`, what an exporter logs during an export is heard here and shown nowhere else.

    Everything else that OpenTelemetry logs goes where it would have gone. Calls are counted: the last `remove` takes it
    away, so that an export thread that outlives its program's patience stays quiet. With ``quiet=False`` nothing is
    installed, the exporters log as ever, and no reason is known.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()
        self.quiet = quiet
        self._thread = threading.local()
        self._users = 0
        self._propagated = True
        self._front = _Front(self)
        self._fronted: list[logging.Logger] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the reason of a failing export; pass on anything else."""
        heard: list[str] | None = getattr(self._thread, "heard", None)
        if heard is None:
            if self._propagated:
                logging.getLogger().callHandlers(record)
            return
        try:
            reason = reason_of(record.getMessage())
        except Exception:  # noqa: BLE001 - a log record may hold anything, and logging must not fail its caller
            reason = ""
        if reason:
            heard[:] = [reason]

    @property
    def is_listening(self) -> bool:
        """Whether an export is under way in this thread."""
        return getattr(self._thread, "heard", None) is not None

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """In this thread, collect the last reason that is logged; the list has at most one item, at any time."""
        heard: list[str] = []
        self._thread.heard = heard
        try:
            yield heard
        finally:
            self._thread.heard = None

    def install(self) -> None:
        """Stand between OpenTelemetry's loggers and the program's."""
        with _installing:
            self._users += 1
            if not self.quiet:
                return
            for name in [name for name in logging.root.manager.loggerDict if name.startswith(f"{_LOGGER}.")]:
                logger = logging.getLogger(name)
                # Some of them pass a message on once in 20 s, whichever exporter it came from: listen in front of that.
                if logger.filters and self._front not in logger.filters:
                    logger.filters.insert(0, self._front)
                    self._fronted.append(logger)
            if self._users == 1:
                logger = logging.getLogger(_LOGGER)
                self._propagated = logger.propagate
                logger.addHandler(self)
                logger.propagate = False

    def remove(self) -> None:
        """Undo one `install`; the last one leaves everything as it was."""
        with _installing:
            self._users -= 1
            if self.quiet and self._users == 0:
                logger = logging.getLogger(_LOGGER)
                logger.removeHandler(self)
                for fronted in self._fronted:
                    fronted.removeFilter(self._front)
                self._fronted.clear()
                logger.propagate = self._propagated


class _Front(logging.Filter):
    """Hands what is logged during an export to the `ExporterLog` before any other filter sees it."""

    def __init__(self, log: ExporterLog) -> None:
        super().__init__()
        self._log = log

    def filter(self, record: logging.LogRecord) -> bool:
        if not self._log.is_listening:
            return True
        self._log.emit(record)
        return False


_installing = threading.Lock()
