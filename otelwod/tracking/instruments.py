"""The instruments of a live session, recorded under the span they belong to, so that backends can show exemplars.

Instruments carry no time of their own: imported, replayed and simulated sessions do not touch them unless asked.
"""

from __future__ import annotations

import logging
import threading

from opentelemetry.context import Context
from opentelemetry.metrics import Counter, Histogram, Meter

from otelwod import conventions as c
from otelwod.conventions import Phase, RejectionReason
from otelwod.telemetry.buckets import BY_INSTRUMENT
from otelwod.tracking.captured import CapturedMetric, seconds
from otelwod.tracking.mirror import Mirrored
from otelwod.tracking.nodes import Node, own_phase

_log = logging.getLogger(__name__)

_seen: set[str] = set()
_seen_lock = threading.Lock()


def capped_movement(movement: str) -> str:
    """``movement``, or ``_other`` once this process has seen as many distinct ones as an attribute may have."""
    if movement in _seen:
        return movement
    with _seen_lock:
        if len(_seen) < c.MAX_DISTINCT:
            _seen.add(movement)
        return movement if movement in _seen else c.OTHER


class Instruments:
    """The instruments of CONVENTIONS.md that a session feeds."""

    def __init__(self, meter: Meter, *, workout_format: str | None = None) -> None:
        self._format: dict[str, str] = {} if workout_format is None else {c.WORKOUT_FORMAT: workout_format}
        self._failures = 0
        self._session_duration = _histogram(
            meter, c.INSTRUMENT_SESSION_DURATION, c.UNIT_SECONDS, "Duration of sessions."
        )
        self._block_duration = _histogram(meter, c.INSTRUMENT_BLOCK_DURATION, c.UNIT_SECONDS, "Duration of blocks.")
        self._heart_rate = _histogram(meter, c.INSTRUMENT_HEART_RATE, c.UNIT_BEATS_PER_MINUTE, "Heart rate samples.")
        self._power = _histogram(meter, c.INSTRUMENT_POWER, c.UNIT_WATT, "Power samples.")
        self._phase_time = meter.create_counter(c.INSTRUMENT_PHASE_TIME, c.UNIT_SECONDS, "Time spent in each phase.")
        self._reps = meter.create_counter(c.INSTRUMENT_REPS, c.UNIT_REP, "Repetitions done.")
        self._rounds = meter.create_counter(c.INSTRUMENT_ROUNDS, c.UNIT_ROUND, "Rounds done.")
        self._volume = meter.create_counter(c.INSTRUMENT_VOLUME_LOAD, c.UNIT_KILOGRAM, "Repetitions times load.")
        self._distance = meter.create_counter(c.INSTRUMENT_DISTANCE, c.UNIT_METRE, "Distance covered.")
        self._energy = meter.create_counter(c.INSTRUMENT_ENERGY, c.UNIT_KILOCALORIE, "Energy spent.")
        self._rejections = meter.create_counter(
            c.INSTRUMENT_REJECTIONS, c.UNIT_METRIC, "Metrics that were not accepted, by reason."
        )

    def session(self, root: Node, nanoseconds: int) -> None:
        """The session ended."""
        attributes = {**self._format, c.STATUS: root.text(c.STATUS) or "completed"}
        self._record(self._session_duration, seconds(nanoseconds), attributes, root.mirrored.context)

    def block(self, node: Node, nanoseconds: int) -> None:
        """A block ended. Containers have no phase."""
        attributes = {c.BLOCK_TYPE: node.type, **_movement(node)}
        if not node.has_children:
            attributes[c.PHASE] = node.text(c.PHASE) or own_phase(node.type)
        self._record(self._block_duration, seconds(nanoseconds), attributes, node.mirrored.context)

    def phase(self, phase: Phase, nanoseconds: int, mirrored: Mirrored) -> None:
        """A leaf ended."""
        self._add(self._phase_time, seconds(nanoseconds), {c.PHASE: phase, **self._format}, mirrored.context)

    def round(self, node: Node) -> None:
        """A round was completed."""
        self._add(self._rounds, 1, dict(self._format), node.mirrored.context)

    def metric(self, metric: CapturedMetric, node: Node, phase: Phase) -> None:
        """A metric was accepted on the block ``node``."""
        value, context = metric.value, node.mirrored.context
        if isinstance(value, str):
            return
        match metric.name:
            case "reps":
                self._add(self._reps, value, {**_movement(node), **self._format}, context)
                load = node.attributes.get(c.LOAD_VALUE)
                if isinstance(load, int | float):
                    self._add(self._volume, value * load, _movement(node), context)
            case "distance" if metric.unit == c.UNIT_METRE:
                self._add(self._distance, value, _movement(node), context)
            case "energy" if metric.unit == c.UNIT_KILOCALORIE:
                self._add(self._energy, value, _movement(node), context)
            case "heart_rate":
                self._record(self._heart_rate, value, {c.PHASE: phase}, context)
            case "power":
                self._record(self._power, value, {c.PHASE: phase}, context)

    def rejection(self, reason: RejectionReason, node: Node | None) -> None:
        """A metric was rejected."""
        context = None if node is None else node.mirrored.context
        self._add(self._rejections, 1, {c.REASON: reason}, context)

    def _add(self, counter: Counter, value: float, attributes: dict[str, str], context: Context | None) -> None:
        try:
            counter.add(value, attributes, context if context is not None else Context())
        except Exception:  # noqa: BLE001 - a view or exemplar filter of the host may raise anything
            self._failed()

    def _record(self, histogram: Histogram, value: float, attributes: dict[str, str], context: Context | None) -> None:
        try:
            histogram.record(value, attributes, context if context is not None else Context())
        except Exception:  # noqa: BLE001 - a view or exemplar filter of the host may raise anything
            self._failed()

    def _failed(self) -> None:
        if not self._failures:
            _log.warning("otelwod: the meter provider raised; records are complete", exc_info=True)
        self._failures += 1


def _histogram(meter: Meter, name: str, unit: str, description: str) -> Histogram:
    return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=BY_INSTRUMENT[name])


def _movement(node: Node) -> dict[str, str]:
    movement = node.text(c.MOVEMENT_ID)
    return {} if movement is None else {c.MOVEMENT_ID: capped_movement(movement)}
