"""``otelwod check`` refuses what ``otelwod run`` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from otelwod.cli import main


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("AMRAP\n  5 Burpees\n", "would never end"),
        ("(1000000000)\n  5 Burpees\n", "write fewer rounds"),
        ("\n".join(" " * n + "(1)" for n in range(300)) + "\n" + " " * 300 + "5 Burpees\n", "error"),
        ("// nothing\n", "nothing here can be run"),
    ],
    ids=["endless", "too many", "too deep", "empty"],
)
def test_what_cannot_run_is_an_error_of_check(
    text: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "board.wod"
    file.write_text(text, encoding="utf-8")
    assert main(["check", str(file)]) == 1
    assert part in capsys.readouterr().err


def test_what_can_run_is_free_of_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "board.wod"
    file.write_text("AMRAP 5\n  5 Burpees\n", encoding="utf-8")
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().err == ""
