"""Random workouts as text, and random things that an athlete does in them."""

from __future__ import annotations

from hypothesis import strategies as st
from runtime_sessions import S

from otelwod.runtime.inputs import Input

_LINES = [
    "10 Burpees",
    "5 Thrusters 95 lb",
    "Max Pull-ups",
    "8-12 Curls",
    "? Push-ups",
    "400 m Run",
    "20 cal Row",
    ":30 Plank",
    ":45 Rest",
    "*:20 Rest",
    "Rest as needed",
    "^1:00 Row",
    ":? Sprint",
    "(3) 10 Push-ups",
    "3x5 Back Squat 100 kg",
    "Tabata Squats",
    "Thrusters",
]
_HEADERS = [
    "(3)",
    "(2)",
    "(3-2-1)",
    "AMRAP 2",
    "3:00",
    "^2:00",
    "(3) :40 EMOM",
    "EMOM 2",
    "(2) :20 / :10",
    "For Time cap 4:00",
    "For Time",
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """One to three top-level parts, nested up to three deep."""
    lines: list[str] = []

    def part(depth: int) -> None:
        if depth < 3 and draw(st.booleans()):
            lines.append("  " * depth + draw(st.sampled_from(_HEADERS)))
            for _ in range(draw(st.integers(1, 3))):
                part(depth + 1)
        else:
            joined = "+ " if depth and draw(st.integers(0, 4)) == 0 else ""
            lines.append("  " * depth + joined + draw(st.sampled_from(_LINES)))

    for _ in range(draw(st.integers(1, 3))):
        part(0)
    return "\n".join(lines)


_STEPS = st.sampled_from([0, 1, S - 1, S, 5 * S, 10 * S, 20 * S, 40 * S, 60 * S, 60 * S + 1, 10**6, 7_123_456_789])
_KINDS = [
    *["next"] * 5,
    *["reps"] * 3,
    *["tick"] * 3,
    *["record", "rest", "pause", "resume", "resume", "skip", "undo", "undo"],
]


@st.composite
def inputs(draw: st.DrawFn, most: int = 30) -> list[Input]:
    """A plausible athlete: inputs in time order, without ``stop``."""
    t = 0
    made = []
    for _ in range(draw(st.integers(0, most))):
        t += draw(_STEPS)
        kind = draw(st.sampled_from(_KINDS))
        if kind == "record":
            metric, unit, value = draw(
                st.sampled_from(
                    [("load", "lb", 95.0), ("distance", "m", 50.0), ("heart_rate", "", 150.0), ("rpe", "", 8.0)]
                )
            )
            made.append(Input("record", t, value=value, metric=metric, unit=unit))
        else:
            made.append(Input(kind, t, value=draw(st.integers(0, 6)) if kind == "reps" else 0))  # type: ignore[arg-type]
    return made


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just(10**5000),
    st.just("x" * 1_000),  # longer than anything that is kept, shorter than Hypothesis can show
    st.just(b"\xff"),
    st.just([]),
    st.just(object()),
)
"""Values that no input should have."""


@st.composite
def garbage(draw: st.DrawFn) -> list[Input]:
    """Inputs of any kind with any value, most of them nonsense."""
    kinds = st.one_of(st.sampled_from(["start", "stop", *_KINDS]), ANYTHING)
    times = st.one_of(_STEPS, st.integers(-5, 10**20), ANYTHING)
    return [
        Input(
            draw(kinds),
            draw(times),
            value=draw(ANYTHING),
            metric=draw(st.one_of(st.sampled_from(["reps", "load", "hr", "distance"]), ANYTHING)),
            unit=draw(st.one_of(st.sampled_from(["", "kg", "bw", "m"]), ANYTHING)),
            type=draw(ANYTHING),
        )
        for _ in range(draw(st.integers(1, 15)))
    ]
