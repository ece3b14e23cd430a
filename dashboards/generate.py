"""Writes the Grafana dashboards beside this file: python dashboards/generate.py [--check]

``--check`` writes nothing and ends with status 1 when a file is not what this program would write.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

HERE: Final = Path(__file__).parent
WIDTH: Final = 24
Source = Literal["prometheus", "tempo"]
HISTORY: Final = "15d"
"""The longest silence of a series: ``max_stale`` of deltatocumulative. Prometheus keeps twice as much."""
Kind = Literal["timeseries", "stat", "bargauge", "piechart", "table"]


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one data source; ``legend`` names its series by their labels. ``instant``: one value only.

    ``spans``: a row for each span that Tempo finds, and not for each trace.
    """

    text: str
    legend: str = ""
    source: Source = "prometheus"
    instant: bool = False
    spans: bool = False
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. Units are Grafana's. ``interval``: the least step of a chart."""

    title: str
    kind: Kind
    queries: tuple[Query, ...]
    unit: str = "short"
    width: int = 12
    height: int = 8
    text: str = ""
    interval: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels in rows, from left to right."""

    name: str
    title: str
    text: str
    panels: tuple[Panel, ...]
    range: str = "now-6h"


def grown(metric: str, by: str, where: str = "", window: str = "$__range") -> str:
    """By how much a counter grew in a window, exactly, and with series that were born in it.

    ``increase`` extrapolates, and sees nothing of a series whose first sample is its whole value, as that of a program
    that ran once. Here each series counts what it has now, less what it had before the window, however long it was
    silent: a plain ``offset`` looks back five minutes only. A series that was not there, or that had more (its
    Collector began anew), counts whole; one that is silent in the window does not count.
    """
    now = f"last_over_time({metric}{where}[{window}])"
    before = f"last_over_time({metric}{where}[{HISTORY}] offset {window})"
    return f"sum by ({by}) (({now} - {before}) >= 0 or {now})"


def rate(metric: str, by: str, where: str = "") -> str:
    """How fast a counter grows, for programs that keep running."""
    return f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))"


def collectors(metric: str, suffix: str = "total") -> str:
    """A metric of the Collector about itself; whether its name has a suffix differs between releases."""
    return f'{{__name__=~"otelcol_{metric}(_{suffix})?"}}'


def per(one: str, other: str) -> str:
    """A quotient without the cases in which the divisor is zero."""
    return f"({one}) / (({other}) > 0)"


MOVEMENT: Final = "otelwod_movement_id"
PHASE: Final = "otelwod_phase"
FORMAT: Final = "otelwod_workout_format"
STAGE: Final = "otelwod_stage_name"
SPAN_SUM: Final = "traces_span_metrics_duration_milliseconds_sum"
SPAN_COUNT: Final = "traces_span_metrics_duration_milliseconds_count"
SPAN_BUCKET: Final = "traces_span_metrics_duration_milliseconds_bucket"
CRITICAL: Final = "otelwod_operation_critical_time_seconds_total"
ROUNDS: Final = '{span_name=~"Round [0-9]+"}'
LAST_ROUND: Final = '{span_name="Round 3"}'
FIRST_ROUND: Final = '{span_name="Round 1"}'
STAGES: Final = f'{{{STAGE}!=""}}'
PHASES: Final = f'{{{PHASE}!="",otelwod_pipeline_name="",{STAGE}=""}}'
MOVEMENTS: Final = f'{{{MOVEMENT}!=""}}'
SESSIONS: Final = (
    '{ span.otelwod.block.type = "session" } | select(span.otelwod.workout.name, span.otelwod.workout.format, '
    "span.otelwod.score.display)"
)
SPLITS: Final = '{ span.otelwod.segment.type = "round" } | select(span.otelwod.segment.index)'


def _split(where: str, by: str) -> str:
    return per(grown(SPAN_SUM, by, where), grown(SPAN_COUNT, by, where))


WORKOUTS: Final = Dashboard(
    "workouts",
    "Workouts",
    "Sessions, movements and pace. Every session links to its trace.",
    (
        Panel(
            "Sessions",
            "table",
            (Query(SESSIONS, source="tempo"),),
            width=24,
            height=9,
            text="Click a trace id for the session's spans. Old sessions: widen the time range.",
        ),
        Panel(
            "Work and rest",
            "piechart",
            (Query(grown(SPAN_SUM, PHASE, PHASES), f"{{{{{PHASE}}}}}", instant=True),),
            "ms",
            8,
            text="Time of the athlete by phase, from the spans of all sessions.",
        ),
        Panel(
            "Repetitions by movement",
            "bargauge",
            (Query(grown("otelwod_reps_count_total", MOVEMENT), f"{{{{{MOVEMENT}}}}}", instant=True),),
            width=8,
            text="As counted while the workout was done. Simulated and imported sessions: see their traces.",
        ),
        Panel(
            "Volume load by movement",
            "bargauge",
            (Query(grown("otelwod_volume_load_kg_total", MOVEMENT), f"{{{{{MOVEMENT}}}}}", instant=True),),
            "masskg",
            8,
            text="Repetitions times load, as counted while the workout was done.",
        ),
        Panel(
            "Round splits",
            "bargauge",
            (Query(_split(ROUNDS, "span_name"), "{{span_name}}", instant=True),),
            "ms",
            12,
            text="Mean time of each round, from the spans of all workouts with rounds.",
        ),
        Panel(
            "Third round against the first, all workouts",
            "stat",
            (
                Query(
                    f"{_split(LAST_ROUND, 'otelwod_block_type')} / ({_split(FIRST_ROUND, 'otelwod_block_type')}) - 1",
                    "fade",
                    instant=True,
                ),
            ),
            "percentunit",
            6,
            text="Mean of all sessions; schemes such as 21-15-9 shrink by themselves. For one session see its rounds.",
        ),
        Panel(
            "Rounds of each session",
            "table",
            (Query(SPLITS, source="tempo", spans=True),),
            width=24,
            text="One row for each round, with its session, its time and its trace: pace and fade of one workout.",
        ),
        Panel(
            "Sessions by format",
            "piechart",
            (
                Query(
                    grown("traces_span_metrics_calls_total", FORMAT, '{otelwod_block_type="session"}'),
                    f"{{{{{FORMAT}}}}}",
                    instant=True,
                ),
            ),
            width=6,
            text="All sessions, from their spans.",
        ),
        Panel(
            "Heart rate by phase",
            "timeseries",
            tuple(
                Query(
                    f"histogram_quantile({quantile}, "
                    f"{grown('otelwod_heart_rate_value_per_min_bucket', f'le, {PHASE}')}) >= 0",
                    f"{{{{{PHASE}}}}} p{round(quantile * 100)}",
                )
                for quantile in (0.5, 0.95)
            ),
            "none",
            12,
            text="Beats a minute, over the samples of the range of the dashboard.",
        ),
        Panel(
            "Slowest movements",
            "bargauge",
            (
                Query(
                    f"topk(8, {_split(MOVEMENTS, MOVEMENT)})",
                    f"{{{{{MOVEMENT}}}}}",
                    instant=True,
                ),
            ),
            "ms",
            12,
            text="Mean time of one set, from spans.",
        ),
    ),
)

EACH: Final = "$__interval"
BUSY: Final = "otelwod_stage_busy_time_seconds_total"
PIPELINE: Final = "otelwod_pipeline_name"
# The span of a pipeline as a whole bears the pipeline's name as its stage.
OF_PIPELINES: Final = f'{{{PIPELINE}!="",{STAGE}!=""}}'
WHOLE: Final = (
    f"sum by ({PIPELINE}) ({grown(SPAN_SUM, f'{PIPELINE}, {STAGE}', OF_PIPELINES)} and on ({PIPELINE}, {STAGE}) "
    f"label_replace(count by ({PIPELINE}) (last_over_time({SPAN_SUM}{OF_PIPELINES}[$__range])), "
    f'"{STAGE}", "$1", "{PIPELINE}", "(.+)"))'
)
UTILISATION: Final = f"({grown(BUSY, f'{PIPELINE}, {STAGE}')}) * 1000 / on ({PIPELINE}) group_left () ({WHOLE} > 0)"

PIPELINES: Final = Dashboard(
    "stages",
    "Stages",
    "Pipelines: how often, how long, how well, and which stage holds the others up.",
    (
        *(
            Panel(
                f"{what} in range",
                "bargauge",
                (Query(grown(f"otelwod_stage_{what.lower()}_total", STAGE), f"{{{{{STAGE}}}}}", instant=True),),
                width=8,
            )
            for what in ("Calls", "Items", "Errors")
        ),
        Panel(
            "Duration of calls, 95th percentile",
            "timeseries",
            (
                Query(
                    f"histogram_quantile(0.95, {grown(SPAN_BUCKET, f'le, {STAGE}', STAGES)}) >= 0",
                    f"{{{{{STAGE}}}}}",
                    exemplars=True,
                ),
            ),
            "ms",
            12,
            text="From spans, over the range of the dashboard. A dot is an exemplar: one call, with its trace.",
        ),
        Panel(
            "Calls over time",
            "timeseries",
            (Query(grown("otelwod_stage_calls_total", STAGE, window=EACH), f"{{{{{STAGE}}}}}"),),
            width=12,
            text="Calls in each step of the chart; a program that ran once is one step.",
            interval="1m",
        ),
        Panel(
            "Utilisation",
            "bargauge",
            (Query(UTILISATION, f"{{{{{PIPELINE}}}}} {{{{{STAGE}}}}}", instant=True),),
            "none",
            8,
            text="Workers busy at a time while their pipeline ran, on average, for pipelines that ended in the range. "
            "A stage near its number of workers is full.",
        ),
        Panel(
            "Workers busy over time",
            "timeseries",
            (
                Query(
                    f"{grown(BUSY, STAGE, window=EACH)} / ($__interval_ms / 1000)",
                    f"{{{{{STAGE}}}}}",
                ),
            ),
            "none",
            8,
            text="For pipelines that keep running. One that ran for a moment was busy for that part of a step.",
            interval="1m",
        ),
        Panel(
            "Bottleneck",
            "bargauge",
            (Query(f"topk by ({PIPELINE}) (1, {UTILISATION})", f"{{{{{PIPELINE}}}}} {{{{{STAGE}}}}}", instant=True),),
            "none",
            8,
            text="The busiest stage of each pipeline. It is a bottleneck only where it is nearly full.",
        ),
        Panel(
            "Share of critical time",
            "bargauge",
            (
                Query(
                    f"topk(10, {grown(CRITICAL, 'otelwod_operation_name')} "
                    f"/ on () group_left () (sum({grown(CRITICAL, 'job')}) > 0))",
                    "{{otelwod_operation_name}}",
                    instant=True,
                ),
            ),
            "percentunit",
            12,
            text="What the wait for the whole consisted of, by operation (PerformanceProcessor). ",
        ),
    ),
    "now-1h",
)

OTELWOD: Final = Dashboard(
    "otelwod",
    "otelwod",
    "The telemetry itself: what was accepted, dropped and delivered, and what it costs.",
    (
        Panel(
            "Spans of programs",
            "timeseries",
            (Query(grown("otelwod_telemetry_spans_total", "outcome", window=EACH), "{{outcome}}"),),
            width=12,
            text="In each step of the chart: accepted into the queue, delivered, failed, and dropped because the queue "
            "was full.",
            interval="1m",
        ),
        Panel(
            "Spans in range",
            "stat",
            (Query(grown("otelwod_telemetry_spans_total", "outcome"), "{{outcome}}", instant=True),),
            width=12,
        ),
        Panel(
            "Collector: spans in and out",
            "timeseries",
            (
                Query(
                    grown(collectors("receiver_accepted_spans"), "receiver", window=EACH), "accepted by {{receiver}}"
                ),
                Query(grown(collectors("receiver_refused_spans"), "receiver", window=EACH), "refused by {{receiver}}"),
                Query(grown(collectors("exporter_sent_spans"), "exporter", window=EACH), "sent by {{exporter}}"),
            ),
            width=12,
            text="By step. Each exporter sends every span; refused ones are tried again by their sender.",
            interval="1m",
        ),
        Panel(
            "Collector: queues",
            "timeseries",
            (
                Query(
                    "max by (exporter) (otelcol_exporter_queue_size) / "
                    "max by (exporter) (otelcol_exporter_queue_capacity)",
                    "{{exporter}}",
                ),
            ),
            "percentunit",
            12,
        ),
        Panel(
            "Collector: overhead in CPU",
            "timeseries",
            (Query(rate(collectors("process_cpu_seconds"), "job"), "{{job}}"),),
            "none",
            12,
            text="Cores.",
        ),
        Panel(
            "Collector: overhead in memory",
            "timeseries",
            (Query(f"sum by (job) ({collectors('process_memory_rss', 'bytes')})", "{{job}}"),),
            "bytes",
            12,
        ),
    ),
    "now-1h",
)

DASHBOARDS: Final = (WORKOUTS, PIPELINES, OTELWOD)


def _target(query: Query, at: int, kind: Kind) -> dict[str, Any]:
    common = {"refId": chr(ord("A") + at), "datasource": {"type": query.source, "uid": query.source}}
    if query.source == "tempo":
        return {
            **common,
            "queryType": "traceql",
            "query": query.text,
            "limit": 50,
            "tableType": "spans" if query.spans else "traces",
        }
    return {
        **common,
        "expr": query.text,
        "legendFormat": query.legend,
        "instant": query.instant,
        "range": not query.instant,
        "exemplar": query.exemplars,
        "format": "table" if kind == "table" else "time_series",
    }


def _panel(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    reduce = {"reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""}}
    by_kind: dict[str, dict[str, Any]] = {
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "stat": reduce,
        "bargauge": {**reduce, "orientation": "horizontal", "displayMode": "basic"},
        "piechart": {**reduce, "pieType": "donut", "legend": {"displayMode": "table", "values": ["value", "percent"]}},
        "table": {"showHeader": True},
    }
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": {"type": panel.queries[0].source, "uid": panel.queries[0].source},
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {**by_kind[panel.kind], **panel.options},
        **({"interval": panel.interval} if panel.interval else {}),
        "targets": [_target(query, at, panel.kind) for at, query in enumerate(panel.queries)],
    }


def build(dashboard: Dashboard) -> dict[str, Any]:
    """A dashboard as Grafana's JSON."""
    panels, x, y, tallest = [], 0, 0, 0
    for number, panel in enumerate(dashboard.panels, 1):
        if x + panel.width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        panels.append(_panel(panel, number, x, y))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return {
        "uid": f"otelwod-{dashboard.name}",
        "title": dashboard.title,
        "description": dashboard.text,
        "tags": ["otelwod"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": dashboard.range, "to": "now"},
        "timezone": "browser",
        "links": [
            {"type": "dashboards", "title": "otelwod", "tags": ["otelwod"], "asDropdown": False, "keepTime": True}
        ],
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": panels,
    }


def rendered(dashboard: Dashboard) -> str:
    """The text of a dashboard's file."""
    return json.dumps(build(dashboard), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files, or check them."""
    drifted = []
    for dashboard in DASHBOARDS:
        path = HERE / f"{dashboard.name}.json"
        text = rendered(dashboard)
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text() != text:
                drifted.append(path.name)
        else:
            path.write_text(text)
    if drifted:
        sys.stderr.write(f"{', '.join(drifted)}: not what dashboards/generate.py writes; run it\n")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
