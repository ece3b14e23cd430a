"""A pipeline on threads: a queue before each stage, its workers behind it. The standard library does the waiting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final

from otelwod.stages import tracing
from otelwod.stages.pipeline.state import Item, Outcome, RunState

_STOP: Final = Item(-1, None, 0)


def run_threads(state: RunState, source: Iterable[Any]) -> Iterator[Any]:
    """The outputs as they come. The threads end when the last is taken, on an error, and when the consumer stops."""
    run = _Run(state)
    state.begin()
    error: BaseException | None = None
    try:
        yield from run.outputs(source)
    except BaseException as problem:
        error = None if isinstance(problem, GeneratorExit) else problem
        raise
    finally:
        run.shut_down()
        state.end(error)


class _Run:
    def __init__(self, state: RunState) -> None:
        self._state = state
        self._queues: list[queue.Queue[Item]] = [queue.Queue(state.queue_size) for _ in state.stages]
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = [each.workers for each in state.stages]
        self._threads: list[threading.Thread] = []
        self._fed_all = False

    def outputs(self, source: Iterable[Any]) -> Iterator[Any]:
        self._start()
        state = self._state
        with state.inside_pipeline():
            iterator = iter(source)
        fed = finished = 0
        exhausted = False
        while True:
            while not exhausted and fed - finished < state.window:
                with state.inside_pipeline():
                    try:
                        value = next(iterator)
                    except StopIteration:
                        exhausted = True
                        break
                self._queues[0].put(Item(fed, value, tracing.monotonic_ns()))
                fed += 1
            if exhausted and not self._fed_all:
                self._stop_feeding()
            if exhausted and finished == fed:
                return
            outcome = self._outcomes.get()
            if state.fatal is not None:
                raise state.fatal
            for released in state.released(outcome):
                finished += 1
                if state.take(released):
                    yield released.value

    def shut_down(self) -> None:
        """Every thread ends: what is still on its way is dropped."""
        self._state.stopping = True
        if self._threads and not self._fed_all:
            self._stop_feeding()
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        for position, stage in enumerate(self._state.stages):
            for number in range(stage.workers):
                name = f"{self._state.name}/{stage.name}-{number}"
                thread = threading.Thread(target=self._work, args=(position,), name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _stop_feeding(self) -> None:
        self._fed_all = True
        for _ in range(self._state.stages[0].workers):
            self._queues[0].put(_STOP)

    def _work(self, position: int) -> None:
        try:
            with self._state.inside_stage(position):
                more = True
                while more:
                    batch, more = self._next_batch(position)
                    if batch and not self._state.stopping:
                        self._execute(position, batch)
        except BaseException as problem:  # noqa: BLE001 - a worker must not die unsaid
            self._fail(problem)
            self._drain(position)
        finally:
            self._leave(position)

    def _next_batch(self, position: int) -> tuple[list[Item], bool]:
        """Up to a batch of items, and whether more may come."""
        wanted = self._state.stages[position].batch or 1
        batch: list[Item] = []
        while len(batch) < wanted:
            item = self._take(position)
            if item is _STOP:
                return batch, False
            batch.append(item)
        return batch, True

    def _take(self, position: int) -> Item:
        try:
            return self._queues[position].get_nowait()
        except queue.Empty:
            begun = tracing.monotonic_ns()
            with self._state.waiting(position):
                item = self._queues[position].get()
            with self._lock:
                self._state.result.stages[position].idle_ns += tracing.monotonic_ns() - begun
            return item

    def _execute(self, position: int, batch: list[Item]) -> None:
        state = self._state
        begun = tracing.monotonic_ns()
        state.counters[position].begin()
        failed = True
        try:
            with state.working(position, batch):
                given = state.stages[position].execute(state.input_of(position, batch))
                outputs = state.outputs_of(position, batch, given)
            failed = False
        except Exception as error:  # noqa: BLE001 - the policy decides what an item's error means
            for outcome in state.failures_of(position, batch, error):
                self._outcomes.put(outcome)
            return
        finally:
            with self._lock:
                state.took(position, batch, begun, failed)
        for item, value in zip(batch, outputs, strict=True):
            self._pass_on(position, item.number, value)

    def _pass_on(self, position: int, number: int, value: Any) -> None:
        if position + 1 < len(self._queues):
            self._queues[position + 1].put(Item(number, value, tracing.monotonic_ns()))
        else:
            self._outcomes.put(Outcome(number, value))

    def _fail(self, problem: BaseException) -> None:
        self._state.fatal = problem
        self._state.stopping = True
        self._outcomes.put(Outcome(-1, None))

    def _drain(self, position: int) -> None:
        while self._queues[position].get() is not _STOP:
            pass

    def _leave(self, position: int) -> None:
        """The last worker of a stage tells the next stage that nothing more comes."""
        with self._lock:
            self._running[position] -= 1
            last = self._running[position] == 0
        if last and position + 1 < len(self._queues):
            for _ in range(self._state.stages[position + 1].workers):
                self._queues[position + 1].put(_STOP)
