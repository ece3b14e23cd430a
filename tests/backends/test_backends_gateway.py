"""The gateway tier: balancer → samplers → the next Collector. What is worth it is kept, whole; the rest is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from backend_gateway import Row, balancer, sampler
from backend_programs import REPOSITORY, Collector
from backend_recorded import program
from backend_services import eventually
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from otelwod.archive.otlp_json import DecodeCounts, SessionWriter, parse_line, read
from otelwod.archive.push import push, target_of
from otelwod.telemetry import configure
from otelwod.trace import SpanRecord

pytestmark = pytest.mark.backend
SECOND = 1_000_000_000
SPANS = 6
MANY = 120


@dataclass(frozen=True, slots=True)
class Gateway:
    """A balancer and its two samplers; a second balancer that knows of a third sampler."""

    balancer: Row
    wider: Row
    samplers: tuple[Row, Row, Row]


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """The next Collector, for this module alone: its file is read again and again."""
    following = Collector(tmp_path_factory.mktemp("following"))
    with following.program:
        yield following


@pytest.fixture(scope="module")
def gateway(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    following = collector.grpc_endpoint.removeprefix("http://")
    with ExitStack() as running:
        one, two, three = (sampler(folder / f"sampler-{number}", following, wait="2s", keep=0) for number in (1, 2, 3))
        for row in (one, two, three):
            running.enter_context(row.program)
        rows = balancer(folder / "balancer", [one, two]), balancer(folder / "wider", [one, two, three])
        for row in rows:
            running.enter_context(row.program)
        yield Gateway(*rows, (one, two, three))


def kept(lines: list[bytes], traces: Mapping[str, object]) -> dict[str, int]:
    """How many spans of each trace have come through."""
    found = dict.fromkeys(traces, 0)
    for line in lines:
        for record in parse_line(line, DecodeCounts()):
            if record.trace_id in found:
                found[record.trace_id] += 1
    return found


def test_errors_slow_traces_and_workouts_are_kept_whole(gateway: Gateway, collector: Collector) -> None:
    """Every trace is sent in two requests; what makes it worth keeping is in one of them only."""
    kinds = ("error", "slow", "workout", "plain")
    telemetry = configure(
        environ={"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{gateway.balancer.http_endpoint}/v1/traces"},
        service_name="gateway",
        live=False,
        set_global=False,
    )
    traces: dict[str, str] = {}
    open_roots = []
    now = 1_700_000_000 * SECOND
    for number in range(48):
        kind = kinds[number % 4]
        attributes = {"otelwod.session.id": f"s{number}"} if kind == "workout" else {}
        root = telemetry.tracer.start_span(kind, start_time=now, attributes=attributes)
        traces[f"{root.get_span_context().trace_id:032x}"] = kind
        for _ in range(SPANS - 1):
            child = telemetry.tracer.start_span("child", set_span_in_context(root), start_time=now)
            if kind == "error":
                child.set_status(Status(StatusCode.ERROR))
            child.end(now + 1000)
        open_roots.append((root, 3 * SECOND if kind == "slow" else 2000))
    assert telemetry.force_flush(20)
    for root, duration in open_roots:
        root.end(now + duration)
    delivery = telemetry.shutdown(20)
    assert delivery.lines() == (f"sent {48 * SPANS} spans to {gateway.balancer.http_endpoint}/v1/traces",)

    first = gateway.samplers[:2]
    seen = eventually(lambda: [row.received() for row in first], lambda counts: sum(counts) >= 48 * SPANS)
    assert sum(seen) == 48 * SPANS
    assert all(count and count % SPANS == 0 for count in seen), "each sampler gets whole traces, and both get some"
    expected = {trace_id: 0 if kind == "plain" else SPANS for trace_id, kind in traces.items()}
    found = kept(collector.lines(collector.traces, lambda lines: kept(lines, traces) == expected), traces)
    assert found == expected


def test_a_live_workout_is_kept_though_its_root_comes_long_after_the_decision(
    collector: Collector, tmp_path: Path
) -> None:
    """Each span of a session is sent when it has ended, and the sampler decides after the first of them.

    They are not slow enough here to be kept for that.
    """
    cindy = str(REPOSITORY / "examples" / "cindy.wod")
    done = program("-m", "otelwod", "run", cindy, "--simulate", "--seed", "9", "--out", str(tmp_path), environ={})
    assert (done.returncode, done.stderr) == (0, "")
    (path,) = tmp_path.glob("*.otlp.jsonl")
    spans = sorted(read(path), key=lambda record: record.end_ns or 0)
    assert spans[-1].parent_id is None
    ids = {spans[0].trace_id: None}
    following = collector.grpc_endpoint.removeprefix("http://")
    row = sampler(tmp_path / "sampler", following, wait="1s", keep=0, slow_ms=3_600_000)
    with row.program:
        for name, some, expected in (("first", spans[:3], 3), ("rest", spans[3:], len(spans))):
            send(row, tmp_path / f"{name}.otlp.jsonl", some)
            lines = collector.lines(
                collector.traces,
                lambda lines, expected=expected: list(kept(lines, ids).values()) == [expected],  # type: ignore[misc]
            )
            assert list(kept(lines, ids).values()) == [expected], name


def send(row: Row, path: Path, records: list[SpanRecord]) -> None:
    """These spans as one file to a balancer."""
    with SessionWriter(path) as writer:
        writer.write(records)
    pushed = push([str(path)], target_of({}, f"http://{row.address}", "grpc"))
    assert pushed.complete, pushed


def failing(what: str) -> list[list[SpanRecord]]:
    """Traces of a root and children, of which a child has an error; times and ids are fixed."""
    traces = []
    for number in range(MANY):
        trace_id = f"{what.encode().hex():0<20.20}{number:012x}"
        start = 1_700_000_000 * SECOND
        root = SpanRecord(trace_id, f"{1:016x}", None, "root", start, start + SECOND)
        children = [
            SpanRecord(
                trace_id,
                f"{child:016x}",
                root.span_id,
                "child",
                start,
                start + 1000,
                status="error" if child == 2 else "unset",
            )
            for child in range(2, SPANS + 1)
        ]
        traces.append([root, *children])
    return traces


@pytest.mark.parametrize("change", ["out", "in"])
def test_traces_under_way_when_the_tier_grows_or_shrinks(
    gateway: Gateway, collector: Collector, tmp_path: Path, change: str
) -> None:
    """Children before the change, roots after it. The hash moves about a third of the traces, and only these are split:
    the new sampler does not know of the error, and keeps no root; the others come whole."""
    traces = failing(f"scale {change}")
    before, after = (gateway.balancer, gateway.wider) if change == "out" else (gateway.wider, gateway.balancer)
    send(before, tmp_path / "children.otlp.jsonl", [record for _, *children in traces for record in children])
    send(after, tmp_path / "roots.otlp.jsonl", [root for root, *_ in traces])
    ids = {trace[0].trace_id: trace for trace in traces}

    def total() -> int:
        return sum(kept(collector.lines(collector.traces, bool), ids).values())

    totals: list[int] = []
    eventually(total, lambda number: number > MANY * (SPANS - 1) and _still(totals, number))
    found = kept(collector.lines(collector.traces, bool), ids)
    assert set(found.values()) == {SPANS, SPANS - 1}
    split = sum(count == SPANS - 1 for count in found.values())
    assert 0.15 * MANY < split < 0.55 * MANY, "consistent hashing: about a third moves to (or from) the third sampler"


def _still(last: list[int], now: int) -> bool:
    """Whether the same has been seen eight times in a row."""
    last.append(now)
    return len(last) > 8 and all(one == now for one in last[-8:])


def test_a_sampler_that_is_taken_away_decides_what_it_holds(collector: Collector, tmp_path: Path) -> None:
    """Scale in: asked to end long before its wait is over, it judges at once and sends what is worth it."""
    following = collector.grpc_endpoint.removeprefix("http://")
    traces = failing("taken away")
    row = sampler(tmp_path / "sampler", following, wait="1h", keep=0)
    front = balancer(tmp_path / "balancer", [row])
    with row.program, front.program:
        send(front, tmp_path / "all.otlp.jsonl", [record for trace in traces for record in trace])
        assert eventually(row.received, lambda count: count == MANY * SPANS) == MANY * SPANS
        front.program.stop()
        row.program.stop()
    ids = {trace[0].trace_id: trace for trace in traces}
    whole = dict.fromkeys(ids, SPANS)
    assert kept(collector.lines(collector.traces, lambda lines: kept(lines, ids) == whole), ids) == whole
