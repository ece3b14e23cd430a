"""``otelwod run`` as a user runs it: simulated, replayed, on every kind of provider, with every kind of broken file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace as otel

from otelwod import conventions as c
from otelwod.archive.otlp_json import read
from otelwod.cli import main
from otelwod.trace import SpanRecord

START = ["--start", "2026-01-02T03:04:05Z"]
START_NS = 1_767_323_045 * 10**9


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(["run", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def records_of(folder: Path) -> list[SpanRecord]:
    (path,) = folder.glob("*.otlp.jsonl")
    return list(read(path))


def simulate(
    capsys: pytest.CaptureFixture[str], file: Path, folder: Path, *more: str, seed: int = 1
) -> list[SpanRecord]:
    arguments = [str(file), "--simulate", "--seed", str(seed), "--out", str(folder), "--no-export", *START, *more]
    status, _, errors = run(capsys, *arguments)
    assert (status, errors) == (0, "")
    return records_of(folder)


def root_of(records: list[SpanRecord]) -> SpanRecord:
    (root,) = (r for r in records if r.parent_id is None)
    return root


def assert_one_tiled_tree(records: list[SpanRecord]) -> None:
    """One tree; the leaves, which alone carry a phase, tile the root without gap or overlap."""
    root = root_of(records)
    ids = {r.span_id for r in records}
    assert len(ids) == len(records)
    assert all(r.parent_id in ids for r in records if r is not root)
    parents = {r.parent_id for r in records}
    leaves = sorted((r for r in records if r.span_id not in parents), key=lambda r: (r.start_ns, r.end_ns))
    assert [bool(r.attributes.get(c.PHASE)) for r in leaves] == [True] * len(leaves)
    assert not [r for r in records if c.PHASE in r.attributes and r.span_id in parents]
    moment = root.start_ns
    for leaf in leaves:
        assert leaf.start_ns == moment
        moment = leaf.end_ns or 0
    assert moment == root.end_ns


def reps_of(records: list[SpanRecord]) -> float:
    events = (e for r in records for e in r.events if e.name == c.EVENT_METRIC_RECORDED)
    return sum(float(e.attributes[c.METRIC_VALUE]) for e in events if e.attributes[c.METRIC_NAME] == "reps")  # type: ignore[arg-type]


def test_fran_becomes_one_tree(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    records = simulate(capsys, examples / "fran.wod", tmp_path)
    assert_one_tiled_tree(records)
    root = root_of(records)
    assert root.attributes[c.BLOCK_TYPE] == "session"
    assert root.attributes[c.WORKOUT_FORMAT] == "for_time"
    assert root.name == "Fran"
    assert root.start_ns == START_NS
    types = Counter(r.attributes.get(c.BLOCK_TYPE) or r.attributes.get(c.SEGMENT_TYPE) for r in records)
    assert types == {"session": 1, "rounds": 1, "round": 3, "effort": 6}
    assert reps_of(records) == 90
    efforts = sorted((r for r in records if r.attributes.get(c.BLOCK_TYPE) == "effort"), key=lambda r: r.start_ns)
    assert [r.attributes[c.REPS_DONE] for r in efforts] == [21, 21, 15, 15, 9, 9]
    assert {r.attributes[c.STATUS] for r in efforts} == {"completed"}


@pytest.mark.parametrize(
    ("text", "rounds", "efforts", "reps"),
    [
        ("50-40-30-20-10\n  Double-unders\n  Sit-ups", 5, 10, 300),
        ("(5)\n  10 Burpees\n  20 Air Squats\n  1:00 rest", 5, 10, 150),
        ("1-2-3-4\n  Cleans 60 kg", 4, 4, 10),
    ],
)
def test_any_workout_of_the_form(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, rounds: int, efforts: int, reps: int
) -> None:
    file = tmp_path / "some.wod"
    file.write_text(text)
    records = simulate(capsys, file, tmp_path / "out", seed=7)
    assert_one_tiled_tree(records)
    types = Counter(r.attributes.get(c.BLOCK_TYPE) or r.attributes.get(c.SEGMENT_TYPE) for r in records)
    assert (types["round"], types["effort"]) == (rounds, efforts)
    assert reps_of(records) == reps


def test_the_same_seed_is_the_same_trace(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    first = simulate(capsys, examples / "fran.wod", tmp_path / "a")
    again = simulate(capsys, examples / "fran.wod", tmp_path / "b")
    other = simulate(capsys, examples / "fran.wod", tmp_path / "c", seed=2)
    assert first == again
    assert [r.duration_ns for r in first] != [r.duration_ns for r in other]
    assert root_of(first).trace_id != root_of(other).trace_id


def test_without_a_start_the_session_ends_now(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: START_NS)
    run(capsys, str(examples / "fran.wod"), "--simulate", "--seed", "1", "--out", str(tmp_path))
    assert root_of(records_of(tmp_path)).end_ns == START_NS


@pytest.mark.parametrize(
    "setting", [{"OTEL_TRACES_SAMPLER": "always_off"}, {"OTEL_SDK_DISABLED": "true"}], ids=["always_off", "disabled"]
)
def test_the_file_is_whole_without_tracing(
    capsys: pytest.CaptureFixture[str],
    examples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: dict[str, str],
) -> None:
    usual = simulate(capsys, examples / "fran.wod", tmp_path / "usual")
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    off = simulate(capsys, examples / "fran.wod", tmp_path / "off")
    # Who sends is said by the SDK's resource; without an SDK only by our own settings.
    assert [replace(r, resource={}) for r in off] == [replace(r, resource={}) for r in usual]
    assert {r.service for r in off} == {"otelwod"}


def test_a_provider_that_was_set_is_adopted(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(otel, "_TRACER_PROVIDER", provider)
    records = simulate(capsys, examples / "fran.wod", tmp_path)
    assert_one_tiled_tree(records)
    spans = exporter.get_finished_spans()
    assert {f"{s.context.span_id:016x}" for s in spans if s.context} == {r.span_id for r in records}
    assert {s.name: dict(s.attributes or {}) for s in spans} == {r.name: dict(r.attributes) for r in records}
    provider.shutdown()


# ------------------------------------------------------------------------------------------------------------- replay


def test_replay_of_recorded_inputs(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    inputs = next(examples.glob("*.inputs.jsonl"))
    workout = examples / (inputs.name.split(".")[0] + ".wod")
    arguments = [str(workout), "--replay", str(inputs), "--out", str(tmp_path), "--no-export", *START]
    status, out, errors = run(capsys, *arguments)
    assert (status, errors) == (0, "")
    assert "Trace written to" in out
    assert_one_tiled_tree(records_of(tmp_path))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('{"t": 1, "input": "jump"}', ":1:1: unknown input"),
        ('{"t": 5, "input": "next"}\n{"t": 4, "input": "next"}', ":2:1: time runs backwards"),
        ("nonsense", ":1:1: not a JSON object"),
        ("\n\n", ":1:1: no inputs"),
        ('{"t": -1, "input": "next"}', "between 0 and"),
        ('{"t": 1.0000000001, "input": "next"}', "nine decimal places"),
        ('{"t": 1e400, "input": "next"}', ":1:1:"),
        ('{"t": NaN, "input": "next"}', ":1:1:"),
        ('{"t": 1, "input": "reps", "value": "x"}', "must be a number"),
        ('{"t": 1, "input": "record", "value": 3}', 'needs a "name"'),
        ("[" * 5000, ":1:1:"),
        ('{"t": 3, "input": "start"}', "starts at t = 0"),
    ],
)
def test_broken_inputs_are_said_with_their_line(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, lines: str, said: str
) -> None:
    inputs = tmp_path / "in.jsonl"
    inputs.write_text(lines)
    status, out, errors = run(capsys, str(examples / "fran.wod"), "--replay", str(inputs), "--no-export")
    assert status == 2
    assert out == ""
    assert said in errors
    assert "Traceback" not in errors


def test_a_missing_replay_file_is_said(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    status, _, errors = run(capsys, str(examples / "fran.wod"), "--replay", str(tmp_path / "none"))
    assert status == 2
    assert "No such file" in errors


def test_inputs_are_a_regular_file(capsys: pytest.CaptureFixture[str], examples: Path) -> None:
    status, _, errors = run(capsys, str(examples / "fran.wod"), "--replay", "/dev/zero")
    assert (status, errors) == (2, "/dev/zero: is no regular file; save the inputs in one\n")


# -------------------------------------------------------------------------------------------------------- bad workouts

BROKEN: dict[str, bytes] = {
    "bad timer": b"AMRAP 5:99:99:1\n  5 Pull-ups\n",
    "unclosed bracket": b"(3\n  10 Burpees\n",
    "binary": bytes(range(256)) * 20,
    "nul": b"10 Bur\x00pees\n",
    "invalid utf-8": b"10 Burpees \xff\xfe\n",
    "empty": b"",
    "only white space": b"  \n\t\n",
    "one long line": b"x" * 1_000_000,
    "a billion rounds": b"(1000000000)\n  1 Burpee\n",
    "deep nesting": b"".join(b" " * i + b"(2)\n" for i in range(10_000)),
    "400 digits": b"9" * 400 + b" Burpees\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_workouts_get_diagnostics(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    file = tmp_path / "broken.wod"
    file.write_bytes(BROKEN[name])
    status, out, errors = run(capsys, str(file), "--simulate", "--seed", "1", "--no-export")
    assert status == 2
    assert out == ""
    assert "broken.wod:" in errors
    assert "Traceback" not in errors
    assert all(line.count(":") >= 3 or line.startswith("…") for line in errors.splitlines())


def test_a_folder_and_a_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.wod"):
        status, _, errors = run(capsys, str(path), "--simulate")
        assert status == 2
        assert str(path) in errors
        assert "Traceback" not in errors


def test_without_a_terminal_it_says_what_to_give(capsys: pytest.CaptureFixture[str], examples: Path) -> None:
    status, _, errors = run(capsys, str(examples / "fran.wod"))
    assert status == 2
    assert "--simulate" in errors
    assert "--replay" in errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "1"], "give --simulate"),
        (["--speed", "2"], "give --simulate"),
        (["--start", "2026-01-01T00:00:00"], "a live session starts when you do"),
        (["--simulate", "--seed", "x"], "no whole number"),
        (["--simulate", "--speed", "-1"], "no positive number"),
        (["--simulate", "--start", "yesterday"], "no time such as"),
        (["--simulate", "--start", "1960-01-01T00:00:00Z"], "before 1970"),
        (["--simulate", "--start", "2600-01-01T00:00:00Z"], "after 2200"),
        (["--simulate", "--block", "9"], "there is no block 9"),
        (["--simulate", "--replay", "x"], "not allowed with"),
        (["--simulate", "--out", "/proc/no/where"], "/proc/no/where"),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], examples: Path, arguments: list[str], said: str) -> None:
    status, _, errors = run(capsys, str(examples / "fran.wod"), *arguments)
    assert status == 2
    assert said in errors


def test_a_part_of_a_workout(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "two.wod"
    file.write_text("10 Burpees\n20 Sit-ups\n")
    records = simulate(capsys, file, tmp_path / "out", "--block", "2")
    assert reps_of(records) == 20


def test_the_women_s_load(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    men = simulate(capsys, examples / "fran.wod", tmp_path / "m")
    women = simulate(capsys, examples / "fran.wod", tmp_path / "w", "--profile", "women")

    def load(records: list[SpanRecord]) -> list[Any]:
        return sorted({r.attributes[c.LOAD_VALUE] for r in records if c.LOAD_VALUE in r.attributes})

    assert load(men) == [pytest.approx(95 * 0.45359237)]
    assert load(women) == [pytest.approx(65 * 0.45359237)]


def test_speed_plays_in_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("otelwod.cli.run._wait_until", waited.append)
    file = tmp_path / "short.wod"
    file.write_text("10 Burpees\n")
    simulate(capsys, file, tmp_path / "out", "--speed", "1000")
    assert waited == sorted(waited)
    assert waited


def test_hostile_names_are_shown_as_escapes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "hostile.wod"
    file.write_text("10 Bur\u202epees\n")
    status, out, errors = run(capsys, str(file), "--simulate", "--seed", "1", "--no-export", "--out", str(tmp_path))
    assert "\u202e" not in out + errors
    assert status in (0, 2)


def test_the_file_is_valid_otlp_json(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    simulate(capsys, examples / "fran.wod", tmp_path)
    (path,) = tmp_path.glob("*.otlp.jsonl")
    spans = [
        span
        for line in path.read_text().splitlines()
        for resource in json.loads(line)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert len(spans) == 11
    assert all(isinstance(span["startTimeUnixNano"], str) and len(span["traceId"]) == 32 for span in spans)


# ----------------------------------------------------------------------------------------------------- odd surroundings


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace("otelwod ", f"{sys.executable} -m otelwod ")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("redirection", "status"), [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), (">/dev/full", 2), ("| head -1", 0)]
)
@pytest.mark.parametrize("command", ["run {} --simulate --seed 1 --out {out}", "check {}"])
def test_closed_and_full_outputs(examples: Path, tmp_path: Path, command: str, redirection: str, status: int) -> None:
    line = command.format(examples / "fran.wod", out=tmp_path)
    done = shell(f"otelwod {line} {redirection}", tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == status
    if command.startswith("run"):
        assert reps_of(records_of(tmp_path)) == 90


def test_what_is_not_kept_is_said(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    said = "The trace was not kept: give --out DIR to write it to a file."
    arguments = [str(examples / "fran.wod"), "--simulate", "--seed", "1"]
    assert said in run(capsys, *arguments)[1]
    assert said not in run(capsys, *arguments, "--out", str(tmp_path))[1]


def test_a_kept_trace_is_named_by_its_id(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    arguments = [str(examples / "fran.wod"), "--simulate", "--seed", "1"]
    assert ", trace " not in run(capsys, *arguments)[1]
    line = run(capsys, *arguments, "--out", str(tmp_path))[1].splitlines()[-1]
    assert line.startswith("Trace written to ")
    assert line.endswith(f", trace {records_of(tmp_path)[0].trace_id}")


def test_choices_and_warnings_are_said_before_the_score(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "odd.wod"
    file.write_text("10 Burpeees\n")
    status, _, errors = run(capsys, str(file), "--simulate", "--seed", "1")
    assert status == 0
    assert "odd.wod:1:1: info: " in errors


def test_what_a_crash_left_is_cleared(capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path) -> None:
    simulate(capsys, examples / "fran.wod", tmp_path)
    (path,) = tmp_path.glob("*.otlp.jsonl")
    left = tmp_path / f"{path.name}.4711.part"
    left.write_text("half a li")
    simulate(capsys, examples / "fran.wod", tmp_path)
    assert not left.exists()
