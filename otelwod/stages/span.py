"""`span` and `wait`: stages without a decorator. `start_span`: a span that ends elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType, TracebackType
from typing import Any, Final, Literal, get_args

from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanContext, SpanKind, Status, StatusCode

from otelwod.conventions import Phase
from otelwod.stages import guard, options, tracing, values
from otelwod.stages.block import Block, Stage, recording_context
from otelwod.stages.tracing import BLOCK_KEY, SPAN_KEY

_PHASES: Final = (None, *get_args(Phase))


class SpanBlock:
    """What `span` and `wait` return: enter it with ``with`` or ``async with``; gives the OpenTelemetry span.

    It can be entered again, also while it is open and from other threads: each entry is a span of its own.
    """

    __slots__ = ("_make", "_open")

    def __init__(self, make: Callable[[], Stage]) -> None:
        self._make = make
        self._open: list[tuple[Stage, Block]] = []

    def __enter__(self) -> Span:
        context = recording_context()
        if context is not None:
            with _never_raising():
                stage = self._make()
                block = stage.begin(context)
                if block is not None:
                    self._open.append((stage, block))
                    return block.span
        return INVALID_SPAN

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        found = self._leave()
        if found is not None:
            stage, block = found
            if error is None:
                stage.done(block)
            else:
                stage.failed(block, error)
        return False

    def _leave(self) -> tuple[Stage, Block] | None:
        """The entry that ends now: the one that is current here, or else the last."""
        if not self._open:
            return None
        current = tracing.get_current().get(BLOCK_KEY)
        for entry in reversed(self._open):
            if entry[1] is current:
                self._open.remove(entry)
                return entry
        return self._open.pop()

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        return self.__exit__(kind, error, traceback)


def span(
    name: str,
    *,
    phase: Phase | None = None,
    attributes: Mapping[str, object] | None = None,
    histogram: bool = False,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] = (),
) -> SpanBlock:
    """A span around a block: ``with otelwod.span("parse") as s:``, or ``async with``. Options as those of `stage`.

    ``s`` is an OpenTelemetry `Span`; where nothing records it is one whose methods do nothing. An option that means
    nothing is repaired or left out, and counted; in strict mode it is a `TypeError` or `ValueError`.
    """
    if guard.is_strict():
        options.check("span", name=name, phase=phase, attributes=attributes, histogram=histogram, kind=kind)
    return SpanBlock(lambda: _stage(name, phase, attributes, kind, links, histogram))


def wait(name: str, *, attributes: Mapping[str, object] | None = None, kind: SpanKind = SpanKind.INTERNAL) -> SpanBlock:
    """A span for time in which nothing is done but waiting (a queue, a lock, a rate limit): ``phase=rest``."""
    return span(name, phase="rest", attributes=attributes, kind=kind)


def start_span(
    name: str,
    *,
    phase: Phase | None = None,
    attributes: Mapping[str, object] | None = None,
    histogram: bool = False,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] = (),
    context: Context | None = None,
) -> OpenSpan:
    """A span that ends elsewhere: in a callback, another task or thread. End it with ``end()``.

    It is not made current: `OpenSpan.attached` does that for a block. ``context``: the OpenTelemetry context of its
    parent; the current one otherwise.
    """
    if guard.is_strict():
        options.check("start_span", name=name, phase=phase, attributes=attributes, histogram=histogram, kind=kind)
    around = tracing.get_current() if context is None else context
    stage: Stage | None = None
    block: Block | None = None
    if recording_context(around) is not None:
        with _never_raising():
            stage = _stage(name, phase, attributes, kind, links, histogram)
            block = stage.begin(around, current=False)
    return OpenSpan(stage, block, around)


class OpenSpan(Span):
    """A span under way, to be ended from anywhere, once; ending it again does nothing.

    It is an OpenTelemetry `Span`; used with ``with`` it ends at the end of the block, without having been current.
    """

    def __init__(self, stage: Stage | None, block: Block | None, context: Context) -> None:
        self._stage = stage
        self._block = block
        self._span: Span = INVALID_SPAN if block is None else block.span
        self._context = context
        self._lock = threading.Lock()
        self._ended = block is None

    @property
    def context(self) -> Context:
        """The OpenTelemetry context in which this span is the current one, to hand to another thread or process."""
        if self._block is None:
            return self._context
        return Context({**self._context, SPAN_KEY: self._span, BLOCK_KEY: self._block})

    @contextlib.contextmanager
    def attached(self) -> Iterator[OpenSpan]:
        """Make it current for a ``with`` block; neither ends it, nor records what is raised there."""
        token = tracing.attach(self.context)
        try:
            yield self
        finally:
            tracing.detach(token)

    def end(self, end_time: int | None = None) -> None:
        """End it now, or at ``end_time`` (nanoseconds since the epoch)."""
        block = self._take()
        if block is None or self._stage is None:
            return
        if end_time is None:
            self._stage.done(block)
        else:
            with _never_raising():
                block.span.end(end_time)

    def fail(self, error: BaseException) -> None:
        """Record ``error`` and end."""
        block = self._take()
        if block is not None and self._stage is not None:
            self._stage.failed(block, error)

    def _take(self) -> Block | None:
        with self._lock:
            if self._ended:
                return None
            self._ended = True
            return self._block

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if exc_val is None:
            self.end()
        else:
            self.fail(exc_val)

    def get_span_context(self) -> SpanContext:
        """Its ids."""
        return self._span.get_span_context()

    def is_recording(self) -> bool:
        """Whether it is open and somebody listens."""
        return self._span.is_recording()

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """As `set_attribute`, for each."""
        with _never_raising():
            self._span.set_attributes(values.attributes(attributes))

    def set_attribute(self, key: str, value: Any) -> None:
        """Any value: what OpenTelemetry cannot carry becomes a short text; secrets are masked."""
        self.set_attributes({key: value})

    def add_event(self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None) -> None:
        """An event on the span."""
        with _never_raising():
            self._span.add_event(values.text(name, values.MAX_NAME), values.attributes(attributes), timestamp)

    def add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        """A link to another span."""
        with _never_raising():
            self._span.add_link(context, values.attributes(attributes))

    def update_name(self, name: str) -> None:
        """Another name."""
        with _never_raising():
            self._span.update_name(values.text(name, values.MAX_NAME))

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """The status."""
        with _never_raising():
            self._span.set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """An exception that did not end the span, as an event."""
        with _never_raising():
            self._span.record_exception(exception, values.attributes(attributes), timestamp, escaped)


class _never_raising:  # noqa: N801 - reads as a word in a with statement
    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        guard.swallow(error, "a span's method")
        return True


def _stage(
    name: str,
    phase: Phase | None,
    attributes: Mapping[str, object] | None,
    kind: SpanKind,
    links: Sequence[Link],
    histogram: bool,
) -> Stage:
    if (
        type(name) is not str
        or not name.strip()
        or phase not in _PHASES
        or type(attributes) not in (dict, NoneType)
        or type(kind) is not SpanKind
        or type(histogram) is not bool
    ):
        name, phase, attributes, kind = _repaired(name, phase, attributes, kind, histogram)
    return Stage(
        values.text(name, values.MAX_NAME),
        phase=phase,
        attributes=attributes,
        kind=kind,
        links=tuple(links) or None,
        histogram=bool(histogram),
    )


def _repaired(
    name: Any, phase: Any, attributes: Any, kind: Any, histogram: Any
) -> tuple[str, Phase | None, Mapping[str, object] | None, SpanKind]:
    """The options with what means nothing left out or put right; counted where there was any."""
    try:
        options.check("span", name=name, phase=phase, attributes=attributes, histogram=histogram, kind=kind)
    except (TypeError, ValueError) as problem:
        guard.swallow(problem, "options of a span")
    title = name if isinstance(name, str) else values.outline(name, values.MAX_NAME)
    return (
        title if title.strip() else "unnamed",
        phase if phase in _PHASES else None,
        attributes if isinstance(attributes, Mapping) else None,
        kind if isinstance(kind, SpanKind) else SpanKind.INTERNAL,
    )
