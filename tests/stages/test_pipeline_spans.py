"""The spans and counters of a pipeline, and what the analysis makes of them."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import StatusCode
from pipeline_runs import WAYS, run

import otelwod
from otelwod import conventions as c
from otelwod.stages import failures, tracing
from otelwod.stages.pipeline import FunctionStage, Pipeline
from otelwod.stages.pipeline import counters as counters_module
from otelwod.stages.pipeline.counters import StageCounters


def double(x: int) -> int:
    return 2 * x


def odd_fails(x: int) -> int:
    if x % 2:
        raise ValueError("odd")
    return x


@pytest.mark.parametrize("way", WAYS)
def test_calls_and_waits_are_children_of_the_pipeline(way: str, recorded: Any) -> None:
    run(way, Pipeline("etl", [odd_fails, FunctionStage(lambda xs: xs, "batch", batch=2)], on_error="skip"), range(6))
    root = recorded.one("etl")
    assert root.attributes[c.PIPELINE_NAME] == "etl"
    assert root.attributes[c.PIPELINE_STAGE_COUNT] == 2
    assert {each.parent.span_id for each in recorded.ended if each is not root} == {root.context.span_id}
    calls = [each for each in recorded.ended if each.name == "odd_fails"]
    assert [each.attributes[c.PHASE] for each in calls] == ["work"] * 6
    assert [each.attributes[c.STAGE_ITEMS] for each in calls] == [1] * 6
    assert [each.status.status_code is StatusCode.ERROR for each in calls] == [False, True] * 3
    batches = [each.attributes[c.STAGE_ITEMS] for each in recorded.ended if each.name == "batch"]
    assert batches == [2, 1]
    counted = [dict(event.attributes) for event in root.events if event.name == c.EVENT_STAGE_COUNTED]
    assert counted == [
        {c.STAGE_NAME: "odd_fails", c.STAGE_ITEMS: 6, c.STAGE_ERRORS: 3},
        {c.STAGE_NAME: "batch", c.STAGE_ITEMS: 3, c.STAGE_ERRORS: 0},
    ]


@pytest.mark.parametrize("way", WAYS)
def test_waiting_and_service_are_told_apart(way: str, recorded: Any) -> None:
    result = run(way, Pipeline("p", [double]), range(4))
    waits = [each for each in recorded.ended if each.name == "double wait"]
    calls = [each for each in recorded.ended if each.name == "double"]
    assert len(waits) == len(calls) == 4
    for wait, call in zip(waits, calls, strict=True):
        assert wait.attributes[c.PHASE] == "rest"
        assert wait.attributes[c.BLOCKING] is False
        assert wait.attributes[c.STAGE_NAME] == "double"
        assert wait.start_time <= wait.end_time <= call.start_time
        assert call.attributes[c.STAGE_QUEUED] == pytest.approx((wait.end_time - wait.start_time) / 1e9, abs=1e-9)
    waited = sum(each.end_time - each.start_time for each in waits)
    assert result.stages[0].waiting_ns == waited
    assert result.stages[0].busy_ns >= sum(each.end_time - each.start_time for each in calls)


def test_the_analysis_names_the_slow_stage(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time: async stages that 'take' 2, 10 and 1 ms on a loop whose clock jumps to the next timer."""
    loop = _VirtualLoop()
    monkeypatch.setattr(tracing, "monotonic_ns", lambda: round(loop.time() * 1e9))
    monkeypatch.setattr(tracing, "wall_ns", lambda: 10**18 + round(loop.time() * 1e9))

    def taking(name: str, seconds: float, workers: int = 1) -> FunctionStage[int, int]:
        async def work(x: int) -> int:
            await asyncio.sleep(seconds)
            return x

        return FunctionStage(work, name, workers=workers)  # type: ignore[arg-type]

    lengths = {}
    for workers in (1, 2):
        recorded.ended.clear()
        stages = [taking("load", 0.002), taking("transform", 0.01, workers), taking("store", 0.001)]
        loop.run_until_complete(Pipeline("etl", stages).arun(range(200)))
        report = otelwod.analyze(recorded.ended)
        assert report.bottlenecks[0].operation == "transform"
        assert report.bottlenecks[0].phase == "work"
        assert report.bottlenecks[0].critical_share > 0.9
        assert report.stages.bottleneck == "transform"
        assert not [each for each in report.stages.stages if each.operation.endswith(" wait")]
        lengths[workers] = report.duration_ns
    loop.close()
    assert lengths[1] / lengths[2] == pytest.approx(2, rel=0.02)


class _VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._now = max(self._now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def test_a_processor_that_raises_costs_spans_only(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(span: Any, parent_context: Any = None) -> None:
        raise RuntimeError("processor")

    monkeypatch.setattr(recorded, "on_start", broken)
    assert run("threads", Pipeline("p", [double]), range(3)).outputs == [0, 2, 4]
    monkeypatch.undo()
    start = recorded.on_start

    def broken_for_waits(span: Any, parent_context: Any = None) -> None:
        if span.name.endswith(" wait"):
            raise RuntimeError("processor")
        start(span, parent_context)

    monkeypatch.setattr(recorded, "on_start", broken_for_waits)
    assert run("threads", Pipeline("p", [double]), range(3)).outputs == [0, 2, 4]
    assert failures()["a pipeline's wait"] == 3


# ---------------------------------------------------------------------------------------------------------- properties


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[list[FunctionStage[Any, Any]], list[int], int, int]:
    stages: list[FunctionStage[Any, Any]] = []
    failing: list[int] = []
    for number in range(draw(st.integers(1, 3))):
        modulus = draw(st.sampled_from([0, 0, 2, 3]))
        failing.append(modulus)
        batch = draw(st.sampled_from([None, None, 1, 3, 8]))
        is_async = draw(st.booleans())
        stages.append(
            FunctionStage(
                _function(modulus, batch, is_async), f"s{number}", workers=draw(st.integers(1, 3)), batch=batch
            )
        )
    return stages, failing, draw(st.integers(1, 3)), draw(st.integers(0, 25))


def _function(modulus: int, batch: int | None, is_async: bool) -> Any:
    def one(x: int) -> int:
        if modulus and x % modulus == 1:
            raise ValueError(x)
        return x + 1

    def many(xs: list[int]) -> list[int]:
        return [one(x) for x in xs]

    plain: Any = one if batch is None else many
    if not is_async:
        return plain

    async def later(given: Any) -> Any:
        await asyncio.sleep(0)
        return plain(given)

    return later


@given(pipelines(), st.sampled_from(WAYS), st.sampled_from(["stop", "skip", "collect"]), st.booleans())
@settings(max_examples=60, deadline=None, database=None)
def test_no_result_is_lost_doubled_or_reordered_and_nothing_stays_open(
    drawn: Any, way: str, policy: Any, ordered: bool
) -> None:
    stages, failing, queue_size, count = drawn
    opened = _open_spans()
    pipeline = Pipeline("p", stages, on_error=policy, queue_size=queue_size, ordered=ordered)
    try:
        result = run(way, pipeline, range(count))
    except ValueError:
        assert policy == "stop"
        assert any(failing)
    else:
        if policy == "collect":
            assert result.failed == len(result.failures)
            assert len({each.index for each in result.failures}) == result.failed
        assert len(result.outputs) + result.failed == count
        shift = len(stages)
        assert len(set(result.outputs)) == len(result.outputs)
        assert {x - shift for x in result.outputs} <= set(range(count))
        if ordered:
            assert result.outputs == sorted(result.outputs)
            assert [each.index for each in result.failures] == sorted(each.index for each in result.failures)
        if all(stage.batch is None for stage in stages):
            assert sorted(result.outputs) == [x + shift for x in range(count) if _gets_through(x, failing)]
    assert _open_spans() == opened
    assert all(each.active == 0 for each in pipeline_counters())


@given(pipelines(), st.sampled_from(WAYS), st.integers(0, 5))
@settings(max_examples=40, deadline=None, database=None)
def test_a_consumer_may_stop_anywhere(drawn: Any, way: str, taken: int) -> None:
    stages, failing, queue_size, _ = drawn
    assume(not any(failing))  # else nothing might ever come out
    pipeline = Pipeline("p", stages, on_error="skip", queue_size=queue_size)
    if way == "threads" and not any(stage.is_async for stage in stages):
        outputs = pipeline.iterate(itertools.count())
        for _ in range(taken):
            next(outputs)
        outputs.close()  # type: ignore[attr-defined]
    else:

        async def some() -> None:
            outputs = pipeline.aiterate(itertools.count())
            for _ in range(min(taken, 1)):
                task = asyncio.ensure_future(anext(outputs))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
            await outputs.aclose()  # type: ignore[attr-defined]
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(some())
    assert all(each.active == 0 for each in pipeline_counters())


def _gets_through(x: int, failing: list[int]) -> bool:
    return not any(modulus and (x + at) % modulus == 1 for at, modulus in enumerate(failing))


def _open_spans() -> int:
    return sum(each.active for each in counters_module.stage_counters.all())


def pipeline_counters() -> Any:
    return counters_module.stage_counters.all()


# ------------------------------------------------------------------------------------------------------------ counters


def _collected(reader: InMemoryMetricReader) -> dict[tuple[str, str], float]:
    found = {}
    data = reader.get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    found[metric.name, str((point.attributes or {})[c.STAGE_NAME])] = point.value  # type: ignore[union-attr]
    return found


def test_the_counters_are_read_when_somebody_collects(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", lambda *args: provider.get_meter("otelwod"))
    fresh = StageCounters(limit=3)
    monkeypatch.setattr(counters_module, "stage_counters", fresh)
    monkeypatch.setattr("otelwod.stages.pipeline.state.stage_counters", fresh)
    run(
        "threads", Pipeline("p", [odd_fails, FunctionStage(lambda xs: xs, "batch", batch=2)], on_error="skip"), range(6)
    )
    found = _collected(reader)
    assert found[c.INSTRUMENT_STAGE_CALLS, "odd_fails"] == 6
    assert found[c.INSTRUMENT_STAGE_ERRORS, "odd_fails"] == 3
    assert found[c.INSTRUMENT_STAGE_ITEMS, "batch"] == 3
    assert found[c.INSTRUMENT_STAGE_CALLS, "batch"] == 2
    assert found[c.INSTRUMENT_STAGE_ACTIVE, "batch"] == 0
    assert found[c.INSTRUMENT_STAGE_BUSY_TIME, "batch"] > 0
    for number in range(5):
        run("threads", Pipeline(f"p{number}", [double]), range(2))
    found = _collected(reader)
    assert found[c.INSTRUMENT_STAGE_CALLS, "double"] == 2  # the third distinct one
    assert found[c.INSTRUMENT_STAGE_CALLS, c.OTHER] == 8  # the others together
    provider.shutdown()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_runs_pipelines_and_counts_from_zero() -> None:
    run("threads", Pipeline("forked", [double]), range(3))
    counter = counters_module.stage_counters.of("double", "forked")
    before = counter.calls
    with counter._lock:  # held at the fork, as by another thread
        child = os.fork()
        if child == 0:
            good = False
            try:
                good = counter.calls == 0 and Pipeline("forked", [double]).run(range(4)).outputs == [0, 2, 4, 6]
                good = good and counter.calls == 4
            finally:
                os._exit(0 if good else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert counter.calls == before
