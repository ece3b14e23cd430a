"""The ``opentelemetry_instrumentor`` entry point named ``otelwod``: the processor without a line of code.

``opentelemetry-instrument`` calls `OtelwodInstrumentor.instrument` of whatever is installed, after the SDK has been set
up: that is no choice, so it attaches only where one of our environment variables is set (``OTELWOD_ENABLED=true`` will
do). Declarative configuration calls it because a file names ``otelwod``, and a program because somebody wrote the
call: there it attaches. Until then no SDK is imported.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from otelwod.insight.live.guard import warn
from otelwod.insight.live.options import ProcessorOptions, is_chosen, read_options
from otelwod.telemetry.variables import warn_of_unknown

if TYPE_CHECKING:
    from otelwod.insight.processor import PerformanceProcessor


class OtelwodInstrumentor:
    """Adds a `PerformanceProcessor` to the tracer provider; one an SDK provider, however often it is called."""

    configuration = ProcessorOptions
    """Declarative configuration checks its options against this."""
    is_instrumented_by_opentelemetry = False

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: it instruments no library."""
        return ()

    def instrument(self, tracer_provider: object = None, **options: Any) -> PerformanceProcessor | None:
        """Attach; returns the processor, None where nobody chose it or there is no SDK provider. Never raises.

        ``options`` are those of `ProcessorOptions`; what is not among them is ignored, but that ``skip_dep_check``
        tells the loader that goes through everything installed.
        """
        try:
            warn_of_unknown(os.environ)
            if "skip_dep_check" in options and not is_chosen(os.environ):
                return None
            return _attach(tracer_provider or trace.get_tracer_provider(), read_options(os.environ, options))
        except Exception as error:  # noqa: BLE001 - the program goes on without us
            warn("the processor could not be attached: %s: %s", type(error).__name__, error)
            return None

    def uninstrument(self, tracer_provider: object = None, **_: Any) -> None:
        """Take it off again. Never raises."""
        try:
            _detach(tracer_provider or trace.get_tracer_provider())
        except Exception as error:  # noqa: BLE001 - see above
            warn("the processor could not be taken off: %s: %s", type(error).__name__, error)


def _attach(provider: Any, options: dict[str, Any]) -> PerformanceProcessor | None:
    if not options.pop("enabled", True):
        return None
    if not hasattr(provider, "add_span_processor"):
        warn("no tracer provider of the SDK is set: there is nothing to attach the processor to")
        return None
    from otelwod.insight.live.sampling import see_all
    from otelwod.insight.processor import PerformanceProcessor

    wants_all = options.pop("see_all", False)
    known = attached(provider)
    if known is not None:
        return known
    processor = PerformanceProcessor(**options)
    provider.add_span_processor(processor)
    if wants_all:
        see_all(provider)
    return processor


def attached(provider: object) -> PerformanceProcessor | None:
    """The processor of a provider, None where it has none."""
    from otelwod.insight.processor import PerformanceProcessor

    for processor in _processors(provider):
        if isinstance(processor, PerformanceProcessor):
            return processor
    return None


def _processors(provider: object) -> tuple[object, ...]:
    found = getattr(getattr(provider, "_active_span_processor", None), "_span_processors", ())
    return found if isinstance(found, tuple) else ()


def _detach(provider: object) -> None:
    processor = attached(provider)
    composite: Any = getattr(provider, "_active_span_processor", None)
    if processor is not None and composite is not None:
        with composite._lock:
            composite._span_processors = tuple(other for other in composite._span_processors if other is not processor)
        processor.shutdown()
