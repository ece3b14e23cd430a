"""Exporters for what the settings ask for, and which destinations a foreign provider already has. Imports the SDK."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics import (
    Counter,
    Histogram,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricReader
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter

from otelwod.telemetry.otlp_answer import check_response
from otelwod.telemetry.settings import NamedExporter, OtlpTarget, ScrapeTarget, Target, Temporality

_ENTRY_POINTS = {"traces": "opentelemetry_traces_exporter", "metrics": "opentelemetry_metrics_exporter"}


class ExporterError(Exception):
    """An exporter that was asked for cannot be made; the text says why and what to do."""


def place_of(target: Target) -> str:
    """Where a target sends to, for a person."""
    return target.name if isinstance(target, NamedExporter) else target.place


def span_exporter(target: Target) -> SpanExporter:
    """An exporter of spans for ``target``; raises `ExporterError`."""
    if isinstance(target, OtlpTarget):
        with _explained(target):
            if target.protocol == "grpc":
                from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

                return GrpcExporter(**_grpc_arguments(target))
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

            return HttpExporter(**_http_arguments(target))
    if isinstance(target, ScrapeTarget):
        raise ExporterError("Prometheus takes metrics only")
    exporter = _named(target.signal, target.name)
    if not isinstance(exporter, SpanExporter):
        raise ExporterError(f"OTEL_TRACES_EXPORTER: {target.name!r} is not an exporter of spans")
    return exporter


def metric_exporter(target: Target) -> MetricExporter | MetricReader:
    """An exporter of metrics, or a reader that serves them itself (Prometheus); raises `ExporterError`."""
    if isinstance(target, OtlpTarget):
        with _explained(target):
            if target.protocol == "grpc":
                from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter

                return GrpcExporter(**_grpc_arguments(target), preferred_temporality=_temporality(target.temporality))
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter

            return HttpExporter(**_http_arguments(target), preferred_temporality=_temporality(target.temporality))
    if isinstance(target, ScrapeTarget):
        from otelwod.telemetry.scraping import scrape_reader

        return scrape_reader(target)
    exporter = _named(target.signal, target.name)
    if not isinstance(exporter, MetricExporter | MetricReader):
        raise ExporterError(f"OTEL_METRICS_EXPORTER: {target.name!r} is not an exporter of metrics")
    return exporter


def _temporality(name: Temporality) -> dict[type, AggregationTemporality]:
    """By kind of instrument, as the specification of OTLP exporters has it: what can go down stays cumulative."""
    delta, cumulative = AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE
    sums = delta if name != "cumulative" else cumulative
    return {
        Counter: sums,
        Histogram: sums,
        ObservableCounter: delta if name == "delta" else cumulative,
        UpDownCounter: cumulative,
        ObservableUpDownCounter: cumulative,
        ObservableGauge: cumulative,
    }


@contextmanager
def _explained(target: OtlpTarget) -> Iterator[None]:
    """Whatever the exporter's own constructor objects to (credentials, TLS files) becomes one line."""
    try:
        yield
    except ExporterError:
        raise
    except Exception as error:
        raise ExporterError(f"nothing is sent to {target.place}: {error}") from error


def _named(signal: str, name: str) -> object:
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    found = next(iter(entry_points(group=_ENTRY_POINTS[signal], name=name)), None)
    if found is None:
        raise ExporterError(f"{variable}: no exporter {name!r} is installed; otlp, console and none always work")
    try:
        return found.load()()
    except Exception as error:
        raise ExporterError(f"{variable}: {name!r} could not be started: {type(error).__name__}: {error}") from error


def _http_arguments(target: OtlpTarget) -> dict[str, Any]:
    from opentelemetry.exporter.otlp.proto.http import Compression

    for field in ("certificate", "client_key", "client_certificate"):
        _bytes(target, field)  # requests would name a missing file only once connected, if at all
    return {
        "endpoint": target.endpoint,
        "headers": dict(target.headers),
        "timeout": target.timeout_s,
        "compression": Compression(target.compression),
        "certificate_file": target.certificate,
        "client_key_file": target.client_key,
        "client_certificate_file": target.client_certificate,
        "session": _session(target),
    }


def _session(target: OtlpTarget) -> Any:
    """A session that believes in success only when it is told in OTLP, and that follows no redirect.

    A redirect would carry the headers, and the spans, to a host that nobody named.
    """
    own = f"OTEL_PYTHON_EXPORTER_OTLP_HTTP_{target.signal.upper()}_CREDENTIAL_PROVIDER"
    if os.environ.get("OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER") or os.environ.get(own):
        return None  # the exporter then makes the session of that provider
    import requests

    session = requests.Session()
    session.max_redirects = 0
    session.hooks["response"].append(check_response)
    return session


def _grpc_arguments(target: OtlpTarget) -> dict[str, Any]:
    import grpc  # type: ignore[import-untyped, unused-ignore]

    return {
        "endpoint": target.endpoint,
        "insecure": target.insecure,
        "credentials": None if target.insecure else _credentials(target),
        "headers": target.headers,
        "timeout": target.timeout_s,
        "compression": grpc.Compression.Gzip if target.compression == "gzip" else grpc.Compression.NoCompression,
    }


def _credentials(target: OtlpTarget) -> Any:
    if target.certificate is None and target.client_certificate is None:
        return None  # the exporter's own default: the system's roots, or a credential provider from the environment
    import grpc  # type: ignore[import-untyped, unused-ignore]

    return grpc.ssl_channel_credentials(
        root_certificates=_bytes(target, "certificate"),
        private_key=_bytes(target, "client_key"),
        certificate_chain=_bytes(target, "client_certificate"),
    )


def _bytes(target: OtlpTarget, field: str) -> bytes | None:
    path = getattr(target, field)
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        variable = f"OTEL_EXPORTER_OTLP_{field.upper()}"
        raise ExporterError(f"{variable}: {path}: {error.strerror or error}") from error


def span_exporters_of(provider: object) -> Iterator[object]:
    """The exporters that a provider's processors hold, as far as can be seen (the SDK has no public way to ask)."""
    waiting: list[object] = [getattr(provider, "_active_span_processor", None)]
    seen: set[int] = set()
    while waiting:
        processor = waiting.pop()
        if processor is None or id(processor) in seen:
            continue
        seen.add(id(processor))
        for name in ("span_exporter", "exporter", "_exporter"):
            exporter = getattr(processor, name, None)
            if exporter is not None:
                yield exporter
                break
        waiting.extend(getattr(processor, "_span_processors", ()))
        # Wrapping processors (filters, tail samplers) commonly hold the next one under one of these names.
        for name in ("_batch_processor", "_processor", "processor", "_next", "next_processor", "_delegate"):
            inner = getattr(processor, name, None)
            if isinstance(inner, SpanProcessor):
                waiting.append(inner)


def is_otlp(exporter: object) -> bool:
    """Whether an exporter speaks OTLP (by its type's name: the gRPC and HTTP ones share no base class)."""
    return any("OTLP" in kind.__name__.upper() for kind in type(exporter).__mro__)
