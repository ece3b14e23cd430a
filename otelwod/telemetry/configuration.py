"""`configure`: one call, and the program's spans and metrics go where the environment says. Imports the SDK lazily."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace

from otelwod._version import __version__
from otelwod.conventions import SERVICE_NAME
from otelwod.telemetry.delivery import Delivery
from otelwod.telemetry.exporter_log import ExporterLog
from otelwod.telemetry.settings import (
    SCOPE,
    ScrapeTarget,
    Settings,
    read_settings,
    resource_attributes,
    scrape_targets,
)
from otelwod.trace import Attributes

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace.export import SpanExporter

    from otelwod.telemetry.export_processor import ExportProcessor
    from otelwod.telemetry.metrics import MeterPipeline

SHUTDOWN_TIMEOUT_S: Final = 5.0
PATIENCE_S: Final = 10.0
"""How long a program that is not live waits for room in a full queue before it counts spans as dropped."""

_SPANS_SHARE: Final = 0.8
"""Of the time at the end; the rest is kept for the metrics, which come after."""


class Telemetry:
    """What `configure` set up or found.

    ``owned``: the tracer provider is ours. ``event_limit``: events that a span of it keeps (None: all). ``resource``:
    who sends, as attributes. ``problems``: what in the environment could not be honoured, one line each.
    """

    def __init__(
        self,
        *,
        provider: trace.TracerProvider,
        meter: metrics.Meter,
        owned: bool,
        disabled: bool,
        event_limit: int | None,
        resource: Attributes,
        problems: Sequence[str],
        processors: Sequence[ExportProcessor],
        meter_pipeline: MeterPipeline | None,
    ) -> None:
        self.provider = provider
        self.tracer = provider.get_tracer(SCOPE, __version__)
        self.meter = meter
        self.owned = owned
        self.disabled = disabled
        self.event_limit = event_limit
        self.resource = resource
        self.problems = tuple(problems)
        self._processors = tuple(processors)
        self._meter_pipeline = meter_pipeline
        self._final: Delivery | None = None
        if self._processors or meter_pipeline is not None:
            atexit.register(self.shutdown)

    @property
    def scrape_url(self) -> str | None:
        """Where Prometheus fetches the metrics; None where nothing is served."""
        return None if self._meter_pipeline is None else self._meter_pipeline.scrape_url

    def force_flush(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> bool:
        """Hand over every span that has ended; whether that was done within ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        flushed = [processor.force_flush(_milliseconds_until(deadline)) for processor in self._processors]
        return all(flushed)

    def delivery(self) -> Delivery:
        """The account up to now; what still waits is not in it."""
        if self._final is not None:
            return self._final
        spans = tuple(processor.destination() for processor in self._processors)
        return Delivery(spans + (self._meter_pipeline.destinations() if self._meter_pipeline is not None else ()))

    def shutdown(self, timeout_s: float = SHUTDOWN_TIMEOUT_S) -> Delivery:
        """Deliver what waits within about ``timeout_s`` seconds, whatever the backend does, and give the account.

        Only what otelwod added is ended: a provider that the program had set goes on. A second call gives the same
        account. Called at exit by itself.
        """
        if self._final is not None:
            return self._final
        atexit.unregister(self.shutdown)
        begin = time.monotonic()
        for processor in self._processors:
            processor.begin_close()
        # Spans before metrics: the last metrics tell what became of the spans.
        spans_s = timeout_s if self._meter_pipeline is None else timeout_s * _SPANS_SHARE
        destinations = [processor.close(spans_s, begin) for processor in self._processors]
        if self._processors:
            from otelwod.telemetry.provider import detach

            detach(self.provider, self._processors)
        if self._meter_pipeline is not None:
            destinations.extend(self._meter_pipeline.close(timeout_s, begin))
        self._final = Delivery(tuple(destinations))
        return self._final

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()


def configure(
    *,
    service_name: str | None = None,
    seed: int | None = None,
    environ: Mapping[str, str] | None = None,
    exporters: Sequence[SpanExporter] = (),
    metric_readers: Sequence[MetricReader] = (),
    prometheus: int | str | None = None,
    export: bool = True,
    live: bool = True,
    quiet: bool = False,
    set_global: bool = True,
) -> Telemetry:
    """Set up tracing and metrics as ``environ`` (the process's own) says in ``OTEL_*``, or join what is set up.

    A tracer provider that is set already is adopted: it is never replaced or shut down, and an OTLP exporter is added
    only where it has none. Otherwise one is made, with derived ids (`otelwod.telemetry.planned_ids`) and without limits
    on events, and set globally unless ``set_global`` is False. Calling it again adds nothing.

    Nothing is sent unless an endpoint or an exporter is named: by ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or a signal's
    own), ``OTEL_TRACES_EXPORTER``, ``OTEL_METRICS_EXPORTER``, or ``exporters`` and ``metric_readers``. ``export=False``
    ignores the environment's. ``prometheus`` serves the metrics to whoever fetches them: a port of this machine's
    loopback (0: any free one), or ``"HOST:PORT"``; see `Telemetry.scrape_url`. ``service_name`` goes before the
    environment's; the default is ``otelwod``. ``seed`` makes the ids repeatable that are not derived. With
    ``live=False`` a full queue makes the program wait a little instead of dropping spans. ``quiet`` keeps the
    exporters' log messages off the screen; `Delivery` has the reason in a few words in any case.

    Never raises for what the environment says: see ``Telemetry.problems``.
    """
    settings = read_settings(os.environ if environ is None else environ)
    if service_name:
        settings = replace(
            settings, service_name=service_name, resource={**settings.resource, SERVICE_NAME: service_name}
        )
    targets, found = scrape_targets(prometheus)
    settings = replace(settings, problems=(*settings.problems, *found))
    if settings.disabled:
        return Telemetry(
            provider=trace.NoOpTracerProvider(),
            meter=metrics.NoOpMeterProvider().get_meter(SCOPE, __version__),
            owned=False,
            disabled=True,
            event_limit=None,
            resource=resource_attributes(settings),
            problems=settings.problems,
            processors=(),
            meter_pipeline=None,
        )
    if not export:
        settings = replace(settings, metrics=())
    if targets:
        kept = tuple(target for target in settings.metrics if not isinstance(target, ScrapeTarget))
        settings = replace(settings, metrics=(*kept, *targets))
    return _configure_sdk(settings, seed, exporters, metric_readers, export, live, ExporterLog(quiet=quiet), set_global)


def _configure_sdk(
    settings: Settings,
    seed: int | None,
    exporters: Sequence[SpanExporter],
    metric_readers: Sequence[MetricReader],
    export: bool,
    live: bool,
    log: ExporterLog,
    set_global: bool,
) -> Telemetry:
    from opentelemetry.sdk.trace import TracerProvider

    from otelwod.telemetry import provider as providers
    from otelwod.telemetry.metrics import meter_pipeline

    problems = list(settings.problems)
    provider = providers.set_provider()
    if provider is None:
        provider, found = providers.own_provider(settings, seed)
        problems += found
        if set_global:
            trace.set_tracer_provider(provider)
    if isinstance(provider, TracerProvider):
        problems += providers.add_exporters(
            provider, settings, exporters, from_environment=export, patience_s=0.0 if live else PATIENCE_S, log=log
        )
        resource: Attributes = dict(provider.resource.attributes)  # type: ignore[arg-type]
    else:
        resource = resource_attributes(settings)
    meter, pipeline, found = meter_pipeline(settings, metric_readers, set_global, log)
    problems += found
    processors = providers.processors_of(provider)
    if processors and isinstance(provider, providers.OwnTracerProvider) and providers.samples_nothing(provider):
        places = ", ".join(dict.fromkeys(processor.place for processor in processors))
        problems.append(f"OTEL_TRACES_SAMPLER: {settings.sampler} keeps no trace; no span is sent to {places}")
    if pipeline is not None and processors:
        pipeline.watch(processors)
    return Telemetry(
        provider=provider,
        meter=meter,
        owned=isinstance(provider, providers.OwnTracerProvider),
        disabled=False,
        event_limit=providers.event_limit_of(provider),
        resource=resource,
        problems=problems,
        processors=processors,
        meter_pipeline=pipeline,
    )


def _milliseconds_until(deadline: float) -> int:
    return max(0, int((deadline - time.monotonic()) * 1000))
