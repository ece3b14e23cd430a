from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.views import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Round 1", "Round 1"),
        ("é 日本 💪", "é 日本 💪"),
        ("a\x1b[31mred", "a\\e[31mred"),
        ("two\nlines\r\tand tab", "two\\nlines\\r\\tand tab"),
        ("\x00\x07\x7f\x9b", "\\x00\\x07\\x7f\\x9b"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\u2066isolate\u2069\u200f", "\\u2066isolate\\u2069\\u200f"),
        ("line\u2028sep\u2029", "line\\u2028sep\\u2029"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("5\u00a0km", "5\u00a0km"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_hostile_characters_become_visible(raw: str, shown: str) -> None:
    assert text.visible(raw) == shown


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=30))
def test_visible_text_is_one_line_without_controls_and_stable(raw: str) -> None:
    shown = text.visible(raw)
    assert len(shown.splitlines()) <= 1
    assert all(ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 for c in shown)
    assert text.visible(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 s"),
        (40, "40 ns"),
        (999, "999 ns"),
        (5_000, "5 µs"),
        (5_400, "5.4 µs"),
        (12_345_678, "12.3 ms"),
        (123_456_789, "123 ms"),
        (999_600_000, "1 s"),
        (4_100_000_000, "4.1 s"),
        (4_128_000_000, "4.13 s"),
        (45_210_000_000, "45.2 s"),
        (59_949_999_999, "59.9 s"),
        (59_950_000_000, "1:00"),
        (272_000_000_000, "4:32"),
        (3_599_600_000_000, "1:00:00"),
        (3_723_000_000_000, "1:02:03"),
        (-4_100_000_000, "-4.1 s"),
        (-272_000_000_000, "-4:32"),
    ],
)
def test_durations(ns: int, shown: str) -> None:
    assert text.fmt_duration(ns) == shown


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=1, max_value=59_949_999_999))
def test_short_durations_keep_three_digits(ns: int) -> None:
    number, unit = text.fmt_duration(ns).split(" ")
    factor = {"s": 10**9, "ms": 10**6, "µs": 10**3, "ns": 1}[unit]
    assert math.isclose(float(number) * factor, ns, rel_tol=0.0051)
    assert 1 <= float(number) < 1000


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (45, "0:45"), (45.9, "0:45"), (272, "4:32"), (3723, "1:02:03"), (-1, "-0:01"), (-0.5, "0:00")],
)
def test_clock(seconds: float, shown: str) -> None:
    assert text.fmt_clock(round(seconds * 10**9)) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (61, 100, "61 %"),
        (4.2, 100, "4.2 %"),
        (0.994, 10, "9.9 %"),
        (0.9949, 10, "9.9 %"),
        (0.996, 10, "10 %"),
        (0, 5, "0 %"),
        (1, 10_000, "<0.1 %"),
        (1, 0, "–"),
        (-5, 100, "-5.0 %"),
        (2, 1, "200 %"),
    ],
)
def test_percent(part: float, whole: float, shown: str) -> None:
    assert text.fmt_percent(part, whole) == shown


def test_counts_and_numbers() -> None:
    assert text.fmt_count(1, "span") == "1 span"
    assert text.fmt_count(1234, "span") == "1,234 spans"
    assert text.fmt_count(0, "try", "tries") == "0 tries"
    assert [text.fmt_number(v) for v in (21.0, 43.0912, 0.25, 1e6, 1609.344)] == [
        "21",
        "43.091",
        "0.25",
        "1,000,000",
        "1,609",
    ]
    assert [text.fmt_number(v) for v in (math.inf, -math.inf, math.nan)] == ["inf", "-inf", "nan"]


def test_columns_are_counted_in_terminal_cells() -> None:
    assert text.cells("abc") == 3
    assert text.cells("日本") == 4
    assert text.cells("e\u0301") == 1
    assert text.fit("Thrusters", 9) == "Thrusters"
    assert text.fit("Thrusters", 6) == "Thrus…"
    assert text.fit("日本語", 4) == "日…"
    assert text.fit("abc", 0) == ""
    assert text.left("ab", 4) == "ab  "
    assert text.right("ab", 4) == "  ab"
    assert text.left("日本語", 4) == "日… "


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.integers(min_value=0, max_value=12))
def test_padding_is_exact(raw: str, width: int) -> None:
    shown = text.visible(raw)
    assert text.cells(text.left(shown, width)) == width
    assert text.cells(text.right(shown, width)) == width
