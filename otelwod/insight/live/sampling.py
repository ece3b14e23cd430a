"""100 % seen, a sample exported: what a sampler drops is recorded, and not sent."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.span import TraceState
from opentelemetry.util.types import Attributes

from otelwod.insight.live.checks import shown


class SeeAllSampler(Sampler):
    """Turns the DROP of another sampler into RECORD_ONLY: processors see every span, exporters those it sampled.

    The sampled flag that goes to other services stays as the other sampler decided. A recorded span costs what any
    recorded span costs, which is more than a dropped one: that is the price of statistics without a gap.
    """

    def __init__(self, sampler: Sampler) -> None:
        """Raises TypeError for what is no sampler."""
        if not callable(getattr(sampler, "should_sample", None)):
            raise TypeError(
                f"SeeAllSampler: sampler must be a sampler, such as ParentBasedTraceIdRatio(0.1), not {shown(sampler)}"
            )
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """The other sampler's decision, but never DROP."""
        decided = self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links)
        if decided.decision is not Decision.DROP:
            return decided
        # A sampler that drops gives no attributes back; the span is recorded, so it keeps those of its start.
        return SamplingResult(Decision.RECORD_ONLY, attributes, decided.trace_state)

    def get_description(self) -> str:
        """``SeeAll{...}`` around the other's description."""
        return f"SeeAll{{{self._sampler.get_description()}}}"


def see_all(provider: TracerProvider) -> None:
    """Wrap the sampler of a provider and of the tracers it has given out already."""
    if isinstance(provider.sampler, SeeAllSampler):
        return
    provider.sampler = SeeAllSampler(provider.sampler)
    tracers = getattr(provider, "_tracers", None)
    for tracer in list(tracers.values()) if isinstance(tracers, dict) else ():
        tracer.sampler = provider.sampler
