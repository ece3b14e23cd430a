"""Where our answers differ from the recorded ones, and why. A test fails when one of these no longer differs.

Key: (file, case, question). Value: (our answer, reason).
"""

from __future__ import annotations

from typing import Any

DEVIATIONS: dict[tuple[str, str, str], tuple[Any, str]] = {
    ("jaeger_ui/critical_path_cases.json", "jaeger_ui_cp_test5", "self_time_us by default"): (
        {"span-A": 30, "span-B": 8, "span-C": 2},
        "A parent does not wait for a consumer of its message, so the time is its own (INSIGHT.md: U(v) is over "
        "blocking children). Jaeger subtracts it; compat='jaeger' does too.",
    ),
    ("jaeger_ui/statistics_cases.json", "jaeger_ui_stats_spanLongerAsParent", "critical_path_sections"): (
        [
            "ab496a7591486ffd 1730",
            "00000000000001 1077",
            "6745965d0b964193 69",
            "0a0000000000000 7229",
            "6745965d0b964193 1146",
            "ab496a7591486ffd 1636",
        ],
        "Two siblings begin and end at the same microsecond. INSIGHT.md: such a tie goes to the smaller span id, as "
        "input order must never matter; Jaeger's UI takes the one that stands first in the file.",
    ),
    (
        "jaeger_ui/loader_cases.json",
        "reference cycle without a root: no spans are shown, duration 0 (never negative)",
        "roots",
    ): (
        ["a"],
        "INSIGHT.md: a cycle's edge is broken and counted. Jaeger shows nothing of such a trace; we show all of it.",
    ),
    ("calligator/cases.json", "calligator_g5", "slack"): (
        {"A": 0, "B": 0, "C": 5, "D": 5},
        "INSIGHT.md: the most v can grow with the total unchanged under observed happened-before. C ends at 55 and its "
        "sibling B at 60, so 5 more ns already reach the end of B, after which the parent's own 40 follow; C began 30 "
        "after D had ended, and that time stays between them. Calligator moves both as early as it can first (35, 45).",
    ),
    ("calligator/cases.json", "calligator_g1", "drag"): (
        {"A": 50, "B": 40, "C": 10},
        "INSIGHT.md: drag is the gain of deleting v's own time, at most cp(v): what calligator calls exclusive drag. "
        "Its 'drag' also deletes what lies below v.",
    ),
    ("jaeger_go/sanitize_cases.json", "parent missing: span dropped", "kept"): (
        {"2": {"start_us": 100, "dur_us": 50}},
        "INSIGHT.md: a missing parent makes an extra root with a path of its own, counted as orphan; nothing is "
        "dropped.",
    ),
    ("zipkin/clock_skew_cases.json", "one way (no durations): at least 1us", "server_corrected_start_us"): (
        20,
        "INSIGHT.md corrects by Jaeger's rule, which moves the child to its parent's start and not 1 us beyond.",
    ),
    (
        "zipkin/clock_skew_cases.json",
        "async server longer than client: pushed to client start + 1us",
        "server_corrected_start_us",
    ): (
        20,
        "As above: Jaeger's rule, not Zipkin's, decides the microsecond.",
    ),
}
