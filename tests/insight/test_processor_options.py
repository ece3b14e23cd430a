"""A wrong option is refused where it is given, by name, with what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from processor_programs import Program

from otelwod.insight import analyze_traces
from otelwod.insight.live.keeping import KeepProcessor
from otelwod.insight.live.sampling import SeeAllSampler
from otelwod.insight.monitor import PerformanceMonitor, Threshold
from otelwod.insight.processor import PerformanceProcessor

INF = float("inf")
NAN = float("nan")


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def made(**options: Any) -> PerformanceProcessor:
    return PerformanceProcessor(**{"background": False, "metrics": False, **options})


def keeping(**options: Any) -> KeepProcessor:
    return KeepProcessor(made(), **options)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (made, name)
        for name in ("max_spans", "max_traces", "max_open", "max_operations", "trace_timeout_s", "interval_s")
    ]
    + [(keeping, "slow_s"), (keeping, "share"), (keeping, "max_spans")],
)
@pytest.mark.parametrize("value", ["x", True, -1, Unspeakable(), NAN])
def test_numbers(make: Callable[..., object], name: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"Processor: {name} must be "):
        make(**{name: value})


@pytest.mark.parametrize(
    "options",
    [
        {"max_spans": 1.5},
        {"max_open": None},
        {"max_traces": 0},
        {"interval_s": INF},
        {"interval_s": 0},
        {"trace_timeout_s": 1e12},
        {"verdict": 3},
        {"report_at_exit": "yes"},
        {"metrics": "x"},
        {"predecessor_attribute": 1},
        {"background": None},
        {"stream": "stderr"},
        {"clock": 3},
    ],
    ids=str,
)
def test_the_processor(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises((TypeError, ValueError), match=rf"^PerformanceProcessor: {name} must be "):
        made(**options)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: SeeAllSampler(None), "SeeAllSampler: sampler must be a sampler"),  # type: ignore[arg-type]
        (lambda: KeepProcessor(3), "KeepProcessor: following must be a span processor"),  # type: ignore[arg-type]
        (lambda: keeping(slow_by_operation=[1]), "slow_by_operation must be a mapping"),
        (lambda: keeping(slow_by_operation={"a": "x"}), r"slow_by_operation\['a'\] must be a number"),
        (lambda: keeping(failed="no"), "failed must be True or False"),
        (lambda: keeping(share=1.5), "share must be 0 or more and at most 1"),
        (lambda: made().subscribe(3), "subscribe: callback must be a function of a Trace"),  # type: ignore[arg-type]
        (lambda: made().trace(None), "trace_id must be a hexadecimal text or a number"),  # type: ignore[arg-type]
        (lambda: made().predecessors("x"), "trace_id must be hexadecimal"),
        (lambda: made().report(span_limit="x"), "report: span_limit must be a whole number"),
        (lambda: made().report(eps_ns=-1), "report: eps_ns must not be negative"),
        (lambda: made().report(overrun="drop"), "report: overrun must be one of 'clamp', 'async'"),
        (lambda: made().report(span_limits=3), "report has no option 'span_limits'; did you mean span_limit?"),
        (lambda: made().report(foo=1), "report has no option 'foo'; there are eps_ns"),
        (lambda: analyze_traces([], compat="zipkin"), "compat must be one of"),  # type: ignore[arg-type]
        (lambda: Threshold("p95", "x"), "Threshold: limit must be a number"),  # type: ignore[arg-type]
        (lambda: Threshold("p95", 1, clear="x"), "Threshold: clear must be a number"),  # type: ignore[arg-type]
        (lambda: Threshold("p95", 1, operation=3), "operation must be a text"),  # type: ignore[arg-type]
        (lambda: Threshold("p95", 1, operation=""), "operation must not be empty"),
        (lambda: Threshold("p95", 1, window="x"), "window must be a whole number"),  # type: ignore[arg-type]
        (lambda: Threshold("p95", 1, at_least=300), "at_least must be at most window"),
        (lambda: Threshold("p95", 1, every_s=-1), "every_s must be 0 or more"),
        (lambda: PerformanceMonitor(None, []), "processor must be the PerformanceProcessor"),  # type: ignore[arg-type]
        (lambda: PerformanceMonitor(made(), "p95"), "must be a list of Threshold"),  # type: ignore[arg-type]
        (lambda: PerformanceMonitor(made(), Threshold("p95", 1)), "must be a list of Threshold"),  # type: ignore[arg-type]
        (lambda: PerformanceMonitor(made(), [], on_alert=3), "on_alert must be a function of an Alert"),  # type: ignore[arg-type]
        (lambda: PerformanceMonitor(made(), [], rss=3), "rss must be a function"),  # type: ignore[arg-type]
        (lambda: PerformanceMonitor(made(), [], log="x"), "log must be True or False"),  # type: ignore[arg-type]
    ],
)
def test_all_others(call: Callable[[], object], says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says.replace("?", r"\?")):
        call()


def test_what_means_something_is_taken() -> None:
    keeping(slow_s=None, share=0, slow_by_operation={"a": 0})
    keeping(share=1)
    made(interval_s=5, max_spans=1)
    assert Program().processor.report(span_limit=None, threshold_ns=None).span_count == 0
