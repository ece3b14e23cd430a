"""OTLP JSON files → any OTLP endpoint, with retries, and a count of what was accepted."""

from __future__ import annotations

import ipaddress
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.otlp_requests import halves, read_values, requests_of, span_count
from otelwod.archive.otlp_transport import Answer, Transport, transport
from otelwod.archive.tally import Tally
from otelwod.telemetry.redaction import is_secret
from otelwod.telemetry.settings import OtlpTarget, read_settings

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S: Final = 60.0
"""How long one request is tried."""
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0
_TRACES: Final = "OTEL_EXPORTER_OTLP_TRACES_"
_GENERAL: Final = "OTEL_EXPORTER_OTLP_"
_MOST_REASONS: Final = 20


class PushError(ValueError):
    """An endpoint that cannot be sent to at all; the text says why and what to do."""


@dataclass(slots=True)
class Pushed:
    """The account: ``spans`` = ``accepted`` + ``rejected`` (the server said so, one by one) + ``failed`` (not taken).

    ``refused``: files of which nothing could be read, a line each. ``skipped``: what in the other files was not sent
    because it is damaged or no OTLP, by reason. ``reasons``: what the server said to what it did not take, with the
    number of spans. ``retries``: requests that were sent again.
    """

    place: str
    spans: int = 0
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    retries: int = 0
    refused: Sequence[str] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Sequence[str] = ()

    @property
    def complete(self) -> bool:
        """Whether all that the files hold has arrived."""
        return self.accepted == self.spans and not self.skipped and not self.refused

    def because(self, reason: str, spans: int) -> None:
        """Note why spans were not taken."""
        known = reason in self.reasons or len(self.reasons) < _MOST_REASONS
        self.reasons[(reason or "the server gave no reason") if known else "other reasons"] += spans


def target_of(environ: Mapping[str, str], endpoint: str | None = None, protocol: str | None = None) -> OtlpTarget:
    """Where to send: ``endpoint`` and ``protocol``, and for all else (headers, TLS, timeout) the ``OTEL_*`` variables.

    An endpoint that ends in ``/v1/traces`` is taken as it is; to any other HTTP endpoint that path is added. Raises
    `PushError` for one that is no URL, or that would carry secret headers unencrypted to another machine.
    """
    chosen = {name: value for name, value in environ.items() if name not in ("OTEL_SDK_DISABLED", f"{_TRACES}EXPORTER")}
    chosen["OTEL_TRACES_EXPORTER"] = "otlp"
    chosen["OTEL_METRICS_EXPORTER"] = "none"
    if endpoint is not None:
        if not endpoint.strip():
            raise PushError("--endpoint: is empty; give a URL such as http://localhost:4318")
        for name in (f"{_TRACES}ENDPOINT", f"{_GENERAL}ENDPOINT"):
            chosen.pop(name, None)
        whole = endpoint.rstrip("/").endswith("/v1/traces")
        chosen[f"{_TRACES if whole else _GENERAL}ENDPOINT"] = endpoint
    if protocol is not None:
        chosen[f"{_TRACES}PROTOCOL"] = protocol
    settings = read_settings(chosen)
    found = [target for target in settings.traces if isinstance(target, OtlpTarget)]
    about = [problem for problem in settings.problems if _GENERAL in problem]
    if endpoint is not None:
        about = [re.sub(f"^{_GENERAL}(TRACES_)?ENDPOINT:", "--endpoint:", problem) for problem in about]
    if not found:
        raise PushError("; ".join(about) or "no endpoint; give --endpoint http://localhost:4318")
    (target,) = found
    if target.endpoint.startswith("http://") and not _is_loopback(target.endpoint):
        secret = [name for name, _ in target.headers if is_secret(name)]
        if secret:
            raise PushError(
                f"{target.place}: the header {secret[0]} would travel unencrypted; give an https:// endpoint"
            )
    return target


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def push(
    paths: Iterable[str],
    target: OtlpTarget,
    *,
    limits: Limits | None = None,
    patience_s: float = PATIENCE_S,
    sender: Transport | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
    progress: Callable[[Pushed], None] | None = None,
) -> Pushed:
    """Send the spans of OTLP JSON files, in their order, at most 512 in a request.

    What may pass later is tried for ``patience_s`` seconds a request, with growing, jittered waits, as the server asks.
    A request that the server dislikes is halved until only the spans that it dislikes are left. An endpoint that
    takes nothing at all is given up: the rest is counted as failed. A file that cannot be read is in `Pushed.refused`,
    and the others are sent, whatever their order. Raises `PushError` for TLS files that cannot be read.
    """
    account = Pushed(target.place)
    skipped: Counter[str] = Counter()
    warnings: list[str] = []
    refused: list[str] = []
    try:
        line = sender if sender is not None else transport(target)
    except OSError as error:
        raise PushError(f"{error.filename}: {error.strerror or error}; check OTEL_EXPORTER_OTLP_CERTIFICATE") from None
    delivery = _Delivery(line, account, patience_s, sleep, clock, jitter)
    try:
        for path in paths:
            tally = Tally()
            try:
                for request in requests_of(read_values(path, tally, limits), tally):
                    delivery.take(request)
                    if progress is not None:
                        progress(account)
            except ReadError as error:
                refused.append(str(error))
            else:
                skipped += tally.skipped
                warnings += tally.warnings
    finally:
        account.refused = tuple(refused)
        account.skipped = dict(skipped)
        account.warnings = (*warnings, *delivery.warnings)
        line.close()
    return account


class _Delivery:
    def __init__(
        self,
        line: Transport,
        account: Pushed,
        patience_s: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._line = line
        self._account = account
        self._patience_s = patience_s
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._given_up = ""
        self.warnings: list[str] = []

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Bring one request to an end: accepted, rejected or failed."""
        account = self._account
        account.spans += span_count(request)
        waiting = deque([request])
        while waiting:
            part = waiting.popleft()
            count = span_count(part)
            answer = Answer(message=self._given_up) if self._given_up else self._send(part)
            if answer.accepted:
                rejected = min(answer.rejected, count)
                account.accepted += count - rejected
                account.rejected += rejected
                if rejected:
                    account.because(answer.message, rejected)
                elif answer.message and answer.message not in self.warnings:
                    self.warnings.append(f"the server says: {answer.message}")
            elif answer.data and count > 1:
                waiting.extendleft(reversed(halves(part)))
            else:
                account.failed += count
                account.because(answer.message, count)
                if not answer.data:
                    self._given_up = answer.message or "the server gave no reason"

    def _send(self, request: ExportTraceServiceRequest) -> Answer:
        """Try until it is decided, or until patience ends."""
        deadline = self._clock() + self._patience_s
        wait = FIRST_WAIT_S
        while True:
            answer = self._line.send(request)
            if answer.accepted or not answer.again:
                return answer
            pause = wait * (0.5 + self._jitter() / 2)
            if answer.after_s is not None:
                pause = max(pause, min(answer.after_s, self._patience_s))
            if self._clock() + pause > deadline:
                return answer
            self._sleep(pause)
            self._account.retries += 1
            wait = min(2 * wait, LONGEST_WAIT_S)
