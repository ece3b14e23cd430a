"""Inputs as JSON lines: exact there and back, every fault with its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.runtime.inputs import (
    MAX_SECONDS,
    Input,
    InputError,
    format_input,
    format_seconds,
    parse_input,
    read_inputs,
)
from otelwod.runtime.journal import Journal, journal_line, read_journal, resumption

S = 1_000_000_000
TIMES = st.integers(0, MAX_SECONDS * S)
NUMBERS = st.one_of(st.integers(0, 10**6), st.floats(0, 1e15, allow_nan=False).map(float))


@settings(max_examples=200, deadline=None)
@given(
    entry=st.one_of(
        st.builds(Input, st.sampled_from(["next", "rest", "pause", "resume", "skip", "stop", "undo", "tick"]), TIMES),
        st.builds(Input, st.just("reps"), TIMES, value=NUMBERS, type=st.none() | st.text(max_size=5)),
        st.builds(
            Input,
            st.just("record"),
            TIMES,
            value=NUMBERS,
            metric=st.text(min_size=1, max_size=10),
            unit=st.text(max_size=5),
            type=st.none() | st.text(max_size=5),
        ),
        st.builds(Input, st.just("start"), st.just(0), details=st.just({"at": 5, "workout": "x", "seed": 1})),
    )
)
def test_there_and_back(entry: Input) -> None:
    line = format_input(entry)
    assert "\n" not in line
    assert parse_input(line) == entry


@given(TIMES)
def test_seconds_are_exact(t: int) -> None:
    text = format_seconds(t)
    assert parse_input(f'{{"t": {text}, "input": "next"}}').t == t


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("next", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"t": 1}', "unknown input None"),
        ('{"t": 1, "input": "dance"}', "unknown input 'dance'; .*next"),
        ('{"t": 1, "input": ["next"]}', "unknown input"),
        ('{"input": "next"}', '"t" is the time'),
        ('{"t": "1", "input": "next"}', '"t" is the time'),
        ('{"t": true, "input": "next"}', '"t" is the time'),
        ('{"t": -1, "input": "next"}', "between 0 and"),
        ('{"t": 1e300, "input": "next"}', "between 0 and"),
        ('{"t": 1e999999999, "input": "next"}', "out of range|between 0 and"),
        ('{"t": NaN, "input": "next"}', "NaN is not a number here"),
        ('{"t": 0.0000000001, "input": "next"}', "nine decimal places"),
        ('{"t": 1.00000000000000000000000000000000001, "input": "next"}', "nine decimal places"),
        ('{"t": 1e-999999999, "input": "next"}', "nine decimal places"),
        ('{"t": 1, "input": "reps"}', '"value" must be a number'),
        ('{"t": 1, "input": "reps", "value": true}', '"value" must be a number'),
        ('{"t": 1, "input": "reps", "value": 1e400}', '"value" is out of range'),
        ('{"t": 1, "input": "reps", "value": 1e16}', '"value" is out of range'),
        ('{"t": 1, "input": "reps", "value": 1, "type": 5}', '"type" is text'),
        ('{"t": 1, "input": "record", "value": 1}', 'needs a "name"'),
        ('{"t": 1, "input": "record", "name": "load", "value": 1, "unit": 5}', '"unit" is text'),
        ('{"t": 1, "input": "reps", "value": 1' + "0" * 400 + "}", '"value" is out of range'),
        ('{"t": 1, "input": "reps", "value": 1' + "0" * 5000 + "}", "not a JSON object"),
        ("x" * 10_001, "10,001 characters"),
        ("[" * 9_000, "not a JSON object"),
    ],
)
def test_faults_are_said(line: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        parse_input(line, 7)
    assert error.value.line == 7
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e16, "5", None, True])
def test_what_no_file_can_carry_is_refused_when_written(value: Any) -> None:
    with pytest.raises(InputError, match="cannot be written down"):
        format_input(Input("reps", 0, value=value))


def test_a_file_is_read_in_order() -> None:
    lines = ['{"t": 0, "input": "start"}', "", '{"t": 2.5, "input": "next"}']
    assert list(read_inputs(lines)) == [Input("start", 0), Input("next", 2_500_000_000)]
    with pytest.raises(InputError, match=r"runs backwards: 1 s after 2\.5 s") as error:
        list(read_inputs([*lines, '{"t": 1, "input": "next"}']))
    assert error.value.line == 4
    assert parse_input('{"input": "start"}') == Input("start", 0)


def test_journals() -> None:
    start = Input("start", 0, details={"at": 5, "workout": "w"})
    text = journal_line(start) + journal_line(Input("next", 3 * S))
    journal = read_journal(text)
    assert journal == Journal({"at": 5, "workout": "w"}, (start, Input("next", 3 * S)), False)
    assert journal.last == 3 * S
    assert resumption(journal, False, 10 * S) == (Input("pause", 3 * S), Input("resume", 10 * S))
    assert resumption(journal, True, 10 * S) == (Input("resume", 10 * S),)
    assert resumption(journal, False, 3 * S) == resumption(journal, False, 1 * S) == ()
    empty = read_journal('{"t": 0, "inp')
    assert (empty.inputs, empty.torn, empty.last, empty.details) == ((), True, 0, {})
    with pytest.raises(InputError, match="runs backwards") as error:
        read_journal(text + '{"t": 1, "input": "next"}\n')
    assert error.value.line == 3
