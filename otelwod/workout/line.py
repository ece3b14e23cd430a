"""One line → its reading: marks, notes and attached values first, then its steps and how they nest."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Final

from otelwod.workout.asides import plain, station
from otelwod.workout.attached import keyed, objects
from otelwod.workout.facts import Facts, Reading, is_section, resize
from otelwod.workout.inside import rounds_inside
from otelwod.workout.model import Scalar
from otelwod.workout.movements import MAX_NAME
from otelwod.workout.numbers import clock
from otelwod.workout.parts import PARTNERS, SCALINGS, SECTIONS, STANDARDS, after_label, opened, split
from otelwod.workout.phrases import tidy
from otelwod.workout.reading import read_step
from otelwod.workout.reading.growing import grow
from otelwod.workout.remarks import Remark, Remarks
from otelwod.workout.series import spread
from otelwod.workout.tokens import Token, tokens

_LIKE_WORK: Final = re.compile(r"[0-9]{1,4} ?(?:x ?[0-9]|[^\W\d_]{2,}|m |k |s )(?!.*\d:\d\d:)")
"""A note that begins as a step does."""
_TITLE_KEYS: Final = frozenset({"name", "title"})
MAX_STEPS: Final = 1000
"""Steps of one line."""


def read_line(content: str, default_unit: str) -> Reading:
    """Read one line without its indentation. Never raises."""
    remarks = Remarks()
    values: dict[str, Scalar] = {}
    body = content
    if "{" in body or "}" in body:
        body = objects(body, values, remarks)
    notes: list[str] = []
    body, each = station(body)
    body = plain(tidy(body, remarks, notes), remarks, notes)
    line = tokens(body)
    if line and line[-1].kind == "comment":
        comment = line.pop()
        note = comment.text.lstrip("/" if comment.text.startswith("/") else "#").strip()
        notes.append(note)
        if line and comment.text.startswith("//") and _LIKE_WORK.match(note):
            remarks.add(Remark(comment.start, "info", f"{note[:40]!r} stands behind // and is a note: it is never done",
                               "write a comma between steps"))  # fmt: skip
    mark, start = _mark(line)
    line = line[start:]
    if line:
        found = keyed(body, line, remarks)
        if found is not None:
            key, value = found
            if key.lower() in _TITLE_KEYS and isinstance(value, str):
                return Reading([], -1, tuple(remarks), title=value)
            values[key] = value
            line = []
    title: list[Token] = []
    harder = False
    if line:
        behind = after_label(line)
        if behind:
            title = line[:1]
            harder = line[0].word == "rx" and line[1].kind == "+"
            label = body[line[0].start : line[behind - 1].end].strip(" :.)-")
            notes.insert(0, label)
            if line[0].text.lower() in PARTNERS:
                remarks.add(
                    Remark(
                        line[0].start,
                        "info",
                        f"{label!r} is kept as a note: counts are as written",
                        "say who does what",
                    )
                )
            line = line[behind:]
    nodes: list[tuple[int, Facts]] = []
    anchor = -1
    grows = line[0] if len(line) > 1 and (line[0].word, line[1].word) == ("death", "by") else None
    if grows is not None:
        line = line[3:] if len(line) > 2 and line[2].kind == ":" else line[2:]
    if line:
        nodes, anchor = _steps(body, opened(line), remarks, default_unit)
    if not nodes and title and title[0].text.lower() in SECTIONS:
        nodes, anchor = _steps(body, title, remarks, default_unit)  # what stands behind the label said nothing
    if title and not harder and (title[0].word in STANDARDS or title[0].word in SCALINGS):
        nodes, anchor = _for_others(nodes, anchor, title[0].word, content, remarks)
    if harder:
        remarks.add(Remark(0, "warning", f"skipped {content[:40]!r}: a workout has one prescription",
                           "write the other one as a workout of its own"))  # fmt: skip
        nodes, anchor = [(-1, Facts(action=content[:MAX_NAME]))], 0
    if grows is not None:
        nodes = grow(nodes, grows.start, remarks)
        anchor = 0 if nodes else -1
    if each and anchor >= 0:
        nodes, anchor = _timed_lines(nodes, anchor, each, remarks)
    if not nodes and values:
        nodes, anchor = [(-1, Facts())], 0
    if not nodes and not len(remarks):
        remarks.add(
            Remark(
                0,
                "warning",
                f"skipped {content[:40]!r}: nothing to do in it",
                "write a movement, a time or rounds, or // in front of a note",
            )
        )
        if body.strip():
            nodes, anchor = [(-1, Facts(action=content[:MAX_NAME]))], 0
    if nodes:
        head = nodes[0][1]
        head.values.update(values)
        head.notes.extend(notes)
        if (mark or head.joined) and _says_something(head) and not _values_only(head):
            head.joined, head.step = mark == "+", mark == "-"
    return Reading(nodes, anchor, tuple(remarks))


def _timed_lines(
    nodes: list[tuple[int, Facts]], anchor: int, each: int, remarks: Remarks
) -> tuple[list[tuple[int, Facts]], int]:
    """``3 rounds, 1 min each station``: in each round every line below has an interval of that time."""
    head = nodes[anchor][1]
    if len(nodes) > 1 or head.has_work or head.kind not in (None, "for_time") or head.rounds is None:
        remarks.add(Remark(head.offset, "warning", f"skipped the {clock(each)} at each station: the line is no rounds",
                           f"write {clock(each)} in front of each line below"))  # fmt: skip
        return nodes, anchor
    remarks.add(Remark(head.offset, "info", f"each line below is done for {clock(each)} in every round",
                       f"write {clock(each)} in front of each line below"))  # fmt: skip
    outer = Facts(offset=head.offset, rounds=head.rounds, adopts=True, wraps=True)
    inner = Facts(offset=head.offset, kind="tabata", work_ns=each, rest_ns=0, assumed=True, adopts=True)
    return [(-1, outer), (0, inner)], 1


def _for_others(
    nodes: list[tuple[int, Facts]], anchor: int, level: str, content: str, remarks: Remarks
) -> tuple[list[tuple[int, Facts]], int]:
    """``Rx: …`` and ``Scaled: …``: one step may be a choice; a load alone and a workout within the line are notes."""
    facts = nodes[0][1] if nodes else Facts()
    counts = facts.reps is not None and facts.reps.women is not None and facts.movement is None
    if len(nodes) == 1 and facts.has_work and not facts.is_header and not counts:
        facts.level = level
        return nodes, anchor
    if len(nodes) != 1 and level in STANDARDS:
        return nodes, anchor
    if len(nodes) == 1 and not facts.is_header:
        remarks.add(Remark(0, "warning", f"skipped {content[:40]!r}: whose load it is does not stand here",
                           "write it behind the movement: Thrusters 95/65 lb"))  # fmt: skip
    elif level in SCALINGS:
        remarks.add(Remark(0, "warning", f"skipped {content[:40]!r}: a workout has one prescription",
                           "write the other one as a workout of its own"))  # fmt: skip
    else:
        return nodes, anchor
    return [(-1, Facts(action=content[:MAX_NAME]))], 0


def _mark(line: list[Token]) -> tuple[str, int]:
    """``-``, ``+`` or a bullet in front of the step."""
    if not line:
        return "", 0
    first = line[0]
    if first.kind in ("-", "+") and len(line) > 1:
        return first.kind, 1
    if first.kind in ("\u2022", "\u25cf", "\u25aa", "\u2023") and len(line) > 1:
        return "-", 1
    if first.kind == "*" and len(line) > 1 and line[1].kind not in ("time", "^", "*") and not line[1].glued:
        timed = line[1].kind == "number" and len(line) > 2 and line[2].text.lower() in ("s", "sec", "min", "h")
        return ("", 0) if timed else ("-", 1)
    return "", 0


# ----------------------------------------------------------------------------------------------------------- steps


def _steps(body: str, line: list[Token], remarks: Remarks, unit: str) -> tuple[list[tuple[int, Facts]], int]:
    opening, inside, grouped = rounds_inside(line)
    parts = split(opening)
    if inside:
        (_, first), *others = split(inside)
        parts += [(":", first), *others]
    if len(parts) > MAX_STEPS:
        remarks.add(Remark(parts[MAX_STEPS][1][0].start if parts[MAX_STEPS][1] else 0, "error",
                           f"the line has more than {MAX_STEPS:,} steps", "write one step a line"))  # fmt: skip
        del parts[MAX_STEPS:]
    groups: list[list[Facts]] = []
    for k, (joiner, part) in enumerate(parts):
        if joiner == "|" and len(part) == 0:
            continue
        if k + 1 < len(parts) and parts[k + 1][0] == "|" and len(part) == 1 and part[0].kind == "number":
            part = part + _unit_of(parts[k + 1][1])  # 185 | 125 lb
        facts = read_step(body, part, remarks, unit)
        if joiner in ("|", "/") and groups:
            groups[-1].append(facts)
            if joiner == "/":
                remarks.add(Remark(facts.offset, "info", "what stands behind the slash is read as another choice",
                                   "write | for a choice, a comma for a second movement"))  # fmt: skip
        elif part:
            facts.joined = joiner == "+"
            facts.within = joiner == ":"
            facts.times_word = facts.times_word and not (facts.within and grouped)
            groups.append([facts])
    steps: list[Facts] = []
    for group in groups:
        steps.append(chosen(group, remarks))
        steps.extend(Facts(offset=one.offset, duration=length) for one in group for length in one.later)
    steps = spread(steps, remarks)
    steps = [facts for facts in steps if _says_something(facts)] or steps[:0]
    if not steps:
        return [], -1
    last = steps[-1]
    if len(steps) > 1 and not any(facts.is_header for facts in steps[:-1]) and last.kind == "rest" and last.times_word:
        steps = [Facts(offset=steps[0].offset, rounds=last.rounds), *steps[:-1]]  # 30 s max DU, 30 s rest x 5
        steps.append(replace(last, rounds=None, times_word=False))
    for before, facts in pairwise(steps):
        sets = facts.rounds is not None or facts.load is not None
        if facts.movement is None and facts.reps is not None and sets and before.movement is not None:
            facts.movement = before.movement if facts.kind is None and not facts.choices else None
            remarks.add(Remark(facts.offset, "info", f"it is read as more of {before.movement.name[:60]!r}",
                               "write the movement of each step"))  # fmt: skip
    nodes: list[tuple[int, Facts]] = []
    parent = -1
    if len(steps) == 1:
        _add(nodes, parent, steps[0])
        return nodes, len(nodes) - 1
    several = any(facts.kind in ("amrap", "emom", "tabata", "for_time") for facts in steps[1:])
    if steps[0].times_word and steps[0].has_work and any(facts.times_word for facts in steps[1:]):
        several = True  # 5x5 Squat, 3x10 Curls: sets behind sets, not in them
    for k, facts in enumerate(steps):
        within = facts.within and not facts.times_word  # AMRAP 10: 3 rounds of 5 Burpees, 10 Squats
        heads = facts.is_header and (k == 0 or bool(facts.scheme) or not facts.has_work or within) and not several
        if not heads or k + 1 == len(steps):
            _add(nodes, parent, facts)
            continue
        head, work = head_and_work(facts)
        parent = _add(nodes, parent if k and steps[0].is_header else -1, head)
        if work is not None:
            _add(nodes, parent, work)
        elif nodes[0][1].wraps and all(other.kind == "rest" for other in steps[k + 1 :]):
            nodes.extend((0, other) for other in steps[k + 1 :])  # 3 x 5:00 AMRAP, rest 1:00
            return nodes, parent
    return nodes, parent if parent >= 0 else len(nodes) - 1


def _unit_of(part: list[Token]) -> list[Token]:
    if len(part) >= 2 and part[0].kind == "number" and part[1].kind in ("word", "%", "#"):
        return [part[1]]
    return []


def _says_something(facts: Facts) -> bool:
    return (
        facts.has_work
        or facts.is_header
        or facts.kind is not None
        or facts.duration is not None
        or facts.load is not None
        or facts.size is not None
        or facts.cap is not None
        or facts.action is not None
        or bool(facts.values)
    )


def _values_only(facts: Facts) -> bool:
    bare = Facts(values=facts.values, notes=facts.notes, offset=facts.offset)
    return facts == bare


def _is_effort(facts: Facts) -> bool:
    return facts.has_work or facts.duration is not None or facts.load is not None or facts.size is not None


def chosen(group: list[Facts], remarks: Remarks) -> Facts:
    """``A | B``: what an alternative leaves out it takes from the first, a missing movement from one that has it."""
    if len(group) == 1:
        return group[0]
    first, others = group[0], [facts for facts in group[1:] if not facts.is_header and _is_effort(facts)]
    if len(others) < len(group) - 1:
        remarks.add(
            Remark(first.offset, "warning", "skipped an alternative that names no work", "write Run 400 m | Row 500 m")
        )
    group = [first, *others]
    if len(group) == 1 or not _is_effort(first):
        return first
    movement = next((facts.movement for facts in group if facts.movement is not None), None)
    for facts in group:
        if facts.movement is None:
            facts.movement = movement
            if facts is not first:
                facts.reps = facts.reps or first.reps
                facts.distance = facts.distance or first.distance
                facts.energy = facts.energy or first.energy
                facts.duration = facts.duration or first.duration
        elif facts is not first and not (facts.reps or facts.distance or facts.energy or facts.duration):
            facts.reps, facts.distance = first.reps, first.distance
            facts.energy, facts.duration = first.energy, first.duration
    for facts in group:
        resize(facts)
    default = Facts(
        offset=first.offset, duration=first.duration, reps=first.reps, load=first.load, distance=first.distance,
        energy=first.energy, size=first.size, movement=first.movement,
    )  # fmt: skip
    first.choices = (default, *group[1:])
    return first


def head_and_work(facts: Facts) -> tuple[Facts, Facts | None]:
    """The header of a line and, where the header names work of its own, that work as its first child."""
    if facts.kind == "section":
        return facts, None
    if not facts.has_work and facts.load is None:
        if facts.times_word and facts.kind is None and facts.rounds is not None and facts.duration is not None:
            work = Facts(offset=facts.offset, duration=facts.duration, notes=facts.notes)  # 3 x 10 min, 2 min easy
            return replace(facts, duration=None, notes=[]), work
        return facts, None
    timed_work = facts.kind is None and not facts.adopts and facts.duration is not None
    work = Facts(
        offset=facts.offset, duration=facts.duration if timed_work else None, reps=facts.reps, load=facts.load,
        distance=facts.distance, energy=facts.energy, size=facts.size, movement=facts.movement, choices=facts.choices,
    )  # fmt: skip
    if is_section(work):
        work.kind, work.adopts = "section", True
    head = replace(facts, reps=None, load=None, distance=None, energy=None, size=None, movement=None, choices=())
    if facts.inner_rounds is not None:
        head.inner_rounds, work.rounds = None, facts.inner_rounds  # 5 rounds: 3x10 Curls, 400 m Run
    if timed_work:
        head.duration = None
    return head, work


def _add(nodes: list[tuple[int, Facts]], parent: int, facts: Facts) -> int:
    """Append a step; ``3 x 5:00 AMRAP`` and ``(3) (4)`` are two statements, one in the other. Gives the inner index."""
    if facts.inner_rounds is not None:
        outer = Facts(offset=facts.offset, rounds=facts.rounds, scheme=facts.scheme, joined=facts.joined)
        outer.adopts, outer.wraps = facts.adopts, True
        nodes.append((parent, outer))
        parent = len(nodes) - 1
        facts = replace(facts, rounds=facts.inner_rounds, inner_rounds=None, scheme=(), joined=False)
    elif facts.kind in ("amrap", "rest") and (facts.rounds is not None or facts.scheme):
        outer = Facts(offset=facts.offset, rounds=facts.rounds, scheme=facts.scheme, joined=facts.joined)
        outer.adopts, outer.wraps = facts.adopts, facts.kind == "amrap"
        nodes.append((parent, outer))
        parent = len(nodes) - 1
        facts = replace(facts, rounds=None, scheme=(), joined=False)
    nodes.append((parent, facts))
    return len(nodes) - 1
