"""`TaskRun`: JSON there and back, what it says of what it could not write, bounds, formats of other versions."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.stages.taskrun import BoundaryCall, RecordError, RunError, RunMetric, TaskRun, model
from otelwod.stages.taskrun import capture as capture_module
from otelwod.stages.taskrun.capture import LEFT_OUT, MAX_NOTES, MAX_TEXT, capture, capture_call
from otelwod.stages.taskrun.timing import Timed
from otelwod.telemetry.redaction import MASK, is_secret, redact_text

FORMAT_1 = Path(__file__).with_name("taskrun_format_1.json")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: redact_text(text) == text)
KEYS = TEXTS.filter(lambda text: not is_secret(text))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=30,
)


def exactly(value: Any) -> str:
    """A text that tells 1 from 1.0 from True, and 0.0 from -0.0."""
    return repr(value)


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_value_comes_back_as_it_was(value: Any) -> None:
    captured = capture("output", value)
    assert captured.notes == ()
    assert captured.complete
    run = TaskRun("t", output=captured.value, input=captured.value)
    run.calls.append(BoundaryCall("b", captured.value, captured.value))
    run.set_metadata({"m": value})
    back = TaskRun.from_json(run.to_json())
    assert back == run
    assert exactly(back.output) == exactly(value)
    assert exactly(back.metadata["m"]) == exactly(value)
    assert back.to_json() == run.to_json()


@given(
    st.recursive(
        st.binary() | st.floats() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.tuples(x, x)
            | st.sets(st.integers())
            | st.dictionaries(st.text() | st.integers() | st.none(), x)
        ),
        max_leaves=20,
    )
)
@settings(max_examples=150, deadline=None)
def test_anything_else_is_written_and_said(value: Any) -> None:
    captured = capture("output", value)
    run = TaskRun("t", output=captured.value, notes=list(captured.notes))
    run.to_json().encode()
    assert TaskRun.from_json(run.to_json()) == run
    if not captured.notes:
        assert captured.complete
        assert exactly(captured.value) == exactly(value)


def test_the_notes_say_where_what_stood_and_what_stands_now() -> None:
    value = {
        "rows": [{"when": datetime.date(2026, 1, 1)}, (1, 2)],
        "ratio": math.nan,
        "far": math.inf,
        3: "three",
        "raw": b"x",
        "odd": "\ud800",
        "many": 10**4000,
        "password": "hunter2",
        "url": "https://ann:hunter2@example.org/",
    }
    captured = capture("output", value)
    assert captured.notes == (
        "output.rows[0].when: datetime.date left out",
        "output.rows[1]: a tuple became a list",
        "output.ratio: float nan left out",
        "output.far: float inf left out",
        "output: an entry whose key is int left out",
        "output.raw: bytes left out",
        "output.odd: a text with lone surrogates was escaped",
        "output.many: an integer of over 3,000 digits left out",
        "output.password: a secret was masked",
        "output.url: a secret was masked",
    )
    assert not captured.complete
    written: Any = captured.value
    assert written["rows"] == [{"when": {LEFT_OUT: "datetime.date"}}, [1, 2]]
    assert written["password"] == MASK
    assert "hunter2" not in json.dumps(written)


def test_secrets_are_masked_by_the_names_of_parameters() -> None:
    captured = capture_call(("user", "password"), ("ann", "hunter2"), {"api_key": "k", "n": 1})
    assert captured.value == {"args": ["ann", MASK], "kwargs": {"api_key": MASK, "n": 1}}
    assert captured.complete


def test_keys_that_become_one_are_said() -> None:
    captured = capture("output", {"\ud800": 1, "\\ud800": 2})
    assert captured.value == {"\\ud800": 1}
    assert captured.notes[-1] == "output: a second entry '\\\\ud800' left out"


def test_a_value_is_bounded_in_depth_number_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Any = []
    deep.append(deep)
    notes = capture("x", deep).notes
    assert notes == ("x" + "[0]" * 64 + ": what is nested over 64 deep left out",)
    wide = capture("x", list(range(capture_module.MAX_NODES + 50)))
    assert isinstance(wide.value, list)
    assert len(wide.value) == capture_module.MAX_NODES
    assert not wide.complete
    assert capture("x", {str(n): n for n in range(capture_module.MAX_NODES + 50)}).notes[-1].endswith("entries")
    long = capture("x", "a" * (MAX_TEXT + 1))
    assert long.notes == ("x: a text of 1,000,001 characters was cut to 1,000,000",)
    assert not long.complete
    monkeypatch.setattr(capture_module, "MAX_CHARACTERS", 10)
    assert capture("x", ["12345678", "12345678"]).value == ["12345678", "12"]
    assert capture("x", [10**20, 10**20]).complete is False
    many = capture("x", [b""] * (MAX_NOTES + 10)).notes
    assert len(many) == MAX_NOTES
    assert many[-1] == f"x: and {11} more"


def test_no_code_of_the_value_runs() -> None:
    class Trap(dict[str, int]):
        def items(self) -> Any:
            raise AssertionError

        def __repr__(self) -> str:
            raise AssertionError

    assert capture("x", Trap()).notes[0].endswith("Trap left out")


# ------------------------------------------------------------------------------------------------- metadata, metrics


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1], "metadata is a mapping of names to values, not list"),
        ({1: 2}, "a name in metadata is a text that is not empty, not 1"),
        ({"a": 1, " ": 2}, "a name in metadata is a text that is not empty, not ' '"),
    ],
)
def test_wrong_metadata_says_what_it_should_be_and_adds_nothing(given: Any, message: str) -> None:
    run = TaskRun("t")
    with pytest.raises(RecordError, match=message):
        run.set_metadata(given)
    assert run.metadata == {}


class _Trap:
    def __repr__(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("abc", "metrics are a list of .type, name, value., not str"),
        ({"a": 1}, "not dict"),
        (5, "not int"),
        ([("a", "b")], "metric 0: .type, name, value. is expected"),
        ([("a", "b", 1), ("", "b", 1)], "metric 1: its type is a text that is not empty, not ''"),
        ([("a", 5, 1)], "metric 0: its name is a text"),
        ([("a", "b", True)], "metric 0 .b.: its value is a finite number, not True"),
        ([("a", "b", math.nan)], "finite number, not nan"),
        ([("a", "b", 10**400)], "finite number"),
        ([("a", "b", 10**5000)], "finite number"),
        ([("a", "b", "1")], "finite number, not '1'"),
        ([("a", "b", _Trap())], "finite number"),
        ([_Trap()], "is expected"),
    ],
)
def test_wrong_metrics_say_which_and_why_and_add_nothing(given: Any, message: str) -> None:
    run = TaskRun("t")
    with pytest.raises(RecordError, match=message):
        run.set_metrics(given)
    assert run.metrics == []


def test_metrics_and_metadata_by_the_million_stay_bounded() -> None:
    run = TaskRun("t")

    def million() -> Iterator[tuple[str, str, float]]:
        for number in range(100_000):
            yield "gauge", "n", number

    run.set_metrics(million())
    run.set_metrics([("gauge", "n", 1.5), RunMetric("gauge", "n", 2)])
    assert len(run.metrics) == model.MAX_METRICS
    assert run.dropped == {"metrics": 100_002 - model.MAX_METRICS}
    for number in range(1200):
        run.set_metadata({f"name {number}": b"raw"})
    run.set_metadata({"name 1": 5})
    assert len(run.metadata) == model.MAX_METADATA
    assert run.metadata["name 1"] == 5
    assert run.dropped["metadata"] == 200
    for _ in range(1200):
        run.set_metadata({"name 0": b"raw"})
    assert len(run.notes) == model.MAX_NOTES
    assert run.dropped["notes"] == 2200 - model.MAX_NOTES
    assert TaskRun.from_json(run.to_json()) == run


def test_calls_are_bounded_in_number_and_size() -> None:
    run = TaskRun("t")
    call = BoundaryCall("b", None)
    for _ in range(model.MAX_CALLS + 3):
        run.add_call(call)
    assert len(run.calls) == model.MAX_CALLS
    assert run.dropped == {"calls": 3}
    big = TaskRun("t")
    for _ in range(3):
        big.add_call(call, model.MAX_SIZE // 2)
    assert len(big.calls) == 2
    big.set_metadata({"a": "b"})
    assert big.dropped == {"calls": 1, "metadata": 1}


def test_timings_are_by_boundary_in_order() -> None:
    first, second = Timed(1, 2), Timed(5, 6)
    run = TaskRun(
        "t",
        calls=[BoundaryCall("a", None, timing=first), BoundaryCall("b", None), BoundaryCall("a", None, timing=second)],
    )
    assert run.timings() == {"a": [first, second], "b": [None]}


# ------------------------------------------------------------------------------------------------------------- formats


def whole() -> TaskRun:
    run = TaskRun("import", "error", {"args": [1], "kwargs": {}}, None, RunError("ValueError", "bad"), Timed(10, 5))
    run.calls = [
        BoundaryCall(
            "fetch", {"args": ["a"], "kwargs": {}}, {"n": 1.5}, None, Timed(11, 2), ("output.t: a tuple became a list",)
        ),
        BoundaryCall("fetch", {"args": ["b"], "kwargs": {}}, None, RunError("KeyError", "'b'"), None, (), False),
    ]
    run.set_metadata({"host": "a"})
    run.set_metrics([("gauge", "rows", 3)])
    run.notes.append("output: bytes left out")
    run.dropped["calls"] = 2
    return run


def test_a_record_of_format_1_is_read_as_it_was_written() -> None:
    run = TaskRun.from_json(FORMAT_1.read_bytes())
    assert run == whole()
    assert json.loads(run.to_json()) == json.loads(FORMAT_1.read_text())


def test_a_later_version_reads_format_1_and_writes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade(data: dict[str, Any]) -> dict[str, Any]:
        assert data["format"] == 1
        renamed = {**data, "format": 2, "metadata": {**data["metadata"], "upgraded": True}}
        renamed["task"] = f"{data['task']}!"
        return renamed

    monkeypatch.setattr(model, "FORMAT", 2)
    with pytest.raises(RecordError, match="format 1, which never was"):
        TaskRun.from_json(FORMAT_1.read_bytes())
    monkeypatch.setitem(model.UPGRADES, 1, upgrade)
    run = TaskRun.from_json(FORMAT_1.read_bytes())
    assert run.task == "import!"
    assert run.metadata == {"host": "a", "upgraded": True}
    assert run.calls == whole().calls
    assert json.loads(run.to_json())["format"] == 2


def test_fields_that_a_later_minor_version_adds_are_passed_over() -> None:
    data = {**whole().to_dict(), "colour": "green"}
    assert TaskRun.from_dict(data) == whole()
    assert TaskRun.from_dict({"format": 1, "task": "t", "type": "pending"}) == TaskRun("t")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", 'no task run: it has no "format"'),
        ('{"format": true}', 'no "format"'),
        ('{"format": 99}', "of format 99; this version reads up to 1: update otelwod"),
        ('{"format": 0}', "which never was"),
        ('{"format": 1}', "damaged task run: KeyError 'task'"),
        ('{"format": 1, "task": 5, "type": "success"}', "a text is expected, not 5"),
        ('{"format": 1, "task": "t", "type": "perhaps"}', "type is pending, success or error, not 'perhaps'"),
        ('{"format": 1, "task": "t", "type": "success", "boundaries": [5]}', "damaged"),
        ('{"format": 1, "task": "t", "type": "success", "output": NaN}', "NaN is no number of JSON"),
        (
            '{"format": 1, "task": "t", "type": "success", "metrics": [{"type": "a", "name": "b", "value": true}]}',
            "finite",
        ),
        (
            '{"format": 1, "task": "t", "type": "success", "output": ' + "[" * 300 + "]" * 300 + "}",
            "nested over 200 deep",
        ),
    ],
)
def test_what_is_no_record_says_why(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        TaskRun.from_json(text)


def test_a_record_beyond_the_limit_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MAX_JSON", 10)
    with pytest.raises(RecordError, match="at most 10 are read"):
        TaskRun.from_json(whole().to_json())


def test_lone_surrogates_of_a_foreign_record_can_be_written_again() -> None:
    run = TaskRun.from_json('{"format": 1, "task": "t", "type": "success", "output": "\\ud800"}')
    assert TaskRun.from_json(run.to_json().encode()) == run


@given(
    st.dictionaries(
        st.sampled_from(
            ["format", "task", "type", "boundaries", "error", "timing", "metadata", "metrics", "notes", "dropped"]
        ),
        JSON,
    )
)
@settings(max_examples=150, deadline=None)
def test_damaged_records_give_a_record_or_a_record_error(damage: dict[str, Any]) -> None:
    data = {**whole().to_dict(), **damage}
    try:
        run = TaskRun.from_dict(data)
    except RecordError:
        return
    assert TaskRun.from_json(run.to_json()) == run


def test_secrets_in_pairs_and_behind_options_are_masked() -> None:
    captured = capture("input", {"headers": [["Cookie", "S"]], "argv": ["run", "--password", "S"]})
    assert captured.value == {"headers": [["Cookie", MASK]], "argv": ["run", "--password", MASK]}
    assert captured.notes == ("input.headers[0][1]: a secret was masked", "input.argv[2]: a secret was masked")
