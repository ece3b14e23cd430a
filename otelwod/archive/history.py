"""The history of sessions: their files in the data folder, and a SQLite index over them. Off until it is asked for.

The files are the truth and the index a cache of them: a damaged or missing index is built anew. A session is keyed by
its id, so the same session never appears twice, however often it is added.

```python
folder = history_folder()          # None unless OTELWOD_HISTORY asks for it
if folder is not None:
    with History(folder) as history:
        with SessionWriter(history.path_of(session_id)) as writer:
            ...
        history.add_file(writer.path)
        for entry in history.entries(workout_id=...):
            print(entry.score)
```
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final

from otelwod import conventions as c
from otelwod.archive.otlp_json import SUFFIX, file_name, read
from otelwod.trace import SpanRecord

VARIABLE: Final = "OTELWOD_HISTORY"
_ON: Final = frozenset({"1", "true", "yes", "on"})
_OFF: Final = frozenset({"", "0", "false", "no", "off"})
_VERSION: Final = 1
_WAIT_S: Final = 5.0


class HistoryError(Exception):
    """The history cannot be used; the message says where, why, and what to do."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One session. Times are nanoseconds since the epoch; ``score`` is the display form, ``score_*`` its parts.

    ``score_time`` is in seconds, ``score_load`` in kilograms. ``file`` is relative to the history's folder where it
    lies inside.
    """

    session_id: str
    trace_id: str
    workout_id: str | None
    workout_name: str
    workout_format: str | None
    source: str | None
    start_ns: int
    end_ns: int
    status: str
    score: str | None
    score_rounds: int | None
    score_reps: int | None
    score_time: float | None
    score_load: float | None
    file: str


def history_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Where the history is kept, or None when nobody asked for one.

    ``OTELWOD_HISTORY`` is ``1`` (``true``, ``yes``, ``on``) for ``$XDG_DATA_HOME/otelwod``, else
    ``~/.local/share/otelwod``; any other value but ``0``, ``false``, ``no`` and ``off`` is the folder itself.
    """
    given = os.environ if environ is None else environ
    wish = given.get(VARIABLE, "").strip()
    if wish.lower() in _OFF:
        return None
    if wish.lower() not in _ON:
        return Path(wish).expanduser()
    base = given.get("XDG_DATA_HOME", "")
    # The XDG specification: a relative path is invalid and must be ignored.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "share") / "otelwod"


def entry_of(root: SpanRecord, file: str) -> HistoryEntry:
    """The entry of a session whose root this is. ValueError when it is no finished session's root."""
    given = root.attributes
    session_id = given.get(c.SESSION_ID)
    if not isinstance(session_id, str) or not session_id or root.parent_id is not None or root.end_ns is None:
        raise ValueError("this span is not the root of a finished session")
    return HistoryEntry(
        session_id=session_id,
        trace_id=root.trace_id,
        workout_id=_text(given.get(c.WORKOUT_ID)),
        workout_name=_text(given.get(c.WORKOUT_NAME)) or root.name,
        workout_format=_text(given.get(c.WORKOUT_FORMAT)),
        source=_text(given.get(c.WORKOUT_SOURCE)),
        start_ns=root.start_ns,
        end_ns=root.end_ns,
        status=_text(given.get(c.STATUS)) or "completed",
        score=_text(given.get(c.SCORE_DISPLAY)),
        score_rounds=_whole(given.get(c.SCORE_ROUNDS)),
        score_reps=_whole(given.get(c.SCORE_REPS)),
        score_time=_number(given.get(c.SCORE_TIME)),
        score_load=_number(given.get(c.SCORE_LOAD)),
        file=file,
    )


class History:
    """The sessions in one folder, made (for this user only) when it is missing; HistoryError when it cannot be used.

    Several processes may use one folder. Close it, or use it as a context manager.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.sessions = self.folder / "sessions"
        self.index = self.folder / "history.sqlite3"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.sessions.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise HistoryError(f"{self.folder}: {error.strerror or error}; {VARIABLE} names another folder") from None
        self._database = self._opened()

    def path_of(self, session_id: str) -> Path:
        """Where this session's file belongs."""
        return self.sessions / file_name(session_id)

    def add(self, root: SpanRecord, path: str | os.PathLike[str]) -> HistoryEntry:
        """Put the session with this root, written to ``path``, into the index; one that is there is replaced."""
        entry = entry_of(root, self._relative(Path(path)))
        with self._errors(), self._database:
            self._insert(entry)
        return entry

    def add_file(self, path: str | os.PathLike[str]) -> HistoryEntry:
        """Put the session in this file into the index. ValueError when it holds none, OSError when it is unreadable."""
        for record in read(path):
            if record.parent_id is None and c.SESSION_ID in record.attributes and record.end_ns is not None:
                return self.add(record, path)
        raise ValueError(f"{path}: no finished session in this file")

    def entries(self, *, workout_id: str | None = None, limit: int | None = None) -> tuple[HistoryEntry, ...]:
        """The sessions, of one workout or of all, the newest first."""
        where = "" if workout_id is None else " WHERE workout_id = ?"
        values: list[Any] = [] if workout_id is None else [workout_id]
        with self._errors():
            found = self._database.execute(
                f"SELECT {_COLUMNS} FROM session{where} ORDER BY start_ns DESC, session_id LIMIT ?",  # noqa: S608
                [*values, -1 if limit is None else limit],
            )
            return tuple(HistoryEntry(*row) for row in found)

    def find(self, session_id: str) -> HistoryEntry | None:
        """The entry of this session."""
        with self._errors():
            row = self._database.execute(
                f"SELECT {_COLUMNS} FROM session WHERE session_id = ?",  # noqa: S608
                [session_id],
            ).fetchone()
        return None if row is None else HistoryEntry(*row)

    def file_of(self, entry: HistoryEntry) -> Path:
        """Where the session's spans are."""
        return self.folder / entry.file

    def forget(self, session_id: str) -> bool:
        """Take a session out of the index, and delete its file if it lies in this folder. False when it is unknown."""
        entry = self.find(session_id)
        if entry is None:
            return False
        with self._errors(), self._database:
            self._database.execute("DELETE FROM session WHERE session_id = ?", [session_id])
        path = self.file_of(entry)
        if path.resolve().is_relative_to(self.folder.resolve()):
            path.unlink(missing_ok=True)
        return True

    def rebuild(self) -> int:
        """Build the index anew from the files of the folder; how many sessions it has. Other files are passed over.

        Entries of files elsewhere stay as long as those exist.
        """
        elsewhere = [e for e in self.entries() if os.path.isabs(e.file) and self.file_of(e).exists()]
        with self._errors(), self._database:
            self._database.execute("DELETE FROM session")
            for entry in (*elsewhere, *self._entries_of_files()):
                self._insert(entry)
        return len(self.entries())

    def close(self) -> None:
        """Let go of the index."""
        self._database.close()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -------------------------------------------------------------------------------------------------------- inside

    def _entries_of_files(self) -> Iterator[HistoryEntry]:
        for path in sorted(self.sessions.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError):
                roots = (r for r in read(path) if r.parent_id is None and c.SESSION_ID in r.attributes)
                for root in roots:
                    with contextlib.suppress(ValueError):
                        yield entry_of(root, self._relative(path))

    def _insert(self, entry: HistoryEntry) -> None:
        marks = ", ".join("?" for _ in fields(HistoryEntry))
        self._database.execute(
            f"INSERT OR REPLACE INTO session ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - names of our own fields
            [_clean(value) for value in astuple(entry)],
        )

    def _relative(self, path: Path) -> str:
        path = path.absolute()
        folder = self.folder.absolute()
        return str(path.relative_to(folder) if path.is_relative_to(folder) else path)

    def _opened(self) -> sqlite3.Connection:
        """The index as it is; one that is damaged, or of another version, is set aside and built anew."""
        fresh = not self.index.exists()
        try:
            database = self._connected()
        except sqlite3.OperationalError as error:
            raise HistoryError(f"{self.index}: {error}; {VARIABLE} names another folder") from None
        except sqlite3.DatabaseError:
            self.index.replace(self.index.with_suffix(".bad"))
            database, fresh = self._connected(), True
        self._database = database
        if fresh and any(self.sessions.glob(f"*{SUFFIX}")):
            self.rebuild()
        return database

    def _connected(self) -> sqlite3.Connection:
        if not self.index.exists():
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.index, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        database = sqlite3.connect(self.index, timeout=_WAIT_S)
        try:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError(f"version {version}")
            with database:
                database.execute(_TABLE)
                database.execute("CREATE INDEX IF NOT EXISTS by_workout ON session (workout_id, start_ns)")
                database.execute(f"PRAGMA user_version = {_VERSION}")
            database.execute(f"SELECT {_COLUMNS} FROM session LIMIT 1").fetchone()  # noqa: S608 - our own names
            if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("damaged")
        except BaseException:
            database.close()
            raise
        return database

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise HistoryError(f"{self.index}: {error}; try again, or delete it: it is built anew") from None


_COLUMNS: Final = ", ".join(field.name for field in fields(HistoryEntry))
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS session (
    session_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, workout_id TEXT, workout_name TEXT NOT NULL,
    workout_format TEXT, source TEXT, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, status TEXT NOT NULL,
    score TEXT, score_rounds INTEGER, score_reps INTEGER, score_time REAL, score_load REAL, file TEXT NOT NULL
) WITHOUT ROWID
"""


def _clean(value: object) -> object:
    """SQLite takes neither lone surrogates nor integers beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value if not isinstance(value, int) or -(1 << 63) <= value < 1 << 63 else float(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
