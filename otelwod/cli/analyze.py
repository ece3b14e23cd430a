"""``otelwod analyze``: where the time went in any trace, and what would make it shorter."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from otelwod.cli.errors import UsageError
from otelwod.views.text import fmt_count, fmt_percent, visible

if TYPE_CHECKING:
    from otelwod.archive.source import ReadResult
    from otelwod.cli.conditions import Condition
    from otelwod.insight.report import Report
    from otelwod.insight.selftime import Overrun

SUMMARY = "Find where the time went in a trace, and what would make it shorter."
_LARGE = 16 << 20
"""Bytes from which reading says how far it has come."""
_TREE_SPANS = 50_000


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``otelwod analyze``."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="OTLP (JSON, JSON lines, protobuf), Jaeger, Zipkin or Tempo JSON, gz and zst too; - for standard input; "
        "or a trace in a backend: jaeger+http://HOST:PORT/TRACE_ID, tempo+http://HOST:PORT/TRACE_ID",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people or JSON")
    parser.add_argument("--compat", choices=("jaeger",), help="count the critical path as Jaeger's UI does")
    parser.add_argument("--spans", action="store_true", help="list all spans, not the first 10,000")
    parser.add_argument(
        "--fail-over",
        metavar="EXPR",
        action="append",
        default=[],
        help="end with status 1 when EXPR holds, such as 'p95(load) > 2s'; may be given several times",
    )
    parser.add_argument(
        "--compare", metavar="BEFORE", action="append", default=[], help="a source to compare with, or several: one run"
    )
    parser.add_argument("--threshold", metavar="TIME", help="operations below it are no bottlenecks (100ms, 2s)")
    parser.add_argument("--overrun", choices=("clamp", "async"), default="clamp", help="children that outlive parents")
    parser.add_argument(
        "--program-order",
        action="store_true",
        help="narrow what-ifs by what spans say of the order in their thread or task (otelwod.predecessor.id)",
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")
    parser.add_argument(
        "--width", type=_width, metavar="N", help="columns of the text (default: the terminal's, or 100)"
    )
    parser.add_argument("--max-bytes", type=_size, metavar="N", help="largest source read, also decompressed (K, M, G)")


def _width(text: str) -> int:
    if not text.isdigit() or not 40 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no width from 40 to 1000")
    return int(text)


def _size(text: str) -> int:
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "")
    shift = {"": 0, "K": 10, "M": 20, "G": 30}.get(unit)
    if shift is None or not number.isdigit() or not 0 < len(number) < 13:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 500M or 4G")
    return int(number) << shift


def execute(args: argparse.Namespace) -> int:
    """0 when analysed, 1 when a ``--fail-over`` holds; a source or expression that cannot be read is a `UsageError`."""
    from otelwod.archive.garbage import uncollected
    from otelwod.insight.analysis import SPAN_LIMIT, analyze_traces

    conditions = [_condition(text) for text in args.fail_over]
    options: dict[str, Any] = {
        "compat": args.compat,
        "overrun": args.overrun,
        "program_order": args.program_order,
        "threshold_ns": None if args.threshold is None else _time(args.threshold),
    }
    with uncollected():
        found = _read(args.sources, args.max_bytes)
        report = analyze_traces(
            found.traces, eps_ns=found.eps_ns, span_limit=None if args.spans else SPAN_LIMIT, **options
        )
        if args.compare:
            report = _compared(report, found, _read(args.compare, args.max_bytes), args.overrun)
        if args.format == "json":
            _write_json(report, found)
        else:
            _write_text(_with_longest(report, found, options), found, args)
    return 1 if _over(conditions, args.fail_over, report) else 0


def _read(sources: Sequence[str], max_bytes: int | None) -> ReadResult:
    from otelwod.archive.limits import Limits, ReadError
    from otelwod.archive.source import open_source

    limits = Limits() if max_bytes is None else Limits(bytes=max_bytes, expanded_bytes=max_bytes)
    if "-" in sources and sys.stdin.isatty():
        raise UsageError("standard input is a terminal: pipe a trace into it, or name a file")
    meter = _Meter()
    try:
        found = open_source(list(sources), limits=limits, progress=meter.show)
    except ReadError as error:
        raise UsageError(visible(str(error))) from None
    finally:
        meter.clear()
    if not found.spans:  # an analysis of nothing must not pass a gate
        said = "; ".join([*found.warnings, *found.skipped]) or "nothing that is a span of a known format"
        raise UsageError(visible(f"{', '.join(sources)}: holds no spans: {said}"))
    return found


def _compared(report: Report, found: ReadResult, before: ReadResult, overrun: Overrun) -> Report:
    from otelwod.insight.comparison import compare

    eps = max(found.eps_ns, before.eps_ns)
    return replace(report, comparison=compare(before.traces, found.traces, eps_ns=eps, overrun=overrun))


class _Meter:
    """Says on a terminal's stderr how much of a large source is read."""

    def __init__(self) -> None:
        self._enabled = sys.stderr.isatty()
        self._shown = ""

    def show(self, done: int, size: int | None) -> None:
        """One line that overwrites itself, for sources of 16 MiB and more."""
        if not self._enabled or max(done, size or 0) < _LARGE:
            return
        text = f"reading: {done >> 20:,} MiB" + (f" of {size >> 20:,} ({fmt_percent(done, size)})" if size else "")
        if size is not None and done >= size:
            text = "analysing …"
        if text != self._shown:
            self._shown = text
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes the line away again."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _with_longest(report: Report, found: ReadResult, options: dict[str, Any]) -> Report:
    """A report whose list of spans holds the longest trace, so that its tree can be drawn."""
    from otelwod.insight.analysis import analyze_traces

    if not report.traces or len(report.spans) == report.span_count:
        return report
    longest = max(report.traces, key=lambda trace: trace.duration_ns)
    if (
        longest.trace is None
        or sum(1 for span in report.spans if span.trace_id == longest.trace_id) >= longest.span_count
    ):
        return report
    one = analyze_traces([longest.trace], eps_ns=found.eps_ns, span_limit=_TREE_SPANS, **options)
    return replace(report, spans=one.spans)


def _write_text(report: Report, found: ReadResult, args: argparse.Namespace) -> None:
    from otelwod.views.console import choose_color, choose_width, has_rich, needs_ascii, render_report

    if args.color == "always" and not has_rich():
        print("otelwod: colour needs rich: pip install 'otelwod[console]'", file=sys.stderr)
    reasons = [f"{what}: {fmt_count(count, 'time')}, left out." for what, count in found.skipped.items()]
    reasons += [f"{what}: {fmt_count(count, 'time')}." for what, count in found.repaired.items()]
    if found.skipped:  # told by reason already
        report = replace(report, quality=replace(report.quality, unreadable=0))
    sys.stdout.write(
        render_report(
            report,
            width=choose_width(args.width, sys.stdout),
            color=choose_color(args.color, sys.stdout),
            ascii_only=needs_ascii(sys.stdout.encoding),
            warnings=[*found.warnings, *(reason[0].upper() + reason[1:] for reason in reasons)],
        )
    )


def _write_json(report: Report, found: ReadResult) -> None:
    for warning in found.warnings:
        print(f"otelwod: {visible(warning)}", file=sys.stderr)
    json.dump(report.to_dict(), sys.stdout, allow_nan=False)
    sys.stdout.write("\n")


def _condition(text: str) -> Condition:
    from otelwod.cli.conditions import ConditionError, parse

    try:
        return parse(text)
    except ConditionError as error:
        raise _wrong("--fail-over", text, error.column, error.message) from None


def _time(text: str) -> int:
    from otelwod.cli.conditions import ConditionError, parse_time

    try:
        return parse_time(text)
    except ConditionError as error:
        raise _wrong("--threshold", text, error.column, error.message) from None


def _over(conditions: Sequence[Condition], texts: Sequence[str], report: Report) -> bool:
    """Whether any condition holds; says on stderr which, and what was found."""
    from otelwod.cli.conditions import ConditionError, evaluate

    failed = False
    for condition, text in zip(conditions, texts, strict=True):
        try:
            holds, lines = evaluate(condition, report)
        except ConditionError as error:
            sys.stdout.flush()
            raise _wrong("--fail-over", text, error.column, error.message) from None
        if holds:
            failed = True
            for line in lines:
                print(f"otelwod: over the limit: {visible(line)}", file=sys.stderr)
    return failed


def _wrong(option: str, text: str, column: int, message: str) -> UsageError:
    line = visible(text)
    pointer = [f"  {line}", f"  {' ' * (column - 1)}^"] if len(line) == len(text) <= 200 else []
    return UsageError(f"{option}:1:{column}: {visible(message)}", *pointer)
