"""Generators as stages: the span covers the iteration, and is current only while the generator's own code runs.

Each step attaches the context in which the generator paused (so what it attached itself, a ``with span()`` around a
``yield``, is there again), and puts the consumer's back when it yields. Two generators that are consumed in turn are
each right, and a generator that is abandoned, or closed from another task, leaves nothing behind.

A generator that ``contextlib`` runs as a context manager is the exception that people mean: the body of its ``with``
belongs inside the span, so from ``__enter__`` to ``__exit__`` the span stays current.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncGenerator, Awaitable
from contextvars import Token
from typing import Any, Final

from opentelemetry.context import Context

from otelwod.stages.block import Block, Stage

_ENTER_CODES: Final = frozenset(
    (
        type(contextlib.contextmanager(lambda: iter(()))()).__enter__.__code__,
        contextlib._AsyncGeneratorContextManager.__aenter__.__code__,
    )
)


def _is_entering(depth: int) -> bool:
    """Whether the frame ``depth`` above the caller is ``contextlib``'s on its way into a ``with``."""
    try:
        return sys._getframe(depth + 1).f_code in _ENTER_CODES
    except ValueError:
        return False


class Run:
    """One execution of a generator as ``stage``. The loop itself is in `otelwod.stages.shims`; this begins and ends it.

    ``moves``: whether each step changes the context. It does not where nothing is recorded, nor under ``contextlib``.
    """

    __slots__ = ("_block", "_stage", "moves", "token")

    def __init__(self, stage: Stage, block: Block | None) -> None:
        self._stage = stage
        self._block = block
        self.token = block.token if block is not None else None
        self.moves = block is not None and not _is_entering(2)

    def finished(self, token: Token[Context] | None, steps: int, result: object) -> None:
        """The generator has returned after ``steps`` items."""
        block = self._block
        if block is not None:
            block.token, block.yielded = token, steps
            self._stage.done(block, result)

    def failed(self, token: Token[Context] | None, steps: int, error: BaseException) -> None:
        """The generator has raised, or was closed, after ``steps`` items."""
        block = self._block
        if block is not None:
            block.token, block.yielded = token, steps
        self._stage.fail(block, error)


def first_step(source: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """The first item. The event loop must not learn of the inner generator: it would close both, at once."""
    hooks = sys.get_asyncgen_hooks()
    if hooks.firstiter is None and hooks.finalizer is None:
        return source.__anext__()
    sys.set_asyncgen_hooks(None, None)
    try:
        return source.__anext__()
    finally:
        sys.set_asyncgen_hooks(hooks.firstiter, hooks.finalizer)
