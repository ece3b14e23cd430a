"""A tracker for runtimes that are not ours: say what begins and ends, and every metric finds its span.

```python
tracker = ExecutionTracker("Intervals", tracer=tracer)
work = tracker.start_span("effort", "Row")
tracker.record_metric("distance", 500, "m")
tracker.end_span(work)
tracker.close()
```
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from opentelemetry.context import Context

from otelwod import conventions as c
from otelwod.conventions import STRUCTURAL_SEGMENTS, Phase, Reason, RejectionReason, SegmentType, Status
from otelwod.runtime.metrics import STREAMS, measure
from otelwod.trace import SpanRecord
from otelwod.tracking.capture import Reading
from otelwod.tracking.captured import WHY, CapturedMetric, MetricRejectedError
from otelwod.tracking.nodes import Node
from otelwod.tracking.tracker import Tracker, TrackerOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

_PHASES: Final[Mapping[str, Phase]] = {"work": "work", "rest": "rest", "pause": "pause", "transition": "transition"}
_SEGMENTS: Final = (*sorted(STRUCTURAL_SEGMENTS), *_PHASES)
_ENDS: Final = ("completed", "failed", "skipped")


class ExecutionTracker(Tracker):
    """Keeps the book of one session of any runtime; the session is open from the start until `close`.

    For the options see `Tracker`; ``attributes`` stand on the root.

    One thing happens at a time in a session: a span begins inside the innermost open one, and ending a span ends what
    is open inside it. Work that runs side by side gets a tracker each. All methods may be called from any thread.

    ``clock`` gives nanoseconds from the session's start; by default it is the monotonic clock, and ``anchor_ns`` (wall
    clock at the start, ns since the epoch) is now. Every method takes ``at`` instead, in the same unit; it never runs
    backwards (ValueError). ``live`` feeds the instruments of ``meter``, and gives `context`; turn it off for sessions
    that are imported or replayed. ``strict`` raises `MetricRejectedError` for a rejected metric, after recording it.
    As a context manager it closes itself; as failed when the block raised.
    """

    def __init__(
        self,
        name: str = "Session",
        *,
        session_id: str | None = None,
        clock: Callable[[], int] | None = None,
        anchor_ns: int | None = None,
        attributes: Mapping[str, Any] | None = None,
        **options: Unpack[TrackerOptions],
    ) -> None:
        given = dict(attributes or {})
        workout_format = given.get(c.WORKOUT_FORMAT)
        options.setdefault("live", True)
        super().__init__(
            session_id=session_id or uuid.uuid4().hex,
            anchor_ns=time.time_ns() if anchor_ns is None else anchor_ns,
            workout_format=workout_format if isinstance(workout_format, str) else None,
            **options,
        )
        begun = time.monotonic_ns()
        self._clock = clock or (lambda: time.monotonic_ns() - begun)
        root = {c.WORKOUT_NAME: name, c.SESSION_ID: self.session_id, **given}
        self._root = self._open_block("session", name, root, 0)

    # ------------------------------------------------------------------------------------------------------- changing

    def start_span(
        self, type: str, label: str, attributes: Mapping[str, Any] | None = None, *, at: int | None = None
    ) -> str:
        """A block begins inside the innermost open one; returns its span id.

        ``type`` is one of ``otelwod.conventions.BlockType`` or your own word. ``attributes`` go onto the span; those of
        ``otelwod.conventions`` mean what they say there: a movement, a target, a timer's direction and planned seconds.
        Raises DepthError when nested too deep, ValueError after the end.
        """
        with self._lock:
            if not isinstance(type, str) or not type:
                raise ValueError(f"a span needs a type such as 'effort', not {type!r}")
            return self._open_block(type, label, attributes or {}, self._now(at)).mirrored.span_id

    def end_span(
        self,
        span_id: str | None = None,
        status: Status = "completed",
        *,
        reason: Reason = "user_advance",
        attributes: Mapping[str, Any] | None = None,
        at: int | None = None,
    ) -> SpanRecord | None:
        """A block ends, by default the innermost; open segments and spans inside end at the same moment.

        ``status``: completed, failed or skipped. Returns its record; None when it is not open (ending twice changes
        nothing). The session itself is ended by `close`.
        """
        _check("status", status, _ENDS)
        with self._lock:
            node = self._open(span_id)
            if node is None or node is self._root:
                return None
            self._book.close_node(self._now(at), node.key, status, reason, attributes)
            return self._writer.completed.get(node.mirrored.span_id)

    def start_segment(
        self,
        type: SegmentType,
        label: str | None = None,
        index: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        at: int | None = None,
    ) -> str:
        """A segment begins in the innermost open block; returns its segment id.

        ``round`` and ``minute`` are spans that hold the blocks started next; one that is open in the same block ends.
        ``work``, ``rest``, ``pause`` and ``transition`` divide the time of the block; the one before ends. ``index``
        counts from 0, by default by itself; it cannot go back. Raises ValueError for another type, or after the end.
        """
        _check("a segment's type", type, _SEGMENTS)
        with self._lock:
            current = self._book.active.current
            if current is None:
                raise ValueError("the session has ended; a segment needs an open span")
            t = self._now(at)
            if type in STRUCTURAL_SEGMENTS:
                return self._open_round(type, label, index, metadata or {}, t)
            leaf = self._book.line.start(t, _PHASES[type], label=label, attributes=metadata)
            if leaf is None:
                raise ValueError("the session has ended; a segment needs an open span")
            if index is not None and index >= leaf.node.leaf_count:
                leaf.index, leaf.node.leaf_count = index, index + 1
            leaf.key = leaf.segment_id
            return leaf.key

    def end_segment(
        self, segment_id: str | None = None, metadata: Mapping[str, Any] | None = None, *, at: int | None = None
    ) -> bool:
        """A segment ends, by default the innermost one that was started; until the next begins time is a transition.

        False when it is not open.
        """
        with self._lock:
            t = self._now(at)
            leaf_key = self._book.line.key
            if leaf_key is not None and segment_id in (None, leaf_key):
                return self._book.line.end(t, leaf_key, metadata)
            for entry in reversed(self._book.active.active):
                node = entry.span
                if node.kind == "segment" and segment_id in (None, node.text(c.SEGMENT_ID)):
                    return self._book.close_node(t, node.key, "completed", "children_complete", metadata)
                if segment_id is None:
                    return False
            return False

    def pause(self, *, at: int | None = None) -> None:
        """Everything stops; neither work nor rest. Pausing twice changes nothing."""
        with self._lock:
            self._book.line.pause(self._now(at))

    def resume(self, *, at: int | None = None) -> None:
        """Everything goes on with what it did before."""
        with self._lock:
            self._book.line.resume(self._now(at))

    def record_metric(
        self,
        key: str,
        value: float,
        unit: str = "",
        source: str = "athlete",
        type: str | None = None,
        *,
        span_id: str | None = None,
        at: int | None = None,
    ) -> CapturedMetric:
        """A value for the innermost open block, or for the open block ``span_id``.

        Name and unit become canonical (``calories`` → ``energy``, ``lb`` → ``kg``). Returns what was captured: its
        ``reason`` is None when it was accepted, else rest, paused, ended or invalid. Streams (heart rate, power,
        cadence, speed, temperature) are accepted in each phase, and summed up on the leaf.
        """
        with self._lock:
            measured = measure(key, value, unit)
            t = self._now(at)
            node = self._open(span_id)
            reason = self._refusal(measured.metric, node)
            if measured.problem:
                reason = "invalid"
            shown = str(value) if measured.problem else measured.value
            name = measured.metric or str(key)
            reading = Reading(name, shown, measured.unit, source, type)
            if reason is None and node is not None:
                return self._book.metric(t, node.key, reading)
            rejected = self._book.reject(t, None if node is None else node.key, reading, reason or "ended")
        if self._strict:
            raise MetricRejectedError(rejected, measured.problem or f"{name}: {WHY[rejected.reason or 'ended']}")
        return rejected

    def milestone(self, name: str, attributes: Mapping[str, Any] | None = None, *, at: int | None = None) -> None:
        """Something worth a word, on the innermost open block."""
        with self._lock:
            node = self._open(None)
            if node is not None:
                self._book.milestone(self._now(at), node.key, name, attributes or {})

    def close(
        self,
        status: Status = "completed",
        *,
        reason: Reason = "children_complete",
        attributes: Mapping[str, Any] | None = None,
        at: int | None = None,
    ) -> None:
        """The session ends, and what is open inside it. Closing twice changes nothing."""
        _check("status", status, _ENDS)
        with self._lock:
            if self._book.active.current is not None:
                self._book.close_node(self._now(at), self._root.key, status, reason, attributes)
            self._book.seal()

    def __enter__(self) -> ExecutionTracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.close("failed", reason="interrupted")

    def context(self) -> Context | None:
        """The OpenTelemetry context of the innermost open span, for calls that shall nest under it.

        None for sessions that are not live. Attach it around a call and detach it right after.
        """
        with self._lock:
            return self._book.active.context()

    # ------------------------------------------------------------------------------------------------------- plumbing

    def _now(self, at: int | None) -> int:
        if at is None:
            return max(int(self._clock()), self._book.line.now)
        if at < self._book.line.now:
            raise ValueError(
                f"at is {at} ns, but the session is at {self._book.line.now} ns already: report in the order of time"
            )
        return at

    def _open(self, span_id: str | None) -> Node | None:
        """The open block with this id; by default the innermost."""
        for entry in reversed(self._book.active.active):
            if entry.span.kind == "block" and span_id in (None, entry.span.mirrored.span_id):
                return entry.span
        return None

    def _refusal(self, name: str, node: Node | None) -> RejectionReason | None:
        if node is None:
            return "ended"
        if name in STREAMS:
            return None
        if self._book.active.paused:
            return "paused"
        return "rest" if self._book.line.phase == "rest" else None

    def _open_block(self, type: str, label: str, attributes: Mapping[str, Any], t: int) -> Node:
        current = self._book.active.current
        if current is None:
            key = block_id = "0"
            depth = 0
        else:
            number = current.span.child_count
            current.span.child_count += 1
            key = f"{current.key}.{number}"
            block_id = f"{current.span.block.text(c.BLOCK_ID)}.{number}"
            depth = sum(1 for entry in self._book.active.active if entry.span.kind == "block")
        return self._book.open_node(
            t,
            key,
            kind="block",
            node_type=type,
            name=label,
            attributes={
                **attributes,
                c.BLOCK_ID: block_id,
                c.BLOCK_TYPE: type,
                c.BLOCK_LABEL: label,
                c.BLOCK_DEPTH: depth,
            },
        )

    def _open_round(
        self, type: SegmentType, label: str | None, index: int | None, metadata: Mapping[str, Any], t: int
    ) -> str:
        current = self._book.active.current
        if current is not None and current.span.kind == "segment":
            self._book.close_node(t, current.key, "completed", "children_complete")
        block = self._open(None)
        if block is None:
            raise ValueError("the session has ended; a segment needs an open span")
        # A number is given once: the key of a round is unique in its session.
        number = block.segment_count if index is None else max(index, block.segment_count)
        node = self._book.open_node(
            t,
            f"{block.key}#{number}",
            kind="segment",
            node_type=type,
            name=label or f"{type.capitalize()} {number + 1}",
            attributes={**metadata, c.SEGMENT_INDEX: number},
        )
        return node.text(c.SEGMENT_ID) or node.mirrored.span_id


def _check(what: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, not {value!r}")


assert set(_SEGMENTS) == set(get_args(SegmentType))  # noqa: S101 - the two lists are one
