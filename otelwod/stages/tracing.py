"""Whether anything records, and with what: the one place that asks OpenTelemetry's API for its state.

Only ``opentelemetry-api`` is imported. Whether a provider is set is read from the API module's own variable where it
has one (a flag test), else asked through ``get_tracer_provider``; a provider that is set or replaced later is noticed
by the next call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import Token
from typing import TYPE_CHECKING, Final, Protocol

from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.context import Context

from otelwod._version import __version__
from otelwod.telemetry.settings import SCOPE

if TYPE_CHECKING:
    from otelwod.stages.lean import LeanTracer


class _Holder(Protocol):
    _TRACER_PROVIDER: object


class _AskingHolder:
    """For an API that keeps its provider elsewhere: slower, and right."""

    @property
    def _TRACER_PROVIDER(self) -> object:  # noqa: N802 - the name that the API's module uses
        provider = trace_api.get_tracer_provider()
        return None if isinstance(provider, trace_api.ProxyTracerProvider) else provider


holder: Final[_Holder] = trace_api if hasattr(trace_api, "_TRACER_PROVIDER") else _AskingHolder()  # type: ignore[assignment]
"""``holder._TRACER_PROVIDER`` is the provider that is set, or None."""

wall_ns: Callable[[], int] = time.time_ns
monotonic_ns: Callable[[], int] = time.perf_counter_ns

_NOT_ASKED: Final = object()


def _runtime_context() -> tuple[
    Callable[[], Context], Callable[[Context], Token[Context]], Callable[[Token[Context]], None]
]:
    """``get_current``, ``attach``, ``detach``: the context variable's own methods where the API keeps it in one.

    The variable is found through the token of an ``attach``, and taken only if it shows what the API shows.
    """
    token = context_api.attach(Context(context_api.get_current()))
    try:
        variable = token.var
        if variable.get() is context_api.get_current():
            return variable.get, variable.set, variable.reset
    except (AttributeError, LookupError):
        pass
    finally:
        context_api.detach(token)
    return context_api.get_current, context_api.attach, context_api.detach  # of another make: OTEL_PYTHON_CONTEXT


get_current, attach, reset = _runtime_context()

SPAN_KEY: Final = next(iter(trace_api.set_span_in_context(trace_api.INVALID_SPAN, Context())))
"""Under which the API keeps the current span in a context: found out, not imported."""
BLOCK_KEY: Final = context_api.create_key("otelwod-block")
SUPPRESS_KEYS: Final = tuple(
    key
    for key in (getattr(context_api, "_SUPPRESS_INSTRUMENTATION_KEY", None), "suppress_instrumentation")
    if key is not None
)
"""The API's key, and the plain one of older instrumentations: one or two."""


class Switch:
    """The state of the whole process, as of the provider that was seen last.

    ``silent`` is the provider (or None) known to record nothing: while it is the one that is set, a stage calls
    straight through after one test. ``tracer`` belongs to ``provider`` and is None where that is silent; ``lean`` is
    the short way of ``tracer``, once somebody has asked for it.
    """

    __slots__ = ("lean", "provider", "silent", "tracer")

    def __init__(self) -> None:
        self.provider: object = _NOT_ASKED
        self.silent: object = _NOT_ASKED
        self.tracer: trace_api.Tracer | None = None
        self.lean: LeanTracer | None = None

    def look(self) -> None:
        """Ask the API which provider is set, and take a tracer of it."""
        asked = trace_api.get_tracer_provider()  # may load one that OTEL_PYTHON_TRACER_PROVIDER names
        provider = holder._TRACER_PROVIDER
        if provider is None:
            tracer = None
        else:
            tracer = asked.get_tracer(SCOPE, __version__)
            if isinstance(tracer, trace_api.NoOpTracer):
                tracer = None
        self.lean = None
        self.tracer = tracer
        self.provider = provider
        self.silent = provider if tracer is None else _NOT_ASKED


switch: Final = Switch()


def is_suppressed(context: Mapping[str, object]) -> bool:
    """Whether somebody has switched instrumentation off for this context."""
    return bool(context.get(SUPPRESS_KEYS[0]) or context.get(SUPPRESS_KEYS[-1]))


def recording_span() -> trace_api.Span | None:
    """The current span where it records and nothing is suppressed, else None."""
    context = get_current()
    span = context.get(SPAN_KEY)
    if isinstance(span, trace_api.Span) and span.is_recording() and not is_suppressed(context):
        return span
    return None


def detach(token: Token[Context]) -> None:
    """Put back the context from before ``token``; where it was made in another context, that is left alone.

    The API's own ``detach`` writes an error to the log when a generator is closed from another task, which is no
    error.
    """
    with suppress(ValueError, RuntimeError):
        reset(token)


def context_before(token: Token[Context]) -> Context:
    """The context that was current before ``token``."""
    before = token.old_value
    return before if isinstance(before, Context) else Context()
