"""What one run of a pipeline shares, whoever runs it (threads or asyncio): order, failures, totals, spans.

Numbers: at most ``window`` items are between the source and the consumer, so memory is bounded however uneven the
stages are. Outputs that wait for an earlier one count too. So it can happen that the item they wait for stands in a
batch that is not full, and that the window keeps out what would fill it: when nothing else is under way (`stuck`),
such batches go as they are.

Spans: the work of a stage is a child of the pipeline, because the next item of any stage may be what the pipeline
waited for; a span around a whole stage would only hide that from the critical path. An item's time in a queue is a
span too, of phase rest, that nobody waits for as such (``otelwod.blocking=false``): what it waits for is the work
before it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple, cast

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND
from otelwod.stages import guard, tracing, values
from otelwod.stages.block import Block
from otelwod.stages.pipeline.counters import StageCounter, stage_counters
from otelwod.stages.pipeline.model import (
    MAX_FAILURES,
    Failure,
    OnError,
    PipelineError,
    PipelineResult,
    PipelineStage,
    StageTotals,
)
from otelwod.stages.span import OpenSpan, span, start_span
from otelwod.stages.tracing import BLOCK_KEY


class Item(NamedTuple):
    """One item on its way: its place in the input, and when it was put into the queue it stands in."""

    number: int
    value: Any
    queued_ns: int


STOP: Final = Item(-1, None, 0)
"""Nothing comes any more. Whoever takes it puts it back for the stage's other workers."""
GO: Final = Item(-2, None, 0)
"""The batch that is being filled goes as it is."""


class Outcome(NamedTuple):
    """What became of an item: a value, or the failure that ended its way."""

    number: int
    value: Any
    failure: Failure | None = None


class RunState:
    """One run. Not thread-safe but for what says so."""

    def __init__(
        self,
        name: str,
        stages: Sequence[PipelineStage[Any, Any]],
        on_error: OnError,
        ordered: bool,
        queue_size: int,
    ) -> None:
        self.name = name
        self.stages = stages
        self.on_error = on_error
        self.ordered = ordered
        self.queue_size = queue_size
        self.window = sum(queue_size + each.workers * (each.batch or 1) for each in stages)
        self.result: PipelineResult[Any] = PipelineResult(
            stages=[StageTotals(each.name, each.workers) for each in stages]
        )
        self.counters: list[StageCounter] = [stage_counters.of(each.name, name) for each in stages]
        self.stopping = False
        """Set once: what is still under way is dropped."""
        self.fatal: BaseException | None = None
        self.under_way = 0
        """Items that have been fed and have no outcome yet. This and the next two under the caller's lock."""
        self.partial = [0] * len(stages)
        """By stage: items of a batch whose worker waits for more."""
        self.feeding = True
        """False while the window is full."""
        self._early: dict[int, Outcome] = {}
        self._next = 0
        self._pipeline_span: OpenSpan | None = None
        self._context: Context | None = None

    # --------------------------------------------------------------------------------------------------------- spans

    def begin(self) -> None:
        """Opens the span of the pipeline."""
        attributes = {c.PIPELINE_NAME: self.name, c.PIPELINE_STAGE_COUNT: len(self.stages)}
        self._pipeline_span = start_span(self.name, attributes=attributes)
        self._context = self._pipeline_span.context

    def end(self, error: BaseException | None) -> None:
        """Ends it, with what was counted."""
        ending = self._pipeline_span
        if ending is None:
            return
        for totals in self.result.stages:
            ending.add_event(
                c.EVENT_STAGE_COUNTED,
                {c.STAGE_NAME: totals.name, c.STAGE_ITEMS: totals.items, c.STAGE_ERRORS: totals.errors},
            )
        if error is None:
            ending.end()
        else:
            ending.fail(error)

    def inside_pipeline(self) -> AbstractContextManager[object]:
        """The pipeline's span as the current one."""
        assert self._pipeline_span is not None  # noqa: S101 - begin() comes first
        return self._pipeline_span.attached()

    def working(self, position: int, batch: Sequence[Item], begun_ns: int) -> AbstractContextManager[Span]:
        """A work span around the execution of a batch (of one, mostly), and a rest span for its time in the queue."""
        name = self.stages[position].name
        self._waited(name, batch[0].queued_ns, begun_ns)
        attributes: dict[str, object] = {
            c.PIPELINE_NAME: self.name,
            c.STAGE_QUEUED: (begun_ns - batch[0].queued_ns) / NANOS_PER_SECOND,
            c.STAGE_ITEMS: len(batch),
        }
        return span(name, phase="work", attributes=attributes)

    def _waited(self, name: str, queued_ns: int, begun_ns: int) -> None:
        block = cast("Block | None", self._context.get(BLOCK_KEY)) if self._context is not None else None
        tracer = tracing.switch.tracer
        if block is None or tracer is None or not block.span.is_recording():
            return
        try:
            tracer.start_span(
                values.text(f"{name} wait", values.MAX_NAME),
                self._context,
                SpanKind.INTERNAL,
                {
                    c.STAGE_NAME: values.text(name, values.MAX_NAME),
                    c.PIPELINE_NAME: values.text(self.name, values.MAX_NAME),
                    c.PHASE: "rest",
                    c.BLOCKING: False,
                },
                start_time=queued_ns + block.offset,
            ).end(begun_ns + block.offset)
        except BaseException as problem:  # noqa: BLE001 - samplers and processors are foreign code
            guard.swallow(problem, "a pipeline's wait")

    # -------------------------------------------------------------------------------------------------------- totals

    def stuck(self) -> list[int]:
        """The stages whose batches are to go as they are (`GO`), because nothing but more input could fill them.

        Only where everything under way stands in such batches and no input may come; under the caller's lock.
        """
        if self.feeding or not self.under_way == sum(self.partial) > 0:
            return []
        held = [position for position, count in enumerate(self.partial) if count]
        for position in held:
            self.partial[position] = 0
        return held

    def took(self, position: int, batch: Sequence[Item], begun_ns: int, failed: bool) -> None:
        """A call ended; under the caller's lock where there are threads."""
        busy = tracing.monotonic_ns() - begun_ns
        totals = self.result.stages[position]
        totals.calls += 1
        totals.items += len(batch)
        totals.errors += failed
        totals.busy_ns += busy
        totals.waiting_ns += sum(begun_ns - item.queued_ns for item in batch)
        self.counters[position].end(busy, len(batch), failed)

    def outputs_of(self, position: int, batch: Sequence[Item], given: Any) -> Sequence[Any]:
        """The outputs of a call, one an item. `PipelineError` where a batch stage gave another number."""
        if inspect.iscoroutine(given):
            given.close()
            raise PipelineError(
                f"stage {self.stages[position].name!r} is a plain function that gave a coroutine; "
                "write it as an async function, so that it is awaited"
            )
        if self.stages[position].batch is None:
            return (given,)
        if not isinstance(given, list | tuple) or len(given) != len(batch):
            count = len(given) if isinstance(given, list | tuple) else type(given).__name__
            raise PipelineError(
                f"stage {self.stages[position].name!r} got {len(batch)} items and gave {count}; "
                "a batch stage gives a list of as many"
            )
        return given

    def input_of(self, position: int, batch: Sequence[Item]) -> Any:
        """What ``execute`` gets."""
        return [item.value for item in batch] if self.stages[position].batch is not None else batch[0].value

    def call(self, position: int, given: Any) -> Any:
        """Executes a plain stage. A `StopIteration` would end the generators around it, and becomes a RuntimeError."""
        try:
            return self.stages[position].execute(given)
        except StopIteration as error:
            raise RuntimeError(f"stage {self.stages[position].name!r} raised StopIteration") from error

    @staticmethod
    def outcomes_of(batch: Sequence[Item], outputs: Sequence[Any]) -> list[Outcome]:
        """What the last stage gave."""
        return [Outcome(item.number, value) for item, value in zip(batch, outputs, strict=True)]

    def failures_of(self, position: int, batch: Sequence[Item], error: Exception) -> list[Outcome]:
        """The items of a call that failed."""
        return [Outcome(i.number, None, Failure(i.number, self.stages[position].name, error)) for i in batch]

    # ------------------------------------------------------------------------------------------------------- outcomes

    def released(self, outcome: Outcome) -> Iterator[Outcome]:
        """The outcomes that can go to the consumer now that this one is there, in order where order is kept."""
        if not self.ordered:
            self._next += 1
            yield outcome
            return
        self._early[outcome.number] = outcome
        while self._next in self._early:
            yield self._early.pop(self._next)
            self._next += 1

    def take(self, outcome: Outcome) -> bool:
        """Counts an outcome; True where its value goes to the consumer. Raises the error when the policy is *stop*."""
        failure = outcome.failure
        if failure is None:
            return True
        self.result.failed += 1
        if self.on_error == "stop":
            raise failure.error
        if self.on_error == "collect" and len(self.result.failures) < MAX_FAILURES:
            self.result.failures.append(failure)
        return False
