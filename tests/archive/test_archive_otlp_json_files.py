"""OTLP JSON files: written so that a crash leaves what was written, read line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelwod.archive import otlp_json
from otelwod.archive.otlp_json import DecodeCounts, SessionWriter, file_name, read, safe_name
from otelwod.trace import SpanRecord


def record(number: int) -> SpanRecord:
    return SpanRecord("1" * 32, f"{number + 1:016x}", None, f"span {number}", 10, 20, resource={"service.name": "s"})


def test_a_session_is_one_file_with_its_final_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / file_name("fran")
    with SessionWriter(path) as writer:
        writer.write([record(0)])
        assert not path.exists()
        assert list(read(writer.part)) == [record(0)], "what is written can be read before the end"
        writer.write(iter([record(1), record(2)]))
        writer.write([])
    assert path.name == "fran.otlp.jsonl"
    assert list(read(path)) == [record(0), record(1), record(2)]
    assert list(path.parent.iterdir()) == [path]
    assert writer.spans == 3
    lines = path.read_bytes().splitlines()
    assert [len(json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]) for line in lines] == [1, 2]
    assert writer.close() == path
    with pytest.raises(ValueError, match="already closed"):
        writer.write([record(3)])


def test_many_spans_are_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.otlp.jsonl"
    with SessionWriter(path) as writer:
        writer.write(map(record, range(1200)))
    assert len(path.read_bytes().splitlines()) == 3
    assert [r.name for r in read(path)] == [f"span {n}" for n in range(1200)]


def test_an_older_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "s.otlp.jsonl"
    with SessionWriter(path) as writer:
        writer.write([record(0)])
    second = SessionWriter(path)
    second.write([record(1)])
    with pytest.raises(AttributeError), second:
        second.write([None])  # type: ignore[list-item]
    assert list(read(path)) == [record(0)]
    assert list(read(second.part)) == [record(1)]
    assert second.abandon() == second.part
    with SessionWriter(path) as third:
        third.write([record(2)])
    assert list(read(path)) == [record(2)]


def test_every_truncation_gives_the_whole_lines_before_it(tmp_path: Path) -> None:
    path = tmp_path / "s.otlp.jsonl"
    with SessionWriter(path) as writer:
        for number in range(3):
            writer.write([record(number)])
    data = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == 10]
    torn = tmp_path / "torn.otlp.jsonl"
    for length in range(len(data) + 1):
        torn.write_bytes(data[:length])
        counts = DecodeCounts()
        names = [r.name for r in read(torn, counts)]
        whole = sum(end - 1 <= length for end in ends)
        assert names == [f"span {n}" for n in range(whole)]
        assert counts.unreadable == (length not in (0, *ends, *(end - 1 for end in ends)))


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b'{"resourceSpans":', b"[" * 100_000, b"1" * 5000, b"\x00", b"nonsense", b'"\\ud800"'],
)
def test_a_damaged_line_costs_itself_only(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "s.otlp.jsonl"
    good = json.dumps(otlp_json.encode([record(0)])).encode()
    path.write_bytes(b"\xef\xbb\xbf" + good + b"\r\n" + line + b"\n\n  \n" + good)
    counts = DecodeCounts()
    assert [r.name for r in read(path, counts)] == ["span 0", "span 0"]
    assert counts.unreadable == 1


def test_a_line_that_is_too_long_is_skipped_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_json, "LONGEST_LINE", 2000)
    monkeypatch.setattr(otlp_json, "_CHUNK", 100)
    good = json.dumps(otlp_json.encode([record(0)])).encode()
    path = tmp_path / "s.otlp.jsonl"
    path.write_bytes(b'"' + b"x" * 10_000 + b'"\n' + good + b"\n" + b"y" * 5000)
    counts = DecodeCounts()
    assert [r.name for r in read(path, counts)] == ["span 0"]
    assert counts.unreadable == 2


def test_no_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read(tmp_path / "none"))


@pytest.mark.parametrize("name", ["fran", "a.b-c_D9", "2026-11-21T10-00-00"])
def test_good_names_stay(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../../etc/passwd", "a/b", "a\x00b", "a\nb", "-rf", ".hidden", "é", "\ud800", "x" * 300, "a b"],
)
def test_other_names_become_safe_and_stay_different(name: str, tmp_path: Path) -> None:
    safe = safe_name(name)
    assert safe != name
    (tmp_path / file_name(name)).touch()
    assert [path.name for path in tmp_path.iterdir()] == [f"{safe}.otlp.jsonl"]


@given(st.lists(st.text(max_size=12), unique=True, max_size=5))
def test_names_never_meet(names: list[str]) -> None:
    safe = [safe_name(name) for name in names]
    assert len(set(safe)) == len(names)
    assert all(0 < len(name) <= 100 and name[0] not in ".-" and "/" not in name for name in safe)
