"""Context that follows: pools, threads, processes, messages, the environment."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from opentelemetry import baggage, propagate
from opentelemetry import context as context_api
from opentelemetry import trace as trace_api

from otelwod.stages import (
    TracedExecutor,
    bind,
    context_from_headers,
    failures,
    incoming_environment,
    incoming_headers,
    outgoing_environment,
    outgoing_headers,
    span,
    stage,
    start_span,
    submit,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@stage("work")
def work(x: int) -> int:
    return x * 2


def test_submit_keeps_the_parent_in_a_thread_pool(recorded: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        with span("request"):
            futures = [submit(pool, work, number) for number in range(5)]
        plain = pool.submit(work, 9)
    assert [future.result() for future in futures] == [0, 2, 4, 6, 8]
    assert plain.result() == 18
    request = recorded.one("request").context.span_id
    parents = [found.parent.span_id if found.parent else None for found in recorded.ended if found.name == "work"]
    assert sorted(parents, key=str) == sorted([request] * 5 + [None], key=str)


def test_an_exception_in_the_pool_is_the_task_s_own(recorded: Any) -> None:
    thrown = ValueError("x")

    def fails() -> None:
        raise thrown

    with ThreadPoolExecutor(1) as pool, span("request"):
        future = submit(pool, fails)
        assert future.exception() is thrown
    if sys.version_info >= (3, 11):
        assert "bound" not in [frame.name for frame in traceback.extract_tb(thrown.__traceback__)]


def test_an_exception_of_a_pool_is_recorded_once(recorded: Any) -> None:
    @stage("task")
    def task() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"), ThreadPoolExecutor(1) as pool, span("request"):
        submit(pool, task).result()
    assert len(recorded.one("task").events) == 1
    assert len(recorded.one("request").events) == 0


def test_the_wrapping_executor_submits_maps_and_ends(recorded: Any) -> None:
    with TracedExecutor(ThreadPoolExecutor(2, thread_name_prefix="mine")) as pool:
        with span("request"):
            assert list(pool.map(work, [1, 2], timeout=30)) == [2, 4]
            assert pool.submit(work, 3).result() == 6
        assert pool._thread_name_prefix == "mine"
    assert {recorded.one("request").context.span_id} == {
        found.parent.span_id for found in recorded.ended if found.name == "work"
    }
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(work, 1)
    pool.shutdown(wait=True, cancel_futures=True)
    assert isinstance(pool, concurrent.futures.Executor)


def test_bind_for_bare_threads_and_callbacks(recorded: Any) -> None:
    with span("request"):
        thread = threading.Thread(target=bind(work), args=(4,))
        thread.start()
        thread.join()
    bound = bind(work)
    assert bound.__name__ == "work"
    assert recorded.parent_name("work") == "request"


def ids() -> tuple[str, str | None]:
    """Runs in a child process: the trace that is current there, and a baggage entry."""
    found = trace_api.get_current_span().get_span_context()
    return trace_api.format_trace_id(found.trace_id), baggage.get_baggage("tenant")  # type: ignore[return-value]


def ids_of(_: int) -> tuple[str, str | None]:
    return ids()


def test_a_process_pool_gets_the_context_as_headers(recorded: Any) -> None:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with TracedExecutor(TracedExecutor(pool)) as traced:
        token = context_api.attach(baggage.set_baggage("tenant", "t1"))
        with span("request"):
            one = submit(traced, ids).result()
            two = list(traced.map(ids_of, [1, 2], chunksize=2))
        context_api.detach(token)
    trace_id = trace_api.format_trace_id(recorded.one("request").context.trace_id)
    assert one == (trace_id, "t1")
    assert two == [(trace_id, "t1")] * 2


# ------------------------------------------------------------------------------------------------ headers, environment


def test_headers_out_and_in(recorded: Any) -> None:
    with span("producer"):
        headers = outgoing_headers()
    assert headers["traceparent"].split("-")[1] == trace_api.format_trace_id(recorded.one("producer").context.trace_id)
    with span("unrelated"), incoming_headers(headers), span("consumer"):
        pass
    assert recorded.one("consumer").parent.span_id == recorded.one("producer").context.span_id
    assert recorded.one("consumer").parent.is_remote
    assert outgoing_headers() == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"TraceParent": PARENT},
        {"traceparent": PARENT.encode()},
        [("traceparent", PARENT.encode()), ("other", b"\xff")],  # as Kafka gives them
        {"traceparent": [PARENT], "x": None},
        {b"traceparent": PARENT.encode()},
    ],
)
def test_headers_as_they_come(recorded: Any, headers: Any) -> None:
    with incoming_headers(headers), span("consumer"):
        pass
    assert trace_api.format_trace_id(recorded.one("consumer").context.trace_id) == TRACE


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": "nonsense"},
        {"traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01"},
        {"traceparent": PARENT + "x" * 100_000},
        {"traceparent": None},
        [("a",)],
        5,
    ],
)
def test_headers_that_carry_nothing_give_a_root(recorded: Any, headers: Any) -> None:
    with span("around"), incoming_headers(headers), span("consumer"):
        pass
    assert recorded.one("consumer").parent is None


def test_a_detached_span_under_incoming_headers(recorded: Any) -> None:
    opened = start_span("job", context=context_from_headers({"traceparent": PARENT}))
    opened.end()
    assert format(recorded.one("job").parent.span_id, "016x") == "b7ad6b7169203331"


def test_suppression_is_kept_when_headers_come_in(recorded: Any) -> None:
    token = context_api.attach(context_api.set_value("suppress_instrumentation", True))
    with incoming_headers({"traceparent": PARENT}), span("hidden"):
        pass
    context_api.detach(token)
    assert recorded.started == []


def test_propagators_that_fail_do_not_reach_the_host(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(propagate, "inject", broken)
    monkeypatch.setattr(propagate, "extract", broken)
    monkeypatch.setattr(propagate, "get_global_textmap", broken)
    with span("s"):
        assert outgoing_headers() == {}
        with incoming_headers({"traceparent": PARENT}), incoming_environment({"TRACEPARENT": PARENT}):
            pass
    assert failures() == {"propagation out": 1, "propagation in": 3}


CHILD = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from otelwod.stages import incoming_environment, span
trace.set_tracer_provider(TracerProvider())
with incoming_environment(), span("child") as found:
    print(json.dumps([format(found.get_span_context().trace_id, "032x"), format(found.parent.span_id, "016x")]))
"""


def test_a_child_process_continues_the_trace_through_its_environment(recorded: Any) -> None:
    with span("parent"):
        environment = outgoing_environment()
        done = subprocess.run(
            [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=False
        )
    assert done.stderr == ""
    parent = recorded.one("parent").context
    assert json.loads(done.stdout) == [format(parent.trace_id, "032x"), format(parent.span_id, "016x")]


def test_the_environment_out_and_in(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"PATH": "/bin", "TRACEPARENT": "old"}
    assert outgoing_environment(given) == {"PATH": "/bin"}
    assert given["TRACEPARENT"] == "old"
    with span("parent"):
        environment = outgoing_environment({})
    assert list(environment) == ["TRACEPARENT"]
    with incoming_environment(environment), span("child"):
        pass
    assert recorded.one("child").parent.span_id == recorded.one("parent").context.span_id
    monkeypatch.setitem(os.environ, "TRACEPARENT", PARENT)
    with incoming_environment(), span("from the process"):
        pass
    assert trace_api.format_trace_id(recorded.one("from the process").context.trace_id) == TRACE
