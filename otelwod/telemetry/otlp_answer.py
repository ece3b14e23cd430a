"""What an OTLP/HTTP server's answer to an export says: taken, taken in part, or no OTLP server at all. No SDK here.

A web page answers 200 too, so the status alone proves nothing: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_WITHOUT_TYPE: Final = ("", "application/octet-stream")
_LONGEST_TYPE: Final = 60
HINT: Final = "OTLP over HTTP is usually at port 4318"


class OtlpAnswerError(Exception):
    """Whoever answered does not speak OTLP; the text says what came instead, and what to do."""


def read_answer(status: int, content_type: str, body: bytes) -> tuple[int, str]:
    """Rejected spans and the server's words, out of an answer of status 2xx. Raises `OtlpAnswerError`.

    An empty body of any type is the empty response message, which is success. JSON is read where the type says so:
    some servers answer JSON to protobuf.
    """
    from google.protobuf.json_format import Parse, ParseError  # type: ignore[import-untyped, unused-ignore]
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return 0, ""
    try:
        if "json" in kind:
            if not body.lstrip().startswith(b"{"):
                raise ValueError("a message is an object")
            response = Parse(body, ExportTraceServiceResponse(), ignore_unknown_fields=True)
        elif "protobuf" in kind or kind in _WITHOUT_TYPE:
            response = ExportTraceServiceResponse.FromString(body)
        else:
            raise OtlpAnswerError(f"it answered {status} with {kind[:_LONGEST_TYPE]}, which is no OTLP; {HINT}")
    except (ParseError, DecodeError, ValueError, TypeError, AttributeError, RecursionError):
        what = kind[:_LONGEST_TYPE] or "a body without a type"
        raise OtlpAnswerError(f"it answered {status} with {what} that is no OTLP response; {HINT}") from None
    partial = response.partial_success
    return max(0, int(partial.rejected_spans)), str(partial.error_message)


class _Rejections(threading.local):
    """By thread: the account that an export under way fills."""

    open: list[tuple[int, str]] | None = None


_rejections = _Rejections()


@contextmanager
def rejections() -> Iterator[list[tuple[int, str]]]:
    """In this thread, collect what `check_response` reads: (rejected, the server's words) where any were rejected."""
    found: list[tuple[int, str]] = []
    _rejections.open = found
    try:
        yield found
    finally:
        _rejections.open = None


def check_response(response: Any, *_: Any, **__: Any) -> None:
    """A ``response`` hook of a ``requests.Session``: raises `OtlpAnswerError` for success that is none.

    The SDK's exporter looks at the status only, and takes a redirect for success.
    """
    status = response.status_code
    try:
        if 300 <= status < 400:
            raise OtlpAnswerError("it redirects elsewhere, which is not followed")
        if 200 <= status < 300:
            rejected, words = read_answer(status, response.headers.get("content-type", ""), response.content)
            if rejected and _rejections.open is not None:
                _rejections.open.append((rejected, words))
    except OtlpAnswerError:
        response.close()
        raise
