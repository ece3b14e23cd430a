"""Lines → `Workout`: parents, types, what a header gives to its children, format, and what is to be said of it all."""

from __future__ import annotations

import hashlib
from typing import Final

from otelwod.conventions import BlockType
from otelwod.workout.facts import Facts, Reading
from otelwod.workout.format import workout_format
from otelwod.workout.label import statement_label
from otelwod.workout.line import read_line
from otelwod.workout.model import Diagnostic, Duration, Quantity, Scalar, Statement, Workout
from otelwod.workout.movements import nearest
from otelwod.workout.numbers import clock
from otelwod.workout.source import Source, decode, read_source
from otelwod.workout.titles import is_title

MAX_DIAGNOSTICS: Final = 10_000
"""More are counted in a last one."""
_CACHED_LINE: Final = 200
_CACHED_LINES: Final = 20_000
_MAX_SCHEME: Final = 1000


class Draft:
    """A statement that is being built."""

    __slots__ = ("blank_before", "column", "facts", "line", "parent", "text")

    def __init__(self, line: int, column: int, parent: int | None, facts: Facts, text: str, blank_before: bool) -> None:
        self.line = line
        self.column = column
        self.parent = parent
        self.facts = facts
        self.text = text
        self.blank_before = blank_before


def parse(source: str | bytes, *, name: str | None = None, markdown: bool = False) -> Workout:
    """Read a workout: any text and any bytes end in a `Workout`, with diagnostics for all that was not understood.

    ``name`` is used where the text has no title (a first heading, a ``name:`` line, a quoted first line or the name
    of a benchmark workout). ``markdown`` reads fences only, also where none is runnable.
    """
    diagnostics: list[Diagnostic] = []
    text = decode(source, diagnostics)
    failed = bool(diagnostics) and not text
    found = read_source(text, diagnostics, markdown=markdown)
    builder = _Builder(found, _default_unit(text))
    builder.read()
    builder.adopt()
    builder.attach_caps()
    statements = builder.statements()
    if not any(s.type not in (None, "rest") for s in statements) and not failed:
        empty = "the text is empty" if not text.strip() else "nothing here can be run"
        if not any(d.severity == "error" for d in diagnostics):
            diagnostics.append(Diagnostic(1, 1, "error", empty, "write a line such as 10 Burpees"))
    title = builder.title or found.heading or name or "Workout"
    diagnostics.sort(key=lambda d: (d.line, d.column))
    if len(diagnostics) > MAX_DIAGNOSTICS:
        more = len(diagnostics) - MAX_DIAGNOSTICS
        kept = [d for d in diagnostics if d.severity == "error"][:MAX_DIAGNOSTICS]
        rest = [d for d in diagnostics if d.severity != "error"][: MAX_DIAGNOSTICS - len(kept)]
        diagnostics = sorted(kept + rest, key=lambda d: (d.line, d.column))
        diagnostics.append(
            Diagnostic(diagnostics[-1].line, 1, "info", f"{more} more are not shown", "mend these first")
        )
    return Workout(
        title,
        workout_format(statements),
        builder.identity(),
        statements,
        tuple(diagnostics),
        builder.fences(),
        builder.values,
    )


def _default_unit(text: str) -> str:
    """Loads without a unit are kilograms where the text says kg and never lb, else pounds."""
    lowered = text.lower()
    return "kg" if "kg" in lowered and "lb" not in lowered and "#" not in lowered.replace("\n#", "") else "lb"


class _Builder:
    def __init__(self, source: Source, unit: str) -> None:
        self.source = source
        self.unit = unit
        self.drafts: list[Draft] = []
        self.diagnostics = source.diagnostics
        self.title: str | None = None
        self.values: dict[str, Scalar] = {}
        self.fence_of: list[int] = []
        self.caps: dict[int, Duration] = {}
        self.dropped: set[int] = set()
        self.kept: list[int] = []

    # ------------------------------------------------------------------------------------------------- reading

    def read(self) -> None:
        """Every line → drafts with their parents by indentation."""
        cache: dict[str, Reading] = {}
        starts = {first for first, _ in self.source.fences}
        stack: list[tuple[int, int]] = []
        blank = False
        first = True
        fence = -1
        total = len(self.source.lines)
        for position, (number, line) in enumerate(self.source.lines):
            if position in starts:
                stack.clear()
                fence += 1
                blank = False
            content = line.lstrip(" \t\u00a0")
            column = len(line) - len(content)
            content = content.rstrip()
            if not content:
                blank = True
                continue
            if content.startswith("//"):
                continue
            if content.startswith("#"):
                if self.title is None:
                    self.title = content.strip("# \t") or None
                blank = True
                continue
            if content.startswith(("```", "~~~")):
                self.say(number, column, "warning", f"skipped {content[:20]!r}: no runnable fence stands here",
                         "write ```wod and ``` around a workout in Markdown")  # fmt: skip
                continue
            if set(content) <= {"-", "=", "_"} and len(content) > 2:
                blank = True  # a ruled line
                continue
            if first and self.title is None and position + 1 < total and self.is_title(content):
                self.title = content.strip(' :"\u201c\u201d')
                first = False
                continue
            first = False
            reading = cache.get(content)
            if reading is None:
                reading = read_line(content, self.unit)
                if len(content) <= _CACHED_LINE and len(cache) < _CACHED_LINES:
                    cache[content] = reading
            if reading.title is not None and self.title is None:
                self.title = reading.title
            for remark in reading.remarks:
                self.say(number, column + remark.offset, remark.severity, remark.message, remark.hint)
            if not reading.nodes:
                if not reading.remarks and reading.title is None:
                    self.say(number, column, "warning", f"skipped {content[:40]!r}: nothing to do in it",
                             "write a movement, a time or rounds, or // in front of a note")  # fmt: skip
                continue
            while stack and stack[-1][0] >= column:
                stack.pop()
            parent = stack[-1][1] if stack else None
            base = len(self.drafts)
            for relative, facts in reading.nodes:
                above = parent if relative < 0 else base + relative
                offset = facts.offset if relative >= 0 or len(self.drafts) > base else 0
                self.drafts.append(Draft(number, column + offset + 1, above, facts, content, blank))
                self.fence_of.append(fence)
                blank = False
            stack.append((column, base + reading.anchor))

    @staticmethod
    def is_title(content: str) -> bool:
        quoted = len(content) > 2 and content[0] in '"\u201c' and content[-1] in '"\u201d'
        return (quoted and not any(c in content[1:-1] for c in '"\u201c\u201d')) or is_title(content)

    def say(self, line: int, column: int, severity: str, message: str, hint: str) -> None:
        self.diagnostics.append(Diagnostic(line, column + 1, severity, message, hint))  # type: ignore[arg-type]

    # ---------------------------------------------------------------------------------------------- adoption

    def adopt(self) -> None:
        """Give a whiteboard header without indented lines the lines that follow it."""
        drafts = self.drafts
        has_children = bytearray(len(drafts))
        for draft in drafts:
            if draft.parent is not None:
                has_children[draft.parent] = 1
        following = self.next_siblings()
        open_headers: dict[tuple[int, int | None], list[tuple[int, int]]] = {}
        adopted: dict[int, int] = {}
        for i, draft in enumerate(drafts):
            facts = draft.facts
            rank = _rank(facts)
            adopter = (facts.adopts and not has_children[i] and not facts.has_work) or _lone_section(
                facts, has_children[i]
            )
            where = (self.fence_of[i], draft.parent)
            headers = open_headers.get(where)
            if headers is None:
                if adopter:
                    open_headers[where] = [(rank, i)]
                continue
            if draft.blank_before:
                while headers and headers[-1][0] > 0 and headers[-1][1] in adopted:
                    headers.pop()
            if facts.kind == "rest" and following[i] >= 0 and _rank(drafts[following[i]].facts) <= 1:
                rank = 1
            while headers and headers[-1][0] >= rank:
                headers.pop()
            if headers:
                header = headers[-1][1]
                draft.parent = header
                adopted[header] = adopted.get(header, 0) + 1
            if adopter:
                headers.append((rank, i))
        for header, count in adopted.items():
            self.say(drafts[header].line, drafts[header].column - 1, "info",
                     f"{count} line{'s' if count > 1 else ''} below, not indented, {'are' if count > 1 else 'is'} read as part of it",
                     "indent the lines that belong to it")  # fmt: skip

    def next_siblings(self) -> list[int]:
        """For each draft the next one with the same parent, or -1."""
        following = [-1] * len(self.drafts)
        last: dict[tuple[int, int | None], int] = {}
        for i, draft in enumerate(self.drafts):
            where = (self.fence_of[i], draft.parent)
            if where in last:
                following[last[where]] = i
            last[where] = i
        return following

    def attach_caps(self) -> None:
        """A line with nothing but a cap belongs to the header that it stands under, behind or before."""
        drafts = self.drafts
        capped = [i for i, draft in enumerate(drafts) if _cap_only(draft.facts)]
        if not capped:
            return
        children = {draft.parent for draft in drafts}
        previous: dict[int | None, int] = {}
        wanting: dict[int | None, int] = {}
        for i, draft in enumerate(drafts):
            facts = draft.facts
            if _cap_only(facts) and i not in children and facts.cap is not None:
                target = draft.parent if draft.parent is not None and _takes_cap(drafts[draft.parent].facts) else None
                if target is None:
                    target = previous.get(draft.parent)
                if target is None:
                    wanting[draft.parent] = i
                else:
                    self.caps[target] = facts.cap
                self.dropped.add(i)
            elif _takes_cap(facts):
                previous[draft.parent] = i
                waiting = wanting.pop(draft.parent, None)
                if waiting is not None:
                    cap = drafts[waiting].facts.cap
                    assert cap is not None  # noqa: S101 - only caps wait
                    self.caps[i] = cap
        for i in wanting.values():
            self.say(drafts[i].line, drafts[i].column - 1, "warning", "skipped the cap: nothing here takes one",
                     "write For Time (cap 20:00) above the lines that it limits")  # fmt: skip

    # -------------------------------------------------------------------------------------------- statements

    def statements(self) -> tuple[Statement, ...]:
        """Drafts → statements, parents first."""
        drafts = self.drafts
        kept = [i for i in range(len(drafts)) if i not in self.dropped]
        index_of = {old: new for new, old in enumerate(kept)}
        has_children = bytearray(len(drafts))
        for i in kept:
            parent = drafts[i].parent
            if parent is not None:
                has_children[parent] = 1
        following = self.next_siblings()
        given: dict[int, tuple[Quantity | None, Quantity | None]] = {}
        waiting: dict[int, tuple[Quantity | None, Quantity | None]] = {}
        unknown: set[str] = set()
        built: list[Statement] = []
        labels: dict[tuple[int, BlockType | None], str] = {}
        for i in kept:
            draft = drafts[i]
            facts, parent = draft.facts, draft.parent
            children = bool(has_children[i])
            kind, rounds, scheme, duration, cap, interval = self.resolve(i, draft, children)
            load, distance, reps = facts.load, facts.distance, facts.reps
            if _value_line(facts) and not children and kind != "rest":
                after = following[i]
                if after >= 0 and has_children[after]:
                    waiting[after] = (facts.load, facts.distance)
                    kind = None
                elif facts.load is not None or facts.size is not None:
                    self.say(draft.line, draft.column - 1, "warning", "a load without a movement",
                             "write it behind the movement, or above a header with children")  # fmt: skip
            inherited = given.get(parent) if parent is not None else None
            mine = waiting.get(i)
            if children:
                own = (facts.load, facts.distance) if facts.movement is None and kind not in ("rest",) else (None, None)
                gives = tuple(
                    a or b or c for a, b, c in zip(own, mine or (None, None), inherited or (None, None), strict=True)
                )
                if gives != (None, None):
                    given[i] = gives  # type: ignore[assignment]
                if (
                    kind == "rounds"
                    and rounds is not None
                    and not scheme
                    and facts.movement is None
                    and reps is not None
                ):
                    if reps.target is not None and rounds <= _MAX_SCHEME:
                        scheme, rounds, reps = (reps.target,) * rounds, None, None
            elif inherited is not None and facts.movement is not None and kind != "rest":
                load = load or inherited[0]
                if distance is None and reps is None and facts.energy is None:
                    distance = inherited[1]
            movement = facts.movement
            if (
                movement is not None
                and movement.id is None
                and not children
                and kind in ("effort", "rounds", "tabata", "emom", "amrap")
                and facts.kind != "section"
                and movement.name not in unknown
            ):
                unknown.add(movement.name)
                self.unknown(draft, movement.name)
            if load is facts.load and distance is facts.distance:
                key = (id(facts), kind)
                label = labels.get(key)
                if label is None or cap is not facts.cap:
                    label = labels[key] = statement_label(
                        kind, facts, rounds=rounds, scheme=scheme, cap=cap, interval=interval
                    )
            else:
                label = statement_label(kind, facts, rounds=rounds, scheme=scheme, cap=cap, interval=interval,
                                        load=load, distance=distance)  # fmt: skip
            index = index_of[i]
            if facts.values and kind is None and parent is None:
                self.values.update(facts.values)
            built.append(
                Statement(
                    index,
                    draft.line,
                    draft.column,
                    None if parent is None else index_of[parent],
                    kind,
                    draft.text,
                    label,
                    facts.joined,
                    facts.step,
                    rounds,
                    scheme,
                    duration,
                    interval,
                    facts.work_ns,
                    facts.rest_ns,
                    cap,
                    reps,
                    load,
                    distance,
                    facts.energy,
                    facts.size,
                    movement,
                    self.choices(facts, index, draft, parent) if facts.choices else (),
                    facts.values,
                    tuple(facts.notes) if facts.notes else (),
                )  # fmt: skip
            )
        self.kept = kept
        return tuple(built)

    def choices(self, facts: Facts, index: int, draft: Draft, parent: int | None) -> tuple[Statement, ...]:
        """The alternatives of a line as efforts of their own."""
        return tuple(
            Statement(
                index, draft.line, draft.column, parent, "effort", draft.text,
                statement_label("effort", one, rounds=None, scheme=()),
                duration=one.duration, reps=one.reps, load=one.load, distance=one.distance, energy=one.energy,
                size=one.size, movement=one.movement,
            )
            for one in facts.choices
        )  # fmt: skip

    def unknown(self, draft: Draft, name: str) -> None:
        near = nearest(name)
        self.say(draft.line, draft.column - 1, "info", f"the movement {name[:60]!r} is not in the table; its text is kept",
                 f"did you mean {near}?" if near else "nothing to do, or use a known name")  # fmt: skip

    def resolve(
        self, i: int, draft: Draft, children: bool
    ) -> tuple[BlockType | None, int | None, tuple[int, ...], Duration | None, Duration | None, int | None]:
        """The block type of a draft, and its rounds, scheme, duration, cap and interval."""
        facts = draft.facts
        rounds, scheme, duration = facts.rounds, facts.scheme, facts.duration
        cap = self.caps.get(i, facts.cap)
        interval = facts.interval_ns
        kind = facts.kind
        if kind in ("rest", "amrap", "emom", "tabata"):
            return kind, rounds, scheme, duration, cap, interval  # type: ignore[return-value]
        if kind == "for_time" or (cap is not None and (children or rounds is not None or scheme)):
            return "for_time", rounds, scheme, duration, cap, interval
        if rounds is not None or scheme:
            if duration is not None and (children or not facts.has_work):
                if rounds is None or (facts.adopts and not facts.times_word):
                    self.say(draft.line, draft.column - 1, "info", f"{duration.text} is read as the cap of these rounds",
                             f"write (cap {duration.text})")  # fmt: skip
                    return "for_time", rounds, scheme, None, duration, interval
                return "emom", rounds, scheme, None, cap, duration.ns
            return "rounds", rounds, scheme, duration, cap, interval
        if duration is not None:
            if children:
                return (
                    ("for_time", None, (), None, cap, None)
                    if duration.ns == 0
                    else ("timer", None, (), duration, cap, None)
                )
            return ("effort" if facts.has_work else "timer"), None, (), duration, cap, None
        if children:
            return "group", None, (), None, cap, None
        if facts.has_work:
            return "effort", None, (), None, cap, None
        return None, None, (), None, cap, None

    def fences(self) -> tuple[tuple[int, int], ...]:
        """The ranges of statements of each fence."""
        ranges: list[tuple[int, int]] = []
        counts = [0] * len(self.source.fences)
        if counts:
            for i in self.kept:
                counts[self.fence_of[i]] += 1
        start = 0
        for count in counts:
            ranges.append((start, start + count))
            start += count
        return tuple(ranges)

    def identity(self) -> str:
        """A hash of the normalised text: nesting, words and numbers; not white space, case, comments or line ends."""
        depth: list[int] = []
        parts: list[str] = []
        for draft in self.drafts:
            level = 0 if draft.parent is None else depth[draft.parent] + 1
            depth.append(level)
            parts.append(f"{level} {normal(draft.text)}")
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def normal(text: str) -> str:
    """A line without comment, case and superfluous space."""
    for mark in ("//", " #"):
        cut = text.find(mark)
        if cut >= 0:
            text = text[:cut]
    return " ".join(text.casefold().split())


def _rank(facts: Facts) -> int:
    """Which headers hold which: sections, then workouts, then rounds, then work."""
    if facts.kind == "section":
        return 0
    if facts.kind in ("amrap", "emom", "tabata", "for_time"):
        return 1
    return 2 if facts.rounds is not None or facts.scheme else 3


def _lone_section(facts: Facts, has_children: int) -> bool:
    return facts.kind == "section" and not has_children


def _cap_only(facts: Facts) -> bool:
    return (
        facts.cap is not None
        and facts.kind is None
        and not facts.has_work
        and not facts.is_header
        and facts.load is None
    )


def _takes_cap(facts: Facts) -> bool:
    return facts.kind == "for_time" or (facts.kind is None and (facts.rounds is not None or bool(facts.scheme)))


def _value_line(facts: Facts) -> bool:
    """Nothing but a load, a size or a distance."""
    return (
        (facts.load is not None or facts.distance is not None or facts.size is not None)
        and facts.movement is None
        and facts.reps is None
        and facts.energy is None
        and facts.duration is None
        and facts.kind is None
        and not facts.is_header
    )


__all__ = ["Draft", "clock", "normal", "parse"]
