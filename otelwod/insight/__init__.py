"""`Trace` → `Report`: pure functions over spans from anywhere."""

from otelwod.insight.analysis import analyze_traces
from otelwod.insight.report import Report

__all__ = ["Report", "analyze_traces"]
