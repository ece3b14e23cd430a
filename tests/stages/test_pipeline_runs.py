"""Pipelines on threads and on asyncio: outputs, order, batches, policies, errors, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import trace as trace_api
from opentelemetry.trace import StatusCode
from pipeline_runs import WAYS, run

import otelwod
from otelwod.stages.pipeline import FunctionStage, Pipeline, PipelineError, PipelineResult, PipelineStage
from otelwod.stages.pipeline.model import MAX_FAILURES
from otelwod.stages.pipeline.progress import Progress

pytestmark = pytest.mark.parametrize("way", WAYS)


def add_one(x: int) -> int:
    return x + 1


def double(x: int) -> int:
    return 2 * x


def odd_fails(x: int) -> int:
    if x % 2:
        raise ValueError(f"odd: {x}")
    return x


class Double(PipelineStage[int, int]):
    name = "double"
    workers = 2

    def execute(self, item: int) -> int:
        return 2 * item


class Later(PipelineStage[int, int]):
    async def execute(self, item: int) -> int:  # type: ignore[override]
        await asyncio.sleep(0)
        return item + 1


def test_items_go_through_in_order(way: str) -> None:
    result = run(
        way, Pipeline("p", [add_one, FunctionStage(double, workers=4), Double("again")], queue_size=2), range(50)
    )
    assert result.outputs == [4 * (x + 1) for x in range(50)]
    assert result.failed == 0
    assert [(each.name, each.calls, each.items, each.errors) for each in result.stages] == [
        ("add_one", 50, 50, 0),
        ("double", 50, 50, 0),
        ("again", 50, 50, 0),
    ]
    assert result.stages[2].workers == 2


def test_an_empty_input_gives_an_empty_output(way: str) -> None:
    assert run(way, Pipeline("p", [add_one, double]), []).outputs == []


def test_the_first_to_finish_comes_first_where_order_is_not_asked_for(way: str) -> None:
    second_is_through = threading.Event()

    def slow_first(x: int) -> int:
        if x == 0:
            assert second_is_through.wait(10)
        return x

    def look(x: int) -> int:  # one worker: 0 cannot leave here before 1 has
        if x == 1:
            second_is_through.set()
        return x

    stages = [FunctionStage(slow_first, workers=2), look]
    assert run(way, Pipeline("p", stages, ordered=False), range(2)).outputs == [1, 0]
    second_is_through.clear()
    assert run(way, Pipeline("p", stages), range(2)).outputs == [0, 1]


def test_at_most_so_many_items_are_under_way(way: str) -> None:
    pulled = 0
    gate = threading.Event()

    def source() -> Iterator[int]:
        nonlocal pulled
        for x in range(1000):
            pulled += 1
            yield x

    def waits(x: int) -> int:
        if x == 0:
            assert gate.wait(10)
        return x

    def opens(x: int) -> int:
        if pulled >= 8:
            gate.set()
        return x

    # Item 0 holds all back; the others pass it until the window (2 + 2 + 2 + 2) is full, and only then does it go.
    result = run(
        way, Pipeline("p", [FunctionStage(opens, workers=2), FunctionStage(waits, workers=2)], queue_size=2), source()
    )
    assert result.outputs == list(range(1000))


@pytest.mark.parametrize(("size", "workers"), [(1, 1), (4, 1), (7, 3), (50, 2)])
def test_batches(way: str, size: int, workers: int) -> None:
    sizes = []

    def batched(xs: list[int]) -> list[int]:
        sizes.append(len(xs))
        return [x + 1 for x in xs]

    stage = FunctionStage(batched, batch=size, workers=workers)
    result = run(way, Pipeline("p", [double, stage, add_one], queue_size=1), range(30))
    assert result.outputs == [2 * x + 2 for x in range(30)]
    assert sum(sizes) == 30
    assert max(sizes) <= size
    if workers == 1:
        assert sorted(sizes, reverse=True) == [size] * (30 // size) + [30 % size] * bool(30 % size)


def test_a_batch_whose_items_hold_all_others_back_goes_as_it_is(way: str) -> None:
    def only_first(x: int) -> int:
        if x:
            raise ValueError(x)
        return x

    stage = FunctionStage(lambda xs: xs, "batch", batch=10)
    result = run(way, Pipeline("p", [only_first, stage], queue_size=1, on_error="skip"), range(500))
    assert result.outputs == [0]
    assert result.failed == 499


@pytest.mark.parametrize("given", [[1], (1, 2, 3), "ab", None, {1: 2}])
def test_a_batch_stage_that_gives_something_else_is_an_error(way: str, given: Any) -> None:
    stage = FunctionStage(lambda xs: given, "wrong", batch=2)
    with pytest.raises(PipelineError, match="'wrong' got 2 items and gave"):
        run(way, Pipeline("p", [stage]), range(2))


def test_stop_raises_the_error_of_the_first_item_that_failed(way: str) -> None:
    with pytest.raises(ValueError, match="odd: 1"):
        run(way, Pipeline("p", [FunctionStage(odd_fails, workers=4), add_one]), range(100))


def test_skip_goes_on_without_the_item(way: str) -> None:
    result = run(way, Pipeline("p", [odd_fails, add_one], on_error="skip"), range(10))
    assert (result.outputs, result.failed, result.failures) == ([1, 3, 5, 7, 9], 5, [])
    assert [each.errors for each in result.stages] == [5, 0]
    assert [each.items for each in result.stages] == [10, 5]


def test_collect_keeps_what_failed_where_and_why(way: str) -> None:
    result = run(way, Pipeline("p", [add_one, odd_fails], on_error="collect"), range(6))
    assert result.outputs == [2, 4, 6]
    assert [(each.index, each.stage, str(each.error)) for each in result.failures] == [
        (0, "odd_fails", "odd: 1"),
        (2, "odd_fails", "odd: 3"),
        (4, "odd_fails", "odd: 5"),
    ]


def test_collected_failures_are_bounded(way: str) -> None:
    def fails(x: int) -> int:
        raise ValueError(x)

    result = run(way, Pipeline("p", [fails], on_error="collect"), range(MAX_FAILURES + 5))
    assert len(result.failures) == MAX_FAILURES
    assert result.failed == MAX_FAILURES + 5


def test_a_source_that_raises_ends_the_run(way: str, recorded: Any) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        run(way, Pipeline("p", [add_one, double]), source())
    assert len(recorded.started) == len(recorded.ended)
    assert recorded.one("p").status.status_code is StatusCode.ERROR


def test_what_cannot_be_iterated_is_an_error_that_leaves_nothing(way: str, recorded: Any) -> None:
    with pytest.raises(TypeError):
        run(way, Pipeline("p", [add_one]), 5)  # type: ignore[arg-type]
    assert len(recorded.started) == len(recorded.ended) == 1


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_a_stage_that_raises_what_no_policy_may_swallow_ends_the_run(
    way: str, error: type[BaseException], recorded: Any
) -> None:
    def exits(x: int) -> int:
        if x == 3:
            raise error("out")
        return x

    with pytest.raises(error):
        run(way, Pipeline("p", [add_one, FunctionStage(exits, workers=2), double], on_error="skip"), range(100))
    assert len(recorded.started) == len(recorded.ended)


def test_a_stage_that_raises_stop_iteration_ends_nothing_by_mistake(way: str) -> None:
    def stops(x: int) -> int:
        return next(iter(()))

    with pytest.raises(RuntimeError, match="'stops' raised StopIteration"):
        run(way, Pipeline("p", [stops]), range(3))
    assert run(way, Pipeline("p", [stops], on_error="skip"), range(3)).failed == 3


def test_a_plain_function_that_gives_a_coroutine_is_told_how(way: str) -> None:
    async def later(x: int) -> int:
        return x

    with pytest.raises(PipelineError, match="async function"):
        run(way, Pipeline("p", [FunctionStage(lambda x: later(x), "hidden")]), [1])


def test_context_variables_of_the_caller_are_seen_in_the_stages(way: str) -> None:
    tenant = contextvars.ContextVar("tenant", default="nobody")
    seen: list[str] = []

    def look(x: int) -> int:
        seen.append(tenant.get())
        return x

    async def on_asyncio() -> None:
        tenant.set("acme")
        await Pipeline("p", [look]).arun([1])

    def on_threads() -> None:
        tenant.set("acme")
        Pipeline("p", [look]).run([1])

    contextvars.copy_context().run(on_threads) if way == "threads" else asyncio.run(on_asyncio())
    assert seen == ["acme"]


def test_a_pipeline_within_a_stage(way: str, recorded: Any) -> None:
    def inner(x: int) -> int:
        return sum(Pipeline("inner", [double]).run(range(x)).outputs)

    assert run(way, Pipeline("outer", [FunctionStage(inner, workers=2)]), [1, 3]).outputs == [0, 6]
    assert len(recorded.started) == len(recorded.ended)
    names = {each.context.span_id: each.name for each in recorded.ended}
    parents = [names[each.parent.span_id] for each in recorded.ended if each.name == "inner" and each.parent]
    assert sorted(parents) == ["inner", "inner", "outer", "outer"]  # the stage's spans, and below them the pipelines'


def test_one_pipeline_runs_many_times_at_once(way: str) -> None:
    pipeline = Pipeline("p", [FunctionStage(add_one, workers=2), double])
    results: dict[int, PipelineResult[Any]] = {}
    threads = [
        threading.Thread(target=lambda n=number: results.update({n: pipeline.run(range(n))}))  # type: ignore[misc]
        for number in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert {n: result.outputs for n, result in results.items()} == {
        n: [2 * (x + 1) for x in range(n)] for n in range(4)
    }


def test_untraced_it_gives_the_same(way: str, recorded: Any) -> None:
    def once() -> tuple[Any, ...]:
        result = run(way, Pipeline("p", [odd_fails, double], on_error="collect"), range(9))
        return result.outputs, result.failed, [(f.index, f.stage, repr(f.error)) for f in result.failures]

    traced = once()
    assert recorded.ended
    before = len(recorded.started)
    trace_api._TRACER_PROVIDER = None  # as the fixture does
    assert once() == traced
    assert len(recorded.started) == before


# --------------------------------------------------------------------------------------------------- stopping early


def test_a_consumer_that_stops_leaves_nothing_open(way: str, recorded: Any) -> None:
    pipeline = Pipeline("p", [FunctionStage(add_one, workers=3), double], queue_size=2)
    before = threading.active_count()
    if way == "threads":
        outputs = pipeline.iterate(iter(int, 1))
        assert [next(outputs), next(outputs)] == [2, 2]
        outputs.close()  # type: ignore[attr-defined]
    else:

        async def some() -> None:
            outputs = pipeline.aiterate(iter(int, 1))
            assert [await anext(outputs), await anext(outputs)] == [2, 2]
            await outputs.aclose()  # type: ignore[attr-defined]
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(some())
    assert threading.active_count() == before
    assert len(recorded.started) == len(recorded.ended)
    assert recorded.one("p").status.status_code is StatusCode.UNSET


def test_an_interrupt_in_the_caller_leaves_nothing_open(way: str, recorded: Any) -> None:
    def source() -> Iterator[int]:
        yield from range(20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(way, Pipeline("p", [FunctionStage(add_one, workers=2), FunctionStage(lambda x: x, "b", batch=3)]), source())
    assert len(recorded.started) == len(recorded.ended)


def test_cancelling_waits_for_plain_stages_and_leaves_nothing_open(way: str, recorded: Any) -> None:
    if way == "threads":
        pytest.skip("threads cannot be cancelled")
    running, release, finished = threading.Event(), threading.Event(), threading.Event()

    def plain(x: int) -> int:
        running.set()
        assert release.wait(10)
        finished.set()
        return x

    async def waits(x: int) -> int:
        await asyncio.Event().wait()
        return x

    async def cancelled_run() -> None:
        task = asyncio.create_task(Pipeline("p", [FunctionStage(plain, workers=2), waits]).arun(range(9)))
        await asyncio.to_thread(running.wait, 10)
        for _ in range(3):  # again and again: it has to bear that
            task.cancel()
            await asyncio.sleep(0)
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert finished.is_set()
        assert len(asyncio.all_tasks()) == 1

    before = threading.active_count()
    asyncio.run(cancelled_run())
    assert threading.active_count() <= before
    assert len(recorded.started) == len(recorded.ended)


def test_a_thread_that_cannot_start_ends_the_run(way: str, monkeypatch: pytest.MonkeyPatch, recorded: Any) -> None:
    if way == "asyncio":
        pytest.skip("no threads of ours")
    start = threading.Thread.start

    def limited(self: threading.Thread) -> None:
        if self.name == "p/double-1":
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(RuntimeError, match="can't start"):
        run(way, Pipeline("p", [add_one, FunctionStage(double, workers=3), FunctionStage(add_one, "last")]), range(9))
    assert len(recorded.started) == len(recorded.ended)


# --------------------------------------------------------------------------------------------------------- async stages


def test_async_stages(way: str) -> None:
    async def later(x: int) -> int:
        await asyncio.sleep(0)
        return x + 1

    async def batched(xs: list[int]) -> list[int]:
        return [2 * x for x in xs]

    stages = [add_one, FunctionStage(later, workers=3), Later(workers=2), FunctionStage(batched, batch=4)]
    pipeline = Pipeline("p", stages)
    if way == "threads":
        assert pipeline.run(range(10)).outputs == [2 * (x + 3) for x in range(10)]
        with pytest.raises(PipelineError, match="aiterate"):
            pipeline.iterate(range(3))
    else:
        assert run(way, pipeline, range(10)).outputs == [2 * (x + 3) for x in range(10)]


def test_an_async_source(way: str) -> None:
    async def source() -> AsyncIterator[int]:
        for x in range(20):
            await asyncio.sleep(0)
            yield x

    async def outputs() -> list[int]:
        return [x async for x in Pipeline("p", [Later(), double]).aiterate(source())]

    assert asyncio.run(outputs()) == [2 * (x + 1) for x in range(20)]


# ------------------------------------------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pipeline("", [add_one]), "has a name"),
        (lambda: Pipeline("p", []), "at least one stage"),
        (lambda: Pipeline("p", [5]), "a stage is a callable or a PipelineStage, not int"),
        (lambda: Pipeline("p", [add_one, add_one]), "two stages are named 'add_one'"),
        (lambda: Pipeline("p", [add_one], on_error="explode"), "on_error is one of stop, skip, collect"),
        (lambda: Pipeline("p", [add_one], queue_size=0), "queue_size is a number from 1"),
        (lambda: Pipeline("p", [add_one], queue_size=True), "queue_size is a number from 1"),
        (lambda: Pipeline("p", [FunctionStage(add_one, workers=0)]), "workers is a number from 1 to 256, not 0"),
        (lambda: Pipeline("p", [FunctionStage(add_one, workers=10**9)]), "workers is a number from 1 to 256"),
        (lambda: Pipeline("p", [FunctionStage(add_one, batch=0)]), "batch is a number from 1, or None, not 0"),
        (lambda: Pipeline("p", [PipelineStage.__new__(PipelineStage)]), "has no name"),
    ],
)
def test_a_pipeline_that_cannot_be_says_why(way: str, make: Any, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        make()


def test_a_stage_without_execute_says_so(way: str) -> None:
    with pytest.raises(NotImplementedError, match="needs an execute"):
        run(way, Pipeline("p", [PipelineStage("bare")]), [1])


def test_the_public_names(way: str) -> None:
    assert otelwod.Pipeline is Pipeline
    assert otelwod.PipelineStage is PipelineStage


# ------------------------------------------------------------------------------------------------------------- progress


class _Terminal:
    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...


def test_progress_is_shown_on_request_only(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    now = iter(range(10_000))
    monkeypatch.setattr(Progress.__init__, "__defaults__", (None, lambda: float(next(now))))
    run(way, Pipeline("p", [add_one]), range(5))
    assert terminal.text == ""
    run(way, Pipeline("p", [add_one], progress=True), range(5))
    assert "p: 5 items" in terminal.text
    assert terminal.text.endswith("\r\x1b[K")
