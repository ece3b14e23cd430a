"""A trace from a backend's HTTP API: ``jaeger+http://HOST:PORT/TRACE_ID``, ``tempo+https://HOST/PREFIX/TRACE_ID``."""

from __future__ import annotations

import queue
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from otelwod.archive.inflate import Progress, inflate
from otelwod.archive.limits import Limits, ReadError, fmt_bytes

SCHEMES: Final = ("jaeger+http", "jaeger+https", "tempo+http", "tempo+https")
_CHUNK: Final = 1 << 16
_SAID: Final = 200
"""Bytes of an error's text that are shown."""
_HINTS: Final = {
    401: "the backend wants to know who asks; fetch the trace with a program that does, and analyse the file",
    403: "the backend forbids it; fetch the trace with a program that may, and analyse the file",
    404: "the backend has no such trace: check the id, and that it was not deleted or has not arrived yet",
}


def is_remote(source: str) -> bool:
    """Whether a source names a backend rather than a file."""
    return source.split("://", 1)[0].lower() in SCHEMES and "://" in source


def api_url(source: str) -> str:
    """The address that is asked. Both backends answer under ``/api/traces/``, also below a path prefix.

    Raises `ReadError` for an address without host or trace id, and for one that carries a password.
    """
    try:
        parts = urlsplit(source)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError as error:
        raise ReadError(source, f"is no address: {error}") from None
    if parts.username is not None or parts.password is not None:
        shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        raise ReadError(shown, "no passwords in addresses, they end up in logs; use a proxy that adds them")
    prefix, _, trace_id = parts.path.rstrip("/").rpartition("/")
    if not parts.hostname or not trace_id:
        raise ReadError(
            source, "an address is SCHEME://HOST:PORT/TRACE_ID, such as jaeger+http://localhost:16686/4bf9…"
        )
    scheme = parts.scheme.partition("+")[2]
    return urlunsplit((scheme, parts.netloc, f"{prefix}/api/traces/{quote(trace_id, safe='%')}", parts.query, ""))


def fetch(source: str, limits: Limits, progress: Progress | None = None) -> tuple[bytes, str]:
    """The backend's answer, and a warning (empty: none). Raises `ReadError` for all that can go wrong.

    ``limits.seconds`` bounds the whole exchange, also with a server that sends a byte a second: the work is done by a
    daemon thread, which ends by itself soon after nobody waits for it any more.
    """
    url = api_url(source)
    answer: queue.SimpleQueue[bytes | ReadError] = queue.SimpleQueue()
    deadline = time.monotonic() + limits.seconds
    worker = threading.Thread(
        target=_work, args=(source, url, limits, deadline, progress, answer), name="otelwod-fetch", daemon=True
    )
    worker.start()
    try:
        result = answer.get(timeout=limits.seconds)
    except queue.Empty:
        raise ReadError(source, f"no complete answer within {limits.seconds:g} s") from None
    if isinstance(result, ReadError):
        raise result
    return inflate(result, source, limits)


def _work(
    source: str,
    url: str,
    limits: Limits,
    deadline: float,
    progress: Progress | None,
    answer: queue.SimpleQueue[bytes | ReadError],
) -> None:
    try:
        answer.put(_get(source, url, limits, deadline, progress))
    except ReadError as error:
        answer.put(error)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(_SAID).decode("utf-8", "replace").strip()
        told = f"the backend answered {error.code} {error.reason}" + (f": {said}" if said else "")
        answer.put(ReadError(source, _HINTS.get(error.code, told)))
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        answer.put(
            ReadError(source, f"cannot be reached ({reason}); is the backend running, and its query port this one?")
        )
    except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
        answer.put(ReadError(source, f"cannot be fetched: {error!r}"))


def _get(source: str, url: str, limits: Limits, deadline: float, progress: Progress | None) -> bytes:
    opener = urllib.request.build_opener(_SameHost)
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "otelwod"})  # noqa: S310
    with opener.open(request, timeout=limits.seconds) as response:
        return _body(response, source, limits, deadline, progress)


def _body(response: Any, source: str, limits: Limits, deadline: float, progress: Progress | None) -> bytes:
    size = response.length
    chunks = []
    done = 0
    while chunk := response.read1(_CHUNK):
        done += len(chunk)
        if done > limits.bytes:
            raise ReadError(source, f"the answer is larger than {fmt_bytes(limits.bytes)}; raise the limit to read it")
        if time.monotonic() > deadline:
            raise ReadError(source, f"no complete answer within {limits.seconds:g} s")
        chunks.append(chunk)
        if progress is not None:
            progress(done, size)
    if size is not None and done < size:
        raise ReadError(source, f"the answer broke off after {fmt_bytes(done)} of {fmt_bytes(size)}")
    return b"".join(chunks)


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to the same scheme, host and port: an answer from elsewhere is not what was asked for."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if _origin(urlsplit(newurl)) != _origin(urlsplit(req.full_url)):
            fp.close()
            raise ReadError(
                req.full_url, f"the backend redirects to another host ({newurl}); ask that one if you trust it"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port
