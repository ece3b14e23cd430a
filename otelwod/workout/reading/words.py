"""Words: those of the language, and all others, which name the movement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from otelwod.workout.model import Reps
from otelwod.workout.reading import headers
from otelwod.workout.reading.amounts import amount_at
from otelwod.workout.reading.conclude import IMPLEMENTS
from otelwod.workout.reading.placing import put_quantity, put_rounds, put_rpe
from otelwod.workout.reading.sides import on_side
from otelwod.workout.reading.step import Step
from otelwod.workout.reading.times import on_at
from otelwod.workout.tokens import Token
from otelwod.workout.units import SIZES, SPELLINGS, dimension


def read_word(step: Step, token: Token) -> None:
    text = token.word
    handler = _WORDS.get(text)
    if handler is None and text[-1:].isdigit():
        match = headers.NUMBERED.match(text)
        if match is not None and match[1] != "e":
            headers.on_numbered(step, token, match)
            return
    elif handler is None and text[0] == "e" and text.endswith("mom"):
        match = headers.NUMBERED.match(text)
        if match is not None and match[1] == "e":
            headers.on_numbered(step, token, match)
            return
    if handler is None and text[0] == "e" and (every := headers.SECONDLY.match(text)) is not None:
        headers.on_secondly(step, token, every)
        return
    step.i += 1
    if handler is None or not handler(step, token):
        step.words.append(token.text)


def read_literal(step: Step, token: Token) -> None:
    step.i += 1
    name = " ".join(token.text[1:-1].split())
    if name:
        step.words.append(name)
        step.literal = True


def on_of(step: Step, _token: Token) -> bool:
    return not step.words


def on_max(step: Step, _token: Token) -> bool:
    after = step.word_at(step.i)
    facts = step.facts
    if facts.reps is not None:
        return False
    if after == "effort" and (facts.rounds is None or measured(step) or amount_follows(step)):
        return False
    if after in ("rounds", "round") and facts.kind == "amrap" and not step.words:
        step.i += 1
        return True
    if after == "effort" or after == "out":
        step.i += 1
    unit = SPELLINGS.get(after)
    if unit is not None and dimension(unit) in ("energy", "distance") and unit not in SIZES:
        step.i += 1
        put_quantity(step, _token, step.line[step.i - 1], None, None, unit)
        return True
    if after in ("distance", "load", "weight"):
        step.i += 1
        put_quantity(step, _token, step.line[step.i - 1], None, None, "m" if after == "distance" else step.default_unit)
        return True
    if after in ("reps", "rep"):
        step.i += 1
    facts.reps = Reps("max")
    return True


def amount_follows(step: Step) -> bool:
    """Whether a number or a time stands not far behind."""
    return any(token.kind in ("number", "time") for token in step.line[step.i : step.i + 8])


def measured(step: Step) -> bool:
    """Whether the step has a distance, calories, a time or a number already."""
    facts = step.facts
    return bool(step.bare or step.durations or facts.reps or facts.distance or facts.energy or facts.scheme)


def on_failure(step: Step, token: Token) -> bool:
    """``3x failure``, ``3 sets to failure``: as many as it goes."""
    facts = step.facts
    if step.words and step.words[-1].lower() in _UNTIL and (facts.rounds is not None or token.word == "failure"):
        step.words.pop()
    elif facts.rounds is None:
        return False
    if measured(step):
        facts.notes.append("to failure")
        step.info(token.start, "'to failure' is kept as a note: the count or time that stands there is read",
                  "write 1 x max for a set to failure")  # fmt: skip
    else:
        facts.reps = Reps("max")
    return True


_UNTIL: Final = frozenset({"to", "till", "until"})


def on_rpe(step: Step, token: Token) -> bool:
    if step.at(step.i).kind != "number":
        return False
    value, j = amount_at(step, step.i)
    if value is None:
        return False
    put_rpe(step, token, step.line[j - 1], value)
    step.i = j
    return True


def on_bodyweight(step: Step, token: Token) -> bool:
    """``@ bw`` is a load; what ``bw`` alone is, the movement decides (`conclude.settle_bodyweight`)."""
    if step.at(step.i).kind == "word" or step.facts.load is not None:
        return False
    if step.at(step.i - 2).kind == "@":
        put_quantity(step, token, token, 1.0, None, "bw")
    else:
        step.bodyweight = token
    return True


def on_rounds(step: Step, token: Token) -> bool:
    """``Rounds 3``, ``Rounds: 3``; behind a scheme the word says nothing new."""
    if step.facts.scheme or step.facts.rounds is not None or step.facts.kind == "amrap":
        return not step.words
    if step.word_at(step.i) == "of" and step.at(step.i + 1).kind == "number" and step.at(step.i + 2).kind == "-":
        return not step.words  # rounds of 21-15-9
    j = step.i + 1 if step.at(step.i).kind == ":" else step.i
    if step.at(j).kind == "number" and not step.words and step.at(j + 1).kind in ("end", "open", ":"):
        value, behind = amount_at(step, j)
        step.i = behind
        step.facts.adopts = True
        put_rounds(step, step.line[j], value if value is not None else 0)
        return True
    return False


def on_reps(step: Step, _token: Token) -> bool:
    return not step.words and (bool(step.facts.scheme) or step.facts.reps is not None)


def on_implements(step: Step, token: Token) -> bool:
    """``50/35 lb DBs``: behind a load the word says that there are two; else it may be part of a name."""
    before = step.at(step.i - 2)
    if not step.words and step.facts.load is None:
        return False  # KBS are swings
    behind = step.facts.load is not None and before.end == step.load_end
    step.pair = step.pair or token.word in IMPLEMENTS
    return behind and step.at(step.i).kind != "word"


def on_both(step: Step, _token: Token) -> bool:
    """``dual KB clean``, ``double DB snatch``; the word stays in the name."""
    step.pair = step.pair or step.word_at(step.i) in _ONE_OF_TWO
    return False


_ONE_OF_TWO: Final = IMPLEMENTS | {"db", "kb", "dumbbell", "kettlebell"}


def on_recovery(step: Step, token: Token) -> bool:
    """``r 2:00``: rowers and runners write rest so."""
    return step.at(step.i).kind == "time" and headers.on_rest(step, token)


def on_off(step: Step, token: Token) -> bool:
    """``1 min off``: a step of its own, it is a rest."""
    alone = bool(step.durations) and not step.words and not step.facts.has_work and not step.facts.is_header
    return alone and step.at(step.i).kind == "end" and step.facts.kind is None and headers.on_rest(step, token)


def on_short(step: Step, _token: Token) -> bool:
    """``e/s``: each side; ``w/``: with."""
    if step.at(step.i).kind != "/":
        return False
    if _token.word == "w":
        step.i += 1
        return True
    if step.word_at(step.i + 1) != "s":
        return False
    step.i += 2
    step.qualifiers.append("each side")
    return True


def on_ladder(step: Step, token: Token) -> bool:
    """``12 min ladder``: as far as it goes in the time."""
    if step.words or not step.durations or step.facts.kind is not None:
        return False
    step.info(token.start, "a ladder in a time is read as an AMRAP", "write AMRAP 12")
    step.set_kind(token, "amrap")
    return True


def on_from(step: Step, _token: Token) -> bool:
    """``from 10 to 1``, ``from 0:00-10:00``."""
    return not step.words and step.at(step.i).kind in ("number", "time")


def on_each(step: Step, _token: Token) -> bool:
    """``7 rounds each for time``."""
    return on_side(step, _token) or (not step.words and step.facts.is_header)


def on_ignored(step: Step, _token: Token) -> bool:
    return not step.words


_WORDS: Final[dict[str, Callable[[Step, Token], bool]]] = {
    "amrap": headers.on_amrap,
    "amraps": headers.on_amrap,
    "as": headers.on_as_many,
    "emom": headers.on_emom,
    "otm": headers.on_emom,
    "every": headers.on_every,
    "on": headers.on_the_minute,
    "alternating": headers.on_alternating,
    "tabata": headers.on_tabata,
    "for": headers.on_for,
    "in": headers.on_in,
    "of": on_of,
    "rest": headers.on_rest,
    "cap": headers.on_cap,
    "tc": headers.on_cap,
    "timecap": headers.on_cap,
    "time": headers.on_cap,
    "max": on_max,
    "failure": on_failure,
    "fail": on_failure,
    "amap": on_max,
    "rpe": on_rpe,
    "bw": on_bodyweight,
    "rounds": on_rounds,
    "round": on_rounds,
    "sets": on_rounds,
    "reps": on_reps,
    "x": on_ignored,
    "each": on_each,
    "per": on_side,
    "r": on_recovery,
    "off": on_off,
    "e": on_short,
    "w": on_short,
    "ladder": on_ladder,
    "from": on_from,
    "at": on_at,
    "dual": on_both,
    "double": on_both,
    **dict.fromkeys(("dbs", "kbs", "dumbbells", "kettlebells", "db", "kb", "dumbbell", "kettlebell"), on_implements),
}
