"""Exceptions: recorded once at the origin, marked on the way up, and the host's own all the way."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace as trace_api
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import StatusCode

from otelwod.stages import failures, span, stage
from otelwod.stages.failure import is_marked, mark_of

needs_311 = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 restores our frame when it re-raises")


def frames(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def caught(function: Callable[[], object]) -> BaseException:
    try:
        function()
    except BaseException as error:  # noqa: BLE001 - of every sort
        return error
    raise AssertionError("nothing was raised")


def events(recorded: Any, name: str) -> list[str]:
    return [event.attributes["exception.message"] for event in recorded.one(name).events]


def test_an_exception_is_recorded_once_at_its_origin_and_marked_above(recorded: Any) -> None:
    @stage("inner")
    def inner() -> None:
        raise ValueError("broken")

    @stage("middle")
    def middle() -> None:
        inner()

    def undecorated() -> None:
        with span("outer"):
            middle()

    error = caught(undecorated)
    assert events(recorded, "inner") == ["broken"]
    assert events(recorded, "middle") == []
    assert events(recorded, "outer") == []
    for name in ("inner", "middle", "outer"):
        found = recorded.one(name)
        assert found.status.status_code is StatusCode.ERROR
        assert found.status.description == "ValueError: broken"
        assert found.attributes["error.type"] == "ValueError"
    (event,) = recorded.one("inner").events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert "raise ValueError" in event.attributes["exception.stacktrace"]
    assert "otelwod" not in event.attributes["exception.stacktrace"].replace(__file__, "")
    assert vars(error) == {}


def test_the_same_across_coroutines_tasks_and_generators(recorded: Any) -> None:
    @stage("source")
    def source() -> Any:
        yield 1
        raise KeyError("x")

    @stage("reader")
    async def reader() -> None:
        for _ in source():
            await asyncio.sleep(0)

    @stage("main")
    async def main() -> None:
        await asyncio.create_task(reader())

    with pytest.raises(KeyError):
        asyncio.run(main())
    assert {name: len(recorded.one(name).events) for name in ("source", "reader", "main")} == {
        "source": 1,
        "reader": 0,
        "main": 0,
    }


def test_a_new_exception_is_recorded_even_where_an_old_one_was_absorbed(recorded: Any) -> None:
    @stage("helper")
    def helper(message: str) -> None:
        raise ValueError(message)

    @stage("parent")
    def parent() -> None:
        for number in range(20):
            with contextlib.suppress(ValueError):
                helper(str(number))
        raise ValueError("own")  # most likely at the address of one of the absorbed

    with pytest.raises(ValueError, match="own"):
        parent()
    assert events(recorded, "parent") == ["own"]


def test_an_exception_that_was_wrapped_is_a_new_one(recorded: Any) -> None:
    @stage("inner")
    def inner() -> None:
        raise ValueError("cause")

    @stage("outer")
    def outer() -> None:
        try:
            inner()
        except ValueError as error:
            raise RuntimeError("effect") from error

    with pytest.raises(RuntimeError):
        outer()
    assert events(recorded, "inner") == ["cause"]
    assert events(recorded, "outer") == ["effect"]
    assert "ValueError: cause" in recorded.one("outer").events[0].attributes["exception.stacktrace"]


def test_a_mark_belongs_to_one_exception_only() -> None:
    first = caught(lambda: int("x"))
    second = caught(lambda: int("y"))
    assert is_marked(first, mark_of(first))
    assert not is_marked(second, mark_of(first))
    assert not is_marked(first, None)
    # The same identity, but never seen at that place: an address that was used again.
    elsewhere = (id(second), mark_of(first)[1], -1)
    assert not is_marked(second, elsewhere)
    bare = ValueError()  # without a traceback the identity alone decides
    assert is_marked(bare, mark_of(bare))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_interrupt_and_exit_pass_and_are_errors(recorded: Any, kind: type[BaseException]) -> None:
    thrown = kind(3)

    @stage("work")
    def work() -> None:
        raise thrown

    assert caught(work) is thrown
    found = recorded.one("work")
    assert found.status.status_code is StatusCode.ERROR
    assert found.attributes["error.type"] == kind.__name__


def test_cancellation_passes_and_is_an_error(recorded: Any) -> None:
    @stage("sleeper")
    async def sleeper() -> None:
        await asyncio.sleep(3600)

    async def main() -> None:
        task = asyncio.create_task(sleeper())
        await asyncio.sleep(0)
        task.cancel("enough")
        # Whoever awaits a cancelled task gets its message from Python 3.11 on.
        with pytest.raises(asyncio.CancelledError, match="enough" if sys.version_info >= (3, 11) else None):
            await task
        assert task.cancelled()

    asyncio.run(main())
    found = recorded.one("sleeper")
    assert found.status.status_code is StatusCode.ERROR
    assert found.attributes["error.type"] == "asyncio.exceptions.CancelledError"


def test_a_coroutine_that_is_closed_early_is_no_error(recorded: Any) -> None:
    @stage("waiting")
    async def waiting() -> None:
        await asyncio.Future()

    async def main() -> None:
        coroutine = waiting()
        coroutine.send(None)
        coroutine.close()

    asyncio.run(main())
    assert recorded.one("waiting").status.status_code is StatusCode.UNSET


@needs_311
def test_the_traceback_shows_the_host_s_frames_only(recorded: Any) -> None:
    def origin() -> None:
        raise ValueError

    def generator() -> Any:
        yield 1
        origin()

    async def coroutine() -> None:
        origin()

    async def async_generator() -> Any:
        yield 1
        origin()

    async def consume(make: Any) -> None:
        async for _ in make():
            pass

    plain = [
        (stage(origin), origin, lambda f: f()),
        (stage(generator), generator, lambda f: list(f())),
        (stage(coroutine), coroutine, lambda f: asyncio.run(f())),
        (stage(async_generator), async_generator, lambda f: asyncio.run(consume(f))),
    ]
    for staged, bare, run in plain:
        assert frames(caught(lambda run=run, staged=staged: run(staged))) == frames(
            caught(lambda run=run, bare=bare: run(bare))
        )


@needs_311
def test_the_traceback_of_what_is_thrown_into_a_generator_is_the_same(recorded: Any) -> None:
    def generator() -> Any:
        yield 1

    def throw(make: Any) -> None:
        running = make()
        next(running)
        running.throw(ValueError("in"))

    assert frames(caught(lambda: throw(stage(generator)))) == frames(caught(lambda: throw(generator)))


@needs_311
def test_the_traceback_is_the_same_with_tracing_off() -> None:
    def origin() -> None:
        raise ValueError

    assert frames(caught(stage(origin))) == frames(caught(origin))
    assert frames(caught(lambda: asyncio.run(stage(sleepless)()))) == frames(caught(lambda: asyncio.run(sleepless())))


async def sleepless() -> None:
    raise ValueError


def test_no_reference_to_the_exception_is_kept(recorded: Any) -> None:
    import weakref

    class BigError(Exception):
        pass

    @stage("fails")
    def fails() -> None:
        raise BigError

    with span("parent"):
        reference = None
        try:
            fails()
        except BigError as error:
            reference = weakref.ref(error)
        assert reference() is None


# -------------------------------------------------------------------------------------------------- hostile exceptions


class BadTextError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class ExitingTextError(Exception):
    def __str__(self) -> str:
        raise SystemExit(9)


class InterruptingTextError(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt


class BadTracebackError(Exception):
    @property
    def __traceback__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no traceback")

    @property
    def __cause__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no cause")


class Meta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name")

    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no module")


class BadClassError(Exception, metaclass=Meta):
    pass


class FrozenError(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class EqualError(Exception):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")


class SurrogateError(Exception):
    def __str__(self) -> str:
        return "bad \ud800 text"


@pytest.mark.parametrize(
    "make",
    [
        BadTextError,
        ExitingTextError,
        InterruptingTextError,
        BadTracebackError,
        lambda: BadClassError(),
        FrozenError,
        EqualError,
        SurrogateError,
        lambda: ValueError("x" * 1_000_000),
    ],
)
def test_the_host_sees_its_own_exception_however_hostile(recorded: Any, make: Any) -> None:
    thrown = make()

    @stage("inner")
    def inner() -> None:
        raise thrown

    @stage("outer")
    def outer() -> None:
        inner()

    assert caught(outer) is thrown
    for name in ("inner", "outer"):
        assert recorded.one(name).status.status_code is StatusCode.ERROR
    (event,) = recorded.one("inner").events
    for value in event.attributes.values():
        assert len(value) <= 16_384
        value.encode("utf-8")


def test_a_long_chain_and_a_large_group_are_written_without_their_parts(recorded: Any) -> None:
    @stage("chained")
    def chained() -> None:
        error: BaseException = ValueError("end")
        for number in range(5000):
            following = ValueError(str(number))
            following.__context__ = error
            error = following
        raise error

    with pytest.raises(ValueError, match="4999"):
        chained()
    stacktrace = recorded.one("chained").events[0].attributes["exception.stacktrace"]
    assert "ValueError: 4999" in stacktrace
    assert "ValueError: 4998" not in stacktrace


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with Python 3.11")
def test_a_group_is_recorded_with_its_members(recorded: Any) -> None:
    @stage("grouped")
    def grouped() -> None:
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])  # noqa: F821

    with pytest.raises(ExceptionGroup):  # noqa: F821
        grouped()
    assert "ValueError: one" in recorded.one("grouped").events[0].attributes["exception.stacktrace"]


def test_secrets_in_messages_are_masked(recorded: Any) -> None:
    @stage("login")
    def login() -> None:
        raise ValueError("postgres://admin:hunter2@db refused password=hunter2")

    with pytest.raises(ValueError, match="hunter2"):
        login()
    found = recorded.one("login")
    assert "hunter2@db" in str(caught(login))
    assert "hunter2" not in found.status.description
    assert "hunter2" not in found.events[0].attributes["exception.message"]


def test_a_deep_recursion_keeps_the_exception(recorded: Any) -> None:
    thrown = ValueError("deep")

    @stage("recursive")
    def recursive(depth: int) -> None:
        if depth == 0:
            raise thrown
        recursive(depth - 1)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(3000)
    try:
        assert caught(lambda: recursive(900)) is thrown
    finally:
        sys.setrecursionlimit(limit)
    assert len(recorded.ended) == 901
    assert sum(len(found.events) for found in recorded.ended) == 1
    if sys.version_info >= (3, 11):
        assert frames(thrown).count("recursive") == 901


def test_at_the_recursion_limit_the_host_gets_its_recursion_error(recorded: Any) -> None:
    @stage("endless")
    def endless(depth: int) -> int:
        return endless(depth + 1)

    error = caught(lambda: endless(0))
    assert type(error) is RecursionError
    assert trace_api.get_current_span() is trace_api.INVALID_SPAN
    with span("afterwards"):
        pass
    assert recorded.parent_name("afterwards") is None


# ------------------------------------------------------------------------------------------------- hostile processors


class Raising(SpanProcessor):
    def __init__(self, kind: type[BaseException], at: str) -> None:
        self.kind = kind
        self.at = at

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        if self.at == "start":
            raise self.kind("from a processor")

    def on_end(self, span: Any) -> None:
        if self.at == "end":
            raise self.kind("from a processor")


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, KeyboardInterrupt, RecursionError])
@pytest.mark.parametrize("at", ["start", "end"])
def test_a_processor_that_raises_does_not_reach_the_host(recorded: Any, kind: type[BaseException], at: str) -> None:
    recorded.provider.add_span_processor(Raising(kind, at))

    @stage
    def work(x: int) -> int:
        return x

    @stage
    def fails() -> None:
        raise LookupError("own")

    @stage
    async def later(x: int) -> int:
        return x

    assert work(3) == 3
    assert asyncio.run(later(4)) == 4
    with pytest.raises(LookupError, match="own"):
        fails()
    with span("block"):
        pass
    assert list(stage(lambda: iter([1]))()) == [1]
    assert sum(failures().values()) >= 5


def test_a_failure_is_said_once(recorded: Any, api_log: Any) -> None:
    recorded.provider.add_span_processor(Raising(RuntimeError, "end"))
    for _ in range(5):
        with span("x"):
            pass
    assert [record.getMessage() for record in api_log.records if record.name == "otelwod.stages"] == [
        "otelwod: RuntimeError in end of a stage; the program goes on, and later ones are only counted "
        "(otelwod.stages.failures())"
    ]
    assert failures() == {"end of a stage": 5}


def test_an_interrupt_of_the_host_that_falls_into_our_code_is_passed(recorded: Any) -> None:
    class Interrupted(SpanProcessor):
        def on_end(self, span: Any) -> None:
            signal.raise_signal(signal.SIGINT)
            list(range(10))  # where the handler gets its turn

    recorded.provider.add_span_processor(Interrupted())
    assert threading.current_thread() is threading.main_thread()

    @stage
    def work() -> None: ...

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_exit_by_the_host_s_own_signal_handler_is_passed(recorded: Any) -> None:
    class Terminated(SpanProcessor):
        def on_end(self, span: Any) -> None:
            signal.raise_signal(signal.SIGTERM)
            list(range(10))

    def handler(number: int, frame: Any) -> None:
        raise SystemExit(143)

    recorded.provider.add_span_processor(Terminated())

    @stage
    def work() -> None: ...

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(SystemExit) as stopped:
            work()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped.value.code == 143
