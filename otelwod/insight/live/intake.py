"""The way in: what `PerformanceProcessor` does on the host's threads, and what lies ready for the book after it.

A start costs one entry of a table, an end one row at the end of a list, both of plain values. Cold code is what such
steps cost (between two of them the SDK runs some thousand lines), so each does the least that cannot be done later.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from otelwod.conventions import PREDECESSOR
from otelwod.insight.live.book import Book
from otelwod.insight.live.guard import Guard, warn
from otelwod.insight.live.rows import INTERNAL, UNSET_STATUS, UNWATCHED, WIDTH, is_plain, tag_of, trimmed
from otelwod.telemetry.ids import format_span_id
from otelwod.telemetry.span_records import record_of

RING: Final = 2_048
"""Entries (ended spans) at which the background thread is woken."""
HARD: Final = 64
"""So many times `RING` entries are held at most when nobody empties the ring; more are counted as lost."""
ENTRY: Final = WIDTH + 1
"""Places that an entry takes in the ring: the id of the trace, then the cells of the span's row."""

_last_ended: ContextVar[int | None] = ContextVar("otelwod-last-ended", default=None)
_get_last, _set_last = _last_ended.get, _last_ended.set
_last_context: ContextVar[Any] = ContextVar("otelwod-last-context", default=None)
"""The same as a span context, for those who want predecessors as attributes."""


class Intake(SpanProcessor):
    """Open spans and the ring of ended ones: each span is in at least one of them until it is in the book.

    Never waits, never raises. Whoever derives from it empties the ring, and says what a full one leads to.
    """

    _guard: Guard
    _most_open: int

    def _begin(self, book: Book) -> None:
        """Start with an empty ring and an empty book."""
        self._book = book
        self._open = book.open
        self._ring: list[Any] = []
        self._lost = 0
        self._limit = 0  # the first span presses
        self._twice = False

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remember that the span is open."""
        try:
            is_open = self._open
            context: Any = span._context
            is_open[context[1]] = span
            if len(is_open) > self._most_open:
                self._book.unwatch()
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "on_start")

    def on_end(self, span: ReadableSpan) -> None:
        """Put what is to be known of the ended span into the ring: nothing that keeps the span alive.

        With it goes the span that ended last before in this task or thread, whichever began first: that is enough to
        find the predecessor later (`Book.predecessors`). Reads the SDK's own fields and tuples: its properties would
        cost twice as much.
        """
        try:
            context: Any = span._context
            trace_id = context[0]
            span_id = context[1]
            is_open = self._open
            before: Any = UNWATCHED
            if span_id in is_open:
                before = _get_last()
            elif self._is_repeated(trace_id, span_id):
                return
            book = self._book
            operation = book.names.get(span._name) if span._resource is book.resource else None
            if operation is None:
                operation = book.operation(span._resource, span._name)
            parent: Any = span._parent
            attributes: Any = span._attributes
            links: Any = span._links
            tag = None
            if (
                attributes._dict
                or links._dq
                or span._events._dq  # type: ignore[attr-defined]
                or span._status is not UNSET_STATUS
                or span._kind is not INTERNAL
            ):
                tag = None if is_plain(span) else tag_of(span)
                if attributes.dropped or links.dropped or span._events.dropped:  # type: ignore[attr-defined]
                    book.note_dropped(trace_id, span.dropped_events + span.dropped_attributes + span.dropped_links)
            ring = self._ring
            ring.extend(
                (
                    trace_id,
                    span_id,
                    0 if parent is None else parent[1],
                    operation,
                    span._start_time,
                    span._end_time,
                    before,
                    tag,
                )
            )
            is_open.pop(span_id, None)  # only now: whoever empties the ring must find it in one of the two
            _set_last(span_id)
            if len(ring) > self._limit:
                self._press()
        except (AttributeError, TypeError):
            self._end_foreign(span)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "on_end")

    def _mark_predecessors(self) -> None:
        """From now on write into each span, as it begins, which one ended last before it in its task or thread."""
        on_start, on_end = self.on_start, self.on_end

        def marking(span: Span, parent_context: Context | None = None) -> None:
            on_start(span, parent_context)
            try:
                before = _last_context.get()
                if before is not None and before.trace_id == span.context.trace_id:
                    span.set_attribute(PREDECESSOR, format_span_id(before.span_id))
            except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
                self._guard.failed(error, "on_start")

        def remembering(span: ReadableSpan) -> None:
            on_end(span)
            try:
                _last_context.set(span.context)
            except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
                self._guard.failed(error, "on_end")

        self.on_start = marking  # type: ignore[method-assign]
        self.on_end = remembering  # type: ignore[method-assign]

    def _is_repeated(self, trace_id: int, span_id: int) -> bool:
        """Whether a span that was not open has just ended here: the processor was added to its provider twice."""
        if _last_ended.get() != span_id:
            return False
        if not self._twice and self._ring[-ENTRY : 2 - ENTRY] == [trace_id, span_id]:
            self._twice = True
            warn("the processor was added twice to a tracer provider; each span counts once")
        return self._twice

    def _end_foreign(self, span: ReadableSpan) -> None:
        """As `on_end`, for a span that is not quite the SDK's: by its public properties only."""
        try:
            record = record_of(span)
            context, parent = span.context, span.parent
        except Exception:  # noqa: BLE001 - the span's fault, not ours
            self._book.counts.unreadable += 1
            return
        try:
            operation = self._book.operation(span.resource, record.name)
            above = parent.span_id if parent is not None else 0
            before = None if context.span_id in self._open else UNWATCHED
            times = (record.start_ns, record.end_ns)
            self._ring.extend((context.trace_id, context.span_id, above, operation, *times, before, trimmed(record)))
            self._open.pop(context.span_id, None)
            _last_ended.set(context.span_id)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "on_end")

    def _press(self) -> None:
        """The ring is fuller than it should be, or has its first entry."""
        raise NotImplementedError
