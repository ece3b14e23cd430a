"""What one line says, before the lines around it are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from otelwod.workout.model import Duration, Movement, Quantity, Reps, Scalar
from otelwod.workout.parts import is_part
from otelwod.workout.remarks import Remark
from otelwod.workout.units import SIZES_BY_MOVEMENT

Kind = Literal["amrap", "emom", "tabata", "for_time", "rest", "section"]


@dataclass(slots=True)
class Facts:
    """The facts of one statement; the builder gives it type, parent and label.

    ``adopts``: a header in the words of a whiteboard, which takes the unindented lines that follow it.
    ``wraps``: rounds made for the AMRAP or the inner rounds of the same line, the next statement.
    ``assumed``: the number of intervals is a choice of ours; nothing in the line says it.
    ``inner_rounds``: the second of two counts of rounds, ``later``: times behind the first one; each becomes a
    statement of its own. ``part``: a part of a running clock, which ends the one before. ``action``: a line of nothing
    but ``[…]``, or of signs, which is kept and never runs. ``level``: ``Rx`` or ``Scaled`` in front of the line.
    ``within``: rounds behind the length of an AMRAP or of intervals, which are done in it.
    ``series``: an amount or a load for each set, of which `series.spread` makes steps.
    """

    offset: int = 0
    kind: Kind | None = None
    adopts: bool = False
    wraps: bool = False
    assumed: bool = False
    inner_rounds: int | None = None
    later: tuple[Duration, ...] = ()
    action: str | None = None
    part: bool = False
    within: bool = False
    level: str = ""
    tabata_word: bool = False
    times_word: bool = False
    joined: bool = False
    step: bool = False
    rounds: int | None = None
    scheme: tuple[int, ...] = ()
    series: tuple[Quantity, ...] = ()
    duration: Duration | None = None
    interval_ns: int | None = None
    work_ns: int | None = None
    rest_ns: int | None = None
    cap: Duration | None = None
    reps: Reps | None = None
    load: Quantity | None = None
    distance: Quantity | None = None
    energy: Quantity | None = None
    size: Quantity | None = None
    movement: Movement | None = None
    words: str = ""
    choices: tuple[Facts, ...] = ()
    values: dict[str, Scalar] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def has_work(self) -> bool:
        """Whether the line names something to do."""
        return (
            self.movement is not None or self.reps is not None or self.distance is not None or self.energy is not None
        )

    @property
    def is_aside(self) -> bool:
        """Whether the line holds nothing but values or a note, which are never done."""
        return (
            (bool(self.values) or self.action is not None)
            and self.kind is None
            and not (self.has_work or self.is_header or self.load or self.size or self.cap or self.duration)
        )

    @property
    def is_header(self) -> bool:
        """Whether the line says how others are done."""
        return (
            self.rounds is not None
            or bool(self.scheme)
            or self.work_ns is not None
            or self.kind in ("amrap", "emom", "tabata", "for_time", "section")
        )


@dataclass(slots=True)
class Reading:
    """What a line became: ``nodes`` as (index of the parent node or -1, facts), and what is to be said of it.

    Lines indented below belong to ``nodes[anchor]``.
    """

    nodes: list[tuple[int, Facts]]
    anchor: int
    remarks: tuple[Remark, ...]
    title: str | None = None


_EQUIPMENT: Final = ("box", "target", "rope", "step", "hurdle", "deficit", "wall ball", "wallball", "wall-ball")


def has_equipment(name: str) -> bool:
    """Whether a height or length stands for the equipment of a movement (a box, a target, a rope)."""
    lowered = name.lower()
    return any(word in lowered for word in _EQUIPMENT)


def resize(facts: Facts) -> None:
    """A length in front of a movement with equipment is the equipment's."""
    found, movement = facts.distance, facts.movement
    if found is None or movement is None or found.unit not in SIZES_BY_MOVEMENT or facts.size is not None:
        return
    if has_equipment(movement.name):
        facts.size, facts.distance = found, None


def is_section(facts: Facts) -> bool:
    """Whether the words are the title of a part (``Strength``, ``Cash-out``) and nothing else is said."""
    movement = facts.movement
    return (
        movement is not None
        and is_part(movement.name)
        and movement.qualifier is None
        and not any((facts.reps, facts.load, facts.distance, facts.energy, facts.size, facts.cap))
        and not facts.is_header
    )
