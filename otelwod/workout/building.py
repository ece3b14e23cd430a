"""Drafts → statements: the block type of each, what a header gives to its children, and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from otelwod.conventions import BlockType
from otelwod.workout.drafts import Draft, Drafts
from otelwod.workout.facts import Facts, has_equipment
from otelwod.workout.label import statement_label
from otelwod.workout.model import Duration, Quantity, Reps, Statement
from otelwod.workout.movements import nearest
from otelwod.workout.nesting import next_siblings
from otelwod.workout.numbers import clock
from otelwod.workout.titles import is_benchmark, meant_header

_MAX_SUGGESTIONS: Final = 100
"""Unknown names of a text for which a known one is looked for."""
_MAX_SCHEME: Final = 1000
"""Rounds × repetitions of a header become a rep scheme for its children up to here."""


@dataclass(slots=True)
class Shape:
    """What a draft turned out to be."""

    type: BlockType | None
    rounds: int | None = None
    scheme: tuple[int, ...] = ()
    duration: Duration | None = None
    cap: Duration | None = None
    interval_ns: int | None = None


_Given = tuple[Quantity | None, Quantity | None]
_NOTHING: Final[_Given] = (None, None)


def build(found: Drafts, caps: dict[int, Duration], dropped: frozenset[int]) -> tuple[Statement, ...]:
    """The statements of a text, parents before children."""
    drafts = found.drafts
    has_children = bytearray(len(drafts))
    turns = [0] * len(drafts)
    for i in range(len(drafts) - 1, -1, -1):  # children before their parents: a note with lines below it counts
        parent = drafts[i].parent
        if parent is not None and i not in dropped and (has_children[i] or not drafts[i].facts.is_aside):
            has_children[parent] = 1
            turns[parent] += not drafts[i].facts.joined
    following: list[int] = []
    given: dict[int, _Given] = {}
    waiting: dict[int, _Given] = {}
    index_of: list[int] = []
    unknown: set[str] = set()
    labels: dict[tuple[int, BlockType | None], str] = {}
    built: list[Statement] = []
    for i, draft in enumerate(drafts):
        index_of.append(len(built))
        if i in dropped:
            continue
        facts, children = draft.facts, bool(has_children[i])
        shape = resolve(found, draft, children, caps.get(i, facts.cap), turns[i])
        kind, load, distance, reps = shape.type, facts.load, facts.distance, facts.reps
        if not children and facts.movement is None and _value_line(facts):
            following = following or next_siblings(drafts)
            after = following[i]
            if after >= 0 and has_children[after]:
                waiting[after] = (load, distance)
                shape = Shape(None)
            elif load is not None or facts.size is not None:
                found.say(draft, "warning", "a load without a movement",
                          "write it behind the movement, or above a header with children")  # fmt: skip
            kind = shape.type
        inherited = given.get(draft.parent, _NOTHING) if draft.parent is not None else _NOTHING
        if children:
            gives = _gives(facts, waiting.get(i, _NOTHING), inherited)
            if gives != _NOTHING:
                given[i] = gives
            if kind == "rounds":
                shape, reps = _as_scheme(shape, facts, reps)
        elif inherited is not _NOTHING and facts.movement is not None and kind != "rest":
            load = load or inherited[0]
            if not (distance or reps or facts.energy or has_equipment(facts.movement.name)):
                distance = inherited[1]
        if not children:
            _check_childless(found, draft, kind, unknown)
        elif kind == "group" and facts.movement is not None and facts.movement.id is None:
            _check_name(found, draft, unknown, header=True)
        if (
            not facts.assumed
            and load is facts.load
            and distance is facts.distance
            and shape.cap is facts.cap
            and reps is facts.reps
        ):
            key = (id(facts), kind)
            label = labels.get(key) or labels.setdefault(key, _label(shape, facts, None, None))
        else:
            label = _label(shape, facts, load, distance)
        parent = None if draft.parent is None else index_of[draft.parent]
        built.append(
            Statement(
                len(built), draft.line, draft.column, parent, kind, draft.text, label, facts.joined, facts.step,
                shape.rounds, shape.scheme, shape.duration, shape.interval_ns, facts.work_ns, facts.rest_ns, shape.cap,
                reps, load, distance, facts.energy, facts.size, facts.movement,
                _choices(facts, len(built), draft, parent) if facts.choices else (),
                facts.values, tuple(facts.notes) if facts.notes else (),
            )
        )  # fmt: skip
    _say_turns(found, built)
    return tuple(built)


def _say_turns(found: Drafts, built: list[Statement]) -> None:
    """Lines that take turns in intervals, where the board names no minutes, are said once for each header."""
    turns: dict[int, int] = {}
    named: set[int] = set()
    for one in built:
        if one.parent is not None and one.type is not None and built[one.parent].type in ("emom", "tabata"):
            head = built[one.parent]
            length = one.duration.ns or 0 if one.type == "rest" and one.duration is not None else 0
            if length > (head.interval_ns or head.work_ns or 0):
                message = "a rest longer than the intervals takes one turn"
                hint = "write each movement as intervals of its own, and the rest between them"
                found.diagnostics.add(one.line, one.column, "warning", message, hint)
            turns[one.parent] = turns.get(one.parent, 0) + (not one.joined)
            if one.joined or one.notes or one.step or one.line == built[one.parent].line:
                named.add(one.parent)
    for parent, count in turns.items():
        head = built[parent]
        said = head.type == "emom" or head.label.startswith("Tabata")
        if said and count > 1 and parent not in named and "alternat" not in head.text.lower():
            hint = "write + in front of those that share an interval"
            if head.type == "tabata":
                hint = "write Tabata in front of each line if each has all the intervals"
            found.diagnostics.add(head.line, head.column, "info", f"the {count} lines take turns", hint)


def _assumed(found: Drafts, draft: Draft, children: bool, turns: int) -> Shape:
    """Intervals without a count: an EMOM has ten minutes, work and rest one interval for each line."""
    facts = draft.facts
    if facts.kind != "tabata":
        if not children and not facts.has_work:
            return Shape("emom")  # nothing stands in it: how often it is done is left open
        found.say(draft, "info", "an EMOM without a length is read as 10 minutes", "write EMOM 10")
        return Shape("emom", facts.rounds, interval_ns=facts.interval_ns)
    pair = f"(8) {clock(facts.work_ns or 0)} / {clock(facts.rest_ns or 0)}"
    if turns > 1:
        message = f"work and rest without a count are read as one interval for each of the {turns} lines"
        found.say(draft, "info", message, f"write {pair}")
    else:
        found.say(draft, "info", "work and rest without a count are read as one interval", f"write {pair}")
    return Shape("tabata", max(1, turns))


def resolve(found: Drafts, draft: Draft, children: bool, cap: Duration | None, turns: int = 0) -> Shape:
    """The block that a draft becomes; ``turns`` is how many of its children take turns."""
    facts = draft.facts
    rounds, scheme, duration, kind = facts.rounds, facts.scheme, facts.duration, facts.kind
    if facts.assumed:
        return _assumed(found, draft, children, turns)
    if kind in ("rest", "amrap", "emom", "tabata"):
        return Shape(kind, rounds, scheme, duration, cap, facts.interval_ns)
    if kind == "for_time" or (cap is not None and (children or rounds is not None or scheme)):
        if duration is not None:
            found.say(draft, "warning", f"skipped {duration.text!r}: the cap counts", "give it a line of its own")
        return Shape("for_time", rounds, scheme, None, cap)
    if rounds is not None or scheme:
        if duration is None or not children:
            return Shape("rounds", rounds, scheme, duration, cap)
        if rounds is None:
            found.say(
                draft, "info", f"{duration.text} is read as the cap of these rounds", f"write (cap {duration.text})"
            )
            return Shape("for_time", None, scheme, None, Duration(duration.ns, duration.text) if duration.ns else None)
        if not duration.ns:
            found.say(draft, "error", "these intervals have no length", f"write ({rounds}) 1:00")
            return Shape("rounds", rounds, scheme)
        return Shape("emom", rounds, scheme, interval_ns=duration.ns)
    if duration is not None:
        if not children:
            return Shape("effort" if facts.has_work else "timer", duration=duration, cap=cap)
        return Shape("for_time", cap=cap) if duration.ns == 0 else Shape("timer", duration=duration, cap=cap)
    if children:
        return Shape("group", cap=cap)
    return Shape("effort" if facts.has_work else None, cap=cap)


def _gives(facts: Facts, waiting: _Given, inherited: _Given) -> _Given:
    """The load and the distance that a header's children take where they have none."""
    own = (facts.load, facts.distance) if facts.movement is None and facts.kind != "rest" else _NOTHING
    if own == waiting == inherited == _NOTHING:
        return _NOTHING
    return (own[0] or waiting[0] or inherited[0], own[1] or waiting[1] or inherited[1])


def _as_scheme(shape: Shape, facts: Facts, reps: Reps | None) -> tuple[Shape, Reps | None]:
    """``3x10`` above children: three rounds in which each child has ten repetitions."""
    if reps is None or not reps.target or facts.movement is not None or facts.choices or reps.women is not None:
        return shape, reps
    if shape.rounds is None or not 0 < shape.rounds <= _MAX_SCHEME or shape.scheme:
        return shape, reps
    return replace(shape, scheme=(reps.target,) * shape.rounds, rounds=None), None


def _check_childless(found: Drafts, draft: Draft, kind: BlockType | None, unknown: set[str]) -> None:
    """A header over nothing is said; so is, once for each name, a movement that the table does not know."""
    facts, movement = draft.facts, draft.facts.movement
    if kind in ("rounds", "for_time", "amrap", "emom", "tabata") and not facts.has_work and facts.duration is None:
        ends = draft is found.drafts[-1] and len(found.drafts) > 1
        hint = "write it above the lines that it is meant for" if ends else "indent the lines that belong to it"
        found.say(draft, "warning", "nothing stands in it", hint)
    many = facts.reps.target or 0 if facts.reps is not None else 0
    if movement is not None and 1000 < many < 7000 and many % 100 and str(many) in draft.text:
        found.say(draft, "info", f"{many:,} are read as repetitions", f"write tempo {many} if it is a tempo")
    if kind == "effort" and movement is None and facts.reps is not None and facts.load is None:
        found.say(draft, "info", "repetitions without a movement", "write the movement behind their number")
    elif kind == "effort" and movement is None and (facts.distance is not None or facts.energy is not None):
        what = "a distance" if facts.distance is not None else "calories"
        found.say(draft, "info", f"{what} without a movement", "write the movement behind it")
    if kind == "amrap" and movement is not None and facts.duration is None and facts.cap is None and many:
        what = movement.name[:40]
        found.say(draft, "warning", f"{many} is read as repetitions of {what!r}: the AMRAP has no length",
                  f"write AMRAP {many}: {what} for {many} minutes, or AMRAP 10: {many} {what}")  # fmt: skip
    if movement is None or movement.id is not None or facts.kind == "section" or kind in (None, "rest"):
        return
    _check_name(found, draft, unknown, header=False)


def _check_name(found: Drafts, draft: Draft, unknown: set[str], *, header: bool) -> None:
    """An unknown name, once: the word of the language or the movement that it may have meant."""
    name = draft.facts.movement.name if draft.facts.movement is not None else ""
    if not name or name in unknown:
        return
    unknown.add(name)
    if is_benchmark(name):
        found.say(draft, "warning", f"{name!r} names another workout, whose lines are not written out here",
                  "write its lines below, one a line")  # fmt: skip
        return
    if len(unknown) > _MAX_SUGGESTIONS:
        meant = near = None
    else:
        meant = meant_header(name)
        near = None if meant or header else nearest(name)
    if meant is not None:
        kind = "a title" if header else "a movement"
        found.say(draft, "warning", f"{name[:60]!r} is read as {kind}", f"did you mean {meant}?")
    elif not header:
        found.say(draft, "info", f"the movement {name[:60]!r} is not in the table; its text is kept",
                  f"did you mean {near}?" if near else "use a known name if it is one of them")  # fmt: skip


def _choices(facts: Facts, index: int, draft: Draft, parent: int | None) -> tuple[Statement, ...]:
    """The alternatives of a line as efforts of their own."""
    return tuple(
        Statement(
            index, draft.line, draft.column, parent, "effort", draft.text, _label(Shape("effort"), one, None, None),
            duration=one.duration, reps=one.reps, load=one.load, distance=one.distance, energy=one.energy,
            size=one.size, movement=one.movement,
        )
        for one in facts.choices
    )  # fmt: skip


def _label(shape: Shape, facts: Facts, load: Quantity | None, distance: Quantity | None) -> str:
    return statement_label(
        shape.type, facts, rounds=shape.rounds, scheme=shape.scheme, cap=shape.cap, interval=shape.interval_ns,
        load=load, distance=distance,
    )  # fmt: skip


def _value_line(facts: Facts) -> bool:
    """Nothing but a load, a size or a distance (a movement was looked for)."""
    return (
        (facts.load is not None or facts.distance is not None or facts.size is not None)
        and facts.kind is None
        and not any((facts.reps, facts.energy, facts.duration))
        and not facts.is_header
    )
