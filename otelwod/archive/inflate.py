"""Bytes of a file or standard input, decompressed (gzip, zstd) by what they begin with, within limits."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import sys
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, Final

from otelwod.archive.limits import Limits, ReadError, fmt_bytes

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
STDIN: Final = "-"
_OPEN_FLAGS: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""Opening a pipe without a writer must not wait for one."""
_CHUNK: Final = 1 << 20
_ALWAYS_ALLOWED: Final = 64 << 20
_ZSTD_WINDOW: Final = 1 << 27

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes read so far and their expected number (None where nobody knows)."""


def read_bytes(source: str | Path, limits: Limits, progress: Progress | None = None) -> tuple[bytes, str]:
    """The whole, decompressed content of a file (``-``: standard input), and a warning (empty: none).

    A compressed file that is torn or damaged gives what could be read of it, with a warning. Raises `ReadError` for
    what cannot be opened or is over a limit.
    """
    stdin = source == STDIN
    place = "standard input" if stdin else str(source)
    try:
        with nullcontext(sys.stdin.buffer) if stdin else _open(source, place, limits) as stream:
            data = read_stream(stream, place, limits, None if stdin else _size(stream, place), progress)
    except IsADirectoryError:
        raise ReadError(place, "is a directory; name the files in it") from None
    except FileNotFoundError:
        raise ReadError(place, "no such file") from None
    except OSError as error:
        raise ReadError(place, f"cannot be read: {error.strerror or error}") from None
    except ReadError:
        raise
    except ValueError as error:  # a NUL in the name
        raise ReadError(place, f"is no file name: {error}") from None
    return inflate(data, place, limits)


def _open(source: str | Path, place: str, limits: Limits) -> BinaryIO:
    """A file, or a named pipe (``<(command)`` of a shell is one) that somebody writes to before the time is over."""
    descriptor = os.open(source, os.O_RDONLY | _OPEN_FLAGS)
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            ready, _, _ = select.select([descriptor], [], [], limits.seconds)
            if not ready:
                raise ReadError(place, f"is a pipe into which nobody has written for {limits.seconds:g} s")
            os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _size(stream: BinaryIO, place: str) -> int:
    status = os.fstat(stream.fileno())
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        raise ReadError(place, "is a device, not a file")
    return status.st_size


def read_stream(
    stream: BinaryIO, place: str, limits: Limits, size: int | None = None, progress: Progress | None = None
) -> bytes:
    """All of ``stream``; `ReadError` as soon as it is longer than ``limits.bytes``."""
    chunks: list[bytes] = []
    done = 0
    while chunk := stream.read(_CHUNK):
        done += len(chunk)
        if done > limits.bytes or (size is not None and size > limits.bytes):
            raise ReadError(place, f"is larger than {fmt_bytes(limits.bytes)}; split it, or raise the limit")
        chunks.append(chunk)
        if progress is not None:
            progress(done, size or None)
    return b"".join(chunks)


def inflate(data: bytes, place: str, limits: Limits) -> tuple[bytes, str]:
    """``data`` decompressed when it is gzip or zstd (several members or frames too), else as it is; and a warning."""
    if data.startswith(GZIP_MAGIC):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _drain(stream.read1, place, _most(data, limits), (OSError, EOFError, zlib.error))
    if data.startswith(ZSTD_MAGIC):
        return _inflate_zstd(data, place, limits)
    return data, ""


def _most(data: bytes, limits: Limits) -> int:
    """How much may come out of ``data``: nothing that was written for people to read shrinks as bombs do."""
    return min(limits.expanded_bytes, max(_ALWAYS_ALLOWED, limits.expansion * len(data)))


def _drain(
    read: Callable[[int], bytes], place: str, most: int, damage: tuple[type[Exception], ...]
) -> tuple[bytes, str]:
    """Pieces of bounded size, so that a bomb is noticed before it is in memory."""
    out = bytearray()
    try:
        while piece := read(_CHUNK):
            out += piece
            if len(out) > most:
                raise ReadError(place, f"expands to more than {fmt_bytes(most)}; raise the limit if it is no bomb")
    except damage as error:
        what = "torn" if isinstance(error, EOFError) else f"damaged ({error})"
        return bytes(out), f"{place}: the compression is {what}; {fmt_bytes(len(out))} could be read"
    return bytes(out), ""


def _inflate_zstd(data: bytes, place: str, limits: Limits) -> tuple[bytes, str]:
    if sys.version_info >= (3, 14):
        from compression import zstd

        with zstd.ZstdFile(io.BytesIO(data), options={zstd.DecompressionParameter.window_log_max: 27}) as stream:
            return _drain(stream.read1, place, _most(data, limits), (zstd.ZstdError, EOFError, OSError))
    try:
        import zstandard
    except ImportError:
        raise ReadError(place, "is zstd: pip install 'otelwod[archive]' to read it, or decompress it first") from None
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    with decompressor.stream_reader(data, read_across_frames=True) as reader:
        out, warning = _drain(reader.read, place, _most(data, limits), (zstandard.ZstdError,))
    if not warning and len(out) < zstandard.frame_content_size(data):  # -1 where the frame does not say
        warning = f"{place}: the compression is torn; {fmt_bytes(len(out))} could be read"
    return out, warning
