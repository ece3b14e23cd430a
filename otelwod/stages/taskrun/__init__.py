"""Task runs: what a task got, gave and asked of the outside, recorded and replayed."""

from otelwod.stages.taskrun.boundary import boundary
from otelwod.stages.taskrun.errors import ReplayedError
from otelwod.stages.taskrun.model import BoundaryCall, RecordError, RunError, RunMetric, TaskRun
from otelwod.stages.taskrun.tape import Mode, UnknownCallError
from otelwod.stages.taskrun.task import run_task, run_task_async, set_output, task
from otelwod.stages.taskrun.timing import Timed, Timing

__all__ = [
    "BoundaryCall",
    "Mode",
    "RecordError",
    "ReplayedError",
    "RunError",
    "RunMetric",
    "TaskRun",
    "Timed",
    "Timing",
    "UnknownCallError",
    "boundary",
    "run_task",
    "run_task_async",
    "set_output",
    "task",
]
