"""`boundary`, `task`, `Timing`: the modes, what a replay gives and never does, spans, and clocks that fail."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.trace import SpanKind, StatusCode

from otelwod.stages import tracing
from otelwod.stages.pipeline import FunctionStage, Pipeline
from otelwod.stages.taskrun import (
    ReplayedError,
    TaskRun,
    Timing,
    UnknownCallError,
    boundary,
    run_task,
    run_task_async,
    set_output,
    task,
)
from otelwod.stages.taskrun.errors import run_error
from otelwod.telemetry.redaction import MASK


class Outside:
    """The world: counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def ask(self, question: Any) -> Any:
        self.asked.append(question)
        if question == "key":
            raise KeyError("key")
        if question == "file":
            raise FileNotFoundError(2, "No such file or directory", "/x")
        if question == "own":
            raise OwnError("mine", 5)
        if question == "picky":
            raise PickyError(1, 2)
        if question == "decode":
            b"\xff".decode()
        return {"question": question, "number": len(self.asked)}


class OwnError(Exception):
    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.number = number


class PickyError(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a} and {b}")


@pytest.fixture
def outside() -> Outside:
    return Outside()


def job_of(outside: Outside, **options: Any) -> Any:
    ask = boundary("ask", **options)(outside.ask)

    def job(questions: list[Any]) -> list[Any]:
        answers = []
        for question in questions:
            try:
                answers.append(ask(question))
            except UnknownCallError:
                raise
            except Exception as error:  # noqa: BLE001 - what the error is is the answer
                answers.append(f"{type(error).__name__}: {error}")
        return answers

    return job


def kept(run: TaskRun) -> TaskRun:
    """The run as it comes back from a file."""
    return TaskRun.from_json(run.to_json())


# ----------------------------------------------------------------------------------------------------------- the modes


@given(st.lists(st.sampled_from(["a", "b", "key", "file", "own", "picky", "decode", 1, 1.0, True, None]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_replay_gives_the_same_bytes_and_never_calls_the_outside(questions: list[Any]) -> None:
    outside = Outside()
    job = job_of(outside, raises=(OwnError, PickyError))
    first = run_task(job, questions)
    asked = len(outside.asked)
    assert asked == len(questions)
    again = run_task(job, questions, mode="replay", record=kept(first))
    assert len(outside.asked) == asked
    assert json.dumps(again.output) == json.dumps(first.output)
    # What was replayed is a record too.
    third = run_task(job, questions, mode="replay", record=kept(again))
    assert (third.output, [each.output for each in third.calls]) == (
        first.output,
        [each.output for each in first.calls],
    )
    assert len(outside.asked) == asked


def test_equal_calls_are_answered_in_order_and_the_last_again_and_again(outside: Outside) -> None:
    job = job_of(outside)
    first = run_task(job, ["a", "a"])
    again = run_task(job, ["a", "a", "a"], mode="replay", record=first)
    assert [each["number"] for each in again.output] == [1, 2, 2]  # type: ignore[index, union-attr, call-overload]


def test_what_the_caller_does_to_an_answer_does_not_change_the_record(outside: Outside) -> None:
    ask = boundary("ask")(outside.ask)

    def job() -> Any:
        answer = ask("a")
        answer["question"] = "spoiled"
        return ask("a")["question"]

    first = run_task(job)
    assert first.output == "a"
    assert run_task(job, mode="replay", record=first).output == "a"


def test_an_unknown_call_fails_by_boundary_and_arguments_and_is_never_made(outside: Outside) -> None:
    job = job_of(outside)
    record = run_task(job, ["a"])
    for mode in ("replay", "fail-on-unknown"):
        with (
            pytest.raises(UnknownCallError, match=r'no complete answer of ask\("b"\)'),
            task("again", mode=mode, record=record) as run,  # type: ignore[arg-type]
        ):
            job(["b"])
        assert outside.asked == ["a"]
        assert run.type == "error"
        assert run.calls[0].error is not None
        assert "UnknownCallError" in run.calls[0].error.type
    with pytest.raises(UnknownCallError):
        run_task(job, ["b"], mode="replay", record=record)
    with pytest.raises(UnknownCallError, match="…"):
        run_task(job, ["b" * 500], mode="replay", record=record)
    record.dropped["calls"] = 7
    with pytest.raises(UnknownCallError, match="7 calls were beyond"):
        run_task(job, ["b"], mode="replay", record=record)


def test_keywords_stand_in_the_message(outside: Outside) -> None:
    @boundary
    def fetch(url: str, *, password: str, page: int = 1) -> str:
        raise AssertionError("must not be called")

    with pytest.raises(UnknownCallError, match=r'fetch\("u", password="\[redacted\]", page=2\)'):
        run_task(lambda: fetch("u", password="hunter2", page=2), mode="replay", record=TaskRun("t"))


def test_replay_or_live_asks_for_what_it_does_not_know(outside: Outside) -> None:
    job = job_of(outside)
    record = run_task(job, ["a"])
    run = run_task(job, ["a", "b"], mode="replay-or-live", record=record)
    assert outside.asked == ["a", "b"]
    assert run_task(job, ["a", "b"], mode="replay", record=run).output == run.output
    assert outside.asked == ["a", "b"]


def test_fail_on_unknown_calls_what_the_record_knows(outside: Outside) -> None:
    job = job_of(outside)
    record = run_task(job, ["a"])
    assert run_task(job, ["a"], mode="fail-on-unknown", record=record).output == [{"question": "a", "number": 2}]


def test_live_keeps_boundary_and_timing_only(outside: Outside) -> None:
    job = job_of(outside)
    run = run_task(job, ["secret question", "key"], mode="live")
    assert (run.input, run.output, run.notes) == (None, None, [])
    assert [(each.boundary, each.input, each.output, each.error) for each in run.calls] == [
        ("ask", None, None, None)
    ] * 2
    assert all(each.timing is not None for each in run.calls)
    with pytest.raises(UnknownCallError):  # it has no answers
        run_task(job, ["secret question"], mode="replay", record=run)


def test_outside_a_task_it_calls_straight_through(outside: Outside) -> None:
    assert boundary("ask")(outside.ask)("a") == {"question": "a", "number": 1}


def test_a_task_within_a_replayed_task_does_not_call_the_outside(outside: Outside) -> None:
    job = job_of(outside)

    def outer() -> Any:
        return run_task(job, ["a"]).output

    record = run_task(outer)
    assert [each.boundary for each in record.calls] == ["ask"]  # the outer one keeps the calls of the inner one too
    run = run_task(outer, mode="replay", record=record)
    assert run.output == record.output
    assert outside.asked == ["a"]


def test_calls_from_the_stages_of_a_pipeline_belong_to_the_task(outside: Outside) -> None:
    ask = boundary("ask")(outside.ask)

    def job() -> Any:
        return [
            each["question"] for each in Pipeline("p", [FunctionStage(ask, "ask", workers=3)]).run(range(5)).outputs
        ]

    record = run_task(job)
    assert len(record.calls) == 5
    assert run_task(job, mode="replay", record=record).output == list(range(5))
    assert len(outside.asked) == 5


# ------------------------------------------------------------------------------------------------------------- answers


def test_an_answer_that_is_not_complete_is_not_replayed() -> None:
    asked = []

    @boundary
    def load() -> Any:
        asked.append(1)
        return {"raw": b"bytes"}

    def job() -> Any:
        return len(load()["raw"])

    record = run_task(job)
    assert not record.calls[0].complete
    assert record.calls[0].notes == ("output.raw: bytes left out",)
    with pytest.raises(UnknownCallError, match=r"load\(\)"):
        run_task(job, mode="replay", record=kept(record))
    assert run_task(job, mode="replay-or-live", record=kept(record)).output == 5
    assert len(asked) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interruption_is_no_answer(error: type[BaseException]) -> None:
    @boundary
    def load() -> None:
        raise error

    with pytest.raises(error), task("t") as run:
        load()
    assert run.type == "error"
    with pytest.raises(UnknownCallError):
        run_task(load, mode="replay", record=kept(run))


@pytest.mark.parametrize(
    ("question", "kind", "text"),
    [
        ("key", KeyError, "'key'"),
        ("file", FileNotFoundError, "[Errno 2] No such file or directory: '/x'"),
        ("decode", UnicodeDecodeError, "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("own", OwnError, "mine"),
        ("picky", PickyError, "1 and 2"),
    ],
)
def test_errors_are_made_again(outside: Outside, question: str, kind: type[Exception], text: str) -> None:
    ask = boundary("ask", raises=(OwnError, PickyError))(outside.ask)
    record = kept(run_task(ask, question))
    assert record.type == "error"
    with pytest.raises(kind) as caught, task("again", mode="replay", record=record) as run:
        ask(question)
    assert str(caught.value) == text
    assert run.error == record.error
    assert len(outside.asked) == 1


def test_an_error_of_an_unknown_type_keeps_its_name(outside: Outside) -> None:
    ask = boundary("ask")(outside.ask)
    record = kept(run_task(ask, "own"))
    with pytest.raises(ReplayedError, match="OwnError: mine") as caught, task("again", mode="replay", record=record):
        ask("own")
    assert caught.value.type.endswith("OwnError")
    assert str(ReplayedError("a.B", "")) == "a.B"


def test_secrets_reach_neither_record_nor_span(recorded: Any) -> None:
    @boundary(capture=("args", "result"))
    def login(user: str, password: str, *, token: str = "") -> dict[str, str]:
        return {"user": user, "token": token, "page": f"https://{user}:{password}@example.org/"}

    login("ann", "hunter2", token="hunter2")
    run = run_task(lambda: login("ann", "hunter2", token="hunter2"))
    assert "hunter2" not in run.to_json()
    assert run.calls[0].input == {"args": ["ann", MASK], "kwargs": {"token": MASK}}
    written = repr([dict(each.attributes) for each in recorded.ended])
    assert written.count("'user': 'ann', 'password'") == 2
    assert "hunter2" not in written


def test_nothing_is_captured_on_a_span_unless_asked_for(recorded: Any, outside: Outside) -> None:
    run_task(job_of(outside), ["private"])
    assert "private" not in repr([dict(each.attributes) for each in recorded.ended])


# --------------------------------------------------------------------------------------------------------------- spans


def test_the_span_is_a_client_below_the_task(recorded: Any, outside: Outside) -> None:
    run_task(job_of(outside), ["a", "key"], task_name="import")
    good, bad = [each for each in recorded.ended if each.name == "ask"]
    assert good.kind is bad.kind is SpanKind.CLIENT
    assert {each.parent.span_id for each in (good, bad)} == {recorded.one("import").context.span_id}
    assert good.status.status_code is StatusCode.UNSET
    assert bad.status.status_code is StatusCode.ERROR


def test_replayed_and_unknown_calls_have_spans_too(recorded: Any, outside: Outside) -> None:
    job = job_of(outside)
    record = run_task(job, ["a"])
    with pytest.raises(UnknownCallError):
        run_task(job, ["a", "b"], mode="replay", record=record)
    statuses = [each.status.status_code for each in recorded.ended if each.name == "ask"]
    assert statuses == [StatusCode.UNSET, StatusCode.UNSET, StatusCode.ERROR]
    assert len(recorded.started) == len(recorded.ended)


# --------------------------------------------------------------------------------------------------------------- async


def test_async_boundaries_and_tasks(recorded: Any) -> None:
    asked = []

    @boundary
    async def fetch(x: int) -> int:
        asked.append(x)
        await asyncio.sleep(0)
        if x == 9:
            raise ValueError("nine")
        return 2 * x

    class Callable:
        async def __call__(self, x: int) -> int:
            asked.append(x)
            return x

    called = boundary("called")(Callable())

    async def job(xs: list[int]) -> list[int]:
        return [*await asyncio.gather(*(fetch(x) for x in xs)), await called(1)]

    first = asyncio.run(run_task_async(job, [1, 2, 3]))
    assert first.output == [2, 4, 6, 1]
    again = asyncio.run(run_task_async(job, [3, 2, 1], mode="replay", record=kept(first)))
    assert again.output == [6, 4, 2, 1]
    assert len(asked) == 4
    failed = asyncio.run(run_task_async(job, [9]))
    assert failed.error == run_error(ValueError("nine"))
    with pytest.raises(UnknownCallError, match=r"fetch\(5\)"):
        asyncio.run(run_task_async(job, [5], mode="replay", record=first))
    with pytest.raises(ValueError, match="mode is one of"):
        asyncio.run(run_task_async(job, [5], mode="nonsense"))  # type: ignore[arg-type]
    assert {each.kind for each in recorded.ended if each.name in ("fetch", "called")} == {SpanKind.CLIENT}
    assert len(recorded.started) == len(recorded.ended)


def test_a_cancelled_async_task_passes_the_cancellation() -> None:
    runs: list[TaskRun] = []

    async def main() -> None:
        async def waits() -> None:
            with task("t") as run:
                runs.append(run)
                await asyncio.Event().wait()

        running = asyncio.create_task(waits())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert runs[0].type == "error"


# ---------------------------------------------------------------------------------------------------------------- tasks


def test_a_task_run_goes_from_pending_to_success() -> None:
    with task("t", input={"n": 1}) as run:
        assert run.type == "pending"
        assert run.timing is None
        set_output(run, (1, 2))
    assert (run.type, run.input, run.output, run.notes) == (
        "success",
        {"n": 1},
        [1, 2],
        ["output: a tuple became a list"],
    )
    assert run.timing is not None


def test_an_error_is_in_the_record() -> None:
    def fails(password: str) -> None:
        raise ValueError(f"password={password}")

    run = run_task(fails, "hunter2")
    assert run.type == "error"
    assert run.error is not None
    assert run.error.type == "ValueError"
    assert "hunter2" not in run.to_json()
    assert run.task.endswith("fails")
    assert run_task(functools.partial(fails, "x"), task_name="named").task == "named"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "nonsense"}, "mode is one of fail-on-unknown, live, record, replay, replay-or-live, not 'nonsense'"),
        ({"mode": "replay"}, "needs the record of an earlier run"),
        ({"mode": "replay", "record": "run.json"}, "needs the record of an earlier run"),
    ],
)
def test_a_task_that_cannot_be_says_why(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message), task("t", **options):
        pass
    with pytest.raises(ValueError, match=message):
        run_task(len, "abc", **options)


def test_a_task_has_a_name() -> None:
    with pytest.raises(ValueError, match="the name is a text that is not empty, not ''"), task(""):
        pass


def test_coroutine_functions_and_what_cannot_be_a_boundary_are_told_apart() -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match="run_task_async"):
        run_task(later)
    with pytest.raises(TypeError, match="no generator or class"):
        boundary(Outside)
    with pytest.raises(TypeError, match="a function is expected, not a int"):
        boundary(5)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="not a staticmethod"):
        boundary(staticmethod(len))


def test_a_task_that_ends_in_another_context_puts_nothing_back() -> None:
    def generator() -> Any:
        with task("t") as run:
            yield run

    opened = generator()
    run = next(opened)
    thread = threading.Thread(target=opened.close)
    thread.start()
    thread.join()
    assert run.timing is not None
    from otelwod.stages.taskrun.tape import current

    current.set(None)


# --------------------------------------------------------------------------------------------------------------- timing


def test_timing_is_monotonic_and_end_needs_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "wall_ns", iter([1000, 500]).__next__)
    monkeypatch.setattr(tracing, "monotonic_ns", iter([10, 25, 40, 7, 3]).__next__)
    timing = Timing()
    assert timing.end() is None
    assert timing.timed is None
    first = timing.start().end()
    assert first is not None
    assert (first.start_ns, first.duration_ns, first.end_ns) == (1000, 15, 1015)
    second = timing.end()
    assert second is not None
    assert second.duration_ns == 30
    third = timing.start().end()  # even a clock that runs backwards makes no negative duration
    assert third is not None
    assert third.duration_ns == 0


@pytest.mark.parametrize("clock", ["wall_ns", "monotonic_ns"])
@pytest.mark.parametrize("good", [0, 1])
def test_a_clock_that_fails_never_fails_the_call(
    clock: str, good: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, outside: Outside
) -> None:
    calls = iter(range(good))
    with task("t") as run:
        ask = boundary("ask")(outside.ask)

        def fails() -> int:
            if next(calls, None) is not None:
                return 1
            raise OSError("no clock")

        with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
            patched.setattr(tracing, clock, fails)
            assert ask("a") == {"question": "a", "number": 1}
    if clock == "wall_ns" and good:
        return  # the wall clock is asked once a call
    assert run.calls[0].timing is None
    assert run.timings() == {"ask": [None]}
    assert "a clock failed (OSError)" in caplog.text
    assert kept(run) == run


def test_an_async_boundary_shows_its_arguments_by_name(recorded: Any) -> None:
    @boundary("get", capture="args")
    async def fetch(url: str, *more: int, key: str = "") -> str:
        return url

    async def main() -> None:
        await fetch("u", 7, key="hunter2")
        await run_task_async(fetch, "u", 7, key="hunter2")

    asyncio.run(main())
    shown = [each.attributes["otelwod.stage.args"] for each in recorded.ended if each.name == "get"]
    assert shown == ["{'url': 'u', 'args[1]': 7, 'key': [redacted]}"] * 2


def test_a_callable_without_a_signature_shows_no_positional_arguments(recorded: Any) -> None:
    class Opaque:
        """As a function of C that does not tell its parameters."""

        __signature__ = "unknown"
        __name__ = "connect"

        def __call__(self, *args: str, **kwargs: str) -> int:
            return len(args)

    connect = boundary("connect", capture="args")(Opaque())
    assert connect("hunter2", user="me") == 1
    assert run_task(connect, "hunter2", user="me").output == 1
    shown = [each.attributes["otelwod.stage.args"] for each in recorded.ended if each.name == "connect"]
    assert shown == ["{'user': 'me'}"] * 2


def test_calls_beyond_what_a_run_keeps_are_made_and_counted(monkeypatch: pytest.MonkeyPatch, outside: Outside) -> None:
    from otelwod.stages.taskrun import model, tape

    monkeypatch.setattr(model, "MAX_CALLS", 2)
    monkeypatch.setattr(tape, "MAX_CALLS", 2)
    job = job_of(outside)
    run = run_task(job, ["a", "b", "c", "key"])
    assert [each.input for each in run.calls] == [{"args": ["a"], "kwargs": {}}, {"args": ["b"], "kwargs": {}}]
    assert run.dropped == {"calls": 2}
    assert len(outside.asked) == 4
    assert isinstance(run.output, list)
    assert len(run.output) == 4
    with pytest.raises(UnknownCallError, match=r'ask\("c"\); 2 calls were beyond'):
        run_task(job, ["c"], mode="replay", record=kept(run))
