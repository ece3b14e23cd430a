"""The printed verdict. The view that writes it is found by name, when it is asked for: no room above is imported."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TextIO

from otelwod.insight.report import Report


def print_verdict(report: Report, stream: TextIO | None = None) -> None:
    """Write the report for people to ``stream`` (default stderr). A closed or narrow stream is no error."""
    out = sys.stderr if stream is None else stream
    if out is None:
        return
    console = import_module("otelwod.views.console")
    ascii_only = console.needs_ascii(getattr(out, "encoding", None) or "utf-8")
    try:
        out.write(console.render_report(report, ascii_only=ascii_only).rstrip("\n") + "\n")
        out.flush()
    except (OSError, ValueError):
        return
