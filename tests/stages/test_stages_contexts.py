"""Blocks that are entered again, and generators whose steps run in contexts of their own."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

from opentelemetry import trace

from otelwod.stages import span, stage, wait


def parents(recorded: Any) -> dict[str, str | None]:
    names = {s.context.span_id: s.name for s in recorded.ended}
    return {s.name: names.get(s.parent.span_id) if s.parent else None for s in recorded.ended}


def test_a_generator_that_goes_on_in_another_context_at_every_step(recorded: Any) -> None:
    @stage
    def rows() -> Any:
        for number in range(3):
            with span(f"row{number}"):
                yield number

    iterator = rows()
    for _ in range(4):
        contextvars.copy_context().run(next, iterator, None)
    name = next(n for n in parents(recorded) if n.endswith("rows"))
    assert parents(recorded) == {name: None, "row0": name, "row1": name, "row2": name}
    assert not trace.get_current_span().is_recording()


def test_a_block_entered_again_while_it_is_open(recorded: Any) -> None:
    block = wait("queue")
    with block, block, span("inner"):
        pass
    assert len(recorded.ended) == 3
    assert not trace.get_current_span().is_recording()


def test_a_block_shared_by_threads(recorded: Any) -> None:
    block, barrier, left = span("shared"), threading.Barrier(4), []

    def work() -> None:
        for _ in range(20):
            with block:
                barrier.wait()
        left.append(trace.get_current_span().is_recording())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left == [False] * 4
    assert len(recorded.ended) == 80
