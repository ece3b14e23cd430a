from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from archive_samples import RECORDS, jaeger, to_bytes

from otelwod.archive import otlp_json
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.remote import api_url, is_remote
from otelwod.archive.source import open_source

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def backend(answer: Answer) -> Iterator[str]:
    """A backend on a port of its own that gives one answer; its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if "Content_Length" not in headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_jaeger() -> None:
    paths: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        paths.append(handler.path)
        send(handler, to_bytes(jaeger()))

    with backend(answer) as address:
        found = open_source(f"jaeger+http://{address}/ab%2Fc d")
        assert list(found.traces[0].records) == RECORDS
        open_source(f"jaeger+http://{address}/ui/base/abc/?start=1")
    assert paths == ["/api/traces/ab%2Fc%20d", "/ui/base/api/traces/abc?start=1"]


def test_tempo_compressed() -> None:
    body = gzip.compress(to_bytes({"batches": otlp_json.encode(RECORDS)["resourceSpans"]}))
    asked: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Accept"])
        send(handler, body, Content_Encoding="gzip")

    with backend(answer) as address:
        found = open_source(f"tempo+http://{address}/abc")
    assert found.formats == ("tempo",)
    assert list(found.traces[0].records) == RECORDS
    assert asked == ["application/json"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "no such trace"), (401, "who asks"), (403, "forbids it"), (500, "answered 500"), (429, "answered 429")],
)
def test_refusals(status: int, said: str) -> None:
    with backend(lambda handler: send(handler, b"{}", status)) as address, pytest.raises(ReadError, match=said):
        open_source(f"jaeger+http://{address}/abc")


def test_what_a_backend_says_of_an_error_is_passed_on() -> None:
    with (
        backend(lambda handler: send(handler, b"bad id \x1b" + b"x" * 999, 400)) as address,
        pytest.raises(ReadError, match="answered 400 Bad Request: bad id") as caught,
    ):
        open_source(f"jaeger+http://{address}/abc")
    assert len(str(caught.value)) < 400


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with backend(lambda handler: send(handler, to_bytes(jaeger()))) as other:
        for target in (f"http://{other}/api/traces/abc", "file:///etc/passwd", "http://127.0.0.1:1/"):
            with (
                backend(lambda handler, to=target: send(handler, b"", 302, Location=to)) as address,  # type: ignore[misc]
                pytest.raises(ReadError, match=r"(?i)redirect"),
            ):
                open_source(f"jaeger+http://{address}/abc")


def test_a_redirect_within_the_host_is_followed() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.startswith("/api"):
            send(handler, b"", 301, Location="/new/place")
        else:
            send(handler, to_bytes(jaeger()))

    with backend(answer) as address:
        assert open_source(f"jaeger+http://{address}/abc").spans == 3


def test_an_endless_answer_is_cut_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)

    with backend(answer) as address, pytest.raises(ReadError, match="larger than 1 MiB"):
        open_source(f"jaeger+http://{address}/abc", limits=Limits(bytes=1 << 20))


def test_an_answer_that_never_ends_in_time() -> None:
    done = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        done.wait(5)

    def trickling(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not done.wait(0.01):
            handler.wfile.write(b" ")

    for answer in (silent, trickling):
        with backend(answer) as address:
            with pytest.raises(ReadError, match=r"no complete answer within 0.1 s|timed out"):
                open_source(f"jaeger+http://{address}/abc", limits=Limits(seconds=0.1))
            done.set()
        done.clear()


def test_an_answer_that_breaks_off() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(handler, b'{"data": [', Content_Length="1000")
        handler.close_connection = True

    with backend(answer) as address, pytest.raises(ReadError, match=r"broke off after 10 B of 1000 B|IncompleteRead"):
        open_source(f"jaeger+http://{address}/abc")


def test_a_backend_that_is_not_there() -> None:
    with backend(lambda handler: None) as address:
        pass
    with pytest.raises(ReadError, match=r"cannot be reached .*is the backend running"):
        open_source(f"jaeger+http://{address}/abc")


def test_what_is_no_http() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-x\r\n")
        handler.close_connection = True

    with backend(answer) as address, pytest.raises(ReadError, match="cannot be reached"):
        open_source(f"tempo+http://{address}/abc")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("jaeger+http://localhost:16686/", "an address is"),
        ("jaeger+http://localhost:16686", "an address is"),
        ("jaeger+http:///abc", "an address is"),
        ("jaeger+http://localhost:99999/abc", "is no address"),
        ("jaeger+http://[::1/abc", "is no address"),
        ("jaeger+http://user:secret@localhost/abc", "no passwords in addresses"),
    ],
)
def test_bad_addresses(source: str, said: str) -> None:
    with pytest.raises(ReadError, match=said) as caught:
        open_source(source)
    assert "secret" not in str(caught.value)


def test_what_is_an_address() -> None:
    assert is_remote("jaeger+http://x/1")
    assert is_remote("TEMPO+HTTPS://x/1")
    assert not is_remote("http://x/1")
    assert not is_remote("jaeger+http")
    assert api_url("tempo+https://x:1/p/1") == "https://x:1/p/api/traces/1"
    assert api_url("jaeger+http://[::1]:16686/4bf9") == "http://[::1]:16686/api/traces/4bf9"
