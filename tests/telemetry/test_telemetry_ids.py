from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, TraceIdRatioBased
from opentelemetry.trace import set_span_in_context

from otelwod.telemetry import PlannedIdGenerator, SeededIdGenerator
from otelwod.telemetry.ids import format_span_id, format_trace_id, planned_ids, session_trace_id, span_id_for


def tracer(provider: TracerProvider):
    return provider.get_tracer("test")


def test_hashes_are_the_same_in_every_release() -> None:
    assert format_trace_id(session_trace_id("fran", 1)) == "aa825341ae84fbd3280f4da9b82e90b9"
    assert format_trace_id(session_trace_id("fran", None)) == "5b40b2fd05c6d87c350fd9c93fae7d2d"
    assert format_span_id(span_id_for("fran", "0/0.1")) == "b156f025614de108"


@given(st.text(max_size=20), st.none() | st.integers(), st.text(max_size=20))
def test_ids_are_valid_and_fit(session: str, seed: int | None, key: str) -> None:
    assert 0 < session_trace_id(session, seed) < 1 << 128
    assert 0 < span_id_for(session, key) < 1 << 64
    assert len(format_trace_id(session_trace_id(session, seed))) == 32
    assert len(format_span_id(span_id_for(session, key))) == 16


def test_ids_differ_by_session_seed_and_key() -> None:
    traces = {session_trace_id(s, seed) for s in ("a", "b", "", "\ud800") for seed in (None, 0, 1, -1)}
    assert len(traces) == 16
    assert span_id_for("a", "bc") != span_id_for("ab", "c")
    assert len({span_id_for("s", f"0/{n}") for n in range(10_000)}) == 10_000


def test_ratio_samplers_stay_fair() -> None:
    sampler = TraceIdRatioBased(0.25)
    kept = sum(
        sampler.should_sample(None, session_trace_id(f"s{n}", None), "x").decision.is_sampled() for n in range(4000)
    )
    assert 850 < kept < 1150


def test_the_first_span_inside_gets_the_planned_ids_and_the_next_random_ones() -> None:
    provider = TracerProvider(id_generator=PlannedIdGenerator(), shutdown_on_exit=False)
    with planned_ids(7, 8):
        first = tracer(provider).start_span("first")
        second = tracer(provider).start_span("second")
    after = tracer(provider).start_span("after")
    assert (first.get_span_context().trace_id, first.get_span_context().span_id) == (7, 8)
    ids = [span.get_span_context() for span in (first, second, after)]
    assert len({context.trace_id for context in ids}) == len({context.span_id for context in ids}) == 3


def test_a_child_takes_the_span_id_and_keeps_its_parents_trace() -> None:
    provider = TracerProvider(id_generator=PlannedIdGenerator(), shutdown_on_exit=False)
    with planned_ids(7, 8):
        root = tracer(provider).start_span("root")
    with planned_ids(99, 9):
        child = tracer(provider).start_span("child", context=set_span_in_context(root))
        stray = tracer(provider).start_span("stray")
    assert (child.get_span_context().trace_id, child.get_span_context().span_id) == (7, 9)
    assert stray.get_span_context().trace_id != 99


def test_plans_nest_and_end_with_their_block() -> None:
    provider = TracerProvider(id_generator=PlannedIdGenerator(SeededIdGenerator(5)), shutdown_on_exit=False)
    with planned_ids(1, 2):
        with planned_ids(3, 4):
            inner = tracer(provider).start_span("inner").get_span_context()
        outer = tracer(provider).start_span("outer").get_span_context()
    assert (inner.trace_id, inner.span_id, outer.trace_id, outer.span_id) == (3, 4, 1, 2)


def test_a_plan_belongs_to_its_thread() -> None:
    provider = TracerProvider(id_generator=PlannedIdGenerator(), shutdown_on_exit=False)
    with planned_ids(7, 8), ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(tracer(provider).start_span, "elsewhere").result()
    assert elsewhere.get_span_context().span_id != 8


def test_a_dropped_span_has_the_planned_ids_too() -> None:
    provider = TracerProvider(id_generator=PlannedIdGenerator(), sampler=ALWAYS_OFF, shutdown_on_exit=False)
    with planned_ids(7, 8):
        span = tracer(provider).start_span("dropped")
    assert not span.is_recording()
    assert (span.get_span_context().trace_id, span.get_span_context().span_id) == (7, 8)


def test_a_seed_repeats_the_ids_that_are_not_planned() -> None:
    def ids(seed: int) -> list[int]:
        generator = SeededIdGenerator(seed)
        return [generator.generate_trace_id(), generator.generate_span_id(), generator.generate_span_id()]

    assert ids(1) == ids(1) != ids(2)
    assert not SeededIdGenerator(1).is_trace_id_random()
    assert not PlannedIdGenerator().is_trace_id_random()


@pytest.mark.parametrize("module", ["otelwod.telemetry", "otelwod.telemetry.ids", "otelwod.telemetry.buckets"])
def test_importing_loads_no_sdk(module: str) -> None:
    code = f"import {module}, sys; print([m for m in sys.modules if m.startswith('opentelemetry.sdk')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import otelwod.telemetry

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        otelwod.telemetry.nothing  # noqa: B018
