"""OTLP JSON: our encoding, the Collector's, and what others have called by that name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelwod.archive.otlp_json import DecodeCounts, decode, encode
from otelwod.archive.otlp_values import decode_double, decode_id, decode_integer, decode_value, encode_value
from otelwod.trace import SpanEvent, SpanLink, SpanRecord

TRACE, SPAN, PARENT = "81b899c559ec55e8d4841837a318f658", "2b7161d169b064c2", "8f6002aeeca4488e"

# A line as the Collector 0.159 wrote it (file exporter, format json), cut to two spans.
COLLECTOR = json.loads("""
{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"otelwod"}}]},
"scopeSpans":[{"scope":{"name":"otelwod","version":"0.1.0"},"spans":[
{"traceId":"81b899c559ec55e8d4841837a318f658","spanId":"2b7161d169b064c2","parentSpanId":"8f6002aeeca4488e",
"flags":256,"name":"child","kind":3,"startTimeUnixNano":"1795257503883029509","endTimeUnixNano":"1795257503883063964",
"events":[{"timeUnixNano":"123","name":"ev","attributes":[{"key":"a","value":{"intValue":"1"}}]},
{"timeUnixNano":"124","name":"bare"}],
"links":[{"traceId":"81b899c559ec55e8d4841837a318f658","spanId":"8f6002aeeca4488e",
"attributes":[{"key":"l","value":{"intValue":"1"}}],"flags":256}],"status":{"message":"bad","code":2}},
{"traceId":"81b899c559ec55e8d4841837a318f658","spanId":"8f6002aeeca4488e","flags":256,"name":"root","kind":1,
"startTimeUnixNano":"1795257503882957625","endTimeUnixNano":"1795257503883089892","attributes":[
{"key":"s","value":{"stringValue":"é"}},{"key":"i","value":{"intValue":"-5"}},
{"key":"big","value":{"intValue":"4611686018427387904"}},{"key":"d","value":{"doubleValue":1.5}},
{"key":"inf","value":{"doubleValue":"Infinity"}},{"key":"b","value":{"boolValue":true}},
{"key":"sa","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}},
{"key":"ia","value":{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}},
{"key":"ba","value":{"arrayValue":{"values":[{"boolValue":true},{"boolValue":false}]}}},
{"key":"da","value":{"arrayValue":{"values":[{"doubleValue":1},{"doubleValue":2.5}]}}},
{"key":"e","value":{"arrayValue":{}}},{"key":"empty","value":{"stringValue":""}}],"status":{}}]}]}]}
""")


def records_of(data: object) -> tuple[list[SpanRecord], DecodeCounts]:
    counts = DecodeCounts()
    return list(decode(data, counts)), counts


def without_flags(data: Any) -> Any:
    """The same data without what a record does not keep."""
    if isinstance(data, list):
        return [without_flags(item) for item in data]
    if isinstance(data, dict):
        return {key: without_flags(value) for key, value in data.items() if key != "flags"}
    return data


def test_what_the_collector_writes_is_read() -> None:
    (child, root), counts = records_of(COLLECTOR)
    resource = {"service.name": "otelwod"}
    assert child == SpanRecord(
        TRACE,
        SPAN,
        PARENT,
        "child",
        1795257503883029509,
        1795257503883063964,
        kind="client",
        status="error",
        status_message="bad",
        events=(SpanEvent("ev", 123, {"a": 1}), SpanEvent("bare", 124)),
        links=(SpanLink(TRACE, PARENT, {"l": 1}),),
        resource=resource,
        scope="otelwod",
        scope_version="0.1.0",
    )
    assert (root.span_id, root.parent_id, root.kind, root.status) == (PARENT, None, "internal", "unset")
    assert root.attributes == {
        "s": "é",
        "i": -5,
        "big": 2**62,
        "d": 1.5,
        "inf": math.inf,
        "b": True,
        "sa": ("a", "b"),
        "ia": (1, 2),
        "ba": (True, False),
        "da": (1.0, 2.5),
        "e": (),
        "empty": "",
    }
    assert (counts.spans, counts.unreadable) == (2, 0)


def test_what_we_write_is_what_the_collector_writes() -> None:
    assert encode(decode(COLLECTOR)) == without_flags(COLLECTOR)


def test_spans_are_grouped_by_resource_and_scope_in_order() -> None:
    def record(span_id: str, service: str, scope: str) -> SpanRecord:
        return SpanRecord(TRACE, span_id, None, "x", 1, 2, resource={"service.name": service}, scope=scope)

    data = encode(
        [record("1" * 16, "a", "s"), record("2" * 16, "b", "s"), record("3" * 16, "a", "t"), record("4" * 16, "a", "s")]
    )
    shape = [
        [[span["spanId"][0] for span in scope["spans"]] for scope in resource["scopeSpans"]]
        for resource in data["resourceSpans"]
    ]
    assert shape == [[["1", "4"], ["3"]], [["2"]]]
    assert encode([]) == {"resourceSpans": []}


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT = st.floats(allow_nan=False)
SCALARS = (TEXT, st.booleans(), INT64, FLOAT)
VALUES = st.one_of(
    *SCALARS, *(st.lists(kind, max_size=3).map(tuple) for kind in SCALARS)
)  # fmt: skip
ATTRIBUTES = st.dictionaries(TEXT.filter(bool), VALUES, max_size=3)
TRACE_IDS = st.integers(1, 2**128 - 1).map("{:032x}".format)
SPAN_IDS = st.integers(1, 2**64 - 1).map("{:016x}".format)
TIMES = st.integers(1, 2**63 - 1)
RECORDS = st.builds(
    SpanRecord,
    trace_id=TRACE_IDS,
    span_id=SPAN_IDS,
    parent_id=st.none() | SPAN_IDS,
    name=TEXT,
    start_ns=TIMES,
    end_ns=st.none() | TIMES,
    kind=st.sampled_from(("internal", "server", "client", "producer", "consumer")),
    status=st.sampled_from(("unset", "ok", "error")),
    status_message=TEXT,
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(SpanEvent, TEXT, TIMES, ATTRIBUTES), max_size=2).map(tuple),
    links=st.lists(st.builds(SpanLink, TRACE_IDS, SPAN_IDS, ATTRIBUTES), max_size=2).map(tuple),
    resource=ATTRIBUTES,
    scope=TEXT,
    scope_version=TEXT,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS, max_size=4))
def test_records_come_back_as_they_were(records: list[SpanRecord]) -> None:
    text = json.dumps(encode(records), allow_nan=False)
    back, counts = records_of(json.loads(text))
    # Grouping changes the order between groups only: as many times as a record went in it comes out.
    assert sorted(map(repr, back)) == sorted(map(repr, records))
    assert counts.unreadable == 0


@settings(max_examples=100, deadline=None)
@given(RECORDS)
def test_protobufs_own_parser_reads_the_same(record: SpanRecord) -> None:
    """Ids apart, which OTLP writes in hex and protobuf in base64."""
    data = encode([record])
    span = data["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    for holder in (span, *span.get("links", ())):
        for name in ("traceId", "spanId", "parentSpanId"):
            holder.pop(name, None)
    request = ExportTraceServiceRequest()
    Parse(json.dumps(data), request)
    (parsed,) = request.resource_spans[0].scope_spans[0].spans
    assert (parsed.name, parsed.start_time_unix_nano) == (record.name, record.start_ns)
    assert parsed.end_time_unix_nano == (record.end_ns or 0)
    assert parsed.status.code == ("unset", "ok", "error").index(record.status)
    assert parsed.kind == ("", "internal", "server", "client", "producer", "consumer").index(record.kind)
    assert [(event.name, event.time_unix_nano) for event in parsed.events] == [
        (e.name, e.time_ns) for e in record.events
    ]
    values: Mapping[str, Any] = {a.key: a.value for a in parsed.attributes}
    for key, value in record.attributes.items():
        field = values[key].WhichOneof("value")
        if field == "array_value":
            items = [getattr(item, item.WhichOneof("value")) for item in values[key].array_value.values]
            assert tuple(items) == value
        else:
            assert getattr(values[key], field) == value
            assert type(getattr(values[key], field)) is type(value)


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (2**63, {"stringValue": "9223372036854775808"}),
        (-(2**63), {"intValue": "-9223372036854775808"}),
        (math.nan, {"doubleValue": "NaN"}),
        (-math.inf, {"doubleValue": "-Infinity"}),
        ("a\ud800", {"stringValue": "a\\ud800"}),
        ([1, None, Odd()], {"arrayValue": {"values": [{"intValue": "1"}, {}, {"stringValue": "odd"}]}}),
        ([[1]], {"arrayValue": {"values": [{"stringValue": "[1]"}]}}),
        (None, {}),
        (b"\xff", {"stringValue": "b'\\xff'"}),
        (Odd(), {"stringValue": "odd"}),
    ],
)  # fmt: skip
def test_one_odd_value_harms_only_itself(value: object, encoded: dict[str, Any]) -> None:
    assert encode_value(value) == encoded
    json.dumps(encoded, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ({"intValue": 5}, 5),
        ({"intValue": "5"}, 5),
        ({"intValue": 5.0}, 5),
        ({"intValue": "1.7e18"}, 1700000000000000000),
        ({"intValue": "many"}, "many"),
        ({"int_value": "5"}, 5),
        ({"string_value": "a"}, "a"),
        ({"stringValue": 5}, 5),
        ({"boolValue": "true"}, True),
        ({"boolValue": 0}, False),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"doubleValue": 1}, 1.0),
        ({"bytesValue": "AQI="}, "AQI="),
        ({"arrayValue": {"values": [{"intValue": 1}, {"doubleValue": 0.5}]}}, (1.0, 0.5)),
        ({"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "é"}]}}, '[1,"é"]'),
        ({"arrayValue": {"values": [{"arrayValue": {"values": [{"intValue": 1}]}}]}}, "[[1]]"),
        ({"arrayValue": {"values": [True, 1]}}, "[true,1]"),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"intValue": "1"}}, 7]}}, '{"a":1}'),
        ({"kvlistValue": None}, "{}"),
        ({}, ""),
        ({"futureValue": 1}, ""),
        (None, ""),
        ("bare", "bare"),
        (3, 3),
        ([], ""),
    ],
)
def test_values_of_many_writers(encoded: object, value: object) -> None:
    decoded = decode_value(encoded)
    assert (decoded, type(decoded)) == (value, type(value))


def test_deep_values_are_cut_and_nothing_recurses() -> None:
    value: dict[str, Any] = {"intValue": "1"}
    for _ in range(100_000):
        value = {"arrayValue": {"values": [value]}}
    assert isinstance(decode_value(value), str)
    while "arrayValue" in value:  # take it apart by hand: the interpreter would recurse
        value = value["arrayValue"]["values"].pop()


def test_numbers_and_ids() -> None:
    assert math.isnan(decode_double("x"))
    assert math.isnan(decode_double(True))
    assert math.isnan(decode_double(10**400))
    assert decode_integer(True) is None
    assert decode_integer("9" * 5000) is None
    assert decode_integer(math.inf) is None
    assert decode_integer(str(2**64 - 1)) == 2**64 - 1
    assert decode_integer(2**64) is None
    assert decode_id("81B899C559EC55E8D4841837A318F658", 16) == TRACE
    assert decode_id("gbiZxVnsVejUhBg3oxj2WA==", 16) == TRACE
    assert decode_id("K3Fh0WmwZMI=", 8) == SPAN
    assert decode_id("AAAAAAAAAAA=", 8) == decode_id("0" * 16, 8) == decode_id("", 8) == decode_id(None, 8) == ""
    assert decode_id("not-an-id==!", 8) == decode_id("not-an-id==!", 8)
    assert decode_id("short", 8) == "short"
    assert decode_id("!!!!!!!!!!!=", 8) == "!!!!!!!!!!!="


TEMPO_2022 = {
    "batches": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
            "instrumentationLibrarySpans": [
                {
                    "instrumentationLibrary": {"name": "lib", "version": "1"},
                    "spans": [
                        {
                            "traceId": "gbiZxVnsVejUhBg3oxj2WA==",
                            "spanId": "K3Fh0WmwZMI=",
                            "parentSpanId": "j2ACruykSI4=",
                            "name": "x",
                            "kind": "SPAN_KIND_SERVER",
                            "startTimeUnixNano": "10",
                            "endTimeUnixNano": "20",
                            "status": {"code": "STATUS_CODE_ERROR"},
                        }
                    ],
                }
            ],
        }
    ]
}
SNAKE = {
    "resource_spans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"string_value": "s"}}]},
            "scope_spans": [
                {
                    "scope": {"name": "lib", "version": "1"},
                    "spans": [
                        {
                            "trace_id": TRACE,
                            "span_id": SPAN,
                            "parent_span_id": PARENT,
                            "name": "x",
                            "kind": "server",
                            "start_time_unix_nano": 10,
                            "end_time_unix_nano": 20.0,
                            "status": {"code": "2"},
                        }
                    ],
                }
            ],
        }
    ]
}


@pytest.mark.parametrize(
    "data",
    [
        TEMPO_2022,
        SNAKE,
        {"trace": SNAKE},
        {"result": TEMPO_2022, "other": 1},
        [SNAKE],
        SNAKE["resource_spans"][0],
        {**SNAKE, "unknown": [{"deep": 1}]},
    ],
)
def test_other_spellings(data: object) -> None:
    (record,), counts = records_of(data)
    assert record == SpanRecord(
        TRACE,
        SPAN,
        PARENT,
        "x",
        10,
        20,
        kind="server",
        status="error",
        resource={"service.name": "s"},
        scope="lib",
        scope_version="1",
    )
    assert counts == DecodeCounts(spans=1)


def span(**fields: object) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": TRACE, "spanId": SPAN, **fields}]}]}]}


def test_missing_and_damaged_fields() -> None:
    (record,), counts = records_of(
        span(
            startTimeUnixNano="soon",
            endTimeUnixNano="0",
            kind=77,
            name=None,
            status=[],
            attributes=[{"key": "a"}, {"value": 1}, 5, {"key": ""}],
            events=[{}, 1],
            links={"no": "list"},
            droppedEventsCount=3,
            droppedAttributesCount="2",
            droppedLinksCount=-1,
        )
    )
    assert (record.start_ns, record.end_ns, record.name, record.kind, record.status) == (
        0,
        None,
        "",
        "internal",
        "unset",
    )
    assert record.attributes == {"a": ""}
    assert record.events == (SpanEvent("", 0),)
    assert counts == DecodeCounts(spans=1, unreadable=1, missing_times=1, dropped=5)
    assert (counts.quality().unreadable, counts.quality().dropped_events) == (1, 5)


@pytest.mark.parametrize(
    "data",
    [
        span(traceId=""),
        span(spanId=None),
        span(traceId="0" * 32),
        {"resourceSpans": [5]},
        {"resourceSpans": [{"scopeSpans": [5]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [5]}]}]},
        [5],
        5,
        "text",
        None,
        {"a": 1},
    ],
)
def test_what_is_no_span_is_counted(data: object) -> None:
    records, counts = records_of(data)
    assert records == []
    assert counts.unreadable == 1


@pytest.mark.parametrize("data", [{}, [], {"resourceSpans": None}, {"resourceSpans": [{}]}])
def test_nothing_is_nothing(data: object) -> None:
    records, counts = records_of(data)
    assert (records, counts) == ([], DecodeCounts())


KEYS = st.sampled_from(
    [
        "resourceSpans", "scopeSpans", "spans", "resource", "attributes", "key", "value", "traceId", "spanId", "status",
        "events", "links", "intValue", "arrayValue", "values", "kind", "code", "startTimeUnixNano", "trace",
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_no_json_raises(data: object) -> None:
    for record in decode(data):
        json.dumps(encode([record]), allow_nan=False)
