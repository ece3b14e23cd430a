"""OTLP JSON files: one a session, one line a batch of spans (what the Collector calls the file exporter's JSON format).

with SessionWriter(directory / file_name(session_id)) as writer:
    writer.write(records)
records = list(read(writer.path))
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from otelwod.archive.otlp_codec import DecodeCounts, decode, decode_span, encode, encode_span
from otelwod.trace import SpanRecord

__all__ = [
    "SUFFIX",
    "DecodeCounts",
    "SessionWriter",
    "decode",
    "decode_span",
    "encode",
    "encode_span",
    "file_name",
    "parse_line",
    "read",
    "safe_name",
]

SUFFIX: Final = ".otlp.jsonl"
SPANS_PER_LINE: Final = 512
LONGEST_LINE: Final = 64 << 20
"""Bytes of one line that are read at most; a longer one is skipped and counted."""
_LONGEST_NAME: Final = 100
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_CHUNK: Final = 1 << 20


def safe_name(session_id: str) -> str:
    """A file name of a session id: letters, digits, dot, dash and underscore, not hidden, at most 100 long.

    An id that is such a name already stays as it is; any other gets a hash, so that two ids never share a name.
    """
    name = _UNSAFE.sub("_", session_id)[:_LONGEST_NAME].lstrip(".-")
    if name == session_id and name:
        return name
    digest = blake2b(session_id.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    return f"{name[: _LONGEST_NAME - len(digest) - 1] or 'session'}-{digest}"


def file_name(session_id: str) -> str:
    """``<session>.otlp.jsonl``."""
    return safe_name(session_id) + SUFFIX


class SessionWriter:
    """Writes records to ``<path>.<process>.part``, line by line and flushed, and gives it its name in the end.

    So a file with the final name is whole, and what a crash leaves behind can be read as well. As a context manager it
    keeps the part file when the block raises. Makes the folder when it is missing. Raises OSError as files do.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        self.spans = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = self.part.open("wb")

    def write(self, records: Iterable[SpanRecord]) -> None:
        """Append the records, at most 512 a line; they are in the hands of the system when this returns."""
        if self._file is None:
            raise ValueError(f"{self.path}: already closed")
        waiting = iter(records)
        while batch := list(islice(waiting, SPANS_PER_LINE)):
            text = json.dumps(encode(batch), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            self._file.write(text.encode() + b"\n")
            self.spans += len(batch)
        self._file.flush()

    def close(self) -> Path:
        """Put everything on the disk and give the file its final name, in place of an older one; returns it."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            self.part.replace(self.path)
        return self.path

    def abandon(self) -> Path:
        """Leave what was written under the name of the part file; returns that."""
        if self._file is not None:
            self._file.close()
            self._file = None
        return self.part

    def __enter__(self) -> SessionWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def read(path: str | os.PathLike[str], counts: DecodeCounts | None = None) -> Iterator[SpanRecord]:
    """The records of a file of OTLP JSON lines, one line in memory at a time.

    Lines that are torn, damaged or too long are skipped, and counted in ``counts.unreadable``. Raises OSError when
    the file cannot be opened or read.
    """
    counts = counts if counts is not None else DecodeCounts()
    with Path(path).open("rb") as file:
        for line in _lines(file, counts):
            yield from parse_line(line, counts)


def parse_line(line: bytes, counts: DecodeCounts) -> Iterator[SpanRecord]:
    """The records of one line; nothing, counted, when it is not JSON."""
    text = line.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        return
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # also bytes that are not UTF-8, and numbers of thousands of digits
        counts.unreadable += 1
        return
    yield from decode(data, counts)


def _lines(file: BinaryIO, counts: DecodeCounts) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        counts.unreadable += 1
        while line and not line.endswith(b"\n"):
            line = file.readline(_CHUNK)
