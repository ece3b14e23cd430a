"""A pipeline on asyncio: the same as on threads, with tasks. Plain stages run in worker threads of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, Final

from otelwod.stages import tracing
from otelwod.stages.pipeline.state import Item, Outcome, RunState

_STOP: Final = Item(-1, None, 0)
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
        await run.shut_down()
        state.end(error)


class _Run:
    def __init__(self, state: RunState) -> None:
        self._state = state
        self._queues: list[asyncio.Queue[Item]] = [asyncio.Queue(state.queue_size) for _ in state.stages]
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self._running = [each.workers for each in state.stages]
        self._tasks: list[asyncio.Task[None]] = []

    async def outputs(self, source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
        state = self._state
        for position, stage in enumerate(state.stages):
            for number in range(stage.workers):
                name = f"{state.name}/{stage.name}-{number}"
                self._tasks.append(asyncio.create_task(self._work(position), name=name))
        next_item = _puller(source)
        fed = finished = 0
        exhausted = False
        while not (exhausted and finished == fed):
            while not exhausted and fed - finished < state.window:
                with state.inside_pipeline():
                    value = await next_item()
                if value is _END:
                    exhausted = True
                    for _ in range(state.stages[0].workers):
                        await self._queues[0].put(_STOP)
                    break
                await self._queues[0].put(Item(fed, value, tracing.monotonic_ns()))
                fed += 1
            if exhausted and finished == fed:
                return
            outcome = await self._outcomes.get()
            if state.fatal is not None:
                raise state.fatal
            for released in state.released(outcome):
                finished += 1
                if state.take(released):
                    yield released.value

    async def shut_down(self) -> None:
        """Cancels what is under way and waits for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, position: int) -> None:
        try:
            with self._state.inside_stage(position):
                more = True
                while more:
                    batch, more = await self._next_batch(position)
                    if batch:
                        await self._execute(position, batch)
        except asyncio.CancelledError:
            raise
        except BaseException as problem:  # noqa: BLE001 - a worker must not die unsaid
            self._state.fatal = problem
            self._outcomes.put_nowait(Outcome(-1, None))
            return
        self._running[position] -= 1
        if self._running[position] == 0 and position + 1 < len(self._queues):
            for _ in range(self._state.stages[position + 1].workers):
                await self._queues[position + 1].put(_STOP)

    async def _next_batch(self, position: int) -> tuple[list[Item], bool]:
        wanted = self._state.stages[position].batch or 1
        batch: list[Item] = []
        while len(batch) < wanted:
            item = await self._take(position)
            if item is _STOP:
                return batch, False
            batch.append(item)
        return batch, True

    async def _take(self, position: int) -> Item:
        try:
            return self._queues[position].get_nowait()
        except asyncio.QueueEmpty:
            begun = tracing.monotonic_ns()
            with self._state.waiting(position):
                item = await self._queues[position].get()
            self._state.result.stages[position].idle_ns += tracing.monotonic_ns() - begun
            return item

    async def _execute(self, position: int, batch: list[Item]) -> None:
        state = self._state
        stage = state.stages[position]
        begun = tracing.monotonic_ns()
        state.counters[position].begin()
        failed = True
        try:
            with state.working(position, batch):
                given = state.input_of(position, batch)
                if stage.is_async:
                    result: Any = stage.execute(given)
                    result = await result
                else:
                    result = await asyncio.to_thread(stage.execute, given)
                outputs = state.outputs_of(position, batch, result)
            failed = False
        except Exception as error:  # noqa: BLE001 - the policy decides what an item's error means
            for outcome in state.failures_of(position, batch, error):
                self._outcomes.put_nowait(outcome)
            return
        finally:
            state.took(position, batch, begun, failed)
        for item, value in zip(batch, outputs, strict=True):
            if position + 1 < len(self._queues):
                await self._queues[position + 1].put(Item(item.number, value, tracing.monotonic_ns()))
            else:
                self._outcomes.put_nowait(Outcome(item.number, value))


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
