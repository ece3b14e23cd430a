"""The decorator keeps signatures: mypy, strict, on a user's program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("stages_user_program.py")


def test_mypy_finds_the_wrong_lines_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("mypy.api")
    monkeypatch.chdir(Path(__file__).parents[2])
    output, errors, _ = api.run(
        ["--strict", "--no-error-summary", "--hide-error-context", f"--cache-dir={tmp_path}", str(PROGRAM)]
    )
    assert errors == ""
    found = {int(match[1]) for match in re.finditer(r"stages_user_program\.py:(\d+): error", output)}
    lines = PROGRAM.read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# WRONG")}
    assert wrong
    assert found == wrong, output
