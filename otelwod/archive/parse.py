"""Bytes → spans: JSON texts and JSON lines of any known kind, OTLP protobuf; what is damaged is salvaged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from otelwod.archive import otlp_proto, salvage
from otelwod.archive.document import Documents, is_known
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.nesting import deeper_than

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_BEGINS: Final = re.compile(rb"\s*[\[{]")
_SOMETHING_BYTES: Final = re.compile(rb"\S")
_SOMETHING: Final = re.compile(r"\S")

try:
    from orjson import loads as _fast_loads
except ImportError:
    _fast_loads = None  # type: ignore[assignment]


def read_data(data: bytes, place: str, documents: Documents, limits: Limits) -> None:
    """Add all spans of ``data``, decompressed, to ``documents``.

    Raises `ReadError` for what is no trace of any known format, or nests too deeply. Damage is counted.
    """
    data = data.removeprefix(_BOM)
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode()
    if _BEGINS.match(data):
        if deeper_than(data, limits.depth):
            raise ReadError(place, f"nests deeper than {limits.depth} levels; raise the limit if that is meant")
        if len(data) > limits.nodes < data.count(b",") + data.count(b"{") + data.count(b"["):
            raise ReadError(place, f"holds more than {limits.nodes:,} values; raise the limit, or split it")
        _read_json(data, place, documents, limits)
    elif otlp_proto.looks_like(data):
        documents.formats["otlp"] = None
        _add_proto(data, documents)
    elif not data.strip():
        raise ReadError(place, "is empty")
    else:
        raise ReadError(
            place,
            "is no trace: OTLP (JSON, JSON lines, protobuf), Jaeger, Zipkin or Tempo JSON are read, gz and zst too",
        )
    documents.finish()
    _check_spans(place, documents, limits)


def _add_proto(data: bytes, documents: Documents) -> None:
    documents.gathering.add_records(otlp_proto.read(data, documents.tally))


def _check_spans(place: str, documents: Documents, limits: Limits) -> None:
    if documents.gathering.spans > limits.spans:
        raise ReadError(place, f"holds more than {limits.spans:,} spans; raise the limit, or read fewer files at once")


def _read_json(data: bytes, place: str, documents: Documents, limits: Limits) -> None:
    if _is_lines(data):
        for number, line in _lines(data):
            _read_line(line, f"{place}:{number}", documents)
            _check_spans(place, documents, limits)
        return
    try:
        documents.add(loads(data))
    except RecursionError:
        raise _too_deep(place) from None
    except ValueError:
        _read_values(data.decode("utf-8", "replace"), place, documents)


def _is_lines(data: bytes) -> bool:
    """Whether the first line is a whole value, with something behind it."""
    start = next(_SOMETHING_BYTES.finditer(data)).start()
    end = data.find(b"\n", start)
    if end < 0 or not _SOMETHING_BYTES.search(data, end):
        return False
    line = data[start:end].rstrip()
    if not line.endswith((b"}", b"]")):
        return False
    try:
        loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _too_deep(place: str) -> ReadError:
    return ReadError(place, "nests too deeply for this program's stack")


def _read_line(line: bytes, place: str, documents: Documents) -> None:
    try:
        value = loads(line)
    except RecursionError:
        raise _too_deep(place) from None
    except ValueError as error:
        _salvage(line.decode("utf-8", "replace"), place, documents, error)
    else:
        documents.add(value)


def _read_values(text: str, place: str, documents: Documents) -> None:
    """Values behind one another, each over several lines; where one is damaged, all from there on is salvaged."""
    decode = json.JSONDecoder().raw_decode
    at = 0
    while match := _SOMETHING.search(text, at):
        try:
            value, at = decode(text, match.start())
        except RecursionError:
            raise _too_deep(place) from None
        except ValueError as error:
            _salvage(text[match.start() :] if at else text, place, documents, error, behind=at > 0)
            return
        documents.add(value)


def loads(data: bytes) -> Any:
    """A JSON text, by orjson where it is installed. Raises ValueError, RecursionError.

    What orjson refuses (NaN, lone surrogates, bytes that are no UTF-8) goes to the standard library, so that both
    give the same.
    """
    if _fast_loads is not None:
        try:
            return _fast_loads(data)
        except ValueError:
            pass
    return json.loads(data.decode("utf-8", "replace"))


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    start, number = 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        line = data[start:end].strip()
        if line:
            yield number, line
        start = end + 1


def _salvage(text: str, place: str, documents: Documents, error: ValueError, *, behind: bool = False) -> None:
    """Take every span that is still whole, with what stood around it (resource, scope, process) where that is known.

    ``behind``: whole values stood before ``text`` in the same source, and have been read.
    """
    before = documents.gathering.spans
    try:
        for value in salvage.documents(text, documents.tally):
            if is_known(value):
                documents.add(value)
    except RecursionError:
        raise _too_deep(place) from None
    documents.finish()
    found = documents.gathering.spans - before
    what = str(error)
    if isinstance(error, json.JSONDecodeError):
        what = f"line {error.lineno}, column {error.colno}"
    if behind and not found:
        documents.tally.skip("text behind the JSON")
        documents.tally.warn(f"{place}: what stands from {what} on is no JSON; all before it was read")
        return
    documents.tally.skip("damaged JSON text")
    documents.tally.warn(
        f"{place}: damaged at {what}; {found:,} spans {'from there on' if behind else 'of it'} could be read"
    )
