from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from otelwod.archive import source
from otelwod.archive.limits import ReadError
from otelwod.archive.source import open_source


@pytest.fixture(params=[True, False], ids=["on", "off"])
def collecting(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_the_collector_is_left_as_it_was(collecting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    read = source.read_data
    monkeypatch.setattr(source, "read_data", lambda *given: (seen.append(gc.isenabled()), read(*given)))
    span = {"traceID": "t", "spanID": "a", "operationName": "x", "startTime": 1, "duration": 2}
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"data": [{"traceID": "t", "spans": [span], "processes": {}}]}))
    assert open_source(good).spans == 1
    assert gc.isenabled() is collecting
    bad = tmp_path / "bad.json"
    bad.write_text("no trace")
    with pytest.raises(ReadError):
        open_source(bad)
    assert gc.isenabled() is collecting
    assert seen == [False, False]
