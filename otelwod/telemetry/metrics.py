"""Our own meter provider: views with fitting buckets, exporters whose failures are counted. Imports the SDK."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from opentelemetry import metrics as metrics_api
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

from otelwod._version import __version__
from otelwod.conventions import INSTRUMENT_TELEMETRY_SPANS, UNIT_SPAN
from otelwod.telemetry.buckets import BY_INSTRUMENT
from otelwod.telemetry.delivery import Destination
from otelwod.telemetry.export_processor import ExportProcessor, start_daemon, wait_for_end
from otelwod.telemetry.exporter_log import ExporterLog, reason_of_error
from otelwod.telemetry.exporters import ExporterError, metric_exporter, place_of
from otelwod.telemetry.provider import resource_of
from otelwod.telemetry.settings import SCOPE, ScrapeTarget, Settings

_NOT_SERVED = "Prometheus: nothing is served, as the program has a meter provider already; give that one a reader"


def views() -> tuple[View, ...]:
    """One view a histogram: explicit buckets in its own unit."""
    return tuple(
        View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(boundaries))
        for name, boundaries in BY_INSTRUMENT.items()
    )


class CountingMetricExporter(MetricExporter):
    """Passes everything to ``inner`` and counts the results; never raises into the reader."""

    def __init__(self, inner: MetricExporter, place: str, log: ExporterLog) -> None:
        # The reader asks the exporter for these two, by these names.
        super().__init__(inner._preferred_temporality, inner._preferred_aggregation)
        self.inner = inner
        self.place = place
        self._log = log
        self._delivered = self._failed = 0
        self._error = ""
        self._shut = False
        self._heard: list[str] = []

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Export once and count."""
        with self._log.listening() as heard:
            self._heard = heard
            try:
                result = self.inner.export(metrics_data, timeout_millis=timeout_millis, **kwargs)
            except Exception as error:  # noqa: BLE001 - an exporter is foreign code; the reader must go on
                heard[:] = [reason_of_error(error)]
                result = MetricExportResult.FAILURE
            if result is MetricExportResult.SUCCESS:
                self._delivered += 1
            else:
                self._failed += 1
                self._error = next(iter(heard), "")
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """As ``inner`` does."""
        return self.inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """As ``inner`` does, once."""
        if not self._shut:
            self._shut = True
            self.inner.shutdown(timeout_millis, **kwargs)

    @property
    def refused(self) -> bool:
        """Whether nothing was ever accepted and the export under way has failed at least once."""
        return bool(self._heard) and not self._delivered

    def fail(self, error: str) -> None:
        """Count one collection that never reached this exporter."""
        self._failed += 1
        self._error = error

    def destination(self, unfinished: bool = False) -> Destination:
        """The account up to now; ``unfinished`` when the last collection was given up."""
        failed, error = self._failed, self._error
        if unfinished and not failed:
            failed, error = 1, next(iter(self._heard), "") or "no answer in time"
        return Destination(self.place, "metrics", self._delivered, failed, 0, error)


class MeterPipeline:
    """A meter provider with its exporters, closed in bounded time from a thread that exists from the start.

    (A thread cannot be started any more while the interpreter exits, and the provider's own shutdown may wait for a
    hung backend.)
    """

    def __init__(
        self,
        provider: MeterProvider,
        exporters: tuple[CountingMetricExporter, ...],
        log: ExporterLog,
        scrape_url: str | None = None,
    ) -> None:
        self.provider = provider
        self.exporters = exporters
        self.scrape_url = scrape_url
        self._watched: WeakSet[ExportProcessor] = WeakSet()
        self._asked = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="otelwod-metrics-end", daemon=True)
        self._log = log
        self._log.install()
        self._thread.start()

    def _work(self) -> None:
        self._asked.wait()
        try:
            with self._log.listening():
                self.provider.shutdown()
        except Exception as error:  # noqa: BLE001 - exporters and readers are foreign code
            for exporter in self.exporters:
                exporter.fail(reason_of_error(error))
        finally:
            self._log.remove()
            self._done.set()

    def watch(self, processors: Iterable[ExportProcessor]) -> None:
        """Offer ``otelwod.telemetry.spans`` for these processors too: spans that were taken, and what became of them.

        The last collection of a program comes after its last export, so it has the final counts, as `Delivery` does.
        """
        if not self._watched:
            self.provider.get_meter(SCOPE, __version__).create_observable_counter(
                INSTRUMENT_TELEMETRY_SPANS,
                [self._span_counts],
                unit=UNIT_SPAN,
                description="Spans for export by what became of them; accepted ones are delivered or failed in the end",
            )
        self._watched.update(processors)

    def _span_counts(self, _options: CallbackOptions) -> list[Observation]:
        sums = dict.fromkeys(("accepted", "dropped", "delivered", "failed"), 0)
        for processor in list(self._watched):
            account = processor.destination()
            sums["accepted"] += processor.accepted()
            sums["dropped"] += account.dropped
            sums["delivered"] += account.delivered
            sums["failed"] += account.failed
        return [Observation(count, {"outcome": outcome}) for outcome, count in sums.items()]

    @property
    def closed(self) -> bool:
        """Whether it was asked to end."""
        return self._asked.is_set()

    def begin_close(self) -> None:
        """Start the last collection and export; `close` waits for it."""
        self._asked.set()

    def close(self, timeout_s: float, begin: float) -> tuple[Destination, ...]:
        """Collect and export a last time within ``timeout_s`` of ``begin``; what became of every destination."""
        self.begin_close()
        finished = wait_for_end(self._done, begin, timeout_s, self._is_refused)
        account = self.destinations(unfinished=not finished)
        if not finished:
            # Ends the wait between retries; an exporter may wait here for the request under way, so not in this thread.
            for exporter in self.exporters:
                start_daemon(exporter.shutdown)
        return account

    def _is_refused(self) -> bool:
        return bool(self.exporters) and all(exporter.refused for exporter in self.exporters)

    def destinations(self, unfinished: bool = False) -> tuple[Destination, ...]:
        """The account of every exporter up to now."""
        return tuple(exporter.destination(unfinished) for exporter in self.exporters)


_pipelines: WeakKeyDictionary[MeterProvider, MeterPipeline] = WeakKeyDictionary()


def meter_pipeline(
    settings: Settings, readers: Sequence[MetricReader], set_global: bool, log: ExporterLog
) -> tuple[Meter, MeterPipeline | None, list[str]]:
    """The meter to use, our pipeline behind it (None: the program's own, or none at all), and the problems met.

    A meter provider that the program has set is adopted as it is: the SDK lets nobody add a reader later.
    """
    current = metrics_api.get_meter_provider()
    present = _pipelines.get(current) if isinstance(current, MeterProvider) else None
    is_set = "Proxy" not in type(current).__name__
    if is_set and (present is None or not present.closed):
        wanted = any(isinstance(target, ScrapeTarget) for target in settings.metrics)
        deaf = wanted and (present is None or present.scrape_url is None)
        return current.get_meter(SCOPE, __version__), present, [_NOT_SERVED] if deaf else []
    exporters: list[CountingMetricExporter] = []
    all_readers = list(readers)
    problems: list[str] = []
    for target in settings.metrics:
        try:
            made = metric_exporter(target)
        except ExporterError as error:
            problems.append(str(error))
            continue
        if isinstance(made, MetricReader):
            all_readers.append(made)
        else:
            exporters.append(CountingMetricExporter(made, place_of(target), log))
    if not exporters and not all_readers:
        return current.get_meter(SCOPE, __version__), None, problems
    interval = settings.metric_interval_s * 1000
    provider = MeterProvider(
        metric_readers=[*all_readers, *(PeriodicExportingMetricReader(exporter, interval) for exporter in exporters)],
        resource=resource_of(settings),
        views=views(),
        shutdown_on_exit=False,
    )
    url = next((reader.url for reader in all_readers if hasattr(reader, "url")), None)
    pipeline = _pipelines[provider] = MeterPipeline(provider, tuple(exporters), log, url)
    if set_global and not is_set:
        metrics_api.set_meter_provider(provider)
    return provider.get_meter(SCOPE, __version__), pipeline, problems
