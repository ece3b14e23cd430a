"""Values of the host as attributes: bounded, and without running any code of the host."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from otelwod.stages import values


def test_attributes_as_given_are_bounded() -> None:
    given = {f"k{number}": number for number in range(1000)}
    assert len(values.attributes(given)) == values.MAX_ITEMS
    assert values.attributes(None) == {}
    assert values.attributes({"": 1}) == {}
    assert values.attribute([*range(1000)]) == tuple(range(values.MAX_ITEMS))
    assert len(str(values.attribute({"k" * 5000: 1}))) <= values.MAX_TEXT


def test_odd_objects_are_outlined() -> None:
    @dataclasses.dataclass
    class Slotted:
        __slots__ = ("x",)
        x: int

    class Text(str):
        def __str__(self) -> str:
            raise RuntimeError

    class Number(int):
        def __index__(self) -> int:
            raise RuntimeError

    class Items(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise RuntimeError

    assert values.outline(Slotted(1), 200).endswith("Slotted object>")
    assert values.attribute(Text("t")) == "t"
    assert values.attribute(Number(3)) == 3
    assert values.attribute(Items([1, 2])) == (1, 2)
    assert values.outline(Items([1]), 200).endswith("Items object>")
    assert values.outline([[[[[[1]]]]]], 100) == "[[[[<list object>]]]]"
    assert values.outline(("a", b"b", None, 1.5, True, {"k": {1}}), 100) == "('a', b'b', None, 1.5, True, {'k': {1}})"
    assert values.outline("x" * 100, 10) == "'xxxxxxxx…"
    assert values.number(Decimal(1)) == 1.0
    assert values.number(True) is None
    assert values.number(Number(3)) == 3
