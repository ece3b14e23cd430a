"""The stack of open spans and its clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context

from otelwod.tracking import ActiveSpan, ActiveSpans, DepthError


def test_enter_exit_current_and_by_id() -> None:
    spans: ActiveSpans[str] = ActiveSpans()
    assert spans.current is None
    assert spans.context() is None
    for t, key in enumerate("abc"):
        spans.enter(key, key.upper(), t)
    assert [e.key for e in spans.active] == ["a", "b", "c"]
    assert spans.current == ActiveSpan("c", "C", 2, 2)
    assert spans.by_id("b") == ActiveSpan("b", "B", 1, 1)
    assert spans.by_id("x") is None
    assert [e.key for e in spans.exit("b")] == ["c", "b"]
    assert spans.exit("b") == ()
    assert spans.current is not None
    assert spans.current.key == "a"


def test_depth_and_keys_are_checked_before_anything_changes() -> None:
    spans: ActiveSpans[None] = ActiveSpans(max_depth=2)
    spans.enter("a", None, 0)
    with pytest.raises(ValueError, match="'a' is open already"):
        spans.enter("a", None, 1)
    spans.enter("b", None, 1)
    with pytest.raises(DepthError, match="'c' would be nested 3 deep, the maximum is 2: end a span first"):
        spans.enter("c", None, 2)
    assert [e.key for e in spans.active] == ["a", "b"]
    with pytest.raises(ValueError, match="at least 1"):
        ActiveSpans(max_depth=0)


def test_the_clock_stands_still_in_a_pause() -> None:
    spans: ActiveSpans[None] = ActiveSpans()
    spans.enter("a", None, 0)
    spans.pause(10)
    spans.pause(15)
    assert spans.paused
    assert spans.elapsed("a", 30) == 10
    spans.enter("b", None, 20)
    assert spans.elapsed("b", 30) == 0
    spans.resume(30)
    spans.resume(35)
    assert not spans.paused
    assert (spans.elapsed("a", 40), spans.elapsed("b", 40)) == (20, 10)
    with pytest.raises(KeyError):
        spans.elapsed("x", 40)


def test_snapshots_go_back_exactly() -> None:
    spans: ActiveSpans[None] = ActiveSpans()
    spans.enter("a", None, 0)
    before = spans.snapshot()
    spans.enter("b", None, 5)
    spans.pause(6)
    spans.restore(before)
    assert [e.key for e in spans.active] == ["a"]
    assert spans.elapsed("a", 10) == 10


def test_the_context_is_asked_of_the_current_span() -> None:
    contexts = {"a": Context(), "b": Context({"b": 1})}
    spans: ActiveSpans[None] = ActiveSpans(context_of=lambda entry: contexts[entry.key])
    assert spans.context() is None
    spans.enter("a", None, 0)
    spans.enter("b", None, 0)
    assert spans.context() is contexts["b"]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["enter", "exit", "pause", "resume"]), st.integers(0, 9))))
def test_elapsed_is_the_sum_of_the_unpaused_parts(steps: list[tuple[int, str, int]]) -> None:
    spans: ActiveSpans[None] = ActiveSpans()
    open_keys: list[str] = []
    unpaused: dict[str, int] = {}
    now, paused = 0, False
    for number, (wait, what, which) in enumerate(steps):
        now += wait
        if not paused:
            for key in open_keys:
                unpaused[key] += wait
        match what:
            case "enter":
                key = f"k{number}"
                spans.enter(key, None, now)
                open_keys.append(key)
                unpaused[key] = 0
            case "exit" if open_keys:
                which %= len(open_keys)
                spans.exit(open_keys[which])
                del open_keys[which:]
            case "pause":
                spans.pause(now)
                paused = True
            case "resume":
                spans.resume(now)
                paused = False
        assert [e.key for e in spans.active] == open_keys
        assert all(spans.elapsed(key, now) == unpaused[key] for key in open_keys)
