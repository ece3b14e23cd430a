"""The export processor: every span is delivered, failed or dropped, and no exit waits for a backend."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler

from otelwod.telemetry import Delivery, Destination, ExportProcessor
from otelwod.telemetry.exporter_log import ExporterLog, reason_of

LIMIT = 20.0
"""Seconds after which a test fails instead of hanging; never waited for when all is well."""


class Exporter(SpanExporter):
    """Keeps what it gets; ``answers`` are given one after the other, the last one for ever."""

    def __init__(self, *answers: SpanExportResult | Exception | str) -> None:
        self.answers = list(answers) or [SpanExportResult.SUCCESS]
        self.batches: list[list[str]] = []
        self.shut = 0

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch]

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.batches.append([span.name for span in spans])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            logging.getLogger("opentelemetry.exporter.test").error(answer)
            return SpanExportResult.FAILURE
        return answer

    def shutdown(self) -> None:
        self.shut += 1


class HungExporter(Exporter):
    """Accepts and never answers, until the test is over."""

    def __init__(self) -> None:
        super().__init__()
        self.called = threading.Event()
        self.release = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.called.set()
        self.release.wait(LIMIT)
        return super().export(spans)


@pytest.fixture
def hung() -> Iterator[HungExporter]:
    exporter = HungExporter()
    yield exporter
    exporter.release.set()


def processor(exporter: SpanExporter, **options: object) -> ExportProcessor:
    settings: dict[str, object] = {"queue_size": 1000, "batch_size": 10, "schedule_s": 0.01, "place": "here"}
    return ExportProcessor(exporter, **(settings | options))  # type: ignore[arg-type]


def end_spans(processor: ExportProcessor, count: int, sampler: Sampler | None = None) -> None:
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("test")
    for number in range(count):
        tracer.start_span(str(number)).end()


def test_everything_arrives_in_order_and_in_batches() -> None:
    exporter = Exporter()
    export = processor(exporter)
    end_spans(export, 25)
    assert export.close(LIMIT) == Destination("here", "traces", delivered=25)
    assert exporter.names == [str(n) for n in range(25)]
    assert max(map(len, exporter.batches)) <= 10
    assert exporter.shut == 1
    assert export.closed


def test_more_spans_than_the_queue_all_arrive_with_patience() -> None:
    exporter = Exporter()
    export = processor(exporter, queue_size=8, patience_s=LIMIT)
    end_spans(export, 5000)
    assert export.close(LIMIT) == Destination("here", "traces", delivered=5000)
    assert exporter.names == [str(n) for n in range(5000)]


def test_a_full_queue_drops_with_a_count_and_never_waits(hung: HungExporter) -> None:
    export = processor(hung, queue_size=10, batch_size=5)
    end_spans(export, 5)
    assert hung.called.wait(LIMIT)
    end_spans(export, 30)
    assert export.destination() == Destination("here", "traces", dropped=20, error="the queue was full")
    hung.release.set()
    assert export.close(LIMIT) == Destination("here", "traces", delivered=15, dropped=20, error="the queue was full")


def test_patience_ends_after_one_wait_in_vain(hung: HungExporter) -> None:
    export = processor(hung, queue_size=1, batch_size=1, patience_s=0.05)
    end_spans(export, 1)
    assert hung.called.wait(LIMIT)
    end_spans(export, 1000)  # 50 s if each waited
    assert export.destination().dropped == 999


def test_a_hung_backend_does_not_hold_the_exit(hung: HungExporter) -> None:
    export = processor(hung)
    end_spans(export, 25)
    assert hung.called.wait(LIMIT)
    account = export.close(0.05)
    assert account == Destination("here", "traces", failed=25, error="no answer in time")
    hung.release.set()
    assert export.close(LIMIT) == account, "what arrives after the account was given does not change it"


def test_spans_that_end_after_the_close_are_counted() -> None:
    export = processor(Exporter())
    export.close(LIMIT)
    end_spans(export, 3)
    assert export.destination() == Destination("here", "traces", dropped=3, error="the program had ended")


def test_spans_that_are_not_sampled_are_not_sent() -> None:
    exporter = Exporter()
    export = processor(exporter)
    end_spans(export, 5, ALWAYS_OFF)
    assert export.close(LIMIT) == Destination("here", "traces")
    assert exporter.batches == []


def test_a_failed_batch_costs_itself_only() -> None:
    export = processor(
        Exporter(SpanExportResult.FAILURE, ValueError("boom"), SpanExportResult.SUCCESS), schedule_s=LIMIT
    )
    end_spans(export, 10)
    assert export.force_flush(int(LIMIT * 1000))
    end_spans(export, 10)
    assert export.force_flush(int(LIMIT * 1000))
    end_spans(export, 10)
    account = export.close(LIMIT)
    assert account == Destination("here", "traces", delivered=10, failed=20, error="ValueError: boom")


class Picky(Exporter):
    """Refuses whatever holds a span named like a number in ``bad``, as a backend does: the whole request."""

    def __init__(self, words: str, *bad: str) -> None:
        super().__init__()
        self.words, self.bad = words, set(bad)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.bad.isdisjoint(span.name for span in spans):
            return super().export(spans)
        logging.getLogger("opentelemetry.exporter.test").error(self.words)
        return SpanExportResult.FAILURE


def test_one_span_that_cannot_be_taken_costs_itself_only() -> None:
    exporter = Picky("error code: StatusCode.INVALID_ARGUMENT, error details: bad", "3", "77")
    export = processor(exporter, batch_size=100, log=ExporterLog(quiet=True))
    end_spans(export, 100)
    account = export.close(LIMIT)
    assert account == Destination("here", "traces", delivered=98, failed=2, error="INVALID_ARGUMENT bad")
    assert exporter.names == [str(number) for number in range(100) if number not in (3, 77)]


def test_a_backend_that_refuses_everything_is_not_asked_for_ever() -> None:
    exporter = Picky("code: 400, reason: Bad Request", *map(str, range(1000)))
    export = processor(exporter, batch_size=1000, log=ExporterLog(quiet=True))
    end_spans(export, 1000)
    assert export.close(LIMIT) == Destination("here", "traces", failed=1000, error="400 Bad Request")


def test_spans_with_many_events_travel_in_smaller_requests() -> None:
    exporter = Exporter()
    export = processor(exporter, batch_size=100, schedule_s=LIMIT)
    provider = TracerProvider(shutdown_on_exit=False, span_limits=SpanLimits(max_events=SpanLimits.UNSET))
    provider.add_span_processor(export)
    for number in range(12):
        span = provider.get_tracer("test").start_span(str(number))
        for _ in range(5000 if number == 6 else 800):
            span.add_event("e")
        span.end()
    assert export.close(LIMIT).delivered == 12
    assert [len(batch) for batch in exporter.batches] == [3, 3, 1, 3, 2]


def test_flush_sends_an_incomplete_batch_and_says_when_it_could_not(hung: HungExporter) -> None:
    exporter = Exporter()
    export = processor(exporter, schedule_s=LIMIT)
    end_spans(export, 3)
    assert export.force_flush(int(LIMIT * 1000))
    assert exporter.names == ["0", "1", "2"]
    export.shutdown()
    slow = processor(hung)
    end_spans(slow, 3)
    assert not slow.force_flush(20)
    slow.close(0.0)


def test_an_exporter_that_fails_to_shut_down_harms_nobody() -> None:
    class Stubborn(Exporter):
        def shutdown(self) -> None:
            raise RuntimeError("no")

    export = processor(Stubborn())
    end_spans(export, 1)
    account = export.close(LIMIT)
    assert account == Destination("here", "traces", delivered=1, error="RuntimeError: no")
    assert account.lines() == ("sent 1 span to here",)


def test_without_a_thread_everything_is_counted_as_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        export = processor(Exporter())
    end_spans(export, 2)
    assert export.close(LIMIT) == Destination("here", "traces", dropped=2, error="can't start new thread")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_sends_its_own_spans_and_not_its_parents() -> None:
    exporter = Exporter()
    export = processor(exporter, schedule_s=LIMIT)
    end_spans(export, 3)
    child = os.fork()
    if child == 0:
        end_spans(export, 2)
        account = export.close(LIMIT)
        os._exit(0 if account.delivered == 2 and exporter.names[-2:] == ["0", "1"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert export.close(LIMIT).delivered == 3


def test_the_reason_is_heard_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    log = ExporterLog(quiet=True)
    export = processor(Exporter("Failed to export spans batch code: 404, reason: Not Found"), log=log)
    end_spans(export, 1)
    assert export.close(LIMIT).error == "404 Not Found"
    assert caplog.records == []
    logging.getLogger("opentelemetry.exporter.test").error("not during an export")
    assert [record.message for record in caplog.records] == ["not during an export"]


def test_without_quiet_the_exporters_log_as_ever_and_the_reason_is_known_too(caplog: pytest.LogCaptureFixture) -> None:
    export = processor(Exporter("Failed to export spans batch code: 500, reason: x"))
    end_spans(export, 1)
    assert export.close(LIMIT) == Destination("here", "traces", failed=1, error="500 x")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_two_exporters_behind_one_deduplicating_logger_both_have_their_reason() -> None:
    class Once(logging.Filter):
        seen = False

        def filter(self, record: logging.LogRecord) -> bool:
            first, self.seen = not self.seen, True
            return first

    logger = logging.getLogger("opentelemetry.exporter.test")
    once = Once()
    logger.addFilter(once)
    try:
        log = ExporterLog(quiet=True)
        exports = [processor(Exporter("connect: Connection refused (111)"), log=log) for _ in range(2)]
        for export in exports:
            end_spans(export, 1)
        assert [export.close(LIMIT).error for export in exports] == ["connection refused"] * 2
        assert [f for f in logger.filters if isinstance(f, Once)] == [once]
        assert logging.getLogger("opentelemetry").propagate
    finally:
        logger.removeFilter(once)


def test_while_installed_other_messages_pass() -> None:
    heard: list[str] = []

    class Host(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    host = Host()
    log = ExporterLog(quiet=True)
    log.install()
    logging.getLogger().addHandler(host)
    try:
        logging.getLogger("opentelemetry.sdk.test").warning("of the SDK")
        with log.listening() as reasons:
            logging.getLogger("opentelemetry.sdk.test").warning("%d %s", "not a number", "x")
        assert (heard, reasons) == (["of the SDK"], [])
    finally:
        log.remove()
        logging.getLogger().removeHandler(host)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("HTTPConnectionPool(host='h', port=1): ... [Errno 111] Connection refused'))", "connection refused"),
        ("Failed to resolve 'x' ([Errno -2] Name or service not known)", "host name not found"),
        ("SSLCertVerificationError: certificate verify failed", "its TLS certificate was not accepted"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "it does not speak TLS; use http:// for a plain endpoint"),
        ("Exceeded 0 redirects.", "it redirects elsewhere, which is not followed"),
        ("Read timed out. (read timeout=10)", "no answer in time"),
        ("error code: StatusCode.DEADLINE_EXCEEDED, error details: Deadline Exceeded", "no answer in time"),
        ("('Connection aborted.', RemoteDisconnected())", "it closed the connection"),
        ("[Errno 101] Network is unreachable", "network unreachable"),
        ("Transient error StatusCode.UNAVAILABLE encountered while exporting, retrying in 2s.", "it is unavailable"),
        ("StatusCode.UNAVAILABLE ... Error details: too busy", "StatusCode.UNAVAILABLE ... Error details: too busy"),
        ("Failed to export spans batch code: 401, reason: Unauthorized", "401 Unauthorized"),
        ("error code: StatusCode.UNIMPLEMENTED, error details: unknown service x", "UNIMPLEMENTED unknown service x"),
        ("Failed to export spans batch due to timeout, max retries or shutdown.", ""),
        ("Shutdown in progress, aborting retry.", ""),
        ("some\x1b[31m\nthing   else", "some [31m thing else"),
        ("x" * 500, "x" * 159 + "…"),
    ],
)  # fmt: skip
def test_reasons_are_a_few_words(message: str, reason: str) -> None:
    assert reason_of(message) == reason


def test_the_account_in_words() -> None:
    delivery = Delivery(
        (
            Destination("http://a/v1/traces", "traces", delivered=12),
            Destination("http://b", "traces", delivered=1, failed=1000, dropped=1, error="connection refused"),
            Destination("http://a/v1/metrics", "metrics", delivered=3),
            Destination("http://b", "metrics", failed=1),
        )
    )
    assert delivery.lines() == (
        "sent 12 spans to http://a/v1/traces",
        "sent 1 span to http://b",
        "could not deliver 1,001 spans to http://b: connection refused",
        "could not deliver metrics to http://b: the exporter gave no reason",
    )
    assert (delivery.delivered, delivery.lost, delivery.complete) == (13, 1001, False)
    assert Delivery().complete
    assert Delivery().lines() == ()
