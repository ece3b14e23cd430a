"""The gateway tier of ``collector-config/``: balancers and samplers on free loopback ports."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from backend_programs import Program, free_ports
from backend_services import SHIPPED


class Row:
    """One Collector of the tier, a balancer or a sampler; its program is to be entered."""

    def __init__(self, folder: Path, config: Path, environ: Mapping[str, str]) -> None:
        grpc, http, health, telemetry = free_ports(4)
        self.address = f"127.0.0.1:{grpc}"
        self.http_endpoint = f"http://127.0.0.1:{http}"
        self._telemetry = f"http://127.0.0.1:{telemetry}/metrics"
        folder.mkdir(exist_ok=True)
        self.program = Program(
            "otelcol",
            ["--config", str(config)],
            ready=f"http://127.0.0.1:{health}/",
            folder=folder,
            environ={
                "OTELWOD_OTLP_GRPC": self.address,
                "OTELWOD_OTLP_HTTP": f"127.0.0.1:{http}",
                "OTELWOD_HEALTH": f"127.0.0.1:{health}",
                "OTELWOD_TELEMETRY_HOST": "127.0.0.1",
                "OTELWOD_TELEMETRY_PORT": str(telemetry),
                **environ,
            },
        )

    def says(self) -> dict[str, float]:
        """What it says of itself, by metric without ``_total``; all series of a metric summed."""
        with urllib.request.urlopen(self._telemetry, timeout=10) as response:
            text = response.read().decode()
        found: dict[str, float] = {}
        for name, value in re.findall(r"^(otelcol_\w+?)(?:_total)?(?:\{.*\})? (\S+)$", text, re.MULTILINE):
            found[name] = found.get(name, 0) + float(value)
        return found

    def received(self) -> int:
        """Spans that it has taken."""
        return int(self.says().get("otelcol_receiver_accepted_spans", 0))


def sampler(folder: Path, following: str, *, wait: str, keep: int, slow_ms: int = 2000) -> Row:
    """A sampler that decides after ``wait``, keeps ``keep`` percent of the plain, and sends to ``following``."""
    environ = {
        "OTELWOD_DECISION_WAIT": wait,
        "OTELWOD_KEEP_PERCENT": str(keep),
        "OTELWOD_NEXT": following,
        "OTELWOD_SLOW_MS": str(slow_ms),
    }
    return Row(folder, SHIPPED / "gateway-sampler.yaml", environ)


def balancer(folder: Path, samplers: Sequence[Row]) -> Row:
    """A balancer in front of these samplers: the shipped configuration, with as many names as there are samplers."""
    shipped = (SHIPPED / "gateway-balancer.yaml").read_text()
    names = ", ".join(f'"{one.address}"' for one in samplers)
    text, changed = re.subn(r"static: \{hostnames: \[.*\]\}", f"static: {{hostnames: [{names}]}}", shipped)
    assert changed == 1
    folder.mkdir(exist_ok=True)
    config = folder / "gateway-balancer.yaml"
    config.write_text(text)
    return Row(folder, config, {})
