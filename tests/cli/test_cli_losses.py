"""What ``otelwod run`` says when not all was kept or sent."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from otelwod.archive.otlp_json import SessionWriter
from otelwod.cli import main
from otelwod.cli.losses import loss_line

NONE = dict.fromkeys(
    (
        "events_lost",
        "attributes_lost",
        "events_beyond_limit",
        "records_let_go",
        "provider_failures",
        "listener_failures",
        "times_moved",
    ),
    0,
)


@pytest.fixture
def backend() -> Iterator[str]:
    """The address of a server that takes everything."""

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fran(capsys: pytest.CaptureFixture[str], examples: Path, *more: str) -> tuple[str, str]:
    assert main(["run", str(examples / "fran.wod"), "--simulate", "--seed", "1", *more]) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_values_over_a_limit_are_said_in_one_line(
    backend: str, capsys: pytest.CaptureFixture[str], examples: Path, monkeypatch: pytest.MonkeyPatch, caplog: object
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{backend}/v1/traces")
    assert fran(capsys, examples)[1] == ""
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4")
    out, said = fran(capsys, examples)
    assert re.search(r"^Sent 11 spans to \S+/v1/traces, trace [0-9a-f]{32}$", out, re.M)
    assert isinstance(caplog, pytest.LogCaptureFixture)
    assert [r.name for r in caplog.records if r.name.startswith(("opentelemetry.attributes", "otelwod"))] == []
    (line,) = said.splitlines()
    assert line.startswith("Not complete: ")
    assert "values too many for the limits set in OTEL_… were left out of what was sent" in line
    assert fran(capsys, examples, "--no-export")[1] == "", "nothing is missing where nothing is sent"


def test_a_file_that_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str], examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workout = tmp_path / "long.wod"
    workout.write_text("(200) 5 Burpees\n", "utf-8")
    written = SessionWriter.write
    failures = [OSError(28, "No space left on device")]

    def write(self: SessionWriter, records: object) -> None:
        if failures:
            raise failures.pop()
        written(self, records)  # type: ignore[arg-type]

    monkeypatch.setattr(SessionWriter, "write", write)
    arguments = ["run", str(workout), "--simulate", "--seed", "1", "--no-export", "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert capsys.readouterr().err == "Not complete: writing down failed 1 time.\n"


@pytest.mark.parametrize(
    ("losses", "sent", "said"),
    [
        ({}, True, None),
        ({"times_moved": 3, "records_let_go": 2}, True, None),
        ({"events_lost": 1}, False, None),
        ({"events_lost": 1}, True, "1 value too many for the limits set in OTEL_… was left out of what was sent"),
        ({"provider_failures": 2}, True, "sending failed 2 times"),
        ({"events_beyond_limit": 1_000}, False, "1,000 values could not be kept: one block or rest holds 100,000"),
    ],
)
def test_the_line(losses: dict[str, int], sent: bool, said: str | None) -> None:
    line = loss_line({**NONE, **losses}, sent=sent)
    assert line is None if said is None else said in str(line)
