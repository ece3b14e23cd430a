"""Measures one real Collector under load: python tests/backends/load.py [SENDERS] [SPANS]

SENDERS programs send SPANS spans each (traces of 50) as fast as they can, over gRPC, through the Collector of
``collector-config/collector.yaml`` into Jaeger; span metrics are made on the way. Prints what was sent, accepted and
passed on, the rate, and what the Collector used. Status 1 when a span is missing anywhere.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from backend_programs import free_ports
from backend_services import NOWHERE, Hub, Jaeger

TRACE = 50
SENDER = f"""
import sys, otelwod
from opentelemetry.trace import set_span_in_context
telemetry = otelwod.configure(live=False, quiet=True)
for _ in range(int(sys.argv[1]) // {TRACE}):
    root = telemetry.tracer.start_span("session", attributes={{"otelwod.block.type": "session"}})
    inside = set_span_in_context(root)
    for number in range({TRACE} - 1):
        attributes = {{"otelwod.phase": "work", "otelwod.movement.id": f"gym/move_{{number % 10}}", "n": number}}
        telemetry.tracer.start_span(f"set {{number % 10}}", inside, attributes=attributes).end()
    root.end()
telemetry.force_flush(300)
account = telemetry.shutdown(60)
print(account.delivered, account.lost)
"""


def numbers(hub: Hub) -> dict[str, float]:
    """What the Collector says of itself, by metric and exporter."""
    with urllib.request.urlopen(hub.telemetry, timeout=10) as response:
        text = response.read().decode()
    found: dict[str, float] = {}
    for name, labels, value in re.findall(r"^(otelcol_\w+)(?:\{([^}]*)\})? (\S+)$", text, re.MULTILINE):
        exporter = re.search(r'exporter="([^"]*)"', labels)
        key = f"{name} {exporter[1]}" if exporter else name
        found[key] = found.get(key, 0) + float(value)
    return found


def main() -> int:
    """One measurement."""
    senders = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    spans = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jaeger = Jaeger(folder, f"http://{NOWHERE}")
        with jaeger.program:
            hub = Hub(folder, jaeger.otlp, jaeger.otlp, f"http://{NOWHERE}", *free_ports(1))
            with hub.program:
                before = numbers(hub)
                begun = time.monotonic()
                environ = hub.environ("grpc", "load") | {"OTEL_METRICS_EXPORTER": "none"}
                running = [
                    subprocess.Popen(
                        [sys.executable, "-c", SENDER, str(spans)], env=environ, stdout=subprocess.PIPE, text=True
                    )
                    for _ in range(senders)
                ]
                accounts = [tuple(map(int, sender.communicate(timeout=600)[0].split())) for sender in running]
                took = time.monotonic() - begun
                sent = sum(delivered for delivered, _ in accounts)
                passed = "otelcol_exporter_sent_spans otlp_grpc/jaeger"
                deadline = time.monotonic() + 60
                while (after := numbers(hub)).get(passed, 0) < sent and time.monotonic() < deadline:
                    time.sleep(0.2)
    result = {
        "senders": senders,
        "spans_ended": senders * (spans // TRACE) * TRACE,
        "spans_delivered": sent,
        "spans_lost_by_senders": sum(lost for _, lost in accounts),
        "collector_accepted": int(after.get("otelcol_receiver_accepted_spans", 0)),
        "collector_refused": int(after.get("otelcol_receiver_refused_spans", 0)),
        "collector_passed_to_jaeger": int(after.get(passed, 0)),
        "seconds": round(took, 2),
        "spans_per_second": round(sent / took),
        "collector_cpu_seconds": round(
            after["otelcol_process_cpu_seconds"] - before.get("otelcol_process_cpu_seconds", 0), 2
        ),
        "collector_memory_mib": round(after["otelcol_process_memory_rss"] / 2**20),
    }
    print(json.dumps(result, indent=2))
    whole = result["spans_ended"]
    return 0 if whole == sent == result["collector_accepted"] == result["collector_passed_to_jaeger"] else 1


if __name__ == "__main__":
    sys.exit(main())
