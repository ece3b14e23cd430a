"""Findings as sentences: the verdict, what would help, and what was wrong with the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otelwod.insight.report import Bottleneck, Report
from otelwod.trace import Quality
from otelwod.views.text import fmt_count, fmt_duration, fmt_percent, visible

_DEFECTS: Final = (
    ("orphans", "{spans} named a parent that is not in the data: shown as extra roots"),
    ("duplicate_ids", "{spans} repeated the id of another: copies were dropped, others kept without children"),
    ("cycles", "{circles} of parents broken at the earliest span"),
    ("missing_times", "{spans} had no start: taken to start with the parent"),
    ("negative_durations", "{spans} with an end before the start: taken as no time"),
    ("open_spans", "{spans} had not ended: taken as open until the end of the trace"),
    ("overruns", "{spans} ran beyond the parent: cut to it on the critical path"),
    ("detached", "{spans} lay wholly outside of the parent: not on its critical path"),
    ("skew_shifts", "{spans} moved in time to correct the clocks of their hosts"),
    ("dropped_events", "{events} dropped by the program that recorded the trace"),
    ("unreadable", "{records} could not be read as spans"),
)

_AMBIGUOUS: Final = 0.05
"""Share of a trace from which the ambiguous part of its critical path is said (cp_overlap)."""


def verdict(report: Report) -> str:
    """The answer in one sentence."""
    if not report.span_count:
        return "There are no spans to analyse."
    if not report.duration_ns:
        return f"{fmt_count(report.span_count, 'span')}, and none of them took any time."
    if not report.bottlenecks:
        return (
            f"No operation holds the critical path for {fmt_duration(report.threshold_ns)} or more: "
            f"no single one explains the {fmt_duration(report.duration_ns)}."
        )
    best = report.bottlenecks[0]
    return (
        f"{named(report, best.operation, best.service)} holds {fmt_percent(best.critical_share)} of the critical time; "
        f"{gain(best, report.duration_ns)}."
    )


def gain(bottleneck: Bottleneck, total_ns: int) -> str:
    """``20 % faster makes 4.1 s into 3.6 to 3.7 s``: always the interval, however narrow."""
    what_if = bottleneck.what_if
    faster = f"{fmt_percent(what_if.speedup)} faster"
    if what_if.high_ns <= 0:
        return f"{faster} changes nothing: other work runs beside it"
    before = fmt_duration(total_ns)
    best, worst = fmt_duration(total_ns - what_if.high_ns), fmt_duration(total_ns - what_if.low_ns)
    if before in (best, worst):  # too small a part to be seen in the total
        return f"{faster} saves {between(what_if.low_ns, what_if.high_ns)} of {before}"
    return f"{faster} makes {before} into {between(total_ns - what_if.high_ns, total_ns - what_if.low_ns)}"


def between(low_ns: int, high_ns: int) -> str:
    """``3.6 to 3.7 s``: an interval with its unit said once where both ends share it."""
    low, high = fmt_duration(low_ns), fmt_duration(high_ns)
    if low == high:
        return f"about {low}"
    low_number, _, low_unit = low.partition(" ")
    high_number, _, high_unit = high.partition(" ")
    return f"{low_number} to {high_number} {high_unit}" if low_unit == high_unit and high_unit else f"{low} to {high}"


def quoted(name: str) -> str:
    """An operation's name inside a sentence."""
    return f"`{visible(name)}`" if name else "an operation without a name"


def named(report: Report, name: str, service: str) -> str:
    """An operation inside a sentence, with its service where another one has an operation of that name too."""
    twice = any(use.operation == name and use.service != service for use in report.operations)
    return f"{quoted(name)} of {visible(service) or 'a service without a name'}" if twice else quoted(name)


def stages(report: Report) -> str | None:
    """The verdict on repeated stages, None where there are none."""
    uses = report.stages.stages
    if not uses:
        return None
    busiest = max(uses, key=lambda use: (use.utilisation, use.operation))
    share = f"{fmt_percent(busiest.utilisation)} of the time of its {fmt_count(busiest.workers, 'worker')}"
    if report.stages.bottleneck is None:
        name = named(report, busiest.operation, busiest.service)
        return f"No repeated stage is busy all the time: the busiest, {name}, takes {share}."
    limit = named(report, report.stages.bottleneck, report.stages.service)
    return f"{limit} limits the run: as a repeated stage it takes {share}."


def concurrency(report: Report) -> str | None:
    """How much ran at once, None where nothing was measured."""
    found = report.concurrency
    if not found.peak:
        return None
    if found.peak == 1:
        return "One span worked at a time." + (
            f" For {fmt_duration(found.idle_ns)} nothing ran." if found.idle_ns else ""
        )
    alone = fmt_percent(found.serial_fraction)
    waiting = _waiting(report)
    if waiting is None:
        text = f"On average {found.mean:.1f} spans were open at once, those that wait included"
    elif waiting:
        working = max(0.0, found.mean - waiting)
        text = f"On average {found.mean:.1f} spans were open at once, {working:.1f} working and {waiting:.1f} waiting"
    else:
        text = f"On average {found.mean:.1f} spans worked at once"
    text += f", {found.peak} at most; {alone} of the time only one."
    if found.idle_ns:
        text += f" For {fmt_duration(found.idle_ns)} nothing ran."
    return text


def _waiting(report: Report) -> float | None:
    """How many of the spans that were open at once only waited (phase rest or pause, nothing inside); None: unknown."""
    waited = 0
    for one in report.traces:
        trace = one.trace
        if trace is None:
            return None
        parents = set(trace.parent)
        for row, phase in trace.phase.items():
            if phase in ("rest", "pause") and row not in parents:
                waited += trace.end_ns[row] - trace.start_ns[row]
    return waited / report.concurrency.covered_ns if report.concurrency.covered_ns else None


def ambiguity(report: Report) -> str | None:
    """Where a span held the path while a child of it ran, for more than 5 % of a trace; None if that is nowhere so."""
    found = [trace for trace in report.traces if trace.overlap_ns > _AMBIGUOUS * trace.duration_ns]
    if not found:
        return None
    worst = max(found, key=lambda trace: trace.overlap_ns / trace.duration_ns)
    share = fmt_percent(worst.overlap_ns, worst.duration_ns)
    where = f"In {fmt_count(len(found), 'trace')} up to {share}" if len(report.traces) > 1 else share
    return (
        f"{where} of the critical path is ambiguous: the span that holds it had a child running beside it, and may "
        "have worked or waited."
    )


def defects(quality: Quality) -> Iterator[str]:
    """What was wrong with the data, a sentence each; nothing when it was sound."""
    for name, sentence in _DEFECTS:
        count = getattr(quality, name)
        if count:
            yield (
                sentence.format(
                    spans=fmt_count(count, "span"),
                    circles=fmt_count(count, "circle"),
                    events=fmt_count(count, "event, attribute or link", "events, attributes or links"),
                    records=fmt_count(count, "record"),
                )
                + "."
            )
    if quality.sampled_share is not None and quality.sampled_share < 1.0:
        yield f"The source kept {fmt_percent(quality.sampled_share)} of its traces: counts are of those."
