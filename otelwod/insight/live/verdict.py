"""Who prints the verdict: whatever printer a processor was given, else the one that the package offers by name.

Insight makes reports and knows no view. The names of the package (``otelwod.print_verdict``) are filled by rooms above
it; the look-up is made when a verdict is due, so that a program which prints none loads no view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO, TypeAlias

from otelwod._names import load_name
from otelwod.insight.report import Report

Printer: TypeAlias = Callable[[Report, TextIO | None], None]
"""Writes a report for people to a stream, None being stderr. A stream that cannot be written to is no error."""


def print_verdict(report: Report, stream: TextIO | None = None) -> None:
    """The package's own printer."""
    load_name("print_verdict")(report, stream)
