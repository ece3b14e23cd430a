"""319 recorded runs of WOD Wiki: ours agree, or the list of deviations says why not and what ours are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conformance_files import conformance
from run_adapter import Check, play
from run_deviations import DEVIATIONS

from otelwod.runtime.program import ProgramError

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in conformance("wodscript/run_cases.jsonl").read_text(encoding="utf-8").splitlines()
]


def checks(case: dict[str, Any]) -> list[Check] | None:
    """All checks of a case; None where the program is refused."""
    try:
        return list(play(case))
    except ProgramError:
        return None


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] not in DEVIATIONS], ids=lambda case: case["id"])
def test_run_agrees(case: dict[str, Any]) -> None:
    made = checks(case)
    assert made is not None
    for check in made:
        if check.expected_rows is not None:
            assert check.rows == check.expected_rows
        assert check.done == check.expected_done


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] in DEVIATIONS], ids=lambda case: case["id"])
def test_deviation_still_differs_and_is_ours(case: dict[str, Any]) -> None:
    made = checks(case)
    ours = DEVIATIONS[case["id"]].rows
    if made is None:
        assert ours is None
        return
    assert made[-1].rows == ours
    assert any(
        (check.expected_rows is not None and check.rows != check.expected_rows) or check.done != check.expected_done
        for check in made
    ), "this case agrees by now: take it off the list"


def test_every_deviation_is_a_case() -> None:
    assert set(DEVIATIONS) <= {case["id"] for case in CASES}
    assert len(CASES) == 319
