"""Totals over a range, of series that were silent for days before it: every panel and text, in a real Prometheus.

`promtool` writes blocks with samples of chosen times; so nothing waits. Three pasts must not change what a range says:
none at all, one that ended three days ago, and one with more than there is now (the Collector began anew).
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator

import pytest
import yaml
from backend_programs import REPOSITORY, find_program
from backend_services import NOWHERE, SHIPPED, Prometheus, eventually, get, prometheus_flags
from test_backends_dashboards import in_range, targets, texts_of_docs

pytestmark = pytest.mark.backend
AT = int(time.time()) - 3600
RANGE_S = 600
DAYS = 86_400
SPANS = "traces_span_metrics_duration_milliseconds"
STAGES = ("fetch", "store", "etl")


def grew_by() -> dict[str, float]:
    """What each series grew by in the range."""
    found: dict[str, float] = {}
    for at, movement in enumerate(("olympic/thruster", "pull/pull_up"), 1):
        found[f'otelwod_reps_count_total{{job="gym",otelwod_movement_id="{movement}"}}'] = 45 * at
        found[f'otelwod_volume_load_kg_total{{job="gym",otelwod_movement_id="{movement}"}}'] = 1935 * at
        movements = f'job="gym",otelwod_movement_id="{movement}"'
        found[f"{SPANS}_sum{{{movements}}}"], found[f"{SPANS}_count{{{movements}}}"] = 60_000 * at, 3
    for at, phase in enumerate(("work", "rest"), 1):
        found[f'otelwod_phase_time_seconds_total{{job="gym",otelwod_phase="{phase}"}}'] = 300 * at
        found[f'{SPANS}_sum{{job="gym",otelwod_phase="{phase}"}}'] = 300_000 * at
        for le, count in (("120", 2), ("140", 8), ("+Inf", 10)):
            found[f'otelwod_heart_rate_value_per_min_bucket{{job="gym",otelwod_phase="{phase}",le="{le}"}}'] = (
                count * at
            )
    for number in (1, 2, 3):
        of_round = f'job="gym",otelwod_block_type="round",span_name="Round {number}"'
        found[f"{SPANS}_sum{{{of_round}}}"], found[f"{SPANS}_count{{{of_round}}}"] = 50_000 * number, 2
    session = 'otelwod_block_type="session",otelwod_workout_format="amrap"'
    found[f'traces_span_metrics_calls_total{{job="gym",{session}}}'] = 4
    for at, stage in enumerate(STAGES, 1):
        of_stage = f'job="batch",otelwod_pipeline_name="etl",otelwod_stage_name="{stage}"'
        for metric, value in (("calls", 30), ("items", 27), ("errors", 3), ("busy_time_seconds", 0.5 * at)):
            if stage != "etl":
                found[f"otelwod_stage_{metric}_total{{{of_stage}}}"] = value
        found[f"{SPANS}_sum{{{of_stage}}}"] = 1000.0 * at
        for le, count in (("5", 20), ("25", 28), ("+Inf", 30)):
            found[f'{SPANS}_bucket{{{of_stage},le="{le}"}}'] = count
    for at, name in enumerate(("fetch", "store"), 1):
        found[f'otelwod_operation_critical_time_seconds_total{{job="batch",otelwod_operation_name="{name}"}}'] = at
    for at, outcome in enumerate(("accepted", "delivered"), 1):
        found[f'otelwod_telemetry_spans_total{{job="batch",outcome="{outcome}"}}'] = 363 * at
    for metric, label in (
        ("receiver_accepted", "receiver"),
        ("receiver_refused", "receiver"),
        ("exporter_sent", "exporter"),
    ):
        found[f'otelcol_{metric}_spans_total{{job="collector",{label}="otlp"}}'] = 363
    return found


def samples(past: str) -> dict[str, list[tuple[int, float]]]:
    """The series with one of the pasts: (time, value) in order."""
    recent = AT - 400  # in the range, and out of sight of a plain selector
    found: dict[str, list[tuple[int, float]]] = {}
    for series, value in grew_by().items():
        if past == "silence":
            found[series] = [(AT - 4 * DAYS, value), (AT - 3 * DAYS, 2 * value), (recent, 3 * value)]
            found[series.replace('job="', 'job="older ')] = [(AT - 3 * DAYS, 7 * value)]  # silent in the range
        elif past == "reset":
            found[series] = [(AT - 3 * DAYS, 5 * value), (recent, value)]
        else:
            found[series] = [(recent, value)]
    return found


@pytest.fixture(scope="module")
def pasts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Prometheus]]:
    """A Prometheus for each past."""
    promtool = find_program("promtool")
    find_program("prometheus")
    started: dict[str, Prometheus] = {}
    try:
        for past in ("none", "silence", "reset"):
            folder = tmp_path_factory.mktemp(past)
            lines = [
                f"{series} {value} {at}\n" for series, points in sorted(samples(past).items()) for at, value in points
            ]
            (folder / "samples.txt").write_text("".join([*lines, "# EOF\n"]))
            subprocess.run(
                [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data"],
                cwd=folder,
                check=True,
                capture_output=True,
                timeout=60,
            )
            targets = {"collector:8888": NOWHERE, "host.docker.internal:9464": NOWHERE}
            started[past] = Prometheus(folder, targets)
        for prometheus in started.values():
            prometheus.program.wait_until_ready()
        yield started
    finally:
        for prometheus in started.values():
            prometheus.program.stop()


def asked(prometheus: Prometheus, text: str) -> dict[str, float]:
    """The values at `AT`, by labels."""
    found = get(f"{prometheus.url}/api/v1/query", query=text, time=AT)["data"]["result"]
    return {json.dumps(one["metric"], sort_keys=True): float(one["value"][1]) for one in found}


TEXTS = {
    f"{name}: {title} {target['refId']}": str(target["expr"])
    for name, title, target in targets("prometheus")
    if "offset" in str(target["expr"])
} | {f"docs {number}": text for number, text in enumerate(texts_of_docs("promql"), 1)}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_range_says_what_was_in_it_whatever_was_before(pasts: dict[str, Prometheus], text: str) -> None:
    ranged = in_range(text, RANGE_S).replace("5h", f"{RANGE_S}s")
    expected = eventually(lambda: asked(pasts["none"], ranged), bool)
    assert expected, "no data"
    assert all(value == value and value != 0 for value in expected.values()) or "Third round" in text
    for past in ("silence", "reset"):
        assert asked(pasts[past], ranged) == pytest.approx(expected), past


def test_values(pasts: dict[str, Prometheus]) -> None:
    """Not only alike: right. And the shorter query of a plain offset is not."""
    reps = TEXTS["workouts: Repetitions by movement A"]
    for prometheus in pasts.values():
        assert sorted(asked(prometheus, in_range(reps, RANGE_S)).values()) == [45, 90]
        busy = asked(prometheus, in_range(TEXTS["stages: Utilisation A"], RANGE_S))
        assert sorted(busy.values()) == pytest.approx([0.5 / 3, 1 / 3])  # seconds over the 3 s of the pipeline
        assert len(asked(prometheus, in_range(TEXTS["stages: Bottleneck A"], RANGE_S))) == 1
    plain = f"otelwod_reps_count_total offset {RANGE_S}s"
    assert asked(pasts["silence"], plain) == {}


def test_the_silence_that_is_bridged_is_that_of_the_collector() -> None:
    """A series that the Collector has forgotten begins at zero: queries must look back as far, and no further."""
    collector = yaml.safe_load((SHIPPED / "collector.yaml").read_text())
    days = int(collector["processors"]["deltatocumulative"]["max_stale"].removesuffix("h")) / 24
    assert all(f"[{days:.0f}d] offset" in text for text in TEXTS.values())
    assert f"--storage.tsdb.retention.time={2 * days:.0f}d" in prometheus_flags()
    assert f'HISTORY: Final = "{days:.0f}d"' in (REPOSITORY / "dashboards" / "generate.py").read_text()
