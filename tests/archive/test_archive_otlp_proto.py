from __future__ import annotations

import pytest
from archive_samples import RECORDS
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from otelwod.archive import otlp_json, otlp_proto
from otelwod.archive.tally import Tally
from otelwod.trace import SpanRecord


def message(records: list[SpanRecord] = RECORDS) -> TracesData:
    found = TracesData()
    for record in records:
        kinds = {"internal": 1, "server": 2, "client": 3}
        resource_spans = found.resource_spans.add()
        for name, value in record.resource.items():
            resource_spans.resource.attributes.add(key=name).value.string_value = str(value)
        scope_spans = resource_spans.scope_spans.add()
        scope_spans.scope.name, scope_spans.scope.version = record.scope, record.scope_version
        span = scope_spans.spans.add(
            trace_id=bytes.fromhex(record.trace_id),
            span_id=bytes.fromhex(record.span_id),
            parent_span_id=bytes.fromhex(record.parent_id or ""),
            name=record.name,
            kind=kinds[record.kind],
            start_time_unix_nano=record.start_ns,
            end_time_unix_nano=record.end_ns,
        )
        span.status.code = ("unset", "ok", "error").index(record.status)
        span.status.message = record.status_message
        for name, value in record.attributes.items():
            given_value = span.attributes.add(key=name).value
            field = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}[type(value)]
            setattr(given_value, field, value)
        for event in record.events:
            one = span.events.add(name=event.name, time_unix_nano=event.time_ns)
            one.attributes.add(key="attempt").value.int_value = 1
        for link in record.links:
            span.links.add(trace_id=bytes.fromhex(link.trace_id), span_id=bytes.fromhex(link.span_id))
    return found


def read(data: bytes) -> tuple[list[SpanRecord], Tally]:
    tally = Tally()
    assert otlp_proto.looks_like(data)
    return list(otlp_proto.read(data, tally)), tally


def test_every_field() -> None:
    assert read(message().SerializeToString()) == (RECORDS, Tally())


def test_the_same_as_our_own_json() -> None:
    data = otlp_json.encode(RECORDS)
    for resource_spans in data["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:  # protobuf's own mapping has ids in base64
                for holder in (span, *span.get("links", ())):
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in holder:
                            import base64

                            holder[name] = base64.b64encode(bytes.fromhex(holder[name])).decode()
    assert read(ParseDict(data, TracesData()).SerializeToString())[0] == RECORDS


def test_framed_messages() -> None:
    frames = b""
    for record in RECORDS:
        one = message([record]).SerializeToString()
        frames += len(one).to_bytes(4, "big") + one
    assert read(frames) == (RECORDS, Tally())
    records, tally = read(frames[:-3])
    assert records == RECORDS[:2]
    assert tally.warnings == ["the last message is torn: read as far as it goes"]
    assert sum(tally.skipped.values()) >= 1


def test_values_of_every_kind() -> None:
    data = message(RECORDS[:1])
    span = data.resource_spans[0].scope_spans[0].spans[0]
    del span.attributes[:]
    span.attributes.add(key="none")
    span.attributes.add(key="bytes").value.bytes_value = b"\x00\x01"
    listed = span.attributes.add(key="list").value.array_value
    for text in ("a", "b"):
        listed.values.add().string_value = text
    entry = span.attributes.add(key="map").value.kvlist_value.values.add(key="inner")
    entry.value.int_value = 5
    span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count = 1, 2, 3
    span.kind = 77  # type: ignore[assignment]
    (record,), tally = read(data.SerializeToString())
    assert record.attributes == {"none": "", "bytes": "AAE=", "list": ("a", "b"), "map": '{"inner":5}'}
    assert record.kind == "internal"
    assert tally.dropped == 6


def test_spans_without_ids_are_counted() -> None:
    data = message()
    data.resource_spans[0].scope_spans[0].spans[0].span_id = b""
    data.resource_spans[1].scope_spans[0].spans[0].trace_id = bytes(16)
    records, tally = read(data.SerializeToString())
    assert records == RECORDS[2:]
    assert tally.skipped == {"span without an id": 2}


def test_one_damaged_span_harms_itself_only() -> None:
    data = message(RECORDS * 3).SerializeToString()
    for name in (b"GET /cart", b"SELECT"):
        at = data.index(name)
        broken = data[:at] + b"\xff" + data[at + 1 :]  # no UTF-8: the parser refuses the whole message
        records, tally = read(broken)
        assert len(records) == 8
        assert tally.skipped == {"span that cannot be parsed": 1}
        assert {record.service for record in records} == {"shop", "db"}


def test_cut_at_any_byte() -> None:
    data = message().SerializeToString()
    seen = set()
    for cut in range(1, len(data)):
        records, tally = read(data[:cut])
        assert [record.span_id for record in records] == [record.span_id for record in RECORDS[: len(records)]]
        ends = {len(message(RECORDS[:count]).SerializeToString()) for count in (1, 2)}
        assert sum(tally.skipped.values()) or cut in ends, cut  # a cut between two parts cannot be seen
        seen.add(len(records))
    assert seen >= {0, 1, 2}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"\x0a", b"\0\0\0\x20\x0a"]), st.binary(max_size=60))
def test_no_bytes_raise(begin: bytes, data: bytes) -> None:
    read(begin + data)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x89PNG", b"\0\0\0\0\0", b"hello"])
def test_what_is_no_protobuf(data: bytes) -> None:
    assert not otlp_proto.looks_like(data)
