"""`otelwod push`: what arrives, what is tried again, what is counted."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otelwod.archive.otlp_json import SessionWriter
from otelwod.archive.otlp_proto import read as read_proto
from otelwod.archive.otlp_requests import halves, read_values, requests_of, span_count
from otelwod.archive.otlp_transport import Answer, GrpcTransport, HttpTransport
from otelwod.archive.push import PushError, push, target_of
from otelwod.archive.tally import Tally
from otelwod.cli import main
from otelwod.trace import SpanEvent, SpanLink, SpanRecord

TRACE = "0123456789abcdef0123456789abcdef"


def record(number: int, name: str = "") -> SpanRecord:
    return SpanRecord(
        TRACE,
        f"{number + 1:016x}",
        None if number == 0 else f"{1:016x}",
        name or f"span {number}",
        1_700_000_000_000_000_000 + number,
        1_700_000_001_000_000_000 + number,
        kind="client",
        status="error",
        status_message="tired",
        attributes={"text": "é", "big": 2**62, "float": 1.5, "flag": True, "list": ("a", "b"), "inf": float("inf")},
        events=(SpanEvent("otelwod.metric.recorded", 1_700_000_000_500_000_000, {"otelwod.metric.value": 3}),),
        links=(SpanLink("f" * 32, "e" * 16, {"n": 1}),),
        resource={"service.name": "gym"},
        scope="otelwod",
        scope_version="1",
    )


def write(path: Path, records: Sequence[SpanRecord]) -> Path:
    with SessionWriter(path) as writer:
        writer.write(records)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "s.otlp.jsonl", [record(number) for number in range(3)])


class Server:
    """An OTLP/HTTP endpoint whose answers a test chooses: (status, headers, body) for each request, then 200."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                server.headers.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
                status, headers, answer = server.answers.pop(0) if server.answers else (200, {}, b"")
                if 200 <= status < 300:
                    server.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def partial(rejected: int, message: str) -> bytes:
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = rejected
    response.partial_success.error_message = message
    return response.SerializeToString()


def received(requests: Sequence[ExportTraceServiceRequest]) -> list[SpanRecord]:
    return [span for request in requests for span in read_proto(request.SerializeToString(), Tally())]


# ------------------------------------------------------------------------------------------------- the command line


def test_everything_arrives_field_by_field(server: Server, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", str(file), "--endpoint", server.url]) == 0
    assert capsys.readouterr().out == f"{server.url}/v1/traces: 3 spans accepted of 3\n"
    assert received(server.requests) == [record(number) for number in range(3)]
    (headers,) = server.headers
    assert (headers["path"], headers["content-type"]) == ("/v1/traces", "application/x-protobuf")


def test_what_the_json_says_and_our_model_does_not_hold_arrives_too(server: Server, tmp_path: Path) -> None:
    span = {
        "traceId": TRACE,
        "spanId": "00000000000000aa",
        "traceState": "a=b",
        "flags": 257,
        "name": "x",
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": "5",
        "droppedEventsCount": 3,
        "attributes": [{"key": "b", "value": {"bytesValue": "AAE="}}],
        "futureField": {"x": 1},
    }
    value = {"resourceSpans": [{"schemaUrl": "r", "scopeSpans": [{"schemaUrl": "s", "spans": [span]}]}]}
    path = tmp_path / "pretty.json"
    path.write_text(json.dumps(value, indent=2))
    assert main(["push", str(path), "--endpoint", f"{server.url}/v1/traces"]) == 0
    ((resource,),) = (request.resource_spans for request in server.requests)
    (scope,) = resource.scope_spans
    (got,) = scope.spans
    assert (resource.schema_url, scope.schema_url, got.trace_state, got.flags) == ("r", "s", "a=b", 257)
    assert (got.kind, got.dropped_events_count, got.attributes[0].value.bytes_value) == (2, 3, b"\x00\x01")
    assert got.span_id == bytes.fromhex("00000000000000aa")


def test_headers_compression_and_endpoint_come_from_the_environment(
    server: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{server.url}/base/")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret%20thing")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")  # says nothing about files
    assert main(["push", str(file)]) == 0
    assert server.headers[0]["path"] == "/base/v1/traces"
    assert server.headers[0]["api-key"] == "secret thing"
    assert len(received(server.requests)) == 3


def test_several_files_compressed_ones_and_standard_input(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = write(tmp_path / "one.otlp.jsonl", [record(0)])
    two = tmp_path / "two.gz"
    two.write_bytes(gzip.compress(write(tmp_path / "two.otlp.jsonl", [record(1)]).read_bytes()))
    three = write(tmp_path / "three.otlp.jsonl", [record(2)]).read_bytes()
    stdin = io.TextIOWrapper(io.BytesIO(three))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["push", str(one), str(two), "-", str(one), "--endpoint", server.url]) == 0
    assert "3 spans accepted of 3" in capsys.readouterr().out
    assert received(server.requests) == [record(0), record(1), record(2)]


def test_partial_success_is_counted_and_not_sent_again(
    server: Server, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers.append((200, {"content-type": "application/x-protobuf"}, partial(2, "too \x1b[31m old")))
    assert main(["push", str(file), "--endpoint", server.url]) == 1
    told = capsys.readouterr()
    assert "1 span accepted of 3" in told.out
    assert "2 spans rejected by the endpoint" in told.err
    assert "too" in told.err
    assert "\x1b" not in told.err
    assert len(server.headers) == 1


def test_a_warning_of_the_server_is_shown(server: Server, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers.append((200, {}, partial(0, "deprecated")))
    assert main(["push", str(file), "--endpoint", server.url]) == 0
    assert "the server says: deprecated" in capsys.readouterr().err


def test_a_dead_endpoint_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", str(file), "--endpoint", "http://127.0.0.1:9", "--patience", "0"]) == 1
    told = capsys.readouterr()
    assert "0 spans accepted of 3" in told.out
    assert "3 spans not delivered\notelwod: connection refused (3 spans)" in told.err
    assert main(["push", str(file), "--endpoint", "127.0.0.1:9", "--protocol", "grpc", "--patience", "0"]) == 1
    assert "3 spans not delivered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.jsonl"], "missing.jsonl: no such file"),
        (["FILE", "--endpoint", "nonsense"], "--endpoint: not a URL such as http://localhost:4318"),
        (["FILE", "--endpoint", "nonsense/v1/traces"], "--endpoint: not a URL such as http://localhost:4318"),
        (["FILE", "--endpoint", ""], "--endpoint: is empty; give a URL such as http://localhost:4318"),
        (["FILE", "--endpoint", "http://127.0.0.1:99999"], "not a URL such as"),
        (["TEXT"], "is no OTLP JSON"),
    ],
)
def test_bad_usage(
    arguments: list[str], says: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.json"
    text.write_text('{"data": []}')
    named = {"FILE": str(file), "TEXT": str(text)}
    words = [named.get(word, word) for word in arguments]
    assert main(["push", *words]) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.out == ""


@pytest.mark.parametrize("patience", ["-1", "abc", "nan"])
def test_patience_is_a_number(patience: str, file: Path) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["push", str(file), "--patience", patience])
    assert raised.value.code == 2


def test_what_arrived_before_a_bad_file_is_told(server: Server, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", str(file), "missing", "--endpoint", server.url]) == 2
    told = capsys.readouterr()
    assert "3 spans accepted of 3" in told.out
    assert "missing: no such file" in told.err


# ----------------------------------------------------------------------------------------------- retries and refusals


class Script:
    """A transport that answers as a test says, and a clock that moves only when somebody sleeps."""

    def __init__(self, answer: Callable[[ExportTraceServiceRequest, int], Answer]) -> None:
        self._answer = answer
        self.sent: list[ExportTraceServiceRequest] = []
        self.slept: list[float] = []
        self.now = 0.0

    def send(self, request: ExportTraceServiceRequest) -> Answer:
        self.sent.append(request)
        return self._answer(request, len(self.sent))

    def close(self) -> None:
        self.closed = True

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def push(self, *paths: Path, **options: Any) -> Any:
        return push(
            map(str, paths),
            target_of({}),
            sender=self,
            sleep=self.sleep,
            clock=lambda: self.now,
            jitter=lambda: 1.0,
            **options,
        )


def test_waits_grow_until_it_is_taken(file: Path) -> None:
    script = Script(lambda _, count: Answer(accepted=True) if count > 5 else Answer(again=True, message="busy"))
    pushed = script.push(file)
    assert (pushed.accepted, pushed.retries, pushed.complete) == (3, 5, True)
    assert script.slept == [0.5, 1, 2, 4, 8]
    assert script.closed


def test_patience_ends_and_the_rest_is_not_tried(tmp_path: Path) -> None:
    many = write(tmp_path / "many.otlp.jsonl", [record(number) for number in range(1500)])
    script = Script(lambda _, __: Answer(again=True, message="busy"))
    pushed = script.push(many, patience_s=10)
    assert (pushed.spans, pushed.accepted, pushed.failed) == (1500, 0, 1500)
    assert sum(script.slept) <= 10
    assert {span_count(request) for request in script.sent} == {512}
    assert pushed.reasons == {"busy": 1500}


@pytest.mark.parametrize(("asked", "waits"), [(7.0, [7.0]), (0.0, [0.5]), (1e9, [20])])
def test_retry_after_is_respected_within_patience(asked: float, waits: list[float], file: Path) -> None:
    script = Script(lambda _, count: Answer(accepted=True) if count > 1 else Answer(again=True, after_s=asked))
    pushed = script.push(file, patience_s=20)
    assert script.slept == waits
    assert pushed.accepted == 3


def test_one_bad_span_costs_itself_only(tmp_path: Path) -> None:
    many = write(tmp_path / "many.otlp.jsonl", [record(n, "poison" if n in (100, 700) else "") for n in range(1000)])
    taken: list[str] = []

    def answer(request: ExportTraceServiceRequest, _: int) -> Answer:
        names = [span.name for r in request.resource_spans for s in r.scope_spans for span in s.spans]
        if "poison" in names:
            return Answer(data=True, message="400 bad name")
        taken.extend(names)
        return Answer(accepted=True)

    script = Script(answer)
    pushed = script.push(many)
    assert (pushed.spans, pushed.accepted, pushed.failed) == (1000, 998, 2)
    assert pushed.reasons == {"400 bad name": 2}
    assert taken == [f"span {n}" for n in range(1000) if n not in (100, 700)]
    assert len(script.sent) < 50


def test_a_server_that_counts_wrong_does_not_spoil_the_account(file: Path) -> None:
    pushed = Script(lambda _, __: Answer(accepted=True, rejected=99, message="all")).push(file)
    assert (pushed.accepted, pushed.rejected, pushed.failed) == (0, 3, 0)


def test_damaged_lines_and_records_are_counted_and_the_others_sent(tmp_path: Path) -> None:
    path = write(tmp_path / "s.otlp.jsonl", [record(0)])
    lines = path.read_text()
    bad_id = lines.replace(f"{1:016x}", "xyz")
    short_id = lines.replace(f"{1:016x}", "aa")
    no_object = '{"resourceSpans":[{"resource":{"attributes":7},"scopeSpans":[{"scope":3,"spans":[%s,5]}]}]}'
    span = json.loads(lines)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    path.write_text(f"{lines}{lines[:50]}\n{bad_id}{short_id}{no_object % json.dumps(span)}\n[]\n")
    script = Script(lambda _, __: Answer(accepted=True))
    pushed = script.push(path)
    assert (pushed.spans, pushed.accepted, pushed.complete) == (2, 2, False)
    assert pushed.skipped["damaged JSON text"] == 1
    assert pushed.skipped["record that is no OTLP span"] == 2
    assert pushed.skipped["resource that is no OTLP"] == 1
    assert pushed.skipped["scope that is no OTLP"] == 1
    assert any(":2: damaged" in warning for warning in pushed.warnings)


def test_a_truncated_session_is_salvaged_in_the_words_of_analyze(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = write(tmp_path / "whole.otlp.jsonl", [record(number) for number in range(8)]).read_bytes()
    torn = tmp_path / "torn.otlp.jsonl"
    torn.write_bytes(whole[: whole.index(b"span 5")])
    assert main(["push", str(torn), "--endpoint", server.url]) == 1
    told = capsys.readouterr()
    assert told.out == f"{server.url}/v1/traces: 5 spans accepted of 5\n"
    assert received(server.requests) == [record(number) for number in range(5)]
    said = next(line for line in told.err.splitlines() if "damaged at" in line)
    assert said.startswith(f"otelwod: {torn}: damaged at line 1, column ")
    assert said.endswith("; 5 spans of it could be read")
    main(["analyze", str(torn)])
    assert said.removeprefix("otelwod: ") in " ".join(capsys.readouterr().out.split())


def test_torn_pretty_json_is_one_damage_and_keeps_whole_resources(tmp_path: Path) -> None:
    lines = write(tmp_path / "s.otlp.jsonl", [record(0), record(1)]).read_text()
    value = json.loads(lines)
    value["resourceSpans"] *= 2
    path = tmp_path / "pretty.json"
    path.write_text(json.dumps(value, indent=1)[:-8])
    script = Script(lambda _, __: Answer(accepted=True))
    pushed = script.push(path)
    assert (pushed.spans, pushed.skipped) == (4, {"damaged JSON text": 1})
    assert received(script.sent) == [record(0), record(1)] * 2


def test_torn_compression_is_said_and_what_is_whole_is_sent(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.gz"
    text = write(tmp_path / "s.otlp.jsonl", [record(number) for number in range(400)]).read_bytes()
    path.write_bytes(gzip.compress(text)[:-9])
    assert main(["push", str(path), "--endpoint", server.url]) == 1
    told = capsys.readouterr()
    assert "the compression is torn" in told.err
    assert "otelwod: not sent: rest of a torn or damaged compression: 1 time" in told.err
    assert received(server.requests)[0] == record(0)
    path.write_bytes(gzip.compress(text)[:30])
    assert main(["push", str(path), "--endpoint", server.url]) == 2
    told = capsys.readouterr()
    assert f"{path}: the compression is torn; " in told.err
    assert "and no whole span is in it" in told.err


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("text", ["# Title\n" * 60, "[![badge](x)](y)\n" * 60, '{"data":[]}\n' * 60])
def test_a_foreign_file_is_one_short_line_wherever_it_stands(
    server: Server, file: Path, capsys: pytest.CaptureFixture[str], text: str, first: bool
) -> None:
    foreign = file.with_name("README.md")
    foreign.write_text(text)
    paths = [str(foreign), str(file)] if first else [str(file), str(foreign)]
    assert main(["push", *paths, "--endpoint", server.url]) == 2
    told = capsys.readouterr()
    assert told.out == f"{server.url}/v1/traces: 3 spans accepted of 3\n"
    (line,) = told.err.splitlines()
    assert line.startswith(f"otelwod: {foreign}: is no OTLP JSON; ")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is empty"), ('{"resourceSpans":[{"resource":{', "is damaged, and no whole span of it could be read")],
)
def test_files_without_a_span(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "none.json"
    path.write_text(text)
    pushed = Script(lambda _, __: Answer(accepted=True)).push(path)
    assert (pushed.spans, pushed.complete, pushed.refused) == (0, False, (f"{path}: {says}",))


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"resourceSpans":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(ValueError, match="nests deeper than"):
        list(read_values(str(path), Tally()))


def test_requests_stay_below_what_servers_accept(tmp_path: Path) -> None:
    heavy = [record(number, "x" * 100_000) for number in range(100)]
    path = write(tmp_path / "heavy.otlp.jsonl", heavy)
    requests = list(requests_of(read_values(str(path), Tally()), Tally()))
    assert all(request.ByteSize() < 4 << 20 for request in requests)
    assert received(requests) == heavy


def test_halves_keep_order_resource_and_scope(tmp_path: Path) -> None:
    path = write(tmp_path / "s.otlp.jsonl", [record(number) for number in range(5)])
    (request,) = requests_of(read_values(str(path), Tally()), Tally())
    first, second = halves(request)
    assert (span_count(first), span_count(second)) == (2, 3)
    assert received([first, second]) == [record(number) for number in range(5)]


# ------------------------------------------------------------------------------------------------------ the transports


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (503, {"retry-after": "4"}, Answer(message="503 Service Unavailable", again=True, after_s=4)),
        (429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, Answer(message="429 Too Many Requests", again=True)),
        (429, {"retry-after": "-1"}, Answer(message="429 Too Many Requests", again=True)),
        (400, {}, Answer(message="400 Bad Request", data=True)),
        (401, {}, Answer(message="401 Unauthorized")),
        (500, {}, Answer(message="500 Internal Server Error")),
        (
            307,
            {"location": "http://127.0.0.1:9/"},
            Answer(message="307: it redirects elsewhere, which is not followed; give its address"),
        ),
    ],
)
def test_http_answers(server: Server, status: int, headers: dict[str, str], expected: Answer) -> None:
    server.answers.append((status, headers, b""))
    sender = HttpTransport(target_of({}, server.url))
    assert sender.send(ExportTraceServiceRequest()) == expected
    sender.close()


def test_http_error_bodies_are_shown(server: Server) -> None:
    from google.rpc.status_pb2 import Status

    server.answers += [
        (400, {"content-type": "application/x-protobuf"}, Status(code=3, message="no such\nfield").SerializeToString()),
        (400, {"content-type": "application/x-protobuf"}, b"\xff"),
        (400, {"content-type": "text/plain"}, b"x" * 5000),
        (200, {"content-type": "application/x-protobuf"}, b"\xff\xff"),
    ]
    sender = HttpTransport(target_of({}, server.url))
    said = [sender.send(ExportTraceServiceRequest()) for _ in range(4)]
    sender.close()
    assert said[0].message == "400 Bad Request: no such field"
    assert said[1].message == "400 Bad Request"
    assert len(said[2].message) == 200
    assert said[3].message == (
        "it answered 200 with application/x-protobuf that is no OTLP response; OTLP over HTTP is usually at port 4318"
    )


def test_a_web_page_is_no_acceptance(server: Server, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers.append((200, {"content-type": "text/html; charset=utf-8"}, b"<!doctype html><title>Jaeger"))
    assert main(["push", str(file), "--endpoint", server.url]) == 1
    told = capsys.readouterr()
    assert "0 spans accepted of 3" in told.out
    assert "it answered 200 with text/html, which is no OTLP; OTLP over HTTP is usually at port 4318" in told.err
    assert len(server.headers) == 1


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"old"}}', (2, "old")),
        ("application/json; charset=utf-8", b'{"partial_success":{"rejected_spans":2},"more":1}', (2, "")),
        ("application/json", b"{}", (0, "")),
        ("", b"", (0, "")),
        ("text/html", b"", (0, "")),
        ("application/octet-stream", partial(1, "x"), (1, "x")),
    ],
)
def test_answers_that_are_otlp(server: Server, kind: str, body: bytes, expected: tuple[int, str]) -> None:
    server.answers.append((200, {"content-type": kind} if kind else {}, body))
    sender = HttpTransport(target_of({}, server.url))
    answer = sender.send(ExportTraceServiceRequest())
    sender.close()
    assert (answer.accepted, answer.rejected, answer.message) == (True, *expected)


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"partialSuccess":5}', b'{"a":' * 5000])
def test_json_that_is_no_otlp_answer(server: Server, body: bytes) -> None:
    server.answers.append((200, {"content-type": "application/json"}, body))
    sender = HttpTransport(target_of({}, server.url))
    answer = sender.send(ExportTraceServiceRequest())
    sender.close()
    assert not answer.accepted
    assert not answer.again
    assert "with application/json that is no OTLP response" in answer.message


def test_a_missing_certificate_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for protocol in ("grpc", "http/protobuf"):
        environ = {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/no/such.pem"}
        with pytest.raises(PushError, match=r"/no/such\.pem: No such file"):
            push([str(file)], target_of(environ, "https://127.0.0.1:9", protocol))


@contextmanager
def grpc_server(behaviour: Callable[[ExportTraceServiceRequest, Any], ExportTraceServiceResponse]) -> Iterator[str]:
    handler = grpc.unary_unary_rpc_method_handler(
        behaviour,
        request_deserializer=ExportTraceServiceRequest.FromString,
        response_serializer=ExportTraceServiceResponse.SerializeToString,
    )
    service = grpc.method_handlers_generic_handler(
        "opentelemetry.proto.collector.trace.v1.TraceService", {"Export": handler}
    )
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers((service,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def test_grpc_delivers_headers_and_counts_partial_success(file: Path) -> None:
    calls: list[tuple[ExportTraceServiceRequest, dict[str, str]]] = []

    def export(request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        calls.append((request, dict(context.invocation_metadata())))
        return ExportTraceServiceResponse.FromString(partial(1, "one too many"))

    with grpc_server(export) as url:
        environ = {"OTEL_EXPORTER_OTLP_HEADERS": "X-Team=gym", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
        pushed = push([str(file)], target_of(environ, url, "grpc"))
    assert (pushed.accepted, pushed.rejected, pushed.reasons) == (2, 1, {"one too many": 1})
    assert received([calls[0][0]]) == [record(number) for number in range(3)]
    assert calls[0][1]["x-team"] == "gym"


def test_http_to_a_grpc_port_and_tls_to_a_plain_one_say_the_remedy(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_INSECURE", raising=False)
    with grpc_server(lambda _, __: ExportTraceServiceResponse()) as url:
        assert main(["push", str(file), "--endpoint", url, "--patience", "0"]) == 1
        assert "it closed the connection; if it speaks gRPC, give --protocol grpc" in capsys.readouterr().err
        bare = url.removeprefix("http://")
        assert main(["push", str(file), "--endpoint", bare, "--protocol", "grpc"]) == 1  # at once, with all patience
        assert f"it was asked with TLS; if it has none, write {url} (3 spans)" in capsys.readouterr().err
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
        assert main(["push", str(file), "--endpoint", bare, "--protocol", "grpc"]) == 0


@pytest.mark.parametrize(
    ("details", "message", "again"),
    [
        ("Ssl handshake failed: SSL_ERROR_SSL: WRONG_VERSION_NUMBER", "it was asked with TLS; if it has none, ", False),
        ("Connection refused", "connection refused; it was asked with TLS; if it has none, ", True),
        ("certificate verify failed", "its TLS certificate was not accepted", True),
    ],
)
def test_what_is_said_of_tls(monkeypatch: pytest.MonkeyPatch, details: str, message: str, again: bool) -> None:
    class Away(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> str:
            return details

        def trailing_metadata(self) -> None:
            return None

    def fail(*_: object, **__: object) -> None:
        raise Away

    sender = GrpcTransport(target_of({}, "h:1", "grpc"))
    monkeypatch.setattr(sender, "_export", fail)
    answer = sender.send(ExportTraceServiceRequest())
    sender.close()
    assert answer.message == message + ("write http://h:1" if message.endswith(", ") else "")
    assert answer.again is again


def test_grpc_refusals() -> None:
    from google.protobuf.any_pb2 import Any as Packed
    from google.protobuf.duration_pb2 import Duration
    from google.rpc.error_details_pb2 import RetryInfo
    from google.rpc.status_pb2 import Status

    detail = Packed()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=3)))
    waiting = (("grpc-status-details-bin", Status(code=8, details=[detail]).SerializeToString()),)
    codes = grpc.StatusCode
    script = [
        (codes.UNAVAILABLE, (), Answer(message="away", again=True)),
        (codes.RESOURCE_EXHAUSTED, (), Answer(message="RESOURCE_EXHAUSTED away", data=True)),
        (codes.RESOURCE_EXHAUSTED, waiting, Answer(message="away", again=True, after_s=3)),
        (codes.RESOURCE_EXHAUSTED, (("grpc-status-details-bin", b"\xff"),), None),
        (codes.INVALID_ARGUMENT, (), Answer(message="INVALID_ARGUMENT away", data=True)),
        (codes.PERMISSION_DENIED, (), Answer(message="PERMISSION_DENIED away")),
    ]
    queue = list(script)

    def export(_: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        code, metadata, _answer = queue.pop(0)
        context.set_trailing_metadata(metadata)
        context.abort(code, "away")
        raise AssertionError

    with grpc_server(export) as url:
        sender = GrpcTransport(target_of({}, url, "grpc"))
        answers = [sender.send(ExportTraceServiceRequest()) for _ in script]
        sender.close()
    for answer, (code, _, expected) in zip(answers, script, strict=True):
        if expected is not None:
            assert answer == expected, code


# ------------------------------------------------------------------------------------------------------- the endpoint


@pytest.mark.parametrize(
    ("environ", "endpoint", "protocol", "expected"),
    [
        ({}, None, None, ("http/protobuf", "http://localhost:4318/v1/traces")),
        ({}, "http://h:1", None, ("http/protobuf", "http://h:1/v1/traces")),
        ({}, "http://h:1/v1/traces", None, ("http/protobuf", "http://h:1/v1/traces")),
        ({}, "http://h:4317", None, ("grpc", "http://h:4317")),
        ({}, "https://h:1", "grpc", ("grpc", "https://h:1")),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:1/x"},
            None,
            None,
            ("http/protobuf", "http://t:1/x"),
        ),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:1/x", "OTEL_TRACES_EXPORTER": "none"},
            "http://h:2",
            None,
            ("http/protobuf", "http://h:2/v1/traces"),
        ),
    ],
)
def test_where_it_goes(
    environ: dict[str, str], endpoint: str | None, protocol: str | None, expected: tuple[str, str]
) -> None:
    target = target_of(environ, endpoint, protocol)
    assert (target.protocol, target.endpoint) == expected


def test_secret_headers_do_not_travel_in_the_clear() -> None:
    environ = {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x"}
    with pytest.raises(PushError, match=r"http://example\.com/v1/traces: the header authorization would travel"):
        target_of(environ, "http://example.com")
    for fine in ("https://example.com", "http://localhost:4318", "http://127.0.0.2:1", "http://[::1]:1"):
        assert target_of(environ, fine).headers == (("authorization", "Bearer x"),)


def test_metrics_and_logs_of_a_collectors_file_are_said_to_be_left_out(
    server: Server, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with file.open("a") as text:
        text.write('{"resourceMetrics":[]}\n{"resourceLogs":[]}\n{"resourceLogs":[]}\n')
    assert main(["push", str(file), "--endpoint", server.url]) == 1
    told = capsys.readouterr()
    assert told.out == f"{server.url}/v1/traces: 3 spans accepted of 3\n"
    assert "otelwod: not sent: a line of metrics: 1 time\n" in told.err
    assert "otelwod: not sent: a line of logs: 2 times\n" in told.err


@pytest.mark.parametrize("kind", ["Metrics", "Logs"])
def test_a_file_of_another_signal_only_is_bad_input(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(f'{{"resource{kind}":[]}}\n')
    assert main(["push", str(path), "--endpoint", server.url]) == 2
    assert f"holds no spans; what it has is a line of {kind.lower()}" in capsys.readouterr().err
