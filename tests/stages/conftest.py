"""A tracer provider for one test, with the spans that it ended; and none at all for the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.util._once import Once

from otelwod.stages import guard, set_strict


@dataclass
class Recorded(SpanProcessor):
    """Every span that began and ended, in order."""

    provider: TracerProvider
    started: list[Any] = field(default_factory=list)
    ended: list[ReadableSpan] = field(default_factory=list)

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.started.append(span)

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.ended]

    def one(self, name: str) -> ReadableSpan:
        """The only span of this name."""
        (found,) = [span for span in self.ended if span.name == name]
        return found

    def parent_name(self, name: str) -> str | None:
        """The name of the span that is this one's parent, None for a root."""
        parent = self.one(name).parent
        if parent is None:
            return None
        return next(span.name for span in self.started if span.context.span_id == parent.span_id)


def set_provider(provider: Any) -> None:
    """Replace the global provider, which the API lets a program do once only."""
    trace_api._TRACER_PROVIDER = provider
    trace_api._TRACER_PROVIDER_SET_ONCE = Once()


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """No provider, not strict, nothing counted, and no context left behind."""
    set_provider(None)
    strict = set_strict(False)
    guard._failures.clear()
    guard.deep[0] = 0
    before = context_api.get_current()
    yield
    assert context_api.get_current() == before, "a context was left attached"
    set_provider(None)
    set_strict(strict)


@pytest.fixture
def recorded() -> Recorded:
    """A provider is set, and this is what it sees."""
    provider = TracerProvider(shutdown_on_exit=False)
    found = Recorded(provider)
    provider.add_span_processor(found)
    set_provider(provider)
    return found


@pytest.fixture
def api_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What OpenTelemetry and otelwod write to the log."""
    caplog.set_level(logging.DEBUG)
    return caplog
