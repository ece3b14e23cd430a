"""Context that follows: into thread pools, bare threads and processes, and out of and into messages.

In one process the OpenTelemetry context itself is handed on. Between processes it travels as text by the propagators
that are configured (W3C ``traceparent``, ``tracestate`` and ``baggage`` by default): in message headers, or in the
environment under upper-case names (``TRACEPARENT``, …), as OpenTelemetry specifies for environment variables.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Final, ParamSpec, TypeVar

from opentelemetry.context import Context

from otelwod.stages import guard, tracing, values

P = ParamSpec("P")
T = TypeVar("T")

MAX_HEADER: Final = 8192
"""Characters of one header that are read; the specifications allow 8192 for baggage and fewer for the others."""
Headers = Mapping[str, Any] | Iterable[tuple[str, Any]]
_EXECUTOR_METHODS: Final = ("submit", "map", "shutdown")
_ENVIRONMENT_NAMES: Final = ("TRACEPARENT", "TRACESTATE", "BAGGAGE")

# ----------------------------------------------------------------------------------------------------------- threads


def bind(function: Callable[P, T]) -> Callable[P, T]:
    """``function``, to be called anywhere (``Thread(target=bind(work))``, a callback) under the span of this moment."""
    context = tracing.get_current()

    @functools.wraps(function)
    def bound(*args: P.args, **kwargs: P.kwargs) -> T:
        token = tracing.attach(context)
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        finally:
            tracing.detach(token)

    return bound


def submit(executor: Executor, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """``executor.submit(function, …)``, run under the current span: in a pool of threads or of processes."""
    if _leaves_process(executor):
        return executor.submit(_run_with_headers, outgoing_headers(), function, args, kwargs)
    return executor.submit(bind(function), *args, **kwargs)


class TracedExecutor(Executor):
    """An executor whose tasks run under the span that is current when they are submitted; else as ``executor``.

    ``with TracedExecutor(ThreadPoolExecutor(4)) as pool: pool.map(work, items)``
    """

    def __init__(self, executor: Executor) -> None:
        """Raise `TypeError` for anything that is no executor: what has ``submit``, ``map`` and ``shutdown``."""
        if isinstance(executor, type) or not all(callable(getattr(executor, name, None)) for name in _EXECUTOR_METHODS):
            raise TypeError(
                "TracedExecutor: takes an executor, such as ThreadPoolExecutor(4), "
                f"not {values.outline(executor, 40)}; the number of workers is given to the executor itself"
            )
        self._executor = executor

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As `submit`."""
        return submit(self._executor, fn, *args, **kwargs)

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        """As the executor's own ``map``, under the current span."""
        carried: Callable[..., T]
        if _leaves_process(self._executor):
            carried = functools.partial(_run_positional, outgoing_headers(), fn)
        else:
            carried = bind(fn)
        return self._executor.map(carried, *iterables, timeout=timeout, chunksize=chunksize)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the executor itself down."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)

    def __enter__(self) -> TracedExecutor:
        self._executor.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return self._executor.__exit__(kind, error, traceback)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)


def _leaves_process(executor: Executor) -> bool:
    while isinstance(executor, TracedExecutor):
        executor = executor._executor
    return isinstance(executor, ProcessPoolExecutor)


def _run_with_headers(
    headers: Mapping[str, str], function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> T:
    with incoming_headers(headers):
        return function(*args, **kwargs)


def _run_positional(headers: Mapping[str, str], function: Callable[..., T], *args: Any) -> T:
    return _run_with_headers(headers, function, args, {})


# --------------------------------------------------------------------------------------------------------- processes


def outgoing_headers(context: Context | None = None) -> dict[str, str]:
    """The headers that carry the current span (or that of ``context``); empty where there is none."""
    carrier: dict[str, str] = {}
    try:
        from opentelemetry import propagate

        propagate.inject(carrier, context)
    except BaseException as problem:  # noqa: BLE001 - propagators are plug-ins
        guard.swallow(problem, "propagation out")
    return carrier


def context_from_headers(headers: Headers) -> Context:
    """The context that ``headers`` carry: a mapping or pairs, names in any case, values as text or bytes.

    Headers that carry nothing, or nonsense, give a context without a parent.
    """
    carrier: dict[str, str] = {}
    try:
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            text = _text(value)
            if isinstance(name, (str, bytes)) and text is not None:
                carrier[_text(name).lower()] = text  # type: ignore[union-attr]
        from opentelemetry import propagate

        return propagate.extract(carrier, Context())
    except BaseException as problem:  # noqa: BLE001 - propagators are plug-ins, headers come from outside
        guard.swallow(problem, "propagation in")
        return Context()


@contextlib.contextmanager
def incoming_headers(headers: Headers) -> Iterator[None]:
    """``with incoming_headers(message.headers):`` what runs inside belongs to the sender's span."""
    now = tracing.get_current()
    kept = {key: now[key] for key in tracing.SUPPRESS_KEYS if key in now}  # what is switched off here stays off
    token = tracing.attach(Context({**kept, **context_from_headers(headers)}))
    try:
        yield
    finally:
        tracing.detach(token)


def outgoing_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: ``base`` (default: that of this process) with the current span in it.

    ``subprocess.run(command, env=outgoing_environment())``
    """
    environment = dict(os.environ if base is None else base)
    for name in _ENVIRONMENT_NAMES:  # what this process was given itself is not the child's parent
        environment.pop(name, None)
    for name, value in outgoing_headers().items():
        environment[name.upper().replace("-", "_")] = value
    return environment


def incoming_environment(environment: Mapping[str, str] | None = None) -> contextlib.AbstractContextManager[None]:
    """``with incoming_environment():`` what runs inside belongs to the span that started this process."""
    given = os.environ if environment is None else environment
    fields = set(_ENVIRONMENT_NAMES)
    try:
        from opentelemetry import propagate

        fields.update(field.upper().replace("-", "_") for field in propagate.get_global_textmap().fields)
    except BaseException as problem:  # noqa: BLE001 - propagators are plug-ins
        guard.swallow(problem, "propagation in")
    found = {name.lower().replace("_", "-"): given[name] for name in fields if name in given}
    return incoming_headers(found)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value[: MAX_HEADER + 1].decode("latin-1")
    elif isinstance(value, (list, tuple)):
        parts = [_text(item) for item in value[:32]]
        value = ",".join(part for part in parts if part is not None)
    return value if isinstance(value, str) and len(value) <= MAX_HEADER else None
