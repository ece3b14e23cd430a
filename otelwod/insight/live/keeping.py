"""Tail sampling in the process: slow and failed traces in full, of the others a share."""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanContext, StatusCode, TraceFlags

from otelwod.conventions import NANOS_PER_SECOND
from otelwod.insight.live.checks import LONGEST_S, check_flag, check_number, check_whole, shown
from otelwod.insight.live.guard import Guard

_REMEMBERED: Final = 10_000


class _Waiting:
    """The ended spans of a trace that is not decided, and how many are open."""

    __slots__ = ("keep", "open", "spans")

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self.open = 0
        self.keep = False


class KeepProcessor(SpanProcessor):
    """Stands in front of an exporter's processor and hands on only the traces that are worth it.

        provider.add_span_processor(KeepProcessor(BatchSpanProcessor(exporter), slow_s=0.5))

    A trace is held until its last open span in this process ends, then handed on when a span of it failed (``failed``),
    a span took ``slow_s`` or more, or an operation took what ``slow_by_operation`` says. Of all others those are kept
    that the sampler had sampled, or with ``share`` that share (0 to 1) of them by trace id. With a
    `SeeAllSampler` slow and failed traces are kept whatever the sampler had said: their spans get the sampled flag.

    At most ``max_spans`` are held; then the oldest trace is decided by what is known of it. ``dropped`` counts spans
    that were not handed on. Never raises into the host: after three internal errors all is handed on as it comes.
    """

    def __init__(
        self,
        following: SpanProcessor,
        *,
        slow_s: float | None = 1.0,
        slow_by_operation: Mapping[str, float] | None = None,
        failed: bool = True,
        share: float | None = None,
        max_spans: int = 20_000,
    ) -> None:
        """Raises TypeError or ValueError, with what to do instead, for an option that means nothing."""
        if not all(callable(getattr(following, name, None)) for name in ("on_start", "on_end", "shutdown")):
            raise TypeError(
                "KeepProcessor: following must be a span processor, such as BatchSpanProcessor(exporter), "
                f"not {shown(following)}"
            )
        if slow_s is not None:
            check_number("KeepProcessor: slow_s", slow_s, zero=True, most=LONGEST_S)
        if slow_by_operation is not None:
            if not isinstance(slow_by_operation, Mapping):
                raise TypeError(
                    'KeepProcessor: slow_by_operation must be a mapping of names to seconds, such as {"GET /": 0.2}, '
                    f"not {shown(slow_by_operation)}"
                )
            for name, limit in slow_by_operation.items():
                check_number(f"KeepProcessor: slow_by_operation[{shown(name)}]", limit, zero=True, most=LONGEST_S)
        check_flag("KeepProcessor: failed", failed)
        if share is not None:
            check_number("KeepProcessor: share", share, zero=True, most=1)
        check_whole("KeepProcessor: max_spans", max_spans)
        self._following = following
        self._slow_ns = None if slow_s is None else int(slow_s * NANOS_PER_SECOND)
        self._by_operation = {name: int(limit * NANOS_PER_SECOND) for name, limit in (slow_by_operation or {}).items()}
        self._failed = failed
        self._share = share
        self._max_spans = max_spans
        self._lock = threading.RLock()  # a finalizer may end a span at any point
        self._waiting: OrderedDict[int, _Waiting] = OrderedDict()
        self._decided: OrderedDict[int, bool] = OrderedDict()
        self._held = 0
        self.dropped = 0
        self._guard = Guard("KeepProcessor", self._open_up)
        self._open = False

    def _open_up(self) -> None:
        self._open = True

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """One more open span of its trace."""
        try:
            if not self._open:
                with self._lock:
                    trace_id = span.get_span_context().trace_id
                    waiting = self._waiting.get(trace_id)
                    if waiting is None:
                        waiting = self._waiting[trace_id] = _Waiting()
                    waiting.open += 1
                    if len(self._waiting) > self._max_spans:
                        self._hand_on(*self._take_oldest())
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "on_start")
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Hold the span, or hand its trace on when it was the last open one."""
        ready: list[ReadableSpan] = [span]
        if not self._open:
            try:
                ready = self._enter(span)
            except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
                self._guard.failed(error, "on_end")
        for one in ready:
            self._following.on_end(one)

    def _enter(self, span: ReadableSpan) -> list[ReadableSpan]:
        context = span.get_span_context()
        if context is None:
            return []
        with self._lock:
            waiting = self._waiting.get(context.trace_id)
            if waiting is None:
                waiting = self._waiting[context.trace_id] = _Waiting()
                waiting.open = 1
            waiting.spans.append(span)
            waiting.open -= 1
            self._held += 1
            waiting.keep = waiting.keep or self._is_worth_it(span)
            if waiting.open <= 0:
                del self._waiting[context.trace_id]
                return self._decide(context.trace_id, waiting)
            if self._held > self._max_spans:
                return self._decide(*self._take_oldest())
        return []

    def _take_oldest(self) -> tuple[int, _Waiting]:
        return self._waiting.popitem(last=False)

    def _hand_on(self, trace_id: int, waiting: _Waiting) -> None:
        for span in self._decide(trace_id, waiting):
            self._following.on_end(span)

    def _is_worth_it(self, span: ReadableSpan) -> bool:
        if self._failed and span.status.status_code is StatusCode.ERROR:
            return True
        took = (span.end_time or 0) - (span.start_time or 0)
        limit = self._by_operation.get(span.name, self._slow_ns)
        return limit is not None and took >= limit

    def _decide(self, trace_id: int, waiting: _Waiting) -> list[ReadableSpan]:
        self._held -= len(waiting.spans)
        keep = waiting.keep or self._decided.get(trace_id, False)
        if not keep and self._share is not None:
            keep = trace_id & 0xFFFF_FFFF_FFFF_FFFF < self._share * (1 << 64)
        self._decided[trace_id] = keep
        if len(self._decided) > _REMEMBERED:
            self._decided.popitem(last=False)
        if keep:
            return [_sampled(span) for span in waiting.spans]
        if self._share is None:
            kept = [span for span in waiting.spans if _is_sampled(span)]
            self.dropped += len(waiting.spans) - len(kept)
            return kept
        self.dropped += len(waiting.spans)
        return []

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush what has been handed on; traces under way stay held."""
        return self._following.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Decide what is still held by what is known of it, and shut the following processor down."""
        try:
            with self._lock:
                while self._waiting:
                    self._hand_on(*self._take_oldest())
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self._guard.failed(error, "shutdown")
        self._following.shutdown()


def _is_sampled(span: ReadableSpan) -> bool:
    context = span.get_span_context()
    return context is not None and context.trace_flags.sampled


def _sampled(span: ReadableSpan) -> ReadableSpan:
    """The span as one that was sampled: exporters look at the flag."""
    context = span.get_span_context()
    if context is None or context.trace_flags.sampled:
        return span
    twin: Any = copy.copy(span)
    flags = TraceFlags(context.trace_flags | TraceFlags.SAMPLED)
    twin._context = SpanContext(context.trace_id, context.span_id, context.is_remote, flags, context.trace_state)
    return twin  # type: ignore[no-any-return]
