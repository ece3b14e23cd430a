"""`Trace` → `Report`: pure functions over spans from anywhere."""

from otelwod.insight.analysis import analyze_traces, what_if
from otelwod.insight.comparison import compare, with_comparison
from otelwod.insight.report import Report
from otelwod.insight.skew import correct_skew

__all__ = ["Report", "analyze_traces", "compare", "correct_skew", "what_if", "with_comparison"]
