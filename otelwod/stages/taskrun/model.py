"""`TaskRun`: the record of one execution, with its calls to the outside; JSON that a later version still reads."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from otelwod.stages import values
from otelwod.stages.taskrun.capture import Json, capture
from otelwod.stages.taskrun.timing import Timed

FORMAT: Final = 1
"""The format that is written. A reader takes this one and every older one."""
MAX_CALLS: Final = 10_000
MAX_METRICS: Final = 10_000
MAX_METADATA: Final = 1_000
MAX_NOTES: Final = 1_000
MAX_SIZE: Final = 64 * 1024 * 1024
"""About as many bytes of captured values a run keeps; a call beyond is counted only."""
MAX_JSON: Final = 256 * 1024 * 1024
"""Characters of a record that is read."""
MAX_NESTING: Final = 200

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

    Either ``output`` or ``error`` counts, as ``error`` is None or not. ``complete`` is False where the answer is not
    all here (something was left out or cut, or the call was interrupted); such a call is not replayed.
    """

    boundary: str
    input: Json
    output: Json = None
    error: RunError | None = None
    timing: Timed | None = None
    notes: tuple[str, ...] = ()
    complete: bool = True


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
    _size: int = field(default=0, init=False, repr=False, compare=False)

    # ------------------------------------------------------------------------------------------------- while it runs

    def add_call(self, call: BoundaryCall, size: int = 0) -> None:
        """One more call to the outside, of about ``size`` bytes; beyond the bounds it is counted only."""
        if len(self.calls) < MAX_CALLS and self._size + size <= MAX_SIZE:
            self._size += size
            self.calls.append(call)
        else:
            self._drop("calls")

    def add_notes(self, notes: Iterable[str]) -> None:
        """What could not be written as it was; beyond 1,000 notes they are counted only."""
        for note in notes:
            if len(self.notes) < MAX_NOTES:
                self.notes.append(note)
            else:
                self._drop("notes")

    def set_metadata(self, metadata: Mapping[str, object]) -> None:
        """Adds to the metadata. `RecordError` for what is no mapping of texts to values; then nothing is added."""
        if not isinstance(metadata, Mapping):
            raise RecordError(f"metadata is a mapping of names to values, not {type(metadata).__name__}")
        for key in metadata:
            if not isinstance(key, str) or not key.strip():
                raise RecordError(f"a name in metadata is a text that is not empty, not {values.outline(key, 80)}")
        for key, value in metadata.items():
            captured = capture("metadata", {key: value})
            full = key not in self.metadata and len(self.metadata) >= MAX_METADATA
            if full or self._size + captured.size > MAX_SIZE:
                self._drop("metadata")
                continue
            self._size += captured.size
            if isinstance(captured.value, dict):
                self.metadata.update(captured.value)
            self.add_notes(captured.notes)

    def set_metrics(self, metrics: Iterable[RunMetric | tuple[str, str, float]]) -> None:
        """Adds metrics, as `RunMetric` or ``(type, name, value)``.

        `RecordError` says which one is wrong, and why; then none is added.
        """
        if isinstance(metrics, str | bytes | Mapping) or not isinstance(metrics, Iterable):
            raise RecordError(f"metrics are a list of (type, name, value), not {type(metrics).__name__}")
        room = MAX_METRICS - len(self.metrics)
        checked: list[RunMetric] = []
        beyond = 0
        for index, given in enumerate(metrics):
            metric = _metric(index, given)
            if len(checked) < room:
                checked.append(metric)
            else:
                beyond += 1
        self.metrics.extend(checked)
        if beyond:
            self._drop("metrics", beyond)

    def timings(self) -> dict[str, list[Timed | None]]:
        """The timings of every boundary's calls, in order; None for one whose clock failed."""
        timings: dict[str, list[Timed | None]] = {}
        for call in self.calls:
            timings.setdefault(call.boundary, []).append(call.timing)
        return timings

    def _drop(self, kind: str, count: int = 1) -> None:
        self.dropped[kind] = self.dropped.get(kind, 0) + count

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
                    "complete": call.complete,
                }
                for call in self.calls
            ],
            "metadata": dict(self.metadata),
            "metrics": [{"type": m.type, "name": m.name, "value": m.value} for m in self.metrics],
            "notes": list(self.notes),
            "dropped": dict(self.dropped),
        }

    def to_json(self) -> str:
        """The record as one line of JSON, which UTF-8 can carry."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)
        try:
            text.encode()
        except UnicodeEncodeError:  # lone surrogates, of a record that came from elsewhere
            return json.dumps(self.to_dict(), allow_nan=False)
        return text

    @classmethod
    def from_json(cls, text: str | bytes) -> TaskRun:
        """The record of a JSON text. `RecordError` for anything else, and for a format of the future."""
        if len(text) > MAX_JSON:
            raise RecordError(f"a record of {len(text):,} characters; at most {MAX_JSON:,} are read")
        try:
            data = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise RecordError(f"no JSON: {error}") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> TaskRun:
        """As `from_json`, of what ``json.loads`` gave. Fields it does not know are passed over."""
        if not isinstance(data, dict) or type(data.get("format")) is not int:
            raise RecordError('no task run: it has no "format"')
        if _is_deep(data):
            raise RecordError(f"no task run: it is nested over {MAX_NESTING} deep")
        try:
            data = _upgraded(data)
            run = cls(
                task=_text(data["task"]),
                type=_run_type(data["type"]),
                input=data.get("input"),
                output=data.get("output"),
                error=_error_from(data.get("error")),
                timing=_timing_from(data.get("timing")),
                calls=[_call_from(call) for call in data.get("boundaries", ())],
                metadata=dict(data.get("metadata", {})),
                metrics=[_metric(i, (m["type"], m["name"], m["value"])) for i, m in enumerate(data.get("metrics", ()))],
                notes=[_text(note) for note in data.get("notes", ())],
                dropped={_text(kind): int(count) for kind, count in data.get("dropped", {}).items()},
            )
        except RecordError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordError(f"a damaged task run: {type(error).__name__} {error}") from None
        return run


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _is_deep(data: Any) -> bool:
    level = [data]
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


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
        raise RecordError(f"metric {index}: (type, name, value) is expected, not {values.outline(given, 80)}")
    for what, text in (("type", kind), ("name", name)):
        if not isinstance(text, str) or not text.strip():
            raise RecordError(f"metric {index}: its {what} is a text that is not empty, not {values.outline(text, 80)}")
    if type(value) not in (int, float) or not _is_finite(value):
        wrong = values.outline(value, 80)
        raise RecordError(f"metric {index} ({name[:40]}): its value is a finite number, not {wrong}")
    return RunMetric(values.text(kind, values.MAX_NAME), values.text(name, values.MAX_NAME), value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RecordError(f"a text is expected, not {values.outline(value, 80)}")
    return value


def _run_type(value: object) -> RunType:
    if value == "pending" or value == "success" or value == "error":
        return value
    raise RecordError(f"type is pending, success or error, not {values.outline(value, 80)}")


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
        complete=data.get("complete", True) is True,
    )
