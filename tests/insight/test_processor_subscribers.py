"""Who is told of complete traces, when, and that a slow one keeps nobody waiting."""

from __future__ import annotations

import threading

import pytest
from processor_programs import Program

from otelwod.insight.live.subscribers import MOST_WAITING
from otelwod.trace import Trace


def test_subscribers_get_complete_traces_until_they_leave_or_fail(caplog: pytest.LogCaptureFixture) -> None:
    program = Program()
    seen: list[Trace] = []
    leave = program.processor.subscribe(seen.append)

    failures = []

    def broken(found: Trace) -> None:
        failures.append(found)
        raise SystemExit(3)

    program.processor.subscribe(broken)
    root = program.timed("request", 1_000, None)
    program.timed("query", 1_100, 1_200, root)
    program.processor.force_flush()
    assert seen == []
    root.end(2_000)
    program.processor.force_flush()
    assert [len(found) for found in seen] == [2]
    assert "SystemExit" in caplog.text
    leave()
    leave()
    program.serial([("a", 1)])
    program.processor.force_flush()
    assert len(seen) == 1
    assert len(failures) == 1, "one that raises is not called again"


def test_a_slow_subscriber_keeps_nobody_waiting() -> None:
    program = Program(background=True)
    begun, go_on = threading.Event(), threading.Event()
    seen: list[Trace] = []

    def slow(found: Trace) -> None:
        begun.set()
        go_on.wait(30)
        seen.append(found)

    program.processor.subscribe(slow)
    try:
        program.serial([("a", 1)])
        assert program.processor.report().span_count == 2
        assert begun.wait(30)
        assert not program.processor.force_flush(0), "not in time"
        for _ in range(MOST_WAITING + 3):
            program.timed("b", 1, 2)
        assert program.processor.summary().untold == 3
        assert seen == []
    finally:
        go_on.set()
    assert program.processor.force_flush(), "all have been told"
    assert len(seen) == 1 + MOST_WAITING
    program.provider.shutdown()


def test_a_subscriber_may_ask_and_flush() -> None:
    program = Program(background=True)
    answers: list[tuple[int, bool]] = []
    program.processor.subscribe(
        lambda _: answers.append((program.processor.report().span_count, program.processor.force_flush()))
    )
    program.serial([("a", 1)])
    assert program.processor.force_flush()
    assert answers == [(2, True)]
    program.provider.shutdown()


def test_what_went_before_its_turn_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    program = Program(max_traces=1)
    seen: list[Trace] = []
    leave = program.processor.subscribe(seen.append)
    program.timed("a", 1, 2)
    program.timed("b", 1, 2)
    program.processor.summary()
    assert program.processor.force_flush(0) or program.processor.force_flush()
    assert len(seen) == 1
    assert program.processor.summary().untold == 1
    leave()
