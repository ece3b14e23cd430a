"""Reports for a terminal, a file or a pipe: `render_report` and `render_workout` give text."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final, Literal, Protocol

from otelwod.insight.report import Report, TraceReport, WorkoutReport
from otelwod.views.coach import add_workout
from otelwod.views.comparison import add_comparison
from otelwod.views.page import Page, in_ascii
from otelwod.views.report import add_doubts, add_report

ColorChoice = Literal["auto", "always", "never"]
PLAIN_WIDTH: Final = 100
_NARROWEST: Final = 40
_WIDEST: Final = 160
_MOST_WORKOUTS: Final = 5


class _Stream(Protocol):
    def isatty(self) -> bool: ...


def render_report(
    report: Report,
    *,
    width: int = PLAIN_WIDTH,
    color: bool = False,
    ascii_only: bool = False,
    rows: int = 40,
    depth: int = 12,
    warnings: Sequence[str] = (),
) -> str:
    """The whole report: a workout in a coach's words, anything else as a performance report.

    ``width`` in terminal cells (at least 40), ``rows`` and ``depth`` bound the tree, ``warnings`` are sentences of
    whoever read the data. Colour needs rich (ImportError without); the same report gives the same text.
    """
    workouts = _workouts(report)
    page = Page(max(_NARROWEST, width))
    if report.traces and len(workouts) == len(report.traces):
        _add_workouts(page, report, workouts, rows, depth)
    else:
        add_report(page, report, rows=rows, depth=depth)
    if report.comparison is not None:
        add_comparison(page, report.comparison)
    add_doubts(page, report, warnings)
    return _written(page, color, ascii_only)


def render_workout(
    report: Report,
    *,
    width: int = PLAIN_WIDTH,
    color: bool = False,
    ascii_only: bool = False,
    rows: int = 60,
    depth: int = 12,
) -> str:
    """The workouts of a report in a coach's words, without the notes on data quality; empty when there are none."""
    page = Page(max(_NARROWEST, width))
    _add_workouts(page, report, _workouts(report), rows, depth)
    return _written(page, color, ascii_only)


def _workouts(report: Report) -> list[tuple[TraceReport, WorkoutReport]]:
    return [(trace, trace.workout) for trace in report.traces if trace.workout is not None]


def _add_workouts(
    page: Page, report: Report, workouts: Sequence[tuple[TraceReport, WorkoutReport]], rows: int, depth: int
) -> None:
    for trace, workout in workouts[:_MOST_WORKOUTS]:
        page.blank()
        add_workout(page, report, trace, workout, rows=rows, depth=depth)
    if len(workouts) > _MOST_WORKOUTS:
        page.blank()
        page.add((f"… {len(workouts) - _MOST_WORKOUTS:,} more workouts", "dim"))


def _written(page: Page, color: bool, ascii_only: bool) -> str:
    text = page.colored() if color else page.plain()
    return in_ascii(text) if ascii_only else text


def choose_color(choice: ColorChoice, stream: _Stream, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to write colour to ``stream``.

    ``always`` and ``never`` decide; ``auto`` is a terminal that is not dumb (or ``FORCE_COLOR`` in the environment),
    and no ``NO_COLOR``. Without rich there is no colour, whatever was chosen.
    """
    environ = os.environ if environ is None else environ
    if choice == "auto":
        if environ.get("NO_COLOR"):
            return False
        if not environ.get("FORCE_COLOR") and (not stream.isatty() or environ.get("TERM") == "dumb"):
            return False
    return choice != "never" and has_rich()


def has_rich() -> bool:
    """Whether the extra that colours pages is installed."""
    try:
        return find_spec("rich") is not None
    except ValueError:  # something put itself in its place
        return False


def choose_width(asked: int | None, stream: _Stream, environ: Mapping[str, str] | None = None) -> int:
    """The width to lay out for: as asked, else the terminal's, else 100 (so that files and pipes never differ)."""
    if asked is not None:
        return max(_NARROWEST, asked)
    environ = os.environ if environ is None else environ
    if not stream.isatty():
        return PLAIN_WIDTH
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns))


def needs_ascii(encoding: str | None) -> bool:
    """Whether an output's encoding cannot hold the characters that pages are drawn with."""
    try:
        "█░├└│─●✗…·–µ“”›→".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False
