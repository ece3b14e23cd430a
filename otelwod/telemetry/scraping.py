"""Metrics that Prometheus comes to fetch: a reader with an HTTP server of its own. Imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelwod.telemetry.exporters import ExporterError
from otelwod.telemetry.settings import ScrapeTarget

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader


def scrape_reader(target: ScrapeTarget) -> MetricReader:
    """A reader whose metrics stand at ``target``'s address until it is shut down; ``reader.url`` is that address.

    It has a registry of its own: what the program offers by ``prometheus_client`` elsewhere is not mixed in. Raises
    `ExporterError` where the extra is not installed, and where the address cannot be had.
    """
    try:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError:
        raise ExporterError("Prometheus: pip install 'otelwod[prometheus]' to serve metrics") from None

    class ScrapeReader(PrometheusMetricReader):
        def __init__(self) -> None:
            registry = CollectorRegistry()
            # First the address: a reader without one would be registered for nothing.
            self._server, self._thread = start_http_server(target.port, target.host, registry)
            super().__init__(registry=registry)
            host = f"[{target.host}]" if ":" in target.host else target.host
            self.url = f"http://{host}:{self._server.server_port}/metrics"

        def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
            super().shutdown(timeout_millis, **kwargs)
            self._server.shutdown()
            self._server.server_close()

    try:
        return ScrapeReader()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ExporterError(f"Prometheus: {target.host}:{target.port}: {reason}; choose another port") from error
