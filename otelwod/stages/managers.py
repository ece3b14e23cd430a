"""Stages above ``@contextmanager`` and ``@asynccontextmanager``: the span is the ``with`` block.

What such a function returns is a context manager that has done nothing yet; a span around the call would be empty. So
the manager itself is wrapped: the span opens before its ``__enter__`` and ends after its ``__exit__``, is current in
the body, and an exception that the manager suppresses is none of the span's.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping
from types import FunctionType, TracebackType
from typing import Any, Final, Literal

from otelwod.stages import guard
from otelwod.stages.arguments import Naming
from otelwod.stages.block import Block, Stage, recording_context


def _probe() -> Any: ...


_HELPERS: Final[Mapping[object, Literal["with", "async with"]]] = {
    contextlib.contextmanager(_probe).__code__: "with",
    contextlib.asynccontextmanager(_probe).__code__: "async with",
}
"""The code that every function made by the two decorators shares."""


def manager_sort(function: object) -> Literal["with", "async with"] | None:
    """Whether ``function`` was made by ``@contextmanager`` or ``@asynccontextmanager``, and by which."""
    return _HELPERS.get(function.__code__) if isinstance(function, FunctionType) else None


def managed(function: Callable[..., Any], stage: Stage, sort: str, naming: Naming | None) -> Callable[..., Any]:
    """``function``, with each manager that it returns wrapped; ``naming`` where its arguments are captured."""
    wrapped: type[_Managed] = StagedManager if sort == "with" else AsyncStagedManager

    def stage_manager(*args: Any, **kwargs: Any) -> Any:
        arguments = None if naming is None else naming(*args, **kwargs)
        try:
            manager = function(*args, **kwargs)
        except BaseException as error:
            guard.drop_frame(error)
            raise
        return wrapped(stage, manager, arguments, lambda: function(*args, **kwargs))

    return stage_manager


class _Managed:
    """What both sorts share."""

    __slots__ = ("__weakref__", "arguments", "block", "manager", "remake", "stage")

    def __init__(
        self, stage: Stage, manager: Any, arguments: Mapping[str, object] | None, remake: Callable[[], Any]
    ) -> None:
        self.stage = stage
        self.manager = manager
        self.arguments = arguments
        self.remake = remake
        self.block: Block | None = None

    def _begin(self) -> None:
        context = recording_context()
        self.block = None if context is None else self.stage.begin(context, self.arguments)

    def _end(self, error: BaseException | None, suppressed: object) -> None:
        block, self.block = self.block, None
        if block is None:
            return
        if error is None or suppressed:
            self.stage.done(block)
        else:
            self.stage.failed(block, error)

    def _broke(self, error: BaseException) -> None:
        block, self.block = self.block, None
        self.stage.fail(block, error)


class StagedManager(_Managed, contextlib.AbstractContextManager[Any]):
    """A context manager as a stage; like those of ``contextlib`` also a decorator."""

    def __enter__(self) -> Any:
        self._begin()
        try:
            return self.manager.__enter__()
        except BaseException as error:
            self._broke(error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            suppressed: bool | None = self.manager.__exit__(kind, error, traceback)
        except BaseException as problem:
            self._broke(problem)
            raise
        self._end(error, suppressed)
        return suppressed

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function`` run inside a new manager at every call."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with StagedManager(self.stage, self.remake(), self.arguments, self.remake):
                return function(*args, **kwargs)

        return inside


class AsyncStagedManager(_Managed, contextlib.AbstractAsyncContextManager[Any]):
    """An asynchronous context manager as a stage; like those of ``contextlib`` also a decorator."""

    async def __aenter__(self) -> Any:
        self._begin()
        try:
            return await self.manager.__aenter__()
        except BaseException as error:
            self._broke(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            suppressed: bool | None = await self.manager.__aexit__(kind, error, traceback)
        except BaseException as problem:
            self._broke(problem)
            raise
        self._end(error, suppressed)
        return suppressed

    def __call__(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """``function`` run inside a new manager at every call."""

        @functools.wraps(function)
        async def inside(*args: Any, **kwargs: Any) -> Any:
            async with AsyncStagedManager(self.stage, self.remake(), self.arguments, self.remake):
                return await function(*args, **kwargs)

        return inside
