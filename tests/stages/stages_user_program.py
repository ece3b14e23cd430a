"""A program as a user would type it; `test_stages_typing.py` has mypy check it, and that the wrong lines are found."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal

from typing_extensions import assert_type

from otelwod.stages import TracedExecutor, annotate, bind, log, metric, span, stage, start_span, submit, wait


@stage
def plain(a: int, b: str = "") -> float:
    return a + len(b)


@stage("named", phase="work", attributes={"team": "data"}, capture=("args", "result"), items=len, histogram=True)
def listed(count: int) -> list[int]:
    return [count]


@stage()
async def later(a: int) -> str:
    return str(a)


@stage
def numbers(count: int) -> Iterator[int]:
    yield from range(count)


@stage(capture="args")
async def numbers_later(count: int) -> AsyncIterator[int]:
    yield count


@stage
@contextlib.contextmanager
def above() -> Iterator[str]:
    yield ""


@contextlib.contextmanager
@stage
def under() -> Iterator[str]:
    yield ""


@stage("service")
class Service:
    def __init__(self, factor: int) -> None:
        self.factor = factor

    def run(self, x: int) -> int:
        return x * self.factor

    @stage
    @staticmethod
    def fixed(x: int) -> int:
        return x

    @classmethod
    @stage
    def made(cls, x: int) -> Service:
        return cls(x)


assert_type(plain(1, b="x"), float)
assert_type(listed(1), list[int])
assert_type(numbers(1), Iterator[int])
assert_type(numbers_later(1), AsyncIterator[int])
assert_type(Service(2).run(3), int)
assert_type(Service.made(1), Service)
call: Callable[[int], Awaitable[str]] = later
with above() as one, under() as two:
    assert_type(one, str)
    assert_type(two, str)
with span("x", phase="rest") as opened, wait("queue"):
    opened.set_attribute("k", 1)
    metric("rows", 1, "{row}", type="count")
    annotate("k", object())
    log("info", "hello", rows=1)
started = start_span("job")
started.end()
with ThreadPoolExecutor() as pool:
    future: Future[float] = submit(pool, plain, 1, b="x")
    TracedExecutor(pool).submit(plain, 1)
assert_type(bind(plain)(1), float)

plain("wrong")  # WRONG
plain(1, c=2)  # WRONG
Service(2).run("wrong")  # WRONG
submit(pool, plain, "wrong")  # WRONG
bind(plain)("wrong")  # WRONG
stage("x", phase="sleep")  # WRONG
stage("x", capture="everything")  # WRONG
metric("price", Decimal("9.90"))
metric("rows", "many")  # WRONG
