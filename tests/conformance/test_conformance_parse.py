"""The recorded parse cases: our facts agree, or the difference is listed with its reason and our own answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conformance_files import conformance
from parse_adapter import Sheet, observed, ours
from parse_deviations import DEFECTS, QUIRKS, Deviations

from otelwod.workout import canonical, parse

CASES = [json.loads(line) for line in conformance("wodscript/parse_cases.jsonl").read_text("utf-8").splitlines()]
EXPECTED = {case: facts for part in (QUIRKS, DEFECTS) for cases in part.values() for case, facts in cases.items()}
EXPECTED["P014"] = dict.fromkeys(range(1, 101), EXPECTED["P015"][1])
EMPTY_TEXT = {"P012", "P077", "P078", "P079", "P080", "P148"}
"""Nothing to run is an error of ours; the recordings know no errors."""


def _complete(facts: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {line: {**Sheet(1, None).facts(), **found} for line, found in facts.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_facts(case: dict[str, Any]) -> None:
    found = ours(parse(case["script"]))
    if case["id"] in EXPECTED:
        assert found == _complete(EXPECTED[case["id"]])
        assert found != observed(case), "agrees now: take it off the list of deviations"
    else:
        assert found == observed(case)


def _listed(part: Deviations) -> list[str]:
    return [case for cases in part.values() for case in cases]


def test_every_listed_case_exists_once() -> None:
    listed = _listed(QUIRKS) + _listed(DEFECTS)
    assert len(listed) == len(set(listed))
    assert set(listed) <= {case["id"] for case in CASES}


def test_each_part_of_the_list_holds_cases_of_its_kind_only() -> None:
    named = {case["id"] for case in CASES if case.get("upstream_quirks")}
    assert set(_listed(QUIRKS)) <= named
    assert set(_listed(DEFECTS)).isdisjoint(named)


@pytest.mark.parametrize("case", [c for c in CASES if "asserted" in c], ids=lambda case: str(case["id"]))
def test_demands(case: dict[str, Any]) -> None:
    """What upstream's own tests demand of the tree: how many statements and roots, and that no line is an error."""
    workout = parse(case["script"])
    tree = case["asserted"].get("tree", {})
    if "statements" in tree:
        assert len(workout.statements) == tree["statements"]
    if "roots" in tree:
        assert len(workout.roots()) == tree["roots"]
    if tree.get("errors") == 0 and case["id"] not in EMPTY_TEXT:
        assert workout.errors == ()


TYPES = {"workout.amrap": "amrap", "workout.emom": "emom", "workout.for_time": "for_time"}


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if set(TYPES) & set(c.get("asserted", {}).get("statements", {}).get("0", {}).get("hints", ()))],
    ids=lambda case: str(case["id"]),
)
def test_kinds(case: dict[str, Any]) -> None:
    (hint,) = set(TYPES) & set(case["asserted"]["statements"]["0"]["hints"])
    assert parse(case["script"]).statements[0].type == TYPES[hint]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_canonical_text_says_the_same(case: dict[str, Any]) -> None:
    workout = parse(case["script"])
    again = parse(canonical(workout))
    assert [(s.type, s.parent, s.rounds, s.rep_scheme, s.reps) for s in again.statements] == [
        (s.type, s.parent, s.rounds, s.rep_scheme, s.reps) for s in workout.statements
    ]
    assert again.format == workout.format
