"""What the ``OTEL_*`` environment asks for, read once into plain data; imports nothing of OpenTelemetry.

The names and their meaning are OpenTelemetry's (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
and .../protocol/exporter/). A value that cannot be used is replaced by a safe one and told in ``Settings.problems``,
one line each; nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final, Literal, TypeVar
from urllib.parse import unquote, urlsplit

from otelwod.conventions import SERVICE_NAME
from otelwod.telemetry.variables import unknown

Signal = Literal["traces", "metrics"]
Protocol = Literal["grpc", "http/protobuf"]
Compression = Literal["none", "gzip", "deflate"]
Temporality = Literal["cumulative", "delta", "lowmemory"]
_Number = TypeVar("_Number", int, float)

SCOPE: Final = "otelwod"
"""The instrumentation scope of all that otelwod records."""
DEFAULT_SERVICE_NAME: Final = "otelwod"
DEFAULT_TIMEOUT_S: Final = 10.0
GRPC_PORT: Final = 4317
SCRAPE_PORT: Final = 9464
"""The specification's port for Prometheus exporters."""
_DEFAULT_ENDPOINTS: Final[Mapping[Protocol, str]] = {
    "grpc": "http://localhost:4317",
    "http/protobuf": "http://localhost:4318",
}
_OTLP_NAMES: Final[Mapping[str, Protocol | None]] = {
    "otlp": None,
    "otlp_proto_grpc": "grpc",
    "otlp_proto_http": "http/protobuf",
}


@dataclass(frozen=True, slots=True)
class OtlpTarget:
    """One OTLP destination of one signal. ``endpoint`` is the full URL (for gRPC scheme, host and port)."""

    signal: Signal
    protocol: Protocol
    endpoint: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout_s: float = DEFAULT_TIMEOUT_S
    compression: Compression = "none"
    insecure: bool = False
    certificate: str | None = None
    client_key: str | None = None
    client_certificate: str | None = None
    temporality: Temporality = "cumulative"
    """Of metrics: with ``delta`` the runs of a program that runs once add up behind a Collector."""

    @property
    def place(self) -> str:
        """The endpoint, fit for a screen or a log."""
        return public_url(self.endpoint)


@dataclass(frozen=True, slots=True)
class NamedExporter:
    """An exporter that is not OTLP: ``console``, or the name of an installed entry point."""

    signal: Signal
    name: str


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """An address at which Prometheus fetches the metrics; port 0 is any that is free."""

    host: str = "localhost"
    port: int = SCRAPE_PORT
    signal: Signal = "metrics"

    @property
    def place(self) -> str:
        """For a person."""
        return f"http://{self.host}:{self.port}/metrics"


Target = OtlpTarget | NamedExporter | ScrapeTarget


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of it. ``traces`` and ``metrics`` are empty where nothing asks for an export."""

    disabled: bool = False
    service_name: str = DEFAULT_SERVICE_NAME
    resource: Mapping[str, str] = field(default_factory=dict)
    sampler: str = "parentbased_always_on"
    sampler_argument: float | None = None
    sampler_text: str = ""
    event_limit: int | None = None
    link_limit: int | None = None
    attribute_limit: int | None = None
    event_attribute_limit: int | None = None
    link_attribute_limit: int | None = None
    attribute_length_limit: int | None = None
    traces: tuple[Target, ...] = ()
    metrics: tuple[Target, ...] = ()
    batch_size: int = 512
    queue_size: int = 32_768
    schedule_s: float = 1.0
    metric_interval_s: float = 60.0
    problems: tuple[str, ...] = ()


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read every ``OTEL_*`` variable that otelwod honours from ``environ``; note ``OTELWOD_*`` that nobody reads."""
    return _Reader(environ).read()


def public_url(url: str) -> str:
    """A URL without what may be secret: user name, password, query. Text that is no URL stays as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def resource_attributes(settings: Settings) -> dict[str, str]:
    """Who sends: the SDK, the service and what ``OTEL_RESOURCE_ATTRIBUTES`` adds; nothing that differs by run.

    The same whether the SDK is loaded, disabled or of a program that samples nothing: files tell the same story.
    """
    return {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": version("opentelemetry-sdk"),
        **settings.resource,
    }


def scrape_targets(prometheus: int | str | None) -> tuple[tuple[ScrapeTarget, ...], tuple[str, ...]]:
    """The address that ``configure(prometheus=…)`` names, if any, and what is wrong with it."""
    if prometheus is None:
        return (), ()
    host, _, port = str(prometheus).rpartition(":")
    if port.isascii() and port.isdigit() and len(port) <= 5 and int(port) < 65_536:
        return (ScrapeTarget(host.strip("[]") or "127.0.0.1", int(port)),), ()
    return (), (f"prometheus: {str(prometheus)[:60]!r} is neither a port nor HOST:PORT; nothing is served",)


class _Reader:
    """Collects problems while it reads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # The specification: an empty value is the same as none.
        self._environ = {name: value.strip() for name, value in environ.items() if name.startswith("OTEL_")}
        self._problems = unknown(environ)

    def read(self) -> Settings:
        disabled = self._flag("OTEL_SDK_DISABLED") or False
        resource = self._pairs("OTEL_RESOURCE_ATTRIBUTES")
        service_name = self._get("OTEL_SERVICE_NAME") or resource.get(SERVICE_NAME) or DEFAULT_SERVICE_NAME
        sampler = self._get("OTEL_TRACES_SAMPLER").lower() or "parentbased_always_on"
        attributes = self._limit("OTEL_ATTRIBUTE_COUNT_LIMIT")
        lengths = (
            self._limit("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
            self._limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
        )
        settings = {
            "event_limit": self._limit("OTEL_SPAN_EVENT_COUNT_LIMIT"),
            "link_limit": self._limit("OTEL_SPAN_LINK_COUNT_LIMIT"),
            "attribute_limit": _first(self._limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"), attributes),
            "event_attribute_limit": _first(self._limit("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"), attributes),
            "link_attribute_limit": _first(self._limit("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"), attributes),
            "attribute_length_limit": _first(*lengths),
        }
        queue_size = self._number("OTEL_BSP_MAX_QUEUE_SIZE", Settings().queue_size, 1, 10_000_000)
        batch_size = self._number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Settings().batch_size, 1, 100_000)
        return Settings(
            disabled=disabled,
            service_name=service_name,
            resource={**resource, SERVICE_NAME: service_name},
            sampler=sampler,
            sampler_argument=self._sampler_argument(sampler),
            sampler_text=self._get("OTEL_TRACES_SAMPLER_ARG"),
            traces=() if disabled else self._targets("traces"),
            metrics=() if disabled else self._targets("metrics"),
            batch_size=min(batch_size, queue_size),
            queue_size=queue_size,
            schedule_s=self._number("OTEL_BSP_SCHEDULE_DELAY", 1000, 1, 3_600_000) / 1000,
            metric_interval_s=self._number("OTEL_METRIC_EXPORT_INTERVAL", 60_000, 1, 86_400_000) / 1000,
            **settings,
            problems=tuple(dict.fromkeys(self._problems)),
        )

    # ------------------------------------------------------------------------------------------------- single values

    def _get(self, name: str) -> str:
        return self._environ.get(name, "")

    def _problem(self, name: str, remedy: str) -> None:
        # The value is not repeated where it may be a secret (headers, resource attributes).
        self._problems.append(f"{name}: {remedy}")

    def _flag(self, name: str) -> bool | None:
        text = self._get(name).lower()
        if text in ("true", "false", ""):
            return text == "true" if text else None
        self._problem(name, f"{text!r} is neither true nor false; taken as false")
        return False

    def _number(self, name: str, default: _Number, low: _Number, high: _Number) -> _Number:
        text = self._get(name)
        if not text:
            return default
        try:
            value = type(default)(text)
        except (ValueError, OverflowError):
            value = None
        if value is None or not low <= value <= high:
            self._problem(name, f"{text[:40]!r} is not a number from {low} to {high}; {default} is used")
            return default
        return value

    def _limit(self, name: str) -> int | None:
        """A limit as written, or None (no limit) where none is set."""
        text = self._get(name)
        if not text or text.lower() == "unset":
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            self._problem(name, f"{text[:40]!r} is not a count; no limit is used")
            return None
        return int(text)

    def _sampler_argument(self, sampler: str) -> float | None:
        if not sampler.endswith("traceidratio"):
            return None
        return self._number("OTEL_TRACES_SAMPLER_ARG", 1.0, 0.0, 1.0)

    def _pairs(self, name: str) -> dict[str, str]:
        """``key=value,key=value``, values percent-encoded (W3C baggage)."""
        pairs = {}
        for item in filter(None, (part.strip() for part in self._get(name).split(","))):
            key, equals, value = item.partition("=")
            if not equals or not key.strip():
                self._problem(name, "an entry is not of the form key=value and was left out")
                continue
            pairs[unquote(key.strip())] = unquote(value.strip())
        return pairs

    # ----------------------------------------------------------------------------------------------------- exporters

    def _targets(self, signal: Signal) -> tuple[Target, ...]:
        names = self._get(f"OTEL_{signal.upper()}_EXPORTER")
        if not names:
            configured = self._otlp(signal, "ENDPOINT")
            target = self._otlp_target(signal, None) if configured else None
            return (target,) if target is not None else ()
        targets: dict[Target, None] = {}
        for name in dict.fromkeys(filter(None, (part.strip().lower() for part in names.split(",")))):
            if name == "none":
                continue
            found: Target | None
            if name in _OTLP_NAMES:
                found = self._otlp_target(signal, _OTLP_NAMES[name])
            elif name == "prometheus" and signal == "metrics":
                found = self._scrape_target()
            else:
                found = NamedExporter(signal, name)
            if found is not None:
                targets[found] = None
        return tuple(targets)

    def _scrape_target(self) -> ScrapeTarget:
        host = self._get("OTEL_EXPORTER_PROMETHEUS_HOST") or ScrapeTarget().host
        return ScrapeTarget(host, self._number("OTEL_EXPORTER_PROMETHEUS_PORT", SCRAPE_PORT, 0, 65_535))

    def _temporality(self) -> Temporality:
        name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
        text = self._get(name).lower()
        if text == "delta" or text == "lowmemory":
            return "delta" if text == "delta" else "lowmemory"
        if text not in ("", "cumulative"):
            self._problem(name, f"{text[:40]!r} is not known (cumulative, delta, lowmemory); cumulative is used")
        return "cumulative"

    def _otlp(self, signal: Signal, name: str) -> str:
        """The signal's own variable, else the general one."""
        return self._get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}") or self._get(f"OTEL_EXPORTER_OTLP_{name}")

    def _otlp_name(self, signal: Signal, name: str) -> str:
        own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}"
        return own if self._get(own) else f"OTEL_EXPORTER_OTLP_{name}"

    def _otlp_target(self, signal: Signal, protocol: Protocol | None) -> OtlpTarget | None:
        text = self._otlp(signal, "ENDPOINT")
        protocol = protocol or self._protocol(signal, text)
        endpoint = self._endpoint(signal, protocol, text)
        if endpoint is None:
            return None
        insecure = urlsplit(endpoint).scheme == "http"
        compression = self._otlp(signal, "COMPRESSION").lower() or "none"
        if compression not in ("none", "gzip", "deflate") or (compression == "deflate" and protocol == "grpc"):
            self._problem(
                self._otlp_name(signal, "COMPRESSION"), f"{compression[:40]!r} is not known here; none is used"
            )
            compression = "none"
        headers = self._pairs(self._otlp_name(signal, "HEADERS"))
        return OtlpTarget(
            signal=signal,
            protocol=protocol,
            endpoint=endpoint,
            headers=tuple((name.lower(), value) for name, value in headers.items()),
            timeout_s=self._number(self._otlp_name(signal, "TIMEOUT"), DEFAULT_TIMEOUT_S, 0.001, 3600.0),
            compression="gzip" if compression == "gzip" else "deflate" if compression == "deflate" else "none",
            insecure=insecure,
            certificate=self._otlp(signal, "CERTIFICATE") or None,
            client_key=self._otlp(signal, "CLIENT_KEY") or None,
            client_certificate=self._otlp(signal, "CLIENT_CERTIFICATE") or None,
            temporality=self._temporality() if signal == "metrics" else "cumulative",
        )

    def _protocol(self, signal: Signal, endpoint: str) -> Protocol:
        text = self._otlp(signal, "PROTOCOL").lower()
        if text == "grpc":
            return "grpc"
        if text in ("", "http/protobuf"):
            # The specification's default is HTTP; but at the port that is registered for gRPC it could never succeed.
            return "grpc" if not text and _port(endpoint) == GRPC_PORT else "http/protobuf"
        self._problem(
            self._otlp_name(signal, "PROTOCOL"),
            f"{text[:40]!r} is not spoken here (grpc, http/protobuf); http/protobuf is used",
        )
        return "http/protobuf"

    def _endpoint(self, signal: Signal, protocol: Protocol, text: str) -> str | None:
        """The URL to send to, None (with a problem) where the text is none."""
        name = self._otlp_name(signal, "ENDPOINT")
        text = text or _DEFAULT_ENDPOINTS[protocol]
        if protocol == "grpc" and "://" not in text:
            # gRPC also takes host:port; OTEL_EXPORTER_OTLP_INSECURE then says whether it is encrypted.
            insecure = self._flag(self._otlp_name(signal, "INSECURE"))
            text = f"{'http' if insecure else 'https'}://{text}"
        if not _is_http_url(text) or _port(text) is None:
            self._problem(name, "not a URL such as http://localhost:4318; nothing is sent there")
            return None
        own = name.endswith(f"{signal.upper()}_ENDPOINT")
        if protocol == "grpc" or own:
            return text
        parts = urlsplit(text)
        return parts._replace(path=f"{parts.path.rstrip('/')}/v1/{signal}").geturl()


def _is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _port(text: str) -> int | None:
    """The port of a URL or ``host:port`` (that of the scheme where none is written); None when it is no port."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port
    except ValueError:
        return None
    return port if port is not None else 443 if parts.scheme == "https" else 80


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
