"""Which behaviours make which block: the table that `Session` builds from, and that people add their own to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from otelwod.runtime.behaviors import Advance, Cap, HoldOn, Intervals, RestBehavior, Rounds, Sequence, Timer, Work
from otelwod.runtime.behaviors.scoring import AmrapScore, EmomScore, SessionScore, TabataScore, TimeScore
from otelwod.runtime.block import Behavior
from otelwod.runtime.program import MINUTE_NS, Node, ends_by_itself, passes
from otelwod.workout.model import Duration, Profile, Quantity

BlockFactory: TypeAlias = Callable[[Node, Profile], tuple[Behavior, ...]]
"""Behaviours for one node, in the order in which they are asked."""


def _planned(duration: Duration | None) -> int | None:
    """The time after which a block ends by itself, None where it only counts up."""
    if duration is None or duration.ns is None or duration.ns == 0 or duration.direction == "up":
        return None
    return duration.ns


def _skippable(duration: Duration | None) -> bool:
    return duration is None or duration.skippable or _planned(duration) is None


def _session(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    return (Sequence(), SessionScore())


def _group(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    return (Sequence(),)


def _si(quantity: Quantity | None, profile: Profile) -> float | None:
    return quantity.for_profile(profile).si if quantity is not None else None


def _work(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    statement = node.statement
    if statement is None:
        return (Work(), Advance())
    reps = statement.reps.for_profile(profile).target if statement.reps is not None else None
    work = Work(
        reps,
        _si(statement.distance, profile),
        _si(statement.energy, profile),
        _si(statement.load, profile),
    )
    return (Timer(_planned(statement.duration)), work, Advance(_skippable(statement.duration)))


def _rest(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    if node.statement is None:
        work, rest = node.pair or (None, None)
        return (RestBehavior(work, rest, fills=True), HoldOn())
    duration = node.statement.duration
    planned = _planned(duration)
    return (Timer(planned), RestBehavior(rest=planned), Advance(_skippable(duration)))


def _rounds(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    return (Rounds(passes(node), _scheme(node)),)


def _scheme(node: Node) -> tuple[int, ...]:
    return node.statement.rep_scheme if node.statement is not None else ()


def _timer(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    duration = node.statement.duration if node.statement is not None else None
    if not node.children:
        return _work(node, profile)
    if not ends_by_itself(node):
        return (Sequence(),)
    return (Timer(_planned(duration)), Rounds(None))


def _amrap(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    duration = node.statement.duration if node.statement is not None else None
    return (Timer(_planned(duration)), Rounds(None), AmrapScore())


def _for_time(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    statement = node.statement
    cap = Cap(_planned(statement.cap) if statement is not None else None)
    repeated = statement is not None and (statement.rep_scheme or statement.rounds)
    inner: Behavior = Rounds(passes(node), _scheme(node)) if repeated else Sequence()
    return (cap, inner, TimeScore())


def _emom(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    statement = node.statement
    rounds = (statement.rounds if statement is not None else None) or 1
    length = (statement.interval_ns if statement is not None else None) or MINUTE_NS
    return (Intervals(rounds, length), EmomScore())


def _tabata(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    statement = node.statement
    rounds = (statement.rounds if statement is not None else None) or 8
    work = (statement.work_ns if statement is not None else None) or 20_000_000_000
    rest = (statement.rest_ns if statement is not None else None) or 0
    return (Intervals(rounds, work + rest, work, "round"), TabataScore())


BLOCKS: Mapping[str, BlockFactory] = {
    "session": _session,
    "group": _group,
    "effort": _work,
    "rest": _rest,
    "rounds": _rounds,
    "timer": _timer,
    "amrap": _amrap,
    "for_time": _for_time,
    "emom": _emom,
    "tabata": _tabata,
}
