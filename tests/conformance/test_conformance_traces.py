"""Our numbers beside those that other people's programs assert: ../shared/conformance/traces, every case."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from conformance_files import conformance
from trace_deviations import DEVIATIONS

from otelwod.insight import analyze_traces
from otelwod.insight.comparison import PathTree
from otelwod.insight.concurrency import SHARE_BITS, sweep
from otelwod.insight.criticalpath import clamped, critical_path
from otelwod.insight.report import Report
from otelwod.insight.selftime import blocking_children, self_times
from otelwod.insight.skew import correct_skew, host_of
from otelwod.trace import SpanEvent, SpanLink, SpanRecord, Trace

CP, STATS, LOADER = (
    "jaeger_ui/critical_path_cases.json",
    "jaeger_ui/statistics_cases.json",
    "jaeger_ui/loader_cases.json",
)
SELF, CALLIGATOR = "jaeger_ui/self_time_cases.json", "calligator/cases.json"
SANITIZE, SKEW = "jaeger_go/sanitize_cases.json", "jaeger_go/clock_skew_cases.json"
DATADOG, ZIPKIN = "datadog/execution_time_cases.json", "zipkin/clock_skew_cases.json"
ALL = (CP, STATS, LOADER, SELF, CALLIGATOR, SANITIZE, SKEW, DATADOG, ZIPKIN)


def load(name: str) -> Any:
    return json.loads(conformance(f"traces/{name}").read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    """One parameter a case; without the file one that skips, saying so."""
    try:
        found = load(name)["cases"]
    except pytest.skip.Exception as absent:
        return [pytest.param(None, marks=pytest.mark.skip(reason=str(absent)), id=name)]
    return [pytest.param(case, id=case_id(case)) for case in found]


def case_id(case: dict[str, Any]) -> str:
    return str(case.get("id") or case.get("title"))


def record(span: dict[str, Any], unit: str = "us") -> SpanRecord:
    scale = {"us": 1_000, "ms": 1_000_000}[unit]
    start = span[f"start_{unit}"]
    start = start * scale if isinstance(start, int) else 0
    follows = [ref for ref in span.get("refs") or [] if ref[0] == "FOLLOWS_FROM"]
    host = span.get("host")
    resource = {"service.name": span.get("service") or "", **({"host.name": host} if host else {})}
    return SpanRecord(
        "t",
        span["id"],
        span["parent"],
        span.get("name") or span["id"],
        start,
        start + span[f"dur_{unit}"] * scale,
        kind=span.get("kind") or "internal",
        events=tuple(SpanEvent("e", time * scale) for time in span.get("events_ms", [])),
        links=tuple(SpanLink("t", ref[1], {"opentracing.ref_type": "follows_from"}) for ref in follows),
        resource=resource,
    )


def trace_of(case: dict[str, Any], unit: str = "us") -> Trace:
    traces = Trace.from_records([record(span, unit) for span in case["spans"]])
    return (
        traces[0]
        if traces
        else Trace("t", span_id=[], parent_id=[], operation=[], operations=[], start_ns=[], end_ns=[])
    )


def us(value: int) -> int:
    whole, rest = divmod(value, 1000)
    assert rest == 0
    return whole


def sections(report: Report) -> list[dict[str, Any]]:
    """As the reference emits them: the latest first, one root after the other."""
    found = report.traces[0]
    paths = [root.critical_path for root in found.roots] or [found.critical_path]
    return [
        {"span": s.span_id, "start_us": us(s.start_ns), "end_us": us(s.end_ns)}
        for path in paths
        for s in reversed(path)
    ]


def own_times(trace: Trace, nonblocking: frozenset[int]) -> dict[str, int]:
    return {trace.span_id[row]: us(own) for row, own in enumerate(self_times(trace, nonblocking))}


def deviates(file: str, case: dict[str, Any], question: str, ours: Any, theirs: Any) -> bool:
    """True where the list says that we differ: then our answer must be the listed one, and still another."""
    entry = DEVIATIONS.get((file, case_id(case), question))
    if entry is None:
        return False
    assert ours == entry[0]
    assert ours != theirs, "no longer a deviation: take it off the list"
    return True


# ------------------------------------------------------------------------------------------------------- jaeger-ui


@pytest.mark.parametrize("case", [*cases(CP), *cases(STATS)])
def test_critical_path_and_self_time_as_in_jaegers_ui(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    report = analyze_traces([trace], compat="jaeger", span_limit=None)
    expected = case["expected"]
    ours, theirs = sections(report), expected["critical_path_sections"]
    brief = [f"{section['span']} {section['end_us'] - section['start_us']}" for section in ours]
    if not deviates(STATS, case, "critical_path_sections", brief, [s["span"] for s in theirs]):
        assert ours == theirs
    assert {use.span_id: us(use.self_ns) for use in report.spans} == expected["self_time_us"]


@pytest.mark.parametrize("case", cases(CP))
def test_sanitized_tree_of_jaegers_ui(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    kept = clamped(trace, blocking_children(trace, trace.nonblocking))
    ours = {trace.span_id[row]: (us(start), us(end)) for row, (start, end) in kept.items()}
    assert ours == {s["id"]: (s["start_us"], s["end_us"]) for tree in case["expected"]["sanitized"] for s in tree}


@pytest.mark.parametrize("case", cases(CP))
def test_self_time_by_default(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    ours, theirs = own_times(trace, trace.nonblocking), case["expected"]["self_time_us"]
    if not deviates(CP, case, "self_time_us by default", ours, theirs):
        assert ours == theirs


@pytest.mark.parametrize("case", cases(SELF))
def test_self_time(case: dict[str, Any]) -> None:
    spans = [{"id": "p", "parent": None, **case["parent"]}]
    spans += [{"id": f"c{i}", "parent": "p", **child} for i, child in enumerate(case["children"])]
    trace = trace_of({"spans": spans})
    assert own_times(trace, trace.nonblocking)["p"] == case["expected"]["self_time_us"]


def ms(ns: int | Fraction) -> float:
    """Milliseconds; the tables round theirs to two places, so that half of 0.01 is agreement."""
    return float(Fraction(ns) / 1_000_000)


@pytest.mark.parametrize(
    "case", [p for p in cases(STATS) if p.values[0] is None or "by_service" in p.values[0]["expected"]]
)
def test_statistics_tables(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    own = self_times(trace)
    expected = case["expected"]
    operations = {(use.service, use.operation): use for use in analyze_traces([trace], compat="jaeger").operations}
    groups: dict[str, dict[Any, list[int]]] = {name: defaultdict(list) for name in ("service", "name", "both")}
    for row, op in enumerate(trace.operation):
        service, name = trace.operations[op]
        for kind, key in (("service", service), ("name", name), ("both", (service, name))):
            groups[kind][key].append(row)

    def check(line: dict[str, Any], rows: list[int]) -> None:
        totals = [trace.end_ns[row] - trace.start_ns[row] for row in rows]
        mine = [own[row] for row in rows]
        assert line["count"] == len(rows)
        for word, values in (("", totals), ("self", mine)):
            names = ("total", "min", "max", "avg") if not word else ("selfTotal", "selfMin", "selfMax", "selfAvg")
            found = (sum(values), min(values), max(values), Fraction(sum(values), len(values)))
            assert [line[name] for name in names] == pytest.approx([ms(value) for value in found], abs=0.0051)
        share = Fraction(sum(mine) * 100, case["trace_dur_us"] * 1000)
        assert line["percent"] == pytest.approx(float(share), abs=0.0051)

    for line in expected["by_service"]:
        check(line, groups["service"][line["name"]])
    for line in expected["by_operation"]:
        check(line, groups["name"][line["name"]])
    service = ""
    for line in expected["by_service_then_operation"]:
        if not line["isDetail"]:
            service = line["name"]
            check(line, groups["service"][service])
            continue
        rows = groups["both"][service, line["name"]]
        check(line, rows)
        use = operations[service, line["name"]]
        assert use.count == line["count"]
        ours = [ms(value) for value in (use.total_ns, use.self_ns, use.min_ns, use.max_ns)]
        assert ours == pytest.approx([line["total"], line["selfTotal"], line["min"], line["max"]], abs=0.0051)
        assert ms(use.mean_ns) == pytest.approx(line["avg"], abs=0.0051)


@pytest.mark.parametrize("case", cases(STATS))
def test_flame_table_and_tree(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    operations = {f"{use.service}: {use.operation}": use for use in analyze_traces([trace], compat="jaeger").operations}
    table = case["expected"]["flame_table"]
    assert {line["key"] for line in table} == set(operations)
    for line in table:
        use = operations[line["key"]]
        assert (line["count"], line["total"]) == (use.count, us(use.total_ns))
        assert line["self"] == us(use.self_ns)
    tree = PathTree()
    tree.add(trace)
    ours: dict[tuple[str, ...], tuple[int, int]] = {}
    for node in range(1, len(tree.parent)):
        keys = []
        walk = node
        while walk:
            keys.append(": ".join(tree.operation[walk]))
            walk = tree.parent[walk]
        use = tree.uses[0][node]
        ours[tuple(reversed(keys))] = (use.count, us(use.total_ns))
    theirs = {}
    todo = [((), node) for node in case["expected"]["flame_tree"]["children"]]
    while todo:
        path, node = todo.pop()
        path = (*path, node["name"])
        theirs[path] = (node["count"], node["duration"])
        todo += [(path, child) for child in node["children"]]
    assert ours == theirs


@pytest.mark.parametrize("case", cases(LOADER))
def test_loader(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    expected = case["expected"]
    starts = {trace.span_id[row]: start for row, start in enumerate(trace.start_ns)}
    roots = [trace.span_id[row] for row in trace.roots]
    shown = [trace.span_id[row] for row, _ in trace.preorder()]
    assert sorted(shown) == sorted(span["id"] for span in case["spans"]), "nothing is dropped"
    if "roots" in expected and not deviates(LOADER, case, "roots", roots, expected["roots"]):
        assert roots == expected["roots"]
    if "orphans" in expected:
        assert trace.quality.orphans == expected["orphans"]
    for span, start in expected.get("starts", {}).items():
        assert starts[span] == start * 1000
    report = analyze_traces([trace])
    if "trace_start_us" in expected:
        assert report.traces[0].start_ns == expected["trace_start_us"] * 1000
    if expected.get("trace_dur_us"):
        assert report.traces[0].duration_ns == expected["trace_dur_us"] * 1000
    if "order" in expected:
        assert shown == expected["order"]
    if "last" in expected:
        assert shown[-1] == expected["last"]
    if "shown" in expected and not expected["shown"]:
        assert report.quality.cycles == 1
        assert report.traces[0].duration_ns >= 0


# ------------------------------------------------------------------------------------------------ the other programs


@pytest.mark.parametrize("case", cases(CALLIGATOR))
def test_calligator(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    report = analyze_traces([trace], span_limit=None)
    expected = case["expected"]
    on_path = {section.span_id for section in report.traces[0].critical_path}
    assert on_path == set(expected["critical_path"])
    spans = {use.span_id: use for use in report.spans}
    for word, ours in (
        ("slack", {s: us(use.slack_ns) for s, use in spans.items() if use.slack_ns is not None}),
        ("exclusive_drag", {s: us(use.critical_ns) for s, use in spans.items() if use.critical_ns}),
        ("drag", {s: us(use.drag_ns) for s, use in spans.items() if use.drag_ns}),
    ):
        if word in expected and not deviates(CALLIGATOR, case, word, ours, expected[word]):
            assert ours == expected[word], word
    for total, word in (("total_exclusive_drag", "critical_ns"),):
        if total in expected:
            assert us(sum(getattr(use, word) for use in report.spans)) == expected[total]
    if "cp_contribution" in expected:
        assert {f"[{u.service}] {u.operation}": us(u.critical_ns) for u in report.operations} == expected[
            "cp_contribution"
        ]


@pytest.mark.parametrize("case", cases(SANITIZE))
def test_jaeger_sanitize(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    kept = clamped(trace, blocking_children(trace, trace.nonblocking))
    ours = {trace.span_id[r]: {"start_us": us(a), "dur_us": us(b - a)} for r, (a, b) in kept.items()}
    if not deviates(SANITIZE, case, "kept", ours, case["expected_kept"]):
        assert ours == case["expected_kept"]
    # What is kept is what the path can reach, and nothing else.
    assert {row for row in critical_path(trace, trace.nonblocking).row if row >= 0} <= set(kept)


def skew_spans(case: dict[str, Any]) -> list[dict[str, Any]]:
    if "spans" in case:
        return list(case["spans"])
    made = case["generate"]
    chain, leaf, depth = made["chain"], made["leaf"], made["depth"]
    spans = [
        {"id": f"{i:06}", "parent": f"{i - 1:06}" if i else None, **chain, "expected_start_ms": chain["start_ms"]}
        for i in range(depth - 1)
    ]
    return [*spans, {"id": "leaf", "parent": f"{depth - 2:06}", **leaf}]


@pytest.mark.parametrize("case", cases(SKEW))
def test_jaeger_clock_skew(case: dict[str, Any]) -> None:
    spans = skew_spans(case)
    trace = trace_of({"spans": spans}, "ms")
    if len({span["id"] for span in spans}) < len(spans):
        # Alike in all: one of them was delivered twice, and is dropped before anything is corrected.
        assert trace.quality.duplicate_ids == 1
    result = correct_skew(trace, case["max_adjust_ms"] * 1_000_000)
    after = {result.trace.span_id[row]: row for row in range(len(result.trace))}
    for span in spans:
        row = after[span["id"]]
        assert result.trace.start_ns[row] == span["expected_start_ms"] * 1_000_000
        events = [event.time_ns // 1_000_000 for event in result.trace.record(row).events]
        assert events == span.get("expected_events_ms", span.get("events_ms", []))
    assert result.trace.quality.skew_shifts == len(result.shifts_ns)
    warning = case.get("warning", "")
    if "exceeded" in warning or "disabled" in warning:
        shift = warning.replace("ms", "").split()[-1]
        assert any(f"clock skew of {int(shift) * 1_000_000} ns" in text for text in result.warnings)


def test_jaeger_host_keys() -> None:
    for case in load(SKEW)["host_key_cases"]:
        assert host_of(case["resource_attributes"]) == case["expected"]


@pytest.mark.parametrize("case", cases(ZIPKIN))
def test_zipkin_clock_skew(case: dict[str, Any]) -> None:
    spans = [
        {"id": "1", "parent": None, **case["client"], "dur_us": case["client"]["dur_us"] or 0},
        {"id": "2", "parent": "1", **case["server"], "dur_us": case["server"]["dur_us"] or 0},
    ]
    result = correct_skew(trace_of({"spans": spans}), 10**9)
    ours = us(result.trace.start_ns[list(result.trace.span_id).index("2")])
    theirs = case["server_corrected_start_us"]
    if not deviates(ZIPKIN, case, "server_corrected_start_us", ours, theirs):
        assert ours == theirs


@pytest.mark.parametrize("case", cases(DATADOG))
def test_active_share(case: dict[str, Any]) -> None:
    trace = trace_of(case)
    swept = sweep(trace)
    shares = {trace.span_id[row]: Fraction(share, 1000 << SHARE_BITS) for row, share in enumerate(swept.active)}
    for span, share in case["reference_exact"]["active_share_by_span"].items():
        assert float(shares[span]) == pytest.approx(share, abs=1e-6)
    types = {span["id"]: span for span in case["spans"]}
    for word in ("service", "type"):
        sums: dict[str, Fraction] = defaultdict(Fraction)
        for span, share in shares.items():
            sums[types[span][word]] += share
        # The reference floors exact sums; ours may lie a billionth below a whole number.
        assert {key: int(value + Fraction(1, 10**6)) for key, value in sums.items()} == case["expected"][
            f"by_{word}_floor"
        ]
    histogram: dict[int, int] = defaultdict(int)
    for start, end, open_spans in case["reference_exact"]["segments"]:
        histogram[len(open_spans)] += (end - start) * 1000
    assert dict(swept.histogram) == dict(histogram)
    assert swept.covered_ns == sum(histogram.values())


def test_every_file_and_every_deviation_is_used() -> None:
    folder = conformance("traces")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    otlp = {name for name in files if "otlp2jaeger" in name or "oltp2jaeger" in name}  # formats: the archive's tests
    assert files - otlp == set(ALL)
    known = {(name, case_id(case)) for name in ALL for case in load(name)["cases"]}
    assert {(file, case) for file, case, _ in DEVIATIONS} <= known
