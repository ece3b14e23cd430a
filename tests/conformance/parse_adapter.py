"""Facts of a parse case, in one form for the recorded answers and for ours, line by line.

A fact sheet says of one line: its column, the line of its parent, and sorted lists of repetitions, rounds, times (ms),
loads, distances, energies, attached values and the words of movements and headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from otelwod.workout import Quantity, Reps, Statement, Workout

_UNITS = {
    "mile": "mi", "miles": "mi", "calories": "cal", "calorie": "cal", "cals": "cal", "pounds": "lb", "lbs": "lb",
    "inch": "in", "": "?",
}  # fmt: skip
_HEADER_WORDS = {
    "emom", "amrap", "tabata", "for", "time", "rest", "max", "rounds", "bw", "rpe", "of", "sets", "x", "reps",
}  # fmt: skip


@dataclass
class Sheet:
    """The facts of one line."""

    column: int
    parent: int | None
    reps: list[float | None] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    loads: list[tuple[float | None, str]] = field(default_factory=list)
    distances: list[tuple[float | None, str]] = field(default_factory=list)
    energies: list[tuple[float | None, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Comparable, without order."""
        return {
            "column": self.column,
            "parent": self.parent,
            "reps": sorted((r for r in self.reps if r is not None), key=str) + [None] * (None in self.reps),
            "rounds": sorted(self.rounds),
            "times": sorted({t for t in self.times if t is not None}) + [t for t in self.times if t is None],
            "loads": sorted(self.loads, key=str),
            "distances": sorted(self.distances, key=str),
            "energies": sorted(self.energies, key=str),
            "values": self.values,
            "words": sorted(word for word in self.words if word not in _HEADER_WORDS),
        }


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^\w'&=.-]+", text.lower()) if re.search(r"\w", word)]


def observed(case: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The recorded answer. Comments and headings are no statements of ours (U12): their children have no parent.

    A column is where the text of the line begins: the recordings say where the first word begins that they know, after
    what they drop without a word (``: Run`` at 3).
    """
    lines = re.split(r"\r\n|\r|\n", case["script"])
    statements = case["observed"]["statements"]
    notes = {s["line"] for s in statements if all(m["type"] == "text" for m in s["metrics"]) and s["metrics"]}
    sheets: dict[int, Sheet] = {}
    for s in statements:
        if s["line"] in notes or not s["metrics"]:
            continue
        parent = s["parent"] if s["parent"] not in notes else None
        text = lines[s["line"] - 1]
        sheet = sheets.setdefault(s["line"], Sheet(1 + len(text) - len(text.lstrip()), parent))
        for metric in s["metrics"]:
            if metric.get("origin") != "dialect":
                _add(sheet, metric)
    return {line: sheet.facts() for line, sheet in sheets.items()}


def _add(sheet: Sheet, metric: dict[str, Any]) -> None:
    kind, value = metric.get("type"), metric.get("value")
    if kind == "choice":
        for alternative in value["alternatives"]:
            _add(sheet, alternative)
    elif "key" in metric:
        sheet.values[metric["key"]] = value
    elif kind == "rep":
        sheet.reps.append(value)
    elif kind == "rounds" and not isinstance(value, str):
        sheet.rounds.append(value)
    elif kind == "duration":
        sheet.times.append(value)
    elif kind in ("resistance", "distance", "energy"):
        unit = value.get("unit", "").lower()
        target = {"resistance": sheet.loads, "distance": sheet.distances, "energy": sheet.energies}[kind]
        target.append((value.get("amount"), _UNITS.get(unit, unit)))
    elif kind in ("effort", "rounds", "action"):
        sheet.words.extend(_words(str(value)))


def ours(workout: Workout) -> dict[int, dict[str, Any]]:
    """Our answer in the same form."""
    sheets: dict[int, Sheet] = {}
    for s in workout.statements:
        parent = None if s.parent is None else workout.statements[s.parent].line
        sheet = sheets.get(s.line)
        if sheet is None:
            sheet = sheets[s.line] = Sheet(s.column, parent)
        if s.rep_scheme:
            sheet.rounds.append(len(s.rep_scheme))
            sheet.reps.extend(s.rep_scheme)
        if s.rounds is not None:
            sheet.rounds.append(s.rounds)
        for ns in (s.interval_ns, s.work_ns):
            if ns is not None:
                sheet.times.append(ns // 10**6)
        for length in (s.duration, s.cap):
            if length is not None:
                sheet.times.append(None if length.ns is None else length.ns // 10**6)
        sheet.values.update(s.values)
        if s.type == "for_time" and s.duration is None and s.text.startswith("0:00"):
            sheet.times.append(0)
        for note in s.notes:
            if f"{note}]" in s.text:  # the words of an action are kept as a note
                sheet.words.extend(_words(note))
        if s.choices:
            _alternatives(sheet, s)
        else:
            _facts(sheet, s)
    return {line: sheet.facts() for line, sheet in sheets.items()}


def _facts(sheet: Sheet, s: Statement) -> None:
    if s.reps is not None:
        sheet.reps.extend(_counts(s.reps))
    for target, quantity in ((sheet.loads, s.load), (sheet.distances, s.distance), (sheet.energies, s.energy)):
        if quantity is not None and quantity.text in s.text:  # an inherited one stands on another line
            target.extend(_amounts(quantity))
    if s.size is not None:
        sheet.distances.extend(_amounts(s.size))
    if s.movement is not None:
        sheet.words.extend(_words(s.movement.name))
        sheet.words.extend(_words(s.movement.qualifier or ""))


def _alternatives(sheet: Sheet, s: Statement) -> None:
    """What an alternative took from another one is not said twice."""
    for one in s.choices:
        other = Sheet(0, None)
        _facts(other, one)
        for target, found in (
            (sheet.reps, other.reps), (sheet.loads, other.loads), (sheet.distances, other.distances),
            (sheet.energies, other.energies),
        ):  # fmt: skip
            target.extend(value for value in found if value not in target)  # type: ignore[attr-defined]
        if not set(other.words) <= set(sheet.words) or other.words[:1] != sheet.words[:1]:
            sheet.words.extend(other.words)


def _counts(reps: Reps) -> Iterable[float | None]:
    for one in (reps, *filter(None, (reps.women,))):
        yield one.low if one.kind == "exact" else None


def _amounts(quantity: Quantity) -> Iterable[tuple[float | None, str]]:
    yield (quantity.value, quantity.unit.lower())
    if quantity.women is not None:
        yield (quantity.women.value, quantity.women.unit.lower())
