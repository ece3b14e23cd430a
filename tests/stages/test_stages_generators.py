"""Generators and asynchronous generators as stages: the span covers the iteration and never leaks into the consumer."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.trace import StatusCode

from otelwod.stages import span, stage


def current() -> int:
    return trace_api.get_current_span().get_span_context().span_id


@stage
def numbers(count: int) -> Iterator[int]:
    for number in range(count):
        with span(f"step {number}"):
            pass
        yield number


@stage
async def later(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        with span(f"step {number}"):
            pass
        yield number


def test_introspection_stays_true() -> None:
    assert inspect.isgeneratorfunction(numbers)
    assert inspect.isgenerator(numbers(1))
    assert numbers(1).__name__ == "numbers"
    assert inspect.isasyncgenfunction(later)
    assert inspect.isasyncgen(later(1))


def test_an_exception_thrown_into_a_generator_that_has_not_begun_passes_and_makes_no_span(recorded: Any) -> None:
    error = KeyError("x")
    with pytest.raises(KeyError) as told:
        numbers(1).throw(error)
    assert told.value is error
    # As the documentation says: nothing of ours has run that could take our own line away; there is but that one.
    assert [entry.path for entry in told.traceback][1:] == ["<otelwod stage: generator>"]

    async def thrown() -> None:
        await later(1).athrow(error)

    with pytest.raises(KeyError) as told:
        asyncio.run(thrown())
    assert told.value is error
    assert recorded.names == []


def test_the_span_covers_the_iteration_and_is_not_current_in_the_consumer(recorded: Any) -> None:
    seen = []
    with span("consumer"):
        mine = current()
        for number in numbers(3):
            assert current() == mine
            with span("between"):
                seen.append(number)
        assert current() == mine
    assert seen == [0, 1, 2]
    found = recorded.one("numbers")
    assert found.attributes["otelwod.stage.items"] == 3
    assert found.status.status_code is StatusCode.UNSET
    assert recorded.parent_name("numbers") == "consumer"
    assert {recorded.parent_name(f"step {n}") for n in range(3)} == {"numbers"}
    between = [s for s in recorded.ended if s.name == "between"]
    assert {s.parent.span_id for s in between} == {mine}
    assert found.start_time <= between[0].start_time
    assert found.end_time >= between[-1].end_time


def test_nothing_begins_before_the_first_item(recorded: Any) -> None:
    numbers(3).close()
    generator = numbers(1)
    assert recorded.started == []
    assert next(generator) == 0
    assert [s.name for s in recorded.started] == ["numbers", "step 0"]
    generator.close()


def test_send_throw_and_return_values_are_kept(recorded: Any) -> None:
    @stage
    def echo() -> Any:
        got = None
        while got != "stop":
            try:
                got = yield got
            except KeyError as error:
                got = f"caught {error.args[0]}"
        return "returned"

    generator = echo()
    assert next(generator) is None
    assert generator.send("a") == "a"
    assert generator.throw(KeyError("b")) == "caught b"
    with pytest.raises(StopIteration) as stopped:
        generator.send("stop")
    assert stopped.value.value == "returned"
    assert recorded.one("echo").status.status_code is StatusCode.UNSET

    def delegating() -> Any:
        return (yield from echo())

    assert list(itertools.islice(delegating(), 2)) == [None, None]


def test_an_early_close_is_no_error(recorded: Any) -> None:
    cleaned = []

    @stage
    def source() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            cleaned.append(True)

    generator = source()
    assert [next(generator), next(generator)] == [0, 1]
    generator.close()
    assert cleaned == [True]
    found = recorded.one("source")
    assert found.status.status_code is StatusCode.UNSET
    assert found.events == ()
    assert found.attributes["otelwod.stage.items"] == 2

    for _ in source():
        break  # abandoned: collected at once, and ended
    gc.collect()
    assert recorded.names == ["source", "source"]


def test_a_generator_that_ignores_the_close_says_so_as_without_us(recorded: Any) -> None:
    def stubborn() -> Any:
        refused = 0
        while refused < 2:
            try:
                yield refused
            except GeneratorExit:
                refused += 1
        return "gone"

    for make in (stubborn, stage(stubborn)):
        generator = make()
        assert next(generator) == 0
        with pytest.raises(RuntimeError, match="generator ignored GeneratorExit"):
            generator.close()
        assert next(generator) == 1
        with pytest.raises(StopIteration) as stopped:
            generator.throw(GeneratorExit())
        assert stopped.value.value == "gone"
    assert recorded.one("stubborn").status.status_code is StatusCode.UNSET


def test_an_exception_ends_the_span_with_an_error(recorded: Any) -> None:
    @stage
    def fails() -> Iterator[int]:
        yield 1
        raise ValueError("no")

    generator = fails()
    next(generator)
    with pytest.raises(ValueError, match="no"):
        next(generator)
    found = recorded.one("fails")
    assert found.status.status_code is StatusCode.ERROR
    assert found.attributes["error.type"] == "ValueError"
    assert found.attributes["otelwod.stage.items"] == 1
    assert [event.name for event in found.events] == ["exception"]
    with pytest.raises(StopIteration):
        next(generator)


def test_interleaved_generators_are_each_right(recorded: Any) -> None:
    @stage
    def source(name: str) -> Iterator[str]:
        for number in range(3):
            with span(f"{name}{number}"):
                yield f"{name}{number}"

    with span("consumer"):
        mine = current()
        for pair in zip(source("a"), source("b"), strict=True):
            assert current() == mine
            with span(f"use {pair[0]}"):
                pass
    sources = {s.context.span_id for s in recorded.ended if s.name == "source"}
    by_id = {s.context.span_id: s for s in recorded.ended}
    a_parents = {by_id[recorded.one(f"a{n}").parent.span_id].context.span_id for n in range(3)}
    b_parents = {by_id[recorded.one(f"b{n}").parent.span_id].context.span_id for n in range(3)}
    assert len(a_parents) == len(b_parents) == 1
    assert a_parents | b_parents == sources
    assert all(recorded.parent_name(f"use a{n}") == "consumer" for n in range(3))


def test_a_span_around_a_yield_is_current_again_after_it(recorded: Any) -> None:
    @stage
    def source() -> Iterator[int]:
        with span("around"):
            yield 1
            with span("after the yield"):
                pass
            yield 2

    assert list(source()) == [1, 2]
    assert recorded.parent_name("after the yield") == "around"
    assert recorded.parent_name("around") == "source"


def test_under_contextmanager_the_body_is_inside_the_span(recorded: Any) -> None:
    @contextlib.contextmanager
    @stage
    def transaction(fail: bool = False) -> Iterator[str]:
        yield "tx"
        with span("commit"):
            pass

    with span("outside"):
        mine = current()
        with transaction() as tx, span("query"):
            assert tx == "tx"
        assert current() == mine
    assert recorded.parent_name("query") == "transaction"
    assert recorded.parent_name("commit") == "transaction"
    assert recorded.parent_name("transaction") == "outside"

    with pytest.raises(KeyError), transaction():
        raise KeyError("x")
    failed = [s for s in recorded.ended if s.name == "transaction"][-1]
    assert failed.status.status_code is StatusCode.ERROR


def test_closing_in_another_context_logs_nothing(recorded: Any, api_log: Any) -> None:
    import contextvars

    generator = numbers(5)
    next(generator)
    contextvars.Context().run(generator.close)
    generator = numbers(5)
    contextvars.copy_context().run(next, generator)
    assert next(generator) == 1
    generator.close()
    assert recorded.names.count("numbers") == 2
    assert api_log.records == []


def test_with_tracing_off_a_generator_is_the_same(api_log: Any) -> None:
    assert list(numbers(4)) == [0, 1, 2, 3]

    async def main() -> list[int]:
        return [number async for number in later(4)]

    assert asyncio.run(main()) == [0, 1, 2, 3]


def test_a_hundred_thousand_items_keep_nothing(recorded: Any) -> None:
    import tracemalloc

    @stage
    def many(count: int) -> Iterator[int]:
        yield from range(count)

    def consume(count: int) -> None:
        for _ in many(count):
            pass

    consume(1000)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    generator = many(100_000)
    for _ in range(99_999):
        next(generator)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000
    assert list(generator) == [99_999]
    assert recorded.ended[-1].attributes["otelwod.stage.items"] == 100_000


# --------------------------------------------------------------------------------------------------------------- async


def test_an_async_generator_covers_the_iteration(recorded: Any) -> None:
    async def main() -> None:
        with span("consumer"):
            mine = current()
            async for _ in later(3):
                assert current() == mine
                with span("between"):
                    await asyncio.sleep(0)
            assert current() == mine

    asyncio.run(main())
    found = recorded.one("later")
    assert found.attributes["otelwod.stage.items"] == 3
    assert recorded.parent_name("later") == "consumer"
    assert {recorded.parent_name(f"step {n}") for n in range(3)} == {"later"}
    assert all(
        recorded.one("consumer").context.span_id == s.parent.span_id for s in recorded.ended if s.name == "between"
    )


def test_asend_athrow_and_aclose_are_kept(recorded: Any) -> None:
    cleaned = []

    @stage
    async def echo() -> Any:
        got = None
        try:
            while True:
                try:
                    got = yield got
                except KeyError as error:
                    got = f"caught {error.args[0]}"
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def main() -> None:
        generator = echo()
        assert await generator.__anext__() is None
        assert await generator.asend("a") == "a"
        assert await generator.athrow(KeyError("b")) == "caught b"
        await generator.aclose()
        with pytest.raises(StopAsyncIteration):
            await generator.__anext__()

    asyncio.run(main())
    assert cleaned == [True]
    found = recorded.one("echo")
    assert found.status.status_code is StatusCode.UNSET
    assert found.events == ()


def test_an_async_exception_ends_with_an_error(recorded: Any) -> None:
    @stage
    async def fails() -> AsyncIterator[int]:
        yield 1
        raise ValueError("no")

    async def main() -> None:
        async for _ in fails():
            pass

    with pytest.raises(ValueError, match="no"):
        asyncio.run(main())
    assert recorded.one("fails").status.status_code is StatusCode.ERROR


def test_closing_from_another_task_logs_nothing(recorded: Any, api_log: Any) -> None:
    closed = []

    @stage
    async def endless() -> AsyncIterator[int]:
        try:
            for number in itertools.count():
                await asyncio.sleep(0)
                yield number
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def main() -> None:
        generator = endless()
        await generator.__anext__()
        await asyncio.create_task(generator.__anext__())  # type: ignore[arg-type]
        await asyncio.create_task(generator.aclose())  # type: ignore[arg-type]

    asyncio.run(main())
    assert closed == [True]
    assert recorded.one("endless").status.status_code is StatusCode.UNSET
    assert [r for r in api_log.records if r.name != "asyncio"] == []


def test_an_abandoned_async_generator_is_closed_by_the_loop_once(recorded: Any, api_log: Any) -> None:
    closed = []

    @stage
    async def endless() -> AsyncIterator[int]:
        try:
            for number in itertools.count():
                yield number
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def main() -> Any:
        kept = endless()
        async for _ in kept:
            break
        async for _ in endless():
            break
        for _ in range(5):
            await asyncio.sleep(0)
        assert closed == [True]
        return kept  # still open when the loop shuts its generators down

    asyncio.run(main())
    assert closed == [True, True]
    assert recorded.names == ["endless", "endless"]
    assert [r for r in api_log.records if r.levelname != "DEBUG"] == []


def test_interleaved_async_generators_are_each_right(recorded: Any) -> None:
    @stage
    async def source(name: str) -> AsyncIterator[str]:
        for number in range(3):
            with span(f"{name}{number}"):
                await asyncio.sleep(0)
                yield f"{name}{number}"

    async def main() -> None:
        a, b = source("a"), source("b")
        for _ in range(3):
            assert context_api.get_current() == {}
            await a.__anext__()
            await b.__anext__()
        await a.aclose()
        await b.aclose()

    asyncio.run(main())
    by_id = {s.context.span_id: s.name for s in recorded.ended}
    a_parents = {recorded.one(f"a{n}").parent.span_id for n in range(3)}
    b_parents = {recorded.one(f"b{n}").parent.span_id for n in range(3)}
    assert len(a_parents) == len(b_parents) == 1
    assert a_parents != b_parents
    assert {by_id[i] for i in a_parents | b_parents} == {"source"}


def test_under_asynccontextmanager_the_body_is_inside_the_span(recorded: Any) -> None:
    @contextlib.asynccontextmanager
    @stage
    async def transaction() -> AsyncIterator[str]:
        await asyncio.sleep(0)
        yield "tx"
        with span("commit"):
            await asyncio.sleep(0)

    async def main() -> None:
        with span("outside"):
            mine = current()
            async with transaction() as tx:
                assert tx == "tx"
                with span("query"):
                    await asyncio.sleep(0)
            assert current() == mine

    asyncio.run(main())
    assert recorded.parent_name("query") == "transaction"
    assert recorded.parent_name("commit") == "transaction"
    assert recorded.parent_name("transaction") == "outside"


def test_a_cancelled_async_generator_is_an_error_and_passes(recorded: Any) -> None:
    @stage
    async def waits() -> AsyncIterator[int]:
        await asyncio.sleep(3600)
        yield 1

    async def main() -> None:
        async def consume() -> None:
            async for _ in waits():
                pass

        task = asyncio.create_task(consume())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert recorded.one("waits").attributes["error.type"] == "asyncio.exceptions.CancelledError"
