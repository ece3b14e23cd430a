"""Bytes → spans: JSON texts and JSON lines of any known kind, OTLP protobuf; what is damaged is salvaged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from otelwod.archive import otlp_proto, salvage
from otelwod.archive.document import Documents, is_known
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.nesting import deeper_than

BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
BEGINS: Final = re.compile(rb"\s*[\[{]")
"""What JSON that may hold spans begins with."""
DAMAGED: Final = "damaged JSON text"
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
    data = data.removeprefix(BOM)
    if data.startswith(_UTF16):
        data = data.decode("utf-16", "replace").encode()
    if BEGINS.match(data):
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


@dataclass(frozen=True, slots=True)
class Damage:
    """A text among the values of a source that is no JSON.

    ``place``: the source, with the line's number where it is of JSON lines. ``behind``: whole values stood before the
    text in the same source.
    """

    text: str
    place: str
    error: ValueError
    behind: bool = False

    @property
    def where(self) -> str:
        """Where the parser failed."""
        if isinstance(self.error, json.JSONDecodeError):
            return f"line {self.error.lineno}, column {self.error.colno}"
        return str(self.error)

    def salvaged(self, spans: int) -> str:
        """The line that says what became of it."""
        part = "from there on" if self.behind else "of it"
        return f"{self.place}: damaged at {self.where}; {spans:,} spans {part} could be read"


def json_values(data: bytes, place: str) -> Iterator[Any]:
    """The values of JSON, JSON lines, or values behind one another over several lines; a `Damage` for what is none.

    Raises `ReadError` for what nests too deeply for the parser.
    """
    if _is_lines(data):
        for number, line in _lines(data):
            try:
                value = loads(line)
            except RecursionError:
                raise _too_deep(f"{place}:{number}") from None
            except ValueError as error:
                value = Damage(line.decode("utf-8", "replace"), f"{place}:{number}", error)
            yield value
        return
    try:
        value = loads(data)
    except RecursionError:
        raise _too_deep(place) from None
    except ValueError:
        yield from _values_behind_one_another(data.decode("utf-8", "replace"), place)
    else:
        yield value


def _values_behind_one_another(text: str, place: str) -> Iterator[Any]:
    """Values each over several lines; where one is damaged, all from there on is one `Damage`."""
    decode = json.JSONDecoder().raw_decode
    at = 0
    while match := _SOMETHING.search(text, at):
        try:
            value, at = decode(text, match.start())
        except RecursionError:
            raise _too_deep(place) from None
        except ValueError as error:
            yield Damage(text[match.start() :] if at else text, place, error, behind=at > 0)
            return
        yield value


def _read_json(data: bytes, place: str, documents: Documents, limits: Limits) -> None:
    for value in json_values(data, place):
        if isinstance(value, Damage):
            _salvage(value, documents)
        else:
            documents.add(value)
        _check_spans(place, documents, limits)


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


def _salvage(damage: Damage, documents: Documents) -> None:
    """Take every span that is still whole, with what stood around it (resource, scope, process) where that is known."""
    before = documents.gathering.spans
    try:
        for value in salvage.documents(damage.text, documents.tally):
            if is_known(value):
                documents.add(value)
    except RecursionError:
        raise _too_deep(damage.place) from None
    documents.finish()
    found = documents.gathering.spans - before
    if damage.behind and not found:
        documents.tally.skip("text behind the JSON")
        documents.tally.warn(f"{damage.place}: what stands from {damage.where} on is no JSON; all before it was read")
        return
    documents.tally.skip(DAMAGED)
    documents.tally.warn(damage.salvaged(found))
