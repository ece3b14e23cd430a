"""Every attribute, event, instrument name and unit of otelwod, spelled once.

OpenTelemetry's stable semantic conventions come first; what they lack lives under ``otelwod.``. Units are UCUM.
Durations on attributes and instruments are seconds (double); inside the program they are integer nanoseconds.
Loads are kilograms, distances metres, energy kilocalories.
"""

from __future__ import annotations

from typing import Final, Literal

NANOS_PER_SECOND: Final = 1_000_000_000

# ---------------------------------------------------------------------------------------------------------- values

BlockType = Literal["session", "timer", "for_time", "rounds", "amrap", "emom", "tabata", "effort", "rest", "group"]
WorkoutFormat = Literal["for_time", "amrap", "emom", "tabata", "interval", "rounds", "strength", "custom"]
SegmentType = Literal["round", "minute", "work", "rest", "pause", "transition"]
Phase = Literal["work", "rest", "transition", "pause"]
Status = Literal["active", "completed", "failed", "skipped"]
Reason = Literal[
    "user_advance",
    "timer_expired",
    "rounds_complete",
    "children_complete",
    "forced",
    "aborted",
    "interrupted",
]
RejectionReason = Literal["rest", "paused", "ended", "invalid"]
Direction = Literal["up", "down"]

STRUCTURAL_SEGMENTS: Final = frozenset({"round", "minute"})
"""Segments that are parents of blocks; the other types are leaves under the innermost open block."""

# ---------------------------------------------------------------------------------------- span attributes: the root

WORKOUT_NAME: Final = "otelwod.workout.name"
WORKOUT_FORMAT: Final = "otelwod.workout.format"
WORKOUT_ID: Final = "otelwod.workout.id"
"""Hash of the normalised text."""
WORKOUT_SOURCE: Final = "otelwod.workout.source"
"""script, fit, tcx, csv or live."""
SESSION_ID: Final = "otelwod.session.id"
ATHLETE_ID: Final = "otelwod.athlete.id"
"""Only when given, opaque."""
SCORE_DISPLAY: Final = "otelwod.score.display"
SCORE_ROUNDS: Final = "otelwod.score.rounds"
SCORE_REPS: Final = "otelwod.score.reps"
SCORE_LOWEST: Final = "otelwod.score.lowest"
"""Tabata: the repetitions of the weakest interval."""
SCORE_TIME: Final = "otelwod.score.time"
"""Seconds."""
SCORE_LOAD: Final = "otelwod.score.load"
"""Kilograms."""

# -------------------------------------------------------------------------------- span attributes: blocks, segments

BLOCK_ID: Final = "otelwod.block.id"
"""The path in the program, such as ``0.1.2``; always stable."""
BLOCK_TYPE: Final = "otelwod.block.type"
BLOCK_LABEL: Final = "otelwod.block.label"
BLOCK_DEPTH: Final = "otelwod.block.depth"
BLOCK_LINE: Final = "otelwod.block.line"
"""Line of the source, counted from 1."""
SEGMENT_ID: Final = "otelwod.segment.id"
SEGMENT_TYPE: Final = "otelwod.segment.type"
SEGMENT_INDEX: Final = "otelwod.segment.index"
SEGMENT_LABEL: Final = "otelwod.segment.label"
PHASE: Final = "otelwod.phase"
"""On every leaf and nowhere else; set at the end."""
STATUS: Final = "otelwod.status"
COMPLETION_REASON: Final = "otelwod.completion.reason"
ROUND_CURRENT: Final = "otelwod.round.current"
ROUND_TOTAL: Final = "otelwod.round.total"
REP_SCHEME: Final = "otelwod.rep_scheme"
INTERVAL_MADE: Final = "otelwod.interval.made"
"""On the minutes of an EMOM that have work: whether all of it was done before the boundary."""
TIMER_DIRECTION: Final = "otelwod.timer.direction"
TIMER_PLANNED: Final = "otelwod.timer.planned"
TIMER_ELAPSED: Final = "otelwod.timer.elapsed"
"""Unpaused seconds."""
TIMER_TOTAL: Final = "otelwod.timer.total"
"""Wall seconds."""
MOVEMENT_ID: Final = "otelwod.movement.id"
MOVEMENT_NAME: Final = "otelwod.movement.name"
MOVEMENT_IMAGE: Final = "otelwod.movement.image"
REPS_DONE: Final = "otelwod.reps.done"
REPS_TARGET: Final = "otelwod.reps.target"
LOAD_VALUE: Final = "otelwod.load.value"
LOAD_DISPLAY: Final = "otelwod.load.display"
DISTANCE_DONE: Final = "otelwod.distance.done"
DISTANCE_TARGET: Final = "otelwod.distance.target"
ENERGY_DONE: Final = "otelwod.energy.done"
ENERGY_TARGET: Final = "otelwod.energy.target"
HEART_RATE_MIN: Final = "otelwod.heart_rate.min"
HEART_RATE_MEAN: Final = "otelwod.heart_rate.mean"
HEART_RATE_MAX: Final = "otelwod.heart_rate.max"
HEART_RATE_LAST: Final = "otelwod.heart_rate.last"
POWER_MIN: Final = "otelwod.power.min"
POWER_MEAN: Final = "otelwod.power.mean"
POWER_MAX: Final = "otelwod.power.max"
POWER_LAST: Final = "otelwod.power.last"
CADENCE_MIN: Final = "otelwod.cadence.min"
CADENCE_MEAN: Final = "otelwod.cadence.mean"
CADENCE_MAX: Final = "otelwod.cadence.max"
CADENCE_LAST: Final = "otelwod.cadence.last"
SPEED_MIN: Final = "otelwod.speed.min"
SPEED_MEAN: Final = "otelwod.speed.mean"
SPEED_MAX: Final = "otelwod.speed.max"
SPEED_LAST: Final = "otelwod.speed.last"
TEMPERATURE_MIN: Final = "otelwod.temperature.min"
TEMPERATURE_MEAN: Final = "otelwod.temperature.mean"
TEMPERATURE_MAX: Final = "otelwod.temperature.max"
TEMPERATURE_LAST: Final = "otelwod.temperature.last"

# ------------------------------------------------------------------------------------------ span attributes: stages

PIPELINE_NAME: Final = "otelwod.pipeline.name"
PIPELINE_STAGE_COUNT: Final = "otelwod.pipeline.stage_count"
STAGE_NAME: Final = "otelwod.stage.name"
STAGE_ITEMS: Final = "otelwod.stage.items"
STAGE_QUEUED: Final = "otelwod.stage.queued"
"""Seconds that the item (of a batch: the first) waited in the queue before the stage."""
STAGE_ERRORS: Final = "otelwod.stage.error_count"
"""Calls of the stage that failed in one run of a pipeline."""
STAGE_ARGS: Final = "otelwod.stage.args"
STAGE_RESULT: Final = "otelwod.stage.result"
BLOCKING: Final = "otelwod.blocking"
"""False on a span whose parent does not wait for it."""

PREDECESSOR: Final = "otelwod.predecessor.id"
"""The span that ended last in the same task or thread before this one began; only on request."""
OPERATION: Final = "otelwod.operation.name"
"""On the ``otelwod.operation.*`` counters."""
ALERT_MEASURE: Final = "otelwod.monitor.measure"
"""On ``otelwod.monitor.alerts``: which measure exceeded its threshold."""
ROLLUP: Final = "otelwod.rollup"
"""``otelwod.rollup.<operation>.count``, ``.total``, ``.max`` (seconds) on the parent of rolled-up calls; ``.timed``."""

# ------------------------------------------------------------------------------------------------------ span events

EVENT_METRIC_RECORDED: Final = "otelwod.metric.recorded"
EVENT_METRIC_REJECTED: Final = "otelwod.metric.rejected"
EVENT_MILESTONE_REACHED: Final = "otelwod.milestone.reached"
EVENT_LOG_EMITTED: Final = "otelwod.log.emitted"
EVENT_STAGE_COUNTED: Final = "otelwod.stage.counted"
"""On the span of a pipeline, one for each stage when it ends: ``otelwod.stage.name``, ``.items``, ``.error_count``."""

METRIC_NAME: Final = "otelwod.metric.name"
METRIC_VALUE: Final = "otelwod.metric.value"
METRIC_UNIT: Final = "otelwod.metric.unit"
METRIC_SOURCE: Final = "otelwod.metric.source"
METRIC_TYPE: Final = "otelwod.metric.type"
SPAN_IDS: Final = "otelwod.span_ids"
"""Root, blocks and structural segments from the root down."""
CAPTURED_PHASE: Final = "otelwod.captured.phase"
CAPTURED_ELAPSED: Final = "otelwod.captured.elapsed"
"""Unpaused seconds in the segment."""
CAPTURED_TOTAL_ELAPSED: Final = "otelwod.captured.total_elapsed"
"""Unpaused seconds in the block."""
CAPTURED_ROUND: Final = "otelwod.captured.round"
CAPTURED_PARENT_TIMER_BLOCK_ID: Final = "otelwod.captured.parent_timer.block_id"
CAPTURED_PARENT_TIMER_ELAPSED: Final = "otelwod.captured.parent_timer.elapsed"
CAPTURED_PARENT_TIMER_DIRECTION: Final = "otelwod.captured.parent_timer.direction"
REASON: Final = "otelwod.reason"
MILESTONE_NAME: Final = "otelwod.milestone.name"
LOG_LEVEL: Final = "otelwod.log.level"
"""The level's name, such as ``INFO``."""
LOG_MESSAGE: Final = "otelwod.log.message"

# ------------------------------------------------------------------------- stable OpenTelemetry conventions in use

SERVICE_NAME: Final = "service.name"
CODE_FUNCTION_NAME: Final = "code.function.name"
ERROR_TYPE: Final = "error.type"
EXCEPTION_EVENT: Final = "exception"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

# ------------------------------------------------------------------------------------------------------ instruments

INSTRUMENT_SESSION_DURATION: Final = "otelwod.session.duration"
INSTRUMENT_BLOCK_DURATION: Final = "otelwod.block.duration"
INSTRUMENT_PHASE_TIME: Final = "otelwod.phase.time"
INSTRUMENT_REPS: Final = "otelwod.reps.count"
INSTRUMENT_ROUNDS: Final = "otelwod.rounds.count"
INSTRUMENT_VOLUME_LOAD: Final = "otelwod.volume_load"
INSTRUMENT_DISTANCE: Final = "otelwod.distance.total"
INSTRUMENT_ENERGY: Final = "otelwod.energy.total"
INSTRUMENT_HEART_RATE: Final = "otelwod.heart_rate.value"
INSTRUMENT_POWER: Final = "otelwod.power.value"
INSTRUMENT_REJECTIONS: Final = "otelwod.metric.rejections"
INSTRUMENT_STAGE_CALLS: Final = "otelwod.stage.calls"
INSTRUMENT_STAGE_BUSY_TIME: Final = "otelwod.stage.busy_time"
INSTRUMENT_STAGE_ITEMS: Final = "otelwod.stage.items"
INSTRUMENT_STAGE_ERRORS: Final = "otelwod.stage.errors"
INSTRUMENT_STAGE_ACTIVE: Final = "otelwod.stage.active"
INSTRUMENT_STAGE_DURATION: Final = "otelwod.stage.duration"
"""Only with ``@stage(histogram=True)``."""
INSTRUMENT_OPERATION_CALLS: Final = "otelwod.operation.calls"
INSTRUMENT_OPERATION_SELF_TIME: Final = "otelwod.operation.self_time"
INSTRUMENT_OPERATION_CRITICAL_TIME: Final = "otelwod.operation.critical_time"
INSTRUMENT_OPERATION_ERRORS: Final = "otelwod.operation.errors"
INSTRUMENT_ALERTS: Final = "otelwod.monitor.alerts"
INSTRUMENT_TELEMETRY_SPANS: Final = "otelwod.telemetry.spans"

UNIT_SECONDS: Final = "s"
UNIT_KILOGRAM: Final = "kg"
UNIT_METRE: Final = "m"
UNIT_KILOCALORIE: Final = "kcal"
UNIT_WATT: Final = "W"
UNIT_BEATS_PER_MINUTE: Final = "{beat}/min"
UNIT_REP: Final = "{rep}"
UNIT_ROUND: Final = "{round}"
UNIT_METRIC: Final = "{metric}"
UNIT_CALL: Final = "{call}"
UNIT_ITEM: Final = "{item}"
UNIT_ERROR: Final = "{error}"
UNIT_ALERT: Final = "{alert}"
UNIT_SPAN: Final = "{span}"

OTHER: Final = "_other"
"""The attribute value of every movement or stage beyond the cap on distinct ones in a process."""
MAX_DISTINCT: Final = 200
