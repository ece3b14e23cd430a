"""Arguments → one call into a room.

Each command is a module of this package with ``SUMMARY``, ``configure(parser)`` and ``execute(args) -> int``. Exit
status: 0 done, 1 the answer is "no", 2 bad usage or bad input. Errors go to stderr, results to stdout.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from otelwod._version import __version__
from otelwod.cli.errors import UsageError

COMMANDS = ("run", "check", "analyze", "push")


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The command line; with ``only`` that one command's, so that nothing else is imported."""
    parser = argparse.ArgumentParser(
        prog="otelwod",
        description="Timed work as OpenTelemetry: run a workout, or ask any trace where the time went.",
    )
    parser.add_argument("--version", action="version", version=f"otelwod {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS if only is None else (only,):
        module = import_module(f"otelwod.cli.{name}")
        command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.configure(command)
        command.set_defaults(execute=module.execute)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; never a traceback for a user's mistake."""
    # A stream that whoever started us has closed is None; it lives as long as the process.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else list(arguments)
    args = build_parser(words[0] if words and words[0] in COMMANDS else None).parse_args(words)
    try:
        status: int = args.execute(args)
        sys.stdout.flush()
    except UsageError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"the output could not be written: {error.strerror}", file=sys.stderr)
        return 2
    return status
