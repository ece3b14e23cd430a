# ruff: noqa: E501
"""Totals, units, movements, files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from otelwod.workout import Totals, canonical, files, load, movements, parse, totals, units

S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 Rows", Totals(10, 0, 0, 0, 0)),
        ("5x5 Back Squat 100 kg", Totals(25, 2500, 0, 0, 0)),
        ("(21-15-9)\n  Thrusters 100 kg\n  10 Rows\n  (2)\n    Burpees", Totals(45 + 30 + 90, 4500, 0, 0, 0)),
        ("(3)\n  400 m Run\n  20 cal Row\n  Rest 1:00\n  2:00 Plank", Totals(0, 0, 1200, 60, 540 * S)),
        ("EMOM 5\n  10 Rows\n  + 1 Burpee\n  3 Squats 10 kg", Totals(30 + 3 + 6, 60, 0, 0, 300 * S)),
        ("(2)\n  EMOM 3\n    :30 Plank\n    2 Rows", Totals(4, 0, 0, 0, 360 * S)),
        ("(8) :20 / :10 2 Rows", Totals(16, 0, 0, 0, 240 * S)),
        ("EMOM 10 2 Rows", Totals(20, 0, 0, 0, 600 * S)),
        ("3 x 1:00 Plank", Totals(0, 0, 0, 0, 180 * S)),
        ("21-15-9 Burpees", Totals(45, 0, 0, 0, 0)),
        ("AMRAP 20\n  5 Rows\n  :30 Plank", Totals(0, 0, 0, 0, 1200 * S, True)),
        ("20:00\n  5 Rows", Totals(0, 0, 0, 0, 1200 * S, True)),
        ("Max Rows", Totals(0, 0, 0, 0, 0, True)),
        ("^5:00 Row", Totals(0, 0, 0, 0, 0)),
        ("30 Cleans for time 100 kg", Totals(30, 3000, 0, 0, 0)),
        ("3 rounds for time: 10 Rows", Totals(30, 0, 0, 0, 0)),
        ("AMRAP 5 Burpees 10", Totals(0, 0, 0, 0, 300 * S, True)),
    ],
)  # fmt: skip
def test_totals(text: str, expected: Totals) -> None:
    assert totals(parse(text)) == expected


def test_pounds_and_kilograms_add_up_in_kilograms() -> None:
    found = totals(parse("10 Cleans 100 lb\n10 Cleans 100 kg\n10 Cleans 1.5 bw"))
    assert found.volume_load_kg == pytest.approx(10 * 45.359237 + 1000)
    assert found.reps == 30


def test_the_profile_counts() -> None:
    workout = parse("20/15 Cleans 100/50 kg")
    assert totals(workout, "men").volume_load_kg == 2000
    assert totals(workout, "women").volume_load_kg == 750


def test_units() -> None:
    assert units.to_si(1, "mi") == 1609.344
    assert units.to_si(2, "bw") is None
    assert units.dimension("kJ") == "energy"
    assert [units.spoken(value) for value in (95.0, 2.5, 0.25, None)] == ["95", "2.5", "0.25", "?"]
    for spelling, unit in units.SPELLINGS.items():
        assert units.dimension(unit) in ("load", "distance", "energy", "time")
        assert spelling == spelling.lower()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Pullups", "pull/pull_up"), ("pull ups", "pull/pull_up"), ("T2B", "core/toes_to_bar"), ("DUs", "jump/double_under"),
        ("C&J", "olympic/clean_and_jerk"), ("Clean & Jerk", "olympic/clean_and_jerk"), ("HSPU", "press/handstand_push_up"),
        ("K2E", "core/knees_to_elbows"), ("OHS", "squat/overhead_squat"), ("strict pull-ups", "pull/strict_pull_up"),
        ("heavy deadlifts", "hinge/deadlift"), ("Farmer\u2019s Carry", "carry/farmers_carry"), ("Zorgle", None),
        ("x" * 500, None),
    ],
)  # fmt: skip
def test_movements(written: str, expected: str | None) -> None:
    found = movements.lookup(written)
    assert (found[0] if found else None) == expected


def test_the_table_is_large_and_sound() -> None:
    names = movements.names()
    assert len(names) >= 150
    ids = [movements.lookup(name) for name in names]
    assert all(found is not None for found in ids)
    assert len({found[0] for found in ids if found}) == len(names), "no two movements share an id"


def test_the_nearest_name() -> None:
    assert movements.nearest("Thrustres") == "Thruster"
    assert movements.nearest("qqqqqq") is None
    assert movements.nearest("x" * 500) is None
    assert movements.nearest("-") is None


def test_files(tmp_path: Path) -> None:
    good = tmp_path / "my workout.wod"
    good.write_bytes(b"\xef\xbb\xbf10 Rows\r\n")
    assert load(good).name == "my workout"
    assert load(good).diagnostics == ()
    assert files.unreadable(good) is None
    plan = tmp_path / "plan.md"
    plan.write_text("no fence", "utf-8")
    assert "no workout" in load(plan).errors[0].message


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    large = tmp_path / "large.wod"
    large.write_bytes(b"5 Rows\n" * 10)
    monkeypatch.setattr(files, "MAX_BYTES", 20)
    for path, words in (
        (tmp_path / "none.wod", "no such file"),
        (tmp_path, "directory"),
        (tmp_path / "pipe", "no regular file"),
        (large, "larger"),
        ("a\x00b", "cannot be read"),
        (tmp_path / ("n" * 300), "cannot be read"),
    ):
        workout = load(path)
        assert workout.statements == ()
        (found,) = workout.diagnostics
        assert (found.line, found.severity) == (1, "error")
        assert words in found.message
        assert found.hint
        assert files.unreadable(path) == found


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)
    assert "may not be read" in load(tmp_path / "x.wod").errors[0].message


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.wod"
    path.write_text("5 Rows", "utf-8")

    def fail(_: int) -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files.stat, "S_ISDIR", fail)
    assert "Input/output error" in load(path).errors[0].message


@pytest.mark.parametrize(
    ("text", "kilograms"),
    [("10 DB thrusters 2x20/10 kg", 400), ("10 KB cleans 20/10 kg", 200), ("10 dual KB cleans 20/10 kg", 400),
     ("10 lunges DBs 20/10 kg", 400)],
)  # fmt: skip
def test_a_load_in_each_hand_counts_twice(text: str, kilograms: float) -> None:
    assert totals(parse(text)).volume_load_kg == kilograms
    assert totals(parse(text), "women").volume_load_kg == kilograms / 2
    assert totals(parse(canonical(parse(text)))).volume_load_kg == kilograms
