"""Two runs side by side: what the difference is, and which operations explain it."""

from __future__ import annotations

from otelwod.insight.report import Comparison, Difference
from otelwod.views.page import Page, Piece, Style
from otelwod.views.table import Column, table
from otelwod.views.text import fmt_count, fmt_duration, fmt_percent, visible

_ROWS = 12


def summary(comparison: Comparison) -> str:
    """The difference in one sentence, with the path that explains most of it."""
    before, after = comparison.before_ns, comparison.after_ns
    each = "" if comparison.traces_before == comparison.traces_after == 1 else " per trace"
    delta = after - before
    if not delta:
        return f"As long as before: {fmt_duration(after)}{each}."
    share = f" ({fmt_percent(abs(delta), before)})" if before else ""
    text = (
        f"{fmt_duration(before)} before, {fmt_duration(after)} now{each}: "
        f"{fmt_duration(abs(delta))}{share} {'longer' if delta > 0 else 'shorter'}."
    )
    most = max(comparison.differences, key=lambda found: found.delta_ns * (1 if delta > 0 else -1), default=None)
    if most is not None and most.delta_ns * delta > 0:
        text += f" `{visible(most.path[-1])}` explains {fmt_duration(abs(most.delta_ns))} of it."
    return text


def add_comparison(page: Page, comparison: Comparison) -> None:
    """The summary and a table of the paths that changed, largest change first."""
    page.head("Compared with before")
    page.say(summary(comparison), indent="  ", first="  ")
    changed = [found for found in comparison.differences if found.delta_ns or found.count_after != found.count_before]
    if not changed:
        return
    columns = [
        Column("path of operations", "left", 9, max(24, page.width - 46)),
        Column("before", keep=6),
        Column("now", keep=7),
        Column("change", keep=8),
        Column("calls", keep=5),
    ]
    table(page, columns, map(_row, changed[:_ROWS]))
    rest = len(changed) - _ROWS
    if rest > 0:
        page.add("  ", (f"… {fmt_count(rest, 'more path')} changed", "dim"))


def _row(found: Difference) -> list[Piece | str]:
    style: Style = "error" if found.delta_ns > 0 else "good" if found.delta_ns < 0 else ""
    calls = f"{found.count_after:,}"
    if found.count_before != found.count_after:
        calls = f"{found.count_before:,} → {found.count_after:,}"
    return [
        (visible(" › ".join(found.path)), "strong"),
        fmt_duration(found.critical_before_ns),
        fmt_duration(found.critical_after_ns),
        (_signed(found.delta_ns), style),
        calls,
    ]


def _signed(ns: int) -> str:
    return ("+" if ns > 0 else "") + fmt_duration(ns)
