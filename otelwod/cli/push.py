"""``otelwod push``: OTLP JSON files to an OTLP endpoint."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from otelwod.cli.errors import UsageError
from otelwod.views.text import fmt_count, visible

if TYPE_CHECKING:
    from otelwod.archive.push import Pushed

SUMMARY = "Send OTLP JSON files to an OpenTelemetry Collector or backend, and count what was accepted."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``otelwod push``."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="OTLP JSON or JSON lines, gz and zst too; - for standard input"
    )
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="such as http://localhost:4318 (default: OTEL_EXPORTER_OTLP_ENDPOINT, else that)",
    )
    parser.add_argument("--protocol", choices=("grpc", "http/protobuf"), help="default: gRPC at port 4317, else HTTP")
    parser.add_argument(
        "--patience",
        type=_seconds,
        metavar="SECONDS",
        default=60.0,
        help="how long a request is tried again when the endpoint is busy or away (default: 60)",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400")
    return seconds


def execute(args: argparse.Namespace) -> int:
    """0 when all that the files hold has arrived, 1 when not, 2 when a file is none; such an endpoint: `UsageError`."""
    from otelwod.archive.push import PushError, push, target_of

    if "-" in args.files and sys.stdin.isatty():
        raise UsageError("standard input is a terminal: pipe OTLP JSON into it, or name a file")
    # Before gRPC is loaded: its own log goes past Python's stderr. What went wrong is said below.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    meter = _Meter()
    try:
        target = target_of(os.environ, args.endpoint, args.protocol)
        pushed = push(dict.fromkeys(args.files), target, patience_s=args.patience, progress=meter.show)
    except PushError as error:
        meter.clear()
        raise UsageError(visible(str(error))) from None
    meter.clear()
    if pushed.spans or not pushed.refused:
        _report(pushed)
    for refused in pushed.refused:
        print(f"otelwod: {visible(refused)}", file=sys.stderr)
    if pushed.refused:
        return 2
    return 0 if pushed.complete else 1


def _report(pushed: Pushed) -> None:
    place = visible(pushed.place)
    print(f"{place}: {fmt_count(pushed.accepted, 'span')} accepted of {pushed.spans:,}")
    for warning in pushed.warnings:
        print(f"otelwod: {visible(warning)}", file=sys.stderr)
    for reason, count in pushed.skipped.items():
        print(f"otelwod: not sent: {reason}: {fmt_count(count, 'time')}", file=sys.stderr)
    if pushed.rejected:
        print(f"otelwod: {fmt_count(pushed.rejected, 'span')} rejected by the endpoint", file=sys.stderr)
    if pushed.failed:
        print(f"otelwod: {fmt_count(pushed.failed, 'span')} not delivered", file=sys.stderr)
    for reason, count in pushed.reasons.items():
        print(f"otelwod: {visible(reason)} ({fmt_count(count, 'span')})", file=sys.stderr)


class _Meter:
    """Says on a terminal's stderr how far it is."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, pushed: Pushed) -> None:
        """One line that overwrites itself."""
        if sys.stderr.isatty() and pushed.spans >= 10_000:
            self._shown = True
            sys.stderr.write(f"\r\x1b[Ksent: {pushed.accepted:,} of {pushed.spans:,} spans read")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes the line away again."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
