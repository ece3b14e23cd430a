from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from otelwod.archive.otlp_codec import encode
from otelwod.cli import analyze, main
from otelwod.cli.conditions import Condition, ConditionError, evaluate, parse, parse_time
from otelwod.insight.analysis import analyze_traces
from otelwod.insight.report import Report
from otelwod.trace import SpanRecord, Trace

MS = 1_000_000


def span(number: int, name: str, start: int, end: int, parent: int | None = 1, service: str = "shop") -> SpanRecord:
    return SpanRecord(
        "ab" * 16,
        f"{number:016x}",
        None if parent is None else f"{parent:016x}",
        name,
        start * MS,
        end * MS,
        status="error" if name == "pay" else "unset",
        resource={"service.name": service},
    )


SPANS = [
    span(1, "GET /cart (v2)", 0, 1000, None),
    span(2, "load", 0, 300),
    span(3, "load", 300, 700),
    span(4, "pay", 700, 950),
    span(5, "load", 950, 1000, service="bank"),
]


@pytest.fixture(scope="module")
def report() -> Report:
    return analyze_traces(Trace.from_records(SPANS))


def jaeger(path: Path, spans: list[SpanRecord] | None = None) -> Path:
    document = {
        "data": [
            {
                "traceID": "ab" * 16,
                "processes": {"p1": {"serviceName": "shop", "tags": []}},
                "spans": [
                    {
                        "traceID": "ab" * 16,
                        "spanID": one.span_id,
                        "operationName": one.name,
                        "references": [{"refType": "CHILD_OF", "traceID": "ab" * 16, "spanID": one.parent_id}]
                        if one.parent_id
                        else [],
                        "startTime": 1_700_000_000_000_000 + one.start_ns // 1000,
                        "duration": one.duration_ns // 1000,
                        "tags": [],
                        "logs": [],
                        "processID": "p1",
                    }
                    for one in spans or SPANS
                ],
            }
        ]
    }
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("p95(load) > 300ms", True),
        ("p95(load) > 400ms", False),
        ("p95(load) >= 0.4 s", True),
        ("p95(load)>0.399s", True),
        ("count(load) == 3", True),
        ("count(load, shop) = 2", True),
        ("count(load,bank) != 1", False),
        ("total(load) == 750 ms", True),
        ("min(load) < 51ms", True),
        ("mean(load, shop) == 350ms", True),
        ("max(load) > 6 min", False),
        ("errors(pay) >= 1 and error_rate(pay) ≥ 100 %", True),
        ("errors(load) > 0 or duration > 0:01", False),
        ("errors(load) > 0 or duration >= 0:01", True),
        ("not errors(load) > 0", True),
        ("not (errors(load) > 0 or traces > 1)", True),
        ("critical_share(load) > 74 % and critical_share(load) < 0.76", True),
        ('p50("GET /cart (v2)") == 1s', True),
        ("self(pay) = 250000us and self(pay) = 250000 µs", True),
        ("5 < spans", False),
        ("spans < 6 and not spans < 5", True),
        ("count(nothing) == 0", True),
        ("orphans > 0 or open_spans > 0 or unreadable > 0", False),
        ("peak = 1 and concurrency <= 1 and serial_fraction = 100%", True),
        ("longest <= 1s and idle = 0 and work > 0 and rest = 0 and pause = 0 and transition = 0", True),
        ("duration > 0", True),
        ("slowdown(load) > 1h or busy(load) > 1h or active(load) > 1h or critical(load) > 1h", False),
        ("calls_per_parent(load) >= 2 and p99(load) > p50(load)", True),
        ("spans > 1 or(spans > 2)", True),
    ],
)
def test_conditions(report: Report, text: str, holds: bool) -> None:
    assert evaluate(parse(text), report)[0] is holds


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 1, "ends too early"),
        ("p95(load)", 10, "a comparison is missing"),
        ("p95(load) >", 12, "ends too early"),
        ("p95(load) > 2", 11, "give it a unit"),
        ("count(load) > 2s", 13, "a time is compared with a number"),
        ("p96(load) > 2s", 1, "did you mean 'p9"),
        ("  durration > 2s", 3, "did you mean 'duration'"),
        ("p95 > 2s", 1, "Name an operation: p95(load)"),
        ("p95() > 2s", 5, "the name of an operation is missing"),
        ("p95(load > 2s", 14, "a closing parenthesis is missing"),
        ("(spans > 2", 11, "a closing parenthesis is missing"),
        ("spans > 2) or spans > 3", 10, "join comparisons"),
        ("duration > 2 sec", 14, "is no unit"),
        ("duration > 2 m", 14, "did you mean"),
        ("spans > !", 9, "not expected here"),
        ("(" * 100 + "spans > 1" + ")" * 100, 42, "nested deeper than 40"),
        ("not " * 100 + "spans > 1", 164, "nested deeper than 40"),
        ("spans > 1 or " * 500 + "spans > 1", 2000, "several times"),
    ],
)
def test_bad_conditions_say_where(text: str, column: int, said: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert said in caught.value.message
    assert caught.value.column == column


def test_an_unknown_operation_never_passes_in_silence(report: Report) -> None:
    condition: Condition = parse("spans > 1 or p95(laod) > 2s")
    with pytest.raises(ConditionError, match=r"no operation 'laod' in the data; did you mean 'load'\?"):
        evaluate(condition, report)


def test_what_was_found_is_told(report: Report) -> None:
    assert evaluate(parse("p95(load) > 0.3 s and not errors(pay) = 0 or spans > 9"), report) == (
        True,
        ["p95(load) > 0.3 s: p95(load) is 400 ms", "not errors(pay) == 0: errors(pay) is 1"],
    )
    assert evaluate(parse("1 < 2"), report) == (True, ["1 < 2"])


@pytest.mark.parametrize(("text", "ns"), [("100ms", 100 * MS), ("1.5 s", 1500 * MS), ("2:30", 150_000 * MS)])
def test_times(text: str, ns: int) -> None:
    assert parse_time(text) == ns


@pytest.mark.parametrize("text", ["5", "duration", "2s 3", "x"])
def test_bad_times(text: str) -> None:
    with pytest.raises(ConditionError):
        parse_time(text)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["analyze", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, jaeger(tmp_path / "t.json"), "--width", 80)
    assert (status, err) == (0, "")
    assert out.startswith("`load` holds 75 % of the critical time; 20 % faster makes 1 s into about 850 ms.\n")
    assert "Data: 5 spans, nothing missing." in out
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, jaeger(tmp_path / "t.json"), "--format", "json")
    document = json.loads(out)
    assert (status, err) == (0, "")
    assert document["schema"] == 1
    assert {"traces", "spans", "operations", "bottlenecks", "concurrency", "errors", "quality"} <= document.keys()
    assert document["traces"][0]["trace_id"] == "ab" * 16
    assert [(s["operation"], s["start_ns"]) for s in document["traces"][0]["critical_path"]][:1] == [
        ("load", 1_700_000_000_000_000_000)
    ]
    assert document["operations"][0].keys() >= {"operation", "service", "count", "total_ns", "p95_ns", "errors"}
    assert Report.from_dict(document).span_count == 5


def test_a_threshold_that_broke_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = jaeger(tmp_path / "t.json")
    assert run(capsys, path, "--fail-over", "p95(load) > 1s")[0] == 0
    status, out, err = run(capsys, path, "--fail-over", "p95(load) > 1s", "--fail-over", "p95(load) > 200ms")
    assert status == 1
    assert out.startswith("`load` holds")
    assert err == "otelwod: over the limit: p95(load) > 200ms: p95(load) is 400 ms\n"
    assert run(capsys, path, "--format", "json", "--fail-over", "spans > 4")[0] == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--fail-over", "p95(load) > 2"], "--fail-over:1:11: a time is compared with a number (2)"),
        (["--fail-over", "p95(laod) > 2s"], "--fail-over:1:1: no operation 'laod'"),
        (["--threshold", "soon"], "--threshold:1:1: 'soon' is no value"),
    ],
)
def test_bad_expressions_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: list[str], said: str
) -> None:
    status, _, err = run(capsys, jaeger(tmp_path / "t.json"), *option)
    assert status == 2
    assert said in err
    assert "Traceback" not in err


def test_the_column_is_pointed_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, jaeger(tmp_path / "t.json"), "--fail-over", "spans > 1 or p95(load) > 2")
    assert err.splitlines()[1:] == ["  spans > 1 or p95(load) > 2", "                         ^"]
    _, _, err = run(capsys, jaeger(tmp_path / "t.json"), "--fail-over", "spans\x1b >")
    assert err.count("\n") == 1
    assert "\x1b" not in err


@pytest.mark.parametrize("options", ["--width 10", "--max-bytes lots", "--max-bytes 5T", "--color red"])
def test_bad_options_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run(capsys, jaeger(tmp_path / "t.json"), *options.split())
    assert caught.value.code == 2


def test_sources_that_cannot_be_read_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.json"
    empty.write_bytes(b"")
    text = tmp_path / "note\x1b.txt"
    text.write_text("hello")
    large = jaeger(tmp_path / "t.json")
    nothing, other = tmp_path / "nothing.json", tmp_path / "other.json"
    nothing.write_text('{"data": []}')
    other.write_text('{"hello": 1}')
    for arguments, said in [
        ([tmp_path / "gone.json"], "gone.json: no such file"),
        ([tmp_path], "is a directory"),
        ([empty], "empty.json: is empty"),
        ([text], "note\\e.txt: is no trace"),
        ([large, "--max-bytes", "1K"], "larger than 1 KiB"),
        ([nothing], "nothing.json: holds no spans: the answer of the backend holds no traces"),
        ([other], "other.json: holds no spans: JSON that holds no trace of a known format"),
        (["nul\0.json"], "is no file name"),
    ]:
        status, out, err = run(capsys, *arguments)
        assert (status, out) == (2, "")
        assert said in err
        assert err.count("\n") == 1


def test_several_files_are_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = jaeger(tmp_path / "a.json", SPANS[:2])
    second = jaeger(tmp_path / "b.json", SPANS[2:])
    _, apart, _ = run(capsys, first, second, "--format", "json")
    _, whole, _ = run(capsys, jaeger(tmp_path / "t.json"), "--format", "json")
    assert json.loads(apart)["traces"] == json.loads(whole)["traces"]


def test_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(jaeger(tmp_path / "t.json").read_bytes())

    class Stdin:
        buffer = io.BytesIO(data)

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Stdin())
    assert "5 spans" in run(capsys, "-")[1]
    Stdin.isatty = lambda self: True  # type: ignore[method-assign]
    assert run(capsys, "-")[0] == 2


def test_damage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = jaeger(tmp_path / "t.json")
    path.write_text(path.read_text()[:-300])
    status, out, _ = run(capsys, path)
    assert status == 0
    assert "Mind the data" in out
    assert "4 spans of it could be read" in " ".join(out.split())
    assert "Damaged JSON text: 1 time, left out." in out
    _, out, err = run(capsys, path, "--format", "json")
    assert json.loads(out)["quality"]["unreadable"] == 1
    assert "could be read" in err


def test_the_tree_is_that_of_the_longest_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otelwod.insight.analysis.SPAN_LIMIT", 3)
    lines = []
    for number, length in enumerate([5, 5, 9, 5]):
        trace = {"traceID": f"{number:032x}", "spans": [], "processes": {"p": {"serviceName": "s"}}}
        for at in range(3):
            start = 1_700_000_000_000_000 + at
            one: dict[str, Any] = {
                "traceID": trace["traceID"],
                "spanID": f"s{at}",
                "operationName": f"op {number}.{at}",
            }
            one |= {"references": [], "startTime": start, "duration": length, "tags": [], "logs": [], "processID": "p"}
            trace["spans"].append(one)  # type: ignore[attr-defined]
        lines.append(json.dumps(trace))
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(lines))
    _, out, _ = run(capsys, path)
    assert "The longest trace " + f"{2:032x}" in out
    assert "op 2.0" in out.split("Operations")[0]
    _, out, _ = run(capsys, path, "--format", "json")
    assert len(json.loads(out)["spans"]) == 3
    _, out, _ = run(capsys, path, "--format", "json", "--spans")
    assert len(json.loads(out)["spans"]) == 12


def test_compat_and_threshold_reach_the_analysis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = jaeger(tmp_path / "t.json")
    _, out, _ = run(capsys, path, "--format", "json", "--compat", "jaeger", "--threshold", "1:00", "--overrun", "async")
    document = json.loads(out)
    assert (document["compat"], document["threshold_ns"], document["bottlenecks"]) == ("jaeger", 60_000 * MS, [])


def test_program_order_is_read_from_the_spans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def span(number: int, name: str, start_us: int, end_us: int, before: int = 0) -> SpanRecord:
        order = {"otelwod.predecessor.id": f"{before:016x}"} if before else {}
        parent = f"{1:016x}" if number > 1 else None
        return SpanRecord("a" * 32, f"{number:016x}", parent, name, 1_000 * start_us, 1_000 * end_us, attributes=order)

    pool = [span(1, "root", 1, 30_001), span(2, "load", 1, 10_001), span(3, "parse", 1, 10_051)]
    path = tmp_path / "pool.json"
    path.write_text(json.dumps(encode([*pool, span(4, "merge", 10_101, 30_001, before=2)])))
    found = []
    for option in ([], ["--program-order"]):
        _, out, _ = run(capsys, path, "--format", "json", "--threshold", "0.001ms", *option)
        found += [row["what_if"]["high_ns"] for row in json.loads(out)["bottlenecks"] if row["operation"] == "parse"]
    assert found == [2_010_000, 50_000]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_large_input_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    meter = analyze._Meter()
    meter.show(1 << 20, 2 << 20)
    assert stream.getvalue() == ""
    meter.show(16 << 20, 64 << 20)
    meter.show(16 << 20, 64 << 20)
    meter.show(20 << 20, None)
    meter.show(64 << 20, 64 << 20)
    meter.clear()
    assert stream.getvalue() == (
        "\r\x1b[Kreading: 16 MiB of 64 (25 %)\r\x1b[Kreading: 20 MiB\r\x1b[Kanalysing …\r\x1b[K"
    )


def test_colour(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = jaeger(tmp_path / "t.json")
    assert "\x1b[" in run(capsys, path, "--color", "always")[1]
    assert "\x1b[" not in run(capsys, path, "--color", "never")[1]
    monkeypatch.setattr("otelwod.views.console.find_spec", lambda name: None)
    _, out, err = run(capsys, path, "--color", "always")
    assert "\x1b[" not in out
    assert "otelwod[console]" in err


def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import gc

    run(capsys, jaeger(tmp_path / "t.json"))
    assert gc.isenabled()
    gc.disable()
    try:
        run(capsys, jaeger(tmp_path / "t.json"))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_comparison_with_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = jaeger(tmp_path / "before.json")
    faster = [replace(one, end_ns=one.start_ns + 150 * MS) if one.span_id.endswith("3") else one for one in SPANS]
    after = jaeger(tmp_path / "after.json", faster)
    _, out, _ = run(capsys, after, "--compare", before, "--width", 90)
    assert "Compared with before\n  As long as before: 1 s.\n" in out
    assert "GET /cart (v2) › load" in out
    _, out, _ = run(capsys, after, "--compare", before, "--format", "json")
    assert json.loads(out)["comparison"]["before_ns"] == 1000 * MS
    assert run(capsys, after, "--compare", tmp_path / "gone.json")[0] == 2
