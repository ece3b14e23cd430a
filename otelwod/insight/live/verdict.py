"""The printed verdict: the one place where insight asks a room above it.

The processor ends with the program, so it must find the view by itself. The import is made when a verdict is printed,
and import-linter lists it as the one exception to the order of the rooms.
"""

from __future__ import annotations

import sys
from typing import TextIO

from otelwod.insight.report import Report


def print_verdict(report: Report, stream: TextIO | None = None) -> None:
    """Write the report for people to ``stream`` (default stderr). A closed or narrow stream is no error."""
    out = sys.stderr if stream is None else stream
    if out is None:
        return
    from otelwod.views.console import needs_ascii, render_report

    ascii_only = needs_ascii(getattr(out, "encoding", None) or "utf-8")
    try:
        out.write(render_report(report, ascii_only=ascii_only).rstrip("\n") + "\n")
        out.flush()
    except (OSError, ValueError):
        return
