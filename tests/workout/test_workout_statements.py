# ruff: noqa: E501
"""Each element of the language, one fact at a time."""

from __future__ import annotations

from typing import Any

import pytest

from otelwod.workout import Duration, Quantity, Statement, effort_label, parse

S = 1_000_000_000


def only(text: str) -> Statement:
    """The first statement of a text without errors."""
    workout = parse(text)
    assert workout.errors == ()
    return workout.statements[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5:00", 300), (":30", 30), (":90", 90), ("90:00", 5400), ("1:30:00", 5400), ("1:00:00:00", 86_400),
        ("20 min", 1200), ("90 s", 90), ("90s", 90), ("1 h", 3600), ("2 hours", 7200), ("1 h 30 min", 5400),
        ("1.5 min", 90), ("5-minute", 300), ("0.5 s", 0.5), ("1:00 min", 60),
    ],
)  # fmt: skip
def test_times(text: str, seconds: float) -> None:
    found = only(f"{text} Run").duration
    assert found is not None
    assert found.ns == int(seconds * S)
    assert (found.direction, found.skippable) == ("down", True)


def test_marks_of_times() -> None:
    assert only("^5:00 Row").duration == Duration(300 * S, "5:00", "up")
    assert only("*1:00 Rest").duration == Duration(60 * S, "1:00", skippable=False)
    assert only("* 1:00 Rest").duration == Duration(60 * S, "1:00", skippable=False)
    assert only(":? Sprint").duration == Duration(None, ":?", "up")


@pytest.mark.parametrize(
    ("text", "kind", "low", "high"),
    [
        ("10 Burpees", "exact", 10, 10), ("Burpees 10", "exact", 10, 10), ("10 reps Burpees", "exact", 10, 10),
        ("1,000 Singles", "exact", 1000, 1000), ("? Push-ups", "record", None, None), ("Max Pull-ups", "max", None, None),
        ("max reps Pull-ups", "max", None, None), ("8-12 Curls", "range", 8, 12), ("8\u201312 Curls", "range", 8, 12),
        ("Burpees x 10", "exact", 10, 10),
    ],
)  # fmt: skip
def test_repetitions(text: str, kind: str, low: int | None, high: int | None) -> None:
    found = only(text).reps
    assert found is not None
    assert (found.kind, found.low, found.high) == (kind, low, high)
    assert found.target == (low if kind == "exact" else None)


@pytest.mark.parametrize(
    ("text", "slot", "value", "unit", "si"),
    [
        ("10 Squats 95 lb", "load", 95, "lb", 43.09127515), ("10 Squats @95lb", "load", 95, "lb", 43.09127515),
        ("10 Squats 43kg", "load", 43, "kg", 43), ("10 Squats 53#", "load", 53, "lb", 24.04039561),
        ("10 Squats 1.5 bw", "load", 1.5, "bw", None), ("10 Squats @ 80%", "load", 80, "%", None),
        ("10 Squats @RPE 8", "load", 8, "rpe", None), ("10 Squats @ 8 RPE", "load", 8, "rpe", None),
        ("10 Swings 1 pood", "load", 1, "pood", 16.3804964), ("10 Squats 22,5 kg", "load", 22.5, "kg", 22.5),
        ("10 Squats ? kg", "load", None, "kg", None), ("10 Squats (95 lb)", "load", 95, "lb", 43.09127515),
        ("400 m Run", "distance", 400, "m", 400), ("1/4 mile Run", "distance", 0.25, "mi", 402.336),
        ("1 1/2 mile Run", "distance", 1.5, "mi", 2414.016), ("\u00bd mile Run", "distance", 0.5, "mi", 804.672),
        ("2k Row", "distance", 2, "km", 2000), ("50 ft Handstand Walk", "distance", 50, "ft", 15.24),
        ("100 yd Swim", "distance", 100, "yd", 91.44), ("max distance row", "distance", None, "m", None),
        ("20 cal Row", "energy", 20, "cal", 20), ("? cal Row", "energy", None, "cal", None),
        ("max calories row", "energy", None, "cal", None), ("100 kJ Row", "energy", 100, "kJ", 23.900573613767),
        ("24 in Box Jumps", "size", 24, "in", 0.6096), ('24" Box Jumps', "size", 24, "in", 0.6096),
        ("15 ft Rope Climb", "size", 15, "ft", 4.572), ("60 cm Box Jumps", "size", 60, "cm", 0.6),
        ("20 Wall Balls to 10 ft", "size", 10, "ft", 3.048), ("6' Broad Jump", "distance", 6, "ft", 1.8288),
    ],
)  # fmt: skip
def test_quantities(text: str, slot: str, value: float | None, unit: str, si: float | None) -> None:
    found: Quantity | None = getattr(only(text), slot)
    assert found is not None
    assert (found.value, found.unit) == (value, unit)
    assert found.si == (None if si is None else pytest.approx(si))


def test_two_values_are_those_of_two_profiles() -> None:
    s = only("20/15 Thrusters 225/155 lb")
    assert s.load is not None
    assert s.reps is not None
    assert (s.load.for_profile("men").value, s.load.for_profile("women").value) == (225, 155)
    assert (s.reps.for_profile("men").target, s.reps.for_profile("women").target) == (20, 15)
    assert effort_label(s, reps=None, profile="women") == "15 Thrusters 155 lb"
    same = only("10 Thrusters 95 lb / 65 lb").load
    assert same is not None
    assert same.women is not None
    assert same.women.value == 65
    other = only("65/95 lb Thrusters").load
    assert other is not None
    assert (other.value, other.for_profile("women").value) == (65, 95), "never a fraction"


def test_a_load_without_a_unit_takes_that_of_the_text() -> None:
    workout = parse("10 Thrusters 43/29\n5 Deadlifts 100 kg")
    assert workout.statements[0].load is not None
    assert workout.statements[0].load.unit == "kg"
    assert [d.severity for d in workout.diagnostics] == ["info"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(3)\n  Run", {"type": "rounds", "rounds": 3}),
        ("(3 Rounds of)\n  Run", {"type": "rounds", "rounds": 3}),
        ("Rounds: 3\n  Run", {"type": "rounds", "rounds": 3}),
        ("3 rds\n  Run", {"type": "rounds", "rounds": 3}),
        ("(21-15-9)\n  Run", {"type": "rounds", "rep_scheme": (21, 15, 9)}),
        ("21/15/9\n  Run", {"type": "rounds", "rep_scheme": (21, 15, 9)}),
        ("10-9-...-7 Burpees", {"type": "rounds", "rep_scheme": (10, 9, 8, 7)}),
        ("3x10\n  Squats", {"type": "rounds", "rep_scheme": (10, 10, 10), "rounds": None, "reps": None}),
        ("3 x Max Pull-ups", {"type": "rounds", "rounds": 3}),
        ("0:00\n  Run", {"type": "for_time", "duration": None}),
        ("3 rounds for time\n  Run", {"type": "for_time", "rounds": 3}),
        ("21-15-9 for time\n  Run", {"type": "for_time", "rep_scheme": (21, 15, 9)}),
        ("10:00 5 rounds\n  Run", {"type": "for_time", "rounds": 5}),
        ("20:00\n  Run", {"type": "timer"}),
        (":30", {"type": "timer"}),
        ("20:00 Run", {"type": "effort"}),
        ("Warm-up\n  Run", {"type": "group"}),
        ("AMRAP 20\n  Run", {"type": "amrap"}),
        ("AMRAP20\n  Run", {"type": "amrap"}),
        ("20' AMRAP\n  Run", {"type": "amrap"}),
        ("EMOM 10\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        ("EMOM10\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        ("EMOM for 10 min\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        ("10:00 (EMOM)\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        (":60 EMOM\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        ("(3) :30 EMOM\n  Run", {"type": "emom", "rounds": 3, "interval_ns": 30 * S}),
        ("1:00 EMOM 10\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 60 * S}),
        ("(5) 5:00\n  Run", {"type": "emom", "rounds": 5, "interval_ns": 300 * S}),
        ("E3MOM 15\n  Run", {"type": "emom", "rounds": 5, "interval_ns": 180 * S}),
        ("every 90 s x 8\n  Run", {"type": "emom", "rounds": 8, "interval_ns": 90 * S}),
        ("every 2:00 for 5 rounds\n  Run", {"type": "emom", "rounds": 5, "interval_ns": 120 * S}),
        ("every 2:00\n  Run", {"type": "emom", "rounds": 10, "interval_ns": 120 * S}),
        ("on the minute x 8\n  Run", {"type": "emom", "rounds": 8, "interval_ns": 60 * S}),
        ("Tabata\n  Run", {"type": "tabata", "rounds": 8, "work_ns": 20 * S, "rest_ns": 10 * S}),
        ("4:00 Tabata\n  Run", {"type": "tabata", "rounds": 8, "work_ns": 20 * S, "rest_ns": 10 * S}),
        ("(6) :30 Tabata\n  Run", {"type": "tabata", "rounds": 6, "work_ns": 30 * S, "rest_ns": 10 * S}),
        ("(8) :40 / :20\n  Run", {"type": "tabata", "rounds": 8, "work_ns": 40 * S, "rest_ns": 20 * S}),
        ("30s on, 15s off x 4 Run", {"type": "tabata", "rounds": 4, "work_ns": 30 * S, "rest_ns": 15 * S}),
        (":40/:20 10:00 Run", {"type": "tabata", "rounds": 10, "work_ns": 40 * S, "rest_ns": 20 * S}),
        ("Rest as needed", {"type": "rest", "duration": None}),
        ("rest 2", {"type": "rest"}),
    ],
)
def test_headers(text: str, expected: dict[str, Any]) -> None:
    found = only(text)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "text",
    ["For Time, cap 20:00", "For Time TC 20", "20 min cap", "For time (time cap: 20 min)", "For Time 20:00",
     "For Time\n  cap 20:00", "cap 20:00\nFor Time", "For Time\n20:00 time cap"],
)  # fmt: skip
def test_caps(text: str) -> None:
    workout = parse(f"{text}\n  Run" if "\n" not in text else f"{text}\nRun")
    (header,) = [s for s in workout.statements if s.type == "for_time"]
    assert header.cap is not None
    assert header.cap.ns == 1200 * S
    assert workout.errors == ()


def test_a_cap_that_nothing_takes_is_skipped() -> None:
    workout = parse("cap 20:00\n5:00 Run")
    assert [(d.line, d.severity) for d in workout.diagnostics] == [(1, "warning")]
    assert [s.type for s in workout.statements] == ["effort"]


def test_nesting_and_marks() -> None:
    workout = parse("(3)\n    10 Squats\n  - 5 Push-ups\n  + 3 Rows\n\t1 Run\n2 Runs")
    assert [s.parent for s in workout.statements] == [None, 0, 0, 0, 0, None]
    assert [(s.step, s.joined) for s in workout.statements[2:4]] == [(True, False), (False, True)]
    assert workout.roots() == (0, 5)
    assert workout.children()[0] == (1, 2, 3, 4)


def test_what_stands_above_applies_below() -> None:
    workout = parse("95 lb\n(3)\n  10 Cleans\n  5 Snatches 65 lb\n  Rest\n10 Cleans\n400 m\n(2)\n  Run\n  10 Burpees")
    loads = [s.load.value if s.load else None for s in workout.statements]
    assert loads == [95, None, 95, 65, None, None, None, None, None, None]
    distances = [s.distance.value if s.distance else None for s in workout.statements]
    assert distances[-2:] == [400, None]
    assert workout.statements[0].type is None


def test_values_and_notes() -> None:
    workout = parse(
        'rpe: 8\nlocation: "Garage"\ndate: 2024-05-26\n10 Squats {"rir": 2, "ok": true} // easy\n(1)\n  {"x": 1}'
    )
    assert dict(workout.values) == {"rpe": 8, "location": "Garage", "date": "2024-05-26"}
    squats = workout.statements[3]
    assert dict(squats.values) == {"rir": 2, "ok": True}
    assert squats.notes == ("easy",)


def test_choices() -> None:
    s = only("10 Pull-ups 20 lb | Jumping Pull-ups | 5 Rows")
    assert [effort_label(one, reps=None) for one in s.choices] == ["10 Pull-ups 20 lb", "10 Jumping Pull-ups", "5 Rows"]
    s = only("185 | 125 lb Thrusters")
    assert [one.load.value for one in s.choices if one.load] == [185, 125]
    assert s.movement is not None
    assert s.movement.name == "Thrusters"


def test_titles() -> None:
    assert parse('"Murph"\n1 mile Run').name == "Murph"
    assert parse("Grace: 30 clean & jerks").name == "Grace"
    assert parse("name: Bob\n10 Rows").name == "Bob"
    assert parse("10 Rows", name="file").name == "file"
    assert parse("# A\n10 Rows", name="file").name == "A"
    assert parse("Fran").statements[0].type == "effort", "a title alone is no title"
    assert parse("10 Rows").name == "Workout"


def test_markdown_reads_only_runnable_fences() -> None:
    text = "# Plan\n10 prose\n```wod\n(3)\n  Run\n```\n```log\n99 Rows\n```\n~~~~ time x\n  5 Rows\n~~~~\n```python\n1 / 0\n```\n"
    workout = parse(text)
    assert [s.label for s in workout.statements] == ["3 Rounds", "Run", "5 Rows"]
    assert [s.line for s in workout.statements] == [4, 5, 11]
    assert workout.fences == ((0, 2), (2, 3))
    assert workout.name == "Plan"
    assert workout.diagnostics == ()


@pytest.mark.parametrize(
    ("text", "reps", "profile", "label"),
    [
        ("Thrusters 95/65 lb", 21, "men", "21 Thrusters 95 lb"),
        ("Thrusters 95/65 lb", 21, "women", "21 Thrusters 65 lb"),
        ("10 KB Swings (Russian) 24 kg", None, "men", "10 KB Swings (Russian) 24 kg"),
        ("Max Pull-ups", None, "men", "Max Pull-ups"),
        ("5:00 Run 800 m", None, "men", "5:00 Run 800 m"),
        ("5x5 Back Squat @RPE 8", None, "men", "5 Back Squat RPE 8"),
        ("20/15 cal Row", None, "women", "15 cal Row"),
        ("Rest 1:00", None, "men", "1:00"),
        ("10 Box Jumps 24 in", None, "men", "10 Box Jumps 24 in"),
    ],
)
def test_effort_labels(text: str, reps: int | None, profile: Any, label: str) -> None:
    found = effort_label(only(text), reps=reps, profile=profile)
    assert found == label


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("10 Burpees", "custom"), ("Strength\n  5x5 Back Squat 225 lb", "strength"), ("5x5 Back Squat", "strength"),
        ("3 x 400 m Run", "rounds"), ("3x10 Burpees", "rounds"), ("5x5 Deadlift, rest 2:00", "strength"),
        ("(5)\n  400 m Run\n  Rest 1:00", "interval"), ("(8) :20 / :10 Rows", "tabata"), ("(8) :20 / :20 Rows", "interval"),
        ("(6) :30 Tabata Rows", "tabata"), ("AMRAP 5\n  Run\nEMOM 5\n  Run", "custom"), ("AMRAP 5\n  Run\nRest 1:00", "amrap"),
        ("20:00\n  Run", "custom"), ("95 lb\n(3)\n  5 Cleans", "rounds"),
    ],
)  # fmt: skip
def test_formats(text: str, form: str) -> None:
    assert parse(text).format == form
