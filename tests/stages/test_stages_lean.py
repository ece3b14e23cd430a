"""The short way gives the very spans of the SDK, and is left wherever it might not."""

from __future__ import annotations

import json
import threading
from collections import deque
from copy import deepcopy
from importlib.util import find_spec
from typing import Any

import pytest
from opentelemetry import trace as trace_api
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.sdk import trace as sdk_trace
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider, sampling
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.util import BoundedList
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

from otelwod.stages import incoming_headers, outgoing_headers, span, stage
from otelwod.stages.lean import LeanTracer
from otelwod.stages.tracing import switch


class Counting(IdGenerator):
    """Ids that count up; says nothing, True or False about being random."""

    def __init__(self, random: bool = True) -> None:
        self.last = 0
        self.random = random
        self.asked: list[str] = []

    def generate_span_id(self) -> int:
        self.asked.append("span")
        self.last += 1
        return self.last

    def generate_trace_id(self) -> int:
        self.asked.append("trace")
        self.last += 1
        return self.last

    def is_trace_id_random(self) -> bool:
        return self.random


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many spans came by which way."""
    counts = {"short": 0, "sdk": 0}
    start, start_span = LeanTracer.start, sdk_trace.Tracer.start_span

    def counted(self: Any, *args: Any) -> Any:
        found = start(self, *args)
        counts["short" if found is not None else "sdk"] += 1
        return found

    monkeypatch.setattr(LeanTracer, "start", counted)
    assert start_span
    return counts


def same(one: Any, other: Any) -> None:
    """Two spans have the same fields with the same values; what belongs to one span is not shared."""
    assert type(one) is type(other)
    mine, theirs = vars(one), vars(other)
    assert mine.keys() == theirs.keys()
    for name in mine:
        a, b = mine[name], theirs[name]
        if isinstance(b, BoundedList):  # ours makes its fields when the SDK's code first asks for them
            assert isinstance(a, BoundedList), name
            assert type(a).__name__ == type(b).__name__
            assert (len(a), list(a), a.dropped) == (len(b), list(b), b.dropped) == (0, [], 0)
            assert vars(a) == {}
            assert repr(a) == repr(b)
            assert isinstance(a._dq, deque)
            assert a._dq is not b._dq
            with a._lock:
                assert a._lock.locked()
                assert not b._lock.locked()
            assert vars(a).keys() | {"dropped"} == vars(b).keys()
            continue
        assert type(a) is type(b), name
        if isinstance(a, BoundedAttributes):
            assert vars(a).keys() == vars(b).keys()
            assert {k: v for k, v in vars(a).items() if k != "_lock"} == {
                k: v for k, v in vars(b).items() if k != "_lock"
            }, name
            assert a is not b
            assert vars(a)["_lock"] is not vars(b)["_lock"]
            assert a._dict is not b._dict
        elif name == "_lock":
            assert a is not b
        else:
            assert a == b, name


class Adding(sampling.Sampler):
    """Adds an attribute that needs cleaning."""

    def should_sample(self, parent_context: Any, trace_id: int, name: str, *args: Any, **kwargs: Any) -> Any:
        attributes = {**args[1], "sampler": [1, 2]}
        return sampling.SamplingResult(sampling.Decision.RECORD_ONLY, attributes, TraceState([("s", name)]))

    def get_description(self) -> str:
        return "adding"


@pytest.mark.parametrize(
    "sampler",
    [
        sampling.ALWAYS_ON,
        sampling.DEFAULT_ON,
        sampling.ParentBased(sampling.ALWAYS_ON),
        sampling.TraceIdRatioBased(0.5),  # the ids here are small: always sampled
        Adding(),
    ],
)
@pytest.mark.parametrize("random", [True, False])
@pytest.mark.parametrize(
    "parent",
    [
        None,
        SpanContext(9, 8, False, TraceFlags(1), TraceState([("k", "v")])),
        SpanContext(9, 8, True, TraceFlags(1)),
        SpanContext(9, 8, True, TraceFlags(3)),
        SpanContext(9, 8, True, TraceFlags(0)),
        SpanContext(9, 8, False, TraceFlags(2)),
        SpanContext(0, 0, False),
    ],
)
@pytest.mark.parametrize("limits", [SpanLimits(), SpanLimits(max_events=None, max_span_attributes=3, max_links=2)])
def test_field_for_field_the_same_as_the_sdk_s(sampler: Any, random: bool, parent: Any, limits: Any) -> None:
    seen = []

    class Seeing(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            seen.append((span, dict(parent_context)))

    provider = TracerProvider(
        sampler=sampler, id_generator=Counting(random), span_limits=limits, shutdown_on_exit=False
    )
    provider.add_span_processor(Seeing())
    tracer = provider.get_tracer("otelwod")
    context = trace_api.set_span_in_context(NonRecordingSpan(parent)) if parent else Context()
    attributes = {"a": 1, "b": ("x", "y")}
    lean = LeanTracer(tracer)
    assert lean.usable
    assert lean.start("name", SpanKind.CLIENT, attributes, context, 5) is None  # nothing is known yet
    ids = provider.id_generator
    ids.last = 100
    genuine = tracer.start_span("name", context, SpanKind.CLIENT, attributes, None, 5)
    order = ids.asked[:]
    lean.learn(genuine, context)
    ids.last = 100
    ids.asked.clear()
    short = lean.start("name", SpanKind.CLIENT, attributes, context, 5)
    if short is None:
        never_recorded = isinstance(genuine, NonRecordingSpan)
        assert never_recorded or (parent is not None and not parent.is_valid)
        return
    assert ids.asked == order
    short, held = short
    assert held is None or held is short._attributes._dict
    assert (held is None) == (limits.max_span_attributes == 3 or not short.is_recording())
    same(short, genuine)
    assert [found for found, _ in seen] == [genuine, short]
    assert seen[0][1] == seen[1][1]
    for found in (short, genuine):
        found.add_event("event", {"k": 1})
        found.set_attribute("c", 2)
        found.set_attribute("d", 3)
        found.set_status(StatusCode.ERROR, "bad")
        found.add_link(SpanContext(3, 4, False))
        found.end(9)
        assert not found.is_recording()
    one, two = (json.loads(found.to_json()) for found in (short, genuine))
    for dump in (one, two):
        dump["events"][0].pop("timestamp")
    assert one == two


def test_a_span_s_own_state_is_its_own(recorded: Any, ways: Any) -> None:
    with span("first"):
        pass
    with span("second") as opened:
        opened.set_attribute("k", 1)
        opened.add_event("e")
        opened.set_status(StatusCode.ERROR)
    with span("third"):
        pass
    assert ways == {"short": 2, "sdk": 1}
    assert dict(recorded.one("third").attributes) == {"otelwod.stage.name": "third", "otelwod.phase": "work"}
    assert recorded.one("third").events == ()
    assert recorded.one("third").status.status_code is StatusCode.UNSET


def _short_span(limits: SpanLimits | None = None) -> Any:
    tracer = TracerProvider(span_limits=limits, shutdown_on_exit=False).get_tracer("x")
    lean = LeanTracer(tracer)
    lean.learn(tracer.start_span("s"), Context())
    found = lean.start("s", SpanKind.INTERNAL, {}, Context(), 1)
    assert found is not None
    return found[0]


def test_a_span_without_events_and_links_holds_no_room_for_them() -> None:
    found = _short_span()
    found.end(2)
    assert vars(found._events) == vars(found._links) == {}
    assert (found.events, found.links, found.dropped_events, found.dropped_links) == ((), (), 0, 0)
    assert vars(found._events) == vars(found._links) == {}


def test_events_and_links_are_bounded_as_the_sdk_bounds_them() -> None:
    found = _short_span(SpanLimits(max_events=2, max_links=1))
    ended = found._readable_span()  # shares the lists, filled or not
    for number in range(5):
        found.add_event(f"e{number}")
        found.add_link(SpanContext(3, 4 + number, False))
    assert [event.name for event in ended.events] == ["e3", "e4"]
    assert [link.context.span_id for link in ended.links] == [8]
    assert (ended.dropped_events, ended.dropped_links) == (3, 4)
    assert found._events[0].name == "e3"
    assert not hasattr(found._links, "else")


@pytest.mark.skipif(not hasattr(BoundedList, "__deepcopy__"), reason="this SDK's lists cannot be copied")
def test_a_copy_of_events_is_a_copy() -> None:
    found = _short_span()
    assert list(deepcopy(found._events)) == []
    found.add_event("before")
    copied = deepcopy(found._events)
    found.add_event("after")
    assert [event.name for event in copied] == ["before"]


def test_events_from_many_threads_at_once_are_all_kept() -> None:
    found = _short_span(SpanLimits(max_events=1000))
    barrier = threading.Barrier(4)

    def add() -> None:
        barrier.wait()
        for number in range(100):
            found.add_event(str(number))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found.events) == 400


def test_a_generator_of_ids_that_is_put_in_later_is_asked(recorded: Any) -> None:
    for _ in range(2):
        with span("s"):
            pass
    switch.tracer.id_generator = Counting(random=False)  # type: ignore[union-attr]
    for _ in range(2):
        with span("s"):
            pass
    assert [found.context.span_id for found in recorded.ended][2:] == [2, 4]
    assert [found.context.trace_flags for found in recorded.ended][2:] == [1, 1]


def test_ids_out_of_range_make_the_invalid_context_that_the_sdk_makes(recorded: Any) -> None:
    for _ in range(2):
        with span("s"):
            pass
    ids: Any = switch.tracer.id_generator  # type: ignore[union-attr]
    for wrong in (0, 1 << 64):
        ids.generate_span_id = lambda wrong=wrong: wrong
        with span("s"):
            pass
    assert [found.context.is_valid for found in recorded.ended] == [True, True, False, False]


def test_a_remote_parent_is_learned_by_its_flags(recorded: Any, ways: Any) -> None:
    with span("root"):
        headers = outgoing_headers()
    for flags in ("01", "03", "01", "03", "00"):
        with incoming_headers({"traceparent": f"{headers['traceparent'][:-2]}{flags}"}), span(flags):
            pass
    assert ways == {"short": 2, "sdk": 4}
    assert recorded.names == ["root", "01", "03", "01", "03"]


def test_attributes_of_a_processor_are_not_learned(recorded: Any, ways: Any) -> None:
    class Marking(SpanProcessor):
        def __init__(self) -> None:
            self.count = 0

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            self.count += 1
            span.set_attribute("mark", self.count)
            if self.count == 1:
                span.set_status(StatusCode.ERROR, "first")

    recorded.provider.add_span_processor(Marking())
    for number in range(4):
        with span(f"s{number}"):
            pass
    assert [found.attributes["mark"] for found in recorded.ended] == [1, 2, 3, 4]
    assert [found.status.status_code for found in recorded.ended] == [StatusCode.ERROR, *[StatusCode.UNSET] * 3]
    assert ways == {"short": 2, "sdk": 2}


def test_fields_that_a_processor_adds_end_the_short_way(recorded: Any, ways: Any) -> None:
    class Adding(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            span._mine = len(recorded.started)

    recorded.provider.add_span_processor(Adding())
    for _ in range(3):
        with span("s"):
            pass
    assert [found._mine for found in recorded.started] == [1, 2, 3]
    assert ways == {"short": 0, "sdk": 1}


@pytest.mark.skipif(not hasattr(TracerProvider, "_update_resource"), reason="this SDK never changes a resource")
def test_a_changed_resource_is_noticed(recorded: Any, ways: Any) -> None:
    from opentelemetry.sdk.resources import Resource

    for _ in range(2):
        with span("before"):
            pass
    recorded.provider._update_resource(Resource({"pid": 7}))  # as in a forked child
    for _ in range(2):
        with span("after"):
            pass
    assert [found.resource.attributes.get("pid") for found in recorded.ended] == [None, None, 7, 7]
    assert ways == {"short": 2, "sdk": 2}


def test_a_sampler_that_is_put_in_later_is_asked(recorded: Any) -> None:
    with span("s"):
        pass
    with span("s"):
        pass
    switch.tracer.sampler = sampling.ALWAYS_OFF  # type: ignore[union-attr]
    with span("dropped"):
        pass
    assert recorded.names == ["s", "s"]


@pytest.mark.skipif(not hasattr(TracerProvider, "_set_tracer_configurator"), reason="not in this SDK")
def test_a_tracer_that_is_switched_off_makes_no_spans(recorded: Any) -> None:
    for _ in range(2):
        with span("s"):
            pass
    recorded.provider._set_tracer_configurator(tracer_configurator=sdk_trace._disable_tracer_configurator)
    with span("off"):
        pass
    assert recorded.names == ["s", "s"]


def test_a_sampler_that_decides_is_asked_each_time(ways: Any) -> None:
    """Half of the traces are dropped, and below a dropped root all of it."""
    provider = TracerProvider(
        sampler=sampling.ParentBased(sampling.TraceIdRatioBased(0.5)), id_generator=Counting(), shutdown_on_exit=False
    )
    trace_api._TRACER_PROVIDER = provider
    generator: Any = provider.id_generator
    seen = []
    for number in range(6):
        generator.last = 0 if number % 2 == 0 else 1 << 63
        with span("root") as root, span("child") as child:
            seen.append((root.is_recording(), child.is_recording()))
            one, other = root.get_span_context(), child.get_span_context()
            assert one.trace_id == other.trace_id
            assert one.span_id != other.span_id
            random = 2 if hasattr(IdGenerator, "is_trace_id_random") else 0
            assert one.trace_flags == other.trace_flags == random + (1 if number % 2 == 0 else 0)
    assert seen == [(True, True), (False, False)] * 3
    assert ways == {"short": 9, "sdk": 3}


def test_a_limit_on_the_length_of_values_is_left_to_the_sdk() -> None:
    provider = TracerProvider(span_limits=SpanLimits(max_span_attribute_length=3), shutdown_on_exit=False)
    tracer = provider.get_tracer("x")
    lean = LeanTracer(tracer)
    lean.learn(tracer.start_span("s"), Context())
    assert not lean.usable


def test_more_attributes_than_the_limit_are_left_to_the_sdk(ways: Any) -> None:
    provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=2), shutdown_on_exit=False)
    trace_api._TRACER_PROVIDER = provider

    @stage(attributes={"a": 1, "b": 2, "c": 3})
    def many() -> Any:
        return dict(trace_api.get_current_span().attributes)

    @stage("few", phase="work")
    def few() -> int:
        return len(trace_api.get_current_span().attributes)

    assert list(many()) == list(many()) == ["b", "c"]
    assert few() == few() == 2
    with span("one") as opened:
        pass
    assert dict(opened.attributes) == {"otelwod.stage.name": "one", "otelwod.phase": "work"}


def test_patched_code_of_the_sdk_is_respected(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = sdk_trace.Tracer.start_span

    def patched(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return original(self, f"patched {name}", *args, **kwargs)

    monkeypatch.setattr(sdk_trace.Tracer, "start_span", patched)
    for _ in range(3):
        with span("s"):
            pass
    assert recorded.names == ["patched s"] * 3


@pytest.mark.parametrize("missing", ["_Span", "BoundedList"])
def test_an_sdk_that_looks_different_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("x")
    assert LeanTracer(tracer).usable
    monkeypatch.delattr(sdk_trace, missing)
    assert not LeanTracer(tracer).usable


def test_links_go_by_the_sdk(recorded: Any, ways: Any) -> None:
    for _ in range(3):
        with span("linked", links=[trace_api.Link(SpanContext(1, 2, False))]):
            pass
    assert ways == {"short": 0, "sdk": 0}
    assert [len(found.links) for found in recorded.ended] == [1, 1, 1]


@pytest.mark.skipif(find_spec("opentelemetry.sdk.trace._tracer_metrics") is None, reason="not in this SDK")
def test_the_sdk_s_metrics_of_itself_keep_the_sdk_s_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", "true")
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("x")
    lean = LeanTracer(tracer)
    lean.learn(tracer.start_span("s"), Context())
    assert not lean.usable


def test_a_span_that_the_host_ended_itself_is_left_alone(recorded: Any, api_log: Any) -> None:
    for _ in range(2):
        with span("s") as opened:
            opened.end()
    assert all("otelwod.phase" not in found.attributes for found in recorded.ended)
    assert api_log.records == []
    assert recorded.names == ["s", "s"]


def test_the_short_way_belongs_to_one_tracer(recorded: Any) -> None:
    with span("s"):
        pass
    lean = switch.lean
    assert lean is not None
    assert lean.usable
    trace_api._TRACER_PROVIDER = TracerProvider(shutdown_on_exit=False)
    with span("s"):
        pass
    assert switch.lean is not lean
    assert not LeanTracer(trace_api.NoOpTracer()).usable
