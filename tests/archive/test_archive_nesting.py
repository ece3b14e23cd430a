from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.archive.nesting import deeper_than

scalars = st.sampled_from(["[[{", 'a"b\\', '\\"{', "", "]}", 1, None, True])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from('ab{["\\'), inner, max_size=3),
    max_leaves=20,
)


def depth(value: Any) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


@settings(max_examples=300, deadline=None)
@given(values, st.booleans())
def test_exact_for_json(value: Any, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()
    assert [deeper_than(data, limit) for limit in range(12)] == [depth(value) > limit for limit in range(12)]


@pytest.mark.parametrize("levels", [5, 6, 7, 8, 99, 100, 101])
def test_around_the_limit(levels: int) -> None:
    data = b'{"a":[' * (levels // 2) + b"[" * (levels % 2) + b"]" * (levels % 2) + b"]}" * (levels // 2)
    assert deeper_than(data, 100) is (levels > 100)
    assert deeper_than(data, 6) is (levels > 6)


def test_never_too_late_for_what_is_no_json() -> None:
    assert deeper_than(b"[" * 101, 100)
    assert deeper_than(b"]" * 1000 + b"[" * 101, 100)
    assert deeper_than(b"]" * 1000 + b"\n" + b"[" * 101 + b"]" * 101, 100)
    assert deeper_than(b'{"a": ' * 101, 100)
    assert not deeper_than(b"[" * 100, 100)
    assert not deeper_than(b"]" * 1000, 100)
    assert not deeper_than(b"[]" * 1000, 100)
    assert not deeper_than(b"", 0)
    assert deeper_than(b"[]", 0)
