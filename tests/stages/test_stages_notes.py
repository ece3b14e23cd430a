"""`metric`, `annotate`, `log`: on the current span, or in the standard `logging`."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import logging
import math
import numbers
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
from opentelemetry import metrics as metrics_api
from opentelemetry import trace as trace_api
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otelwod.stages import (
    MetricError,
    NotesError,
    annotate,
    failures,
    instruments,
    log,
    metric,
    rejections,
    set_strict,
    span,
    stage,
)


def events(recorded: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, dict(event.attributes)) for event in recorded.one(name).events]


def test_a_metric_is_an_event_of_the_current_span(recorded: Any) -> None:
    with span("outer"), span("inner"):
        metric("rows", 12, "{row}", type="count")
        metric("ratio", 0.5)
    ids = [format(recorded.one(name).context.span_id, "016x") for name in ("outer", "inner")]
    (first_name, first), (second_name, second) = events(recorded, "inner")
    assert first_name == second_name == "otelwod.metric.recorded"
    elapsed = first.pop("otelwod.captured.elapsed")
    assert elapsed >= 0
    assert first == {
        "otelwod.metric.name": "rows",
        "otelwod.metric.value": 12,
        "otelwod.metric.unit": "{row}",
        "otelwod.metric.source": "code",
        "otelwod.metric.type": "count",
        "otelwod.span_ids": tuple(ids),
    }
    assert second["otelwod.metric.unit"] == "1"
    assert second["otelwod.metric.value"] == 0.5
    assert events(recorded, "outer") == []


def test_a_metric_on_a_foreign_span_has_no_path(recorded: Any) -> None:
    with trace_api.get_tracer("theirs").start_as_current_span("foreign"):
        metric("rows", 1)
    ((_, found),) = events(recorded, "foreign")
    assert "otelwod.span_ids" not in found


def test_the_path_of_a_metric_is_bounded(recorded: Any) -> None:
    @stage("level")
    def level(depth: int) -> None:
        if depth:
            level(depth - 1)
        else:
            metric("deep", 1)

    level(80)
    innermost = recorded.ended[0]
    assert len(innermost.events[0].attributes["otelwod.span_ids"]) == 64
    assert innermost.events[0].attributes["otelwod.span_ids"][-1] == format(innermost.context.span_id, "016x")


class BadNumber:
    """Says that it is a real number, and is none."""

    def __float__(self) -> float:
        raise RuntimeError("no")


numbers.Real.register(BadNumber)
INVALID = [
    ("rows", math.nan, "1", None, "finite number"),
    ("rows", math.inf, "1", None, "finite number"),
    ("rows", "12", "1", None, "finite number"),
    ("rows", True, "1", None, "annotate"),
    ("rows", None, "1", None, "finite number"),
    ("rows", 10**400, "1", None, "finite number"),
    ("rows", Decimal("NaN"), "1", None, "finite number"),
    ("rows", Decimal("sNaN"), "1", None, "finite number"),
    ("rows", Decimal("1e400"), "1", None, "finite number"),
    ("rows", Fraction(10**400, 3), "1", None, "finite number"),
    ("rows", BadNumber(), "1", None, "finite number"),
    ("rows", 1j, "1", None, "finite number"),
    ("", 1, "1", None, "name is a text"),
    (None, 1, "1", None, "name is a text"),
    ("rows", 1, "", None, "unit is a text"),
    ("rows", 1, 3, None, "unit is a text"),
    ("rows", 1, "1", "", "type is a text"),
]


@pytest.mark.parametrize(("name", "value", "unit", "kind", "words"), INVALID)
def test_an_invalid_metric_is_counted_and_shown_as_rejected(
    recorded: Any, name: Any, value: Any, unit: Any, kind: Any, words: str
) -> None:
    before = rejections()
    with span("s"):
        metric(name, value, unit, type=kind)
    assert rejections() == before + 1
    ((event, found),) = events(recorded, "s")
    assert event == "otelwod.metric.rejected"
    assert found["otelwod.reason"] == "invalid"
    metric(name, value, unit, type=kind)  # outside of a span it counts as well
    assert rejections() == before + 2


@pytest.mark.parametrize(("name", "value", "unit", "kind", "words"), INVALID)
def test_an_invalid_metric_is_an_error_in_strict_mode(
    recorded: Any, name: Any, value: Any, unit: Any, kind: Any, words: str
) -> None:
    assert set_strict(True) is False
    with pytest.raises(MetricError, match=words), span("s"):
        metric(name, value, unit, type=kind)


def test_numbers_of_every_sort_are_taken(recorded: Any) -> None:
    class Level(enum.IntEnum):
        LOW = 1

    class Seconds(float):
        pass

    class Celsius:
        def __float__(self) -> float:
            return 36.6

    numbers.Real.register(Celsius)
    with span("s"):
        metric("a", Level.LOW)
        metric("b", Seconds(2.5))
        metric("c", 2**70)
        metric("d", Decimal("0.1"))
        metric("e", Fraction(1, 4))
        metric("f", Celsius())  # type: ignore[arg-type]
    found = [attributes["otelwod.metric.value"] for _, attributes in events(recorded, "s")]
    assert found == [1, 2.5, float(2**70), 0.1, 0.25, 36.6]
    assert {type(value) for value in found[1:]} == {float}


def test_rejections_reach_the_instrument(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics_api, "get_meter", lambda *a, **k: provider.get_meter("otelwod"))
    instruments._rejections.cache_clear()
    metric("", 1)
    data = reader.get_metrics_data()
    instruments._rejections.cache_clear()
    (found,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert found.name == "otelwod.metric.rejections"
    assert [(p.value, dict(p.attributes)) for p in found.data.data_points] == [(1, {"otelwod.reason": "invalid"})]


def test_annotations_of_any_value(recorded: Any) -> None:
    class Trap:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    @dataclasses.dataclass
    class Point:
        x: int
        password: str = "p"

    class Colour(enum.Enum):
        RED = "r"

    with span("s"):
        annotate("text", "a" * 10_000)
        annotate("bytes", b"ab")
        annotate("list", [1, 2])
        annotate("mixed", [1, "a", None])
        annotate("dict", {"token": "t", "n": 1})
        annotate("trap", Trap())
        annotate("point", Point(1))
        annotate("day", datetime.date(2026, 1, 2))
        annotate("decimal", Decimal("1.5"))
        annotate("path", PurePosixPath("/a"))
        annotate("big", 2**80)
        annotate("huge", 10**6000)
        annotate("enum", Colour.RED)
        annotate("api_key", "abc")
        annotate("url", "https://u:p@host/")
        annotate("surrogate", "\ud800")
        annotate("set", {1})
    found = dict(recorded.one("s").attributes)
    assert len(found["text"]) == 4096
    module = __name__
    place = "test_annotations_of_any_value.<locals>"
    assert {key: found[key] for key in found if not key.startswith(("otelwod", "text"))} == {
        "bytes": "b'ab'",
        "list": (1, 2),
        "mixed": ("1", "a", "None"),
        "dict": "{'token': [redacted], 'n': 1}",
        "trap": f"<{module}.{place}.Trap object>",
        "point": f"{module}.{place}.Point(x=1, password=[redacted])",
        "day": "2026-01-02",
        "decimal": "1.5",
        "path": "/a",
        "big": str(2**80),
        "huge": "<int of 19932 bits>",
        "enum": f"{module}.{place}.Colour.RED",
        "api_key": "[redacted]",
        "url": "https://[redacted]@host/",
        "surrogate": "\\ud800",
        "set": "{1}",
    }


@pytest.mark.parametrize(
    ("key", "value", "words"), [("k", None, "None is no value"), ("", 1, "key is"), (3, 4, "key is")]
)
def test_an_annotation_that_says_nothing_is_counted_or_an_error_in_strict_mode(
    recorded: Any, key: Any, value: Any, words: str
) -> None:
    before = rejections()
    with span("s") as opened:
        annotate("k", "kept")
        annotate(key, value)
    assert rejections() == before + 1
    assert opened.attributes["k"] == "kept"
    assert len(opened.attributes) == 3
    annotate(key, value)  # outside of a span it counts as well
    assert rejections() == before + 2
    set_strict(True)
    with pytest.raises(NotesError, match=words) as found:
        annotate(key, value)
    assert not isinstance(found.value, MetricError)
    assert rejections() == before + 2


def test_a_log_line_is_an_event_inside_a_span(recorded: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with span("s"):
        log("warning", "slow: password=abc", table="users", token="t")
        log(logging.INFO, "plain")
        log("no such level", "kept")
    found = events(recorded, "s")
    assert found[0] == (
        "otelwod.log.emitted",
        {
            "otelwod.log.level": "WARNING",
            "otelwod.log.message": "slow: password=[redacted]",
            "table": "users",
            "token": "[redacted]",
        },
    )
    assert [one["otelwod.log.level"] for _, one in found] == ["WARNING", "INFO", "INFO"]
    assert caplog.records == []


def _no_provider() -> Any:
    return contextlib.nullcontext()


def _no_span() -> Any:
    trace_api._TRACER_PROVIDER = TracerProvider(shutdown_on_exit=False)
    return contextlib.nullcontext()


def _disabled() -> Any:
    trace_api._TRACER_PROVIDER = TracerProvider(shutdown_on_exit=False)
    trace_api._TRACER_PROVIDER._disabled = True  # type: ignore[attr-defined] - as OTEL_SDK_DISABLED=true does
    return span("not recorded")


def _not_sampled() -> Any:
    trace_api._TRACER_PROVIDER = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    return span("not recorded")


@pytest.mark.parametrize("world", [_no_provider, _no_span, _disabled, _not_sampled])
def test_where_nothing_records_notes_go_to_the_standard_logging(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with world():
        log("error", "lost %s", rows=3, secret="s")
        metric("rows", 3, "{row}")
        annotate("table", "users")
        annotate("password", "p")
        log(5, "too fine to be heard")
    here = "test_where_nothing_records_notes_go_to_the_standard_logging"
    assert [(r.name, r.levelname, r.getMessage(), r.funcName) for r in caplog.records] == [
        (__name__, "ERROR", "lost %s rows=3 secret=[redacted]", here),
        (__name__, "DEBUG", "metric rows=3 {row}", here),
        (__name__, "DEBUG", "attribute table='users'", here),
        (__name__, "DEBUG", "attribute password=[redacted]", here),
    ]


def test_data_of_a_log_may_have_any_name(recorded: Any) -> None:
    with span("work"):
        log("info", "x", level=1, message="y")
    (event,) = recorded.one("work").events
    assert {"level", "message"} <= set(event.attributes)


def test_an_unknown_level_is_counted_or_an_error_in_strict_mode() -> None:
    before = rejections()
    log("loud", "x")
    log(True, "x")
    assert rejections() == before + 2
    set_strict(True)
    with pytest.raises(NotesError, match="level is a number or one of") as found:
        log("loud", "x")
    assert not isinstance(found.value, MetricError)


def test_notes_never_raise(recorded: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Bad(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("handler")

    handler = Bad()
    logger = logging.getLogger(__name__)
    logger.addHandler(handler)
    try:
        log("error", "x")
    finally:
        logger.removeHandler(handler)
    log("info", 5)  # type: ignore[arg-type]
    assert failures() == {"log": 1}
