"""`PerformanceMonitor`: thresholds, hysteresis, rate limit, memory, and that it hurts nobody."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from opentelemetry.trace import StatusCode
from processor_programs import Program

from otelwod.insight import monitor as module
from otelwod.insight.monitor import Alert, PerformanceMonitor, Threshold, resident_bytes

MS = 1_000_000


class Watched:
    """A program, its monitor, and what that said."""

    def __init__(self, *thresholds: Threshold, **options: Any) -> None:
        self.program = Program()
        self.now = 0.0
        self.alerts: list[Alert] = []
        self.monitor = PerformanceMonitor(
            self.program.processor, thresholds, on_alert=self.alerts.append, clock=lambda: self.now, **options
        )

    def call(self, *milliseconds: float, name: str = "op", failed: bool = False, rest: float = 0) -> None:
        for length in milliseconds:
            end = 1_000 + int(length * MS)
            span = self.program.timed(name, 1_000, None)
            if rest:
                self.program.timed("wait", 1_000, 1_000 + int(rest * MS), span, attributes={"otelwod.phase": "rest"})
            if failed:
                span.set_status(StatusCode.ERROR)
            span.end(end)
            self.program.processor.force_flush()

    @property
    def said(self) -> list[str]:
        return [str(alert) for alert in self.alerts]


def test_a_slow_span_is_told_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(Threshold("duration", 0.1, operation="o*"))
    watched.call(99, 150)
    watched.call(500, name="another")
    assert watched.said == ["duration of op is 0.15 s (limit 0.1 s)"]
    assert watched.program.processor.trace(watched.alerts[0].trace_id) is not None
    assert "duration of op is 0.15 s" in caplog.text


def test_hysteresis_and_rate_limit() -> None:
    watched = Watched(Threshold("duration", 0.1, clear=0.8, every_s=60))
    watched.call(150, 160, 95, 170)  # 95 ms is below the limit, and not below 80 ms
    assert watched.said == ["duration of op is 0.15 s (limit 0.1 s)"]
    assert watched.monitor.active == ((Threshold("duration", 0.1, clear=0.8, every_s=60), "op"),)
    watched.now = 61
    watched.call(180)
    watched.call(70)
    assert watched.monitor.active == ()
    watched.call(70)
    assert [alert.over for alert in watched.alerts] == [True, True, False]
    assert watched.said[-1] == "duration of op is back at 0.07 s (limit 0.1 s)"
    watched.call(190)
    assert len(watched.alerts) == 3, "over again within the minute: known, not said again"


def test_self_time_is_not_duration() -> None:
    watched = Watched(Threshold("self_time", 0.1, operation="op"))
    watched.call(500, rest=450)
    assert watched.alerts == []
    watched.call(500, rest=300)
    assert watched.said == ["self_time of op is 0.2 s (limit 0.1 s)"]


def test_windows_need_enough_spans() -> None:
    watched = Watched(
        Threshold("p95", 0.1, operation="op", at_least=10, window=20),
        Threshold("error_rate", 0.25, operation="op", at_least=4, window=10),
        Threshold("rest_share", 0.5, operation="op", at_least=2, window=4),
    )
    watched.call(*[10] * 9)
    watched.call(200, failed=True)
    assert watched.said == ["p95 of op is 0.2 s (limit 0.1 s)"]
    watched.call(*[10] * 3, failed=True)
    assert watched.said[1:] == ["error_rate of op is 0.3 (limit 0.25)"]
    watched.call(10, 10, 10, rest=9)
    assert watched.said[2:] == ["rest_share of op is 0.675 (limit 0.5)"]


def test_memory_of_the_process_and_of_a_root(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter([100, 300, 100])
    traced = iter([(1_000, 0), (1_100, 0), (5_000, 0)])
    monkeypatch.setattr(tracemalloc, "is_tracing", lambda: True)
    monkeypatch.setattr(tracemalloc, "get_traced_memory", lambda: next(traced))
    watched = Watched(Threshold("rss", 200), Threshold("traced_memory", 2_000), rss=lambda: next(used))
    watched.call(1, 1, 1)
    assert watched.said == [
        "rss is 300 B (limit 200 B)",
        "rss is back at 100 B (limit 200 B)",
        "traced_memory of op is 3900 B (limit 2000 B)",
    ]
    unknown = Watched(Threshold("rss", 1), rss=lambda: None)
    monkeypatch.setattr(tracemalloc, "is_tracing", lambda: False)
    unknown.call(1)
    assert unknown.alerts == []


def test_resident_memory_is_measured_or_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (resident_bytes() or 1) > 0

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no proc")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(module.sys, "platform", "darwin")
    assert (resident_bytes() or 1) > 0


def test_a_broken_callback_is_dropped_and_said(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(Threshold("duration", 0.1, every_s=0))

    def boom(_: Alert) -> None:
        raise RuntimeError("page nobody")

    watched.monitor._on_alert = boom
    watched.call(*[200] * 5)
    assert "PerformanceMonitor is disabled after 3 internal errors: RuntimeError in on_alert" in caplog.text
    assert not watched.program.processor.disabled


def test_a_monitor_that_fails_inside_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(module, "self_times", boom)
    watched = Watched(Threshold("self_time", 0.1))
    watched.call(*[200] * 5)
    assert caplog.text.count("PerformanceMonitor is disabled") == 1
    assert watched.program.processor.summary().ended == 5


def test_closed_it_looks_no_longer() -> None:
    watched = Watched(Threshold("duration", 0.1), log=False)
    watched.monitor.close()
    watched.call(200)
    assert watched.alerts == []


@pytest.mark.parametrize(
    "options",
    [
        {"measure": "mood", "limit": 1},
        {"measure": "p95", "limit": 0},
        {"measure": "p95", "limit": 1, "clear": 0},
        {"measure": "p95", "limit": 1, "at_least": 0},
        {"measure": "p95", "limit": 1, "every_s": -1},
    ],
)
def test_thresholds_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"measure|limit|clear|every_s|at_least"):
        Threshold(**options)
