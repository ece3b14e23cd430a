"""Bytes or text → the lines to be read, each with its number; Markdown fences; characters that have no place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from otelwod.workout.remarks import Diagnostics
from otelwod.workout.tables import is_row, untable

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest text that is read."""
MAX_LINE: Final = 100_000
"""Characters of the longest line that is read."""
RUNNABLE: Final = frozenset({"time", "wod", "whiteboard"})
LOG: Final = "log"

_HIDDEN: Final = re.compile(
    "(?<![\ufe0f\u2600-\u27bf\u2b50\U0001f000-\U0001faff])\u200d"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180e\u2800\u3164\uffa0\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINE: Final = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class Source:
    """``lines`` are (number from 1, text); ``fences`` (first, past the last) positions in ``lines``."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    fences: list[tuple[int, int]] = field(default_factory=list)
    heading: str | None = None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)


def decode(source: str | bytes, diagnostics: Diagnostics) -> str:
    """The text; what cannot be decoded is an error, and an empty text is returned for what is no text at all."""
    if isinstance(source, str):
        if len(source) > MAX_BYTES:
            _too_large(diagnostics)
            return ""
        return source[1:] if source.startswith("\ufeff") else source
    if len(source) > MAX_BYTES:
        _too_large(diagnostics)
        return ""
    data = bytes(source)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        diagnostics.add(1, 1, "error", "the text is UTF-16", "save it as UTF-8")
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        diagnostics.add(
            line, column, "error", f"the byte 0x{data[error.start]:02x} is not UTF-8 text", "save it as UTF-8"
        )
        if b"\x00" in data[:4096]:
            return ""
        return data.decode("utf-8", "replace")


def _too_large(diagnostics: Diagnostics) -> None:
    diagnostics.add(1, 1, "error", f"the text is larger than {MAX_BYTES // 2**20} MiB", "split it into several files")


def read_source(text: str, diagnostics: Diagnostics, *, markdown: bool = False) -> Source:
    """Split a text into its lines; of Markdown only what stands in runnable fences."""
    found = Source(diagnostics=diagnostics)
    if _HIDDEN.search(text):
        text = _reveal(text, diagnostics)
    lines = _LINE.split(text)
    if markdown or any(_runnable_fence(line) for line in lines if line.lstrip()[:3] in ("```", "~~~")):
        _read_markdown(lines, found)
    else:
        found.lines = list(enumerate(lines, 1))
    _refuse_long_lines(found)
    if "|" in text and any(is_row(line) for _, line in found.lines):
        untable(found.lines)
    return found


def _refuse_long_lines(found: Source) -> None:
    """A line that nobody can have written is an error, and read as an empty one."""
    for position, (number, line) in enumerate(found.lines):
        if len(line) > MAX_LINE:
            found.lines[position] = (number, "")
            found.diagnostics.add(
                number,
                MAX_LINE + 1,
                "error",
                f"the line has {len(line):,} characters, more than {MAX_LINE:,}",
                "write one step a line",
            )


def _reveal(text: str, diagnostics: Diagnostics) -> str:
    """Report control, bidi and other hidden characters, and put a space in their place; none of them indents a line."""
    for number, line in enumerate(_LINE.split(text), 1):
        match = _HIDDEN.search(line)
        if match is None:
            continue
        count = len(_HIDDEN.findall(line))
        more = f" (and {count - 1} more in this line)" if count > 1 else ""
        diagnostics.add(
            number,
            match.start() + 1,
            "error",
            f"the control character U+{ord(match.group()):04X} has no place in a workout{more}",
            "remove it",
        )
    text = _LINE.sub("\n", text)
    text = _IN_FRONT.sub(lambda found: _HIDDEN_BUT_LINES.sub("", found[0]), text)
    return _HIDDEN_BUT_LINES.sub(" ", text)


_HIDDEN_BUT_LINES: Final = re.compile(_HIDDEN.pattern.replace("\x0b-\x1f", "\x0b\x0c\x0e-\x1f"))
_IN_FRONT: Final = re.compile(rf"^(?:[ \t\u00a0]|{_HIDDEN_BUT_LINES.pattern})+", re.MULTILINE)
"""What stands in front of the first sign of a line; ``$`` and ``^`` know no other ends of lines than ``\\n``."""


def _fence(line: str) -> tuple[str, str] | None:
    """The marks and the tag of a fence line."""
    stripped = line.strip()
    mark = stripped[:1]
    if mark not in ("`", "~") or not stripped.startswith(mark * 3):
        return None
    size = len(stripped) - len(stripped.lstrip(mark))
    return mark * size, stripped[size:].strip()


def _runnable_fence(line: str) -> bool:
    found = _fence(line)
    return found is not None and found[1].split(" ")[0].lower() in RUNNABLE


def _read_markdown(lines: list[str], found: Source) -> None:
    opened: tuple[str, str, int] | None = None
    first = 0
    runnable = False
    for number, line in enumerate(lines, 1):
        fence = _fence(line)
        if opened is None:
            if fence is not None:
                tag = fence[1].split(" ")[0].lower()
                opened, runnable, first = (fence[0], tag, number), tag in RUNNABLE, len(found.lines)
            elif found.heading is None and line.startswith("#"):
                found.heading = line.strip("# \t") or None
        elif fence is not None and not fence[1] and fence[0].startswith(opened[0]):
            if runnable:
                found.fences.append((first, len(found.lines)))
            opened = None
        elif runnable:
            found.lines.append((number, line))
    if opened is not None:
        if runnable:
            found.fences.append((first, len(found.lines)))
        found.diagnostics.add(
            opened[2], 1, "error", "a fence that is never closed", f"write {opened[0]} behind its last line"
        )
    if not found.fences:
        found.diagnostics.add(1, 1, "error", "no workout in this Markdown", "put it between ```wod and ``` lines")
