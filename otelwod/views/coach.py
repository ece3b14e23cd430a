"""A workout as a coach reads it: score, splits, what each movement cost, where the pace fell, the whole tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otelwod import conventions as c
from otelwod.insight.report import MovementUse, PhaseSplit, Report, Split, TraceReport, WorkoutReport
from otelwod.trace import SpanEvent, SpanRecord, Trace
from otelwod.views.page import Page, Piece, Style
from otelwod.views.shares import WholeSeconds, apportion, fmt_share
from otelwod.views.table import Column, Picture, table
from otelwod.views.text import (
    fmt_clock,
    fmt_count,
    fmt_duration,
    fmt_number,
    fmt_percent,
    visible,
)
from otelwod.views.tree import Row, bar, choose, outline

_FORMATS: Final = {"for_time": "for time", "amrap": "AMRAP", "emom": "EMOM", "tabata": "Tabata"}
_RACES: Final = frozenset({"for_time", "rounds"})
"""Formats in which being faster makes the workout shorter; elsewhere it earns rounds, rest, or nothing at all."""
_PHASES: Final[Mapping[str, tuple[str, Style]]] = {
    "work": ("█", "work"),
    "rest": ("░", "rest"),
    "transition": ("·", "dim"),
    "pause": ("·", "dim"),
}
_REASONS: Final = {
    "rest": "no effort counts during rest",
    "paused": "the clock was paused",
    "ended": "it had already ended",
    "invalid": "not a usable value",
}
_NOTICED: Final = 0.05
"""A change of pace below 5 % is called even."""
_DONE: Final = (
    (c.REPS_DONE, c.REPS_TARGET, "rep", "reps"),
    (c.DISTANCE_DONE, c.DISTANCE_TARGET, "m", "m"),
    (c.ENERGY_DONE, c.ENERGY_TARGET, "kcal", "kcal"),
)
_TOLD_BY_ATTRIBUTES: Final = frozenset({"reps", "distance", "calories", "energy", "load", "heart_rate", "power"})


def add_workout(
    page: Page, report: Report, trace: TraceReport, workout: WorkoutReport, *, rows: int, depth: int
) -> None:
    """One workout: verdict, splits, movements, tree, and what did not count."""
    shares = _Shares.of(trace.phases, workout.movements)
    for text in _verdict(report, trace, workout, shares):
        page.say(text, "strong")
    seconds = None if trace.trace is None else WholeSeconds(trace.trace)
    page.add((_totals(trace, seconds), "dim"))
    if workout.splits:
        _add_splits(page, workout.splits, trace.trace, seconds)
    if workout.movements:
        _add_movements(page, workout.movements, shares.movements, _times(workout.movements, trace.trace, seconds))
    if trace.trace is not None and seconds is not None:
        _add_tree(page, trace, trace.trace, seconds, rows=rows, depth=depth)
        _add_rejected(page, trace.trace)


@dataclass(frozen=True, slots=True)
class _Shares:
    """Percents of the unpaused time that add up to 100: of each movement, of rest, of changing over."""

    movements: tuple[int, ...]
    rest: int
    transition: int

    @classmethod
    def of(cls, phases: PhaseSplit, movements: Sequence[MovementUse]) -> _Shares:
        spent = [use.total_ns for use in movements]
        parts = (phases.work_ns, phases.rest_ns, phases.transition_ns, phases.unknown_ns)
        work, rest, transition, _ = apportion(parts, 100, sum(parts))
        return cls(tuple(apportion(spent, work, phases.work_ns)), rest, transition)


def _times(movements: Sequence[MovementUse], trace: Trace | None, seconds: WholeSeconds | None) -> list[int]:
    """The work on each movement, as the tree shows it."""
    exact = [use.total_ns for use in movements]
    if trace is None or seconds is None:
        return exact
    found: dict[str, int] = {}
    for row in range(len(trace.start_ns)):
        given = trace.record(row).attributes
        if given.get(c.BLOCK_TYPE) == "effort":
            name = given.get(c.MOVEMENT_ID) or given.get(c.MOVEMENT_NAME) or trace.operations[trace.operation[row]][1]
            found[str(name)] = found.get(str(name), 0) + seconds.phase("work", row)
    return [found.get(use.movement_id or use.movement, use.total_ns) for use in movements]


def _verdict(report: Report, trace: TraceReport, workout: WorkoutReport, shares: _Shares) -> Iterator[str]:
    name = visible(workout.name or trace.root) or "Workout"
    score = visible(workout.score) or fmt_clock(trace.duration_ns)
    kind = _FORMATS.get(workout.format, "")
    cut = f"{workout.ending} after " if workout.ending in ("stopped", "interrupted") else ""
    title = f"{name}{f' ({kind})' if kind and kind.lower() not in name.lower() else ''}: {cut}"
    lifts = score.split("; ") if workout.format == "strength" else [score]
    yield f"{title}{score}." if len(lifts) == 1 else f"{title}{len(lifts)} lifts."
    if len(lifts) > 1:
        yield from (f"{lift}." for lift in lifts)
    sentences = []
    ranked = sorted(zip(workout.movements, shares.movements, strict=True), key=lambda pair: -pair[0].total_ns)
    if ranked:
        named = [f"{visible(use.movement)} {fmt_share(share, use.total_ns)}" for use, share in ranked[:3]]
        others = sum(use.total_ns for use, _ in ranked[3:])
        if others:
            named.append(f"other movements {fmt_share(sum(share for _, share in ranked[3:]), others)}")
        rest, transition = trace.phases.rest_ns, trace.phases.transition_ns
        if rest:
            named.append(f"rest {fmt_share(shares.rest, rest)}")
        if transition:
            named.append(f"changing over {fmt_share(shares.transition, transition)}")
        sentences.append("The time went to " + _listed(named) + ".")
    pace = _pace(workout)
    if pace:
        sentences.append(pace)
    advice = _advice(report, trace, workout)
    if advice:
        sentences.append(advice)
    if sentences:
        yield " ".join(sentences)


def _advice(report: Report, trace: TraceReport, workout: WorkoutReport) -> str | None:
    """What would have made a finished race shorter, of that whose speed is the athlete's: no pause, no set time."""
    if workout.format not in _RACES or workout.ending != "completed" or len(report.traces) != 1:
        return None
    for best in report.bottlenecks:
        if best.what_if.high_ns <= 0 or best.phase == "pause" or best.operation in workout.fixed:
            continue
        elapsed = trace.duration_ns - trace.phases.pause_ns  # a score leaves pauses out
        low, high = (fmt_clock(elapsed - ns) for ns in (best.what_if.high_ns, best.what_if.low_ns))
        spread = f"between {low} and {high}" if low != high else f"about {high}"
        faster = "less" if best.phase == "rest" else "faster"
        return f"{fmt_percent(best.what_if.speedup)} {faster} on “{visible(best.operation)}” would make it {spread}."
    return None


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _pace(workout: WorkoutReport) -> str | None:
    """How the pace changed: from round to round where every round holds the same, else of the movement that fell most.

    A round that was cut short, or minutes of different movements, say nothing about pace.
    """
    splits = [split for split in workout.splits if split.full and split.phases.work_ns]
    alike = len(splits) > 1 and all(use.efforts >= len(splits) for use in workout.movements)
    if alike and workout.fade is not None:
        return _fade(workout.fade, splits[0], splits[-1])
    fades = [(use.fade, visible(use.movement)) for use in workout.movements if use.fade is not None]
    if not fades:
        return None
    worst, name = max(fades)
    if worst < _NOTICED:
        even = len(fades) == len(workout.movements) and min(fades)[0] > -_NOTICED
        return "An even pace in every movement." if even else None
    return f"{name} slowed down most: the last set was {fmt_percent(worst)} slower than the first."


def _fade(fade: float, first: Split, last: Split) -> str:
    one, other = visible(last.label), visible(first.label)
    if fade >= _NOTICED:
        return f"The pace fell: {one} was {fmt_percent(fade)} slower than {other}."
    if fade <= -_NOTICED:
        return f"A strong finish: {one} was {fmt_percent(-fade)} faster than {other}."
    return f"An even pace from {other} to {one}."


def _totals(trace: TraceReport, seconds: WholeSeconds | None) -> str:
    phases, total = trace.phases, trace.duration_ns
    names = ("work", "rest", "transition", "pause", "unknown")
    exact = (phases.work_ns, phases.rest_ns, phases.transition_ns, phases.pause_ns, phases.unknown_ns)
    shown = [each * c.NANOS_PER_SECOND for each in apportion(exact, total // c.NANOS_PER_SECOND, total)]
    if seconds is not None and seconds.tiled and trace.trace is not None:
        (root,) = trace.trace.roots
        shown = [seconds.phase(name, root) for name in names]  # as the tree has it
    shares = apportion(exact, 100, total)
    words = ("work", "rest", "changing over", "paused", "unknown")
    text = [
        f"{word} {fmt_clock(time)} ({fmt_share(share, ns)})"
        for word, ns, time, share in zip(words, exact, shown, shares, strict=True)
        if ns
    ]
    return " · ".join([f"total {fmt_clock(total)}", *text])


def _add_splits(
    page: Page, splits: Sequence[Split], trace: Trace | None, seconds: WholeSeconds | None, most: int = 30
) -> None:
    page.head("Splits")
    times = [(split.duration_ns, split.phases.work_ns, split.phases.rest_ns) for split in splits[:most]]
    if trace is not None and seconds is not None:
        row_of = {span_id: row for row, span_id in enumerate(trace.span_id)}
        rounds = [row_of[split.span_id] for split in splits[:most]]
        times = [(seconds.time[row], seconds.phase("work", row), seconds.phase("rest", row)) for row in rounds]
    longest = max(split.duration_ns for split in splits) or 1
    reps = any(split.reps for split in splits)
    blocks = len({split.operation for split in splits}) > 1
    columns = [
        Column("", "left", 9, 24),
        *([Column("of", "left", 4, 28)] if blocks else []),
        Column("time", keep=8),
        Column("work", keep=7),
        Column("rest", keep=6),
        *([Column("reps", keep=5)] if reps else []),
    ]
    rows: list[list[Piece | str]] = [
        [
            visible(split.label),
            *([visible(split.operation)] if blocks else []),
            (fmt_clock(time), "strong"),
            (fmt_clock(work), "work"),
            (_clock_or_blank(rest), "rest"),
            *([f"{split.reps:,}"] if reps else []),
        ]
        for split, (time, work, rest) in zip(splits, times, strict=False)
    ]

    def draw(number: int, width: int) -> list[Piece]:
        split = splits[number]
        work = split.phases.work_ns * width // longest
        rest = split.phases.rest_ns * width // longest
        return [("█" * work, "work"), ("░" * rest, "rest")]

    table(page, columns, rows, picture=Picture(draw, most=40))
    if len(splits) > most:
        page.add("  ", (f"… {len(splits) - most:,} more", "dim"))


def _add_movements(
    page: Page, movements: Sequence[MovementUse], shares: Sequence[int], times: Sequence[int], most: int = 20
) -> None:
    page.head("Movements")
    units = {use.per_rep for use in movements[:most]}
    pace = "each" if len(units) > 1 else "each rep" if True in units else "each set"
    columns = [
        Column("", "left", 9, max(16, page.width // 3)),
        Column("time", keep=8),
        Column("share", keep=7),
        Column("sets", keep=4),
        Column("reps", keep=6),
        Column(pace, keep=5),
        Column("first to last", keep=3),
        Column("lost by slowing", keep=2),
    ]
    rows: list[list[Piece | str]] = [
        [
            (visible(use.movement), "strong"),
            fmt_clock(time),
            fmt_share(share, use.total_ns),
            f"{use.efforts:,}",
            f"{use.reps:,}" if use.reps else "",
            fmt_duration(use.mean_pace_ns) + (f" a {'rep' if use.per_rep else 'set'}" if len(units) > 1 else ""),
            (_change(use.fade), "warning" if use.fade is not None and use.fade >= _NOTICED else ""),
            _clock_or_blank(use.slowdown_ns),
        ]
        for use, share, time in list(zip(movements, shares, times, strict=True))[:most]
    ]
    table(page, columns, rows)
    if len(movements) > most:
        page.add("  ", (f"… {len(movements) - most:,} more", "dim"))


def _change(fade: float | None) -> str:
    if fade is None:
        return ""
    if abs(fade) < _NOTICED:
        return "even"
    return f"{fmt_percent(abs(fade))} {'slower' if fade > 0 else 'faster'}"


def _add_tree(page: Page, report: TraceReport, trace: Trace, seconds: WholeSeconds, *, rows: int, depth: int) -> None:
    """Every block and segment with its time, its own time, the work and rest inside it, and what was done."""
    order = [row for row, _ in trace.preorder()]
    position = {row: at for at, row in enumerate(order)}
    length = [end - start for start, end in zip(trace.start_ns, trace.end_ns, strict=True)]
    parents = [position.get(trace.parent[row], -1) for row in order]
    found = list(outline(parents, choose(parents, [(length[row],) for row in order], rows, depth)))
    shown = {item.at: order[item.at] for item in found if item.at is not None}

    def row_of(item: Row) -> list[Piece | str]:
        if item.at is None:
            return [(f"{item.prefix}… {item.hidden:,} more", "dim"), "", "", "", "", ""]
        row = shown[item.at]
        phase = trace.phase.get(row, "")
        name = _title(trace, row)
        return [
            (item.prefix + name, "strong" if not phase else _PHASES.get(phase, ("", ""))[1] if phase != "work" else ""),
            fmt_clock(seconds.time[row]),
            _clock_or_blank(seconds.own[row]),
            (_clock_or_blank(seconds.phase("work", row)), "work"),
            (_clock_or_blank(seconds.phase("rest", row)), "rest"),
            _done(trace.record(row)),
        ]

    def draw(number: int, width: int) -> list[Piece]:
        at = found[number].at
        if at is None:
            return []
        row = shown[at]
        first, last = report.start_ns, report.start_ns + report.duration_ns
        before, cells = bar(trace.start_ns[row], trace.end_ns[row], first, last, width)
        mark, style = _PHASES.get(trace.phase.get(row, ""), ("─", "dim"))
        return [(" " * before, ""), (mark * cells, style)]

    page.head("Block by block")
    columns = [
        Column("", "left"),
        Column("time", keep=8),
        Column("self", keep=3),
        Column("work", keep=5),
        Column("rest", keep=6),
        Column("done", "left", 7, 26),
    ]
    table(page, columns, map(row_of, found), picture=Picture(draw, most=40))


def _title(trace: Trace, row: int) -> str:
    """What a line is called; a round says of how many it is one: ``Round 3/5``."""
    name = visible(trace.operations[trace.operation[row]][1]) or "(no name)"
    attributes = trace.record(row).attributes
    total = attributes.get(c.ROUND_TOTAL)
    is_round = attributes.get(c.SEGMENT_TYPE) in c.STRUCTURAL_SEGMENTS
    return f"{name}/{total}" if is_round and isinstance(total, int) and name[-1:].isdigit() else name


def _clock_or_blank(ns: int) -> str:
    return fmt_clock(ns) if ns >= c.NANOS_PER_SECOND else ""


def _done(record: SpanRecord) -> str:
    """``21 reps``, ``15 of 21 reps``, ``400 m · 95 lb · rpe 8``: what a block recorded."""
    attributes = record.attributes
    parts = []
    for done_name, target_name, one, many in _DONE:
        done, target = attributes.get(done_name), attributes.get(target_name)
        if isinstance(done, (int, float)) and (done or target):
            of = f" of {fmt_number(target)}" if isinstance(target, (int, float)) and target != done else ""
            parts.append(f"{fmt_number(done)}{of} {one if done == 1 and not of else many}")
    load = attributes.get(c.LOAD_DISPLAY)
    if load and str(load).replace("/", " ").split(" ")[0] not in record.name.split(" "):
        parts.append(str(load))
    beats = attributes.get(c.HEART_RATE_MEAN)
    if isinstance(beats, (int, float)):
        parts.append(f"{beats:.0f} beats/min")
    recorded = [event.attributes for event in record.events if event.name == c.EVENT_METRIC_RECORDED]
    others = [a for a in recorded if a.get(c.METRIC_NAME) not in _TOLD_BY_ATTRIBUTES]
    parts += [_metric(attributes) for attributes in others[:3]]
    rejected = sum(1 for event in record.events if event.name == c.EVENT_METRIC_REJECTED)
    if rejected:
        parts.append(f"{rejected} not counted")
    return visible(" · ".join(parts))


def _metric(attributes: Mapping[str, object]) -> str:
    name, value, unit = (attributes.get(key) for key in (c.METRIC_NAME, c.METRIC_VALUE, c.METRIC_UNIT))
    number = fmt_number(value) if isinstance(value, (int, float)) else str(value)
    unit = str(unit or "").strip("{}")
    if name == "reps":
        return (
            fmt_count(int(value), "rep")
            if isinstance(value, (int, float)) and value == int(value)
            else f"{number} reps"
        )
    return f"{name} {number}" + (f" {unit}" if unit not in ("", "1") else "")


def _add_rejected(page: Page, trace: Trace, most: int = 10) -> None:
    found: list[tuple[SpanRecord, SpanEvent]] = [
        (record, event) for record in trace.records for event in record.events if event.name == c.EVENT_METRIC_REJECTED
    ]
    if not found:
        return
    first = min(trace.start_ns)
    page.head(f"Not counted: {fmt_count(len(found), 'value')}")
    for record, event in sorted(found, key=lambda pair: pair[1].time_ns)[:most]:
        reason = str(event.attributes.get(c.REASON, ""))
        page.say(
            f"{fmt_clock(event.time_ns - first)}  {visible(_metric(event.attributes))} in “{visible(record.name)}”: "
            f"{_REASONS.get(reason, visible(reason) or 'no reason given')}",
            indent="        ",
            first="  ",
        )
    if len(found) > most:
        page.add("  ", (f"… {len(found) - most:,} more", "dim"))
