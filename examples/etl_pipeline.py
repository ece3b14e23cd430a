"""An ETL pipeline with a slow stage: which one is it, what waits for it, and what a second worker changes.

Reads CSV files of readings, checks each line's signature with the sensor's key, and writes a summary of each file as
JSON. The keys come from a registry over HTTP (a server of this program, made 25 ms away, as a service in another region
is): that is what makes a stage slow. Run: python examples/etl_pipeline.py [FOLDER] [--files N] [--workers N]
With OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 both runs are sent there as well, as the service `etl`.
"""

import argparse
import contextlib
import csv
import hashlib
import json
import random
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otelwod
from otelwod.stages.pipeline import FunctionStage, Pipeline, PipelineResult
from otelwod.views.console import render_report

DISTANCE_S = 0.025
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own server: no proxy of the environment
ROUNDS = 100
Rows = list[list[str]]


class Registry(BaseHTTPRequestHandler):
    """Gives the key of a sensor, after the time that a question takes to a far service and back."""

    def do_GET(self) -> None:
        time.sleep(DISTANCE_S)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(key_of(self.path.strip("/")))

    def log_message(self, format: str, *args: object) -> None: ...


@contextlib.contextmanager
def registry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def key_of(sensor: str) -> bytes:
    return hashlib.sha256(sensor.encode()).hexdigest().encode()


def sign(row: list[str], key: bytes) -> str:
    return hashlib.pbkdf2_hmac("sha256", ",".join(row).encode(), key, ROUNDS).hex()


def write_input(folder: Path, files: int) -> list[Path]:
    """Files of ten signed readings each; the last line of every fifth file is forged."""
    draw = random.Random(7)  # noqa: S311 - readings, not secrets
    paths = []
    for number in range(files):
        rows = [[f"sensor-{number}", str(draw.randrange(1000))] for _ in range(10)]
        signed = [[*row, sign(row, key_of(row[0]))] for row in rows]
        if number % 5 == 4:
            signed[-1][1] = "9999"
        path = folder / f"readings-{number:03}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(signed)
        paths.append(path)
    return paths


def extract(path: Path) -> tuple[Path, Rows]:
    with path.open(newline="") as file:
        return path, list(csv.reader(file))


def verify(address: str, read: tuple[Path, Rows]) -> tuple[Path, Rows]:
    path, rows = read
    with direct.open(f"{address}/{rows[0][0]}", timeout=10) as answer:
        key = answer.read()
    for line, (*row, signature) in enumerate(rows, 1):
        if sign(row, key) != signature:
            raise ValueError(f"{path.name}:{line}: the signature is wrong")
    return path, rows


def load(read: tuple[Path, Rows]) -> Path:
    path, rows = read
    values = [int(row[1]) for row in rows]
    target = path.with_suffix(".json")
    target.write_text(json.dumps({"file": path.name, "count": len(values), "total": sum(values)}))
    return target


class Sent:
    """All spans go where OTEL_EXPORTER_OTLP_ENDPOINT says, if it says anything, and to a list for the analysis here."""

    def __init__(self) -> None:
        self.memory = InMemorySpanExporter()
        self.telemetry = otelwod.configure(service_name="etl", exporters=[self.memory], live=False, quiet=True)
        self.traces: dict[str, None] = {}

    def take(self) -> tuple[ReadableSpan, ...]:
        """The spans since the last time."""
        self.telemetry.force_flush()
        spans = self.memory.get_finished_spans()
        self.memory.clear()
        if not spans:
            raise SystemExit("no spans to analyse: is OTEL_SDK_DISABLED or OTEL_TRACES_SAMPLER set?")
        self.traces.update(dict.fromkeys(f"{span.context.trace_id:032x}" for span in spans if span.context))
        return spans

    def close(self) -> None:
        """Deliver what waits, and say where it went."""
        for each in self.telemetry.shutdown().destinations:
            for line in each.lines() if each.place != type(self.memory).__name__ else ():
                print(f"{line}, traces {', '.join(self.traces)}" if line.startswith("sent") else line)


def run(paths: list[Path], address: str, workers: int, sent: Sent) -> tuple[PipelineResult[Path], otelwod.Report]:
    """One run, and the analysis of the spans that it exported."""
    stages = [extract, FunctionStage(partial(verify, address), "verify", workers=workers), load]
    etl: Pipeline[Path, Path] = Pipeline("etl", stages, on_error="collect", progress=True)
    result = etl.run(paths)
    return result, otelwod.analyze(sent.take())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where the files go; a temporary folder otherwise")
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2, help="of the slow stage, in the second run")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, registry() as address:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        paths = write_input(folder, options.files)
        sent = Sent()
        rates = []
        for workers in (1, options.workers):
            result, report = run(paths, address, workers, sent)
            rates.append(len(paths) / (report.duration_ns / 1e9))
            print(f"== verify with workers={workers} ==\n")
            print(render_report(report))
            print(f"{'stage':10}{'calls':>8}{'errors':>8}{'busy s':>10}{'queued s':>10}{'idle s':>10}")
            for each in result.stages:
                times = "".join(f"{ns / 1e9:10.3f}" for ns in (each.busy_ns, each.waiting_ns, each.idle_ns))
                print(f"{each.name:10}{each.calls:8}{each.errors:8}{times}")
            print(f"\n{len(result.outputs)} files written; refused: {', '.join(str(f.error) for f in result.failures)}")
            print(f"{rates[-1]:.1f} files/s; the analysis names: {report.stages.bottleneck}\n")
        print(f"workers={options.workers} is {rates[1] / rates[0]:.2f} times as fast as workers=1")
        sent.close()


if __name__ == "__main__":
    main()
