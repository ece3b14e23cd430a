"""Measures the gateway tier under load: python tests/backends/load_gateway.py [SENDERS] [TRACES] [WAIT_S]

SENDERS programs send TRACES traces of 20 spans each, as fast as they can, over gRPC to two balancers, from there to two
samplers (all real Collectors with the configurations of ``collector-config/``), and what is kept to a Collector that
writes it down. One trace in a hundred has an error, one is slow, one is a workout; of the rest ten percent are kept.
Prints what was sent, kept and lost, and what the rows used. WAIT_S, the samplers' decision_wait, should be longer than
the load lasts: then all of it is in memory at the end, and the memory of a span can be told. Status 1 when a span is
missing anywhere, when a trace that must be kept is not there whole, or a kept one is in pieces.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from backend_gateway import Row, balancer, sampler
from backend_programs import Collector

from otelwod.archive.otlp_json import DecodeCounts, parse_line

TRACE = 20
KEPT = ("error", "slow", "workout")
SENDER = f"""
import sys, otelwod
from opentelemetry.trace import Status, StatusCode, set_span_in_context
telemetry = otelwod.configure(live=False, quiet=True)
now = 1_700_000_000 * 10**9
for number in range(int(sys.argv[1])):
    kind = {KEPT!r}[number % 100] if number % 100 < 3 else "plain"
    attributes = {{"otelwod.session.id": str(number)}} if kind == "workout" else {{}}
    root = telemetry.tracer.start_span(kind, start_time=now, attributes=attributes)
    inside = set_span_in_context(root)
    for child in range({TRACE} - 1):
        attributes = {{"otelwod.phase": "work", "otelwod.movement.id": f"gym/move_{{child % 10}}", "n": child}}
        span = telemetry.tracer.start_span(kind, inside, start_time=now, attributes=attributes)
        if kind == "error" and child == 7:
            span.set_status(Status(StatusCode.ERROR))
        span.end(now + 1000)
    root.end(now + (3 * 10**9 if kind == "slow" else 2000))
telemetry.force_flush(300)
account = telemetry.shutdown(60)
print(account.delivered, account.lost)
"""


def used(rows: list[Row], before: list[dict[str, float]]) -> tuple[float, float, float]:
    """(CPU seconds, MiB before, MiB now) of a row of Collectors."""
    now = [row.says() for row in rows]
    cpu = sum(
        after["otelcol_process_cpu_seconds"] - early.get("otelcol_process_cpu_seconds", 0)
        for early, after in zip(before, now, strict=True)
    )
    memory = [sum(one["otelcol_process_memory_rss"] for one in many) / 2**20 for many in (before, now)]
    return cpu, memory[0], memory[1]


def main() -> int:
    """One measurement."""
    senders, traces, wait = (
        int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 2), (2, 4000), (3, 30))
    )
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        (folder / "last").mkdir()
        last = Collector(folder / "last")
        running.enter_context(last.program)
        following = last.grpc_endpoint.removeprefix("http://")
        samplers = [sampler(folder / f"sampler-{n}", following, wait=f"{wait}s", keep=10) for n in (1, 2)]
        for row in samplers:
            running.enter_context(row.program)
        balancers = [balancer(folder / f"balancer-{n}", samplers) for n in (1, 2)]
        for row in balancers:
            running.enter_context(row.program)
        time.sleep(1)  # until they have counted their own start
        before = [[row.says() for row in rows] for rows in (balancers, samplers)]
        begun = time.monotonic()
        running_senders = [
            subprocess.Popen(
                [sys.executable, "-c", SENDER, str(traces)],
                env={
                    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{balancers[at % 2].address}",
                    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                    "OTEL_METRICS_EXPORTER": "none",
                    "OTEL_SERVICE_NAME": "load",
                },
                stdout=subprocess.PIPE,
                text=True,
            )
            for at in range(senders)
        ]
        accounts = [tuple(map(int, sender.communicate(timeout=600)[0].split())) for sender in running_senders]
        took = time.monotonic() - begun
        sent = sum(delivered for delivered, _ in accounts)
        deadline = time.monotonic() + 60
        while sum(row.received() for row in samplers) < sent and time.monotonic() < deadline:
            time.sleep(0.2)
        balancing, holding = used(balancers, before[0]), used(samplers, before[1])
        received = [row.received() for row in samplers]
        while time.monotonic() < deadline + wait and sum(decided(row) for row in samplers) < senders * traces:
            time.sleep(0.5)
        deciding = used(samplers, before[1])
        for row in (*balancers, *samplers):
            row.program.stop()
        last.lines(last.traces, bool)
        last.program.stop()
        found: Counter[str] = Counter()
        kinds: dict[str, str] = {}
        for line in last.traces.read_bytes().splitlines():
            for record in parse_line(line, DecodeCounts()):
                found[record.trace_id] += 1
                kinds[record.trace_id] = record.name
    whole = {kind: sum(found[one] == TRACE for one, what in kinds.items() if what == kind) for kind in (*KEPT, "plain")}
    each = {kind: senders * len([n for n in range(traces) if n % 100 == at]) for at, kind in enumerate(KEPT)}
    plain = senders * traces - sum(each.values())
    result = {
        "spans_ended": senders * traces * TRACE,
        "spans_delivered": sent,
        "spans_lost_by_senders": sum(lost for _, lost in accounts),
        "spans_at_each_sampler": received,
        "traces_that_must_be_kept": each,
        "kept_whole": {kind: whole[kind] for kind in KEPT},
        "plain_traces": plain,
        "plain_kept_whole": whole["plain"],
        "plain_kept_percent": round(100 * whole["plain"] / plain, 1),
        "kept_in_pieces": sum(count != TRACE for count in found.values()),
        "seconds": round(took, 2),
        "spans_per_second": round(sent / took),
        "balancers_cpu_microseconds_a_span": round(balancing[0] / sent * 1e6, 1),
        "samplers_cpu_microseconds_a_span": round(deciding[0] / sent * 1e6, 1),
        "balancers_memory_mib": round(balancing[2]),
        "samplers_memory_mib_empty": round(holding[1]),
        "samplers_memory_mib_holding_all": round(holding[2]),
        "samplers_memory_bytes_a_span": round((holding[2] - holding[1]) * 2**20 / sent),
    }
    print(json.dumps(result, indent=2))
    complete = result["spans_ended"] == sent == sum(received) and not result["kept_in_pieces"]
    return 0 if complete and result["kept_whole"] == each else 1


def decided(row: Row) -> int:
    """Traces that a sampler has judged."""
    return int(row.says().get("otelcol_processor_tail_sampling_global_count_traces_sampled", 0))


if __name__ == "__main__":
    sys.exit(main())
