"""`Stage`: what is fixed at decoration; `Block`: one open execution of it. Begin, done, fail: every wrapper uses these.

The hot path: one context lookup, the SDK's ``start_span``, one attach, one reset, ``end``. What it spares against
``start_as_current_span``: two generator-based context managers a call, and copies of the context.

Times are monotonic. A *local root* (a block without one of ours around it) takes the wall clock once; it and all
below it count from there with the monotonic clock and hand explicit times to OpenTelemetry, so that a clock that is set
back never makes a negative duration or a child before its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind

from otelwod.conventions import CODE_FUNCTION_NAME, PHASE, STAGE_ARGS, STAGE_ITEMS, STAGE_NAME, STAGE_RESULT, Phase
from otelwod.stages import failure, guard, instruments, tracing, values
from otelwod.stages.lean import SPACIOUS, LeanTracer
from otelwod.stages.tracing import BLOCK_KEY, SPAN_KEY, attach, get_current, holder, is_suppressed, reset, switch
from otelwod.trace import AttributeValue

MAX_CAPTURE = 1024
"""Characters of captured arguments, and of a captured result."""


class Block:
    """One open span of ours. ``offset`` turns monotonic into wall nanoseconds; ``leaf`` until a child begins.

    ``held``: the span's attributes themselves, of a span that came by the short way.
    """

    __slots__ = ("held", "leaf", "mark", "offset", "parent", "span", "started", "token", "yielded")

    def __init__(
        self,
        span: Span,
        parent: Block | None,
        offset: int,
        started: int,
        held: dict[str, AttributeValue] | None,
    ) -> None:
        self.span = span
        self.held = held
        self.parent = parent
        self.offset = offset
        self.started = started
        self.leaf = True
        self.token: Token[Context] | None = None
        self.mark: failure.Mark | None = None
        self.yielded: int | None = None


class Stage:
    """Name, attributes and options of one decorated callable or one ``with`` block."""

    __slots__ = ("attributes", "captures_result", "extras", "histogram", "items", "kind", "links", "name", "sets_phase")

    def __init__(
        self,
        name: str,
        *,
        function: str | None = None,
        phase: Phase | None = None,
        attributes: Mapping[str, object] | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        links: tuple[Link, ...] | None = None,
        captures_result: bool = False,
        items: Callable[[Any], int] | None = None,
        histogram: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.links = links
        self.captures_result = captures_result
        self.items = items
        self.sets_phase = phase is None
        fixed: dict[str, AttributeValue] = {STAGE_NAME: name}
        if function is not None:
            fixed[CODE_FUNCTION_NAME] = function
        if phase is not None:
            fixed[PHASE] = phase
        if attributes:
            fixed.update(values.attributes(attributes))
        self.attributes = fixed
        self.histogram = instruments.stage_duration(name) if histogram else None
        self.extras = captures_result or histogram or items is not None

    # ----------------------------------------------------------------------------------------------------------- begin

    def begin(
        self, context: Context, arguments: Mapping[str, object] | None = None, current: bool = True
    ) -> Block | None:
        """Open a span in ``context``, which is as `recording_context` gives it; None where nothing is to be recorded.

        It becomes the current one, where ``context`` is current now, unless ``current`` is False. One function,
        because each call of another one is paid by every span.
        """
        try:
            if holder._TRACER_PROVIDER is not switch.provider:
                switch.look()
            tracer = switch.tracer
            if tracer is None:
                return None
            started = tracing.monotonic_ns()
            outer: Block | None = context.get(BLOCK_KEY)  # type: ignore[assignment]
            if outer is None:
                offset = tracing.wall_ns() - started
            else:
                offset = outer.offset
                outer.leaf = False
            lean = switch.lean
            if lean is None:
                lean = switch.lean = LeanTracer(tracer)
            short = None
            if lean.usable and self.links is None:
                short = lean.start(self.name, self.kind, self.attributes, context, started + offset)
            if short is not None:
                span, held = short
            else:
                span = tracer.start_span(self.name, context, self.kind, self.attributes, self.links, started + offset)
                held = None
                if lean.usable:
                    lean.learn(span, context)
            if arguments is not None and span.is_recording():
                span.set_attribute(STAGE_ARGS, values.outline(dict(arguments), MAX_CAPTURE))
            block = Block(span, outer, offset, started, held)
            if current:
                block.token = attach(Context({**context, SPAN_KEY: span, BLOCK_KEY: block}))
        except RecursionError:
            guard.deep[0] += 1
            return None
        except BaseException as problem:  # noqa: BLE001 - samplers and processors are foreign code
            guard.swallow(problem, "begin of a stage")
            return None
        return block

    # ------------------------------------------------------------------------------------------------------------- end

    def done(self, block: Block, result: object = None) -> None:
        """The work has returned ``result``: note what was asked for, then `close`."""
        if self.extras or block.yielded is not None:
            self._finish(block, result)
        self.close(block)

    def close(self, block: Block, _result: object = None) -> None:
        """Put the context back and end the span. Raises nothing but the host's own interrupt."""
        try:
            token = block.token
            if token is not None:
                block.token = None
                try:
                    reset(token)
                except (ValueError, RuntimeError):
                    # A generator that goes on in another context (another thread, a task a step): there this block is
                    # current by value only, and the one around it becomes current by value too.
                    if get_current().get(BLOCK_KEY) is block:
                        attach(tracing.context_before(token))
            ended = tracing.monotonic_ns() + block.offset
            span = block.span
            if getattr(span, "_end_time", None) is not None:
                return  # the host has ended it itself; to end it again would only put a warning into its log
            if block.leaf and self.sets_phase:
                held = block.held
                if held is not None and len(held) < SPACIOUS:
                    held[PHASE] = "work"
                else:
                    span.set_attribute(PHASE, "work")
            span.end(ended)
        except RecursionError:
            guard.deep[0] += 1
        except BaseException as problem:  # noqa: BLE001 - processors are foreign code
            guard.swallow(problem, "end of a stage")

    def fail(self, block: Block | None, error: BaseException) -> None:
        """The work has raised ``error``, which passed through a frame of ours: hide that frame, then as `failed`."""
        try:
            guard.drop_frame(error)
        except RecursionError:
            guard.deep[0] += 1
        if block is not None:
            self.failed(block, error)

    def failed(self, block: Block, error: BaseException) -> None:
        """The work has raised: record or mark ``error`` (leaving a generator early is none), then `close`."""
        try:
            early = isinstance(error, GeneratorExit)
            if not early:
                self._note(block, error)
            if self.histogram is not None or block.yielded is not None:
                self._finish(block, None, None if early else error, returned=False)
        except RecursionError:
            guard.deep[0] += 1
        except BaseException as problem:  # noqa: BLE001 - processors and the exception itself are foreign code
            guard.swallow(problem, "failure of a stage")
        finally:
            self.close(block)

    def _note(self, block: Block, error: BaseException) -> None:
        known = failure.is_marked(error, block.mark)
        if block.parent is not None:
            block.parent.mark = failure.mark_of(error)
        if block.span.is_recording():
            failure.mark(block.span, error)
            if not known:
                failure.record(block.span, error)

    def _finish(self, block: Block, result: object, error: BaseException | None = None, returned: bool = True) -> None:
        """What only some stages have: items, the captured result, the histogram."""
        span = block.span
        try:
            if span.is_recording():
                if block.yielded is not None:
                    span.set_attribute(STAGE_ITEMS, block.yielded)
                if self.items is not None and returned:
                    span.set_attribute(STAGE_ITEMS, _count(self.items(result)))
                if self.captures_result and returned:
                    span.set_attribute(STAGE_RESULT, values.outline(result, MAX_CAPTURE))
            if self.histogram is not None:
                self.histogram.record(tracing.monotonic_ns() - block.started, error)
        except RecursionError:
            guard.deep[0] += 1
        except BaseException as problem:  # noqa: BLE001 - items= is the host's code, instruments are foreign
            guard.swallow(problem, "items, result or histogram of a stage")


def _count(items: object) -> int:
    """What ``items=`` gave, as a count. Raises `TypeError` for anything else, which is counted where it is caught."""
    count = values.number(items)
    if type(count) is not int or count < 0:
        raise TypeError(f"items= gives a whole number from 0 on, not {values.outline(items, 40)}")
    return count


def recording_context(given: Context | None = None) -> Context | None:
    """The context ``given``, or the current one; None where nothing is recorded in it.

    That is where the provider that is set is known to record nothing, or where instrumentation is suppressed. (The
    wrappers of functions have the same test inline: see `otelwod.stages.shims`.)
    """
    if holder._TRACER_PROVIDER is switch.silent:
        return None
    context = get_current() if given is None else given
    return None if is_suppressed(context) else context


def current_block() -> Block | None:
    """The innermost open block of ours whose span is the current one, or None."""
    context = get_current()
    block: Block | None = context.get(BLOCK_KEY)  # type: ignore[assignment]
    return block if block is not None and context.get(SPAN_KEY) is block.span else None
