"""A workout's program as people read it, and the JSON of ``otelwod check``.

The text is made to be read aloud: one statement a line, children indented, intervals with the minutes they fall on.
Every name passes `visible`, so no text of a file can steer a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.views.text import fmt_clock, fmt_count, fmt_number, visible
from otelwod.workout import Diagnostic, Duration, Profile, Statement, Totals, Workout, effort_label, totals

SCHEMA = 1
_FORMATS = {
    "for_time": "for time",
    "amrap": "AMRAP",
    "emom": "EMOM",
    "tabata": "Tabata",
    "interval": "intervals",
    "rounds": "rounds",
    "strength": "strength",
    "custom": "",
}


def program_lines(workout: Workout, profile: Profile = "men") -> Iterator[str]:
    """The program, line by line, without diagnostics: title, statements, totals."""
    form = _FORMATS[workout.format]
    yield visible(workout.name) + (f" ({form})" if form else "")
    intervals = _intervals(workout)
    depth = [0] * len(workout.statements)
    has_children = {s.parent for s in workout.statements}
    fences = {first: number for number, (first, _) in enumerate(workout.fences, 1)}
    for s in _in_order(workout):
        if len(workout.fences) > 1 and s.index in fences:
            yield f"  block {fences[s.index]}"
        level = 1 if s.parent is None else depth[s.parent] + 1
        depth[s.index] = level
        said = described(s, s.index in has_children, profile)
        place = intervals.get(s.index)
        joint = "together with " if s.joined and place is not None and not place else ""
        indent = "  " * level if level <= 40 else "  " * 40 + f"[level {level}] "
        yield f"{indent}{place or ''}{joint}{visible(said)}"
    yield "  " + total_text(totals(workout, profile))


def _in_order(workout: Workout) -> Iterator[Statement]:
    """Every statement, each with all that stands in it before the next: a line may take lines from further below."""
    children: dict[int | None, list[Statement]] = {}
    for s in workout.statements:
        children.setdefault(s.parent, []).append(s)
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        s = waiting.pop()
        yield s
        waiting.extend(reversed(children.get(s.index, [])))


def described(s: Statement, has_children: bool, profile: Profile) -> str:
    """One statement in words."""
    work = effort_label(s, reps=None, profile=profile) if s.has_work or s.load is not None else ""
    shown = _others(s, profile)
    if s.type == "rest":
        return "rest" + (f" {_time(s.duration)}" if s.duration is not None else " as needed")
    if s.type is None:
        values = ", ".join(f"{key}: {value}" for key, value in s.values.items())
        return f"({values or s.label})"
    if s.type in ("effort", "group"):
        return (work or s.label) + (":" if has_children else "") + shown
    count = _count(s)
    if s.type == "timer":
        head = f"repeat for {_time(s.duration)}" if has_children else f"{_time(s.duration)}"
    elif s.type == "for_time":
        cap = f", cap {_time(s.cap)}" if s.cap is not None else ""
        head = f"{count} for time{cap}".strip()
    elif s.type == "amrap":
        head = "as many rounds as possible" + (f" in {_time(s.duration)}" if s.duration is not None else "")
    elif s.type == "emom":
        head = _every(s)
    elif s.type == "tabata":
        word = "Tabata: " if s.label.startswith("Tabata") else ""
        times = fmt_count(s.rounds or 0, "interval")
        head = f"{word}{times} of {fmt_clock(s.work_ns or 0)} work and {fmt_clock(s.rest_ns or 0)} rest"
    elif not has_children and work:
        times = "-".join(map(str, s.rep_scheme)) if s.rep_scheme else fmt_count(s.rounds or 0, "set") + " of"
        length = f"{_time(s.duration)} " if s.duration is not None else ""
        return f"{times} {length}{work}{shown}"
    else:
        head = count
    if work:
        head += f": {work}"
    return head + (":" if has_children else "") + shown


def _others(s: Statement, profile: Profile) -> str:
    others = [effort_label(one, reps=None, profile=profile) for one in s.choices[1:]]
    return f" (or {', or '.join(others)})" if others else ""


def _count(s: Statement) -> str:
    if s.rep_scheme:
        shown = "-".join(map(str, s.rep_scheme[:20])) + ("-…" if len(s.rep_scheme) > 20 else "")
        return f"{shown} repetitions"
    return fmt_count(s.rounds, "round") if s.rounds is not None else ""


def _every(s: Statement) -> str:
    interval = s.interval_ns or 60 * NANOS_PER_SECOND
    minute = 60 * NANOS_PER_SECOND
    if interval == minute:
        return f"every minute for {fmt_count(s.rounds or 0, 'minute')}"
    return f"every {fmt_clock(interval)}, {fmt_count(s.rounds or 0, 'time')}"


def _time(duration: Duration | None) -> str:
    if duration is None or duration.ns is None:
        return "an open time"
    marks = (" counting up" if duration.direction == "up" else "") + (
        ", not to be skipped" if not duration.skippable else ""
    )
    return fmt_clock(duration.ns) + marks


def _intervals(workout: Workout) -> dict[int, str]:
    """For children of intervals the ones they fall on (``minute 1, 3, 5 …: ``); empty text for joined ones."""
    seen: dict[int, list[int]] = {}
    for s in workout.statements:
        if s.parent is not None and s.type is not None and workout.statements[s.parent].type in ("emom", "tabata"):
            seen.setdefault(s.parent, []).append(s.index)
    found: dict[int, str] = {}
    for parent, children in seen.items():
        header = workout.statements[parent]
        slots: list[int] = []
        for child in children:
            if workout.statements[child].joined and slots:
                found[child] = ""
            else:
                slots.append(child)
        if len(slots) < 2:
            continue
        minute = header.type == "emom" and header.interval_ns == 60 * NANOS_PER_SECOND
        word = "minute" if minute else "interval"
        total = header.rounds or 0
        for slot, child in enumerate(slots):
            numbers = list(range(slot + 1, min(total, slot + 1 + 3 * len(slots)) + 1, len(slots)))[:3]
            more = " …" if slot + 1 + 3 * len(slots) <= total else ""
            found[child] = (
                f"{word} {', '.join(map(str, numbers))}{more}: " if numbers else f"never ({word}s end before): "
            )
    return found


def total_text(found: Totals) -> str:
    """``total: 90 reps, 1,939 kg lifted, 800 m, 20 kcal, planned time 20:00``."""
    parts: list[str] = []
    if found.reps:
        parts.append(fmt_count(found.reps, "rep"))
    if found.volume_load_kg:
        parts.append(f"{fmt_number(round(found.volume_load_kg, 1))} kg lifted")
    if found.distance_m:
        parts.append(f"{fmt_number(round(found.distance_m, 1))} m")
    if found.energy_kcal:
        parts.append(f"{fmt_number(round(found.energy_kcal, 1))} kcal")
    if found.planned_ns:
        parts.append(f"planned time {fmt_clock(found.planned_ns)}")
    if found.open_ended:
        parts.append("the rest is up to the athlete")
    return "total: " + (", ".join(parts) if parts else "nothing is fixed by the text")


def diagnostic_line(file: str, found: Diagnostic) -> str:
    """``file:line:column: severity: what, and what to do``."""
    hint = f"; {found.hint}" if found.hint else ""
    return visible(f"{file}:{found.line}:{found.column}: {found.severity}: {found.message}{hint}")


def program_dict(file: str, workout: Workout, profile: Profile = "men") -> dict[str, Any]:
    """One file of the JSON contract."""
    found = totals(workout, profile)
    return {
        "file": file,
        "name": workout.name,
        "format": workout.format,
        "statements": [
            {
                "line": s.line,
                "parent_line": None if s.parent is None else workout.statements[s.parent].line,
                "type": s.type,
                "label": effort_label(s, reps=None, profile=profile) if s.type == "effort" else s.label,
            }
            for s in workout.statements
        ],
        "totals": {
            "reps": found.reps,
            "volume_load_kg": round(found.volume_load_kg, 6),
            "distance_m": round(found.distance_m, 6),
            "energy_kcal": round(found.energy_kcal, 6),
            "planned_s": found.planned_ns / NANOS_PER_SECOND,
            "open_ended": found.open_ended,
        },
        "diagnostics": [
            {"line": d.line, "column": d.column, "severity": d.severity, "message": d.message, "hint": d.hint}
            for d in workout.diagnostics
        ],
    }
