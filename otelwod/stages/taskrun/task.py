"""`task`, `run_task`: a block or a function as a task, with its record."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from otelwod.stages import values
from otelwod.stages.span import span
from otelwod.stages.taskrun.capture import Captured, capture, capture_call, is_async, parameter_names
from otelwod.stages.taskrun.errors import run_error
from otelwod.stages.taskrun.model import TaskRun
from otelwod.stages.taskrun.tape import MODES, NEEDS_RECORD, Mode, Tape, UnknownCallError, current, tapes
from otelwod.stages.taskrun.timing import Timing


@contextlib.contextmanager
def task(name: str, *, mode: Mode = "record", record: TaskRun | None = None, input: object = None) -> Iterator[TaskRun]:
    """Run a block as a task; gives its `TaskRun`, which is complete when the block has ended.

    Set its output with `set_output`. An exception makes it an error, and passes on. ``record`` is the run whose
    answers the replay modes use (`ValueError` without one, and for a mode that is none).
    """
    with _task(name, mode, record, capture("input", input)) as run:
        yield run


@contextlib.contextmanager
def _task(name: str, mode: Mode, record: TaskRun | None, given: Captured) -> Iterator[TaskRun]:
    if mode not in MODES:
        raise ValueError(f"task: mode is one of {', '.join(sorted(MODES))}, not {values.outline(mode, 40)}")
    if mode in NEEDS_RECORD and not isinstance(record, TaskRun):
        raise ValueError(f"task: mode {mode!r} needs the record of an earlier run; give record=")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"task: the name is a text that is not empty, not {values.outline(name, 40)}")
    run = TaskRun(values.text(name, values.MAX_NAME))
    if mode != "live":
        run.input = given.value
        run.add_notes(given.notes)
    tape = Tape(run, mode, record, current.get())
    token = current.set(tape)
    timing = Timing().start()
    try:
        with span(run.task):
            yield run
        run.type = "success"
    except BaseException as error:
        run.type, run.error = "error", run_error(error)
        raise
    finally:
        run.timing = timing.end()
        with contextlib.suppress(ValueError):  # ended in another context: nothing is there to put back
            current.reset(token)


def set_output(run: TaskRun, output: object) -> None:
    """The task's output, as JSON; what could not be written stands in ``run.notes``. A live task keeps none."""
    if any(tape.run is run and tape.mode == "live" for tape in tapes()):
        return
    captured = capture("output", output)
    run.output = captured.value
    run.add_notes(captured.notes)


def run_task(
    function: Callable[..., Any],
    /,
    *args: Any,
    task_name: str | None = None,
    mode: Mode = "record",
    record: TaskRun | None = None,
    **kwargs: Any,
) -> TaskRun:
    """Call a function as a task. Its exception is in the record (``type == "error"``), not raised.

    Only `Exception` is kept back: KeyboardInterrupt and SystemExit pass, and so does `UnknownCallError`, which is an
    error of the replay. `TypeError` for a coroutine function: see `run_task_async`.
    """
    if is_async(function):
        raise TypeError("run_task: this is a coroutine function; await run_task_async(…)")
    run: TaskRun | None = None
    try:
        with _task(_named(function, task_name), mode, record, _input(function, args, kwargs)) as run:
            set_output(run, function(*args, **kwargs))
    except UnknownCallError:
        raise
    except Exception:
        if run is None:
            raise
    return run


async def run_task_async(
    function: Callable[..., Awaitable[Any]],
    /,
    *args: Any,
    task_name: str | None = None,
    mode: Mode = "record",
    record: TaskRun | None = None,
    **kwargs: Any,
) -> TaskRun:
    """As `run_task`, for a coroutine function. Being cancelled passes."""
    run: TaskRun | None = None
    try:
        with _task(_named(function, task_name), mode, record, _input(function, args, kwargs)) as run:
            set_output(run, await function(*args, **kwargs))
    except UnknownCallError:
        raise
    except Exception:
        if run is None:
            raise
    return run


def _named(function: Any, name: str | None) -> str:
    return name or str(getattr(function, "__qualname__", type(function).__name__)).rpartition("<locals>.")[2]


def _input(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Captured:
    return capture_call(parameter_names(function), args, kwargs)
