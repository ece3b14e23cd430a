"""Which rows of a tree are shown, and how a round is called."""

from __future__ import annotations

from otelwod import conventions as c
from otelwod.insight import analyze_traces
from otelwod.trace import SpanRecord, Trace
from otelwod.views.console import render_workout
from otelwod.views.tree import choose, outline

# a root with two children, each with three: weights favour the later ones
PARENTS = [-1, 0, 1, 1, 1, 0, 5, 5, 5]
WEIGHTS = [(100,), (50,), (1,), (20,), (29,), (50,), (2,), (20,), (28,)]


def rows(limit: int, depth: int = 9) -> list[int | str]:
    shown = choose(PARENTS, WEIGHTS, limit, depth)
    return [row.at if row.at is not None else f"{row.hidden} more" for row in outline(PARENTS, shown)]


def test_all_fit() -> None:
    assert rows(9) == list(range(9))


def test_a_single_row_is_never_hidden_behind_its_own_count() -> None:
    assert rows(7) == list(range(9))


def test_two_are() -> None:
    assert rows(5) == [0, 1, 4, "2 more", 5, 8, "2 more"]


def test_nothing_deeper_than_asked() -> None:
    assert rows(4, depth=2) == [0, 1, "3 more", 5, "3 more"]


def test_a_round_says_of_how_many_it_is_one() -> None:
    def span(number: int, parent: int | None, name: str, **attributes: str | int) -> SpanRecord:
        identity = f"{number:016x}"
        above = None if parent is None else f"{parent:016x}"
        keys = {"type": c.BLOCK_TYPE, "segment": c.SEGMENT_TYPE, "total": c.ROUND_TOTAL, "phase": c.PHASE}
        return SpanRecord(
            "1" * 32,
            identity,
            above,
            name,
            0,
            10**10,
            attributes={keys[key]: value for key, value in attributes.items()},
        )

    records = [
        span(1, None, "Five", type="session"),
        span(2, 1, "5 Rounds", type="rounds", total=5),
        span(3, 2, "Round 3", segment="round", total=5),
        span(4, 3, "10 Burpees", type="effort", phase="work"),
        span(5, 2, "The last round", segment="round", total=5),
        span(6, 2, "Round 1", segment="round"),
    ]
    text = render_workout(analyze_traces(Trace.from_records(records)))
    tree = text.split("Block by block")[1]
    assert "Round 3/5 " in tree
    assert "The last round " in tree
    assert "Round 1 " in tree
    assert "5 Rounds " in tree
