"""``otelwod check``: what a workout's text says, and what is wrong with it; runs nothing."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from otelwod.cli.errors import UsageError
from otelwod.cli.workouts import called, read_workout
from otelwod.runtime.kinds import unknown_blocks
from otelwod.runtime.program import ProgramError, compile_workout
from otelwod.views.program import SCHEMA, diagnostic_line, program_dict, program_lines
from otelwod.workout import Profile, Workout

SUMMARY = "Read workouts, show the program and every diagnostic; run nothing."


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``otelwod check``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .wod, .txt or Markdown file; - for standard input")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="text for people or JSON (default: text)"
    )
    parser.add_argument(
        "--profile", choices=("men", "women"), default="men", help="which of two Rx values counts (default: men)"
    )


def _compiled(workout: Workout, profile: Profile) -> Workout:
    """The workout with what `otelwod run` would say of it, too: bounds, ends, and what cannot be run."""
    try:
        program = compile_workout(workout, profile=profile)
        found = (*program.diagnostics, *unknown_blocks(program))
    except ProgramError as refused:
        found = (*workout.diagnostics, *refused.diagnostics)
    return replace(workout, diagnostics=tuple(dict.fromkeys(found)))


def execute(args: argparse.Namespace) -> int:
    """0 when every file is free of errors, 1 when one is not; an unreadable file ends in a `UsageError` (2)."""
    files = {called(file): file for file in args.files}
    missing: list[str] = []
    broken = False
    documents: list[object] = []
    out = sys.stdout
    shown = 0
    for file, source in files.items():
        workout, why = read_workout(source)
        if why is not None:
            missing.append(diagnostic_line(file, why))
        if why is None:
            workout = _compiled(workout, args.profile)
        broken = broken or bool(workout.errors)
        if args.format == "json":
            documents.append(program_dict(file, workout, args.profile))
        elif why is None:
            out.write("\n" if shown else "")
            shown += 1
            for line in program_lines(workout, args.profile):
                out.write(line + "\n")
            for diagnostic in workout.diagnostics:
                (sys.stderr if diagnostic.severity == "error" else out).write(diagnostic_line(file, diagnostic) + "\n")
    if args.format == "json":
        json.dump({"schema": SCHEMA, "files": documents}, out, ensure_ascii=True, indent=2)
        out.write("\n")
    if missing:
        out.flush()
        raise UsageError(*missing)
    return 1 if broken else 0
