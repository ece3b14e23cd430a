"""The verdict as a program prints it when it ends: the console's report, on whatever stream is left by then."""

from __future__ import annotations

import sys
from typing import TextIO

from otelwod.insight.report import Report
from otelwod.views.console import needs_ascii, render_report


def print_verdict(report: Report, stream: TextIO | None = None) -> None:
    """Write the report for people to ``stream`` (default stderr). A closed or narrow stream is no error."""
    out = sys.stderr if stream is None else stream
    if out is None:
        return
    ascii_only = needs_ascii(getattr(out, "encoding", None) or "utf-8")
    try:
        out.write(render_report(report, ascii_only=ascii_only).rstrip("\n") + "\n")
        out.flush()
    except (OSError, ValueError):
        return
