from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from archive_samples import T0, TRACE, zipkin
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.archive.tally import Tally
from otelwod.archive.zipkin import read
from otelwod.trace import SpanEvent, SpanRecord


def by_id(spans: list[Any]) -> dict[str, SpanRecord]:
    return {record.span_id: record for record in read(spans, Tally())}


def test_every_field() -> None:
    found = by_id(zipkin())
    assert found["b7ad6b7169203331"] == SpanRecord(
        TRACE,
        "b7ad6b7169203331",
        None,
        "get /cart",
        T0 * 1000,
        (T0 + 1000) * 1000,
        kind="server",
        attributes={"http.route": "/cart"},
        resource={"service.name": "shop", "host.ip": "10.0.0.1"},
    )
    assert found["00f067aa0ba902b7"] == SpanRecord(
        TRACE,
        "00f067aa0ba902b7",
        "b7ad6b7169203331",
        "load",
        (T0 + 100) * 1000,
        (T0 + 400) * 1000,
        kind="client",
        status="error",
        status_message="no answer",
        attributes={"error": "no answer", "peer.service": "db"},
        events=(SpanEvent("retry", (T0 + 200) * 1000),),
        resource={"service.name": "shop"},
    )


@pytest.mark.parametrize("order", list(permutations(range(4))))
@pytest.mark.parametrize("said", [True, False])
def test_the_halves_of_a_shared_span_are_told_apart(order: tuple[int, ...], said: bool) -> None:
    spans = zipkin()
    if not said:
        del spans[2]["shared"]
    found = by_id([spans[at] for at in order])
    assert {span_id: record.parent_id for span_id, record in found.items()} == {
        "b7ad6b7169203331": None,
        "00f067aa0ba902b7": "b7ad6b7169203331",
        "00f067aa0ba902b7-server": "00f067aa0ba902b7",
        "7ad6b71692033312": "00f067aa0ba902b7-server",
    }
    assert found["00f067aa0ba902b7"].service == "shop"
    assert found["00f067aa0ba902b7-server"].service == "db"


def test_a_shared_half_alone_keeps_its_id() -> None:
    found = by_id(zipkin()[2:])
    assert found["00f067aa0ba902b7"].parent_id == "b7ad6b7169203331"
    assert found["7ad6b71692033312"].parent_id == "00f067aa0ba902b7"


def test_a_span_reported_in_parts_is_put_together() -> None:
    whole = zipkin()[0]
    first = {key: whole[key] for key in ("traceId", "id", "timestamp", "localEndpoint")}
    second = {key: whole[key] for key in ("traceId", "id", "name", "duration", "kind", "tags")} | {"timestamp": T0}
    tally = Tally()
    (record,) = read([first, second], tally)
    assert record == by_id([whole])["b7ad6b7169203331"]
    assert tally.repaired == {"span reported in parts: put together": 1}
    (open_one,) = read([first, first], tally)
    assert open_one.end_ns is None


def test_damaged_spans_are_counted() -> None:
    tally = Tally()
    found = list(
        read(
            [
                {"traceId": TRACE},
                {"traceId": "", "id": "1"},
                "x",
                {"traceId": TRACE, "id": "2", "timestamp": "soon", "duration": -3, "tags": [], "kind": 5},
                {"traceId": TRACE, "id": "3", "tags": {"error": False}, "localEndpoint": "me", "annotations": [1]},
            ],
            tally,
        )
    )
    assert tally.skipped == {"span without an id": 2, "span that is no object": 1}
    assert [(record.span_id, record.start_ns, record.end_ns, record.status) for record in found] == [
        ("2", 0, None, "unset"),
        ("3", 0, None, "unset"),
    ]


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just([1]) | st.just({})


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_nothing_raises_whatever_stands_in_a_field(data: st.DataObject) -> None:
    spans = zipkin()
    for name in data.draw(st.lists(st.sampled_from(sorted(spans[1])), max_size=4)):
        spans[1][name] = data.draw(json_values)
    assert len(list(read(spans, Tally()))) >= 3
