"""Tail sampling: slow and failed traces in full, of the others a share."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from opentelemetry.trace import StatusCode, set_span_in_context

from otelwod.insight.live.keeping import KeepProcessor
from otelwod.insight.live.sampling import SeeAllSampler

S = 1_000_000_000


class Kept:
    """A provider whose spans pass a `KeepProcessor`."""

    def __init__(self, sampler: Sampler = ALWAYS_ON, **options: object) -> None:
        self.exporter = InMemorySpanExporter()
        self.keeper = KeepProcessor(SimpleSpanProcessor(self.exporter), **options)  # type: ignore[arg-type]
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(self.keeper)
        self.tracer = self.provider.get_tracer("tests")

    def trace(self, name: str, seconds: float, *, failed: bool = False) -> None:
        before = len(self.names)
        root = self.tracer.start_span(name, start_time=S)
        child = self.tracer.start_span(f"{name} child", context=set_span_in_context(root), start_time=S)
        if failed:
            child.set_status(StatusCode.ERROR)
        child.end(S + 1)
        assert f"{name} child" not in self.names[before:], "nothing leaves before the trace is complete"
        root.end(S + int(seconds * S))

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.exporter.get_finished_spans()]


def test_slow_and_failed_traces_are_kept_in_full() -> None:
    kept = Kept(share=0)
    kept.trace("quick", 0.5)
    kept.trace("slow", 1.0)
    kept.trace("failed", 0.1, failed=True)
    assert kept.names == ["slow child", "slow", "failed child", "failed"]
    assert kept.keeper.dropped == 2


def test_an_operation_has_its_own_limit() -> None:
    kept = Kept(share=0, slow_by_operation={"batch": 60, "ping": 0.01}, failed=False)
    kept.trace("batch", 30)
    kept.trace("ping", 0.02)
    kept.trace("failed", 0.1, failed=True)
    assert kept.names == ["ping child", "ping"]


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 40)])
def test_of_the_others_a_share(share: float, count: int) -> None:
    kept = Kept(share=share)
    for _ in range(20):
        kept.trace("quick", 0.1)
    assert len(kept.names) == count


def test_the_samplers_choice_stands_for_ordinary_traces() -> None:
    kept = Kept()
    kept.trace("quick", 0.1)
    assert kept.names == ["quick child", "quick"]
    unseen = Kept(SeeAllSampler(ALWAYS_OFF))
    unseen.trace("quick", 0.1)
    unseen.trace("slow", 2)
    assert unseen.names == ["slow child", "slow"]
    assert all(span.context.trace_flags.sampled for span in unseen.exporter.get_finished_spans() if span.context)


def test_what_comes_late_follows_its_trace() -> None:
    kept = Kept(share=0)
    root = kept.tracer.start_span("slow", start_time=S)
    root.end(3 * S)
    late = kept.tracer.start_span("late", context=set_span_in_context(root), start_time=3 * S)
    late.end(3 * S + 1)
    assert kept.names == ["slow", "late"]


def test_it_is_bounded() -> None:
    kept = Kept(share=0, max_spans=10)
    roots = [kept.tracer.start_span("root", start_time=S) for _ in range(15)]
    for at, root in enumerate(roots):
        child = kept.tracer.start_span("child", context=set_span_in_context(root), start_time=S)
        child.end(S + (2 * S if at == 0 else 1))
    assert kept.keeper._held <= 10
    assert len(kept.keeper._waiting) <= 11
    kept.provider.shutdown()
    assert kept.keeper._held == 0
    assert kept.names == ["child"]


def test_flush_goes_through_and_bad_options_are_refused() -> None:
    assert Kept().provider.force_flush()
    with pytest.raises(ValueError, match="share"):
        Kept(share=2)
    with pytest.raises(ValueError, match="max_spans"):
        Kept(max_spans=0)


def test_broken_on_purpose_everything_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    kept = Kept(share=0)
    monkeypatch.setattr(KeepProcessor, "_is_worth_it", boom)
    for _ in range(4):
        kept.tracer.start_span("x").end()
    assert kept.names == ["x"] * 4
    assert caplog.text.count("KeepProcessor is disabled") == 1
