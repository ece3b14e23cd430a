"""A block of one's own: "Death by …", one repetition more every minute. Run: python examples/custom_block.py"""

from otelwod import conventions as c
from otelwod.runtime.athletes import replay
from otelwod.runtime.behaviors import Behavior
from otelwod.runtime.behaviors.scoring import ScoreBehavior
from otelwod.runtime.block import Block, Ending
from otelwod.runtime.inputs import Input
from otelwod.runtime.program import MINUTE_NS, Node, compile_workout
from otelwod.runtime.results import Results
from otelwod.runtime.scores import Score, amrap_score
from otelwod.runtime.session import Session
from otelwod.runtime.tally import Tally
from otelwod.workout import parse
from otelwod.workout.model import Profile


class DeathBy(ScoreBehavior):
    """Minute n asks for n repetitions; the first minute that is not made ends it."""

    def mount(self, block: Block) -> None:
        block.set("tally", Tally())  # what the efforts below did is added up here
        self._minute(block, 1)

    def _minute(self, block: Block, number: int) -> None:
        block.set("number", number)
        block.set("made", False)
        block.set("scheme_reps", number)  # the effort below names no reps: it does these
        block.start_round("minute", number - 1, f"Minute {number}", {c.ROUND_CURRENT: number})
        block.push(block.node.children[0])

    def child_done(self, block: Block, child: Node, ending: Ending) -> bool:
        block.set("made", ending.status == "completed")
        block.start_leaf("rest", "Rest")  # nothing is open in here: the block itself rests
        return True

    def next(self, block: Block) -> bool:
        return True  # no tap ends the rest

    def deadline(self, block: Block) -> int | None:
        number: int = block.get("number")
        return block.started_active + number * MINUTE_NS

    def expire(self, block: Block) -> None:
        made = block.close_children() or block.get("made")
        block.set("made", made)
        block.end_leaf()
        block.stop_rest()
        block.end_round(attributes={c.INTERVAL_MADE: made})
        if made:
            self._minute(block, block.get("number") + 1)
        else:
            block.complete("timer_expired")

    def score(self, block: Block, ending: Ending) -> Score:
        tally: Tally = block.get("tally")
        full: int = block.get("number") - 1
        return amrap_score(full, tally.reps - full * (full + 1) // 2)


def death_by(node: Node, profile: Profile) -> tuple[Behavior, ...]:
    """What a node becomes that names the block ``death_by``."""
    return (DeathBy(),)


def main() -> None:
    program = compile_workout(parse('# Death by burpees\n(60) {"block": "death_by"}\n  Burpees'))
    session = Session(program, blocks={"death_by": death_by})
    results = Results(program)
    session.subscribe(results)
    seconds = 1_000_000_000
    done = [Input("next", minute * MINUTE_NS + 3 * (minute + 1) * seconds) for minute in range(12)]
    last = [Input("reps", 12 * MINUTE_NS + 55 * seconds, value=9)]
    for _ in replay(session, done + last):
        pass
    results.close()
    outcome = results.outcome()
    print(outcome.score[c.SCORE_DISPLAY])
    for split in outcome.splits[-3:]:
        print(f"{split.label}: {split.reps:.0f} reps, {split.rest_ns // seconds} s rest, made: {split.made}")


if __name__ == "__main__":
    main()
