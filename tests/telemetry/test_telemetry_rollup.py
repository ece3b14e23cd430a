"""Roll-up by hand and by budget. Time is set by hand: nothing here sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from otelwod.telemetry import rollup
from otelwod.telemetry.rollup import Budget, RollUp, budget_of_environment, roll_up


class Time:
    """Clocks that stand until they are moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000_000
        monkeypatch.setattr(rollup.time, "perf_counter_ns", lambda: self.now)
        monkeypatch.setattr(rollup.time, "monotonic_ns", lambda: self.now)


class Ended(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(self)
        self.tracer = provider.get_tracer("tests")

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


def spanning(ended: Ended, time: Time, cost: int = 0) -> Callable[[Any], Any]:
    def make(plain: Any) -> Any:
        def spanned(*args: Any, **kwargs: Any) -> Any:
            with ended.tracer.start_as_current_span("work"):
                time.now += cost
                return plain(*args, **kwargs)

        return spanned

    return make


def test_by_hand_the_parent_carries_count_total_and_max(time: Time) -> None:
    ended = Ended()

    def work(ns: int) -> int:
        time.now += ns
        return ns * 2

    roll = RollUp("work")
    call = roll.wrap(work, spanning(ended, time))
    with ended.tracer.start_as_current_span("outer"):
        assert [call(ns) for ns in (10, 500_000_000, 20)] == [20, 1_000_000_000, 40]
        with ended.tracer.start_as_current_span("inner"):
            call(30)
    call(40)  # nobody's child: only in the sums of the operation
    attributes = {span.name: dict(span.attributes or {}) for span in ended.spans}
    assert attributes == {
        "outer": {
            "otelwod.rollup.work.count": 3,
            "otelwod.rollup.work.total": 0.50000003,
            "otelwod.rollup.work.max": 0.5,
        },
        "inner": {
            "otelwod.rollup.work.count": 1,
            "otelwod.rollup.work.total": 3e-08,
            "otelwod.rollup.work.max": 3e-08,
        },
    }
    assert (roll.parentless.count, roll.parentless.total_ns) == (1, 40)


def test_exceptions_are_the_hosts_and_count(time: Time) -> None:
    ended = Ended()

    def fail() -> None:
        raise KeyError("mine")

    call = RollUp("fail").wrap(fail, spanning(ended, time))
    with ended.tracer.start_as_current_span("outer"), pytest.raises(KeyError, match="mine") as caught:
        call()
    assert caught.value.__context__ is None
    assert dict(ended.spans[0].attributes or {})["otelwod.rollup.fail.count"] == 1


def test_coroutines_by_hand_and_generators_never(time: Time) -> None:
    ended = Ended()

    async def work() -> int:
        time.now += 7
        return 5

    def steps() -> Any:
        yield 1

    call = RollUp("work").wrap(work, lambda plain: plain)

    async def main() -> int:
        with ended.tracer.start_as_current_span("outer"):
            return await call()

    assert asyncio.run(main()) == 5
    assert dict(ended.spans[0].attributes or {})["otelwod.rollup.work.total"] == 7e-09
    with pytest.raises(TypeError, match="generator"):
        RollUp("steps").wrap(steps, lambda plain: plain)
    with pytest.raises(TypeError, match="budget"):
        RollUp("work", rolled=False, budget=Budget()).wrap(work, lambda plain: plain)


def test_the_budget_rolls_up_says_so_once_and_gives_spans_back(time: Time, caplog: pytest.LogCaptureFixture) -> None:
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 100.0
    pace = 10_000

    def work() -> None:
        time.now += pace

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, spanning(ended, time, cost=5_000))
    with caplog.at_level(logging.WARNING):
        for _ in range(50_000):
            call()
        assert roll.rolled, "5 µs a span in 15 µs is far over 2 %"
        assert len(ended.spans) < 20_000
        pace = 5_000_000  # now 5 µs in 5 ms: 0.1 %
        for _ in range(1_000):
            call()
        assert not roll.rolled
        pace = 10_000
        for _ in range(50_000):
            call()
        assert roll.rolled
    assert caplog.text.count("work: its spans would take") == 1
    assert "rolled up" in caplog.text


def test_between_half_and_the_whole_budget_nothing_changes(time: Time) -> None:
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 100.0

    def work() -> None:
        time.now += 330_000  # 5 µs a span: 1.5 %

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, spanning(ended, time, cost=5_000))
    for _ in range(5_000):
        call()
    assert not roll.rolled
    roll.rolled = True
    for _ in range(5_000):
        call()
    assert roll.rolled


def test_where_timing_costs_too_much_only_some_calls_are_timed(time: Time) -> None:
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 1_000.0

    def work() -> None:
        time.now += 10_000

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, spanning(ended, time, cost=5_000))
    with ended.tracer.start_as_current_span("outer"):
        for _ in range(100_000):
            call()
    assert roll._mask == 63, "1 µs in 10 µs, an eighth of the budget is 0.25 % of the time: every 64th"
    spans = len(ended.named("work"))
    outer = dict(ended.named("outer")[0].attributes or {})
    counted = outer["otelwod.rollup.work.count"]
    assert isinstance(counted, int)
    assert 100_000 - spans - 63 <= counted <= 100_000 - spans
    assert outer["otelwod.rollup.work.total"] == pytest.approx(counted * 10e-6)


def test_a_span_that_takes_no_attribute_harms_nobody(time: Time) -> None:
    ended = Ended()

    def work() -> None:
        time.now += 1

    call = RollUp("work").wrap(work, lambda plain: plain)
    span = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False))
    with trace.use_span(span):
        call()
    outer = ended.tracer.start_span("outer")
    outer.set_attribute = None  # type: ignore[method-assign, assignment]
    with trace.use_span(outer):
        call()
    outer.end()
    assert ended.spans[0].name == "outer"


def test_the_environment_sets_the_budget(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for text, share in (("", None), ("off", None), ("true", 0.02), ("0.1", 0.1), ("7", None), ("lots", None)):
        monkeypatch.setenv("OTELWOD_BUDGET", text)
        budget = budget_of_environment()
        assert (budget.share if budget else None) == share
    assert caplog.text.count("nothing is rolled up") == 2
    monkeypatch.setenv("OTELWOD_BUDGET", "0.05")
    assert roll_up("x", False) is None
    auto, hand = roll_up("x", None), roll_up("x", True)
    assert auto is not None
    assert hand is not None
    assert (auto.rolled, hand.rolled) == (False, True)
    monkeypatch.delenv("OTELWOD_BUDGET")
    assert roll_up("x", None) is None


def test_calibration_measures_something() -> None:
    assert Budget().rolled_ns > 0


def test_arguments_pass_as_they_are() -> None:
    def plain(a: int, b: int) -> tuple[int, int]:
        return a, b

    def rich(a: int, /, b: int = 2, *rest: int, c: int, **more: int) -> tuple[object, ...]:
        return a, b, rest, c, more

    def none() -> int:
        return 7

    for rolled in (True, False):
        roll = RollUp("x", rolled=rolled, budget=None if rolled else Budget())
        for mask in (0, 63):
            roll._mask = mask
            assert roll.wrap(plain, lambda what: what)(1, b=2) == (1, 2)
            assert roll.wrap(rich, lambda what: what)(1, 3, 4, c=5, d=6) == (1, 3, (4,), 5, {"d": 6})
            assert roll.wrap(none, lambda what: what)() == 7
            with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'b'"):
                roll.wrap(plain, lambda what: what)(1)  # type: ignore[call-arg]
    assert RollUp("x").wrap(max, lambda what: what)(3, 4) == 4
