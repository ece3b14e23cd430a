"""Roll-up by hand and by budget. Time is set by hand: nothing here sleeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from otelwod.stages import stage
from otelwod.telemetry import rollup
from otelwod.telemetry.rollup import Budget, RollUp, budget_of_environment, roll_up
from otelwod.telemetry.variables import warn_once


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


def test_coroutines_and_generators_by_hand(time: Time) -> None:
    ended = Ended()

    async def work() -> int:
        time.now += 7
        return 5

    def steps(most: int) -> Any:
        got = []
        try:
            for number in range(most):
                time.now += 3
                got.append((yield number))
        finally:
            time.now += 1
        return got

    async def endless() -> Any:
        yield 1

    call = RollUp("work").wrap(work, lambda plain: plain)
    iterate = RollUp("steps").wrap(steps, lambda plain: plain)

    async def main() -> int:
        with ended.tracer.start_as_current_span("outer"):
            return await call()

    assert asyncio.run(main()) == 5
    assert dict(ended.spans[0].attributes or {})["otelwod.rollup.work.total"] == 7e-09
    with ended.tracer.start_as_current_span("outer"):
        made = iterate(2)
        assert (next(made), made.send("a")) == (0, 1)
        with pytest.raises(StopIteration) as stopped:
            made.send("b")
        assert stopped.value.value == ["a", "b"]
        left = iterate(9)
        next(left)
        left.close()
        iterate(9)  # never begun: nothing to count
    assert dict(ended.spans[1].attributes or {}) == {
        "otelwod.rollup.steps.count": 2,
        "otelwod.rollup.steps.total": 11e-9,
        "otelwod.rollup.steps.max": 7e-9,
    }
    with pytest.raises(TypeError, match="asynchronous generator"):
        RollUp("endless").wrap(endless, lambda plain: plain)
    with pytest.raises(TypeError, match="budget"):
        RollUp("steps", rolled=False, budget=Budget()).wrap(steps, lambda plain: plain)


def test_an_object_that_is_called_counts_as_what_its_call_is() -> None:
    class Work:
        async def __call__(self) -> int:
            return 5

    call = RollUp("work").wrap(Work(), lambda plain: plain)
    assert asyncio.iscoroutinefunction(call)
    assert asyncio.run(call()) == 5


def test_a_budget_for_coroutines_knows_the_span_from_the_waiting(time: Time) -> None:
    """Tasks take turns inside the timed calls: only what lies around the function itself is the cost of its span."""
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 100.0

    async def work() -> None:
        time.now += 4_000
        await asyncio.sleep(0)
        time.now += 4_000

    def make(plain: Any) -> Any:
        async def spanned() -> None:
            with ended.tracer.start_as_current_span("work"):
                time.now += 5_000
                await plain()

        return spanned

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, make)
    assert asyncio.iscoroutinefunction(call)

    async def task() -> None:
        for _ in range(2_000):
            await call()

    async def main() -> None:
        with ended.tracer.start_as_current_span("outer"):
            await asyncio.gather(*(task() for _ in range(10)))

    asyncio.run(main())
    assert roll.rolled
    assert roll._span_ns == pytest.approx(5_000, rel=0.25)
    outer = dict(ended.named("outer")[0].attributes or {})
    assert outer["otelwod.rollup.work.count"] == 20_000 - len(ended.named("work"))


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
    assert roll.mask == 63, "1 µs in 10 µs, an eighth of the budget is 0.25 % of the time: every 64th"
    spans = len(ended.named("work"))
    outer = dict(ended.named("outer")[0].attributes or {})
    counted, timed = outer["otelwod.rollup.work.count"], outer["otelwod.rollup.work.timed"]
    assert isinstance(counted, int)
    assert isinstance(timed, int)
    assert counted == 100_000 - spans, "not one call more or less"
    assert counted / 64 <= timed < counted / 8
    assert outer["otelwod.rollup.work.total"] == pytest.approx(counted * 10e-6)


def test_each_parent_has_its_own_calls_however_few_are_timed(time: Time) -> None:
    ended = Ended()

    def work() -> None:
        time.now += 1_000

    roll = RollUp("work")
    call = roll.wrap(work, spanning(ended, time))
    roll.mask = 63
    with ended.tracer.start_as_current_span("outer"):
        for _ in range(100):
            call()
        for turn in range(40):
            with ended.tracer.start_as_current_span("inner"):
                for _ in range(turn):
                    call()
            call()
    call()
    counts = [dict(span.attributes or {}).get("otelwod.rollup.work.count") for span in ended.named("inner")]
    assert counts == [None, *range(1, 40)]
    outer = dict(ended.named("outer")[0].attributes or {})
    assert outer["otelwod.rollup.work.count"] == 140
    assert outer["otelwod.rollup.work.total"] == pytest.approx(140e-6), "the first under each parent is timed"
    assert roll.parentless.count == 1


def test_threads_under_parents_of_their_own_count_exactly() -> None:
    ended = Ended()
    roll = RollUp("work")
    call = roll.wrap(lambda: None, lambda plain: plain)
    roll.mask = 7
    shared = ended.tracer.start_span("shared")

    def thread(number: int) -> None:
        for _ in range(50):
            with ended.tracer.start_as_current_span(f"own {number}"):
                for _ in range(20 + number):
                    call()
            with trace.use_span(shared):
                call()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(thread, range(6)))
    shared.end()
    for number in range(6):
        found = [dict(span.attributes or {})["otelwod.rollup.work.count"] for span in ended.named(f"own {number}")]
        assert found == [20 + number] * 50
    assert dict(ended.named("shared")[0].attributes or {})["otelwod.rollup.work.count"] == 300


def test_calls_under_a_span_that_has_ended_have_no_parent(time: Time) -> None:
    ended = Ended()
    roll = RollUp("work")
    call = roll.wrap(lambda: None, lambda plain: plain)
    span = ended.tracer.start_span("outer")
    with trace.use_span(span):
        call()
        span.end()
        call()
        call()
    assert dict(ended.spans[0].attributes or {})["otelwod.rollup.work.count"] == 1
    assert roll.parentless.count == 2


def test_many_short_parents_do_not_hide_how_hot_it_is(time: Time) -> None:
    """Calls that were only counted reach the window when their parent ends: no flapping."""
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 1_000.0

    def work() -> None:
        time.now += 10_000

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, spanning(ended, time, cost=1_500))
    for _ in range(5_000):
        with ended.tracer.start_as_current_span("outer"):
            for _ in range(60):
                call()
    assert roll.rolled
    assert roll.mask == 63
    assert len(ended.named("work")) < 20_000, "it was rolled up once, and stayed so"


def test_the_cost_of_a_rolled_up_call_is_measured_on_no_span_of_the_program() -> None:
    ended = Ended()
    with ended.tracer.start_as_current_span("outer"):
        assert Budget().rolled_ns > 0
    assert dict(ended.spans[0].attributes or {}) == {}


def test_four_calm_windows_are_not_enough(time: Time) -> None:
    ended = Ended()
    budget = Budget(0.02)
    budget.__dict__["rolled_ns"] = 1.0
    pace = 10_000

    def work() -> None:
        time.now += pace

    roll = RollUp("work", rolled=False, budget=budget)
    call = roll.wrap(work, spanning(ended, time, cost=5_000))
    for _ in range(50_000):
        call()
    assert roll.rolled
    for _ in range(3):  # four windows (of two calls each) are calm, then it is as hot as before
        pace = 80_000_000
        for _ in range(9):
            call()
        assert roll.rolled
        pace = 10_000
        for _ in range(20_000):
            call()
        assert roll.rolled
    pace = 80_000_000
    for _ in range(15):
        call()
    assert not roll.rolled


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
    warn_once.cache_clear()
    values = (("", None), ("off", None), ("true", 0.02), ("0.1", 0.1), ("7", None), ("lots", None), ("lots", None))
    for text, share in values:
        monkeypatch.setenv("OTELWOD_BUDGET", text)
        budget = budget_of_environment()
        assert (budget.share if budget else None) == share
    assert caplog.text.count("nothing is rolled up") == 2, "each value is told once"
    monkeypatch.setenv("OTELWOD_BUDGET", "0.05")
    assert roll_up("x", False) is None
    auto, hand = roll_up("x", None), roll_up("x", True)
    assert auto is not None
    assert hand is not None
    assert (auto.rolled, hand.rolled) == (False, True)
    monkeypatch.delenv("OTELWOD_BUDGET")
    assert roll_up("x", None) is None


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
            roll.mask = mask
            assert roll.wrap(plain, lambda what: what)(1, b=2) == (1, 2)
            assert roll.wrap(rich, lambda what: what)(1, 3, 4, c=5, d=6) == (1, 3, (4,), 5, {"d": 6})
            assert roll.wrap(none, lambda what: what)() == 7
            with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'b'"):
                roll.wrap(plain, lambda what: what)(1)  # type: ignore[call-arg]
    assert RollUp("x").wrap(max, lambda what: what)(3, 4) == 4


def test_a_stage_has_a_budget_where_it_can_be_seen_what_its_span_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTELWOD_BUDGET", "0.02")
    seen: list[tuple[str, bool]] = []

    def spy(operation: str, asked: bool | None) -> RollUp | None:
        roll = roll_up(operation, asked)
        wrap = roll.wrap  # type: ignore[union-attr]
        roll.wrap = lambda plain, make: (seen.append((operation, roll.rolled)), wrap(plain, make))[1]  # type: ignore[union-attr, method-assign]
        return roll

    monkeypatch.setattr("otelwod.stages.decorator.roll_up", spy)

    @stage
    class Work:
        def method(self) -> int:
            return 1

        @staticmethod
        def static() -> int:
            return 2

        async def later(self) -> int:
            return 3

        def steps(self) -> Any:
            yield 4

    @stage
    @contextmanager
    def held() -> Any:
        yield 5

    assert [name.rsplit(".", 1)[1] for name, _ in seen] == ["method", "static", "later"]
    work = Work()
    assert (work.method(), Work.static(), asyncio.run(work.later()), list(work.steps())) == (1, 2, 3, [4])
    with held() as value:
        assert value == 5
    seen.clear()
    assert list(stage(rollup=True)(work.steps.__wrapped__)(work)) == [4]  # type: ignore[attr-defined]
    assert [rolled for _, rolled in seen] == [True]
    with pytest.raises(TypeError, match="context manager"):
        stage(rollup=True)(held.__wrapped__)  # type: ignore[attr-defined]
