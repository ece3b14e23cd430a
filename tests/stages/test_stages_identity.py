"""The host's results, exceptions and tracebacks are the same with and without the decorator: random programs."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import inspect
import sys
import traceback
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otelwod.stages import TracedExecutor, bind, failures, span, stage

Decorator = Callable[[Any], Any]
Step = tuple[str, int]

ERRORS = (ValueError, KeyError, StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit, RuntimeError)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["return", "raise", "call", "catch", "finally", "generate", "await", "context", "wrap"]),
        st.integers(0, len(ERRORS) - 1),
    ),
    min_size=1,
    max_size=12,
)
CONSUMER = st.lists(st.sampled_from(["next", "send", "throw", "exit", "close"]), max_size=8)


def program(steps: list[Step], decorate: Decorator) -> Any:
    """A program made of functions, coroutines, generators and managers that call each other as ``steps`` says."""

    @decorate
    def generate(at: int) -> Any:
        received = []
        try:
            for number in range(3):
                received.append((yield number))  # noqa: PERF401
        except KeyError:
            received.append("caught")
        finally:
            received.append(run(at + 1))
        return received

    @decorate
    async def pause(at: int) -> Any:
        await asyncio.sleep(0)
        return run(at + 1)

    @decorate
    @contextlib.contextmanager
    def manage(at: int) -> Any:
        try:
            yield at
        except KeyError:
            run(at + 1)

    @decorate
    def run(at: int) -> Any:
        if at >= len(steps):
            return at
        what, number = steps[at]
        error = ERRORS[number]
        if what == "return":
            return number
        if what == "raise":
            raise error(number)
        if what == "catch":
            try:
                return run(at + 1)
            except error as caught:
                return repr(caught)
        if what == "finally":
            try:
                return run(at + 1)
            finally:
                run(len(steps))
        if what == "generate":
            return list(generate(at))
        if what == "await":
            coroutine = pause(at)
            try:
                while True:
                    coroutine.send(None)
            except StopIteration as stop:
                return stop.value
        if what == "context":
            with manage(at):
                return run(at + 1)
        if what == "wrap":
            try:
                return run(at + 1)
            except ValueError as caught:
                raise RuntimeError("wrapped") from caught
        return run(at + 1)

    return run(0)


def shown(error: BaseException | None) -> Any:
    """Type, arguments, notes, own attributes, the frames with their lines, and the same of cause and context."""
    if error is None:
        return None
    frames = None
    if sys.version_info >= (3, 11):  # Python 3.10 restores our frames when it raises again
        frames = [(frame.filename, frame.lineno, frame.name) for frame in traceback.extract_tb(error.__traceback__)]
    return type(error), error.args, vars(error), frames, shown(error.__cause__), shown(error.__context__)


def outcome(run: Callable[[], Any]) -> Any:
    try:
        return "returned", run()
    except BaseException as error:  # noqa: BLE001 - of every sort
        found = shown(error)
        error.__traceback__ = None
        return "raised", found


def without(function: Any) -> Any:
    return function


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_random_programs_give_the_same(recorded: Any, steps: list[Step]) -> None:
    full = stage("named", capture=("args", "result"), items=len)
    bare, staged, captured = (outcome(lambda how=how: program(steps, how)) for how in (without, stage, full))
    assert staged == bare
    assert captured == bare
    assert len(recorded.started) == len(recorded.ended)
    assert {place for place in failures() if "items" not in place} == set()
    recorded.started.clear()
    recorded.ended.clear()


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_random_programs_give_the_same_with_tracing_off(steps: list[Step]) -> None:
    bare, staged = (outcome(lambda how=how: program(steps, how)) for how in (without, stage))
    assert staged == bare


def consumed(actions: list[str], decorate: Decorator) -> list[Any]:
    @decorate
    def generator() -> Any:
        count = 0
        while count < 6:
            try:
                got = yield count
                count += 1 if got is None else got
            except KeyError as error:
                yield error.args
        return "end"

    running = generator()
    did: dict[str, Callable[[], Any]] = {
        "next": lambda: next(running),
        "send": lambda: running.send(2),
        "throw": lambda: running.throw(KeyError("k")),
        "exit": lambda: running.throw(GeneratorExit()),
        "close": lambda: running.close(),
    }
    seen = []
    for action in actions:
        begun = inspect.getgeneratorstate(running) != inspect.GEN_CREATED
        seen.append(outcome(did[action]) if begun else plain(outcome(did[action])))
    return seen


def plain(found: Any) -> Any:
    """Without the traceback: a generator that has not begun raises where it is defined, and that is in our wrapper."""
    if found[0] == "returned":
        return found
    kind, args, *_ = found[1]
    return kind, args


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=CONSUMER)
def test_random_consumers_see_the_same_generator(recorded: Any, actions: list[str]) -> None:
    assert consumed(actions, stage) == consumed(actions, without)


async def consumed_async(actions: list[str], decorate: Decorator) -> list[Any]:
    @decorate
    async def generator() -> Any:
        count = 0
        while count < 6:
            try:
                await asyncio.sleep(0)
                got = yield count
                count += 1 if got is None else got
            except KeyError as error:
                yield error.args

    running = generator()
    seen: list[Any] = []
    begun = False
    for action in actions:
        awaitable = {
            "next": lambda: running.__anext__(),
            "send": lambda: running.asend(2),
            "throw": lambda: running.athrow(KeyError("k")),
            "exit": lambda: running.athrow(GeneratorExit()),
            "close": lambda: running.aclose(),
        }[action]
        try:
            seen.append(("returned", await awaitable()))
        except BaseException as error:  # noqa: BLE001 - of every sort
            found = "raised", shown(error)
            error.__traceback__ = None
            seen.append(found if begun else plain(found))
        begun = begun or action == "next"
    await running.aclose()
    return seen


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=CONSUMER)
def test_random_consumers_see_the_same_async_generator(recorded: Any, actions: list[str]) -> None:
    assert asyncio.run(consumed_async(actions, stage)) == asyncio.run(consumed_async(actions, without))


@pytest.mark.parametrize("traced", [True, False])
def test_many_calls_leave_no_growth(traced: bool, request: pytest.FixtureRequest) -> None:
    if traced:
        recorded = request.getfixturevalue("recorded")
        recorded.provider._active_span_processor._span_processors = ()

    @stage(capture="args")
    def child(x: int) -> int:
        return x

    @stage
    def work(x: int) -> int:
        if x % 7 == 0:
            with contextlib.suppress(ValueError), span("fails"):
                raise ValueError(x)
        return child(x)

    def calls(count: int) -> None:
        for number in range(count):
            work(number)

    calls(2_000)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    calls(3_000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000


def test_an_object_that_is_called_is_still_one_of_its_class() -> None:
    class Plain:
        rows = 3

        def __call__(self, x: int) -> int:
            return x

    class Slow(Plain):
        async def __call__(self, x: int) -> int:  # type: ignore[override]
            return x

    plain, slow = stage(Plain()), stage(Slow())
    assert isinstance(plain, Plain)
    assert not isinstance(plain, Slow)
    assert isinstance(slow, Slow)
    assert plain.__class__ is Plain
    assert inspect.iscoroutinefunction(slow.__call__)
    assert not inspect.iscoroutinefunction(plain.__call__)
    assert plain.__call__(2) == plain(2) == 2
    assert asyncio.run(slow.__call__(2)) == asyncio.run(slow(2)) == 2  # type: ignore[arg-type]
    assert inspect.signature(plain) == inspect.signature(Plain())
    twin = copy.copy(plain)
    assert twin(2) == 2
    assert twin.rows == 3


def test_what_inspect_sees_of_a_function() -> None:
    def work(a: int, *, b: str = "x") -> None:
        """Says what."""

    staged = stage(work)
    assert inspect.isfunction(staged)
    for look in (inspect.getdoc, inspect.getsource, inspect.getsourcelines, inspect.signature, inspect.unwrap):
        assert look(staged) == look(work)  # type: ignore[operator]
    for name in ("__name__", "__qualname__", "__module__", "__annotations__", "__kwdefaults__"):
        assert getattr(staged, name) == getattr(work, name)
    assert inspect.getsourcefile(inspect.unwrap(staged)) == __file__


def test_a_generator_exit_of_a_plain_function_leaves_the_status_unset(recorded: Any) -> None:
    @stage("s")
    def leave() -> None:
        raise GeneratorExit

    with pytest.raises(GeneratorExit):
        leave()
    assert recorded.one("s").status.status_code.name == "UNSET"


def test_a_traced_executor_where_an_event_loop_takes_one() -> None:
    async def main() -> tuple[int, int, int]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(TypeError):
                loop.set_default_executor(TracedExecutor(pool))  # type: ignore[arg-type]
            return (
                await loop.run_in_executor(TracedExecutor(pool), len, "abc"),
                await loop.run_in_executor(None, bind(len), "abc"),
                await asyncio.to_thread(len, "abc"),
            )

    assert asyncio.run(main()) == (3, 3, 3)
