"""What a coach reads of a session: nothing counted twice, no advice on what cannot or did not happen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from otelwod.cli import main

FRAN = "# Fran\n21-15-9\n  Thrusters 95/65 lb\n  Pull-ups\n"


@pytest.fixture
def coached(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The page of a session of a text, with inputs given as (seconds, input), on one line; each "reps" is of one."""

    def page(text: str, *inputs: tuple[float, str]) -> str:
        monkeypatch.setenv("COLUMNS", "160")
        given = [
            {"t": 0, "input": "start"},
            *({"t": at, "input": name, **({"value": 1} if name == "reps" else {})} for at, name in inputs),
        ]
        board, taps = tmp_path / "board.wod", tmp_path / "taps.jsonl"
        board.write_text(text, encoding="utf-8")
        taps.write_text("".join(json.dumps(line) + "\n" for line in given), encoding="utf-8")
        assert main(["run", str(board), "--replay", str(taps), "--no-export"]) == 0
        return " ".join(capsys.readouterr().out.split())

    return page


def test_a_pause_is_nobodys_work_and_no_advice(coached: Callable[..., str]) -> None:
    taps = [(50, "next"), (60, "pause"), (660, "resume"), *((t, "next") for t in (690, 730, 760, 785, 800))]
    page = coached(FRAN, *taps)
    assert "The time went to Thrusters 58 % and Pull-ups 42 %." in page
    assert "20 % faster on “21 Thrusters 95 lb” would make it about 3:10." in page
    assert "Pull-ups 1:25 42 % 3 45 1.89 s 12 % faster" in page


def test_shares_of_movements_and_rest_are_of_the_unpaused_time(coached: Callable[..., str]) -> None:
    page = coached("For Time\n  10 Burpees\n  10 Squats\n", (30, "next"), (40, "rest"), (60, "reps"), (100, "next"))
    assert "The time went to Squats 50 %, Burpees 30 % and rest 20 %." in page


def test_a_stopped_session_says_so_and_gets_no_advice(coached: Callable[..., str]) -> None:
    page = coached(FRAN, (50, "next"), (90, "next"), (120, "stop"))
    assert page.startswith("Fran (for time): stopped after 42 reps.")
    assert "would make it" not in page
    assert "Round 2 was" not in page
    assert "40 % faster" not in page  # 30 s of a set that was given up against 50 s of a whole one


def test_no_advice_where_the_cap_came_first(coached: Callable[..., str]) -> None:
    page = coached("For Time (2:00 cap)\n  50 Burpees\n  50 Squats\n", (100, "next"), (120, "tick"))
    assert "CAP + 50." in page
    assert "would make it" not in page


def test_no_advice_on_a_time_that_the_text_sets(coached: Callable[..., str]) -> None:
    page = coached("For Time\n  1:00 Burpees\n  0:30 Rest\n  10 Squats\n", (90, "tick"), (100, "next"))
    assert "20 % faster on “10 Squats” would make it about 1:38." in page
    assert "faster on “1:00" not in page
    assert "on “Rest" not in page


def test_minutes_that_were_missed_are_no_strong_finish(coached: Callable[..., str]) -> None:
    page = coached("(3) 1:00 EMOM\n  20 Burpees\n", (180, "tick"))
    assert "0 of 3 made" in page
    assert "finish" not in page
    assert "Minute 3 was" not in page
    assert "even pace" not in page


def test_what_a_pace_is_of_is_said_where_movements_differ(coached: Callable[..., str]) -> None:
    page = coached("AMRAP 5\n  400 m Run\n  10 Burpees\n", (120, "next"), (150, "next"), (280, "next"), (300, "tick"))
    assert "2:05 a set" in page
    assert "3 s a rep" in page  # the last burpees, cut with none counted, have no part in it


def test_every_lift_has_a_line_of_its_own(coached: Callable[..., str]) -> None:
    text = "Squat 3x5 140 kg\nBench 3x5 100 kg\nDeadlift 1x5 180 kg\n"
    page = coached(text, *((60 * number, "next") for number in range(1, 8)))
    assert page.startswith(
        "board: 3 lifts. Squat 3 × 5 @ 140 kg, volume 2,100 kg, est. 1RM 163.3 kg. "
        "Bench 3 × 5 @ 100 kg, volume 1,500 kg, est. 1RM 116.7 kg. "
        "Deadlift 1 × 5 @ 180 kg, volume 900 kg, est. 1RM 210 kg. The time went to"
    )


def test_a_single_lift_stands_in_the_headline(coached: Callable[..., str]) -> None:
    page = coached("Squat 3x5 140 kg\n", *((60 * number, "next") for number in range(1, 4)))
    assert page.startswith("board: 3 × 5 @ 140 kg, volume 2,100 kg, est. 1RM 163.3 kg. The time")


def test_minutes_that_the_clock_cut_are_not_called_slower(coached: Callable[..., str]) -> None:
    taps = [(t, "reps") for t in (10, 20, 30, 70, 80, 150)]
    page = coached("EMOM 3\n  20 Burpees\n", *taps, (180, "tick"))
    assert "0 of 3 made." in page
    assert "slower" not in page.partition("Movements")[0]
