"""``otelwod check``: text, JSON, exit status, and what a hostile file cannot do."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from otelwod.cli import check, main
from otelwod.cli.errors import UsageError


def run(*arguments: str) -> int:
    """The command with these arguments."""
    parser = argparse.ArgumentParser()
    check.configure(parser)
    return check.execute(parser.parse_args(arguments))


@pytest.fixture
def fran(tmp_path: Path) -> str:
    path = tmp_path / "fran.wod"
    path.write_text("# Fran\n21-15-9\n  Thrusters 95/65 lb\n  Pull-ups\n", "utf-8")
    return str(path)


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "broken.wod"
    path.write_text("(3)\n  5 Squats 1:90\n  10 Thrustres\n  3 Rows $\n", "utf-8")
    return str(path)


def test_the_program_is_said_as_people_read_it(fran: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fran) == 0
    out, err = capsys.readouterr()
    assert out == (
        "Fran (for time)\n  21-15-9 repetitions:\n    Thrusters 95 lb\n    Pull-ups\n"
        "  total: 90 reps, 1,939 kg lifted\n"
    )
    assert err == ""


def test_the_profile_chooses_the_load(fran: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fran, "--profile", "women") == 0
    assert "Thrusters 65 lb" in capsys.readouterr().out


def test_errors_have_place_and_remedy(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(broken) == 1
    out, err = capsys.readouterr()
    assert err == f"{broken}:2:12: error: '1:90' is not a time; write 2:30\n"
    assert (
        f"{broken}:3:3: info: the movement 'Thrustres' is not in the table; its text is kept; did you mean Thruster?"
        in out
    )
    assert f"{broken}:4:10: warning: skipped '$'" in out
    assert "10 Thrustres" in out, "the other lines still mean the same"


def test_json_is_the_contract(fran: str, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fran, broken, "--format", "json") == 1
    out, err = capsys.readouterr()
    assert err == ""
    document = json.loads(out)
    assert set(document) == {"schema", "files"}
    assert document["schema"] == 1
    first, second = document["files"]
    assert set(first) == {"file", "name", "format", "statements", "totals", "diagnostics"}
    assert (first["file"], first["name"], first["format"]) == (fran, "Fran", "for_time")
    assert first["statements"] == [
        {"line": 2, "parent_line": None, "type": "rounds", "label": "21-15-9"},
        {"line": 3, "parent_line": 2, "type": "effort", "label": "Thrusters 95 lb"},
        {"line": 4, "parent_line": 2, "type": "effort", "label": "Pull-ups"},
    ]
    assert {"reps", "volume_load_kg", "distance_m", "planned_s"} <= set(first["totals"])
    assert first["totals"]["reps"] == 90
    assert first["totals"]["volume_load_kg"] == pytest.approx(45 * 95 * 0.45359237)
    assert first["diagnostics"] == []
    assert second["diagnostics"][0] == {
        "line": 2, "column": 12, "severity": "error", "message": "'1:90' is not a time", "hint": "write 2:30",
    }  # fmt: skip


def test_json_of_the_women_s_standard(fran: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(fran, "--format", "json", "--profile", "women")
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["statements"][1]["label"] == "Thrusters 65 lb"
    assert file["totals"]["volume_load_kg"] == pytest.approx(45 * 65 * 0.45359237)


def test_what_cannot_be_read_is_bad_input(fran: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(fran, str(tmp_path / "none.wod"), str(tmp_path))
    assert caught.value.lines == (
        f"{tmp_path}/none.wod:1:1: error: there is no such file; check the path",
        f"{tmp_path}:1:1: error: this is a directory; name a file in it",
    )
    assert "Fran" in capsys.readouterr().out, "the others are still checked"


def test_unreadable_files_stand_in_the_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        run(str(tmp_path / "none.wod"), "--format", "json")
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["statements"] == []
    assert file["diagnostics"][0]["severity"] == "error"


def test_hostile_characters_are_shown_and_not_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.wod"
    path.write_bytes(
        '# Fr\x1b[2Jan\u202e\n10 Bur\x07pees \x1b]0;x\x07 {"a": "\\u001b[31m\\u202e"}\nnote: "\\u001b"\n'.encode()
    )
    assert run(str(path)) == 1
    out, err = capsys.readouterr()
    assert not any(character in out + err for character in "\x1b\x07\u202e")
    assert "U+001B" in err
    assert run(str(path), "--format", "json") == 1
    assert not any(character in capsys.readouterr().out for character in "\x1b\x07\u202e")


def test_several_fences_and_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.md"
    path.write_text(
        "# Plan\ntext\n```wod\nEMOM 4\n  5 Burpees\n  + 3 Squats\n  rest\n```\n"
        "```time\n(8) :20 / :10 | ?\n  10 Rows\n```\n",
        "utf-8",
    )
    run(str(path))
    out = capsys.readouterr().out
    assert out.startswith("Plan\n  block 1\n  every minute for 4 minutes:\n    minute 1, 3: 5 Burpees\n")
    assert "    together with 3 Squats\n    minute 2, 4: rest as needed\n" in out
    assert "  block 2\n  8 intervals of 0:20 work and 0:10 rest:\n    10 Rows\n" in out


def test_every_kind_of_statement_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "all.wod"
    path.write_text(
        "20:00\n  5 Burpees\n:?\n  Run\nAMRAP\n  Run\nE2MOM x 3\n  a\n  b\n  c\n  d\n3 x 1:00 Plank\n(1)\n  Run\n"
        "30 Rows for time\nrpe: 8\nRun | Walk\n1x10\n  Squats\n(21-15-9) Rows\n",
        "utf-8",
    )
    run(str(path))
    out = capsys.readouterr().out
    for line in (
        "  repeat for 20:00:",
        "  repeat for an open time:",
        "  as many rounds as possible:",
        "  every 2:00, 3 times:",
        "    never (intervals end before): d",
        "  3 sets of 1:00 Plank",
        "  1 round:",
        "  for time: 30 Rows",
        "  (rpe: 8)",
        "  Run (or Walk)",
        "  10 repetitions:",
        "  21-15-9 Rows",
    ):
        assert line in out.splitlines()


def test_a_block_that_is_not_known_is_said_at_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.wod"
    text = '(2) 3 Squats {"block": "ammrap"}\n10 Burpees {"block": "death_by"}\n5 Squats {"block": "effort"}\n'
    path.write_text(text, "utf-8")
    assert run(str(path)) == 0
    expected = [
        f"{path}:1:15: warning: there is no block named `ammrap`; the line runs as rounds does; did you mean `amrap`?",
        f"{path}:2:13: warning: there is no block named `death_by`; the line runs as effort does; "
        "blocks of one's own exist in Python: Session(…, blocks={…})",
    ]
    assert [line for line in capsys.readouterr().out.splitlines() if "warning" in line] == expected
    assert main(["run", str(path), "--simulate", "--seed", "1", "--no-export"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if "warning" in line] == expected


def test_a_long_block_name_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.wod"
    path.write_text('10 Burpees {"block": "' + "x" * 500 + '"}\n', "utf-8")
    assert run(str(path)) == 0
    assert f"`{'x' * 40}…`" in capsys.readouterr().out
