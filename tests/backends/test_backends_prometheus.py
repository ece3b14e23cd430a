"""Metrics in a real Prometheus, sent and scraped: PromQL gives the totals of the traces, and every panel has data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from backend_programs import REPOSITORY
from backend_recorded import program
from backend_services import SHIPPED, Jaeger, Prometheus, Stack, Tempo, eventually, get
from test_backends_dashboards import in_range, targets, texts_of_docs

pytestmark = pytest.mark.backend
CHARTS = str(REPOSITORY / "examples" / "charts.py")
SESSIONS = 'otelwod_block_type="session",service_name="charts"'
DELTA = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}


@dataclass(frozen=True, slots=True)
class Told:
    """What the runs of the example have printed, summed."""

    totals: Counter[str]
    runs: int


def charts_into(stack: Stack, before: Counter[str]) -> Counter[str]:
    """Run ``examples/charts.py`` once, with the environment of the docs; return once Prometheus has what it printed.

    ``before``: the totals of the runs before it. The result has both.
    """
    if stack.hub is None or stack.prometheus is None:
        pytest.skip("otelcol or prometheus is not installed")
    totals = Counter(before)
    done = program(CHARTS, environ=stack.hub.environ("http/protobuf", "charts") | DELTA)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["lost"] == 0
    totals.update(told["totals"])
    for text in (
        "sum(last_over_time(otelwod_session_duration_seconds_count[1h]))",
        f"sum(last_over_time(traces_span_metrics_calls_total{{{SESSIONS}}}[1h]))",
        'sum(last_over_time(traces_span_metrics_calls_total{otelwod_stage_name="write",service_name="charts"}[1h]))',
    ):
        enough = totals["items"] if "write" in text else totals["sessions"]
        found = eventually(
            lambda text=text, source=stack.prometheus: [float(one["value"][1]) for one in source.query(text)],  # type: ignore[misc]
            lambda values, enough=enough: values == [enough],  # type: ignore[misc]
        )
        assert found == [enough], text
    return totals


@pytest.fixture(scope="module")
def charts(stack: Stack) -> Told:
    """One run, over within seconds, as the docs ask a reader to do."""
    return Told(charts_into(stack, Counter()), 1)


@pytest.fixture(scope="module")
def charts_again(stack: Stack, charts: Told) -> Told:
    """A second run, for what sees differences only; its tests come last."""
    return Told(charts_into(stack, charts.totals), 2)


def query_of(title: str) -> str:
    """The first query of a panel."""
    (text, *_) = (str(target["expr"]) for _, panel, target in targets("prometheus") if panel == title)
    return in_range(text)


def of_charts(text: str) -> str:
    """A query of spans, for those of `examples/charts.py` only: other tests send sessions here too."""
    limited = text.replace("{otelwod_", '{service_name="charts",otelwod_')
    assert limited != text
    return limited


@pytest.mark.usefixtures("hub")
def test_runs_that_are_over_chart_with_their_whole_totals(prometheus: Prometheus, charts: Told) -> None:
    reps = {name.removeprefix("reps "): value for name, value in charts.totals.items() if name.startswith("reps ")}
    found = prometheus.values(query_of("Repetitions by movement"), "otelwod_movement_id")
    assert {movement: found.get(movement) for movement in reps} == reps
    phases = prometheus.values(of_charts(query_of("Work and rest")), "otelwod_phase")
    for phase in ("work", "rest"):
        assert phases[phase] == pytest.approx(charts.totals[f"{phase}_ns"] / 1e6)  # from spans, in milliseconds
        instrument = f'sum(last_over_time(otelwod_phase_time_seconds_total{{otelwod_phase="{phase}"}}[5m]))'
        assert prometheus.values(instrument, "") == {"": pytest.approx(charts.totals[f"{phase}_ns"] / 1e9)}
    assert set(phases) <= {"work", "rest", "transition", "pause"}
    sessions = prometheus.values(of_charts(query_of("Sessions by format")), "otelwod_workout_format")
    assert sum(sessions.values()) == charts.totals["sessions"]
    errors = prometheus.values(query_of("Errors in range"), "otelwod_stage_name")
    assert errors["parse"] == charts.totals["failures"] > 0
    # What increase() makes of it is the reason for the query of the dashboards.
    increase = prometheus.values("sum by (otelwod_movement_id) (increase(otelwod_reps_count_total[5m]))", "")
    assert sum(increase.values()) < sum(reps.values())


@pytest.mark.usefixtures("hub")
def test_span_metrics_count_every_session(prometheus: Prometheus, charts: Told) -> None:
    text = (
        'sum(last_over_time(traces_span_metrics_calls_total{otelwod_block_type="session",service_name="charts"}[5m]))'
    )
    (found,) = eventually(
        lambda: [float(one["value"][1]) for one in prometheus.query(text)],
        lambda values: values == [charts.totals["sessions"]],
    )
    assert found == charts.totals["sessions"]


@pytest.mark.usefixtures("hub")
def test_exemplars_lead_to_traces(prometheus: Prometheus, tempo: Tempo, charts: Told) -> None:
    def ask() -> list[str]:
        answer = get(
            f"{prometheus.url}/api/v1/query_exemplars",
            query='traces_span_metrics_duration_milliseconds_bucket{service_name="charts"}',
            start=time.time() - 600,
            end=time.time() + 60,
        )
        return [one["labels"]["trace_id"] for series in answer["data"] for one in series["exemplars"]]

    assert charts.runs
    found = eventually(ask, bool)
    assert found
    assert get(f"{tempo.url}/api/traces/{found[0]}")["batches"]


def shown(prometheus: Prometheus, query: str, instant: bool, end: float) -> list[float]:
    """What a panel shows of the hour before ``end``, asked for as Grafana does, with steps of a minute."""
    filled = query.replace("$__interval_ms", "60000").replace("$__interval", "60s")
    filled = filled.replace("$__range", "3600s").replace("$__rate_interval", "60s")
    if instant:
        answer = get(f"{prometheus.url}/api/v1/query", query=filled, time=end)["data"]["result"]
        return [float(one["value"][1]) for one in answer]
    answer = get(f"{prometheus.url}/api/v1/query_range", query=filled, start=end - 3600, end=end, step=60)["data"]
    return [float(value) for one in answer["result"] for _, value in one["values"]]


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("dashboard", "title", "query", "instant", "minutes"),
    [
        pytest.param(name, title, target["expr"], target["instant"], minutes, id=f"{title} {target['refId']} {minutes}")
        for name, title, target in targets("prometheus")
        for minutes in (0, 8)
        # What the Collector says of itself is scraped while it runs: the next minutes are not there yet.
        if not (minutes and title.startswith("Collector"))
    ],
)
def test_every_panel_has_data(
    prometheus: Prometheus, charts: Told, dashboard: str, title: str, query: str, instant: bool, minutes: int
) -> None:
    """After one run, and when the reader looks minutes later: beyond the five that a plain selector looks back."""
    assert charts.runs

    def ask() -> list[float]:
        end = time.time() + 60 * minutes
        # A chart has steps at whole minutes; the last one must be after the run.
        return shown(prometheus, query, instant, end if instant else end - end % 60 + 60)

    found = eventually(ask, lambda values: values and not any(value != value for value in values))
    assert found, f"{dashboard}: {title}"
    assert not any(value != value for value in found), "a panel shows NaN"
    if "refused" not in query and "queue" not in query:
        assert any(value != 0 for value in found), f"{dashboard}: {title} shows nothing but zero"


@pytest.mark.usefixtures("hub")
def test_a_chart_over_time_has_every_call_once(prometheus: Prometheus, charts: Told) -> None:
    """Its steps add up to what was called: none falls between two, none is in both."""
    (query,) = (str(target["expr"]) for _, title, target in targets("prometheus") if title == "Calls over time")

    def charted_and_told() -> tuple[float, float]:
        end = time.time()
        charted = sum(shown(prometheus, query, False, end - end % 60 + 60))
        return charted, total("otelwod_stage_calls_total")

    def total(series: str) -> float:
        (value,) = prometheus.values(f"sum(last_over_time({series}[1h]))", "").values()
        return value

    # Other tests send pipelines of their own, and the chart has them all.
    charted, told = eventually(charted_and_told, lambda both: both[0] == both[1])
    assert charted == told
    ours = total('otelwod_stage_calls_total{service_name="charts"}')
    assert ours == charts.runs * 3 * (30 + 30 + 27)


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(("title", "query"), [(title, target["query"]) for _, title, target in targets("tempo")])
def test_the_tables_have_data(tempo: Tempo, charts: Told, title: str, query: str) -> None:
    """Their TraceQL is parsed elsewhere; Tempo 1.5 answers the same question by tags."""
    assert charts.runs
    asked = re.fullmatch(r"\{ span\.([a-z.]+) = \"(\w+)\" \} \| select\(.*\)", query)
    assert asked is not None, f"{title}: no question that Tempo 1.5 can answer"
    tags = f'{asked[1]}={asked[2]} service.name="charts"'
    found = eventually(
        lambda: get(f"{tempo.url}/api/search", tags=tags, limit=50).get("traces") or [],
        lambda traces: {"Fran", "Cindy"} <= {one.get("rootTraceName") for one in traces},
    )
    assert {"Fran", "Cindy"} <= {one.get("rootTraceName") for one in found}, title


@pytest.mark.usefixtures("hub")
def test_trace_to_metrics_has_data(prometheus: Prometheus, charts: Told) -> None:
    """What Grafana asks when a span's *Related metrics* is opened, for a stage's span."""
    assert charts.runs
    (tempo,) = (source for source in _provisioned() if source["type"] == "tempo")
    links = tempo["jsonData"]["tracesToMetrics"]
    labels = {tag["key"]: tag["value"] for tag in links["tags"]}
    tags = f'{labels["service.name"]}="charts",{labels["otelwod.stage.name"]}="write"'
    assert len(links["queries"]) == 2
    for query in links["queries"]:
        assert query["query"].count("$$__tags") == query["query"].count("__tags")  # one sign is for provisioning
        text = query["query"].replace("$$__tags", tags)
        found = eventually(lambda text=text: prometheus.values(text, ""), lambda values: values.get("", 0) > 0)  # type: ignore[misc]
        assert found[""] > 0, query["name"]


def _provisioned() -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = yaml.safe_load((SHIPPED / "grafana" / "datasources.yaml").read_text())[
        "datasources"
    ]
    return sources


@pytest.mark.usefixtures("hub")
def test_every_promql_text_of_the_docs_has_an_answer(prometheus: Prometheus, charts: Told) -> None:
    assert charts.runs
    texts = texts_of_docs("promql")
    assert len(texts) > 5
    for text in texts:
        found = eventually(lambda text=text: prometheus.values(in_range(text), ""), bool)  # type: ignore[misc]
        assert found, text
        assert all(value == value for value in found.values()), text


@pytest.fixture
def served(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """A program that serves its metrics where Prometheus scrapes, until its standard input ends."""
    text = (
        "import sys, otelwod\n"
        f"t = otelwod.configure(service_name='served', prometheus={stack.program_port})\n"
        "assert not t.problems, t.problems\n"
        "t.meter.create_counter('otelwod.reps.count', '{rep}').add(21, {'otelwod.movement.id': 'gym/scraped'})\n"
        "t.meter.create_histogram('otelwod.block.duration', 's').record(42)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate(timeout=30)
        assert process.returncode == 0


@pytest.mark.usefixtures("served")
def test_scraped_metrics(prometheus: Prometheus) -> None:
    query = 'otelwod_reps_count_total{job="programs",otelwod_movement_id="gym/scraped"}'
    (found,) = eventually(lambda: prometheus.query(query), bool)
    assert float(found["value"][1]) == 21
    (histogram,) = prometheus.query('otelwod_block_duration_seconds_sum{job="programs"}')
    assert float(histogram["value"][1]) == 42
    (target,) = prometheus.query('target_info{service_name="served"}')
    assert target["metric"]["telemetry_sdk_language"] == "python"


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
def test_straight_into_prometheus(prometheus: Prometheus, temporality: str) -> None:
    """OTLP push to Prometheus 3 without a Collector: cumulative values arrive; deltas are refused, and we say so."""
    text = (
        "import otelwod\n"
        f"t = otelwod.configure(service_name='straight {temporality}', quiet=True)\n"
        "t.meter.create_counter('otelwod.reps.count', '{rep}').add(21, {'otelwod.movement.id': 'gym/pushed'})\n"
        "print(*t.shutdown().lines())\n"
    )
    done = program(
        "-c",
        text,
        environ={
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{prometheus.url}/api/v1/otlp/v1/metrics",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
        },
    )
    assert (done.returncode, done.stderr) == (0, "")
    query = f'otelwod_reps_count_total{{service_name="straight {temporality}"}}'
    if temporality == "delta":
        assert "could not deliver metrics" in done.stdout
        assert prometheus.query(query) == []
    else:
        assert done.stdout == "\n"
        (found,) = eventually(lambda: prometheus.query(query), bool)
        assert float(found["value"][1]) == 21


def _sent_late(prometheus: Prometheus, age_s: int) -> tuple[int, str]:
    """The answer to a counter's point of that age: its status, and what it says."""
    at = time.time_ns() - age_s * 1_000_000_000
    point = {"asInt": "21", "startTimeUnixNano": str(at - 60_000_000_000), "timeUnixNano": str(at)}
    total = {"dataPoints": [point], "isMonotonic": True, "aggregationTemporality": 2}
    metric = {"name": f"otelwod.late_{age_s}", "sum": total}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()
    request = urllib.request.Request(
        f"{prometheus.url}/api/v1/otlp/v1/metrics", data=body, headers={"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_old_points_arrive_within_the_window_and_are_refused_beyond(prometheus: Prometheus) -> None:
    """So workouts of other days are charted from traces: half an hour late is taken (`prometheus.yml`), more is not."""
    eventually(lambda: prometheus.query("up"), bool)  # it has newer samples already
    assert _sent_late(prometheus, 600) == (200, "")
    (found,) = prometheus.query("otelwod_late_600_total offset 10m")
    assert found["value"][1] == "21"
    for age_s in (7200, 365 * 86_400):
        status, said = _sent_late(prometheus, age_s)
        assert status == 400
        assert "too old" in said or "out of bounds" in said
        assert prometheus.query(f"last_over_time(otelwod_late_{age_s}_total[2y])") == []


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("chart", ["calls", "errors", "latencies"])
def test_jaegers_monitor_has_charts_from_span_metrics(jaeger: Jaeger, charts_again: Told, chart: str) -> None:
    """The three pictures of its Monitor tab: rates, so they see the second run of a program, not the first."""
    assert charts_again.runs == 2

    def values() -> list[float]:
        answer = get(
            f"{jaeger.url}/api/metrics/{chart}",
            service="charts",
            spanKind="internal",
            quantile=0.95,
            lookback=600_000,
            step=1000,
            ratePer=600_000,
        )
        points = [point for series in answer["metrics"] for point in series["metricPoints"]]
        return [float(point["gaugeValue"]["doubleValue"]) for point in points]

    found = eventually(values, lambda values: any(value > 0 for value in values))
    assert any(value > 0 for value in found)  # NaN where there was nothing to measure yet
