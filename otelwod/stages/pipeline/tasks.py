"""A pipeline on asyncio: the same as on threads, with tasks. Plain stages run in worker threads of the loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from otelwod.stages import tracing
from otelwod.stages.pipeline.state import GO, STOP, Item, Outcome, RunState

_END: Final = object()


async def run_tasks(state: RunState, source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    """The outputs as they come. Every task has ended when this has: at the end, on an error, when it is closed."""
    run = _Run(state)
    state.begin()
    error: BaseException | None = None
    try:
        async for output in run.outputs(source):
            yield output
    except BaseException as problem:
        error = None if isinstance(problem, GeneratorExit) else problem
        raise
    finally:
        try:
            await run.shut_down()
        finally:
            state.end(error)


class _Run:
    def __init__(self, state: RunState) -> None:
        self._state = state
        self._queues: list[asyncio.Queue[Item]] = [asyncio.Queue(state.queue_size) for _ in state.stages]
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self._filling = [asyncio.Lock() for _ in state.stages]
        self._running = [each.workers for each in state.stages]
        self._tasks: list[asyncio.Task[None]] = []
        # Of our own: the loop's default pool is small and everybody's, and ours must have ended when we have.
        plain = sum(each.workers for each in state.stages if not each.is_async)
        self._pool = ThreadPoolExecutor(plain, thread_name_prefix=state.name) if plain else None

    async def outputs(self, source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
        state = self._state
        with state.inside_pipeline():
            self._start()
            next_item = _puller(source)
        fed = finished = 0
        exhausted = False
        while not (exhausted and finished == fed):
            while not exhausted and fed - finished < state.window:
                with state.inside_pipeline():
                    value = await next_item()
                if value is _END:
                    exhausted = True
                    await self._queues[0].put(STOP)
                    break
                state.under_way += 1
                await self._queues[0].put(Item(fed, value, tracing.monotonic_ns()))
                fed += 1
            if exhausted and finished == fed:
                return
            state.feeding = exhausted
            self._unstick()
            outcome = await self._outcomes.get()
            state.feeding = True
            if state.fatal is not None:
                raise state.fatal
            for released in state.released(outcome):
                finished += 1
                if state.take(released):
                    yield released.value

    def _start(self) -> None:
        for position, stage in enumerate(self._state.stages):
            for number in range(stage.workers):
                name = f"{self._state.name}/{stage.name}-{number}"
                self._tasks.append(asyncio.create_task(self._work(position), name=name))

    async def shut_down(self) -> None:
        """Cancels what is under way and waits for it; a plain stage's call is waited for to its end."""
        self._state.stopping = True
        for task in self._tasks:
            task.cancel()
        cancelled = await _patiently(self._tasks)
        if self._pool is not None:
            self._pool.shutdown()
        if cancelled is not None:
            raise cancelled

    def _unstick(self) -> None:
        for position in self._state.stuck():
            with contextlib.suppress(asyncio.QueueFull):
                self._queues[position].put_nowait(GO)

    async def _work(self, position: int) -> None:
        try:
            more = True
            while more:
                batch, more = await self._next_batch(position)
                if batch:
                    await self._execute(position, batch)
        except BaseException as problem:  # a worker must not die unsaid
            if self._state.stopping:
                raise
            self._state.fatal = problem
            self._outcomes.put_nowait(Outcome(-1, None))
            return
        self._running[position] -= 1
        if self._running[position] == 0 and position + 1 < len(self._queues):
            await self._queues[position + 1].put(STOP)

    async def _next_batch(self, position: int) -> tuple[list[Item], bool]:
        begun = tracing.monotonic_ns()
        wanted = self._state.stages[position].batch
        if wanted is None:
            item = await self._take(position)
            batch, more = ([], False) if item is STOP else ([item], True)
        else:
            async with self._filling[position]:
                batch, more = await self._fill(position, wanted)
        self._state.result.stages[position].idle_ns += tracing.monotonic_ns() - begun
        return batch, more

    async def _fill(self, position: int, wanted: int) -> tuple[list[Item], bool]:
        batch: list[Item] = []
        while len(batch) < wanted:
            if self._queues[position].empty():
                self._state.partial[position] = len(batch)
                self._unstick()
            item = await self._take(position)
            self._state.partial[position] = 0
            if item is STOP:
                return batch, False
            if item is not GO:
                batch.append(item)
            elif batch:
                break
        return batch, True

    async def _take(self, position: int) -> Item:
        item = await self._queues[position].get()
        if item is STOP:
            self._queues[position].put_nowait(STOP)
        return item

    async def _execute(self, position: int, batch: list[Item]) -> None:
        state = self._state
        begun = tracing.monotonic_ns()
        state.counters[position].begin()
        failed = True
        try:
            with state.working(position, batch, begun):
                outputs = state.outputs_of(position, batch, await self._call(position, state.input_of(position, batch)))
            failed = False
        except Exception as error:  # noqa: BLE001 - the policy decides what an item's error means
            self._end(state.failures_of(position, batch, error))
            return
        finally:
            state.took(position, batch, begun, failed)
        if position + 1 == len(self._queues):
            self._end(state.outcomes_of(batch, outputs))
        else:
            await self._pass_on(position, batch, outputs)

    async def _call(self, position: int, given: Any) -> Any:
        if self._pool is None or self._state.stages[position].is_async:
            result: Any = self._state.stages[position].execute(given)
            return await result
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, context.run, self._state.call, position, given)
        cancelled = await _patiently([future])
        if cancelled is not None:
            future.exception()  # is looked at, so that asyncio does not complain
            raise cancelled
        return future.result()

    async def _pass_on(self, position: int, batch: list[Item], outputs: Sequence[Any]) -> None:
        begun = tracing.monotonic_ns()
        for item, value in zip(batch, outputs, strict=True):
            await self._queues[position + 1].put(Item(item.number, value, tracing.monotonic_ns()))
        self._state.result.stages[position].blocked_ns += tracing.monotonic_ns() - begun

    def _end(self, outcomes: list[Outcome]) -> None:
        self._state.under_way -= len(outcomes)
        for outcome in outcomes:
            self._outcomes.put_nowait(outcome)


async def _patiently(waited: Sequence[asyncio.Future[Any]]) -> asyncio.CancelledError | None:
    """Waits until all are done, through being cancelled; gives the last cancellation, for the caller to raise."""
    cancelled: asyncio.CancelledError | None = None
    while not all(each.done() for each in waited):
        try:
            await asyncio.wait(waited)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def _puller(source: Iterable[Any] | AsyncIterable[Any]) -> Any:
    """A coroutine function that gives the next item, or ``_END``."""
    if isinstance(source, AsyncIterable):
        asynchronous = aiter(source)

        async def pull_async() -> Any:
            try:
                return await anext(asynchronous)
            except StopAsyncIteration:
                return _END

        return pull_async
    plain = iter(source)

    async def pull() -> Any:
        return next(plain, _END)

    return pull
