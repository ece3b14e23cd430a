"""Somebody else's interval timer, tracked: every metric finds its span. Run: python examples/foreign_timer.py"""

from collections.abc import Iterator
from typing import Literal

from otelwod import ExecutionTracker

SECOND = 1_000_000_000


def interval_timer(rounds: int, work: int, rest: int) -> Iterator[tuple[int, Literal["work", "rest", "end"], int]]:
    """The foreign runtime: (second, what begins, round). It knows nothing of otelwod."""
    for number in range(rounds):
        yield number * (work + rest), "work", number
        yield number * (work + rest) + work, "rest", number
    yield rounds * (work + rest), "end", rounds


tracker = ExecutionTracker("Rowing intervals", clock=lambda: 0)
tracker.start_span("timer", "3 x :40/:20", {"otelwod.timer.direction": "down", "otelwod.timer.planned": 180.0})
for second, what, number in interval_timer(rounds=3, work=40, rest=20):
    if what == "end":
        tracker.close(at=second * SECOND)
        break
    if what == "work":
        tracker.start_segment("round", index=number, at=second * SECOND)
    tracker.start_segment(what, at=second * SECOND)
    tracker.record_metric("distance", 180 + number, "m", at=(second + 15) * SECOND)
for s in tracker.spans.completed[0].segments:
    print(f"{s.label:8} {s.duration_ns // SECOND} s  {[m.value for m in s.metrics]} {[m.reason for m in s.rejected]}")
