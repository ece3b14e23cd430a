"""`Pipeline`: named stages in order, each with its own workers, with the waiting and the work told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, get_args

from otelwod.stages.pipeline.model import In, OnError, Out, PipelineError, PipelineResult, PipelineStage, make_stages
from otelwod.stages.pipeline.progress import Progress
from otelwod.stages.pipeline.state import RunState
from otelwod.stages.pipeline.tasks import run_tasks
from otelwod.stages.pipeline.threads import run_threads


class Pipeline(Generic[In, Out]):
    """Stages that items go through one after the other, many at once.

    ``stages``: `PipelineStage` objects and callables, plain or async. With any async stage (and with `arun` and
    `aiterate`) it runs on asyncio, and plain stages in worker threads; otherwise on threads. ``on_error``: *stop*
    raises the first error, *skip* drops the item, *collect* drops it and keeps the failure in the result.
    ``ordered``: outputs come in the order of the inputs. ``queue_size`` items wait before each stage at most.
    ``progress`` shows a line on a terminal.

    Spans: the pipeline; below it a work span for each call of a stage, named as the stage, and a rest span
    (``NAME wait``) for the time that its item stood in the queue before it. Without tracing it runs just the same.
    `PipelineError` for a pipeline that cannot be. ``Pipeline[str, int]`` says what goes in and what comes out.
    """

    def __init__(
        self,
        name: str,
        stages: Iterable[PipelineStage[Any, Any] | Callable[..., Any]],
        *,
        on_error: OnError = "stop",
        ordered: bool = True,
        queue_size: int = 16,
        progress: bool = False,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise PipelineError("a pipeline has a name")
        if on_error not in get_args(OnError):
            raise PipelineError(f"on_error is one of {', '.join(get_args(OnError))}, not {on_error!r}")
        if isinstance(queue_size, bool) or not isinstance(queue_size, int) or queue_size < 1:
            raise PipelineError(f"queue_size is a number from 1, not {queue_size!r}")
        self.name = name
        self.stages: Sequence[PipelineStage[Any, Any]] = make_stages(stages)
        self._on_error: OnError = on_error
        self._ordered = ordered
        self._queue_size = queue_size
        self._progress = progress

    def run(self, items: Iterable[In]) -> PipelineResult[Out]:
        """Runs all items through and gives the outputs. For async stages it needs a thread without a running loop."""
        if any(stage.is_async for stage in self.stages):
            return asyncio.run(self.arun(items))
        state = self._state()
        with self._shown() as progress:
            for output in run_threads(state, items):
                state.result.outputs.append(output)
                progress.step()
        return state.result

    def iterate(self, items: Iterable[In]) -> Iterator[Out]:
        """The outputs one by one as they come; close the iterator to stop early. Plain stages only."""
        if any(stage.is_async for stage in self.stages):
            raise PipelineError("this pipeline has async stages; use `async for … in aiterate(items)`")
        return run_threads(self._state(), items)

    async def arun(self, items: Iterable[In] | AsyncIterable[In]) -> PipelineResult[Out]:
        """As `run`, on the running loop."""
        state = self._state()
        with self._shown() as progress:
            async for output in run_tasks(state, items):
                state.result.outputs.append(output)
                progress.step()
        return state.result

    def aiterate(self, items: Iterable[In] | AsyncIterable[In]) -> AsyncIterator[Out]:
        """As `iterate`, on the running loop; ``aclose`` it to stop early."""
        return run_tasks(self._state(), items)

    def _state(self) -> RunState:
        return RunState(self.name, self.stages, self._on_error, self._ordered, self._queue_size)

    def _shown(self) -> Progress:
        progress = Progress(self.name, unit="items", every=1)
        if not self._progress:
            progress.silence()
        return progress
