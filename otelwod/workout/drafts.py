"""Lines → drafts: what each says, and which it stands under by its indentation."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from otelwod.workout.facts import Facts, Reading
from otelwod.workout.line import read_line
from otelwod.workout.model import Severity
from otelwod.workout.remarks import Diagnostics, Remark
from otelwod.workout.source import Source
from otelwod.workout.titles import is_counted_name, is_dated, is_name, is_title, name_and_rest
from otelwod.workout.tokens import SPACES

MAX_STATEMENTS: Final = 1_000_000
"""Statements of one text."""
_CACHED_LINE: Final = 200
_CACHED_LINES: Final = 20_000
_QUOTES: Final = '"\u201c\u201d'
_RULES: Final = frozenset("-=_")
_TABATA_ALL: Final = re.compile(r"[\"\u201c]?tabata (?:something else|this)[\"\u201d]? ?:?", re.IGNORECASE)
_HASHTAGS: Final = re.compile(
    r"(?:[#@][\w.]+[ \t]+)+[#@][\w.]+|#(?:crossfit|wod|workout|fitness|fitfam|training)\w*", re.IGNORECASE
)
"""What stands below a post, and names nothing."""
_DECORATION: Final = re.compile("[\u2600-\u27bf\u2b50\ufe0f\u200d\U0001f000-\U0001faff]+")


class Draft:
    """A statement before its type is known: ``parent`` is the index of a draft. The facts are shared by equal lines."""

    __slots__ = ("blank_before", "column", "facts", "fence", "line", "parent", "text")

    def __init__(
        self, line: int, column: int, parent: int | None, facts: Facts, text: str, blank_before: bool, fence: int
    ) -> None:
        self.line = line
        self.column = column
        self.parent = parent
        self.facts = facts
        self.text = text
        self.blank_before = blank_before
        self.fence = fence


@dataclass(slots=True)
class Drafts:
    """All drafts of a text in order, its title, and what was said on the way."""

    diagnostics: Diagnostics
    drafts: list[Draft] = field(default_factory=list)
    title: str | None = None

    def say(self, draft: Draft, severity: Severity, message: str, hint: str) -> None:
        """A diagnostic at a draft."""
        self.diagnostics.add(draft.line, draft.column, severity, message, hint)

    def rearrange(self, gone: Collection[int], behind: Mapping[int, Draft] | None = None) -> dict[int, int]:
        """Leave out some drafts (nothing stands in them), and put a copy of another behind some.

        Gives the new place of each that stays.
        """
        place: dict[int, int] = {}
        kept: list[Draft] = []
        for i, draft in enumerate(self.drafts):
            if i in gone:
                continue
            place[i] = len(kept)
            kept.append(draft)
            other = behind.get(i) if behind else None
            if other is not None:
                facts = replace(other.facts, notes=list(other.facts.notes))
                kept.append(Draft(other.line, other.column, other.parent, facts, other.text, False, other.fence))
        for draft in kept:
            draft.parent = None if draft.parent is None else place[draft.parent]
        self.drafts = kept
        return place


def read_drafts(source: Source, default_unit: str) -> Drafts:
    """Read every line once; equal lines are read once for all."""
    found = Drafts(source.diagnostics)
    drafts, diagnostics = found.drafts, source.diagnostics
    cache: dict[str, Reading] = {}
    starts = {first for first, _ in source.fences}
    stack: list[tuple[int, int]] = []
    until = 0
    blank, untitled, fence, above_indent = False, True, -1, ""
    last = len(source.lines) - 1
    for position, (number, line) in enumerate(source.lines):
        if position in starts:
            stack.clear()
            fence += 1
            until = 0
            above_indent = ""
            blank = False
        content = line.strip(SPACES)
        if not content:
            blank = True
            continue
        column = line.index(content[0])
        indent = line[:column]
        if not (indent.startswith(above_indent) or above_indent.startswith(indent)):
            message = "tabs and spaces are mixed: each counts as one column, which may not be as it looks"
            diagnostics.add(number, 1, "warning", message, "indent with spaces only, or with tabs only")
        above_indent = indent
        start = content[0]
        if start in "/#`~-=_":
            if content.startswith("//"):
                continue
            if start == "#":
                if found.title is None and _HASHTAGS.fullmatch(content) is None:
                    found.title = content.strip("# \t") or None
                continue
            if content.startswith(("```", "~~~")):
                message = f"skipped {content[:20]!r}: no runnable fence stands here"
                hint = "write ```wod and ``` around a workout in Markdown"
                diagnostics.add(number, column + 1, "warning", message, hint)
                continue
            if len(content) > 2 and _RULES.issuperset(content):
                blank = True  # a ruled line
                continue
        if untitled:
            untitled = False
            bare = content.partition("//")[0].rstrip()
            if found.title is None and position < last and _all_in_tabata(bare, source, position):
                found.title = bare.strip(" :" + _QUOTES)
                content = content[content.lower().index("tabata") :][:6]
            elif found.title is None and position < last and _is_title(bare):
                found.title = bare.strip(" :" + _QUOTES)
                continue
            if found.title is None and (taken := _named(bare, source, position, default_unit)) is not None:
                title, rest = taken
                found.title = title.strip(" :!" + _QUOTES)
                message = f"{found.title!r} is read as the name of the workout"
                diagnostics.add(number, column + 1, "info", message, "write # in front of a name, or 10 before work")
                if not rest:
                    continue
                column += max(0, line.find(rest, column) - column) if bare.endswith((rest, rest + ")")) else 0
                content = rest
            head, colon, rest = content.partition(":")
            if found.title is None and colon and rest.strip() and is_title(head):  # Grace: 30 clean & jerks
                found.title = head.strip(" " + _QUOTES)
                column += len(content) - len(rest.lstrip())
                content = rest.strip()
        spelled, until = _clocked(content, until, found, number, column)
        reading = cache.get(spelled)
        if reading is None:
            reading = _dated(content) if is_dated(content) else read_line(spelled, default_unit)
            if len(spelled) <= _CACHED_LINE and len(cache) < _CACHED_LINES:
                cache[spelled] = reading
        if reading.title is not None and found.title is None:
            found.title = reading.title
        for remark in reading.remarks:
            diagnostics.add(number, column + remark.offset + 1, remark.severity, remark.message, remark.hint)
        if not reading.nodes:
            continue
        while stack and stack[-1][0] >= column:
            stack.pop()
        parent = stack[-1][1] if stack else None
        base = len(drafts)
        if base >= MAX_STATEMENTS:
            message = f"more than {MAX_STATEMENTS:,} statements; the rest is not read"
            diagnostics.add(number, 1, "error", message, "split the text into several files")
            break
        for order, (relative, facts) in enumerate(reading.nodes):
            above = parent if relative < 0 else base + relative
            offset = facts.offset if order else 0
            drafts.append(Draft(number, column + offset + 1, above, facts, content, blank, fence))
            blank = False
        stack.append((column, base + reading.anchor))
    return found


def _clocked(content: str, until: int, found: Drafts, number: int, column: int) -> tuple[str, int]:
    """``15:00-25:00 find 1RM``, where the part of the clock before ended at 15:00 or earlier, is the part behind it.

    Gives the line to be read and where its part ends.
    """
    if content[:1] not in "0123456789fF" or (window := _WINDOW.match(content)) is None:
        return content, until
    first, end = (
        60 * int(minutes or 0) + int(seconds) for minutes, seconds in (window.group(1, 2), window.group(3, 4))
    )
    if end <= first or (first and not 0 < until <= first):
        return content, until
    if first > until:
        message = (
            f"between {until // 60}:{until % 60:02d} and {window[1]}:{window[2]} nothing stands: it takes no time here"
        )
        found.diagnostics.add(number, column + 1, "warning", message, "write the rest on a line of its own: Rest 2:00")
    behind = content[window.end() :]
    if first and behind.strip() and not behind.lstrip().startswith(":"):
        content = f"{content[: window.end()]}:{behind if behind.startswith(' ') else ' ' + behind}"
    return content, end


_WINDOW: Final = re.compile(
    r"(?:from )?([0-9]{1,3}):([0-9]{2}) ?(?:[-\u2010-\u2015]|to) ?([0-9]{1,3}):([0-9]{2})\b", re.IGNORECASE
)


def _dated(content: str) -> Reading:
    """A line that says when: a note."""
    message = f"{content[:40]!r} is kept as a note: it says when"
    remark = Remark(0, "info", message, "write # in front of it")
    return Reading([(-1, Facts(action=content))], 0, (remark,))


def _is_title(content: str) -> bool:
    quoted = len(content) > 2 and content[0] in _QUOTES and content[-1] in _QUOTES
    return (quoted and not any(mark in content[1:-1] for mark in _QUOTES)) or is_title(content)


def _all_in_tabata(content: str, source: Source, position: int) -> bool:
    """``Tabata something else`` above lines that do not say Tabata themselves."""
    below = source.lines[position + 1][1].strip().lower()
    return _TABATA_ALL.fullmatch(content) is not None and bool(below) and not below.startswith("tabata")


def _named(content: str, source: Source, position: int, unit: str) -> tuple[str, str] | None:
    """A first line that is a name, or has one next to its header: the name and what is left of the line."""
    bare = _unmarked(content)
    taken = name_and_rest(bare)
    if taken is not None and _begins_work(taken[1], unit, is_title(taken[0])):
        return taken
    if not (is_name(bare) or is_counted_name(bare)):
        return None
    own = len(source.lines[position][1]) - len(source.lines[position][1].lstrip())
    end = next((last for first, last in source.fences if first <= position < last), len(source.lines))
    for _, line in source.lines[position + 1 : min(end, position + 20)]:
        text = line.strip()
        if text and not text.startswith(("//", "#")):
            below = len(line) - len(line.lstrip())
            return (bare, "") if below <= own and _begins_work(_unmarked(text), unit, True) else None
    return None


def _unmarked(content: str) -> str:
    """Without emoji and Markdown's marks around it."""
    return _DECORATION.sub("", content).strip(" *_") if content[:1] not in _QUOTES else content


def _begins_work(text: str, unit: str, counted: bool) -> bool:
    """Whether a line is a header, or (``counted``) work with a number of its own."""
    if len(text) > _CACHED_LINE:
        return False
    nodes = read_line(text, unit).nodes
    if not nodes:
        return False
    facts = nodes[0][1]
    if facts.is_header:
        return True
    return counted and any((facts.reps, facts.distance, facts.energy, facts.duration))
