"""Through Collector and Tempo: what its API gives back is what was recorded, field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from backend_recorded import WAYS, Recorded, by_id, program, recorded
from backend_services import Hub, Tempo, eventually, get

from otelwod.archive.otlp_json import DecodeCounts, decode
from otelwod.trace import SpanRecord

pytestmark = pytest.mark.backend


def stored(tempo: Tempo, trace: Recorded) -> dict[str, SpanRecord]:
    """The trace as Tempo gives it by id, once all of it is there."""

    def ask() -> dict[str, SpanRecord]:
        counts = DecodeCounts()
        found = by_id(decode(get(f"{tempo.url}/api/traces/{trace.trace_id}"), counts))
        assert counts.unreadable == 0
        return found

    return eventually(ask, lambda found: len(found) >= len(trace.spans))


def search(tempo: Tempo, **question: str | int) -> list[dict[str, Any]]:
    """The traces that a search by tags finds."""
    found: list[dict[str, Any]] = get(f"{tempo.url}/api/search", **question).get("traces") or []
    return found


@pytest.mark.parametrize(("what", "protocol"), WAYS)
def test_every_field_of_every_span_comes_back(hub: Hub, tempo: Tempo, what: str, protocol: str, tmp_path: Path) -> None:
    trace = recorded(what, protocol, hub, tmp_path, "tempo")
    assert stored(tempo, trace) == trace.spans


def test_a_workout_is_found_by_tags(hub: Hub, tempo: Tempo, tmp_path: Path) -> None:
    trace = recorded("workout", "grpc", hub, tmp_path, "tagged")
    stored(tempo, trace)
    tags = f'service.name="{trace.service}" otelwod.workout.format=emom otelwod.phase=rest'
    found = eventually(lambda: search(tempo, tags=tags, limit=20), bool)
    assert [one["traceID"].rjust(32, "0") for one in found] == [trace.trace_id]
    assert found[0]["rootServiceName"] == trace.service
    assert search(tempo, tags=f'service.name="{trace.service}" otelwod.workout.format=amrap', limit=20) == []


def test_a_trace_is_analysed_from_tempo(hub: Hub, tempo: Tempo, tmp_path: Path) -> None:
    trace = recorded("workout", "http/protobuf", hub, tmp_path, "analysed")
    stored(tempo, trace)
    (path,) = tmp_path.glob("*.otlp.jsonl")
    reports = []
    for source in (f"tempo+{tempo.url}/{trace.trace_id}", str(path)):
        told = program("-m", "otelwod", "analyze", source, "--format", "json", environ={})
        assert (told.returncode, told.stderr) == (0, "")
        reports.append(json.loads(told.stdout))
    assert reports[0] == reports[1]
    assert reports[0]["traces"][0]["phases"]["rest_ns"] > 0


def test_an_old_workout_is_found_by_its_date(hub: Hub, tempo: Tempo, tmp_path: Path) -> None:
    """Years ago, within an hour and within ten days around it; not at other dates. Once its block is written."""
    start = ("--start", "2019-05-04T18:00Z")
    trace = recorded("workout", "grpc", hub, tmp_path, "dated", *start)
    assert len(stored(tempo, trace)) == len(trace.spans)
    tags = f'service.name="{trace.service}"'
    at = 1_556_992_800
    for before, after in ((0, 3600), (5 * 86_400, 5 * 86_400)):
        found = eventually(
            lambda before=before, after=after: search(tempo, tags=tags, start=at - before, end=at + after),  # type: ignore[misc]
            bool,
        )
        assert [one["traceID"].rjust(32, "0") for one in found] == [trace.trace_id]
    assert search(tempo, tags=tags, start=at - 20 * 86_400, end=at - 10 * 86_400) == []
