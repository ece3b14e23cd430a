"""A workout in one fixed spelling: ``parse(canonical(w))`` says the same as ``w``, notes left out."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.workout.facts import Facts
from otelwod.workout.label import reps_text
from otelwod.workout.line import read_line
from otelwod.workout.model import Duration, Movement, Quantity, Reps, Statement, Workout
from otelwod.workout.movements import MAX_NAME, lookup
from otelwod.workout.numbers import clock
from otelwod.workout.parts import HEADER_WORDS, SECTIONS, is_part
from otelwod.workout.titles import is_title
from otelwod.workout.units import SPELLINGS
from otelwod.workout.wordlist import words


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
        if s.index and _would_name(workout.statements[s.index - 1], s):
            lines.append("")
        lines.append("  " * level + statement_text(s))
    if workout.fences:
        lines.append("```")
    return "\n".join(lines) + "\n"


def _would_name(above: Statement, s: Statement) -> bool:
    """Whether a lone movement would be read as that of the line below it; a blank line keeps them apart."""
    lone = above.type == "effort" and above.movement is not None and not above.choices
    bare = s.movement is None and s.type not in (None, "rest")
    return lone and bare and above.parent == s.parent and work(above) == _movement(above.movement or Movement(""))


def statement_text(s: Statement) -> str:
    """One statement as one line, without its indentation."""
    parts = ["+" if s.joined else "-" if s.step else ""]
    if s.type == "tabata":
        word = "Tabata" if s.label.startswith("Tabata") else ""
        parts += [f"({s.rounds})", f"{exact(s.work_ns or 0)} / {exact(s.rest_ns or 0)}", word]
    elif s.type == "emom":
        parts += [f"({s.rounds})" if s.rounds else "", exact(s.interval_ns) if s.interval_ns else "", "EMOM"]
    else:
        if len(s.rep_scheme) == 1:
            parts.append(f"1x{s.rep_scheme[0]} reps")
        elif s.rep_scheme:
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
    if s.type in (None, "group") and not any(parts[1:]):
        parts.append(f"[{_UNSAFE.sub(' ', s.label).strip()}]")  # a line that is kept and never runs
    return " ".join(filter(None, parts))


_UNSAFE: Final = re.compile(r"[^\w .,!?'-]+")


def work(s: Statement, *, timed: bool = True) -> str:
    """Time, repetitions, distance, energy, size, movement, load."""
    parts: list[str] = []
    if timed and s.duration is not None:
        parts.append(duration(s.duration))
    if s.reps is not None:
        parts.append(_reps(s.reps) + (" reps" if s.movement is None else ""))
    parts.extend(_quantity(found) for found in (s.distance, s.energy, s.size) if found is not None)
    if s.movement is not None:
        alone = not parts and s.load is None and s.movement.qualifier is None and not s.rounds and not s.rep_scheme
        section = alone and s.duration is None and is_part(s.movement.name)
        parts.append(s.movement.name if section else _movement(s.movement))
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
    if reps.kind == "exact":
        return number(reps.low) + ("" if reps.women is None else f"/{number(reps.women.low)}")
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
    if found.pieces > 1:
        return f"{found.pieces}x{value} {found.unit} DBs"
    return f"{value} {'inch' if found.unit == 'in' else found.unit}"  # "in" is also a word


def _movement(movement: Movement) -> str:
    name = f'"{movement.name}"' if not plain(movement.name) else movement.name
    return name if movement.qualifier is None else f"{name} ({movement.qualifier})"


_SPECIAL: Final = (
    HEADER_WORDS
    | SECTIONS
    | frozenset(SPELLINGS)
    | words(
        "rest max amap rpe bw then and on off work per each side arm leg hand way to at with of a effort ea e rm work"
    )
)


def plain(name: str) -> bool:
    """Whether a movement's name reads back as itself without quotes, whatever stands around it."""
    return len(name) <= MAX_NAME and _plain(name)


@lru_cache(maxsize=4096)
def _plain(name: str) -> bool:
    if lookup(name) is None or len(name) > MAX_NAME:
        parts = name.split(" ")
        if len(name) > MAX_NAME or any(not _WORD.fullmatch(part) or part.lower() in _SPECIAL for part in parts):
            return False
        return not is_title(name)
    if name.split(" ")[0].lower() in _SPECIAL:
        return False
    reading = read_line(f"1 {name}", "lb")
    facts = reading.nodes[0][1] if len(reading.nodes) == 1 else Facts()
    alone = read_line(name, "lb")
    bare = alone.nodes[0][1] if len(alone.nodes) == 1 else Facts()
    return (
        facts.movement == bare.movement == Movement(name, (lookup(name) or ("",))[0])
        and facts.reps is not None
        and bare.reps is None
        and not facts.notes
        and not reading.remarks
    )


_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:[-'][^\W\d_]{2,})*")
