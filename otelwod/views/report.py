"""A report as a page: the verdict first, then the tree, the operations, what would help, and the doubts."""

from __future__ import annotations

from collections.abc import Sequence

from otelwod.insight.report import OperationUse, Report, SpanUse, TraceReport
from otelwod.views import words
from otelwod.views.page import Page, Piece, Style
from otelwod.views.shares import apportion, fmt_share
from otelwod.views.table import Column, Picture, table
from otelwod.views.text import fit, fmt_count, fmt_duration, right, visible
from otelwod.views.tree import Row, bar, choose, outline, parents_by_depth

_MORE = "… {} more"
_MESSAGE = 200
_TENTHS = 1000
"""Shares of the path are in tenths of a percent, of which a whole has so many: a column of them adds up."""
_CELLS = 100
"""A span of less than this part of the trace is less than a cell of its waterfall."""


def add_report(page: Page, report: Report, *, rows: int, depth: int) -> None:
    """The whole report of any trace or run."""
    page.say(words.verdict(report), "strong")
    if report.traces:
        longest = max(report.traces, key=lambda trace: trace.duration_ns)
        _add_facts(page, report)
        add_tree(page, report, longest, rows=rows, depth=depth)
        _add_operations(page, report)
        _add_gains(page, report)
        _add_errors(page, report)


def _add_facts(page: Page, report: Report) -> None:
    failed = len(report.errors)
    facts = [fmt_count(report.span_count, "span"), fmt_count(len(report.operations), "operation")]
    if len(report.traces) > 1:
        facts.insert(0, fmt_count(len(report.traces), "trace"))
        facts.append(f"{fmt_duration(report.duration_ns)} in all")
    else:
        facts.append(fmt_duration(report.duration_ns))
    pieces: list[Piece] = [(" · ".join(facts), "dim")]
    if failed:
        pieces.append((f" · {fmt_count(failed, 'error')}", "error"))
    page.add(*pieces)


def add_tree(page: Page, report: Report, trace: TraceReport, *, rows: int, depth: int) -> None:
    """The tree of one trace with a waterfall as wide as the page allows."""
    spans = [span for span in report.spans if span.trace_id in (trace.trace_id, "")]
    if not spans:
        return
    title = "The longest trace" if len(report.traces) > 1 else "Trace"
    page.head(f"{title} {visible(trace.trace_id)}".rstrip())
    parents = parents_by_depth([span.depth for span in spans])
    weights = [(span.critical_ns, span.duration_ns) for span in spans]
    minor = [span.duration_ns * _CELLS < trace.duration_ns for span in spans]
    found = list(outline(parents, choose(parents, weights, rows, depth, minor)))
    last = trace.start_ns + trace.duration_ns
    shares = apportion([span.critical_ns for span in spans], _TENTHS, trace.duration_ns)

    def row_of(row: Row) -> list[Piece | str]:
        if row.at is None:
            return [("  " + row.prefix + _MORE.format(f"{row.hidden:,}"), "dim"), "", "", ""]
        span = spans[row.at]
        path = fmt_share(shares[row.at], span.critical_ns, tenths=True) if span.critical_ns else ""
        mark = "● " if span.critical_ns else "  "
        return [
            (mark + row.prefix + _label(span), _style(span)),
            fmt_duration(span.duration_ns),
            fmt_duration(span.self_ns),
            (path, "path"),
        ]

    def draw(number: int, width: int) -> list[Piece]:
        at = found[number].at
        if at is None:
            return []
        span = spans[at]
        before, length = bar(span.start_ns, span.start_ns + span.duration_ns, trace.start_ns, last, width)
        style: Style = "error" if span.status == "error" else "path" if span.critical_ns else "dim"
        return [(" " * before, ""), (("█" if span.critical_ns else "░") * length, style)]

    def scale(width: int) -> str:
        return "0 s" + right(fmt_duration(trace.duration_ns), width - 3)

    columns = [Column("  span", "left"), Column("time", keep=8), Column("self", keep=6), Column("path", keep=7)]
    table(page, columns, map(row_of, found), picture=Picture(draw, scale), indent="")
    unlisted = trace.span_count - len(spans)
    if unlisted > 0:
        page.add("  ", (f"{fmt_count(unlisted, 'span')} beyond the limit of the list (--spans lists all)", "dim"))
    page.say(
        "● critical path · path: how much of the trace this span alone held up · ✗ failed",
        "dim",
        indent="  ",
    )


def _label(span: SpanUse) -> str:
    return ("✗ " if span.status == "error" else "") + (visible(span.operation) or "(no name)")


def _style(span: SpanUse) -> Style:
    return "error" if span.status == "error" else "strong" if span.critical_ns else ""


def _add_operations(page: Page, report: Report, most: int = 12) -> None:
    ranked = sorted(report.operations, key=lambda use: (-use.critical_ns, -use.self_ns, use.operation, use.service))
    if not ranked:
        return
    page.head("Operations, by their time on the critical path")
    services = len({use.service for use in ranked}) > 1
    columns = [
        Column("operation", "left", 9, max(16, page.width // 3)),
        *([Column("service", "left", 3, 20)] if services else []),
        Column("calls", keep=7),
        Column("path", keep=9),
        Column("self", keep=6),
        Column("total", keep=5),
        Column("p50", keep=2),
        Column("p95", keep=4),
        Column("p99", keep=1),
        Column("max", keep=3),
        Column("errors", keep=8),
    ]
    shares = apportion([use.critical_ns for use in ranked], _TENTHS, report.duration_ns)
    table(page, columns, [_operation(use, share, services) for use, share in zip(ranked[:most], shares, strict=False)])
    if len(ranked) > most:
        page.add("  ", (_MORE.format(f"{len(ranked) - most:,}"), "dim"))


def _operation(use: OperationUse, share: int, services: bool) -> list[Piece | str]:
    return [
        (visible(use.operation) or "(no name)", "strong"),
        *([visible(use.service)] if services else []),
        f"{use.count:,}",
        (fmt_share(share, use.critical_ns, tenths=True) if use.critical_ns else "", "path"),
        fmt_duration(use.self_ns),
        fmt_duration(use.total_ns),
        fmt_duration(use.p50_ns),
        fmt_duration(use.p95_ns),
        fmt_duration(use.p99_ns),
        fmt_duration(use.max_ns),
        (f"{use.errors:,}" if use.errors else "", "error"),
    ]


def _add_gains(page: Page, report: Report, most: int = 5) -> None:
    lines = [
        f"{words.named(report, found.operation, found.service)}: {words.gain(found, report.duration_ns)}"
        + (f"; after {fmt_duration(found.slack_ns)} gained, what runs beside it decides" if found.slack_ns else "")
        + "."
        for found in report.bottlenecks[:most]
    ]
    lines += [text for text in (words.stages(report), words.concurrency(report)) if text]
    if not lines:
        return
    page.head("What would help")
    for line in lines:
        page.say(line, indent="    ", first="  · ")


def _add_errors(page: Page, report: Report, most: int = 8) -> None:
    if not report.errors:
        return
    page.head("Errors")
    ranked = sorted(report.errors, key=lambda error: (error.kind != "origin", -error.cost_ns))
    for error in ranked[:most]:
        what = ": ".join(visible(part) for part in (error.type, error.message) if part) or "no message"
        end = "absorbed by its parent" if error.absorbed else "began here" if error.kind == "origin" else "passed on"
        cost = f", {fmt_duration(error.cost_ns)} of the critical path" if error.cost_ns else ""
        text = f"{words.named(report, error.operation, error.service)} {end}{cost}: {fit(what, _MESSAGE)}"
        page.say(text, "error", indent="    ", first="  ✗ ")
    if len(ranked) > most:
        page.add("  ", (_MORE.format(f"{len(ranked) - most:,}"), "dim"))


def add_doubts(page: Page, report: Report, warnings: Sequence[str]) -> None:
    """What limits the trust in the numbers, or that nothing does."""
    lines = [*map(visible, warnings), *words.defects(report.quality)]
    ambiguous = words.ambiguity(report)
    if ambiguous:
        lines.append(ambiguous)
    if not lines:
        page.blank()
        page.add((f"Data: {fmt_count(report.quality.spans, 'span')}, nothing missing.", "dim"))
        return
    page.head("Mind the data")
    for line in lines:
        page.say(line, "warning", indent="    ", first="  ! ")
