"""The journal files of live sessions: ``$XDG_STATE_HOME/otelwod`` (else ``~/.local/state/otelwod``), one a session.

A journal is removed when its session ends by itself or is stopped; what remains was cut off and can be resumed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from otelwod.runtime.inputs import Input, InputError
from otelwod.runtime.journal import Journal, journal_line, read_journal

SUFFIX = ".journal.jsonl"
_MAX_BYTES = 64 * 1024 * 1024


def state_folder() -> Path:
    """Where journals are kept."""
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base) / "otelwod" if base else Path.home() / ".local" / "state" / "otelwod"


@dataclass(frozen=True, slots=True)
class CutOff:
    """A session that did not end: its id, when it started (ns since the epoch), and what had been done."""

    session_id: str
    started_ns: int
    journal: Journal


def unfinished_journal(workout_id: str) -> CutOff | None:
    """The latest cut-off session of a workout."""
    found: list[CutOff] = []
    with contextlib.suppress(OSError):
        for path in state_folder().glob(f"*{SUFFIX}"):
            cut_off = _read(path)
            if cut_off is not None and cut_off.journal.details.get("workout") == workout_id:
                found.append(cut_off)
    return max(found, key=lambda each: each.started_ns, default=None)


def _read(path: Path) -> CutOff | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        # newline="" keeps the torn end of a cut file recognisable; a byte cut in half is part of a torn line.
        journal = read_journal(path.read_bytes().decode("utf-8", "replace"))
    except (OSError, InputError):
        return None
    started = journal.details.get("at")
    if not isinstance(started, int):
        return None
    return CutOff(path.name.removesuffix(SUFFIX), started, journal)


class LiveJournal:
    """Appends inputs as they come, flushed. A folder that cannot be written is said once, and the session goes on."""

    def __init__(self, path: Path | None, stream: IO[bytes] | None) -> None:
        self._path = path
        self._stream = stream

    @classmethod
    def open(cls, session_id: str, workout_id: str, started_ns: int) -> LiveJournal:
        """A new journal, or an old one to go on with: its torn last line is cut off."""
        path = state_folder() / f"{session_id}{SUFFIX}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            known = path.exists()
            stream = open(path, "r+b" if known else "xb", buffering=0)  # noqa: SIM115 - closed by __exit__
            if known:
                whole = stream.read()
                stream.seek(whole.rfind(b"\n") + 1)
                stream.truncate()
        except OSError as error:
            print(
                f"{path}: {error.strerror or error}; this session cannot be resumed if it is cut off", file=sys.stderr
            )
            return cls(None, None)
        journal = cls(path, stream)
        if not known:
            path.chmod(0o600)
            journal.write(Input("start", 0, details={"at": started_ns, "workout": workout_id}))
        return journal

    def write(self, entry: Input) -> None:
        """One input, before it takes effect."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.write(journal_line(entry).encode())

    def finish(self) -> None:
        """The session ended: nothing is left to resume."""
        self._close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __enter__(self) -> LiveJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
