"""Everything that listens to one session of ``otelwod run``: the book of records, files, OpenTelemetry, the summary."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from otelwod.runtime.program import Program
from otelwod.runtime.session import Session
from otelwod.views.text import visible

if TYPE_CHECKING:
    from otelwod.archive.history import History
    from otelwod.archive.otlp_json import SessionWriter
    from otelwod.telemetry import Telemetry
    from otelwod.trace import SpanRecord

SPANS_PER_LINE: Final = 256


class Named(Protocol):
    """What a recording wants to know of a run."""

    @property
    def program(self) -> Program: ...
    @property
    def session_id(self) -> str: ...
    @property
    def seed(self) -> int | None: ...
    @property
    def source(self) -> str: ...


class Recording:
    """Everything that listens to one session: the book of records, the file, OpenTelemetry, the results."""

    def __init__(self, args: argparse.Namespace, plan: Named, anchor_ns: int, *, live: bool) -> None:
        self._args = args
        self._plan = plan
        self._anchor_ns = anchor_ns
        self._live = live
        self._records: list[SpanRecord] = []
        self._saved = 0
        self._written: Path | None = None
        self._history: History | None = None
        self._writers: list[SessionWriter] = []
        self._unsaid = ExitStack()

    def __enter__(self) -> Recording:
        from otelwod.archive.otlp_json import SessionWriter, file_name
        from otelwod.cli.losses import losses_unsaid
        from otelwod.telemetry import configure as configure_telemetry
        from otelwod.tracking import SessionTracker

        args, plan = self._args, self._plan
        workout = plan.program.workout
        self._telemetry: Telemetry = configure_telemetry(
            seed=plan.seed, export=not args.no_export, live=self._live, quiet=True, set_global=False
        )
        for problem in self._telemetry.problems:
            say(problem)
        if args.out is not None:
            self._written = args.out / file_name(plan.session_id)
            for left_by_a_crash in args.out.glob(f"{self._written.name}.*.part"):
                left_by_a_crash.unlink(missing_ok=True)
            self._writers.append(SessionWriter(self._written))
        self._open_history()
        self._tracker = SessionTracker(
            session_id=plan.session_id,
            anchor_ns=self._anchor_ns,
            tracer=self._telemetry.tracer,
            meter=self._telemetry.meter,
            seed=plan.seed,
            workout_name=workout.name,
            workout_format=workout.format,
            workout_id=workout.id,
            workout_source=plan.source,
            athlete_id=args.athlete,
            resource=self._telemetry.resource,
            live=self._live,
            on_record=self._on_record,
        )
        self._unsaid.enter_context(losses_unsaid())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Whatever happened, what was recorded is kept: what was still open is closed as interrupted."""
        with self._unsaid:
            self._tracker.close()
        self._save()
        for writer in self._writers:
            writer.close()
        self._close_history()
        self._delivery = self._telemetry.shutdown()

    def _open_history(self) -> None:
        """The history, where the user asked for one; one that cannot be used is said, and the session goes on."""
        from otelwod.archive.history import History, HistoryError, history_folder
        from otelwod.archive.otlp_json import SessionWriter

        folder = history_folder()
        if folder is None:
            return
        try:
            self._history = History(folder)
            self._writers.append(SessionWriter(self._history.path_of(self._plan.session_id)))
        except (HistoryError, OSError) as error:
            say(visible(str(error)))

    def _close_history(self) -> None:
        from otelwod.archive.history import HistoryError

        if self._history is None:
            return
        with self._history as history:
            try:
                if self._records:
                    history.add(self._records[-1], history.path_of(self._plan.session_id))
            except (HistoryError, ValueError) as error:
                say(visible(str(error)))

    def attach(self, session: Session) -> None:
        """Listens to a session from its first event on."""
        session.subscribe(self._tracker)  # type: ignore[arg-type]

    def _on_record(self, record: SpanRecord) -> None:
        self._records.append(record)
        if self._live or len(self._records) - self._saved >= SPANS_PER_LINE:
            self._save()

    def _save(self) -> None:
        """Puts what is new into the files: at once in a live session, which may be cut off, else many at a time."""
        new = self._records[self._saved :]
        self._saved = len(self._records)
        for writer in self._writers:
            writer.write(new)

    def report(self) -> int:
        """Prints the summary; the exit status."""
        from otelwod.cli.losses import loss_line
        from otelwod.insight import analyze_traces
        from otelwod.trace import Trace
        from otelwod.views.console import choose_color, choose_width, needs_ascii, render_workout

        summary = render_workout(
            analyze_traces(Trace.from_records(self._records)),
            width=choose_width(None, sys.stdout),
            color=choose_color(self._args.color, sys.stdout),
            ascii_only=needs_ascii(sys.stdout.encoding),
        )
        print(summary.rstrip("\n"))
        if self._written is not None:
            named = "" if self._delivery.delivered else self._trace_named()
            print(f"Trace written to {visible(str(self._written))}{named}")
        elif self._history is None and not self._delivery.destinations:
            print("The trace was not kept: give --out DIR to write it to a file.")
        for line in self._delivery.lines():
            failed = line.startswith("could not")
            named = "" if failed else self._trace_named()
            print(visible(line[:1].upper() + line[1:] + named), file=sys.stderr if failed else sys.stdout)
        lost = loss_line(self._tracker.losses, sent=bool(self._delivery.destinations))
        if lost is not None:
            say(lost)
        return 0

    def _trace_named(self) -> str:
        """What to ask a backend for, where there is a trace."""
        return f", trace {self._records[-1].trace_id}" if self._records else ""


def say(text: str) -> None:
    """A line for the user that is not a result."""
    print(text, file=sys.stderr)
