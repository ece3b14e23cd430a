"""Random workouts as people write them: one header or effort a line, nested by indentation."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from otelwod.workout import Statement, Workout

MOVEMENTS = (
    "Pull-ups", "Thrusters", "Burpees", "Clean & Jerk", "Air Squats", "KB Swings (Russian)", "T2B", "Handstand Walk",
    "Zorgle Lifts", "Farmer's Carry", "Box Jumps", "Row", "Run", "Double-unders", '"For Time"', "Skipping in place",
)  # fmt: skip
counts = st.integers(1, 200)
clocks = st.sampled_from((":30", "1:00", "20:00", "1:30:00", ":90", "2 min", "45 s", "1 h", "^5:00", "*1:00"))
loads = st.sampled_from(
    ("95 lb", "43kg", "1.5 bw", "@ 80%", "@RPE 8", "225/155 lb", "? kg", "53/35#", "1/2 pood", "2x50/35 lb DBs")
)
movements = st.sampled_from(MOVEMENTS)
reps = st.one_of(counts.map(str), st.sampled_from(("Max", "?", "8-12", "20/15")))


@st.composite
def efforts(draw: st.DrawFn) -> str:
    """A line of work."""
    amount = draw(
        st.one_of(
            reps,
            clocks,
            counts.map(lambda n: f"{n} m"),
            st.sampled_from(("1/4 mile", "2k", "20 cal", "20/15 cal", "? cal", "24 in", "")),
        )
    )
    load = draw(st.one_of(st.just(""), loads))
    values = draw(st.sampled_from(("", "", "", '{"rpe": 8}', '{"note": "easy", "set": 2}')))
    return " ".join(filter(None, (amount, draw(movements), load, values)))


headers = st.one_of(
    counts.map(lambda n: f"({n})"),
    counts.map(lambda n: f"{n} rounds for time"),
    counts.map(lambda n: f"AMRAP {n}"),
    counts.map(lambda n: f"EMOM {n}"),
    counts.map(lambda n: f"E2MOM x {n}"),
    counts.map(lambda n: f"({n}) :40 / :20"),
    clocks.filter(lambda c: c[0] not in "*^").map(lambda c: f"every {c} x 5"),
    st.lists(counts, min_size=3, max_size=6).map(lambda s: "-".join(map(str, s))),
    st.sampled_from(
        ("For Time", "For Time (cap 20:00)", "cap 12:00", "20:00", "0:00", ":?", "Tabata", "Strength", "3x10", "95 lb",
         "(3) 2:00", "10:00 (EMOM)", "400 m", "Metcon:", "[set up]", "10 to 1", "(EMOM)")
    ),
)  # fmt: skip
sets = st.tuples(st.integers(1, 10), st.integers(1, 20), movements, loads).map(lambda p: f"{p[0]}x{p[1]} {p[2]} {p[3]}")
leaves = st.one_of(efforts(), sets, st.sampled_from(("Rest 1:00", "Rest", "1:00 rest", "Tabata Squats", "Run | Row")))


@st.composite
def workout_lines(draw: st.DrawFn) -> list[str]:
    """Lines of a workout; headers have indented children or none."""
    lines: list[str] = []
    depth = 0
    for _ in range(draw(st.integers(1, 8))):
        deeper = bool(lines) and draw(st.booleans())
        depth = depth + 1 if deeper else draw(st.integers(0, depth))
        mark = draw(st.sampled_from(("", "", "", "- ", "+ ")))
        lines.append("  " * depth + mark + draw(st.one_of(headers, leaves, leaves)))
    return lines


def facts(statement: Statement) -> dict[str, Any]:
    """What a statement says, without where it stands and how it was written."""
    found = {field.name: getattr(statement, field.name) for field in dataclasses.fields(statement)}
    for name in ("line", "column", "text", "label", "notes", "index"):
        del found[name]
    found["choices"] = tuple(tuple(facts(one).items()) for one in statement.choices)
    return {name: _bare(value) for name, value in found.items()}


def _bare(value: Any) -> Any:
    """Without the text as written, movements in one case."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _bare(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "text"}
        return tuple(sorted(fields.items(), key=lambda item: item[0]))
    return value.casefold() if isinstance(value, str) else value


def all_facts(workout: Workout) -> list[dict[str, Any]]:
    """The facts of every statement."""
    return [facts(statement) for statement in workout.statements]


def facts_by_line(workout: Workout) -> dict[int, list[Any]]:
    """The facts of each line, parents by their line."""
    found: dict[int, list[Any]] = {}
    for statement in workout.statements:
        said = facts(statement)
        parent = said.pop("parent")
        said["parent_line"] = None if parent is None else workout.statements[parent].line
        said.pop("choices")
        found.setdefault(statement.line, []).append(said)
    return found
