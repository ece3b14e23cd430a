"""What a program asks for, before anything is done: repetitions of one run of each node, and of each movement."""

from __future__ import annotations

from dataclasses import dataclass

from otelwod.runtime.attributes import label_of
from otelwod.runtime.program import Node, Program, runs_of_child, takes_scheme
from otelwod.workout.model import Profile


@dataclass(frozen=True, slots=True)
class Planned:
    """How often the whole program has a movement, and its repetitions in all; None where the text leaves it open."""

    movement: str
    efforts: int | None
    reps: int | None


def planned_movements(program: Program) -> tuple[Planned, ...]:
    """What is asked of each movement, in the order of the text.

    An effort that takes its reps from a scheme S of n rounds runs a multiple of n times: runs / n × ΣS repetitions.
    """
    runs: list[int | None] = [0] * len(program.nodes)
    scheme: list[tuple[int, ...]] = [()] * len(program.nodes)
    runs[0] = 1
    efforts: list[tuple[int, Planned]] = []
    for node in program.nodes:
        own = node.statement.rep_scheme if node.statement is not None else ()
        for position, child in enumerate(node.children):
            above, each = runs[node.index], runs_of_child(node, position)
            runs[child] = above * each if above is not None and each is not None else None
            scheme[child] = own or scheme[node.index]
        if node.type == "effort" and node.statement is not None:
            count = runs[node.index]
            reps = _all_reps(node, count, scheme[node.index], program)
            efforts.append((node.statement.index, Planned(movement_name(node, program), count, reps)))
    found: dict[str, Planned] = {}
    for _, effort in sorted(efforts, key=lambda each: each[0]):
        name = effort.movement
        before = found.get(name, Planned(name, 0, 0))
        found[name] = Planned(name, _sum(before.efforts, effort.efforts), _sum(before.reps, effort.reps))
    return tuple(found.values())


def movement_name(node: Node, program: Program) -> str:
    """By what the efforts of a node are counted together: the movement's name, else what the line is called."""
    movement = node.statement.movement if node.statement is not None else None
    return movement.name if movement is not None else label_of(node, None, program.profile)


def _all_reps(node: Node, count: int | None, scheme: tuple[int, ...], program: Program) -> int | None:
    statement = node.statement
    if statement is None or count is None:
        return None
    if statement.reps is not None:
        each = statement.reps.for_profile(program.profile).target
        return None if each is None else count * each
    if not takes_scheme(statement):
        return 0
    return count // len(scheme) * sum(scheme) if scheme else None


def _sum(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def reps_of_a_run(program: Program) -> tuple[int | None, ...]:
    """For each node the repetitions that one run of it asks for; None where the text leaves them open.

    A rep scheme gives its reps to every effort below it that names none: with ``own`` the reps that a node's text names
    and ``free`` the runs of efforts that take theirs from a scheme, a scheme S of n rounds asks for
    ``n × own + ΣS × free``.
    """
    own: list[int | None] = [0] * len(program.nodes)
    free = [0] * len(program.nodes)
    for node in reversed(program.nodes):
        if not node.children:
            own[node.index], free[node.index] = _effort_reps(node, program.profile)
            continue
        scheme = node.statement.rep_scheme if node.statement is not None else ()
        total: int | None = 0
        for position, child in enumerate(node.children):
            each, part = runs_of_child(node, position), own[child]
            if total is None or part is None or each is None:
                total = None
            else:
                total += each * part + sum(scheme) * free[child]
            free[node.index] += 0 if scheme else (each or 0) * free[child]
        own[node.index] = total
    return tuple(None if free[i] else own[i] for i in range(len(own)))


def _effort_reps(node: Node, profile: Profile) -> tuple[int | None, int]:
    if node.type != "effort" or node.statement is None:
        return 0, 0
    if node.statement.reps is not None:
        return node.statement.reps.for_profile(profile).target, 0
    return 0, int(takes_scheme(node.statement))
