from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from archive_samples import RECORDS, T0, TRACE, jaeger, jaeger_span, tag
from conformance_files import conformance
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.archive.columns import Gathering
from otelwod.archive.jaeger import FOLLOWS_FROM, read_trace
from otelwod.archive.source import open_source
from otelwod.archive.tally import Tally
from otelwod.trace import Quality, SpanLink, Trace


def read(*spans: object, processes: object = None, trace_id: object = TRACE) -> tuple[list[Trace], Tally]:
    gathering, tally = Gathering(), Tally()
    known = {"p1": {"serviceName": "shop", "tags": []}} if processes is None else processes
    read_trace({"traceID": trace_id, "spans": list(spans), "processes": known}, gathering, tally)
    return list(gathering.traces(Quality())), tally


def test_every_field() -> None:
    gathering = Gathering()
    read_trace(jaeger()["data"][0], gathering, Tally())
    (trace,) = gathering.traces(Quality())
    assert list(trace.records) == RECORDS
    assert trace.operations == [("shop", "GET /cart"), ("shop", "load"), ("db", "SELECT")]
    assert dict(trace.status) == {1: "error", 2: "ok"}


def test_columns_and_records_tell_the_same() -> None:
    gathering = Gathering()
    read_trace(jaeger()["data"][0], gathering, Tally())
    (trace,) = gathering.traces(Quality())
    (again,) = Trace.from_records(trace.records)
    for name in ("span_id", "parent", "start_ns", "end_ns", "status", "phase", "nonblocking", "roots"):
        assert list(getattr(trace, name)) == list(getattr(again, name)), name


def test_references() -> None:
    other = {"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": "c"}
    follows = {"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": "root"}
    short = {"refType": "CHILD_OF", "traceID": TRACE.lstrip("0"), "spanID": "root"}
    foreign = {"refType": "CHILD_OF", "traceID": "ff", "spanID": "root"}
    (trace,), tally = read(
        jaeger_span("root", None, "root", 0, 100),
        jaeger_span("a", None, "a", 1, 10, references=[follows, {**follows, "refType": "CHILD_OF"}]),
        jaeger_span("b", None, "b", 2, 10, references=[short]),
        jaeger_span("c", None, "c", 3, 10, references=[follows]),
        jaeger_span("d", None, "d", 4, 10, references=[foreign, other]),
        jaeger_span("e", None, "e", 5, 10, references=[foreign]),
        jaeger_span("f", None, "f", 6, 10, parentSpanID="root"),
        jaeger_span("g", None, "g", 7, 10, references=[{"refType": "CHILD_OF", "traceID": "", "spanID": "0" * 16}]),
    )
    parents = {trace.span_id[row]: trace.span_id[up] if up >= 0 else None for row, up in enumerate(trace.parent)}
    assert parents == {
        "root": None, "a": "root", "b": "root", "c": "root", "d": "c", "e": None, "f": "root", "g": None,
    }  # fmt: skip
    assert [trace.span_id[row] for row in sorted(trace.nonblocking)] == ["c", "d"]
    records = {record.span_id: record for record in trace.records}
    assert records["c"].links == (SpanLink(TRACE, "root", FOLLOWS_FROM),)
    assert records["e"].links == (SpanLink("ff", "root"),)
    assert not tally.skipped
    assert not tally.repaired


def test_zero_is_an_id_like_any_other() -> None:
    (trace,), _ = read(jaeger_span("0", None, "root", 0, 100), jaeger_span("00", "0", "a", 1, 10))
    assert list(trace.parent) == [-1, 0]


def test_who_is_not_waited_for() -> None:
    kind = [tag("span.kind", "producer")]
    (trace,), _ = read(
        jaeger_span("root", None, "root", 0, 100, tags=kind),
        jaeger_span("a", "root", "a", 1, 10, tags=[tag("span.kind", "consumer")]),
        jaeger_span("b", "a", "b", 2, 10, tags=[tag("span.kind", "consumer")]),
        jaeger_span("c", "root", "c", 3, 10, tags=[tag("otelwod.blocking", False, "bool")]),
        jaeger_span("d", "root", "d", 4, 10, tags=[tag("otelwod.phase", "rest")]),
    )
    assert [trace.span_id[row] for row in sorted(trace.nonblocking)] == ["a", "c"]
    assert dict(trace.phase) == {4: "rest"}


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ([tag("error", True, "bool")], "error"),
        ([tag("error", "true")], "error"),
        ([tag("error", "false")], "unset"),
        ([tag("error", False, "bool")], "unset"),
        ([tag("otel.status_code", "OK")], "ok"),
        ([tag("otel.status_code", "OK"), tag("error", True, "bool")], "error"),
        ([tag("error", True, "bool"), tag("otel.status_code", "OK")], "error"),
        ([tag("otel.status_code", "UNSET")], "unset"),
        ([tag("otel.status_code", 7, "int64")], "unset"),
    ],
)
def test_status(tags: list[dict[str, object]], status: str) -> None:
    (trace,), _ = read(jaeger_span("a", None, "a", 1, 10, tags=tags))
    assert trace.status.get(0, "unset") == trace.record(0).status == status


def test_damaged_spans_are_repaired_or_counted() -> None:
    (trace,), tally = read(
        jaeger_span("root", None, "root", 0, 1000),
        jaeger_span("nan", "root", "nan", 0, 20, startTime=float("nan")),
        jaeger_span("none", "root", "none", 0, 20, startTime=None),
        jaeger_span("text", "root", "text", 0, 20, startTime=str(T0 + 5)),
        jaeger_span("huge", "root", "huge", 0, 20, startTime=10**30),
        jaeger_span("float", "root", "float", 0, 20, startTime=T0 + 7.5),
        jaeger_span("open", "root", "open", 8, None),
        jaeger_span("endless", "root", "endless", 9, 10**30),
        jaeger_span("backwards", "root", "backwards", 10, -5),
        jaeger_span("tags", "root", "tags", 11, 5, tags={"http.route": "/"}, logs=None, references="x"),
        jaeger_span("bare", None, "bare", 12, 5, tags=[None, 3, {"value": 1}, tag("x", [1, "a"])], processID=None),
        {"spanID": 77, "traceID": TRACE, "startTime": T0 + 13, "duration": 1},
        {"operationName": "no id"},
        jaeger_span("", None, "no id", 0, 1),
        "no span",
        None,
    )
    assert tally.skipped == {"span without an id": 2, "span that is no object": 2}
    assert (trace.quality.missing_times, trace.quality.open_spans) == (3, 2)
    records = {record.span_id: record for record in trace.records}
    assert len(records) == 12
    assert records["text"].start_ns == (T0 + 5) * 1000
    assert records["float"].start_ns == (T0 + 8) * 1000
    assert records["77"].name == ""
    assert records["tags"].attributes == {"http.route": "/"}
    assert records["bare"].attributes == {"x": '[1,"a"]'}
    assert trace.quality.missing_times == 3
    assert trace.quality.open_spans == 2
    assert trace.quality.negative_durations == 1
    row = {span_id: row for row, span_id in enumerate(trace.span_id)}
    assert trace.end_ns[row["nan"]] - trace.start_ns[row["nan"]] == 20_000


@pytest.mark.parametrize("spans", [None, {}, "x", []])
def test_a_trace_without_spans(spans: object) -> None:
    gathering, tally = Gathering(), Tally()
    read_trace({"traceID": "x", "spans": spans}, gathering, tally)
    assert gathering.traces(Quality()) == ()
    assert sum(tally.skipped.values()) == (spans in ({}, "x"))


def test_processes() -> None:
    inside = jaeger_span("b", None, "b", 1, 1, process={"serviceName": "inside", "tags": [tag("host", "h")]})
    del inside["processID"]
    for processes in ({}, [], {"p1": None}, {"p1": {"serviceName": None}}):
        (trace,), _ = read(jaeger_span("a", None, "a", 0, 1), inside, processes=processes)
        assert trace.operations == [("", "a"), ("inside", "b")]
        assert trace.record(1).resource == {"service.name": "inside", "host": "h"}


def test_the_trace_id_may_stand_on_the_spans_only() -> None:
    (trace,), _ = read(jaeger_span("a", None, "a", 0, 1), jaeger_span("b", "a", "b", 0, 1), trace_id=None)
    assert trace.trace_id == TRACE
    assert trace.roots == (0,)


def test_a_trace_in_two_parts_is_one() -> None:
    spans = jaeger()["data"][0]["spans"]
    gathering = Gathering()
    for span in spans:
        read_trace({**jaeger()["data"][0], "spans": [span]}, gathering, Tally())
    (trace,) = gathering.traces(Quality(unreadable=3))
    assert list(trace.records) == RECORDS
    assert trace.quality.unreadable == 3
    gathering = Gathering()
    gathering.add_records(RECORDS[2:])
    read_trace({**jaeger()["data"][0], "spans": spans[:2]}, gathering, Tally())
    (trace,) = gathering.traces(Quality())
    assert list(trace.records) == RECORDS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_raises_whatever_stands_in_a_field(data: st.DataObject) -> None:
    span: dict[str, Any] = jaeger_span("a", "b", "a", 0, 1, tags=[tag("error", True)], logs=[{"timestamp": 1}])
    for name in data.draw(st.lists(st.sampled_from(sorted(span)), max_size=3)):
        span[name] = data.draw(json_values)
    traces, _ = read(span, jaeger_span("z", "a", "z", 1, 1), processes=data.draw(json_values))
    for trace in traces:
        assert "z" in trace.span_id
        assert len(trace.records) == len(trace)


@pytest.mark.parametrize(
    ("otlp", "ui"), [("otlp2jaeger-in", "otlp2jaeger-out"), ("otlp2jaeger-multi-in-combined", "oltp2jaeger-multi-out")]
)
def test_jaegers_own_conversion_of_otlp_reads_the_same(otlp: str, ui: str) -> None:
    ours = open_source(conformance(f"traces/jaeger_ui/{otlp}.json"))
    theirs = open_source(conformance(f"traces/jaeger_ui/{ui}.json"))
    assert (ours.formats, theirs.formats) == (("otlp",), ("jaeger",))
    assert (ours.eps_ns, theirs.eps_ns) == (0, 1000)
    assert ours.spans == theirs.spans

    def coarse(trace: Trace) -> list[object]:
        return [
            replace(record, start_ns=record.start_ns // 1000, end_ns=(record.end_ns or 0) // 1000, events=())
            for record in trace.records
        ]

    assert list(map(coarse, ours.traces)) == list(map(coarse, theirs.traces))


def test_ids_are_any_text_and_times_repaired_as_jaegers_loader_does() -> None:
    cases = json.loads(conformance("traces/jaeger_ui/loader_cases.json").read_text())["cases"]
    checked = 0
    for case in cases:
        spans = [
            jaeger_span(one["id"], one.get("parent"), one["id"], 0, one["dur_us"])
            | {"startTime": float("nan") if one["start_us"] == "NaN" else one["start_us"]}
            for one in case["spans"]
        ]
        (trace,), _ = read(*spans)
        assert set(trace.span_id) == {one["id"] for one in case["spans"]}
        rows = {span_id: row for row, span_id in enumerate(trace.span_id)}
        for span_id, start in case["expected"].get("starts", {}).items():
            assert trace.start_ns[rows[span_id]] == start * 1000, (case["title"], span_id)
            checked += 1
    assert checked >= 5
