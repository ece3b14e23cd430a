# ruff: noqa: E501
"""What is not understood is said: severity, place, text, and a hint that mends it."""

from __future__ import annotations

import pytest

from otelwod.workout import parse, totals
from otelwod.workout.remarks import MAX_OF_A_LINE, MAX_OF_A_TEXT


@pytest.mark.parametrize(
    ("text", "line", "column", "severity", "words", "hint"),
    [
        ("(5)\n  5 Squats 1:90", 2, 12, "error", "'1:90' is not a time", "write 2:30"),
        ("5:60 Run", 1, 1, "error", "'5:60'", "write 6:00"),
        ("1:5 Run", 1, 1, "error", "'1:5'", "write 1:05 or 1:50"),
        ("1:2:3:4:5 Run", 1, 1, "error", "is not a time", "hours:minutes:seconds"),
        ("5:3x Run", 1, 1, "error", "'5:3'", "write 5:03 or 5:30"),
        ("5:30a Run", 1, 1, "error", "'5:30a'", "digits only"),
        ("5 : 00 Run", 1, 1, "error", "'5 : 00' is not a time", "write minutes:seconds"),
        ("99999999:00:00 Run", 1, 1, "error", "is not a time", "at most a year"),
        ("123456789:00 Run", 1, 1, "error", "is not a time", "eight digits"),
        ("99999999 h Run", 1, 1, "error", "out of range", "at most a year"),
        ("10 Squats (strict", 1, 11, "error", "opening bracket", "write )"),
        ("10 Squats strict)", 1, 17, "error", "closing bracket", "remove )"),
        ("10 Squats [x", 1, 11, "error", "opening bracket", "]"),
        ("10 Squats {x", 1, 11, "error", "opening bracket", '{"rpe": 8}'),
        ("10 Squats x}", 1, 12, "error", "closing bracket", "remove }"),
        ("10 Squ\x07ats", 1, 7, "error", "U+0007", "remove it"),
        ("10 \u202eSquats", 1, 4, "error", "U+202E", "remove it"),
        ("10 Squats\x00", 1, 10, "error", "U+0000", "remove it"),
        ("9" * 400 + " Squats", 1, 1, "error", "out of range", "1,000,000,000"),
        ("1-2-99999999999999 Squats", 1, 5, "error", "out of range", "1,000,000,000"),
        ("(99999999999999) Squats", 1, 2, "error", "out of range", "1,000,000,000"),
        ("(0) Squats", 1, 2, "error", "0 rounds", "from 1"),
        ("(1.5) Squats", 1, 2, "error", "1.5 rounds", "whole number"),
        ("(3-0-1) Squats", 1, 1, "error", "rep scheme", "(21-15-9)"),
        ("3-0-1 Squats", 1, 1, "error", "rep scheme", "whole numbers"),
        ("10.5 Squats", 1, 1, "error", "10.5 repetitions", "whole number"),
        ("1/0 mile Run", 1, 1, "error", "'1/0'", "1/4"),
        ("10 Squats @RPE 11", 1, 12, "error", "out of range", "1 to 10"),
        ("10 Squats 5000%", 1, 11, "error", "out of range", "1000 %"),
        ("E0MOM\n Run", 1, 1, "error", "no interval", "E2MOM"),
        ("every :00 x 5\n Run", 1, 7, "error", "without a length", "every 2:00"),
        ("(3) :?\n Run", 1, 1, "error", "no length", "(3) 1:00"),
        ("(8) :00 / :10 Run", 1, 1, "error", "without work", ":20 / :10"),
        ("For Time cap\n Run", 1, 10, "error", "a cap without a time", "cap 20:00"),
        ("1-2-...-1.5 Squats", 1, 1, "error", "rep scheme", "whole numbers"),
        ("10-9-...-20 Squats", 1, 1, "error", "no steps", "every number"),
        ("", 1, 1, "error", "empty", "10 Burpees"),
        ("# Only a title", 1, 1, "error", "nothing here can be run", "10 Burpees"),
        ("rpe: 8", 1, 1, "error", "nothing here can be run", "10 Burpees"),
        ("5 Rows\n$", 2, 1, "warning", "skipped '$'", "remove it"),
        ("5 Rows [x]", 1, 8, "warning", "square brackets", "remove it"),
        ("5 Rows\n[x]", 2, 1, "warning", "kept as a note", "remove it"),
        ("5 Rows\n!!!", 2, 1, "warning", "nothing to do", "//"),
        ("20 Pull-ups bw", 1, 13, "info", "no load is added", "1 bw"),
        ("EMOM", 1, 1, "warning", "nothing stands in it", "indent"),
        ("5 Rows ()", 1, 8, "warning", "empty", "(3)"),
        ("5 Rows {x}", 1, 8, "warning", "not a JSON object", '{"rpe": 8}'),
        ('5 Rows {"a": [1]}', 1, 8, "warning", "not a single value", "double quotes"),
        ('5 Rows {"a": 1e999}', 1, 8, "error", "out of range", "smaller"),
        ("5:00 Run 3:00", 1, 1, "warning", "a step of its own", "Rest"),
        ("EMOM 5 3:00 4:00\n Run", 1, 1, "warning", "skipped '4:00'", "a line of its own"),
        ("10 Rows 5", 1, 9, "warning", "a number without a unit", "5 lb"),
        ("10 Rows 95 lb 80 kg", 1, 15, "warning", "a load already", "a line of its own"),
        ("10 reps 5 reps Rows", 1, 9, "warning", "repetitions already", "a line of its own"),
        ("(3) (4) Rows", 1, 6, "info", "part of each of the rounds before", "a line of its own"),
        ("(3) (4) (5) Rows", 1, 10, "warning", "rounds already", "a line of its own"),
        ("EMOM 5 (4) (3) Rows", 1, 1, "warning", "rounds already", "a line of its own"),
        ("(3) (21-15-9) Rows", 1, 5, "warning", "rounds already", "a line of its own"),
        ("EMOM 10 AMRAP\n Run", 1, 9, "warning", "says emom already", "a line of its own"),
        ("95 lb", 1, 1, "warning", "a load without a movement", "behind the movement"),
        ("(Each Side)", 1, 1, "warning", "no movement stands with it", "//"),
        ("(3)\n10 Rows", 1, 1, "warning", "nothing stands in it", "indent"),
        ("10 Rows @", 1, 9, "warning", "no load stands behind it", "@ 95 lb"),
        ("10 Rows ^ ^", 1, 9, "warning", "no time stands behind it", "^5:00"),
        (": Rows", 1, 1, "warning", "no time stands behind it", ":30"),
        ("1:00 rest 5 reps", 1, 1, "warning", "the reps of a rest", "a line of its own"),
        ("AMRAP 20 cap 10\n Run", 1, 1, "warning", "skipped the cap", "For Time"),
        ("(21-15-9) EMOM\n Run", 1, 1, "warning", "rep scheme", "each interval"),
        ("```\n5 Rows", 1, 1, "warning", "no runnable fence", "```wod"),
        ("Run | (AMRAP)", 1, 1, "warning", "an alternative", "Row 500 m"),
        ("10/20 Rows", 1, 1, "warning", "two numbers", "10 reps"),
        ("4 rounds of 60-80 kg Rows", 1, 13, "info", "the first number counts", "one number"),
        ("10 Rows 95/65", 1, 9, "info", "read as lb", "95/65 lb"),
        ("10 Row @ easy pace", 1, 10, "info", "a note", "@ 95 lb"),
        ("Squat @ 31X1", 1, 7, "info", "a note", "@ 95 lb"),
        ("Squat 1RM", 1, 7, "info", "1 repetition;", "90%"),
        ("EMOM\n Run", 1, 1, "info", "10 minutes", "EMOM 10"),
        ("E2MOM 5\n Run", 1, 7, "info", "minutes", "x 5"),
        ("E2MOM 5 min\n Run", 1, 1, "info", "2 whole intervals", "x 2"),
        (":40 / :20 Run", 1, 1, "info", "one interval", "(8) :40 / :20"),
        ("3-4 rounds\n Run", 1, 1, "info", "first number counts", "one number"),
        ("rest 2\n5 Rows", 1, 6, "info", "minutes", "1:00"),
        ("(21-15-9) 10:00\n Run", 1, 1, "info", "the cap", "(cap 10:00)"),
        ("20/14 min Run", 1, 1, "info", "the first time", "one time"),
        ("5 Zorgles", 1, 1, "info", "not in the table", "known name"),
        ("5 Burpeees", 1, 1, "info", "not in the table", "did you mean Burpee?"),
    ],
)  # fmt: skip
def test_diagnostic(text: str, line: int, column: int, severity: str, words: str, hint: str) -> None:
    found = parse(text).diagnostics
    assert any(
        (d.line, d.column, d.severity) == (line, column, severity) and words in d.message and hint in d.hint
        for d in found
    ), found


def test_the_other_lines_still_count() -> None:
    workout = parse("(5)\n  5 Squats 1:90\n  10 Rows 95 lb")
    assert totals(workout).reps == 75
    assert [d.line for d in workout.errors] == [2]


def test_an_unknown_movement_is_named_once() -> None:
    assert len(parse("5 Zorgles\n" * 50).diagnostics) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"10 Rows\n5 \xff Rows", "0xff"), (b"\x00\x01\x02\xff\xfe" * 100, "not UTF-8"), (b"\xff\xfe1\x000\x00", "UTF-16"),
        (b"", "empty"), (b"\x7fELF\x02\x01\x01" + bytes(64), "U+007F"),
    ],
)  # fmt: skip
def test_bytes(data: bytes, words: str) -> None:
    found = parse(data)
    assert words in found.errors[0].message


def test_the_place_of_a_bad_byte() -> None:
    (found,) = parse("10 Rows\n5 \u00e9\u00e9".encode() + b"\xff Rows").errors
    assert (found.line, found.column) == (2, 5)
    assert [s.line for s in parse(b"\xef\xbb\xbf10 Rows\n5 \xff Rows").statements] == [1, 2]


def test_a_fence_that_is_never_closed() -> None:
    workout = parse("text\n```wod\n5 Rows")
    assert [(d.line, d.severity) for d in workout.diagnostics] == [(2, "error")]
    assert [s.line for s in workout.statements] == [3]
    assert "no workout" in parse("text", markdown=True).errors[0].message
    assert parse("```log\n5 Rows", markdown=True).errors[0].line == 1


def test_diagnostics_are_bounded() -> None:
    assert len(parse("$ " * 10_000).diagnostics) <= MAX_OF_A_LINE + 1
    assert len(parse("1:90 " * 10_000).errors) <= MAX_OF_A_LINE
    found = parse("$\n" * (MAX_OF_A_TEXT + 5)).diagnostics
    assert "5 more are not shown" in found[-1].message
    assert len(found) == MAX_OF_A_TEXT + 2
    assert all(len(d.message) < 200 for d in parse("5 Rows " + "$" * 10_000).diagnostics)
