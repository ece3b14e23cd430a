"""What the parser remembers (lines, names, values) changes nothing, and is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workout_strategies import workout_lines

from otelwod.workout import movements, parse, units
from otelwod.workout.reading import placing


@settings(max_examples=150, deadline=None)
@given(st.lists(workout_lines(), min_size=1, max_size=3), st.integers(1, 3))
def test_a_remembered_line_says_what_it_said_first(parts: list[list[str]], times: int) -> None:
    text = "\n".join("\n".join(lines) for lines in parts * times)
    found = parse(text)
    for memory in (movements._movement, units._quantity, placing._exactly):
        memory.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("otelwod.workout.drafts._CACHED_LINES", 0)
        assert parse(text) == found


def test_equal_values_are_one_object() -> None:
    one, other = parse("10 Thrusters 95/65 lb\n5 Rows\n10  Thrusters 95/65 lb").statements[::2]
    assert one.text != other.text
    assert one.load is other.load
    assert one.reps is other.reps
    assert one.movement is other.movement
    assert one.load is not None
    assert one.load.women is not None


def test_an_integer_and_a_float_are_two_values() -> None:
    assert [repr(units.quantity(value, "kg", "20 kg").value) for value in (20.0, 20, 20.0)] == ["20.0", "20", "20.0"]


def test_long_texts_are_not_remembered() -> None:
    movements._movement.cache_clear()
    units._quantity.cache_clear()
    name = "very " * 40 + "long name"
    space = " " * 80
    statement = parse(f"10 {name}\n5 Zorgles 95{space}lb").statements
    assert statement[0].movement == movements.movement(name)
    assert statement[1].load is not None
    assert (statement[1].load.value, statement[1].load.text) == (95, f"95{space}lb")
    assert units._quantity.cache_info().currsize == 0
    misses = movements._movement.cache_info().misses
    movements.movement("Zorgles")
    assert (movements._movement.cache_info().currsize, misses) == (1, 1)


def test_memories_are_bounded() -> None:
    for memory in (movements._movement, movements._lookup, units._quantity, placing._exactly):
        assert memory.cache_info().maxsize == 4096
