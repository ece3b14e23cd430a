"""Conditions on a report, for ``analyze --fail-over``: ``p95(load) > 2s and errors(load) > 0``.

::

    condition   = conjunction { "or" conjunction }
    conjunction = term { "and" term }
    term        = "not" term | "(" condition ")" | value ("<" | "<=" | ">" | ">=" | "==" | "!=") value
    value       = NUMBER [UNIT] | M:SS | NAME | NAME "(" operation [ "," service ] ")"

An operation's or service's name stands bare or in double quotes. Times need a unit (ns us ms s min h, or ``4:30``),
shares may have one (%). Times are compared with times, numbers with numbers.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal, NoReturn, TypeAlias

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.insight.report import OperationUse, Report
from otelwod.trace import Quality
from otelwod.views.text import fmt_duration, fmt_number

Kind = Literal["time", "number"]
Merge = Callable[[Iterable[float]], float]

UNITS: Final[Mapping[str, int]] = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": NANOS_PER_SECOND,
    "min": 60 * NANOS_PER_SECOND,
    "h": 3600 * NANOS_PER_SECOND,
}
_LONGEST: Final = 2000
_DEEPEST: Final = 40
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

_OF_OPERATION: Final[Mapping[str, tuple[Kind, Merge, Callable[[OperationUse, Report], float]]]] = {
    "count": ("number", sum, lambda use, _: use.count),
    "total": ("time", sum, lambda use, _: use.total_ns),
    "self": ("time", sum, lambda use, _: use.self_ns),
    "critical": ("time", sum, lambda use, _: use.critical_ns),
    "critical_share": ("number", sum, lambda use, report: use.critical_ns / (report.duration_ns or 1)),
    "active": ("time", sum, lambda use, _: use.active_ns),
    "busy": ("time", sum, lambda use, _: use.busy_ns),
    "slowdown": ("time", sum, lambda use, _: use.slowdown_ns),
    "errors": ("number", sum, lambda use, _: use.errors),
    "error_rate": ("number", max, lambda use, _: use.errors / (use.count or 1)),
    "calls_per_parent": ("number", max, lambda use, _: use.calls_per_parent),
    "min": ("time", min, lambda use, _: use.min_ns),
    "mean": ("time", max, lambda use, _: use.mean_ns),
    "p50": ("time", max, lambda use, _: use.p50_ns),
    "p95": ("time", max, lambda use, _: use.p95_ns),
    "p99": ("time", max, lambda use, _: use.p99_ns),
    "max": ("time", max, lambda use, _: use.max_ns),
}
"""Per function: what it gives, how several services' operations of the name are put together, and its value."""


def _defects(name: str) -> Callable[[Report], float]:
    return lambda report: float(getattr(report.quality, name))


_COUNTS: Final = tuple(f.name for f in fields(Quality) if f.name not in ("sampled_share", "spans"))
_OF_RUN: Final[Mapping[str, tuple[Kind, Callable[[Report], float]]]] = {
    "duration": ("time", lambda report: report.duration_ns),
    "longest": ("time", lambda report: max((trace.duration_ns for trace in report.traces), default=0)),
    "work": ("time", lambda report: sum(trace.phases.work_ns for trace in report.traces)),
    "rest": ("time", lambda report: sum(trace.phases.rest_ns for trace in report.traces)),
    "transition": ("time", lambda report: sum(trace.phases.transition_ns for trace in report.traces)),
    "pause": ("time", lambda report: sum(trace.phases.pause_ns for trace in report.traces)),
    "idle": ("time", lambda report: report.concurrency.idle_ns),
    "concurrency": ("number", lambda report: report.concurrency.mean),
    "peak": ("number", lambda report: report.concurrency.peak),
    "serial_fraction": ("number", lambda report: report.concurrency.serial_fraction),
    "spans": ("number", lambda report: report.span_count),
    "traces": ("number", lambda report: len(report.traces)),
    "errors": ("number", lambda report: len(report.errors)),
    **{name: ("number", _defects(name)) for name in _COUNTS},
}


class ConditionError(ValueError):
    """A condition that means nothing: ``column`` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Value:
    """A number or time in the text, or what a report says."""

    column: int
    text: str
    kind: Kind
    constant: float | None = None
    function: str = ""
    operation: str | None = None
    service: str | None = None
    zero: bool = False

    def of(self, report: Report) -> float:
        """The value; `ConditionError` for an operation that the data does not hold."""
        if self.constant is not None:
            return self.constant
        if self.operation is None:
            return _OF_RUN[self.function][1](report)
        uses = [
            use for use in report.operations if use.operation == self.operation and self.service in (None, use.service)
        ]
        _, merge, value = _OF_OPERATION[self.function]
        if not uses and self.function != "count":
            known = sorted({use.operation for use in report.operations})
            raise ConditionError(
                self.column, f"no operation {self.operation!r} in the data{_near(self.operation, known)}"
            )
        return merge(value(use, report) for use in uses)

    def shown(self, value: float) -> str:
        """``value`` in words of this value's kind."""
        return fmt_duration(round(value)) if self.kind == "time" else fmt_number(round(value, 4))


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left sign right``."""

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True, slots=True)
class Joined:
    """``and``, ``or`` of parts; ``not`` of one."""

    word: Literal["and", "or", "not"]
    parts: Sequence[Condition]


Condition: TypeAlias = "Comparison | Joined"


def evaluate(condition: Condition, report: Report) -> tuple[bool, list[str]]:
    """Whether the condition holds for a report, and the comparisons that made it so, with what was found.

    All parts are evaluated: an operation that does not exist is a `ConditionError` wherever it stands.
    """
    if isinstance(condition, Comparison):
        left, right = condition.left.of(report), condition.right.of(report)
        holds = _COMPARISONS[condition.sign](left, right)
        measured = [value for value in (condition.left, condition.right) if value.constant is None]
        found = " and ".join(f"{value.text} is {value.shown(value.of(report))}" for value in measured)
        said = f"{condition.left.text} {condition.sign} {condition.right.text}"
        return holds, [f"{said}: {found}" if found else said]
    results = [evaluate(part, report) for part in condition.parts]
    if condition.word == "not":
        return not results[0][0], [f"not {line}" for line in results[0][1]]
    holds = (all if condition.word == "and" else any)(result for result, _ in results)
    return holds, [line for result, lines in results if result == holds for line in lines]


def parse(text: str) -> Condition:
    """The condition that a text states. Raises `ConditionError` with the column of what cannot be read."""
    if len(text) > _LONGEST:
        raise ConditionError(_LONGEST, f"longer than {_LONGEST:,} characters; give --fail-over several times instead")
    reader = _Reader(text)
    condition = reader.either(0)
    reader.skip_space()
    if reader.at < len(text):
        reader.fail(f"{text[reader.at :].split()[0]!r} is not expected here; join comparisons with 'and' or 'or'")
    return condition


def parse_time(text: str) -> int:
    """``100ms``, ``1.5 s``, ``2:30`` as nanoseconds. Raises `ConditionError`."""
    reader = _Reader(text)
    value = reader.value()
    reader.skip_space()
    if value.constant is None or value.kind != "time" or reader.at < len(text):
        raise ConditionError(1, f"{text!r} is no time such as 100ms, 1.5s or 2:30")
    return round(value.constant)


class _Reader:
    """Reads a condition from left to right. Its recursion is bounded by `_DEEPEST`."""

    _NUMBER: Final = re.compile(
        r"(\d{1,9}):([0-5]\d)(?::([0-5]\d))?|(\d{1,15}(?:\.\d{1,9})?|\.\d{1,9})\s*(%|[a-zµ]+)?", re.I
    )
    _NAME: Final = re.compile(r"[a-z_][a-z0-9_]*", re.I)
    _SIGN: Final = re.compile(r"[<>]=?|[=!]=|=|≥|≤|≠")
    _QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
    _BARE: Final = re.compile(r"[^,()\"]+")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise ConditionError((self.at if at is None else at) + 1, message)

    def skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def word(self, *words: str) -> bool:
        """Whether one of these words comes next; it is then behind us."""
        self.skip_space()
        match = self._NAME.match(self.text, self.at)
        if match and match[0].lower() in words:
            self.at = match.end()
            return True
        return False

    def mark(self, mark: str) -> bool:
        self.skip_space()
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def either(self, depth: int) -> Condition:
        parts = [self.both(depth)]
        while self.word("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Joined("or", parts)

    def both(self, depth: int) -> Condition:
        parts = [self.term(depth)]
        while self.word("and"):
            parts.append(self.term(depth))
        return parts[0] if len(parts) == 1 else Joined("and", parts)

    def term(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            self.fail(f"nested deeper than {_DEEPEST} levels")
        if self.word("not"):
            return Joined("not", [self.term(depth + 1)])
        if self.mark("("):
            inner = self.either(depth + 1)
            if not self.mark(")"):
                self.fail("a closing parenthesis is missing")
            return inner
        left = self.value()
        self.skip_space()
        match = self._SIGN.match(self.text, self.at)
        if not match:
            self.fail(f"a comparison is missing: say what {left.text} must not be, such as '{left.text} > …'")
        at, sign = self.at, {"=": "==", "≥": ">=", "≤": "<=", "≠": "!="}.get(match[0], match[0])
        self.at = match.end()
        right = self.value()
        if left.kind != right.kind and not (left.zero or right.zero):
            number = left if left.kind == "number" else right
            hint = "; give it a unit, such as 2s or 100ms" if number.constant is not None else ""
            self.fail(f"a time is compared with a number ({number.text}){hint}", at)
        return Comparison(left, sign, right)

    def value(self) -> Value:
        self.skip_space()
        start = self.at
        match = self._NUMBER.match(self.text, start)
        if match:
            self.at = match.end()
            return self._number(match, start)
        name = self._NAME.match(self.text, start)
        if not name:
            what = f"{self.text[start]!r} is not expected here" if start < len(self.text) else "the text ends too early"
            self.fail(f"{what}: a number, a time or a value of the report is wanted")
        self.at = name.end()
        word = name[0].lower()
        if self.mark("("):
            return self._function(word, start)
        if word not in _OF_RUN:
            if word in _OF_OPERATION:
                self.fail(f"{word} of what? Name an operation: {word}(load)", start)
            self.fail(f"{name[0]!r} is no value of a run{_near(word, [*_OF_RUN, *_OF_OPERATION])}", start)
        return Value(start + 1, word, _OF_RUN[word][0], function=word)

    def _number(self, match: re.Match[str], start: int) -> Value:
        text = match[0].strip()
        if match[1] is not None:
            parts = [int(part) for part in match.groups()[:3] if part is not None]
            seconds = 0
            for part in parts:
                seconds = seconds * 60 + part
            return Value(start + 1, text, "time", float(seconds * NANOS_PER_SECOND), zero=not seconds)
        number, unit = float(match[4]), match[5]
        if unit is not None and unit.lower() in ("and", "or"):
            self.at = match.start(5)
            text, unit = match[4], None
        if unit is None or unit == "%":
            return Value(start + 1, text, "number", number / 100 if unit else number, zero=number == 0)
        if unit not in UNITS:
            self.fail(f"{unit!r} is no unit{_near(unit, UNITS)}; known are {', '.join(UNITS)} and %", match.start(5))
        return Value(start + 1, text, "time", number * UNITS[unit])

    def _function(self, word: str, start: int) -> Value:
        if word not in _OF_OPERATION:
            self.fail(f"{word!r} is no function of an operation{_near(word, _OF_OPERATION)}", start)
        operation = self._argument()
        service = self._argument() if self.mark(",") else None
        if not self.mark(")"):
            self.fail('a closing parenthesis is missing; a name that holds one stands in quotes: p95("f(x)")')
        text = self.text[start : self.at]
        return Value(start + 1, text, _OF_OPERATION[word][0], function=word, operation=operation, service=service)

    def _argument(self) -> str:
        self.skip_space()
        quoted = self._QUOTED.match(self.text, self.at)
        if quoted:
            self.at = quoted.end()
            return re.sub(r"\\(.)", r"\1", quoted[1])
        bare = self._BARE.match(self.text, self.at)
        if not bare or not bare[0].strip():
            self.fail("the name of an operation is missing")
        self.at = bare.end()
        return bare[0].strip()


def _near(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known)[:5000], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
