"""What one run of a pipeline shares, whoever runs it (threads or asyncio): order, failures, totals, spans.

Numbers: at most ``window`` items are between the source and the consumer, so memory is bounded however uneven the
stages are. The window holds every queue and every worker's batch at once, so a stage that fills a batch never waits for
items that the window keeps out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from opentelemetry.trace import Span

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND
from otelwod.stages import tracing
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
from otelwod.stages.span import OpenSpan, span, start_span, wait


class Item(NamedTuple):
    """One item on its way: its place in the input, and when it was put into the queue it stands in."""

    number: int
    value: Any
    queued_ns: int


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
        self._early: dict[int, Outcome] = {}
        self._next = 0
        self._pipeline_span: OpenSpan | None = None
        self._stage_spans: list[OpenSpan] = []

    # --------------------------------------------------------------------------------------------------------- spans

    def begin(self) -> None:
        """Opens the span of the pipeline, and one for each stage below it."""
        attributes = {c.PIPELINE_NAME: self.name, c.PIPELINE_STAGE_COUNT: len(self.stages)}
        self._pipeline_span = start_span(self.name, attributes=attributes)
        for each in self.stages:
            self._stage_spans.append(
                start_span(
                    f"stage {each.name}",
                    attributes={c.PIPELINE_NAME: self.name, c.STAGE_NAME: each.name},
                    context=self._pipeline_span.context,
                )
            )

    def end(self, error: BaseException | None) -> None:
        """Ends them, with what was counted."""
        for open_span, totals in zip(self._stage_spans, self.result.stages, strict=True):
            open_span.set_attributes({c.STAGE_ITEMS: totals.items, c.STAGE_ERRORS: totals.errors})
            open_span.end()
        if self._pipeline_span is not None:
            if error is None:
                self._pipeline_span.end()
            else:
                self._pipeline_span.fail(error)

    def inside_pipeline(self) -> AbstractContextManager[object]:
        """The pipeline's span as the current one."""
        assert self._pipeline_span is not None  # noqa: S101 - begin() comes first
        return self._pipeline_span.attached()

    def inside_stage(self, position: int) -> AbstractContextManager[object]:
        """The span of a stage as the current one."""
        return self._stage_spans[position].attached()

    def waiting(self, position: int) -> AbstractContextManager[Span]:
        """A rest span: a worker of this stage has nothing to do."""
        return wait(f"{self.stages[position].name} wait", attributes={c.PIPELINE_NAME: self.name})

    def working(self, position: int, batch: Sequence[Item]) -> AbstractContextManager[Span]:
        """A work span around the execution of a batch (of one, mostly)."""
        queued = (tracing.monotonic_ns() - batch[0].queued_ns) / NANOS_PER_SECOND
        attributes: dict[str, object] = {c.PIPELINE_NAME: self.name, c.STAGE_QUEUED: queued}
        if self.stages[position].batch is not None:
            attributes[c.STAGE_ITEMS] = len(batch)
        return span(self.stages[position].name, phase="work", attributes=attributes)

    # -------------------------------------------------------------------------------------------------------- totals

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
