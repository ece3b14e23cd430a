"""What is shown as the parts of a whole adds up to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.insight import analyze_traces
from otelwod.runtime.athletes import SimulatedAthlete, drive
from otelwod.runtime.program import compile_workout
from otelwod.runtime.session import Session
from otelwod.trace import SpanRecord, Trace
from otelwod.tracking import SessionTracker
from otelwod.views.console import render_workout
from otelwod.views.shares import WholeSeconds, apportion, fmt_share
from otelwod.workout import load

WORKOUTS = ("fran", "cindy", "emom-12", "tabata", "intervals", "barbara", "strength")


def session(path: Path, seed: int) -> tuple[SpanRecord, ...]:
    """The records of a simulated session."""
    tracker = SessionTracker(session_id="s", anchor_ns=10**18)
    running = Session(compile_workout(load(path)))
    running.subscribe(tracker)  # type: ignore[arg-type]
    for _ in drive(running, SimulatedAthlete(seed)):
        pass
    tracker.close()
    return tracker.records


@given(st.lists(st.integers(0, 10**12), max_size=9), st.integers(0, 10**12), st.sampled_from([100, 1000, 3599]))
def test_parts_of_a_whole_get_all_of_its_units(parts: list[int], uncovered: int, units: int) -> None:
    whole = sum(parts) + uncovered
    given = apportion([*parts, uncovered], units, whole)
    assert sum(given) == (units if whole else 0)
    for part, share in zip(parts, given, strict=False):
        assert abs(share - part * units / max(1, whole)) < 1
    assert apportion(parts, units, whole) == given[:-1]


def test_a_share_too_small_to_show_is_not_nothing() -> None:
    assert [fmt_share(60, 6), fmt_share(0, 1), fmt_share(0, 0)] == ["60 %", "<1 %", "0 %"]
    assert [fmt_share(613, 6, tenths=True), fmt_share(0, 1, tenths=True)] == ["61.3 %", "<0.1 %"]


@pytest.mark.parametrize("name", WORKOUTS)
def test_the_tree_adds_up_at_every_level(examples: Path, name: str) -> None:
    for seed in (1, 2, 3):
        trace = Trace.from_records(session(examples / f"{name}.wod", seed))[0]
        seconds = WholeSeconds(trace)
        phases = sorted(set(trace.phase.values()))
        (root,) = trace.roots
        total = trace.end_ns[root] - trace.start_ns[root]
        assert seconds.time[root] == total // NANOS_PER_SECOND * NANOS_PER_SECOND
        for row in range(len(trace.span_id)):
            below = [at for at in range(len(trace.span_id)) if trace.parent[at] == row]
            assert seconds.time[row] == sum(seconds.phase(phase, row) for phase in phases)
            if below:
                assert seconds.time[row] == sum(seconds.time[at] for at in below)
                assert seconds.own[row] == 0
            exact = trace.end_ns[row] - trace.start_ns[row]
            assert abs(seconds.time[row] - exact) < NANOS_PER_SECOND
            on_the_second = (trace.start_ns[row] - trace.start_ns[root]) % NANOS_PER_SECOND == 0
            if on_the_second and exact % NANOS_PER_SECOND == 0:
                assert seconds.time[row] == exact
        for phase in phases:
            lengths = [trace.end_ns[row] - trace.start_ns[row] for row in trace.phase if trace.phase[row] == phase]
            assert abs(seconds.phase(phase, root) - sum(lengths)) < NANOS_PER_SECOND


@pytest.mark.parametrize("name", WORKOUTS)
def test_the_page_adds_up(examples: Path, name: str) -> None:
    traces = Trace.from_records(session(examples / f"{name}.wod", 5))
    page = " ".join(render_workout(analyze_traces(traces)).split())
    totals = re.search(r"total ([\d:]+) · (.*?) (?:Splits|Movements|Block)", page)
    assert totals is not None
    parts = re.findall(r"([\d:]+) \((?:<1|(\d+)) %\)", totals[2])
    assert sum(map(clock, (time for time, _ in parts))) == clock(totals[1])
    assert sum(int(share or 0) for _, share in parts) == 100
    went = re.search(r"The time went to (.*?)\. ", page)
    assert went is not None
    assert sum(int(share) for share in re.findall(r"(\d+) %", went[1].replace("<1 %", ""))) == 100


def clock(text: str) -> int:
    """``1:02:03`` in seconds."""
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def test_what_does_not_tile_is_shown_as_it_is(examples: Path) -> None:
    records = list(session(examples / "fran.wod", 1))
    trace = Trace.from_records(records[1:])[0]
    seconds = WholeSeconds(trace)
    assert seconds.time == [end - start for start, end in zip(trace.start_ns, trace.end_ns, strict=True)]
    assert max(seconds.own[row] for row in range(len(records) - 1) if row not in trace.phase) > NANOS_PER_SECOND


def test_calls_inside_an_effort_do_not_disturb_the_sum(examples: Path) -> None:
    records = list(session(examples / "fran.wod", 1))
    effort = records[0]
    assert effort.end_ns is not None
    call = SpanRecord(effort.trace_id, "ab" * 8, effort.span_id, "GET", effort.start_ns, effort.end_ns - 5)
    trace = Trace.from_records([*records, call])[0]
    seconds = WholeSeconds(trace)
    row = list(trace.span_id).index("ab" * 8)
    assert seconds.time[row] == call.duration_ns
    assert seconds.time[trace.parent[row]] % NANOS_PER_SECOND == 0
