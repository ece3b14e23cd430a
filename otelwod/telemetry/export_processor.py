"""The span processor of our own pipelines: nothing is lost without a count, and no exit waits for a dead backend.

The SDK's BatchSpanProcessor drops silently when its queue is full and joins its exporter for up to 30 s at exit. This
one counts whatever it cannot hand over, and gives the exporter exactly the time it is told to. Imports the SDK:
reach it through ``otelwod.telemetry``.
"""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Final

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, set_value
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otelwod.telemetry.delivery import Destination
from otelwod.telemetry.exporter_log import ExporterLog, reason_of, reason_of_error
from otelwod.telemetry.otlp_answer import rejections

REFUSED_TIMEOUT_S: Final = 1.5
"""How long an exit waits at most for a backend that refuses connections and has never accepted anything."""

BATCH_WEIGHT: Final = 2_500
"""Spans plus events in one request: an event takes about 1 KB at most, and gRPC servers accept 4 MiB by default."""
_MOST_SPLITS: Final = 64
_ABOUT_CONTENT: Final = re.compile(
    r"^(400|413|422)\b|INVALID_ARGUMENT|larger than max|exceeds max|encod", re.IGNORECASE
)


def wait_for_end(ended: threading.Event, begin: float, timeout_s: float, is_refused: Callable[[], bool]) -> bool:
    """Wait for ``ended`` until ``timeout_s`` after ``begin`` (monotonic), or `REFUSED_TIMEOUT_S` if that is less and

    the backend refuses.
    """
    while True:
        limit = min(timeout_s, REFUSED_TIMEOUT_S) if is_refused() else timeout_s
        left = begin + limit - time.monotonic()
        if ended.wait(min(max(left, 0.0), 0.05)):
            return True
        if left <= 0:
            return False


def _weight(span: ReadableSpan) -> int:
    # The public property copies all events, and this is done under the lock that the host's threads take.
    events = getattr(span, "_events", None)
    return 1 + len(span.events if events is None else events)


def start_daemon(work: Callable[[], None]) -> bool:
    """Do ``work`` in a thread that holds nobody up; False where there can be none (the interpreter is going down)."""
    try:
        threading.Thread(target=work, name="otelwod-export-end", daemon=True).start()
    except RuntimeError:
        return False
    return True


class ExportProcessor(SpanProcessor):
    """Hands ended spans in batches to one exporter, from one daemon thread.

    ``queue_size`` bounds the memory. When it is full, `on_end` waits up to ``patience_s`` for room (0: never; more only
    for programs that are not live), and after a wait in vain not again until a batch has been delivered; then the span
    is counted as dropped. Every ended, sampled span is in exactly one of: queued or in flight, delivered, failed,
    dropped.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        place: str,
        queue_size: int,
        batch_size: int,
        schedule_s: float,
        patience_s: float = 0.0,
        log: ExporterLog | None = None,
    ) -> None:
        self.exporter = exporter
        self.place = place
        self._queue_size = queue_size
        self._batch_size = min(batch_size, queue_size)
        self._schedule_s = schedule_s
        self._patience_s = patience_s
        self._log = log if log is not None else ExporterLog()
        self._closing = self._abandoned = False
        self._start()
        _after_fork(self._start)

    def _start(self) -> None:
        """Begin with an empty queue: also in a forked child, whose parent keeps what was queued."""
        self._delivered = self._failed = self._dropped = 0
        self._error = ""
        self._queue: deque[ReadableSpan] = deque()
        self._in_flight = 0
        self._flushing = False
        # One lock for everything; re-entrant, because a signal handler or a finalizer may end a span at any point.
        self._changed = threading.Condition(threading.RLock())
        self._patient = self._patience_s > 0
        self._heard: list[str] = []
        self._idle = threading.Event()
        self._thread: threading.Thread | None = threading.Thread(target=self._work, name="otelwod-export", daemon=True)
        self._log.install()
        try:
            self._thread.start()
        except RuntimeError as error:  # no threads left, or the interpreter is going down
            self._thread = None
            self._log.remove()
            self._error = str(error)
            self._idle.set()

    @property
    def closed(self) -> bool:
        """Whether it takes no more spans."""
        return self._closing

    # --------------------------------------------------------------------------------------------- the host's thread

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing is needed at the start."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a sampled span; never raises, waits only as ``patience_s`` allows."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        with self._changed:
            if len(self._queue) >= self._queue_size and self._patient and not self._closing:
                self._patient = self._changed.wait_for(self._has_room, self._patience_s)
            if self._closing or self._thread is None or len(self._queue) >= self._queue_size:
                self._dropped += 1
                self._error = self._error or ("the program had ended" if self._closing else "the queue was full")
                return
            self._queue.append(span)
            if len(self._queue) >= self._batch_size:
                self._changed.notify_all()

    def _has_room(self) -> bool:
        return len(self._queue) < self._queue_size or self._closing

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until everything queued was offered; whether that was done in time."""
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            try:
                return self._changed.wait_for(self._is_empty, timeout_millis / 1000)
            finally:
                self._flushing = False

    def _is_empty(self) -> bool:
        return not self._queue and not self._in_flight

    def shutdown(self) -> None:
        """What a provider calls at its end; `close` says how long that may take."""
        self.close(5.0)

    def begin_close(self) -> None:
        """Take no more spans and start to deliver what is queued; `close` waits for it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def close(self, timeout_s: float, begin: float | None = None) -> Destination:
        """Deliver what is queued within ``timeout_s``, give up the rest, and say what became of everything.

        A backend that refuses and has never accepted anything gets `REFUSED_TIMEOUT_S` at most. The time counts from
        ``begin`` on the monotonic clock, from now by default: several are closed together.
        """
        self.begin_close()
        if not wait_for_end(self._idle, time.monotonic() if begin is None else begin, timeout_s, self._is_refused):
            self._abandon()
        return self.destination()

    def _is_refused(self) -> bool:
        return bool(self._heard) and not self._delivered

    def _abandon(self) -> None:
        with self._changed:
            if not self._abandoned and not self._is_empty():
                self._failed += self._in_flight + len(self._queue)
                self._error = next(iter(self._heard), "") or "no answer in time"
                self._in_flight = 0
            self._abandoned = True
            self._queue.clear()
            self._changed.notify_all()
        # Ends the wait between retries; an exporter may wait here for the request under way, so not in this thread.
        if start_daemon(self._shut_exporter):
            self._idle.wait(0.1)

    def destination(self) -> Destination:
        """The account up to now; what is queued or in flight is not in it yet."""
        with self._changed:
            return Destination(self.place, "traces", self._delivered, self._failed, self._dropped, self._error)

    def accepted(self) -> int:
        """Spans that the queue had room for: delivered, failed, in flight and waiting."""
        with self._changed:
            return self._delivered + self._failed + self._in_flight + len(self._queue)

    # --------------------------------------------------------------------------------------------- the export thread

    def _work(self) -> None:
        # Instrumented HTTP libraries must not trace the export itself.
        attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        while batch := self._next_batch():
            parts, splits = [batch], 0
            while parts:
                part = parts.pop()
                error, rejected = self._export(part)
                if error and not rejected and len(part) > 1 and splits < _MOST_SPLITS and _ABOUT_CONTENT.search(error):
                    # One span that the backend cannot take must not cost the others: find it.
                    parts += [part[len(part) // 2 :], part[: len(part) // 2]]
                    splits += 1
                else:
                    self._account(len(part), error, rejected)
        if not self._abandoned:
            self._shut_exporter()
        self._log.remove()
        self._idle.set()

    def _account(self, count: int, error: str | None, rejected: int) -> None:
        """``error``: None when all was accepted. ``rejected``: how many of ``count`` were not, else all or none."""
        with self._changed:
            if not self._abandoned:
                self._in_flight -= count
                lost = 0 if error is None else rejected or count
                self._failed += lost
                self._delivered += count - lost
                if error is not None:
                    self._error = error
                if lost < count:
                    self._patient = self._patience_s > 0
            self._changed.notify_all()

    def _next_batch(self) -> list[ReadableSpan]:
        """The next spans to send; empty when closed and drained."""
        with self._changed:
            while not self._is_due():
                if not self._changed.wait(self._schedule_s) and self._queue:
                    break
            batch: list[ReadableSpan] = []
            room = BATCH_WEIGHT
            while self._queue and len(batch) < self._batch_size:
                room -= _weight(self._queue[0])
                if room < 0 and batch:
                    break
                batch.append(self._queue.popleft())
            self._in_flight = len(batch)
            self._changed.notify_all()
            return batch

    def _is_due(self) -> bool:
        return self._closing or len(self._queue) >= self._batch_size or (self._flushing and bool(self._queue))

    def _export(self, batch: list[ReadableSpan]) -> tuple[str | None, int]:
        """None when accepted, else the reason; and how many the server rejected one by one (0: it is all or none)."""
        with self._log.listening() as heard, rejections() as partly:
            self._heard = heard
            try:
                if self.exporter.export(batch) is SpanExportResult.SUCCESS:
                    if not partly:
                        return None, 0
                    rejected, words = partly[-1]
                    return reason_of(words) or "rejected by the endpoint", min(rejected, len(batch))
            except Exception as error:  # noqa: BLE001 - an exporter is foreign code; the next batch still has a chance
                return reason_of_error(error), 0
            return next(iter(heard), ""), 0

    def _shut_exporter(self) -> None:
        try:
            self.exporter.shutdown()
        except Exception as error:  # noqa: BLE001 - see above
            self._error = self._error or reason_of_error(error)


def _after_fork(restart: Callable[[], None]) -> None:
    """Call ``restart`` in every forked child for as long as its object lives."""
    if hasattr(os, "register_at_fork"):
        weak = weakref.WeakMethod(restart)

        def in_child() -> None:
            method = weak()
            if method is not None:
                method()

        os.register_at_fork(after_in_child=in_child)
