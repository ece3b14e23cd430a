"""`TaskRun`: the record of one execution, with its calls to the outside; JSON that a later version still reads."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from otelwod.stages.taskrun.capture import Json, capture
from otelwod.stages.taskrun.timing import Timed

FORMAT: Final = 1
"""The format that is written. A reader takes this one and every older one."""
MAX_CALLS: Final = 10_000
MAX_METRICS: Final = 10_000
MAX_METADATA: Final = 1_000

RunType = Literal["pending", "success", "error"]


class RecordError(ValueError):
    """What was given is no metadata, no metric, or no record; the message says what it should be."""


@dataclass(frozen=True, slots=True)
class RunError:
    """An exception as a record has it: ``type`` is ``module.Name`` (built-ins without module)."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class RunMetric:
    """A number that belongs to the run. ``type`` is a category, such as ``gauge``; the caller's own word."""

    type: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class BoundaryCall:
    """One call to the outside. ``input`` is ``{"args": […], "kwargs": {…}}``; ``timing`` None where the clock failed.

    Either ``output`` or ``error`` counts, as ``error`` is None or not.
    """

    boundary: str
    input: Json
    output: Json = None
    error: RunError | None = None
    timing: Timed | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class TaskRun:
    """What a task got, gave and asked of the outside, and how long it all took.

    ``calls``, ``metrics`` and ``metadata`` are bounded: ``dropped`` counts what was beyond, by kind. ``notes`` say
    precisely what could not be written as it was.
    """

    task: str
    type: RunType = "pending"
    input: Json = None
    output: Json = None
    error: RunError | None = None
    timing: Timed | None = None
    calls: list[BoundaryCall] = field(default_factory=list)
    metadata: dict[str, Json] = field(default_factory=dict)
    metrics: list[RunMetric] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------- while it runs

    def add_call(self, call: BoundaryCall) -> None:
        """One more call to the outside; beyond the bound it is counted only."""
        if len(self.calls) < MAX_CALLS:
            self.calls.append(call)
        else:
            self._drop("calls")

    def set_metadata(self, metadata: Mapping[str, object]) -> None:
        """Adds to the metadata. `RecordError` for what is no mapping of texts to values."""
        if not isinstance(metadata, Mapping):
            raise RecordError(f"metadata is a mapping of names to values, not {type(metadata).__name__}")
        for key, value in metadata.items():
            if not isinstance(key, str) or not key:
                raise RecordError(f"a name in metadata is a text that is not empty, not {key!r:.80}")
            if key not in self.metadata and len(self.metadata) >= MAX_METADATA:
                self._drop("metadata")
                continue
            captured = capture("metadata", {key: value})
            if isinstance(captured.value, dict):
                self.metadata.update(captured.value)
            self.notes.extend(captured.notes)

    def set_metrics(self, metrics: Iterable[RunMetric | tuple[str, str, float]]) -> None:
        """Adds metrics, as `RunMetric` or ``(type, name, value)``. `RecordError` says which one is wrong, and why."""
        if isinstance(metrics, str | bytes | Mapping) or not isinstance(metrics, Iterable):
            raise RecordError(f"metrics are a list of (type, name, value), not {type(metrics).__name__}")
        checked = [_metric(index, given) for index, given in enumerate(metrics)]
        for metric in checked:
            if len(self.metrics) < MAX_METRICS:
                self.metrics.append(metric)
            else:
                self._drop("metrics")

    def timings(self) -> dict[str, list[Timed | None]]:
        """The timings of every boundary's calls, in order; None for one whose clock failed."""
        timings: dict[str, list[Timed | None]] = {}
        for call in self.calls:
            timings.setdefault(call.boundary, []).append(call.timing)
        return timings

    def _drop(self, kind: str) -> None:
        self.dropped[kind] = self.dropped.get(kind, 0) + 1

    # ---------------------------------------------------------------------------------------------------------- JSON

    def to_dict(self) -> dict[str, Json]:
        """The record as JSON's own values, in the current format."""
        return {
            "format": FORMAT,
            "task": self.task,
            "type": self.type,
            "input": self.input,
            "output": self.output,
            "error": _error_to(self.error),
            "timing": _timing_to(self.timing),
            "boundaries": [
                {
                    "boundary": call.boundary,
                    "input": call.input,
                    "output": call.output,
                    "error": _error_to(call.error),
                    "timing": _timing_to(call.timing),
                    "notes": list(call.notes),
                }
                for call in self.calls
            ],
            "metadata": dict(self.metadata),
            "metrics": [{"type": m.type, "name": m.name, "value": m.value} for m in self.metrics],
            "notes": list(self.notes),
            "dropped": dict(self.dropped),
        }

    def to_json(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> TaskRun:
        """The record of a JSON text. `RecordError` for anything else, and for a format of the future."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"no JSON: {error}") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> TaskRun:
        """As `from_json`, of what ``json.loads`` gave. Fields it does not know are passed over."""
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise RecordError('no task run: it has no "format"')
        data = _upgraded(data)
        try:
            return cls(
                task=_text(data["task"]),
                type=_run_type(data["type"]),
                input=data.get("input"),
                output=data.get("output"),
                error=_error_from(data.get("error")),
                timing=_timing_from(data.get("timing")),
                calls=[_call_from(call) for call in data.get("boundaries", ())][:MAX_CALLS],
                metadata=dict(data.get("metadata", {})),
                metrics=[_metric(i, (m["type"], m["name"], m["value"])) for i, m in enumerate(data.get("metrics", ()))],
                notes=[_text(note) for note in data.get("notes", ())],
                dropped={_text(kind): int(count) for kind, count in data.get("dropped", {}).items()},
            )
        except RecordError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordError(f"a damaged task run: {type(error).__name__} {error}") from None


UPGRADES: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""By format: what makes a record of it one of the next format. Format 1 is the first, so there is none yet."""


def _upgraded(data: dict[str, Any]) -> dict[str, Any]:
    number = data["format"]
    if number > FORMAT:
        raise RecordError(f"a task run of format {number}; this version reads up to {FORMAT}: update otelwod")
    while number < FORMAT:
        upgrade = UPGRADES.get(number)
        if upgrade is None:
            raise RecordError(f"a task run of format {number}, which never was")
        data, number = upgrade(data), number + 1
    return data


def _metric(index: int, given: object) -> RunMetric:
    if isinstance(given, RunMetric):
        kind, name, value = given.type, given.name, given.value
    elif isinstance(given, tuple | list) and len(given) == 3:
        kind, name, value = given
    else:
        raise RecordError(f"metric {index}: (type, name, value) is expected, not {given!r:.80}")
    for what, text in (("type", kind), ("name", name)):
        if not isinstance(text, str) or not text.strip():
            raise RecordError(f"metric {index}: its {what} is a text that is not empty, not {text!r:.80}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RecordError(f"metric {index} ({name[:40]}): its value is a finite number, not {value!r:.80}")
    return RunMetric(kind, name, value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RecordError(f"a text is expected, not {value!r:.80}")
    return value


def _run_type(value: object) -> RunType:
    if value == "pending" or value == "success" or value == "error":
        return value
    raise RecordError(f"type is pending, success or error, not {value!r:.80}")


def _error_to(error: RunError | None) -> Json:
    return None if error is None else {"type": error.type, "message": error.message}


def _error_from(data: Any) -> RunError | None:
    return None if data is None else RunError(_text(data["type"]), _text(data["message"]))


def _timing_to(timing: Timed | None) -> Json:
    return None if timing is None else {"start_ns": timing.start_ns, "duration_ns": timing.duration_ns}


def _timing_from(data: Any) -> Timed | None:
    return None if data is None else Timed(int(data["start_ns"]), int(data["duration_ns"]))


def _call_from(data: Any) -> BoundaryCall:
    return BoundaryCall(
        boundary=_text(data["boundary"]),
        input=data.get("input"),
        output=data.get("output"),
        error=_error_from(data.get("error")),
        timing=_timing_from(data.get("timing")),
        notes=tuple(_text(note) for note in data.get("notes", ())),
    )
