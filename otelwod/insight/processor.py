"""`PerformanceProcessor`: one line in any OpenTelemetry program, and it can say where its time goes.

    provider.add_span_processor(PerformanceProcessor())

On the host's thread a span costs an entry of a table, a row at the end of a list and a context variable that is set
(`Intake`). A daemon thread, or whoever asks, sorts the rows by trace and adds them up (`Book`). Imports the SDK.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

from otelwod.insight.analysis import analyze_traces, check_options
from otelwod.insight.live.background import after_fork, at_exit, work
from otelwod.insight.live.book import Book, Bounds
from otelwod.insight.live.checks import LONGEST_S, check_flag, check_function, check_number, shown
from otelwod.insight.live.guard import Guard, warn
from otelwod.insight.live.intake import ENTRY, HARD, RING, Intake
from otelwod.insight.live.metrics import register
from otelwod.insight.live.subscribers import Subscribers
from otelwod.insight.live.summary import Summary, summarise
from otelwod.insight.live.tally import OperationSummary, Tallies
from otelwod.insight.live.verdict import Printer, print_verdict
from otelwod.insight.report import Report
from otelwod.trace import SpanRecord, Trace

_SHARE: Final = 0.02
"""Share of the wall time that the analysis of overlapping traces may take in the background."""
_GRACE_NS: Final = 200_000_000


class PerformanceProcessor(Intake):
    """Sees every recorded span of a provider, and answers like `otelwod.analyze` at any time.

    ``max_spans`` and ``max_traces`` bound the detail (about 256 bytes a span), ``max_open`` the open spans that are
    watched, ``max_operations`` the distinct names. A trace is complete when its last open span ends, or after
    ``trace_timeout_s`` without news. ``report_at_exit`` prints the verdict to ``stream`` (stderr) when the program
    ends, by ``verdict``. ``metrics`` offers ``otelwod.operation.*`` through the meter provider that is set. With
    ``predecessor_attribute`` each span carries the id of its predecessor (it costs more than all the rest).

    Never raises into the host, never waits; after three internal errors it switches itself off and says so in the log.
    """

    def __init__(
        self,
        *,
        max_spans: int = 20_000,
        max_traces: int = 2_000,
        max_open: int = 10_000,
        max_operations: int = 2_000,
        trace_timeout_s: float = 300.0,
        interval_s: float = 1.0,
        report_at_exit: bool = False,
        stream: TextIO | None = None,
        verdict: Printer = print_verdict,
        metrics: bool = True,
        predecessor_attribute: bool = False,
        background: bool = True,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Raises TypeError or ValueError, with what to do instead, for an option that means nothing."""
        for name, seconds in (("trace_timeout_s", trace_timeout_s), ("interval_s", interval_s)):
            check_number(f"PerformanceProcessor: {name}", seconds, most=LONGEST_S)
        for name, flag in (
            ("report_at_exit", report_at_exit),
            ("metrics", metrics),
            ("predecessor_attribute", predecessor_attribute),
            ("background", background),
        ):
            check_flag(f"PerformanceProcessor: {name}", flag)
        check_function("PerformanceProcessor: verdict", verdict, "a report and a stream")
        check_function("PerformanceProcessor: clock", clock, "nothing that gives nanoseconds")
        if stream is not None and not callable(getattr(stream, "write", None)):
            raise TypeError(f"PerformanceProcessor: stream must be a text file (sys.stderr), not {shown(stream)}")
        self._bounds = Bounds(max_spans, max_traces, max_open, max_operations)
        self._most_open = max_open
        self._timeout_ns = int(trace_timeout_s * 1e9)
        self._interval_s = interval_s
        self._background = background
        self._clock = clock
        self._stream = stream
        self._verdict = verdict
        self._subscribers = Subscribers(_finder(weakref.ref(self)), threaded=background)
        self._guard = Guard("PerformanceProcessor", self._switch_off)
        self._printed = not report_at_exit
        if predecessor_attribute:
            self._mark_predecessors()
        self._start()
        after_fork(self._start)
        if report_at_exit:
            atexit.register(at_exit, weakref.ref(self))
        if metrics:
            register(self)

    def _start(self) -> None:
        """Begin with an empty book: also in a forked child, whose parent keeps what it has seen."""
        self._begin(Book(self._bounds))
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._earlier = Tallies()
        self._subscribers.restart()
        self._begun_ns = self._clock()
        self._spent_ns = 0

    # ---------------------------------------------------------------------------------------------------- the full ring

    def _press(self) -> None:
        """The ring is fuller than it should be: wake the thread, help it, or let go; never wait."""
        size = len(self._ring) // ENTRY
        if self._limit == 0:
            self._limit = RING * ENTRY
            if self._background:
                self._start_thread()
        elif size > HARD * RING:
            self._lost += size - RING
            del self._ring[: (size - RING) * ENTRY]
        elif self._closed:
            return
        elif self._thread is None or size > 4 * RING:
            if self._lock.acquire(blocking=False):
                try:
                    self._take(RING)
                finally:
                    self._lock.release()
        elif not self._wake.is_set():
            self._wake.set()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=work, args=(weakref.ref(self),), name="otelwod-insight", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no threads left, or the interpreter is going down: the host's thread empties the ring
            return
        self._thread = thread

    def _switch_off(self) -> None:
        self.on_start = _ignore  # type: ignore[method-assign]
        self.on_end = _ignore  # type: ignore[method-assign]
        self._ring.clear()
        self._wake.set()

    @property
    def disabled(self) -> str:
        """Why the processor has switched itself off; empty while it works."""
        return self._guard.reason if self._guard.disabled else ""

    # ------------------------------------------------------------------------------------------- entering into the book

    def _take(self, most: int | None = None) -> None:
        """Enter what the ring holds (its oldest ``most`` entries). The lock is held."""
        open_traces = self._book.open_traces()  # first: a span is in one of the two
        ring = self._ring
        count = len(ring) if most is None else min(most * ENTRY, len(ring))
        entries = ring[:count]
        del ring[:count]
        now = self._clock()
        complete = self._book.take(entries, open_traces, now)
        complete += self._book.expire(now - self._timeout_ns)
        if self._subscribers:
            self._subscribers.offer(held.trace_id for held in complete)

    def _analyse(self, *, all_of_it: bool) -> None:
        """Attribute overlapping traces, in the background within a share of the time. The lock is held."""
        book = self._book
        if not book.backlog:
            return
        begin = time.perf_counter_ns()
        allowance = int((self._clock() - self._begun_ns) * _SHARE) + _GRACE_NS - self._spent_ns
        book.analyse_backlog(lambda: all_of_it or time.perf_counter_ns() - begin < allowance)
        if not all_of_it:
            self._spent_ns += time.perf_counter_ns() - begin

    def _turn(self) -> None:
        """What the background thread does each time."""
        try:
            if self._ring or self._book.live or self._book.backlog:
                with self._lock:
                    self._take()
                    self._analyse(all_of_it=False)
        except Exception as error:  # noqa: BLE001 - nothing of ours may end a thread with a traceback
            self._guard.failed(error, "the background thread")

    @contextmanager
    def _settled(self) -> Iterator[Book]:
        """The book with everything that has ended until now, for the time of the block."""
        with self._lock:
            try:
                self._take()
            except Exception as error:  # noqa: BLE001 - the caller gets what is known
                self._guard.failed(error, "the book")
            yield self._book

    # ----------------------------------------------------------------------------------------------------- the answers

    def report(self, *, include_open: bool = False, program_order: bool = False, **options: Any) -> Report:
        """The analysis of all complete traces that are kept in detail, as `otelwod.analyze` of their export gives it.

        ``include_open`` adds those under way, their open spans included. ``program_order`` uses what an export does not
        say, the `predecessors`: what-if intervals get narrower. ``options`` are those of `analyze_traces`.
        Raises TypeError or ValueError for another option.
        """
        check_options(options, "report")
        with self._settled() as book:
            traces = book.traces(with_open=include_open)
            if program_order:
                options["predecessors"] = {
                    trace.trace_id: book.predecessors(int(trace.trace_id, 16)) for trace in traces
                }
        return analyze_traces(traces, **options)

    def summary(self) -> Summary:
        """Exact counts and sums since the start or the last reset, also of spans whose detail has gone."""
        with self._settled() as book:
            self._analyse(all_of_it=True)
            return summarise(book, self._lost, self._subscribers.dropped, self.disabled)

    def operation_totals(self) -> tuple[OperationSummary, ...]:
        """As ``summary().operations``, but since the very start: `reset` never lowers them. For counters."""
        with self._settled() as book:
            return book.sums(self._earlier).summaries(book.operations)

    def traces(self, *, include_open: bool = False) -> tuple[Trace, ...]:
        """The complete traces that are kept in detail, in the order in which their first span ended."""
        with self._settled() as book:
            return tuple(book.traces(with_open=include_open))

    def trace(self, trace_id: str | int) -> Trace | None:
        """One trace by its id (hex text or number), complete or under way with its open spans; None when not known."""
        try:
            number = _number(trace_id)
        except ValueError:
            return None
        with self._settled() as book:
            return book.trace(number)

    def open_spans(self) -> tuple[SpanRecord, ...]:
        """The spans that are open now (those that are watched), oldest first; ``end_ns`` is None."""
        with self._settled() as book:
            return tuple(book.open_records())

    def predecessors(self, trace_id: str | int) -> dict[str, str]:
        """Span id → id of the span of that trace that ended last in the same task or thread before it began.

        Intervals alone leave open which sibling a span waited for; this is what the program knows of it.
        """
        number = _number(trace_id)
        with self._settled() as book:
            return book.predecessors(number)

    def subscribe(self, callback: Callable[[Trace], None]) -> Callable[[], None]:
        """Call ``callback`` with each trace that completes from now on; returns the way to end that.

        It is called in a thread of its own, one trace after the other: no question and no span waits for it. While
        1,000 traces wait for slow callbacks the oldest are left out and counted (``summary().untold``). One that raises
        is not called again. With ``background=False`` only `force_flush` and `shutdown` call it.
        """
        check_function("subscribe: callback", callback, "a Trace")
        return self._subscribers.add(callback)

    def reset(self) -> None:
        """Forget traces and sums (counters that are exported go on). Open spans stay watched."""
        with self._settled() as book:
            self._analyse(all_of_it=True)
            self._earlier = book.sums(self._earlier)
            book.reset()
            self._lost = 0

    # -------------------------------------------------------------------------------------------------------- the end

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Enter everything that has ended into the book, and see subscribers told; whether that was done in time."""
        timeout_s = min(max(0.0, timeout_millis / 1000), threading.TIMEOUT_MAX)
        until = time.monotonic() + timeout_s
        if not self._lock.acquire(timeout=timeout_s):
            return False
        try:
            self._take()
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "force_flush")
            return False
        finally:
            self._lock.release()
        return self._subscribers.drain(max(0.0, until - time.monotonic()))

    def shutdown(self) -> None:
        """Enter what is left, end the thread, and print the verdict if that was asked for. Questions go on working."""
        try:
            self.force_flush(2_000)
            self._closed = True
            self._wake.set()
            self._print()
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "shutdown")

    def _print(self) -> None:
        if self._printed:
            return
        self._printed = True
        if self.disabled:
            warn("no verdict: the processor had been disabled (%s)", self.disabled)
            return
        report = self.report(include_open=True, span_limit=2_000)
        if report.span_count:
            self._verdict(report, self._stream)


def _number(trace_id: str | int) -> int:
    """The number of a trace id. Raises TypeError for what is none, ValueError for a text that is not hexadecimal."""
    if isinstance(trace_id, int) and not isinstance(trace_id, bool):
        return trace_id
    if not isinstance(trace_id, str):
        raise TypeError(f"trace_id must be a hexadecimal text or a number, not {shown(trace_id)}")
    try:
        return int(trace_id, 16)
    except ValueError:
        raise ValueError(f"trace_id must be hexadecimal, as Trace.trace_id is, not {shown(trace_id)}") from None


def _finder(processor: weakref.ref[PerformanceProcessor]) -> Callable[[int], Trace | None]:
    """How the subscribers' thread gets a trace, without keeping the processor alive."""

    def find(trace_id: int) -> Trace | None:
        alive = processor()
        if alive is None:
            return None
        with alive._lock:
            return alive._book.trace(trace_id)

    return find


def _ignore(*_: Any, **__: Any) -> None:
    return
