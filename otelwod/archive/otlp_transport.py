"""One OTLP request to one endpoint, over HTTP or gRPC, and what the server said to it. No retries here.

What may be tried again follows https://opentelemetry.io/docs/specs/otlp/#failures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from otelwod.telemetry.exporter_log import CLOSED, reason_of_error
from otelwod.telemetry.otlp_answer import OtlpAnswerError, read_answer
from otelwod.telemetry.settings import OtlpTarget

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

LONGEST_ANSWER: Final = 1 << 20
_LONGEST_REASON: Final = 200
_HTTP_AGAIN: Final = frozenset({429, 502, 503, 504})
_HTTP_BAD_DATA: Final = frozenset({400, 413, 422})
_GRPC_AGAIN: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)
_GRPC_BAD_DATA: Final = frozenset({"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request.

    ``accepted``: the server has it, but for ``rejected`` spans. Otherwise ``again``: worth another try, not before
    ``after_s`` seconds where the server said so; ``data``: it dislikes what is in it, so that a part may still pass.
    ``message``: what the server (or the network) said.
    """

    accepted: bool = False
    rejected: int = 0
    message: str = ""
    again: bool = False
    after_s: float | None = None
    data: bool = False


class Transport(Protocol):
    """Sends requests to one endpoint."""

    def send(self, request: ExportTraceServiceRequest) -> Answer:
        """One try. Never raises for what the network or the server does."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def transport(target: OtlpTarget) -> Transport:
    """A transport for a target. Raises OSError for a TLS file that cannot be read."""
    return GrpcTransport(target) if target.protocol == "grpc" else HttpTransport(target)


class HttpTransport:
    """OTLP over HTTP with protobuf bodies. Redirects are not followed: they would carry headers and spans elsewhere."""

    def __init__(self, target: OtlpTarget) -> None:
        import requests

        for path in (target.certificate, target.client_key, target.client_certificate):
            if path is not None:
                Path(path).read_bytes()
        self._target = target
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = target.certificate or True
        if target.client_certificate:
            key = target.client_key
            self._session.cert = (target.client_certificate, key) if key else target.client_certificate

    def send(self, request: ExportTraceServiceRequest) -> Answer:
        """One POST."""
        import requests

        body = request.SerializeToString()
        headers = {"content-type": "application/x-protobuf", "user-agent": "otelwod", **dict(self._target.headers)}
        if self._target.compression != "none":
            body = _compressed(body, self._target.compression)
            headers["content-encoding"] = self._target.compression
        try:
            with self._session.post(
                self._target.endpoint,
                data=body,
                headers=headers,
                timeout=self._target.timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = response.raw.read(LONGEST_ANSWER, decode_content=True)
                return _http_answer(response.status_code, response.reason or "", response.headers, answer)
        except (requests.RequestException, OSError) as error:
            return Answer(message=_with_protocol_hint(reason_of_error(error)), again=_may_pass(error))
        except Exception as error:  # noqa: BLE001 - urllib3 raises its own while the body is read
            return Answer(message=_with_protocol_hint(reason_of_error(error)), again=True)

    def close(self) -> None:
        """Close the session."""
        self._session.close()


def _with_protocol_hint(reason: str) -> str:
    """A server of gRPC, which is HTTP/2, hangs up on HTTP/1.1."""
    return f"{reason}; if it speaks gRPC, give --protocol grpc" if reason == CLOSED else reason


def _may_pass(error: Exception) -> bool:
    import requests

    permanent = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)
    return not isinstance(error, permanent)


def _compressed(body: bytes, how: str) -> bytes:
    import gzip
    import zlib

    return gzip.compress(body, 6) if how == "gzip" else zlib.compress(body)


def _http_answer(status: int, reason: str, headers: Any, body: bytes) -> Answer:
    if 200 <= status < 300:
        try:
            rejected, words = read_answer(status, headers.get("content-type", ""), body)
        except OtlpAnswerError as error:
            return Answer(message=str(error))
        return Answer(accepted=True, rejected=rejected, message=_shown(words))
    if 300 <= status < 400:
        return Answer(message=f"{status}: it redirects elsewhere, which is not followed; give its address")
    said = _shown(f"{status} {reason}{_said(headers, body)}")
    return Answer(
        message=said,
        again=status in _HTTP_AGAIN,
        after_s=_seconds(headers.get("retry-after")) if status in _HTTP_AGAIN else None,
        data=status in _HTTP_BAD_DATA,
    )


def _said(headers: Any, body: bytes) -> str:
    """The words of an error's body: plain text, or the message of a ``google.rpc.Status``."""
    if "protobuf" in headers.get("content-type", ""):
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
        from google.rpc.status_pb2 import Status  # type: ignore[import-untyped, unused-ignore]

        try:
            text = Status.FromString(body).message
        except DecodeError:
            return ""
    elif "text/plain" in headers.get("content-type", ""):
        text = body.decode("utf-8", "replace")
    else:
        return ""
    return f": {text}" if text.strip() else ""


class GrpcTransport:
    """OTLP over gRPC."""

    def __init__(self, target: OtlpTarget) -> None:
        from urllib.parse import urlsplit

        import grpc  # type: ignore[import-untyped, unused-ignore]
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

        self._target = target
        address = urlsplit(target.endpoint).netloc
        compression = grpc.Compression.Gzip if target.compression == "gzip" else grpc.Compression.NoCompression
        # Whether and when to try again is decided by whoever calls `send`.
        options = (("grpc.enable_retries", 0), ("grpc.max_receive_message_length", LONGEST_ANSWER))
        if target.insecure:
            self._channel = grpc.insecure_channel(address, options, compression)
        else:
            read = [
                None if path is None else Path(path).read_bytes()
                for path in (target.certificate, target.client_key, target.client_certificate)
            ]
            self._channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(*read), options, compression)
        self._export = TraceServiceStub(self._channel).Export  # type: ignore[no-untyped-call, unused-ignore]

    def send(self, request: ExportTraceServiceRequest) -> Answer:
        """One call."""
        import grpc

        try:
            response = self._export(request, timeout=self._target.timeout_s, metadata=self._target.headers or None)
        except grpc.RpcError as error:
            answer = _grpc_answer(error)
            if self._target.insecure or error.code() is not grpc.StatusCode.UNAVAILABLE:
                return answer
            return self._about_tls(answer, error.details() or "")
        except Exception as error:  # noqa: BLE001 - such as metadata that gRPC does not take
            return Answer(message=reason_of_error(error))
        partial = response.partial_success
        return Answer(accepted=True, rejected=max(0, partial.rejected_spans), message=_shown(partial.error_message))

    def _about_tls(self, answer: Answer, details: str) -> Answer:
        """gRPC tells a plain endpoint that was asked for TLS from a dead one in its log only, if at all."""
        if "certificate" in answer.message:
            return answer
        plain = self._target.place.replace("https://", "http://", 1)
        hint = f"it was asked with TLS; if it has none, write {plain}"
        no_tls = "wrong_version_number" in details.lower()
        message = _shown(hint if no_tls else f"{answer.message}; {hint}")
        return replace(answer, message=message, again=answer.again and not no_tls)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def _grpc_answer(error: Any) -> Answer:
    code = error.code().name
    after = _retry_info(error)
    again = code in _GRPC_AGAIN or (code == "RESOURCE_EXHAUSTED" and after is not None)
    details = error.details() or ""
    message = reason_of_error(RuntimeError(details)) if again else f"{code} {details}"
    return Answer(
        message=_shown(message.removeprefix("RuntimeError: ") or code),
        again=again,
        after_s=after,
        data=code in _GRPC_BAD_DATA and not again,
    )


def _retry_info(error: Any) -> float | None:
    """Seconds of the ``RetryInfo`` among an error's details, None without one."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
    from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped, unused-ignore]
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped, unused-ignore]

    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            try:
                details = Status.FromString(value).details
                for detail in details:
                    info = RetryInfo()
                    if detail.Unpack(info):
                        return float(max(0.0, info.retry_delay.ToTimedelta().total_seconds()))
            except (DecodeError, ValueError):
                return None
    return None


def _seconds(text: str | None) -> float | None:
    """``Retry-After`` in seconds; a date or nonsense counts as not given."""
    if text is None or not text.strip().isdigit() or len(text) > 12:
        return None
    return float(text)


def _shown(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_REASON]
