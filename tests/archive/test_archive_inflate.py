from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import pytest

from otelwod.archive.inflate import inflate, read_bytes
from otelwod.archive.limits import Limits, ReadError, fmt_bytes

TEXT = b"".join(b'{"line": %d}\n' % n for n in range(20_000))
PACKED = gzip.compress(TEXT)


def test_plain_bytes_stay() -> None:
    assert inflate(b"{}", "x", Limits()) == (b"{}", "")


def test_gzip_of_several_members() -> None:
    assert inflate(PACKED + gzip.compress(b"more"), "x", Limits()) == (TEXT + b"more", "")


def test_a_torn_gzip_gives_what_it_has() -> None:
    for cut in (len(PACKED) // 2, len(PACKED) - 4):
        data, warning = inflate(PACKED[:cut], "x.gz", Limits())
        assert TEXT.startswith(data)
        assert len(data) > len(TEXT) // 3
        assert warning.startswith("x.gz: the compression is torn; ")
    for cut in (2, 9, 10):
        assert inflate(PACKED[:cut], "x.gz", Limits())[0] == b""


def test_a_damaged_gzip_gives_what_it_has() -> None:
    broken = bytearray(PACKED)
    broken[len(broken) // 2] ^= 0xFF
    data, warning = inflate(bytes(broken), "x.gz", Limits())
    assert warning
    assert data[:1000] == TEXT[:1000]


def test_a_bomb_is_stopped_before_it_is_in_memory() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    with pytest.raises(ReadError, match="expands to more than 8 MiB"):
        inflate(bomb, "x.gz", Limits(expanded_bytes=8 << 20))


def test_what_expands_as_only_bombs_do_is_refused() -> None:
    bomb = gzip.compress(bytes(100 << 20))
    with pytest.raises(ReadError, match="expands to more than 64 MiB; raise the limit if it is no bomb"):
        inflate(bomb, "x.gz", Limits())
    assert len(inflate(bomb, "x.gz", Limits(expansion=2000))[0]) == 100 << 20


def test_zstd() -> None:
    zstandard = pytest.importorskip("zstandard")
    if sys.version_info >= (3, 14):
        pytest.skip("the standard library reads it")
    packed = zstandard.compress(TEXT)
    assert inflate(packed, "x", Limits()) == (TEXT, "")
    assert inflate(packed + zstandard.compress(b"more"), "x", Limits()) == (TEXT + b"more", "")
    data, warning = inflate(packed[: len(packed) // 2], "x.zst", Limits())
    assert TEXT.startswith(data)
    assert "x.zst: the compression is torn" in warning
    broken = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(TEXT))
    broken[len(broken) // 2] ^= 0xFF
    assert inflate(bytes(broken), "x.zst", Limits())[1]
    bomb = zstandard.compress(bytes(64 << 20))
    with pytest.raises(ReadError, match="expands to more than 8 MiB"):
        inflate(bomb, "x.zst", Limits(expanded_bytes=8 << 20))


def test_zstd_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("the standard library reads it")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ReadError, match=r"x.zst: is zstd: pip install 'otelwod\[archive\]'"):
        inflate(b"\x28\xb5\x2f\xfd....", "x.zst", Limits())


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(TEXT)
    seen: list[tuple[int, int | None]] = []
    assert read_bytes(path, Limits(), lambda done, size: seen.append((done, size))) == (TEXT, "")
    assert seen == [(len(TEXT), len(TEXT))]
    with pytest.raises(ReadError, match="larger than 1 KiB"):
        read_bytes(path, Limits(bytes=1024))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(TEXT)

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert read_bytes("-", Limits()) == (TEXT, "")
    Stdin.buffer = io.BytesIO(TEXT)
    with pytest.raises(ReadError, match="standard input: is larger than"):
        read_bytes("-", Limits(bytes=1024))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, said in [("gone", "no such file"), (".", "is a directory"), ("a\0b", "is no file name")]:
        with pytest.raises(ReadError, match=said):
            read_bytes(f"{tmp_path}/{name}", Limits())
    with pytest.raises(ReadError, match="/dev/zero: is a device"):
        read_bytes("/dev/zero", Limits())
    path = tmp_path / "loop"
    os.symlink(path, path)
    with pytest.raises(ReadError, match="cannot be read"):
        read_bytes(path, Limits())


def test_sizes_in_words() -> None:
    assert [fmt_bytes(n) for n in (0, 1023, 1024, 1536, 5 << 20, 3 << 30)] == [
        "0 B",
        "1023 B",
        "1 KiB",
        "1.5 KiB",
        "5 MiB",
        "3.0 GiB",
    ]
