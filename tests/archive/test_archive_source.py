from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from archive_samples import RECORDS, TRACE, jaeger, jaeger_span, to_bytes, zipkin
from hypothesis import given, settings
from hypothesis import strategies as st

from otelwod.archive import otlp_json, parse
from otelwod.archive.columns import Gathering
from otelwod.archive.document import Documents
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.source import ReadResult, open_source
from otelwod.archive.tally import Tally
from otelwod.trace import Quality


@pytest.fixture(params=["orjson", "json"], autouse=True)
def json_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test here runs with either parser: the results must be equal."""
    if request.param == "json":
        monkeypatch.setattr(parse, "_fast_loads", None)
    elif parse._fast_loads is None:
        pytest.skip("orjson is not installed")
    return str(request.param)


def read(tmp_path: Path, data: bytes, **limits: Any) -> ReadResult:
    path = tmp_path / "source"
    path.write_bytes(data)
    return open_source(path, limits=Limits(**limits))


OTLP = otlp_json.encode(RECORDS)
OTLP_LINES = b"\n".join(to_bytes(otlp_json.encode([record])) for record in RECORDS) + b"\n"


def old_names(value: Any) -> Any:
    """OTLP JSON as Tempo wrote it in 2022."""
    import base64

    if isinstance(value, list):
        return [old_names(item) for item in value]
    if isinstance(value, dict):
        names = {
            "resourceSpans": "batches",
            "scopeSpans": "instrumentationLibrarySpans",
            "scope": "instrumentationLibrary",
        }
        found = {names.get(key, key): old_names(item) for key, item in value.items()}
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in found:
                found[name] = base64.b64encode(bytes.fromhex(found[name])).decode()
        if isinstance(found.get("kind"), int):
            found["kind"] = ("", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT")[found["kind"]]
        return found
    return value


@pytest.mark.parametrize(
    ("data", "formats"),
    [
        (to_bytes(OTLP), ("otlp",)),
        (json.dumps(OTLP, indent=2).encode(), ("otlp",)),
        (b"\xef\xbb\xbf" + to_bytes(OTLP), ("otlp",)),
        (json.dumps(OTLP).encode("utf-16"), ("otlp",)),
        (gzip.compress(to_bytes(OTLP)), ("otlp",)),
        (OTLP_LINES, ("otlp",)),
        (OTLP_LINES.replace(b"\n", b"\r\n\r\n"), ("otlp",)),
        (b"\n" + OTLP_LINES.rstrip(), ("otlp",)),
        ("\n".join(json.dumps(otlp_json.encode([r]), indent=1) for r in RECORDS).encode(), ("otlp",)),
        (to_bytes([otlp_json.encode([record]) for record in RECORDS]), ("otlp",)),
        (to_bytes({"trace": OTLP}), ("otlp",)),
        (to_bytes({"result": OTLP}), ("otlp",)),
        (to_bytes(OTLP["resourceSpans"]), ("otlp",)),
        (to_bytes(old_names(OTLP)), ("tempo",)),
        (to_bytes({"batches": OTLP["resourceSpans"]}), ("tempo",)),
        (to_bytes(jaeger()), ("jaeger",)),
        (json.dumps(jaeger(), indent=4).encode(), ("jaeger",)),
        (to_bytes(jaeger()["data"]), ("jaeger",)),
        (to_bytes(jaeger()["data"][0]), ("jaeger",)),
        (to_bytes(jaeger()["data"][0]) + b"\n" + to_bytes(OTLP), ("jaeger", "otlp")),
    ],
)
def test_formats_are_told_by_their_content(tmp_path: Path, data: bytes, formats: tuple[str, ...]) -> None:
    found = read(tmp_path, data)
    assert found.formats == formats
    (trace,) = found.traces
    assert list(trace.records) == RECORDS
    assert (found.skipped, found.repaired, found.warnings) == ({}, {}, ())
    assert found.eps_ns == (1000 if "jaeger" in formats else 0)
    assert trace.quality == Quality(spans=3, roots=1, duplicate_ids=3 if len(formats) == 2 else 0)


def test_protobuf(tmp_path: Path) -> None:
    from test_archive_otlp_proto import message

    found = read(tmp_path, gzip.compress(message().SerializeToString()))
    assert found.formats == ("otlp",)
    assert list(found.traces[0].records) == RECORDS


@pytest.mark.parametrize("shape", ["flat", "nested", "lines", "alone"])
def test_zipkin(tmp_path: Path, shape: str) -> None:
    spans = zipkin()
    data = {
        "flat": to_bytes(spans),
        "nested": to_bytes([spans[:2], spans[2:]]),
        "lines": b"\n".join(map(to_bytes, spans)),
        "alone": to_bytes(spans[0]),
    }[shape]
    found = read(tmp_path, data)
    assert found.formats == ("zipkin",)
    assert found.eps_ns == 1000
    (trace,) = found.traces
    if shape != "alone":
        assert list(trace.parent) == [-1, 0, 1, 2]


def test_jaeger_spans_on_lines(tmp_path: Path) -> None:
    data = b"\n".join(map(to_bytes, jaeger()["data"][0]["spans"]))
    (trace,) = read(tmp_path, data).traces
    assert list(trace.parent) == [-1, 0, 1]


def test_several_sources_are_one_run(tmp_path: Path) -> None:
    for number, record in enumerate(RECORDS):
        (tmp_path / f"{number}.json").write_bytes(to_bytes(otlp_json.encode([record])))
    found = open_source([tmp_path / "2.json", str(tmp_path / "0.json"), tmp_path / "1.json"])
    (trace,) = found.traces
    assert list(trace.records) == RECORDS


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"hello", "is no trace"),
        (b"\x89PNG\r\n\x1a\n", "is no trace"),
        (b"[" * 10_000, "nests deeper than 400 levels"),
        (b'{"a":' * 401 + b"1" + b"}" * 401, "nests deeper than 400 levels"),
    ],
)
def test_what_cannot_be_read_at_all(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ReadError, match=said):
        read(tmp_path, data)


@pytest.mark.parametrize(
    ("value", "skipped", "warnings"),
    [
        ({"some": "thing"}, {"JSON that holds no trace of a known format": 1}, ()),
        ([1, [2, {}]], {"array item that is no object": 2, "JSON that holds no trace of a known format": 1}, ()),
        ({"data": None, "errors": [{"code": 404, "msg": "trace not found"}]}, {}, ("trace not found",)),
        ({"data": []}, {}, ("holds no traces",)),
        ({"data": [5]}, {"trace that is no object": 1}, ()),
    ],
)
def test_json_without_spans(tmp_path: Path, value: object, skipped: dict[str, int], warnings: tuple[str, ...]) -> None:
    found = read(tmp_path, to_bytes(value))
    assert found.traces == ()
    assert found.skipped == skipped
    assert [said in warning for said, warning in zip(warnings, found.warnings, strict=True)] == [True] * len(warnings)


def test_too_many_spans(tmp_path: Path) -> None:
    for data in (OTLP_LINES, to_bytes(jaeger())):
        with pytest.raises(ReadError, match="holds more than 2 spans"):
            read(tmp_path, data, spans=2)


def test_too_many_values(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds more than 1,000 values"):
        read(tmp_path, b"[" + b"[]," * 1000 + b"[]]", nodes=1000)
    assert read(tmp_path, to_bytes(jaeger()), nodes=1000).spans == 3


def test_a_bomb_of_spans_ends_early(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds more than 100 spans"):
        read(tmp_path, OTLP_LINES * 1000, spans=100)


@pytest.mark.parametrize("name", ["otlp", "otlp lines", "jaeger", "jaeger sorted", "zipkin", "tempo"])
def test_cut_at_any_byte_gives_every_whole_span(tmp_path: Path, name: str) -> None:
    data = {
        "otlp": to_bytes(OTLP),
        "otlp lines": OTLP_LINES,
        "jaeger": to_bytes(jaeger()),
        "jaeger sorted": json.dumps(jaeger(), sort_keys=True).encode(),
        "zipkin": to_bytes(zipkin()),
        "tempo": to_bytes(old_names(OTLP)),
    }[name]
    last = 0
    for cut in range(1, len(data), 7):
        found = read(tmp_path, data[:cut])
        assert found.spans >= last, cut
        last = max(last, found.spans)
        whole = {record.span_id: record for trace in found.traces for record in trace.records}
        for record in RECORDS if name != "zipkin" else ():
            if record.span_id in whole and (name != "jaeger" or cut > len(data) - 10):
                assert whole[record.span_id] == record, cut
        if found.spans < 3 and data[:cut].rstrip()[-2:] != b"}\n"[:1]:
            assert found.skipped or found.spans == data[:cut].count(b"\n"), cut
    assert last >= 2


def test_a_damaged_byte_costs_the_span_that_it_hit(tmp_path: Path) -> None:
    clean = to_bytes(jaeger())
    at = clean.index(b'"operationName": "load"')
    found = read(tmp_path, clean[:at] + b"#" + clean[at + 1 :])
    assert [record.name for record in found.traces[0].records] == ["GET /cart", "SELECT"]
    assert [record.service for record in found.traces[0].records] == ["shop", "db"]
    assert found.skipped == {"damaged JSON text": 1}
    assert "damaged at line 1, column " in found.warnings[0]
    assert found.warnings[0].endswith("2 spans of it could be read")


def test_a_damaged_line_costs_itself_only(tmp_path: Path) -> None:
    lines = OTLP_LINES.splitlines()
    found = read(tmp_path, b"\n".join([lines[0], b"}{", lines[1], b"not json", lines[2]]))
    assert list(found.traces[0].records) == RECORDS
    assert found.skipped == {"damaged JSON text": 2}
    assert [warning.split(":")[1] for warning in found.warnings] == ["2", "4"]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    found = read(tmp_path, to_bytes(OTLP).replace(b"SELECT", b"SEL\xff\xfeECT"))
    assert [record.name for record in found.traces[0].records][2] == "SEL\ufffd\ufffdECT"


@pytest.mark.parametrize("odd", ["NaN", "Infinity", '"\\ud800"', "1" * 5000, "1e999", "-0.0"])
def test_odd_values_are_read_the_same_by_either_parser(
    tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"data": [{"traceID": TRACE, "spans": [jaeger_span("a", None, "a", 0, 1, duration="ODD")]}]})
    data = text.replace('"ODD"', odd).encode()
    ours = read(tmp_path, data)
    monkeypatch.setattr(parse, "_fast_loads", None)
    theirs = read(tmp_path, data)
    assert [t.records for t in ours.traces] == [t.records for t in theirs.traces]
    assert ours.repaired == theirs.repaired


def test_a_stack_that_is_nearly_full(tmp_path: Path) -> None:
    deep = to_bytes({"data": [{"traceID": "x", "spans": [], "deep": json.loads("[" * 350 + "]" * 350)}]})

    def down(levels: int) -> None:
        if levels:
            down(levels - 1)
        else:
            with pytest.raises(ReadError, match="nests too deeply for this program's stack"):
                read(tmp_path, deep)

    used = len(__import__("inspect").stack())
    if parse._fast_loads is None:
        down(sys.getrecursionlimit() - used - 250)
    assert read(tmp_path, deep).spans == 0


def test_deep_attributes_do_not_recurse(tmp_path: Path) -> None:
    value: object = 1
    for _ in range(300):
        value = [value]
    found = read(tmp_path, to_bytes({**jaeger(), "data": [{"traceID": "x", "spans": [
        jaeger_span("a", None, "a", 0, 1, tags=[{"key": "deep", "value": value}])
    ]}]}))  # fmt: skip
    assert str(found.traces[0].record(0).attributes["deep"]).startswith("[[[[")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipped_bytes_never_raise_anything_else(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([to_bytes(OTLP), OTLP_LINES, to_bytes(jaeger()), to_bytes(zipkin())])))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    documents = Documents(Gathering(), Tally())
    try:
        parse.read_data(bytes(raw), "x", documents, Limits())
    except ReadError:
        return
    for trace in documents.gathering.traces(Quality()):
        assert len(trace.records) == len(trace)


def test_salvage_is_linear() -> None:
    """Text made to fail late again and again is given up, not looked at for ever."""
    from otelwod.archive import salvage

    tally = Tally()
    deep = '{"a":[' * 190 + '{"b":1},' * 3_000
    assert list(salvage.objects(deep, tally)) == []
    assert tally.skipped == {"rest of a badly damaged text": 1}
    opens = '{"a' * 100_000
    assert list(salvage.objects(opens, tally)) == []
    digits = '{"x": 1} {"y": ' + "9" * 5000 + '} {"z": 2}'
    assert [value for _, value in salvage.objects(digits, Tally())] == [{"x": 1}, {"z": 2}]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('"p1":{}', "p1"),
        ('{"a": 1, "p1"  :\n\t {}', "p1"),
        ("{}", None),
        ("[{}", None),
        ('"x" {}', None),
        (":{}", None),
        ('":{}', None),
        ('"":{}', ""),
        ("x:{}", None),
        ('"' + "k" * 300 + '": {}', None),
        ('"k":' + " " * 100 + "{}", None),
        ('"a\\"":{}', None),
    ],
)
def test_the_key_before_an_object(text: str, key: str | None) -> None:
    from otelwod.archive import salvage

    assert salvage._key_before(text, text.rindex("{")) == key


def test_what_stood_around_a_span_comes_back() -> None:
    from otelwod.archive import salvage

    span = {"traceId": "a", "spanId": "b", "startTimeUnixNano": "1"}
    torn = (
        '{"resourceSpans": [{"resource": {"attributes": [1]}, "scopeSpans": ['
        f'{{"scope": {{"name": "whole"}}, "spans": [{json.dumps(span)}]}}, '
        f'{{"scope": {{"name": "torn"}}, "spans": [{json.dumps(span)}, {{"traceId"'
    )
    found = [document["resourceSpans"][0] for document in salvage.documents(torn, Tally())]
    assert [one["resource"] for one in found] == [{"attributes": [1]}] * 2
    assert [one["scopeSpans"][0]["scope"]["name"] for one in found] == ["whole", "torn"]


@pytest.mark.parametrize("length", [10, 1_000, 1_010, 1_030, 8_180, 8_200, 70_000])
@pytest.mark.parametrize("filler", ["x", "\\\\", "\\u00e9", "1"])
def test_objects_of_any_length_are_found(length: int, filler: str) -> None:
    from otelwod.archive import salvage

    content = filler * (length // len(filler))
    inner = json.dumps({"n": 1})
    text = f'{{"torn": [{{"a": "{content}", "b": {inner}, "c": [1, true, 12345]}}, {{"d": "{content}'
    ((key, value),) = salvage.objects(text, Tally())
    assert key is None
    assert value == {"a": json.loads(f'"{content}"'), "b": {"n": 1}, "c": [1, True, 12345]}


def test_many_bad_escapes_cost_only_their_own_spans(tmp_path: Path) -> None:
    spans = [jaeger_span(f"{n}", None, "C:ODDqueue" if n % 2 else "fine", n, 1) for n in range(600)]
    text = json.dumps({"data": [{"traceID": TRACE, "spans": spans}]}).replace("ODD", "\\")
    found = read(tmp_path, text.encode())
    assert found.spans == 300
    assert found.skipped == {"damaged JSON text": 1}


def test_processes_go_with_their_own_trace() -> None:
    from otelwod.archive import salvage

    def spans(trace: str) -> str:
        return f'"spans": [{{"traceID": "{trace}", "spanID": "1", "startTime": 1}}]'

    def processes(service: str) -> str:
        return f'"processes": {{"p1": {{"serviceName": "{service}"}}}}'

    torn = f'{{{spans("c")}, "processes": {{"p1": {{"serviceName": "C"}}'
    behind = f"[{{{spans('a')}, {processes('A')} # }}, {{{spans('b')}, {processes('B')} # }}, {torn}"
    before = f"[{{{processes('A')}, {spans('a')} # }}, {{{processes('B')}, {spans('b')} # }}"
    for text, traces in ((behind, "abc"), (before, "ab")):
        found = list(salvage.documents(text, Tally()))
        assert [document["traceID"] for document in found] == list(traces)
        assert [document["processes"]["p1"]["serviceName"] for document in found] == list(traces.upper())


def test_warnings_are_bounded() -> None:
    tally = Tally()
    for number in range(200):
        tally.warn(f"warning {number}")
    assert len(tally.warnings) == 50


def test_the_archive_works_without_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    monkeypatch.setitem(sys.modules, "orjson", None)
    fresh = importlib.reload(parse)
    try:
        assert fresh._fast_loads is None
        assert fresh.loads(b'{"a": NaN}')["a"] != 0
    finally:
        monkeypatch.undo()
        importlib.reload(parse)


def test_text_behind_sound_json_is_told_from_damage(tmp_path: Path) -> None:
    clean = to_bytes(jaeger())
    found = read(tmp_path, clean + b" and so on")
    assert found.spans == 3
    assert found.skipped == {"text behind the JSON": 1}
    (warning,) = found.warnings
    assert warning.endswith(
        f"source: what stands from line 1, column {len(clean) + 2} on is no JSON; all before it was read"
    )


def test_starts_that_are_all_missing_are_counted_where_nothing_has_a_date(tmp_path: Path) -> None:
    document = jaeger()
    for span in document["data"][0]["spans"]:
        span["startTime"] = -5
    found = read(tmp_path, to_bytes(document))
    assert found.traces[0].quality.missing_times == 3 == found.spans
    assert not found.repaired


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_and_one_without_a_writer_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ReadError, match="pipe into which nobody has written for 0 s"):
        open_source(pipe, limits=Limits(seconds=0))
    keep = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(pipe, os.O_WRONLY)
    os.write(writer, to_bytes(jaeger()))
    os.close(writer)
    assert open_source(pipe).spans == 3
    os.close(keep)
