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

from otelwod.telemetry.otlp_answer import OtlpAnswerError

_LOGGER: Final = "opentelemetry"
_LONGEST_REASON: Final = 160
_UNINFORMATIVE: Final = re.compile(
    r"due to timeout, max retries or shutdown|Shutdown in progress|already shutdown", re.I
)
CLOSED: Final = "it closed the connection"
_KNOWN: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        ("connection refused", "connection refused"),
        ("name or service not known|name resolution|getaddrinfo|dns resolution failed|nodename", "host name not found"),
        ("certificate verify failed", "its TLS certificate was not accepted"),
        ("wrong.version.number", "it does not speak TLS; use http:// for a plain endpoint"),
        (r"exceeded \d+ redirects", "it redirects elsewhere, which is not followed"),
        ("timed out|deadline.exceeded", "no answer in time"),
        ("connection reset|connection aborted|remotedisconnected|socket closed", CLOSED),
        ("network is unreachable|no route to host", "network unreachable"),
        ("statuscode.unavailable(?!.*details: .)", "it is unavailable"),
    )
)
_HTTP_ERROR: Final = re.compile(r"code: None, reason: (.*)", re.S)
_HTTP_STATUS: Final = re.compile(r"code: (\d{3}), reason: (.*)", re.S)
_GRPC_STATUS: Final = re.compile(r"error code: (?:StatusCode\.)?(\w+)(?:, error details: (.*))?", re.S)


def reason_of(message: str) -> str:
    """A log message of an exporter as a few words on one line; empty when it says nothing about the cause."""
    if _UNINFORMATIVE.search(message):
        return ""
    for pattern, words in _KNOWN:
        if pattern.search(message):
            return words
    if found := _HTTP_ERROR.search(message):
        return _one_line(found[1])
    if found := _HTTP_STATUS.search(message):
        return _one_line(f"{found[1]} {found[2]}")
    if found := _GRPC_STATUS.search(message):
        return _one_line(f"{found[1]} {found[2] or ''}")
    return _one_line(message)


def reason_of_error(error: BaseException) -> str:
    """What an exporter raised, in a few words."""
    message = str(error)
    if isinstance(error, OtlpAnswerError):
        return _one_line(message)
    for pattern, words in _KNOWN:
        if pattern.search(message):
            return words
    return _one_line(f"{type(error).__name__}: {message}")


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"


class ExporterLog:
    """Between `install` and `remove`, what an exporter logs during an export is heard here, and told as a reason.

    With ``quiet`` it is shown nowhere else; without, it goes where it would have gone, as everything else that
    OpenTelemetry logs does in any case. Calls are counted, over all instances: the last `remove` takes it away, so that
    an export thread that outlives its program's patience stays quiet.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """In this thread, collect the last reason that is logged; the list has at most one item, at any time."""
        heard: list[str] = []
        _thread.heard, _thread.quiet = heard, self.quiet
        try:
            yield heard
        finally:
            _thread.heard = None

    def install(self) -> None:
        """Stand between OpenTelemetry's loggers and the program's."""
        _interception.begin(self.quiet)

    def remove(self) -> None:
        """Undo one `install`; the last one leaves everything as it was."""
        _interception.end(self.quiet)


class _Interception(logging.Handler):
    """A filter in front of OpenTelemetry's loggers hears; for quiet users a handler on their root stops what is heard.

    The filter comes before those of the loggers, because some exporters' loggers pass a message on once in 20 s only,
    whichever exporter it came from. Without a quiet user nothing else is touched: not even a handler stands in the way.
    """

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._users = self._quiet_users = 0
        self._propagated = True
        self._front = _Front()
        self._fronted: list[logging.Logger] = []

    def begin(self, quiet: bool) -> None:
        with self._guard:
            self._users += 1
            for name, logger in list(logging.root.manager.loggerDict.items()):
                if not isinstance(logger, logging.Logger) or not name.startswith(f"{_LOGGER}."):
                    continue
                if self._front not in logger.filters:
                    logger.filters.insert(0, self._front)
                    self._fronted.append(logger)
            self._quiet_users += quiet
            if quiet and self._quiet_users == 1:
                root = logging.getLogger(_LOGGER)
                self._propagated = root.propagate
                root.addHandler(self)
                root.propagate = False

    def end(self, quiet: bool) -> None:
        with self._guard:
            self._users -= 1
            self._quiet_users -= quiet
            if quiet and self._quiet_users == 0:
                root = logging.getLogger(_LOGGER)
                root.removeHandler(self)
                root.propagate = self._propagated
            if self._users == 0:
                for fronted in self._fronted:
                    fronted.removeFilter(self._front)
                self._fronted.clear()

    def emit(self, record: logging.LogRecord) -> None:
        if not _hear(record) and self._propagated:
            logging.getLogger().callHandlers(record)


class _Front(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _hear(record)


def _hear(record: logging.LogRecord) -> bool:
    """Keep the reason that a record gives for whoever listens in this thread; whether the record is to stop here."""
    heard: list[str] | None = getattr(_thread, "heard", None)
    if heard is None:
        return False
    try:
        reason = reason_of(record.getMessage())
    except Exception:  # noqa: BLE001 - a log record may hold anything, and logging must not fail its caller
        reason = ""
    if reason:
        heard[:] = [reason]
    return bool(_thread.quiet)


_thread = threading.local()
_interception = _Interception()
