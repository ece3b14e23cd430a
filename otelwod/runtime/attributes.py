"""What a block's span says from its start: label, targets, load, planned time. Names are those of ``conventions``."""

from __future__ import annotations

from otelwod import conventions as c
from otelwod.conventions import NANOS_PER_SECOND, Direction
from otelwod.runtime.events import Value
from otelwod.runtime.program import Node
from otelwod.workout import effort_label
from otelwod.workout.model import Profile, Statement


def label_of(node: Node, reps: int | None, profile: Profile) -> str:
    """What people call the block: ``21 Thrusters 95 lb``, with ``reps`` from the rep scheme above."""
    if node.type != "effort" or node.statement is None:
        return node.label
    return effort_label(node.statement, reps=reps, profile=profile)


def is_skippable(node: Node) -> bool:
    """Whether a tap may end the block: not when the text says so (``*1:00``), nor the rest inside an interval."""
    if node.statement is None:
        return False
    duration = node.statement.duration
    return duration is None or duration.skippable or not duration.ns or duration.direction == "up"


def start_attributes(node: Node, inherited_reps: int | None, profile: Profile) -> dict[str, Value]:
    """The attributes known at the start; ``inherited_reps`` come from the rep scheme above."""
    statement = node.statement
    if statement is None:
        return {}
    attributes = _timer(node, statement)
    if node.type == "effort" or not node.children:
        attributes.update(_work(statement, inherited_reps, profile))
    if statement.rep_scheme and node.type in ("rounds", "for_time"):
        attributes[c.REP_SCHEME] = statement.rep_scheme
        attributes[c.ROUND_TOTAL] = len(statement.rep_scheme)
    elif statement.rounds is not None and node.type in ("rounds", "emom", "tabata", "for_time"):
        attributes[c.ROUND_TOTAL] = statement.rounds
    return attributes


def _work(statement: Statement, inherited_reps: int | None, profile: Profile) -> dict[str, Value]:
    attributes: dict[str, Value] = {}
    movement = statement.movement
    if movement is not None:
        attributes[c.MOVEMENT_NAME] = movement.name
        if movement.id is not None:
            attributes[c.MOVEMENT_ID] = movement.id
        if movement.image is not None:
            attributes[c.MOVEMENT_IMAGE] = movement.image
    reps = statement.reps.for_profile(profile).target if statement.reps is not None else inherited_reps
    if reps is not None:
        attributes[c.REPS_TARGET] = reps
    if statement.load is not None:
        load = statement.load.for_profile(profile)
        attributes[c.LOAD_DISPLAY] = load.text
        if load.si is not None:
            attributes[c.LOAD_VALUE] = load.si
    for name, quantity in ((c.DISTANCE_TARGET, statement.distance), (c.ENERGY_TARGET, statement.energy)):
        amount = quantity.for_profile(profile).si if quantity is not None else None
        if amount is not None:
            attributes[name] = amount
    return attributes


def _timer(node: Node, statement: Statement) -> dict[str, Value]:
    """Direction and planned time of a timed block, in seconds."""
    direction: Direction = "down"
    planned: int | None = None
    if node.type == "emom":
        planned = (statement.interval_ns or 0) * (statement.rounds or 0)
    elif node.type == "tabata":
        planned = ((statement.work_ns or 0) + (statement.rest_ns or 0)) * (statement.rounds or 0)
    elif node.type == "for_time":
        planned, direction = (statement.cap.ns if statement.cap is not None else None), "up"
    elif statement.duration is not None and node.type in ("timer", "amrap", "effort", "rest"):
        planned = statement.duration.ns
        direction = statement.duration.direction if planned else "up"
    else:
        return {}
    attributes: dict[str, Value] = {c.TIMER_DIRECTION: direction}
    if planned:
        attributes[c.TIMER_PLANNED] = planned / NANOS_PER_SECOND
    return attributes
