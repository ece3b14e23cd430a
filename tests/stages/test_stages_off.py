"""Off means off: no provider, SDK disabled, or suppressed; and what changes later is noticed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.sdk.trace import TracerProvider

from otelwod.stages import annotate, span, stage, start_span
from otelwod.stages.block import Stage
from otelwod.stages.tracing import Switch, _AskingHolder, switch


@pytest.fixture
def no_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that is off must not even begin."""

    def begin(*_: object, **__: object) -> None:
        raise AssertionError("a stage began")

    switch.look()
    monkeypatch.setattr(Stage, "begin", begin)


def everything() -> None:
    @stage
    def function(x: int) -> int:
        return x

    @stage
    async def coroutine(x: int) -> int:
        return x

    @stage
    def generator() -> Any:
        yield 1

    @stage
    async def async_generator() -> Any:
        yield 1

    async def consume() -> list[int]:
        return [item async for item in async_generator()]

    assert function(1) == 1
    assert asyncio.run(coroutine(2)) == 2
    assert list(generator()) == [1]
    assert asyncio.run(consume()) == [1]
    with span("block") as found:
        annotate("key", 1)
        assert found is trace_api.INVALID_SPAN
    opened = start_span("open")
    assert not opened.is_recording()
    opened.end()


def test_without_a_provider_a_stage_calls_straight_through(no_begin: None) -> None:
    everything()


def test_with_the_sdk_disabled_a_stage_calls_straight_through(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    trace_api._TRACER_PROVIDER = TracerProvider(shutdown_on_exit=False)
    request.getfixturevalue("no_begin")
    everything()


@pytest.mark.parametrize(
    "key", [context_api._SUPPRESS_INSTRUMENTATION_KEY, "suppress_instrumentation"], ids=["of the SDK", "of others"]
)
def test_suppressed_instrumentation_makes_no_spans(recorded: Any, key: str) -> None:
    token = context_api.attach(context_api.set_value(key, True))
    try:
        everything()
    finally:
        context_api.detach(token)
    assert recorded.started == []
    with span("again"):
        pass
    assert recorded.names == ["again"]


def test_suppression_inside_a_span_keeps_notes_off_it(recorded: Any) -> None:
    with span("outer"):
        token = context_api.attach(context_api.set_value("suppress_instrumentation", True))
        annotate("hidden", 1)
        context_api.detach(token)
        annotate("shown", 1)
    assert "hidden" not in recorded.one("outer").attributes
    assert recorded.one("outer").attributes["shown"] == 1


def test_a_provider_that_is_set_later_or_replaced_is_noticed(request: pytest.FixtureRequest) -> None:
    @stage
    def work() -> int:
        return 1

    assert work() == 1
    first = request.getfixturevalue("recorded")
    work()
    assert first.names == ["work"]
    replaced = type(first)(TracerProvider(shutdown_on_exit=False))
    replaced.provider.add_span_processor(replaced)
    trace_api._TRACER_PROVIDER = replaced.provider
    work()
    assert (first.names, replaced.names) == (["work"], ["work"])
    trace_api._TRACER_PROVIDER = None
    work()
    assert (first.names, replaced.names) == (["work"], ["work"])


def test_a_sampler_that_drops_gives_no_spans_and_keeps_the_trace_id(recorded: Any) -> None:
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    trace_api._TRACER_PROVIDER = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)

    @stage(capture=("args", "result"), items=lambda result: result)
    def inner(x: int) -> int:
        return trace_api.get_current_span().get_span_context().trace_id

    @stage
    def outer() -> tuple[int, int]:
        return inner(1), trace_api.get_current_span().get_span_context().trace_id

    one, two = outer()
    assert one == two != 0


def test_a_foreign_provider_works_by_the_api_alone() -> None:
    """A tracer of another make, that knows nothing but the API."""
    ended = []

    class Foreign(trace_api.NonRecordingSpan):
        def end(self, end_time: int | None = None) -> None:
            ended.append(end_time)

    class Tracer(trace_api.Tracer):
        def start_span(self, name: str, *args: Any, **kwargs: Any) -> trace_api.Span:
            return Foreign(trace_api.SpanContext(1, 2, False))

        def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError

    class Provider(trace_api.TracerProvider):
        def get_tracer(self, *args: Any, **kwargs: Any) -> trace_api.Tracer:
            return Tracer()

    trace_api._TRACER_PROVIDER = Provider()

    @stage
    def work() -> Any:
        return trace_api.get_current_span()

    assert isinstance(work(), Foreign)
    assert len(ended) == 1


def test_an_api_that_keeps_its_provider_elsewhere_is_asked(recorded: Any) -> None:
    holder = _AskingHolder()
    assert holder._TRACER_PROVIDER is recorded.provider
    trace_api._TRACER_PROVIDER = None
    assert holder._TRACER_PROVIDER is None


def test_a_new_switch_has_not_decided() -> None:
    assert Switch().silent is not None
    assert Switch().tracer is None


def test_importing_loads_no_sdk() -> None:
    code = (
        "import sys, otelwod.stages as s\n"
        "f = s.stage(lambda x: x)\n"
        "assert f(1) == 1\n"
        "with s.span('x'): s.metric('m', 1); s.annotate('k', 1); s.log('info', 'm')\n"
        "found = [m for m in sys.modules if m.startswith('opentelemetry.sdk')]\n"
        "assert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_runtime_context_of_another_make_is_served(tmp_path: Any) -> None:
    """OTEL_PYTHON_CONTEXT may name a context that is no context variable: then only the API is used."""
    (tmp_path / "foreign_context.py").write_text(
        "from opentelemetry.context.context import Context, _RuntimeContext\n"
        "class Foreign(_RuntimeContext):\n"
        "    def __init__(self): self.stack = [Context()]\n"
        "    def attach(self, context): self.stack.append(context); return len(self.stack)\n"
        "    def get_current(self): return self.stack[-1]\n"
        "    def detach(self, token): del self.stack[token - 1:]\n"
    )
    code = (
        "import opentelemetry.context as c, foreign_context\n"
        "c._RUNTIME_CONTEXT = foreign_context.Foreign()\n"
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
        "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\n"
        "import otelwod.stages as s\n"
        "memory = InMemorySpanExporter(); p = TracerProvider(); p.add_span_processor(SimpleSpanProcessor(memory))\n"
        "trace.set_tracer_provider(p)\n"
        "@s.stage\n"
        "def child():\n"
        "    yield 1\n"
        "@s.stage\n"
        "def parent(): return list(child())\n"
        "assert parent() == [1]\n"
        "a, b = memory.get_finished_spans()\n"
        "assert (a.name, b.name, a.parent.span_id) == ('child', 'parent', b.context.span_id)\n"
        "assert len(c._RUNTIME_CONTEXT.stack) == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
