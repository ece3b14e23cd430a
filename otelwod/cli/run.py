"""``otelwod run``: runs a workout live, simulated or replayed; writes its trace and prints its summary."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from otelwod.cli.errors import UsageError
from otelwod.cli.journals import LiveJournal, unfinished_journal
from otelwod.cli.live import HELP, Keyboard, Keys, ended_by_signals, one_line, run_live, steady_ns
from otelwod.cli.recording import Recording, say
from otelwod.cli.workouts import STDIN, called, is_stdin, load_inputs, load_program, remark_lines
from otelwod.conventions import NANOS_PER_SECOND
from otelwod.runtime.athletes import SimulatedAthlete, drive, replay
from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.journal import resumption
from otelwod.runtime.program import Program
from otelwod.runtime.session import LimitError, Session
from otelwod.stages.pipeline.progress import Progress
from otelwod.views.text import visible

if TYPE_CHECKING:
    pass

_LAST_START_S = 7_258_118_400  # 2200-01-01
SUMMARY = "run a workout: live on a terminal, simulated, or replayed from recorded inputs"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``otelwod run``."""
    parser.add_argument("file", metavar="FILE", help="a .wod, .txt or Markdown file; - for standard input")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--simulate", action="store_true", help="let a pace model do the workout, at once")
    how.add_argument("--replay", metavar="INPUTS", help="do what a file of recorded inputs says (JSON lines)")
    how.add_argument("--resume", action="store_true", help="go on with a live session that was cut off")
    parser.add_argument("--seed", type=_seed, metavar="N", help="which simulated athlete; the same N does the same")
    parser.add_argument("--speed", type=_speed, metavar="N", help="play a simulation or replay N times as fast as life")
    parser.add_argument("--start", type=_moment, metavar="TIME", help="when it began, ISO 8601; else it ends now")
    parser.add_argument("--block", type=int, metavar="N", help="run only the Nth block of the file")
    parser.add_argument("--profile", choices=("men", "women"), default="men", help="which of two Rx values to use")
    parser.add_argument("--athlete", metavar="ID", help="an opaque id of who did it, for the trace")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the trace to DIR/<session>.otlp.jsonl")
    parser.add_argument("--no-export", action="store_true", help="send nothing, whatever OTEL_* says")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number, such as 10 for ten times as fast")
    return speed


def _moment(text: str) -> int:
    """Nanoseconds since the epoch; a time without a zone is local."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        whole = int(moment.replace(microsecond=0).timestamp())
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-21T18:30:00+01:00") from None
    if whole < 0:
        raise argparse.ArgumentTypeError(f"{text!r} lies before 1970")
    if whole > _LAST_START_S:
        raise argparse.ArgumentTypeError(f"{text!r} lies after 2200; OpenTelemetry counts nanoseconds in 64 bits")
    return whole * NANOS_PER_SECOND + moment.microsecond * 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: what drives it, and what it will be called."""

    program: Program
    session_id: str
    seed: int | None
    source: str
    run: Callable[[Session], Iterable[object]]
    """Drives a fresh session to its end; may be called twice with the same result."""


def execute(args: argparse.Namespace) -> int:
    """Runs the command."""
    if is_stdin(args.file) and not (args.simulate or args.replay):
        raise UsageError(
            f"{STDIN}: a live run needs standard input for its keys; save the board in a file, "
            "or give --simulate, or --replay INPUTS"
        )
    program = load_program(args.file, profile=args.profile, block=args.block)
    _check(args)
    for line in remark_lines(called(args.file), program):
        say(line)
    if args.simulate or args.replay:
        return _run_virtual(args, _plan(args, program))
    return _run_live(args, program)


def _check(args: argparse.Namespace) -> None:
    virtual = args.simulate or args.replay
    if args.seed is not None and not args.simulate:
        raise UsageError("--seed chooses a simulated athlete; give --simulate too")
    if args.speed is not None and not virtual:
        raise UsageError("--speed plays a simulation or a replay; give --simulate or --replay too")
    if args.start is not None and not virtual:
        raise UsageError("--start dates a simulation or a replay; a live session starts when you do")
    if not virtual and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("there is no terminal to run this live on; give --simulate, or --replay INPUTS")
    if args.out is not None:
        try:
            args.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{visible(str(args.out))}: {error.strerror or error}; give --out a folder") from None
        if not os.access(args.out, os.W_OK):
            raise UsageError(f"{visible(str(args.out))}: no right to write there; give --out another folder")


def _plan(args: argparse.Namespace, program: Program) -> Plan:
    workout = program.workout
    if args.replay:
        inputs = load_inputs(args.replay)
        identity = repr(inputs)
        return Plan(
            program, _session_id(program, "replay", identity), None, "script", lambda session: replay(session, inputs)
        )
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1, 10**6)
    if args.seed is None:
        say(f"Simulated athlete {seed}; give --seed {seed} to see the same again.")
    return Plan(
        program,
        _session_id(program, "simulated", f"{workout.id} {seed} {args.block} {args.profile}"),
        seed,
        "script",
        lambda session: drive(session, SimulatedAthlete(seed)),
    )


def _session_id(program: Program, kind: str, identity: str) -> str:
    digest = blake2b(f"{kind} {program.workout.id} {identity}".encode("utf-8", "replace"), digest_size=5).hexdigest()
    return f"{_slug(program.workout.name)}-{digest}"


def _slug(name: str) -> str:
    words = "".join(ch if ch.isascii() and ch.isalnum() else " " for ch in name.lower()).split()
    return "-".join(words)[:40].strip("-") or "workout"


# ------------------------------------------------------------------------------------------------- simulated, replayed


def _run_virtual(args: argparse.Namespace, plan: Plan) -> int:
    try:
        if args.start is not None:
            anchor = args.start
        else:
            # A session in virtual time ends now: backends search up to now. How long it takes, a first pass tells.
            rehearsal = Session(plan.program)
            with Progress("rehearsing") as progress:
                for _ in plan.run(rehearsal):
                    progress.step()
            anchor = time.time_ns() - rehearsal.now
        return _perform(args, plan, anchor)
    except InputError as error:
        raise UsageError(f"{visible(str(args.replay))}: {visible(str(error))}") from None
    except LimitError as error:
        raise UsageError(f"{visible(called(args.file))}: {error}") from None


def _perform(args: argparse.Namespace, plan: Plan, anchor: int) -> int:
    session = Session(plan.program)
    with Recording(args, plan, anchor, live=False) as recording:
        recording.attach(session)
        begun = time.monotonic()
        with Progress("running") as progress:
            for _ in plan.run(session):
                progress.step()
                if args.speed is not None:
                    _wait_until(begun + session.now / NANOS_PER_SECOND / args.speed)
    return recording.report()


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


# ---------------------------------------------------------------------------------------------------------------- live


def _run_live(args: argparse.Namespace, program: Program) -> int:
    previous = unfinished_journal(program.workout.id) if args.resume else None
    if args.resume and previous is None:
        raise UsageError(f"{visible(args.file)}: no cut-off session of this workout was found; run it without --resume")
    with ended_by_signals(), Keyboard() as keyboard, one_line(sys.stdout) as show:
        if previous is None:
            show("Press Enter to start, q to leave.")
            if not _ready(keyboard):
                return 0
        start_wall, start_steady = time.time_ns(), steady_ns()
        if previous is not None:
            start_wall = previous.started_ns
            start_steady -= max(0, time.time_ns() - start_wall)
        session_id = previous.session_id if previous is not None else f"{_slug(program.workout.name)}-{start_wall:x}"
        plan = Plan(program, session_id, None, "live", lambda session: ())
        session = Session(program)
        with (
            LiveJournal.open(session_id, program.workout.id, start_wall) as journal,
            Recording(args, plan, start_wall, live=previous is None) as recording,
        ):
            recording.attach(session)
            if previous is not None:
                for entry in previous.journal.inputs:
                    session.send(entry)
                for entry in resumption(previous.journal, session.is_paused, steady_ns() - start_steady):
                    journal.write(entry)
                    session.send(entry)
            else:
                session.send(Input("start", 0))
            show("")
            print(HELP)
            try:
                run_live(
                    session, keyboard, elapsed_ns=lambda: steady_ns() - start_steady, record=journal.write, show=show
                )
                journal.finish()
            except (KeyboardInterrupt, EOFError):
                # The journal stays: whoever pressed Ctrl-C by mistake, or lost the terminal, can go on.
                say("\nThe session was cut off; go on with --resume.")
    return recording.report() if session.is_done else 130


def _ready(keys: Keys) -> bool:
    """Waits for Enter; False when the athlete leaves, or the terminal is gone."""
    while True:
        try:
            pressed = keys.read(1.0)
        except EOFError:
            return False
        for key in pressed:
            if key in "\r\n ":
                return True
            if key in "qQ":
                return False
