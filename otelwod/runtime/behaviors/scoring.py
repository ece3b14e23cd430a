"""Scores: one behaviour a format. Each reads what the others left in the block's memory, when the block ends."""

from __future__ import annotations

from collections.abc import Mapping

from otelwod.runtime import scores
from otelwod.runtime.behaviors.intervals import IntervalState
from otelwod.runtime.behaviors.sequence import RoundState
from otelwod.runtime.block import Behavior, Block, Ending
from otelwod.runtime.events import Value
from otelwod.runtime.planned import reps_of_a_run
from otelwod.runtime.tally import Tally


class ScoreBehavior(Behavior):
    """Puts a score on the block's span, and into ``scored`` of the root for the session's; subclasses say which."""

    __slots__ = ()

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        score = self.score(block, ending)
        noted, _ = block.root.get("scored", (0, {}))
        block.root.set("scored", (noted + 1, score))
        return score

    def score(self, block: Block, ending: Ending) -> scores.Score:
        """The attributes of the score."""
        raise NotImplementedError


class AmrapScore(ScoreBehavior):
    """Full rounds + what was done of the round under way."""

    __slots__ = ()

    def score(self, block: Block, ending: Ending) -> scores.Score:
        state: RoundState = block.get("round")
        tally: Tally = block.get("tally")
        if state.done >= state.current:
            return scores.amrap_score(state.done, 0)
        before = state.before
        return scores.amrap_score(
            state.done,
            tally.reps - before.reps,
            round(tally.distance - before.distance, 6),  # sums of fractions: what is left of nothing is nothing
            round(tally.energy - before.energy, 6),
        )


class TimeScore(ScoreBehavior):
    """The time; ``CAP + missing`` where the cap left work undone; what was done where it was cut otherwise."""

    __slots__ = ()

    def score(self, block: Block, ending: Ending) -> scores.Score:
        tally: Tally = block.get("tally")
        if ending.status == "failed" and ending.reason == "timer_expired":
            planned = reps_of_a_run(block.program)[block.node.index]
            return scores.cap_score(block.elapsed, tally.reps, planned)
        if ending.reason in ("children_complete", "rounds_complete", "timer_expired"):
            return scores.time_score(block.elapsed, tally.reps)
        return scores.total_score(tally)


class EmomScore(ScoreBehavior):
    """Intervals made, of all that the text asks work in."""

    __slots__ = ()

    def score(self, block: Block, ending: Ending) -> scores.Score:
        state: IntervalState = block.get("interval")
        tally: Tally = block.get("tally")
        return scores.emom_score(state.made, state.planned, tally.reps)


class TabataScore(ScoreBehavior):
    """The lowest interval and the total."""

    __slots__ = ()

    def score(self, block: Block, ending: Ending) -> scores.Score:
        state: IntervalState = block.get("interval")
        tally: Tally = block.get("tally")
        return scores.tabata_score(state.lowest, tally.reps, state.with_work)


class SessionScore(Behavior):
    """The score of the whole: that of its one scored block, or what the format asks for over all of it."""

    __slots__ = ()

    def unmount(self, block: Block, ending: Ending) -> Mapping[str, Value]:
        scored: tuple[int, scores.Score] = block.get("scored", (0, {}))
        noted, score = scored
        tally: Tally = block.get("tally")
        if noted == 1:
            return score
        whole = ending.reason == "children_complete"
        style = block.program.workout.format
        if style == "strength":
            return scores.strength_score(tally, "lb" if _is_in_pounds(block) else "kg")
        if style in ("for_time", "rounds") and whole and not noted:
            return scores.time_score(block.elapsed, tally.reps)
        return scores.total_score(tally)


def _is_in_pounds(block: Block) -> bool:
    """Whether the text writes every load in pounds."""
    units = {statement.load.unit for statement in block.program.workout.statements if statement.load is not None}
    return units == {"lb"}
