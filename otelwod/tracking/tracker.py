"""What both trackers are made of: a book with its writer and mirror, and the questions that can be asked of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypedDict

from opentelemetry.metrics import Meter
from opentelemetry.trace import Tracer

from otelwod.conventions import RejectionReason
from otelwod.telemetry.ids import format_trace_id, session_trace_id
from otelwod.trace import AttributeValue, SpanRecord
from otelwod.tracking.active import DEFAULT_MAX_DEPTH
from otelwod.tracking.book import DEFAULT_EVENT_LIMIT, Book
from otelwod.tracking.captured import CapturedMetric
from otelwod.tracking.completed import DEFAULT_CAPACITY, Completed, Overflow
from otelwod.tracking.executions import Executions
from otelwod.tracking.instruments import Instruments
from otelwod.tracking.mirror import Mirror
from otelwod.tracking.writer import Change, OnRecord, RecordWriter


class TrackerOptions(TypedDict, total=False):
    """What both trackers take by name; `Tracker` says what it means, and has the defaults."""

    tracer: Tracer | None
    meter: Meter | None
    seed: int | None
    resource: Mapping[str, AttributeValue] | None
    live: bool
    rich_capture: bool
    strict: bool
    capacity: int
    overflow: Overflow | None
    event_limit: int
    max_depth: int
    on_record: OnRecord | None


class Tracker:
    """The base of `SessionTracker` and `ExecutionTracker`; not for use by itself.

    ``anchor_ns`` is the wall clock (ns since the Unix epoch) at the session's t = 0. ``tracer`` and ``meter`` are those
    of the OpenTelemetry API, or None. On our own provider (and without any) ids derive from ``session_id``, ``seed``
    and the path. ``resource`` stands on the records where no provider says its own. ``live`` feeds the instruments and
    gives contexts. ``rich_capture`` off keeps only ids and moment of a metric. ``capacity`` bounds the finished records
    in memory, ``overflow`` takes those beyond; ``event_limit`` bounds the events of one record, ``max_depth`` the
    nesting. ``on_record`` gets each record when it is final.
    """

    def __init__(
        self,
        *,
        session_id: str,
        anchor_ns: int,
        tracer: Tracer | None = None,
        meter: Meter | None = None,
        seed: int | None = None,
        workout_format: str | None = None,
        resource: Mapping[str, AttributeValue] | None = None,
        live: bool = False,
        rich_capture: bool = True,
        strict: bool = False,
        capacity: int = DEFAULT_CAPACITY,
        overflow: Overflow | None = None,
        event_limit: int = DEFAULT_EVENT_LIMIT,
        max_depth: int = DEFAULT_MAX_DEPTH,
        on_record: OnRecord | None = None,
    ) -> None:
        self.session_id = session_id
        self._live = live
        self._max_depth = max_depth
        self._strict = strict
        self._lock = threading.RLock()
        trace_id = session_trace_id(session_id, seed)
        self._trace_id = format_trace_id(trace_id)
        instruments = Instruments(meter, workout_format=workout_format) if live and meter is not None else None
        self._writer = RecordWriter(
            anchor_ns=anchor_ns,
            mirror=Mirror(tracer, session_id=session_id, trace_id=trace_id, anchor_ns=anchor_ns),
            completed=Completed(capacity, overflow),
            on_record=on_record,
            instruments=instruments,
            resource=resource,
        )
        self._book = Book(
            self._writer,
            instruments=instruments,
            rich_capture=rich_capture,
            event_limit=event_limit,
            max_depth=max_depth,
            live=live,
        )

    @property
    def trace_id(self) -> str:
        """32 hex digits; with a provider that makes its own ids they are known once the root has begun."""
        root = self._book.root
        return self._trace_id if root is None else root.mirrored.trace_id

    @property
    def records(self) -> tuple[SpanRecord, ...]:
        """The finished records still in memory, in the order in which they ended: children before their parents."""
        with self._lock:
            return self._writer.completed.records

    @property
    def open(self) -> tuple[SpanRecord, ...]:
        """The open blocks and structural segments, root first, as records without an end."""
        with self._lock:
            return self._book.open

    @property
    def spans(self) -> Executions:
        """The executions as typed views."""
        return Executions(self._book, self._lock)

    @property
    def recorded(self) -> int:
        """All metrics that came in: `accepted` and `rejected`."""
        return self._book.recorded

    @property
    def accepted(self) -> int:
        """Metrics that were accepted, samples of streams included."""
        return self._book.accepted

    @property
    def rejected(self) -> Counter[RejectionReason]:
        """Metrics that were rejected, by reason."""
        return Counter(self._book.rejected)

    @property
    def rejections(self) -> tuple[CapturedMetric, ...]:
        """The latest rejected metrics (at most 1,000), oldest first."""
        with self._lock:
            return tuple(self._book.rejections)

    @property
    def losses(self) -> dict[str, int]:
        """What was not kept, by what it was; all zero on a good day.

        ``events_lost`` and ``attributes_lost``: dropped from OpenTelemetry spans by the limits of the tracer provider
        (records have them). ``events_beyond_limit``: a record had no room. ``records_let_go``: memory had none, and
        nobody took them over. ``provider_failures`` and ``listener_failures``: how often foreign code raised.
        ``times_moved``: times that ran backwards.
        """
        mirror = self._writer.mirror
        return {
            "events_lost": mirror.events_lost,
            "attributes_lost": mirror.attributes_lost,
            "events_beyond_limit": self._book.events_beyond_limit,
            "records_let_go": self._writer.completed.let_go,
            "provider_failures": mirror.failures,
            "listener_failures": self._writer.listener_failures,
            "times_moved": self._book.line.times_moved,
        }

    def find(self, span_id: str) -> SpanRecord | None:
        """The finished record with this span id, also when it has moved out of memory."""
        with self._lock:
            return self._writer.completed.get(span_id)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Tell ``callback`` of every change of the book from now on; call the result to stop."""
        return self._writer.subscribe(callback)
