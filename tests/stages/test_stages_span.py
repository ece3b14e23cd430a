"""`span`, `wait`, `start_span`, and stages above context managers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry import trace as trace_api
from opentelemetry.trace import SpanKind, StatusCode

from otelwod.stages import OpenSpan, failures, set_strict, span, stage, start_span, tracing, wait


def current() -> int:
    return trace_api.get_current_span().get_span_context().span_id


def test_a_span_without_a_decorator(recorded: Any) -> None:
    link = trace_api.Link(trace_api.SpanContext(5, 6, True))
    with span("parse", attributes={"rows": 3}, kind=SpanKind.CLIENT, links=[link]) as opened:
        assert current() == opened.get_span_context().span_id
        opened.set_attribute("more", True)
    found = recorded.one("parse")
    assert dict(found.attributes) == {
        "otelwod.stage.name": "parse",
        "rows": 3,
        "more": True,
        "otelwod.phase": "work",
    }
    assert found.kind is SpanKind.CLIENT
    assert [one.context.span_id for one in found.links] == [6]


def test_an_async_span(recorded: Any) -> None:
    async def main() -> None:
        async with span("outer"):
            await asyncio.sleep(0)
            async with wait("queue"):
                await asyncio.sleep(0)
        with pytest.raises(ValueError, match="x"):
            async with span("bad"):
                raise ValueError("x")

    asyncio.run(main())
    assert recorded.parent_name("queue") == "outer"
    assert recorded.one("queue").attributes["otelwod.phase"] == "rest"
    assert recorded.one("bad").status.status_code is StatusCode.ERROR


def test_waiting_is_rest(recorded: Any) -> None:
    with wait("lock", attributes={"name": "db"}):
        pass
    assert recorded.one("lock").attributes["otelwod.phase"] == "rest"


def test_an_exception_passes_and_is_recorded(recorded: Any) -> None:
    with pytest.raises(KeyError), span("bad"):
        raise KeyError("k")
    found = recorded.one("bad")
    assert found.attributes["error.type"] == "KeyError"
    assert len(found.events) == 1


def test_an_open_span_ends_elsewhere(recorded: Any) -> None:
    with span("request"):
        opened = start_span("job", attributes={"n": 1})
        assert isinstance(opened, OpenSpan)
        assert isinstance(opened, trace_api.Span)
        assert opened.is_recording()
        assert current() != opened.get_span_context().span_id
    assert recorded.names == ["request"]

    def finish() -> None:
        with opened.attached(), span("part"):
            pass
        opened.set_attribute("password", "x")
        opened.set_attributes({"a": object()})
        opened.add_event("note", {"k": 1})
        opened.add_link(trace_api.SpanContext(7, 8, True), {"why": "test"})
        opened.record_exception(ValueError("seen"))
        opened.update_name("job renamed")
        opened.set_status(StatusCode.OK)
        opened.end()
        opened.end()

    thread = threading.Thread(target=finish)
    thread.start()
    thread.join()
    found = recorded.one("job renamed")
    assert recorded.parent_name("job renamed") == "request"
    assert recorded.parent_name("part") in ("job", "job renamed")
    assert found.attributes["password"] == "[redacted]"
    assert found.attributes["a"] == "<object object>"
    assert [event.name for event in found.events] == ["note", "exception"]
    assert found.status.status_code is StatusCode.OK
    assert [link.context.span_id for link in found.links] == [8]
    assert not opened.is_recording()


def test_an_open_span_can_fail_and_can_be_a_with_block(recorded: Any) -> None:
    opened = start_span("callback")
    opened.fail(ValueError("late"))
    opened.fail(ValueError("again"))
    assert len(recorded.one("callback").events) == 1
    with pytest.raises(LookupError), start_span("block"):
        raise LookupError
    assert recorded.one("block").status.status_code is StatusCode.ERROR
    with start_span("fine"):
        pass
    assert recorded.one("fine").status.status_code is StatusCode.UNSET


def test_an_open_span_takes_a_parent_and_an_end_time(recorded: Any) -> None:
    parent = start_span("parent")
    child = start_span("child", context=parent.context, phase="rest")
    child.end(end_time=recorded.started[-1].start_time + 5)
    parent.end()
    assert recorded.parent_name("child") == "parent"
    assert recorded.one("child").end_time - recorded.one("child").start_time == 5
    assert "otelwod.phase" not in recorded.one("parent").attributes


def test_with_tracing_off_an_open_span_does_nothing() -> None:
    opened = start_span("x")
    assert opened.context == {}
    with opened.attached():
        assert trace_api.get_current_span() is trace_api.INVALID_SPAN
    opened.set_attribute("a", 1)
    opened.fail(ValueError())
    opened.end()


def test_a_method_of_an_open_span_never_raises(recorded: Any) -> None:
    class Bad(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise RuntimeError

    opened = start_span("x")
    opened.set_attributes(Bad(a=1))
    opened.end()
    with span("y", attributes=Bad(a=1)) as inside:
        assert inside is trace_api.INVALID_SPAN
    assert not start_span("z", attributes=Bad(a=1)).is_recording()
    assert failures() == {"a span's method": 3}


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_name_that_is_none_is_repaired_or_told_in_strict_mode(recorded: Any, name: Any) -> None:
    with span(name, phase="nonsense"):  # type: ignore[arg-type]
        pass
    (found,) = recorded.ended
    assert found.name in ("unnamed", "None", "3")
    assert found.attributes["otelwod.phase"] == "work"
    set_strict(True)
    with pytest.raises((TypeError, ValueError), match="name"):
        span(name)
    with pytest.raises(ValueError, match="phase"):
        start_span("x", phase="nonsense")  # type: ignore[arg-type]


def test_times_are_monotonic_below_a_local_root(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = iter([1_000_000, 50])  # the clock is set back while the root runs
    mono = iter(range(10, 10_000, 10))
    monkeypatch.setattr(tracing, "wall_ns", lambda: next(wall))
    monkeypatch.setattr(tracing, "monotonic_ns", lambda: next(mono))
    with span("root"), span("child"):
        pass
    with span("next root"):
        pass
    root, child, following = (recorded.one(name) for name in ("root", "child", "next root"))
    assert (root.start_time, root.end_time) == (1_000_000, 1_000_030)
    assert (child.start_time, child.end_time) == (1_000_010, 1_000_020)
    assert (following.start_time, following.end_time) == (50, 60)


# ----------------------------------------------------------------------------------------------- above context managers


@stage("tx", capture="args")
@contextlib.contextmanager
def transaction(name: str, swallow: bool = False) -> Iterator[str]:
    """Words."""
    with span("begin"):
        pass
    try:
        yield name
    except ValueError:
        if not swallow:
            raise
    with span("commit"):
        pass


@stage
@contextlib.asynccontextmanager
async def async_transaction(fail: bool = False) -> AsyncIterator[int]:
    if fail:
        raise KeyError("enter")
    yield 1
    await asyncio.sleep(0)


def test_above_contextmanager_the_span_is_the_with_block(recorded: Any) -> None:
    with transaction("t") as name, span("body"):
        assert name == "t"
    assert {recorded.parent_name(child) for child in ("begin", "body", "commit")} == {"tx"}
    assert transaction.__name__ == "transaction"
    assert transaction.__doc__ == "Words."
    assert "'t'" in recorded.one("tx").attributes["otelwod.stage.args"]
    with pytest.raises(TypeError, match="missing"):
        transaction()  # type: ignore[call-arg]


def test_an_exception_that_the_manager_suppresses_is_no_error(recorded: Any) -> None:
    with transaction("t", swallow=True):
        raise ValueError
    assert recorded.one("tx").status.status_code is StatusCode.UNSET
    recorded.ended.clear()
    with pytest.raises(ValueError, match="out"), transaction("t"):
        raise ValueError("out")
    assert recorded.one("tx").status.status_code is StatusCode.ERROR


def test_a_managed_function_is_still_a_decorator(recorded: Any) -> None:
    @transaction("d")
    def work(x: int) -> int:
        return x

    assert (work(1), work(2)) == (1, 2)
    assert recorded.names.count("tx") == 2

    @async_transaction()
    async def later(x: int) -> int:
        return x

    assert asyncio.run(later(3)) == 3
    assert recorded.names.count("async_transaction") == 1


def test_above_asynccontextmanager(recorded: Any) -> None:
    async def main() -> None:
        async with async_transaction() as value:
            with span("body"):
                assert value == 1
        with pytest.raises(LookupError):
            async with async_transaction():
                raise LookupError
        with pytest.raises(KeyError):
            async with async_transaction(fail=True):
                pass

    asyncio.run(main())
    assert recorded.parent_name("body") == "async_transaction"
    states = [found.status.status_code for found in recorded.ended if found.name == "async_transaction"]
    assert states == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.ERROR]


def test_a_manager_that_breaks_on_the_way_in_or_out(recorded: Any) -> None:
    @stage("breaks")
    @contextlib.contextmanager
    def breaks(at: str) -> Iterator[None]:
        if at == "in":
            raise KeyError
        yield
        raise LookupError

    with pytest.raises(KeyError), breaks("in"):
        pass
    with pytest.raises(LookupError), breaks("out"):
        pass
    assert [found.attributes["error.type"] for found in recorded.ended] == ["KeyError", "LookupError"]

    @stage("async breaks")
    @contextlib.asynccontextmanager
    async def async_breaks() -> AsyncIterator[None]:
        yield
        raise LookupError

    async def main() -> None:
        async with async_breaks():
            pass

    with pytest.raises(LookupError):
        asyncio.run(main())
    assert recorded.one("async breaks").status.status_code is StatusCode.ERROR


def test_managers_with_tracing_off() -> None:
    with transaction("t") as name:
        assert name == "t"
