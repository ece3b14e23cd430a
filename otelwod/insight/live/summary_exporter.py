"""The traces exporter named ``otelwod``: ``OTEL_TRACES_EXPORTER=otelwod`` prints where the time went at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otelwod.insight.live.guard import warn
from otelwod.insight.live.verdict import print_verdict
from otelwod.insight.processor import PerformanceProcessor
from otelwod.insight.report import Report


class SummaryExporter(SpanExporter):
    """Keeps the sampled spans within ``max_spans`` and prints their analysis to ``stream`` (stderr) at shutdown.

    It sees what an exporter sees: sampled, ended spans. The processor sees more, and answers while the program runs.
    """

    def __init__(self, *, max_spans: int = 50_000, max_traces: int = 5_000, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._printed = False
        self._processor = PerformanceProcessor(
            max_spans=max_spans, max_traces=max_traces, background=False, metrics=False
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Enter a batch."""
        for span in spans:
            self._processor.on_end(span)
        return SpanExportResult.SUCCESS

    def report(self) -> Report:
        """The analysis of what has been exported until now."""
        return self._processor.report()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits."""
        return True

    def shutdown(self) -> None:
        """Print the verdict, once; nothing where there were no spans. Never raises."""
        if self._printed:
            return
        self._printed = True
        try:
            report = self._processor.report(span_limit=2_000)
            if report.span_count:
                print_verdict(report, self._stream)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            warn("no verdict: %s: %s", type(error).__name__, error)
