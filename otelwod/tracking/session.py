"""Runtime events → records and OpenTelemetry spans.

A `SessionTracker` subscribes to a session's stream and folds it onto the book of records. It holds the events of the
last turn back until a later turn begins (or `close`), because until then that tap can be undone; explicit times make
this lossless.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from opentelemetry.context import Context

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND, STRUCTURAL_SEGMENTS, Phase, Reason
from otelwod.runtime import events as ev
from otelwod.tracking.active import ActiveSpan, ActiveSpans, ActiveState
from otelwod.tracking.capture import Reading
from otelwod.tracking.captured import WHY, CapturedMetric, MetricRejectedError
from otelwod.tracking.mirror import Mirrored
from otelwod.tracking.tracker import Tracker, TrackerOptions
from otelwod.tracking.values import attributes_of, span_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

_log = logging.getLogger(__name__)

MOST_HELD: Final = 100_000
"""Events of one turn that are held back; beyond that the turn is final, and undoing it counts as a fault."""


class SessionTracker(Tracker):
    """Keeps the book of one runtime session; subscribe it to the session's stream.

    For the options see `Tracker`. ``workout_*`` and ``athlete_id`` stand on the root. Call `close` at the end: it
    writes what was held back, and ends what is open as interrupted. With ``strict`` it raises `MetricRejectedError` if
    a metric was rejected (not before, because a session shields itself from what its subscribers raise).
    """

    def __init__(
        self,
        *,
        session_id: str,
        anchor_ns: int,
        workout_name: str | None = None,
        workout_format: str | None = None,
        workout_id: str | None = None,
        workout_source: str | None = None,
        athlete_id: str | None = None,
        **options: Unpack[TrackerOptions],
    ) -> None:
        super().__init__(session_id=session_id, anchor_ns=anchor_ns, workout_format=workout_format, **options)
        self._root_attributes: dict[str, Any] = {
            c.WORKOUT_NAME: workout_name,
            c.WORKOUT_FORMAT: workout_format,
            c.WORKOUT_ID: workout_id,
            c.WORKOUT_SOURCE: workout_source,
            c.SESSION_ID: session_id,
            c.ATHLETE_ID: athlete_id,
        }
        self._root_name = workout_name
        self._held: list[ev.RuntimeEvent] = []
        self._turn: int | None = None
        self._t = self._final_t = 0
        self._final: ActiveState[ev.SpanStarted | ev.SegmentStarted] | None = None
        self._started: dict[str, Mirrored] = {}
        self._keys: set[str] = set()
        """Of all blocks and structural segments that ever began: ids are made from them."""
        self.active: ActiveSpans[ev.SpanStarted | ev.SegmentStarted] = ActiveSpans(
            max_depth=self._max_depth, context_of=self._context_of if self._live else None
        )
        """What is open now, the events held back included."""
        self.undone = 0
        """Turns that were taken back."""
        self.faults = 0
        """Events that could not be folded (the first is logged), such as an undo that came too late."""
        self._closed = False
        self._fold: dict[type, Callable[[Any], CapturedMetric | None]] = {
            ev.SpanStarted: self._span_started,
            ev.SpanStopped: self._span_stopped,
            ev.SpanPaused: self._paused,
            ev.SpanResumed: self._resumed,
            ev.RestStarted: self._rest_started,
            ev.RestStopped: self._rest_stopped,
            ev.SegmentStarted: self._segment_started,
            ev.SegmentEnded: self._segment_ended,
            ev.MetricRecorded: self._metric_recorded,
            ev.MetricRejected: self._metric_rejected,
            ev.MilestoneReached: self._milestone,
        }

    # ---------------------------------------------------------------------------------------------------- the stream

    def __call__(self, event: ev.RuntimeEvent) -> None:
        """One event of the stream, in order. Never raises."""
        with self._lock:
            if self._closed:
                self._fault("an event after close")
                return
            if isinstance(event, ev.TapUndone):
                self._undo(event.undone_turn)
                return
            if self._turn is None or event.turn > self._turn:
                self._commit()
                self._turn, self._final, self._final_t = event.turn, self.active.snapshot(), self._t
            if event.t < self._t:
                self._book.line.times_moved += 1
                event = replace(event, t=self._t)
            self._t = event.t
            try:
                self._follow(event)
            except (KeyError, ValueError) as error:
                self._fault(f"{event.name}: {error}")
                return
            self._held.append(event)
            if len(self._held) == MOST_HELD:  # hours of sensor values after one tap: memory is bounded, undo is not
                self._commit()
                self._final = None

    def close(self) -> None:
        """The stream has ended: write what was held back, end what is open as interrupted. Twice is once.

        Raises `MetricRejectedError` for the first rejected metric in strict mode, when all is written.
        """
        with self._lock:
            if self._closed:
                return
            self._commit()
            self._closed = True
            self._book.seal()
            rejected = self._book.first_rejection
        if self._strict and rejected is not None:
            raise MetricRejectedError(rejected, _why(rejected))

    def __enter__(self) -> SessionTracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except MetricRejectedError:
            if kind is None:
                raise

    def context(self) -> Context | None:
        """The OpenTelemetry context of the innermost open block of a live session, for calls that shall nest under it.

        None for sessions that are not live. Attach it around a call and detach it right after.
        """
        with self._lock:
            return self.active.context()

    # -------------------------------------------------------------------------------------------------- turns, undo

    def _commit(self) -> None:
        held, self._held = self._held, []
        for event in held:
            try:
                self._fold[type(event)](event)
            except (KeyError, ValueError) as error:
                self._fault(f"{event.name}: {error}")
        self._started.clear()

    def _undo(self, turn: int) -> None:
        if not self._held or self._turn != turn or self._final is None:
            self._fault(f"turn {turn} is final and cannot be undone")
            return
        self._keys.difference_update(event.key for event in self._held if _begins(event))
        self._held.clear()
        self.active.restore(self._final)
        self._t = self._final_t
        # A span that was started early for `context` is never ended, hence never exported: it has not been.
        self._started.clear()
        self.undone += 1

    def _fault(self, what: str) -> None:
        if not self.faults:
            _log.warning("otelwod: the tracker could not use an event (%s); further ones are counted", what)
        self.faults += 1

    # ---------------------------------------------------------------------------------- what is open, the held turn too

    def _follow(self, event: ev.RuntimeEvent) -> None:
        """Raises KeyError or ValueError for a block or segment that cannot begin; nothing has changed then."""
        if _begins(event):
            self._enter(event)
        elif isinstance(event, ev.SpanStopped | ev.SegmentEnded):
            self.active.exit(event.key)
        elif isinstance(event, ev.SpanPaused):
            self.active.pause(event.t)
        elif isinstance(event, ev.SpanResumed):
            self.active.resume(event.t)

    def _enter(self, event: ev.SpanStarted | ev.SegmentStarted) -> None:
        key, parent = event.key, _parent_of(event)
        if key in self._keys or "-seg-" in key:
            raise ValueError(f"{key!r} has been used; a key names one execution")
        if self._keys and (parent is None or self.active.current is None):
            raise ValueError(f"{key!r} would be a second root; a session has one")
        if parent is not None:
            left_open = _left_open(self.active, parent)
            if left_open is not None:
                self._fault(f"{left_open} was left open under {parent}")
                self.active.exit(left_open)
        self.active.enter(key, event, event.t)
        self._keys.add(key)

    def _context_of(self, entry: ActiveSpan[ev.SpanStarted | ev.SegmentStarted]) -> Context | None:
        """The context of an open span; one whose turn is still held back starts its OpenTelemetry side early."""
        parent: Mirrored | None = None
        for above in self.active.active:
            known = self._book.active.by_id(above.key)
            mirrored = self._started.get(above.key) if known is None else known.span.mirrored
            if mirrored is None:
                event = above.span
                label, attributes = self._described(event)
                name = span_name(label, event.type if isinstance(event, ev.SegmentStarted) else event.block_type)
                mirrored = self._writer.mirror.start(above.key, name, above.start, attributes_of(attributes), parent)
                self._started[above.key] = mirrored
            parent = mirrored
            if above.key == entry.key:
                break
        return None if parent is None else parent.context

    # ------------------------------------------------------------------------------------------------------ the fold

    def _described(self, event: ev.SpanStarted | ev.SegmentStarted) -> tuple[str, dict[str, Any]]:
        if isinstance(event, ev.SegmentStarted):
            return event.label, {
                **event.attributes,
                c.SEGMENT_TYPE: event.type,
                c.SEGMENT_INDEX: event.index,
                c.SEGMENT_LABEL: event.label,
            }
        attributes: dict[str, Any] = {
            c.BLOCK_ID: event.block_id,
            c.BLOCK_TYPE: event.block_type,
            c.BLOCK_LABEL: event.label,
            c.BLOCK_DEPTH: event.depth,
            c.BLOCK_LINE: event.line,
            **event.attributes,
        }
        if event.parent is None:
            attributes.update((key, value) for key, value in self._root_attributes.items() if value is not None)
            return self._root_name or event.label, attributes
        return event.label, attributes

    def _span_started(self, event: ev.SpanStarted) -> None:
        self._leave_to(event.parent, event.t)
        name, attributes = self._described(event)
        self._book.open_node(
            event.t,
            event.key,
            kind="block",
            node_type=event.block_type,
            name=name,
            attributes=attributes,
            started=self._started.pop(event.key, None),
        )

    def _span_stopped(self, event: ev.SpanStopped) -> None:
        if not self._book.close_node(event.t, event.key, event.status, event.reason, event.attributes):
            raise KeyError(event.key)

    def _segment_started(self, event: ev.SegmentStarted) -> None:
        if event.type in STRUCTURAL_SEGMENTS:
            self._leave_to(event.block, event.t)
            name, attributes = self._described(event)
            self._book.open_node(
                event.t,
                event.key,
                kind="segment",
                node_type=event.type,
                name=name,
                attributes=attributes,
                started=self._started.pop(event.key, None),
            )
        else:
            phase: Phase = _LEAF_PHASES[event.type]
            self._book.line.start(event.t, phase, key=event.key, label=event.label, attributes=event.attributes)

    def _segment_ended(self, event: ev.SegmentEnded) -> None:
        reason: Reason = "children_complete" if event.complete else "forced"
        if not self._book.close_node(event.t, event.key, "completed", reason, event.attributes):
            self._book.line.end(event.t, event.key, event.attributes)

    def _leave_to(self, parent: str | None, t: int) -> None:
        """Close what the stream left open below ``parent``: only a faulty stream does."""
        left_open = None if parent is None else _left_open(self._book.active, parent)
        if left_open is not None:
            self._book.close_node(t, left_open, "completed", "forced")

    def _paused(self, event: ev.SpanPaused) -> None:
        self._book.line.pause(event.t)

    def _resumed(self, event: ev.SpanResumed) -> None:
        self._book.line.resume(event.t)

    def _rest_started(self, event: ev.RestStarted) -> None:
        self._book.line.rest(event.t, rest_label(event.planned))

    def _rest_stopped(self, event: ev.RestStopped) -> None:
        self._book.line.work(event.t)

    def _metric_recorded(self, event: ev.MetricRecorded) -> None:
        reading = Reading(event.metric, event.value, event.unit, event.source, event.type)
        self._book.metric(event.t, event.block, reading)

    def _metric_rejected(self, event: ev.MetricRejected) -> None:
        reading = Reading(event.metric, event.value, event.unit, event.source, event.type)
        self._book.reject(event.t, event.block, reading, event.reason)

    def _milestone(self, event: ev.MilestoneReached) -> None:
        self._book.milestone(event.t, event.block, event.milestone, event.attributes)


def _begins(event: ev.RuntimeEvent) -> TypeGuard[ev.SpanStarted | ev.SegmentStarted]:
    """Whether this is the start of a block or of a structural segment."""
    return isinstance(event, ev.SpanStarted) or (
        isinstance(event, ev.SegmentStarted) and event.type in STRUCTURAL_SEGMENTS
    )


def _parent_of(event: ev.SpanStarted | ev.SegmentStarted) -> str | None:
    return event.block if isinstance(event, ev.SegmentStarted) else event.parent


def _left_open(active: ActiveSpans[Any], parent: str) -> str | None:
    """The key of what is still open directly below ``parent``. KeyError when that is not open itself."""
    current = active.current
    if current is None or current.key == parent:
        return None
    for above, inner in pairwise(active.active):
        if above.key == parent:
            return inner.key
    raise KeyError(parent)


_LEAF_PHASES: Final[Mapping[str, Phase]] = {
    "work": "work",
    "rest": "rest",
    "pause": "pause",
    "transition": "transition",
}


def rest_label(planned: int | None) -> str:
    """``Rest 1:00``, or ``Rest`` when its length is not planned."""
    if planned is None:
        return "Rest"
    whole = planned // NANOS_PER_SECOND
    return f"Rest {whole // 60}:{whole % 60:02d}"


def _why(metric: CapturedMetric) -> str:
    reason = metric.reason or "invalid"
    return f"{metric.name} {metric.value!r} was rejected ({reason}): {WHY[reason]}"
