"""How fast Jaeger JSON becomes an operation table and a critical path, and how the path grows with the trace.

Run: ``python benchmarks/insight.py`` (about a minute; ``--quick`` a few seconds). Prints spans per CPU second of the
best of five runs on one core, without looks for garbage, as the command runs. Goals (issue 9): 400,000 spans/s from
JSON to table and path (2.5 µs a span: less than orjson alone takes to make its objects), 1,000,000 spans/s for the path
alone, and at most 1.5 s for the path of a million siblings or a million levels.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from otelwod.archive import parse
from otelwod.archive.garbage import uncollected
from otelwod.archive.source import open_source
from otelwod.insight import analyze_traces
from otelwod.insight.criticalpath import critical_path
from otelwod.insight.selftime import self_times
from otelwod.insight.statistics import OperationTable
from otelwod.trace import SpanRecord, Trace

START_US = 1_700_000_000_000_000
TAGS = [
    {"key": "http.request.method", "type": "string", "value": "GET"},
    {"key": "span.kind", "type": "string", "value": "server"},
]


def shape(spans: int, seed: int) -> list[tuple[int, int, int]]:
    """(parent, start, end) in microseconds of a service-like tree: calls in sequence and side by side."""
    rng = random.Random(seed)
    made = [(-1, 0, 200 * spans)]
    open_spans = [0]
    while len(made) < spans:
        at = open_spans.pop(0) if rng.random() < 0.5 else open_spans.pop()
        _, start, end = made[at]
        now = start
        for _ in range(rng.randrange(2, 7)):
            length = max(2, (end - start) // rng.randrange(3, 9))
            now += rng.randrange(0, max(1, length // 2))
            if now + length >= end or len(made) >= spans:
                break
            open_spans.append(len(made))
            made.append((at, now, now + length))
            if rng.random() < 0.6:
                now += length
        if not open_spans:
            open_spans.append(rng.randrange(len(made)))
    return made


def jaeger_json(traces: int, spans: int) -> bytes:
    """What Jaeger's query API answers."""
    data = []
    for number in range(traces):
        trace_id = f"{number + 1:032x}"
        rows = []
        for at, (parent, start, end) in enumerate(shape(spans, number)):
            references = [{"refType": "CHILD_OF", "traceID": trace_id, "spanID": f"{parent + 1:016x}"}] if at else []
            rows.append(
                {
                    "traceID": trace_id,
                    "spanID": f"{at + 1:016x}",
                    "operationName": f"operation {at % 40}",
                    "references": references,
                    "startTime": START_US + start,
                    "duration": end - start,
                    "tags": TAGS,
                    "logs": [],
                    "processID": f"p{at % 8}",
                    "warnings": None,
                }
            )
        rows.sort(key=lambda row: row["startTime"])
        processes = {f"p{i}": {"serviceName": f"service-{i}", "tags": []} for i in range(8)}
        data.append({"traceID": trace_id, "spans": rows, "processes": processes, "warnings": None})
    return json.dumps({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": None}).encode()


def table_and_path(traces: list[Trace]) -> Any:
    """What the goal asks for: operation table with self and critical time and percentiles, and every path."""
    table = OperationTable()
    paths = []
    for trace in traces:
        path = critical_path(trace, trace.nonblocking, eps_ns=1_000)
        table.add(trace, self_times(trace, trace.nonblocking), path)
        paths.append(path)
    return table.rows(), paths


def best(call: Callable[[], Any], runs: int) -> float:
    """CPU seconds of the fastest of several runs (all is one thread): neighbours on the machine count less."""
    found = []
    for _ in range(runs):
        gc.collect()
        with uncollected():
            begin = time.process_time()
            call()
            found.append(time.process_time() - begin)
    return min(found)


def fresh(trace: Trace) -> Trace:
    """The same trace without what it remembers of earlier questions."""
    return Trace(
        trace.trace_id,
        span_id=trace.span_id,
        parent_id=[trace.span_id[above] if above >= 0 else None for above in trace.parent],
        operation=trace.operation,
        operations=trace.operations,
        start_ns=trace.start_ns,
        end_ns=trace.end_ns,
    )


def path_seconds(trace: Trace, runs: int) -> float:
    """The path with the links between children, which the first question makes."""
    copies = [fresh(trace) for _ in range(runs)]
    return best(lambda: critical_path(copies.pop()), runs)


def siblings(n: int) -> list[SpanRecord]:
    """One parent, n - 1 children anywhere in it."""
    rng = random.Random(1)
    records = [SpanRecord("t", "root", None, "root", 1, 20 * n)]
    for at in range(1, n):
        start = rng.randrange(1, 18 * n)
        records.append(SpanRecord("t", f"{at:x}", "root", "child", start, start + rng.randrange(1, 60)))
    return records


def levels(n: int) -> list[SpanRecord]:
    """n spans, each the only child of the one before."""
    parents = [None, *(f"{at:x}" for at in range(n - 1))]
    return [SpanRecord("t", f"{at:x}", parents[at], "level", 1 + at, 3 * n - at) for at in range(n)]


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, fewer runs")
    options = parser.parse_args()
    parser = "json" if parse._fast_loads is None else "orjson"
    scale, runs = (10, 2) if options.quick else (1, 5)
    for traces, spans in ((1_000 // scale, 100), (1, 100_000 // scale)):
        data = jaeger_json(traces, spans)
        n = traces * spans
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "traces.json")
            file.write_bytes(data)
            print(f"Jaeger JSON, {traces:,} × {spans:,} spans, {len(data) / n:.0f} bytes a span")
            found = list(open_source(file).traces)
            steps = {
                "json.loads alone": lambda data=data: json.loads(data),
                # The floor of everything below that begins with a file: what the reader itself parses with.
                f"{parser} as read": lambda data=data: parse.loads(data),
                "file → traces": lambda file=file: open_source(file),
                "traces → table and path": lambda found=found: table_and_path(found),
                "file → table and path": lambda file=file: table_and_path(list(open_source(file).traces)),
                "critical path alone": lambda found=found: [critical_path(trace, eps_ns=1_000) for trace in found],
                "file → whole report": lambda file=file: analyze_traces(open_source(file).traces, eps_ns=1_000),
            }
            for name, call in steps.items():
                seconds = best(call, runs)
                print(f"  {name:28}{seconds:8.3f} s {n / seconds:12,.0f} spans/s")
    print("critical path, pure Python (links between children included; before it, records → trace)")
    for name, make in (("siblings", siblings), ("levels", levels)):
        for n in (10_000, 100_000, 1_000_000):
            n //= scale
            records = make(n)
            join = best(lambda records=records: Trace.from_records(records), 1)
            (trace,) = Trace.from_records(records)
            del records
            seconds = path_seconds(trace, min(runs, 3))
            print(f"  {n:9,} {name:10}{seconds:8.3f} s {n / seconds:12,.0f} spans/s   (joined in {join:.2f} s)")


if __name__ == "__main__":
    main()
