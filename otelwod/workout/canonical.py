"""A workout in one fixed spelling. ``parse(canonical(w))`` says the same as ``w``; notes and diagnostics are left out."""

from __future__ import annotations

import json

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.label import reps_text
from otelwod.workout.model import Duration, Movement, Quantity, Reps, Statement, Workout
from otelwod.workout.numbers import clock


def canonical(workout: Workout) -> str:
    """The text of a workout: one statement a line, two spaces a level, facts in a fixed order, loads as written."""
    lines = [f"# {' '.join(workout.name.split())}"]
    depth: list[int] = []
    fences = {first for first, _ in workout.fences}
    ends = {last for _, last in workout.fences}
    for s in workout.statements:
        if s.index in ends:
            lines.append("```")
        if s.index in fences:
            lines.append("```wod")
        level = 0 if s.parent is None else depth[s.parent] + 1
        depth.append(level)
        lines.append("  " * level + statement_text(s))
    if workout.fences:
        lines.append("```")
    return "\n".join(lines) + "\n"


def statement_text(s: Statement) -> str:
    """One statement as one line, without its indentation."""
    parts = ["+" if s.joined else "-" if s.step else ""]
    if s.type == "tabata":
        word = "Tabata" if s.label.startswith("Tabata") else ""
        parts += [f"({s.rounds})", f"{exact(s.work_ns or 0)} / {exact(s.rest_ns or 0)}", word]
    elif s.type == "emom":
        parts += [f"({s.rounds})", exact(s.interval_ns or 0), "EMOM"]
    else:
        if s.rep_scheme:
            parts.append(f"({'-'.join(map(str, s.rep_scheme))})")
        elif s.rounds is not None:
            parts.append(f"({s.rounds})")
    if s.type == "for_time":
        parts.append("For Time")
    if s.duration is not None:
        parts.append(duration(s.duration))
    if s.type == "amrap":
        parts.append("AMRAP")
    if s.cap is not None:
        parts.append(f"(cap {duration(s.cap)})")
    if s.type == "rest":
        parts.append("Rest")
    if s.choices:
        first, *others = s.choices
        parts.append(" | ".join([work(first, timed=False), *(work(other) for other in others)]))
    else:
        parts.append(work(s, timed=False))
    if s.values:
        parts.append(json.dumps(dict(s.values), ensure_ascii=False))
    return " ".join(filter(None, parts)) or "()"


def work(s: Statement, *, timed: bool = True) -> str:
    """Time, repetitions, distance, energy, size, movement, load."""
    parts: list[str] = []
    if timed and s.duration is not None:
        parts.append(duration(s.duration))
    if s.reps is not None:
        parts.append(_reps(s.reps))
    for found in (s.distance, s.energy, s.size):
        if found is not None:
            parts.append(_quantity(found))
    if s.movement is not None:
        parts.append(_movement(s.movement))
    if s.load is not None:
        parts.append(_quantity(s.load))
    return " ".join(parts)


def exact(ns: int) -> str:
    """A time that reads back to the nanosecond."""
    return clock(ns) if ns % NANOS_PER_SECOND == 0 else f"{ns / NANOS_PER_SECOND:.9f} s"


def duration(length: Duration) -> str:
    """A time with its marks."""
    marks = ("*" if not length.skippable else "") + ("^" if length.direction == "up" and length.ns is not None else "")
    return marks + (":?" if length.ns is None else exact(length.ns))


def _reps(reps: Reps) -> str:
    if reps.kind == "exact" and reps.women is not None:
        return f"{reps.low}/{reps.women.low}"
    return "Max" if reps.kind == "max" else reps_text(reps)


def number(value: float | None) -> str:
    """A value that reads back as itself."""
    if value is None:
        return "?"
    return str(int(value)) if value == int(value) else f"{value:.12f}".rstrip("0")


def _quantity(found: Quantity) -> str:
    value = number(found.value)
    if found.women is not None:
        value += "/" + number(found.women.value)
    if found.unit == "rpe":
        return f"@RPE {value}"
    return f"{value} {found.unit}"


def _movement(movement: Movement) -> str:
    name = f'"{movement.name}"' if not plain(movement.name) else movement.name
    return name if movement.qualifier is None else f"{name} ({movement.qualifier})"


def plain(name: str) -> bool:
    """Whether a movement's name reads back as itself without quotes."""
    from otelwod.workout.line import read_line

    reading = read_line(f"1 {name}", "lb")
    if len(reading.nodes) != 1 or reading.remarks:
        return False
    facts = reading.nodes[0][1]
    return (
        facts.movement is not None
        and facts.movement.name == name
        and facts.movement.qualifier is None
        and facts.reps is not None
        and not facts.is_header
        and facts.load is facts.distance is facts.energy is facts.size is facts.duration is None
        and not facts.notes
    )
