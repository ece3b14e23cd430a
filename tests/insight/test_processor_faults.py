"""Never hurting the host: poisoned spans, a processor broken on purpose, forks, exit codes."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from processor_programs import Program

from otelwod.insight import processor as module
from otelwod.insight.live import book, intake
from otelwod.insight.live.attribution import Ledger
from otelwod.insight.live.book import Book
from otelwod.insight.live.tally import Tallies, Tally
from otelwod.insight.processor import PerformanceProcessor

POISONED = [
    ("names", lambda p: p.timed("\ud800", 1, 2)),
    ("a number as a name", lambda p: p.tracer.start_span(5).end()),  # type: ignore[arg-type]
    ("a list as a name", lambda p: p.tracer.start_span(["a"]).end()),  # type: ignore[arg-type]
    ("negative", lambda p: p.timed("x", -5, -1)),
    ("backwards", lambda p: p.timed("x", 20, 10)),
    ("floats", lambda p: p.timed("x", 1.5, 2.5)),
    ("texts", lambda p: p.timed("x", "yesterday", "today")),
    ("beyond", lambda p: p.timed("x", 1, 10**400)),
    ("64 bits", lambda p: p.timed("x", 1, 2**64)),
]


@pytest.mark.parametrize(("what", "make"), POISONED)
def test_a_poisoned_span_harms_only_itself(what: str, make: object) -> None:
    program = Program()
    program.serial([("good", 10)])
    make(program)  # type: ignore[operator]
    program.serial([("good", 20)])
    summary = program.processor.summary()
    assert summary.disabled == ""
    assert summary.ended == 5
    assert next(use for use in summary.operations if use.operation == "good").total_ns == 30
    json.dumps(program.processor.report().to_dict())


def test_a_span_of_another_make() -> None:
    program = Program()
    context = trace.SpanContext(5, 6, is_remote=False)
    program.processor.on_end(ReadableSpan("bare", context, start_time=10, end_time=30))
    program.processor.on_end(ReadableSpan("no context", start_time=10, end_time=30))
    program.processor.on_end(object())  # type: ignore[arg-type]
    summary = program.processor.summary()
    assert [(use.operation, use.total_ns) for use in summary.operations] == [("bare", 20)]
    assert summary.unreadable == 2
    assert not program.processor.disabled


def boom(*_: object, **__: object) -> None:
    raise RuntimeError("broken on purpose")


BREAKS = [
    (intake, "is_plain"),
    (intake, "tag_of"),
    (intake, "_get_last"),
    (intake, "_set_last"),
    (Book, "take"),
    (Book, "operation"),
    (Book, "expire"),
    (Book, "open_traces"),
    (Ledger, "add"),
    (Ledger, "result"),
    (Tallies, "add"),
    (Tallies, "attribute"),
    (Tally, "add"),
    (Book, "_complete"),
    (Book, "_settle"),
    (Book, "_close"),
    (Book, "_make_room"),
    (Book, "_hold"),
    (book, "rows_of"),
    (PerformanceProcessor, "_press"),
    (PerformanceProcessor, "_take"),
]


@pytest.mark.parametrize(("owner", "name"), BREAKS)
def test_a_broken_processor_leaves_the_host_alone_and_says_so(
    owner: object, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = Program()
    program.processor._limit = 1
    monkeypatch.setattr(owner, name, boom)
    monkeypatch.setattr(module, "RING", 1)

    def host(number: int) -> int:
        with program.tracer.start_as_current_span("work") as span:
            span.set_attribute("otelwod.phase", "work")
            if number == 3:
                raise KeyError("the host's own")
            return number * 2

    with caplog.at_level(logging.WARNING):
        assert [host(number) for number in range(3)] == [0, 2, 4]
        with pytest.raises(KeyError, match="the host's own") as caught:
            host(3)
        for _ in range(5):
            host(1)
            program.processor.force_flush()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(program.exported.spans) == 9, "other processors go on"
    assert program.processor.disabled
    assert caplog.text.count("is disabled after 3 internal errors") == 1
    assert program.processor.disabled.split()[0] in ("RuntimeError", "AttributeError")
    program.provider.shutdown()


def test_not_even_a_failing_log_handler_hurts(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program()
    monkeypatch.setattr(intake, "is_plain", boom)
    monkeypatch.setattr(logging.getLogger("otelwod.insight"), "warning", boom)
    for _ in range(5):
        program.timed("x", 1, 2, attributes={"a": 1})
    assert program.processor.disabled


def test_the_hosts_own_interrupt_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    program = Program()
    monkeypatch.setattr(intake, "is_plain", interrupted)
    with pytest.raises(KeyboardInterrupt):
        program.timed("x", 1, 2, attributes={"a": 1})


PROGRAM = """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from otelwod.insight.processor import PerformanceProcessor
provider = TracerProvider()
processor = PerformanceProcessor(report_at_exit=True)
provider.add_span_processor(processor)
tracer = provider.get_tracer("t")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + code], capture_output=True, text=True, timeout=60, env=environ
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_begins_anew() -> None:
    ran = run(
        """
with tracer.start_as_current_span("before"):
    pass
processor.force_flush()
root = tracer.start_span("open at the fork")
with processor._lock:  # as if the fork caught the thread in the book
    child = os.fork()
if child == 0:
    with tracer.start_as_current_span("in the child"):
        pass
    names = [use.operation for use in processor.summary().operations]
    ok = names == ["in the child"] and processor.open_spans() == ()
    os._exit(0 if ok else 9)
status = os.waitpid(child, 0)[1]
root.end()
names = sorted(use.operation for use in processor.summary().operations)
assert names == ["before", "open at the fork"], names
sys.exit(os.waitstatus_to_exitcode(status))
"""
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    assert "2 spans" in ran.stderr


def test_exit_code_and_traceback_stay_the_hosts() -> None:
    ran = run(
        """
with tracer.start_as_current_span("work"):
    pass
sys.exit(7)
"""
    )
    assert (ran.returncode, ran.stdout) == (7, "")
    assert "`work`" in ran.stderr
    closed = run("with tracer.start_as_current_span('work'):\n    pass\nsys.stderr.close()")
    assert closed.returncode == 0
