"""A pipeline on threads: a queue before each stage, its workers behind it. The standard library does the waiting."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from otelwod.stages import tracing
from otelwod.stages.pipeline.state import GO, STOP, Item, Outcome, RunState


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
        try:
            run.shut_down()
        finally:
            state.end(error)


class _Run:
    def __init__(self, state: RunState) -> None:
        self._state = state
        self._queues: list[queue.Queue[Item]] = [queue.Queue(state.queue_size) for _ in state.stages]
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._filling = [threading.Lock() for _ in state.stages]
        self._running = [0] * len(state.stages)
        self._threads: list[threading.Thread] = []
        self._fed_all = False

    def outputs(self, source: Iterable[Any]) -> Iterator[Any]:
        state = self._state
        with state.inside_pipeline():
            self._start()
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
                with self._lock:
                    state.under_way += 1
                self._queues[0].put(Item(fed, value, tracing.monotonic_ns()))
                fed += 1
            if exhausted and not self._fed_all:
                self._stop_feeding()
            if exhausted and finished == fed:
                return
            outcome = self._outcome()
            for released in state.released(outcome):
                finished += 1
                if state.take(released):
                    yield released.value

    def shut_down(self) -> None:
        """Every thread ends: what is still on its way is dropped, what is being executed is waited for."""
        self._state.stopping = True
        if self._threads and not self._fed_all:
            self._stop_feeding()
        for thread in self._threads:
            thread.join()

    def _outcome(self) -> Outcome:
        with self._lock:
            self._state.feeding = self._fed_all
            self._unstick()
        outcome = self._outcomes.get()
        with self._lock:
            self._state.feeding = True
        if self._state.fatal is not None:
            raise self._state.fatal
        return outcome

    def _unstick(self) -> None:
        # Under the lock. The queues of these stages are empty then, unless it all comes to a stop.
        for position in self._state.stuck():
            with contextlib.suppress(queue.Full):
                self._queues[position].put_nowait(GO)

    def _start(self) -> None:
        for position, stage in enumerate(self._state.stages):
            for number in range(stage.workers):
                # With the caller's context variables: its span, and the task around it.
                work = contextvars.copy_context().run
                name = f"{self._state.name}/{stage.name}-{number}"
                thread = threading.Thread(target=work, args=(self._work, position), name=name, daemon=True)
                with self._lock:
                    self._running[position] += 1
                try:
                    thread.start()
                except BaseException:
                    with self._lock:
                        self._running[position] -= 1
                    raise
                self._threads.append(thread)

    def _stop_feeding(self) -> None:
        self._fed_all = True
        self._queues[0].put(STOP)

    def _work(self, position: int) -> None:
        try:
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
        """Up to a batch of items, and whether more may come. One worker of a stage fills at a time."""
        begun = tracing.monotonic_ns()
        wanted = self._state.stages[position].batch
        if wanted is None:
            item = self._take(position)
            batch, more = ([], False) if item is STOP else ([item], True)
        else:
            with self._filling[position]:
                batch, more = self._fill(position, wanted)
        with self._lock:
            self._state.result.stages[position].idle_ns += tracing.monotonic_ns() - begun
        return batch, more

    def _fill(self, position: int, wanted: int) -> tuple[list[Item], bool]:
        batch: list[Item] = []
        while len(batch) < wanted:
            with self._lock:
                if self._queues[position].empty():
                    self._state.partial[position] = len(batch)
                    self._unstick()
            item = self._take(position)
            with self._lock:
                self._state.partial[position] = 0
            if item is STOP:
                return batch, False
            if item is not GO:
                batch.append(item)
            elif batch:
                break
        return batch, True

    def _take(self, position: int) -> Item:
        item = self._queues[position].get()
        if item is STOP:
            self._queues[position].put(STOP)
        return item

    def _execute(self, position: int, batch: list[Item]) -> None:
        state = self._state
        begun = tracing.monotonic_ns()
        state.counters[position].begin()
        failed = True
        try:
            with state.working(position, batch, begun):
                outputs = state.outputs_of(position, batch, state.call(position, state.input_of(position, batch)))
            failed = False
        except Exception as error:  # noqa: BLE001 - the policy decides what an item's error means
            outcomes = state.failures_of(position, batch, error)
        finally:
            with self._lock:
                state.took(position, batch, begun, failed)
        if failed:
            self._end(outcomes)
        elif position + 1 == len(self._queues):
            self._end(state.outcomes_of(batch, outputs))
        else:
            self._pass_on(position, batch, outputs)

    def _pass_on(self, position: int, batch: list[Item], outputs: Sequence[Any]) -> None:
        begun = tracing.monotonic_ns()
        for item, value in zip(batch, outputs, strict=True):
            self._queues[position + 1].put(Item(item.number, value, tracing.monotonic_ns()))
        with self._lock:
            self._state.result.stages[position].blocked_ns += tracing.monotonic_ns() - begun

    def _end(self, outcomes: list[Outcome]) -> None:
        with self._lock:
            self._state.under_way -= len(outcomes)
        for outcome in outcomes:
            self._outcomes.put(outcome)

    def _fail(self, problem: BaseException) -> None:
        self._state.fatal = problem
        self._state.stopping = True
        self._outcomes.put(Outcome(-1, None))

    def _drain(self, position: int) -> None:
        while self._take(position) is not STOP:
            pass

    def _leave(self, position: int) -> None:
        """The last worker of a stage tells the next stage that nothing more comes."""
        with self._lock:
            self._running[position] -= 1
            last = self._running[position] == 0
        if last and position + 1 < len(self._queues):
            self._queues[position + 1].put(STOP)
