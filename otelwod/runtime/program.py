"""`Workout` → `Program`: the tree of blocks to run, with `+` joined into groups and bounds checked before the start.

A program has one node for each block of the text, however often it will run: `(1000000000)` costs one node. A node's
``path`` (``0.1.2``) is the block's id in traces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from otelwod.workout import effort_label
from otelwod.workout.model import Diagnostic, Profile, Statement, Workout

MINUTE_NS = 60 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may cost.

    ``depth`` counts open blocks, ``blocks`` all that one session ever opens, ``boundaries`` the timers that may end
    within one input (one late tick), ``samples`` the sensor values after a tap up to which it can still be undone.
    """

    depth: int = 64
    blocks: int = 100_000
    boundaries: int = 1_000_000
    samples: int = 4096


@dataclass(frozen=True, slots=True)
class Node:
    """One block of a program. ``children`` are indices of nodes, in order; for intervals they alternate.

    ``type`` is a `BlockType` or the name of a block of one's own. ``statement`` is None for what no line names: the
    session, a group of `+` lines, the rest inside an interval.
    """

    index: int
    path: str
    type: str
    label: str
    depth: int
    statement: Statement | None = None
    children: tuple[int, ...] = ()
    position: int = 0
    """Which child of its parent it is."""
    rest: int | None = None
    """For intervals: the node of the rest that fills what the work leaves."""
    pair: tuple[int, int] | None = None
    """For that rest inside a pair: the planned work and rest in nanoseconds."""
    has_work: bool = True
    """Whether there is anything but rest in it."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a session runs: ``nodes[0]`` is the session itself."""

    workout: Workout
    nodes: tuple[Node, ...]
    profile: Profile = "men"
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What keeps the program from running."""
        return tuple(d for d in self.diagnostics if d.severity == "error")


class ProgramError(ValueError):
    """The workout cannot run; ``diagnostics`` say where and why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"line {d.line}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


@dataclass(slots=True)
class _Draft:
    type: str
    label: str
    statement: Statement | None
    parent: int | None
    children: list[int]
    rest: int | None = None
    pair: tuple[int, int] | None = None


def compile_workout(
    workout: Workout,
    *,
    profile: Profile = "men",
    limits: Limits | None = None,
    block: int | None = None,
) -> Program:
    """The program of a workout. Its diagnostics are the workout's and those of bounds and ends.

    ``block`` picks one top-level statement (counted from 1), or one fence of a Markdown file that has several.
    """
    limits = limits or Limits()
    drafts, ignored = _draft(workout, profile, _chosen_roots(workout, block))
    nodes, too_deep = _number(drafts, limits)
    program = Program(workout, nodes, profile)
    found = (*workout.diagnostics, *ignored, *too_deep)
    if not too_deep:
        found = (*found, *_check_bounds(program, limits))
    if len(nodes) == 1 and not any(d.severity == "error" for d in found):
        found = (
            *found,
            Diagnostic(1, 1, "error", "nothing to run", "write at least one line of work, such as `10 Burpees`"),
        )
    return replace(program, diagnostics=found)


def _chosen_roots(workout: Workout, block: int | None) -> tuple[int, ...]:
    roots = workout.roots()
    if block is None:
        return roots
    parts: list[tuple[int, ...]]
    if len(workout.fences) > 1:
        parts = [tuple(r for r in roots if first <= r < last) for first, last in workout.fences]
    else:
        parts = [(r,) for r in roots if workout.statements[r].type is not None]
    if not 1 <= block <= len(parts):
        raise ProgramError(
            (
                Diagnostic(
                    1,
                    1,
                    "error",
                    f"there is no block {block}",
                    f"this file has {len(parts)} block{'s' if len(parts) != 1 else ''}, counted from 1",
                ),
            )
        )
    return parts[block - 1]


def _draft(workout: Workout, profile: Profile, roots: tuple[int, ...]) -> tuple[list[_Draft], tuple[Diagnostic, ...]]:
    """Drafts, parents before their children, the session first; and what stands where it cannot run."""
    children_of = workout.children()
    drafts = [_Draft("session", workout.name, None, None, [])]
    ignored: list[int] = []
    pending: list[tuple[tuple[int, ...], int]] = [(roots, 0)]
    while pending:
        indices, parent = pending.pop()
        for step in _steps(workout, indices):
            home = parent
            if len(step) > 1:
                label = " + ".join(effort_label(s, reps=_own_reps(s, profile), profile=profile) for s in step)
                home = _add(drafts, _Draft("group", label, None, parent, []))
            for statement in step:
                index = _add(drafts, _Draft(str(statement.type), statement.label, statement, home, []))
                below = children_of[statement.index]
                if statement.type in ("effort", "rest"):
                    ignored.extend(i for i in below if workout.statements[i].type is not None)
                elif any(workout.statements[i].type is not None for i in below):
                    pending.append((below, index))
                elif statement.type != "timer":
                    # A childless header is itself what repeats: its facts are those of one implied effort.
                    implied = replace(statement, type="effort", rounds=None, rep_scheme=())
                    _add(drafts, _Draft("effort", statement.label, implied, index, []))
    for index in range(len(drafts)):
        if drafts[index].type in ("emom", "tabata"):
            drafts[index].rest = len(drafts)
            drafts.append(_Draft("rest", "Rest", None, index, [], pair=_pair(drafts[index].statement)))
    return drafts, tuple(_not_run(workout.statements[i]) for i in ignored)


def _not_run(statement: Statement) -> Diagnostic:
    return Diagnostic(
        statement.line,
        statement.column,
        "warning",
        f"`{statement.label}` stands below a line that has no parts, and is not run",
        "indent it as far as that line",
    )


def _pair(statement: Statement | None) -> tuple[int, int] | None:
    if statement is None or statement.type != "tabata" or not statement.work_ns:
        return None
    return statement.work_ns, statement.rest_ns or 0


def _steps(workout: Workout, indices: tuple[int, ...]) -> list[list[Statement]]:
    """The runnable statements of one parent, a `+` line with the step before it."""
    steps: list[list[Statement]] = []
    for index in indices:
        statement = workout.statements[index]
        if statement.type is None:
            continue
        if statement.joined and steps:
            steps[-1].append(statement)
        else:
            steps.append([statement])
    return steps


def _add(drafts: list[_Draft], draft: _Draft) -> int:
    index = len(drafts)
    drafts.append(draft)
    if draft.parent is not None:
        drafts[draft.parent].children.append(index)
    return index


def _own_reps(statement: Statement, profile: Profile) -> int | None:
    return statement.reps.for_profile(profile).target if statement.reps is not None else None


def _number(drafts: list[_Draft], limits: Limits) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    """Depths first (parents stand before children), then paths where the depth is allowed."""
    depths = [0] * len(drafts)
    for index, draft in enumerate(drafts):
        if draft.parent is not None:
            depths[index] = depths[draft.parent] + 1
    deepest = max(range(len(drafts)), key=depths.__getitem__)
    if depths[deepest] >= limits.depth:
        line = next(d.statement.line for d in drafts[deepest:] + drafts if d.statement is not None)
        message = f"nested {depths[deepest]} levels deep; at most {limits.depth - 1} can run"
        hint = "indent less, or raise the depth in Limits"
        return (_session_only(drafts[0]), (Diagnostic(line, 1, "error", message, hint),))
    paths = ["0"] * len(drafts)
    positions = [0] * len(drafts)
    for index, draft in enumerate(drafts):
        for position, child in enumerate(draft.children):
            positions[child] = position
            paths[child] = f"{paths[index]}.{position}"
        if draft.rest is not None:
            positions[draft.rest] = len(draft.children)
            paths[draft.rest] = f"{paths[index]}.{len(draft.children)}"
    work = [draft.type != "rest" for draft in drafts]
    for index in range(len(drafts) - 1, -1, -1):
        if drafts[index].children:
            work[index] = any(work[child] for child in drafts[index].children)
    nodes = tuple(
        Node(
            i,
            paths[i],
            d.type,
            d.label,
            depths[i],
            d.statement,
            tuple(d.children),
            positions[i],
            d.rest,
            d.pair,
            work[i],
        )
        for i, d in enumerate(drafts)
    )
    return nodes, ()


def _session_only(draft: _Draft) -> tuple[Node, ...]:
    return (Node(0, "0", draft.type, draft.label, 0),)


def passes(node: Node) -> int | None:
    """How often a node runs its children: rounds or intervals; None for "until its time is up"."""
    statement = node.statement
    if statement is None:
        return 1
    if statement.rep_scheme and node.type in ("rounds", "for_time"):
        return len(statement.rep_scheme)
    if node.type in ("rounds", "emom", "tabata"):
        return statement.rounds
    if node.type == "for_time":
        return statement.rounds or 1
    if node.type == "amrap":
        return None
    if node.type == "timer" and node.children:
        return None if ends_by_itself(node) else 1
    return 1


def ends_by_itself(node: Node) -> bool:
    """Whether a node has a time of its own that ends it."""
    duration = node.statement.duration if node.statement is not None else None
    return duration is not None and duration.ns is not None and duration.ns > 0 and duration.direction == "down"


def bounds_children(node: Node) -> bool:
    """Whether a node ends its children, however long they would go on: by its own time, its cap or its intervals."""
    if node.type in ("emom", "tabata"):
        return True
    cap = node.statement.cap if node.statement is not None and node.type == "for_time" else None
    return ends_by_itself(node) or (cap is not None and bool(cap.ns) and cap.direction == "down")


def runs_of_child(node: Node, position: int) -> int | None:
    """How often the child at ``position`` runs in one run of its parent; None where only the athlete decides."""
    count = passes(node)
    if count is None:
        return None
    if node.type in ("emom", "tabata"):
        alternating = len(node.children)
        return (count - position + alternating - 1) // alternating
    return count


def _check_bounds(program: Program, limits: Limits) -> list[Diagnostic]:
    """Refuses what would open too many blocks, and what could never end."""
    found: list[Diagnostic] = []
    runs = [0] * len(program.nodes)
    bounded = [False] * len(program.nodes)
    runs[0] = 1
    total = 0
    for node in program.nodes:
        line = node.statement.line if node.statement is not None else 1
        total += runs[node.index]
        if total > limits.blocks:
            found.append(
                Diagnostic(
                    line,
                    1,
                    "error",
                    f"this would open more than {limits.blocks:,} blocks",
                    "write fewer rounds or shorter ones (in Python: `Limits(blocks=…)`)",
                )
            )
            break
        if node.statement is not None and passes(node) is None and not ends_by_itself(node) and not bounded[node.index]:
            found.append(
                Diagnostic(
                    line,
                    1,
                    "error",
                    f"`{node.label}` would never end",
                    "give it a time, such as `AMRAP 20`, or a number of rounds, such as `(3)`",
                )
            )
        for position, child in enumerate(node.children):
            each = runs_of_child(node, position)
            runs[child] = runs[node.index] * (each if each is not None else 1)
            if node.rest is not None:
                runs[node.rest] += runs[child]
            bounded[child] = bounded[node.index] or bounds_children(node)
    return found


def takes_scheme(statement: Statement) -> bool:
    """Whether an effort does the reps of the scheme above it: it names no amount of its own."""
    return not (statement.reps or statement.distance or statement.energy or statement.duration)
