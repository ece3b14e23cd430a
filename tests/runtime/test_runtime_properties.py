"""What holds for every workout and every athlete."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from runtime_sessions import MINUTE, S, of, settled
from runtime_strategies import garbage, inputs, texts

from otelwod.runtime.athletes import SimulatedAthlete, drive, replay
from otelwod.runtime.events import (
    Event,
    MetricRejected,
    RestStarted,
    RestStopped,
    SegmentEnded,
    SegmentStarted,
    SpanPaused,
    SpanResumed,
    SpanStarted,
    SpanStopped,
    TapUndone,
)
from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.journal import journal_line, read_journal, resumption
from otelwod.runtime.memory import MemoryEntry
from otelwod.runtime.program import Limits, Program, compile_workout
from otelwod.runtime.results import Results
from otelwod.runtime.session import LimitError, Session
from otelwod.workout import parse

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
LIMITS = Limits(blocks=3000)


def runnable(text: str) -> Program:
    program = compile_workout(parse(text), limits=LIMITS)
    assume(not program.errors)
    return program


def run(session: Session, entries: list[Input]) -> list[Event]:
    return [event for entry in entries for event in session.send(entry)]


def finish(session: Session, t: int) -> list[Event]:
    return session.send(Input("stop", max(t, session.now))) if not session.is_done else []


def check_stream(events: list[Event]) -> None:
    """Turns never run back, nor time but to an undone tap; spans nest, keys are unique, leaves tile."""
    assert all(a.t <= b.t for a, b in pairwise(events) if not isinstance(b, TapUndone))
    assert all(a.turn <= b.turn for a, b in pairwise(events))
    assert all(a.t <= b.t for a, b in pairwise(settled(events)))
    open_spans: list[str] = []
    seen: set[str] = set()
    segments: dict[str, list[tuple[int, int]]] = {}
    leaf: dict[str, SegmentStarted] = {}
    started: dict[str, SpanStarted] = {}
    paused: set[str] = set()
    resting: str | None = None
    for event in settled(events):
        if isinstance(event, SpanStarted):
            assert event.key not in seen
            assert event.parent == (open_spans[-1] if open_spans else None)
            assert not leaf, "a leaf block has no blocks in it"
            seen.add(event.key)
            open_spans.append(event.key)
            started[event.key] = event
        elif isinstance(event, SegmentStarted):
            assert event.key not in seen
            seen.add(event.key)
            if event.type in ("round", "minute"):
                assert open_spans[-1] == event.block
                open_spans.append(event.key)
            else:
                assert not leaf
                assert open_spans[-1] == event.block
                leaf[event.key] = event
        elif isinstance(event, SegmentEnded):
            if event.key in leaf:
                begun = leaf.pop(event.key)
                segments.setdefault(event.block, []).append((begun.t, event.t))
            else:
                assert open_spans.pop() == event.key
        elif isinstance(event, SpanStopped):
            assert not leaf
            assert open_spans.pop() == event.key
            tiles = segments.get(event.key, [])
            if tiles:
                assert tiles[0][0] == started[event.key].t
                assert tiles[-1][1] == event.t
                assert all(a[1] == b[0] for a, b in pairwise(tiles))
            paused.discard(event.key)
        elif isinstance(event, SpanPaused):
            paused.add(event.key)
        elif isinstance(event, SpanResumed):
            paused.remove(event.key)
        elif isinstance(event, RestStarted):
            assert resting is None
            resting = event.block
        elif isinstance(event, RestStopped):
            assert resting == event.block
            resting = None
    assert not open_spans
    assert not leaf
    assert resting is None


@quick
@given(text=texts())
def test_any_workout_ends_in_bounded_steps(text: str) -> None:
    session = Session(runnable(text), limits=LIMITS)
    events = session.send(Input("start", 0))
    step = 0
    while not session.is_done:
        step += 1
        assert step <= LIMITS.blocks
        events += session.send(Input("tick", step * MINUTE))
        if not session.is_done:
            events += session.send(Input("next", step * MINUTE))
    check_stream(events)


@quick
@given(text=texts(), entries=inputs())
@example(
    text="10 Burpees\n10 Burpees",
    entries=[Input("next", 0), Input("record", 1, value=150.0, metric="heart_rate"), Input("undo", 1)],
).via("a sensor's value after the tap that is undone")
def test_the_stream_obeys_its_laws_whatever_the_athlete_does(text: str, entries: list[Input]) -> None:
    session = Session(runnable(text), limits=LIMITS)
    events = run(session, entries)
    events += finish(session, session.now + 7)
    check_stream([e for e in events if not (isinstance(e, MetricRejected) and e.reason == "ended")])


@quick
@given(text=texts(), seed=st.integers(0, 99))
def test_a_simulated_athlete_comes_to_the_end_and_the_same_seed_does_the_same(text: str, seed: int) -> None:
    program = runnable(text)
    first = [e for events in drive(Session(program, limits=LIMITS), SimulatedAthlete(seed)) for e in events]
    again = [e for events in drive(Session(program, limits=LIMITS), SimulatedAthlete(seed)) for e in events]
    assert first == again
    check_stream(first)


@quick
@given(text=texts(), entries=inputs())
def test_elapsed_and_paused_are_the_total(text: str, entries: list[Input]) -> None:
    """For the session, and for every leaf: work + rest + pause = its whole length."""
    session = Session(runnable(text), limits=LIMITS)
    results = Results()
    session.subscribe(results)
    events = settled(run(session, entries) + finish(session, session.now + 3))
    results.close()
    ended = {e.key: e.t for e in of(SegmentEnded, events)}
    begun = of(SegmentStarted, events)
    spent = {"work": 0, "rest": 0, "pause": 0}
    for segment in begun:
        if segment.type in spent:
            spent[segment.type] += ended[segment.key] - segment.t
    total = next(e.t for e in of(SpanStopped, events) if e.key == "0")
    outcome = results.outcome()
    assert outcome.total_ns == total
    assert outcome.elapsed_ns + spent["pause"] == total
    assert outcome.work_ns + outcome.rest_ns == outcome.elapsed_ns
    assert outcome.rest_ns == spent["rest"]
    assert outcome.work_ns == spent["work"]


@quick
@given(text=texts(), entries=inputs(), step=st.sampled_from([S, 3 * S, 999_999_937, 17 * S]))
def test_late_and_fine_ticking_give_the_same_events(text: str, entries: list[Input], step: int) -> None:
    """To the nanosecond, turn numbers included."""
    program = runnable(text)
    late, fine = Session(program, limits=LIMITS), Session(program, limits=LIMITS)
    coarse: list[Event] = []
    finely: list[Event] = []
    for entry in entries:
        coarse += late.send(entry)
        t = fine.now
        while t + step < entry.t:
            t += step
            finely += fine.send(Input("tick", t))
        finely += fine.send(entry)
    assert coarse == finely


def same_values(memory: tuple[MemoryEntry, ...]) -> list[tuple[Any, ...]]:
    return [(e.id, e.type, e.owner, e.visibility, e.scope, e.parent, e.value) for e in memory]


@quick
@given(text=texts(), entries=inputs(), cut=st.integers(0, 30))
@example(
    text="10 Burpees",
    entries=[Input("next", 0), Input("undo", 0), Input("rest", 0), Input("next", 0), Input("next", 0)],
    cut=1,
).via("what an undo brings back must not be overwritten")
def test_equal_memory_behaves_equally(text: str, entries: list[Input], cut: int) -> None:
    """A session made from a snapshot at any moment emits the same from there on, undo included."""
    program = runnable(text)
    original = Session(program, limits=LIMITS)
    run(original, entries[:cut])
    copy = Session.from_snapshot(program, original.memory.snapshot(), limits=LIMITS)
    assert same_values(copy.memory.snapshot()) == same_values(original.memory.snapshot())
    for entry in entries[cut:]:
        assert original.send(entry) == copy.send(entry)
        assert same_values(copy.memory.snapshot()) == same_values(original.memory.snapshot())
        assert copy.next_boundary == original.next_boundary
        assert copy.next_up() == original.next_up()
    t = original.now + 5
    assert finish(original, t) == finish(copy, t)


@quick
@given(text=texts(), entries=inputs(), ended=st.booleans())
def test_memory_is_empty_after_the_session(text: str, entries: list[Input], ended: bool) -> None:
    """No block, segment or score is left; the session's own five references go with `close`."""
    session = Session(runnable(text), limits=LIMITS)
    run(session, entries)
    if ended:
        finish(session, session.now)
        assert {r.owner for r in session.memory} == {"session"}
        assert len(session.memory) == 5
    session.close()
    assert len(session.memory) == 0
    assert session.stack.depth == 0
    session.close()


@quick
@given(text=texts(), entries=inputs())
def test_reset_is_a_new_session(text: str, entries: list[Input]) -> None:
    program = runnable(text)
    fresh, used = Session(program, limits=LIMITS), Session(program, limits=LIMITS)
    run(used, entries)
    used.reset()
    assert [(r.type, r.get()) for r in used.memory] == [(r.type, r.get()) for r in fresh.memory]
    assert run(used, entries) == run(fresh, entries)


@quick
@given(text=texts(), entries=inputs(most=12), data=st.data())
def test_a_journal_cut_at_any_byte_gives_a_prefix_and_goes_on(
    text: str, entries: list[Input], data: st.DataObject
) -> None:
    program = runnable(text)
    written = "".join(journal_line(entry) for entry in entries).encode()
    cut = data.draw(st.integers(0, len(written)))
    journal = read_journal(written[:cut].decode("utf-8", "replace"))
    assert list(journal.inputs) == entries[: len(journal.inputs)]
    whole, resumed = Session(program, limits=LIMITS), Session(program, limits=LIMITS)
    everything = run(whole, entries)
    prefix = run(resumed, list(journal.inputs))
    assert prefix == everything[: len(prefix)]
    gap = list(resumption(journal, resumed.is_paused, journal.last + 100 * S)) if not resumed.is_done else []
    active = resumed.active_now
    run(resumed, gap)
    assert resumed.active_now == active, "the gap is a pause"
    for _ in replay(resumed, ()):
        pass
    assert resumed.is_done


@quick
@given(text=texts(), entries=inputs())
def test_an_undone_tap_leaves_no_trace(text: str, entries: list[Input]) -> None:
    """A tap and its undo, put in anywhere, change nothing but the turn numbers."""
    program = runnable(text)
    plain, twice = Session(program, limits=LIMITS), Session(program, limits=LIMITS)
    entries = [entry for entry in entries if entry.kind != "undo"]
    everything: list[Event] = []
    for entry in entries:
        plain.send(entry)
        everything += twice.send(entry)
        for kind in ("next", "rest", "reps", "pause", "skip", "resume"):
            tapped = twice.send(Input(kind, entry.t, value=2))
            if tapped and twice.can_undo:
                tapped += twice.send(Input("undo", entry.t))
            everything += tapped
            if plain.is_done:
                break
        assert [(r.owner, r.type, r.get()) for r in plain.memory if r.type not in ("turn", "undo")] == [
            (r.owner, r.type, r.get()) for r in twice.memory if r.type not in ("turn", "undo")
        ]


@settings(max_examples=80, deadline=None)
@given(
    entries=garbage(), text=st.sampled_from(["10 Burpees", "(3) 1:00 EMOM\n  5 Cleans", "AMRAP 3\n  Row\n  :10 Rest"])
)
@example(entries=[Input("record", 0, metric="", unit="x" * 1_000)], text="10 Burpees").via("no name, a long unit")
@example(entries=[Input("record", 0, metric="x" * 1_000, unit=[])], text="10 Burpees").via("a long name, no unit")  # type: ignore[arg-type]
def test_no_input_raises_anything_but_an_input_error(entries: list[Input], text: str) -> None:
    session = Session(runnable(text), limits=LIMITS)
    events: list[Event] = []
    said: list[str] = []
    for entry in entries:
        try:
            events += session.send(entry)
        except (InputError, LimitError) as error:
            said.append(str(error))
    session.close()
    assert all(0 < len(text) < 2000 for text in said)
    for event in of(MetricRejected, events):
        assert isinstance(event.value, int | float | str)
        assert len(str(event.value)) <= 200
        assert len(event.metric) <= 200
        assert len(event.unit) <= 200
