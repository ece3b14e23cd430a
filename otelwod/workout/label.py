"""Statements as people say them: ``21 Thrusters 95 lb``, ``EMOM 10``, ``Rest 1:00``."""

from __future__ import annotations

from otelwod.conventions import NANOS_PER_SECOND, BlockType
from otelwod.workout.facts import Facts
from otelwod.workout.model import Duration, Profile, Quantity, Reps, Statement
from otelwod.workout.numbers import clock
from otelwod.workout.units import spoken

_MINUTE = 60 * NANOS_PER_SECOND


def quantity_text(quantity: Quantity, profile: Profile | None = None) -> str:
    """``95 lb``, ``1.5 bw``, ``80 %``, ``RPE 8``; without a profile both values (``225/155 lb``)."""
    chosen = quantity.for_profile(profile) if profile is not None else quantity
    value = spoken(chosen.value)
    if profile is None and quantity.women is not None:
        value += "/" + spoken(quantity.women.value)
    if quantity.unit == "rpe":
        return f"RPE {value}"
    if quantity.pieces > 1:
        value = f"{quantity.pieces} × {value}"
    return f"{value}%" if quantity.unit == "%" else f"{value} {quantity.unit}"


def reps_text(reps: Reps) -> str:
    """``10``, ``8-12``, ``Max``, ``?``."""
    if reps.kind == "max":
        return "Max"
    if reps.kind == "record":
        return "?"
    if reps.kind == "range":
        return f"{spoken(reps.low)}-{spoken(reps.high)}"
    return spoken(reps.low)


def duration_text(duration: Duration) -> str:
    """``5:00``, ``:30``, ``^5:00``, ``*1:00``, ``:?``."""
    marks = ("*" if not duration.skippable else "") + (
        "^" if duration.direction == "up" and duration.ns is not None else ""
    )
    return marks + (":?" if duration.ns is None else clock(duration.ns))


def work_text(
    statement: Statement | Facts,
    *,
    reps: str | None,
    profile: Profile | None,
    timed: bool = True,
    load: Quantity | None = None,
    distance: Quantity | None = None,
) -> str:
    """The work of a statement: time, amount, size, movement, load. ``load`` and ``distance`` are inherited ones."""
    parts: list[str] = []
    load = statement.load or load
    distance = statement.distance or distance
    if timed and statement.duration is not None:
        parts.append(duration_text(statement.duration))
    if reps is not None:
        parts.append(reps)
    behind = timed and statement.duration is not None and statement.movement is not None
    if distance is not None and not behind:
        parts.append(quantity_text(distance, profile))
    if statement.energy is not None:
        parts.append(quantity_text(statement.energy, profile))
    if statement.size is not None and statement.movement is None:
        parts.append(quantity_text(statement.size, profile))
    if statement.movement is not None:
        parts.append(statement.movement.name)
        if statement.movement.qualifier is not None:
            parts.append(f"({statement.movement.qualifier})")
    if statement.size is not None and statement.movement is not None:
        parts.append(quantity_text(statement.size, profile))
    if distance is not None and behind:
        parts.append(quantity_text(distance, profile))
    if load is not None:
        parts.append(quantity_text(load, profile))
    return " ".join(parts)


def effort_label(statement: Statement, *, reps: int | None, profile: Profile = "men") -> str:
    """One execution of a statement's work as people say it: ``21 Thrusters 95 lb``.

    ``reps`` are those of a rep scheme's round; without them the statement's own count.
    """
    if reps is not None:
        count: str | None = str(reps)
    elif statement.reps is not None:
        count = reps_text(statement.reps.for_profile(profile))
    else:
        count = None
    timed = statement.type in ("effort", "rest", "timer", None)
    return work_text(statement, reps=count, profile=profile, timed=timed) or statement.label


def statement_label(
    kind: BlockType | None,
    facts: Facts,
    *,
    rounds: int | None,
    scheme: tuple[int, ...],
    cap: Duration | None = None,
    interval: int | None = None,
    load: Quantity | None = None,
    distance: Quantity | None = None,
) -> str:
    """The label of a statement, both Rx values in it."""
    reps = reps_text(facts.reps) if facts.reps is not None else None
    if facts.reps is not None and facts.reps.women is not None:
        reps = f"{reps}/{reps_text(facts.reps.women)}"
    if kind == "rest":
        return f"Rest {duration_text(facts.duration)}" if facts.duration is not None else "Rest"
    if kind == "rounds" and rounds is not None:
        work = work_text(facts, reps=reps, profile=None, load=load, distance=distance)
        return f"{rounds} × {work}" if work else _head(kind, facts, rounds, scheme, cap, interval)
    if facts.action is not None and kind in (None, "group") and not facts.has_work:
        return facts.action or "Note"
    timed = kind in ("effort", None, "timer", "rounds")
    work = work_text(facts, reps=reps, profile=None, timed=timed, load=load, distance=distance)
    if kind == "tabata" and facts.tabata_word:
        return " ".join(filter(None, ("Tabata", work, _head(kind, facts, rounds, scheme, cap, interval))))
    return " ".join(filter(None, (_head(kind, facts, rounds, scheme, cap, interval), work))) or "Group"


def _head(
    kind: BlockType | None,
    facts: Facts,
    rounds: int | None,
    scheme: tuple[int, ...],
    cap: Duration | None,
    interval: int | None,
) -> str:
    shown = "-".join(map(str, scheme[:12])) + ("-…" if len(scheme) > 12 else "")
    if kind == "rounds":
        return shown or ("1 Round" if rounds == 1 else f"{rounds} Rounds")
    if kind == "for_time":
        count = shown or (f"{rounds} Rounds" if rounds is not None else "")
        limit = f"(cap {duration_text(cap)})" if cap is not None else ""
        return " ".join(filter(None, (count, "For Time", limit)))
    if kind == "amrap":
        return "AMRAP" + (f" {duration_text(facts.duration)}" if facts.duration is not None else "")
    if kind == "emom":
        every = interval or _MINUTE
        if rounds is None:
            return "EMOM"
        return f"EMOM {rounds}" if every == _MINUTE else f"Every {clock(every)} × {rounds}"
    if kind == "tabata":
        work, rest = facts.work_ns or 0, facts.rest_ns or 0
        return f"{rounds} × {clock(work)} / {clock(rest)}"
    return ""
