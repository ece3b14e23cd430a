"""Our own tracer provider, and the way to add to somebody else's. Imports the SDK."""

from __future__ import annotations

# Before the first provider: the SDK's hook after a fork submits to a thread pool, and the pool's own hook, which frees
# its lock in the child, must have been registered before it. Otherwise the child of a fork would wait for ever.
import concurrent.futures.thread  # noqa: F401
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider, sampling
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator

from otelwod.telemetry.export_processor import ExportProcessor
from otelwod.telemetry.exporter_log import ExporterLog
from otelwod.telemetry.exporters import ExporterError, is_otlp, place_of, span_exporter, span_exporters_of
from otelwod.telemetry.id_generator import PlannedIdGenerator, SeededIdGenerator
from otelwod.telemetry.settings import NamedExporter, OtlpTarget, Settings, public_url, resource_attributes

_SAMPLERS: Mapping[str, sampling.Sampler] = {
    "always_on": sampling.ALWAYS_ON,
    "always_off": sampling.ALWAYS_OFF,
    "parentbased_always_on": sampling.DEFAULT_ON,
    "parentbased_always_off": sampling.DEFAULT_OFF,
}


class OwnTracerProvider(TracerProvider):
    """The provider that `configure` makes where the program has none."""


def set_provider() -> trace.TracerProvider | None:
    """The provider that the program has set globally, None when it has none."""
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else provider


def own_provider(settings: Settings, seed: int | None) -> tuple[OwnTracerProvider, list[str]]:
    """A provider as the settings say, with planned ids and without limits but those that the environment sets."""
    sampler, problems = _sampler(settings)
    random_ids: IdGenerator | None = None if seed is None else SeededIdGenerator(seed)
    provider = OwnTracerProvider(
        sampler=sampler,
        resource=resource_of(settings),
        # The end of the program is ours to bound: see `Telemetry.shutdown`.
        shutdown_on_exit=False,
        id_generator=PlannedIdGenerator(random_ids),
        span_limits=_limits(settings),
    )
    return provider, problems


def samples_nothing(provider: object) -> bool:
    """Whether a provider drops each trace that begins in this program, by ``always_off`` or a ratio of 0."""
    sampler = getattr(provider, "sampler", None)
    sampler = getattr(sampler, "_root", sampler)  # that of traces without a parent
    return sampler is sampling.ALWAYS_OFF or getattr(sampler, "rate", None) == 0.0


def resource_of(settings: Settings) -> Resource:
    """Who sends, as the SDK wants it."""
    return Resource(resource_attributes(settings))


def _limits(settings: Settings) -> SpanLimits:
    def limit(value: int | None) -> int:
        return SpanLimits.UNSET if value is None else value

    return SpanLimits(
        max_attributes=limit(settings.attribute_limit),
        max_events=limit(settings.event_limit),
        max_links=limit(settings.link_limit),
        max_span_attributes=limit(settings.attribute_limit),
        max_event_attributes=limit(settings.event_attribute_limit),
        max_link_attributes=limit(settings.link_attribute_limit),
        max_attribute_length=limit(settings.attribute_length_limit),
        max_span_attribute_length=limit(settings.attribute_length_limit),
    )


def _sampler(settings: Settings) -> tuple[sampling.Sampler, list[str]]:
    name = settings.sampler
    ratio = 1.0 if settings.sampler_argument is None else settings.sampler_argument
    if name in _SAMPLERS:
        return _SAMPLERS[name], []
    if name == "traceidratio":
        return sampling.TraceIdRatioBased(ratio), []
    if name == "parentbased_traceidratio":
        return sampling.ParentBasedTraceIdRatio(ratio), []
    factory = next(iter(entry_points(group="opentelemetry_traces_sampler", name=name)), None)
    if factory is not None:
        try:
            made = factory.load()(settings.sampler_text)
        except Exception as error:  # noqa: BLE001 - a sampler is foreign code; the program goes on with the default
            return sampling.DEFAULT_ON, [f"OTEL_TRACES_SAMPLER: {name!r} could not be made ({error}); all is sampled"]
        if isinstance(made, sampling.Sampler):
            return made, []
    known = ", ".join((*_SAMPLERS, "traceidratio", "parentbased_traceidratio"))
    return sampling.DEFAULT_ON, [f"OTEL_TRACES_SAMPLER: {name!r} is not known ({known}); all is sampled"]


def event_limit_of(provider: object) -> int | None:
    """How many events a span of this provider keeps; None where there is no limit or none can be seen."""
    limit = getattr(getattr(provider, "_span_limits", None), "max_events", None)
    return limit if isinstance(limit, int) else None


def processors_of(provider: object) -> tuple[ExportProcessor, ...]:
    """Our own processors on a provider that still take spans."""
    processors = getattr(getattr(provider, "_active_span_processor", None), "_span_processors", ())
    return tuple(p for p in processors if isinstance(p, ExportProcessor) and not p.closed)


def add_exporters(
    provider: TracerProvider,
    settings: Settings,
    exporters: Sequence[SpanExporter],
    *,
    from_environment: bool,
    patience_s: float,
    log: ExporterLog,
) -> list[str]:
    """Add what is asked for and not there yet; the problems met, one line each.

    A provider that sends by OTLP already gets no exporter from the environment: whoever configured it has read the
    same environment, or has decided otherwise.
    """
    problems: list[str] = []
    present = list(span_exporters_of(provider))
    wanted: list[tuple[SpanExporter, str]] = [
        (exporter, _place_of_exporter(exporter))
        for exporter in exporters
        if not any(_same_destination(exporter, other) for other in present)
    ]
    sends_already = any(map(is_otlp, (*present, *exporters)))
    owned = isinstance(provider, OwnTracerProvider)
    for target in settings.traces if from_environment else ():
        if isinstance(target, OtlpTarget) and sends_already:
            continue
        if isinstance(target, NamedExporter) and (not owned or present):
            continue  # the console of a program that set its own provider is its own; ours is added once
        try:
            wanted.append((span_exporter(target), place_of(target)))
        except ExporterError as error:
            problems.append(str(error))
    for exporter, place in wanted:
        provider.add_span_processor(
            ExportProcessor(
                exporter,
                place=place,
                queue_size=settings.queue_size,
                batch_size=settings.batch_size,
                schedule_s=settings.schedule_s,
                patience_s=patience_s,
                log=log,
            )
        )
    return problems


def detach(provider: object, processors: Sequence[ExportProcessor]) -> None:
    """Take closed processors off a provider (the SDK has no public way; where it cannot be done they stay, inert)."""
    composite = getattr(provider, "_active_span_processor", None)
    lock = getattr(composite, "_lock", None)
    present = getattr(composite, "_span_processors", None)
    if composite is not None and lock is not None and isinstance(present, tuple):
        with lock:
            composite._span_processors = tuple(p for p in composite._span_processors if p not in processors)


def _same_destination(one: object, other: object) -> bool:
    if one is other:
        return True
    endpoint = getattr(one, "_endpoint", None)
    return endpoint is not None and type(one) is type(other) and endpoint == getattr(other, "_endpoint", None)


def _place_of_exporter(exporter: SpanExporter) -> str:
    endpoint = getattr(exporter, "_endpoint", None)
    return public_url(endpoint) if isinstance(endpoint, str) else type(exporter).__name__
