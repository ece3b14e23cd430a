"""The behaviours that blocks are made of. Write your own by subclassing `Behavior`: see docs/runtime.md."""

from otelwod.runtime.behaviors.intervals import Intervals, IntervalState
from otelwod.runtime.behaviors.leaf import Advance, HoldOn, RestBehavior, Work
from otelwod.runtime.behaviors.sequence import Rounds, RoundState, Sequence
from otelwod.runtime.behaviors.timer import Cap, Timer
from otelwod.runtime.block import Behavior

__all__ = [
    "Advance",
    "Behavior",
    "Cap",
    "HoldOn",
    "IntervalState",
    "Intervals",
    "RestBehavior",
    "RoundState",
    "Rounds",
    "Sequence",
    "Timer",
    "Work",
]
