"""Jaeger, Tempo, Prometheus and the Collector of ``collector-config/`` in front of them, on free loopback ports."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from backend_programs import CONFIGS, REPOSITORY, Program, free_ports, installed

SHIPPED = REPOSITORY / "collector-config"
NOWHERE = "127.0.0.1:9"
"""Refuses: stands where a program is not installed."""
ANSWER_WITHIN_S = 30.0
_Answer = TypeVar("_Answer")


def get(url: str, **parameters: str | int | float) -> Any:
    """The JSON that a backend answers with; raises ``urllib.error.HTTPError`` as urllib does."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    request = urllib.request.Request(url + query, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def eventually(ask: Callable[[], _Answer], enough: Callable[[_Answer], object]) -> _Answer:
    """What ``ask`` gives as soon as ``enough`` of it holds; the last answer after `ANSWER_WITHIN_S`.

    An answer "no such trace" (404) or "not yet" (5xx) is no answer; the last one is raised when none came. Any other
    refusal (a wrong query) is raised at once.
    """
    deadline = time.monotonic() + ANSWER_WITHIN_S
    wait = 0.05
    while True:
        try:
            answer = ask()
            if enough(answer) or time.monotonic() > deadline:
                return answer
        except urllib.error.HTTPError as error:
            if time.monotonic() > deadline or (error.code < 500 and error.code != 404):
                raise AssertionError(f"{error}: {error.read()[:1000]!r}") from error
            error.close()
        time.sleep(wait)
        wait = min(1.0, wait * 1.5)


class Jaeger:
    """Jaeger 2 with the configuration of ``collector-config/jaeger.yaml``."""

    def __init__(self, folder: Path, prometheus: str) -> None:
        http, grpc, otlp, otlp_http, health = free_ports(5)
        self.url = f"http://127.0.0.1:{http}"
        self.otlp = f"127.0.0.1:{otlp}"
        self.otlp_http = f"http://127.0.0.1:{otlp_http}"
        self.program = Program(
            "jaeger",
            ["--config", str(SHIPPED / "jaeger.yaml")],
            ready=f"http://127.0.0.1:{health}/status",
            folder=folder,
            environ={
                "OTELWOD_JAEGER_HEALTH": f"127.0.0.1:{health}",
                "OTELWOD_JAEGER_HTTP": f"127.0.0.1:{http}",
                "OTELWOD_JAEGER_GRPC": f"127.0.0.1:{grpc}",
                "OTELWOD_JAEGER_OTLP": self.otlp,
                "OTELWOD_JAEGER_OTLP_HTTP": f"127.0.0.1:{otlp_http}",
                "OTELWOD_PROMETHEUS": prometheus,
                "OTEL_TRACES_SAMPLER": "always_off",  # Jaeger traces its own queries
            },
        )


class Tempo:
    """Grafana Tempo 1.5."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(5)
        names = ("HTTP", "GRPC", "OTLP_GRPC", "OTLP_HTTP", "GOSSIP")
        text = (CONFIGS / "tempo.yaml").read_text()
        for name, port in zip(names, ports, strict=True):
            text = text.replace(f"@{name}@", str(port))
        config = folder / "tempo.yaml"
        config.write_text(text)
        self.url = f"http://127.0.0.1:{ports[0]}"
        self.otlp = f"127.0.0.1:{ports[2]}"
        self.program = Program(
            "tempo",
            ["-config.file", str(config)],
            ready=f"{self.url}/ready",
            folder=folder,
            environ={},
            stop_within_s=1.0,  # this release ends long after it was asked to; nobody reads what it leaves
        )


class Prometheus:
    """Prometheus 3 with the configuration and the rules of ``collector-config/``, scraping once a second."""

    def __init__(self, folder: Path, targets: Mapping[str, str], *flags: str) -> None:
        text = (SHIPPED / "prometheus.yml").read_text()
        for shipped, here in targets.items():
            assert shipped in text
            text = text.replace(shipped, here)
        (folder / "prometheus.yml").write_text(text.replace("15s", "1s"))
        for rules in ("rules.yml", "alerts.yml"):
            (folder / rules).write_text((SHIPPED / rules).read_text())
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.program = Program(
            "prometheus",
            [
                "--config.file=prometheus.yml",
                f"--web.listen-address=127.0.0.1:{port}",
                *prometheus_flags(),
                *flags,
                "--query.lookback-delta=5m",
            ],
            ready=f"{self.url}/-/ready",
            folder=folder,
            environ={},
        )

    def query(self, text: str) -> list[dict[str, Any]]:
        """The series that an instant query gives."""
        found: list[dict[str, Any]] = get(f"{self.url}/api/v1/query", query=text)["data"]["result"]
        return found

    def values(self, text: str, label: str) -> dict[str, float]:
        """The values of an instant query by one label."""
        return {series["metric"].get(label, ""): float(series["value"][1]) for series in self.query(text)}


def prometheus_flags() -> list[str]:
    """The flags that ``compose.yaml`` gives Prometheus, but for paths and addresses."""
    import yaml

    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    flags: list[str] = compose["services"]["prometheus"]["command"]
    return [flag for flag in flags if not flag.startswith(("--config", "--storage.tsdb.path"))]


class Hub:
    """The Collector with ``collector-config/collector.yaml``."""

    def __init__(self, folder: Path, jaeger: str, tempo: str, prometheus: str, telemetry_port: int) -> None:
        grpc, http, health = free_ports(3)
        self.grpc_endpoint = f"http://127.0.0.1:{grpc}"
        self.http_endpoint = f"http://127.0.0.1:{http}"
        self.telemetry = f"http://127.0.0.1:{telemetry_port}/metrics"
        self.program = Program(
            "otelcol",
            ["--config", str(SHIPPED / "collector.yaml")],
            ready=f"http://127.0.0.1:{health}/",
            folder=folder,
            environ={
                "OTELWOD_OTLP_GRPC": f"127.0.0.1:{grpc}",
                "OTELWOD_OTLP_HTTP": f"127.0.0.1:{http}",
                "OTELWOD_HEALTH": f"127.0.0.1:{health}",
                "OTELWOD_TELEMETRY_HOST": "127.0.0.1",
                "OTELWOD_TELEMETRY_PORT": str(telemetry_port),
                "OTELWOD_FLUSH": "1s",
                "OTELWOD_JAEGER": jaeger,
                "OTELWOD_TEMPO": tempo,
                "OTELWOD_PROMETHEUS": prometheus,
            },
        )

    def environ(self, protocol: str, service: str) -> dict[str, str]:
        """What a program's environment must say to send here."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.grpc_endpoint if protocol == "grpc" else self.http_endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_SERVICE_NAME": service,
        }


class Stack:
    """Whatever of the four is installed, started together; ``None`` stands for what is not."""

    def __init__(self, folder: Path) -> None:
        self._ending = ExitStack()
        self.jaeger: Jaeger | None = None
        self.tempo: Tempo | None = None
        self.prometheus: Prometheus | None = None
        self.hub: Hub | None = None
        self._folder = folder

    def __enter__(self) -> Stack:
        with ExitStack() as starting:
            telemetry_port, self.program_port = free_ports(2)
            if installed("prometheus"):
                targets = {
                    "collector:8888": f"127.0.0.1:{telemetry_port}",
                    "host.docker.internal:9464": f"127.0.0.1:{self.program_port}",
                }
                self.prometheus = Prometheus(self._made("prometheus"), targets)
                starting.callback(self.prometheus.program.stop)
            prometheus_url = self.prometheus.url if self.prometheus else f"http://{NOWHERE}"
            if installed("tempo"):
                self.tempo = Tempo(self._made("tempo"))
                starting.callback(self.tempo.program.stop)
            if installed("jaeger"):
                self.jaeger = Jaeger(self._made("jaeger"), prometheus_url)
                starting.callback(self.jaeger.program.stop)
            # A Collector that meets a backend that is not ready backs off for seconds.
            for service in (self.jaeger, self.prometheus, self.tempo):
                if service is not None:
                    service.program.wait_until_ready()
            if installed("otelcol"):
                self.hub = Hub(
                    self._made("otelcol"),
                    self.jaeger.otlp if self.jaeger else NOWHERE,
                    self.tempo.otlp if self.tempo else NOWHERE,
                    prometheus_url,
                    telemetry_port,
                )
                starting.callback(self.hub.program.stop)
                self.hub.program.wait_until_ready()
            self._ending = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.close()

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder
