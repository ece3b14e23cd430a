"""A workout's trace in numbers: splits, movements, fade. The words are the views'."""

from __future__ import annotations

from typing import Final

from otelwod import conventions as c
from otelwod.insight.phases import split
from otelwod.insight.report import MovementUse, Split, WorkoutEnding, WorkoutReport
from otelwod.insight.statistics import rank, slowdown
from otelwod.trace import Attributes, Trace

_CUT: Final = frozenset({"forced", "aborted", "interrupted"})
_TARGETS: Final = (
    (c.REPS_DONE, c.REPS_TARGET),
    (c.DISTANCE_DONE, c.DISTANCE_TARGET),
    (c.ENERGY_DONE, c.ENERGY_TARGET),
)


def workout_report(trace: Trace) -> WorkoutReport | None:
    """Splits by structural segment and use by movement; None for a trace that is no workout.

    A workout is told by ``otelwod.block.type`` or ``otelwod.segment.type`` on a root (or on an orphan).
    """
    if not trace.phase or not any(_is_workout(trace.record(row).attributes) for row in trace.roots):
        return None
    records = [trace.record(row) for row in range(len(trace))]
    attributes = [record.attributes for record in records]
    root = next((attributes[row] for row in trace.roots if c.WORKOUT_FORMAT in attributes[row]), {})
    name = _text(root, c.WORKOUT_NAME) or records[trace.roots[0]].name
    phases: list[dict[str, int]] = [{} for _ in records]
    reps = [0] * len(records)
    efforts = [0] * len(records)
    timed = [given.get(c.BLOCK_TYPE) == "effort" and _is_timed(given) for given in attributes]
    worked = [0] * len(records)  # what no effort further in has counted already
    uncut = [_is_whole(given) for given in attributes]
    order = [row for row, _ in trace.preorder()]
    for row in reversed(order):
        own, above = trace.phase.get(row), trace.parent[row]
        if own is not None:
            phases[row] = {own: trace.end_ns[row] - trace.start_ns[row]}
            worked[row] = phases[row].get("work", 0)
        reps[row] += _whole(attributes[row], c.REPS_DONE)
        is_effort = attributes[row].get(c.BLOCK_TYPE) == "effort"
        efforts[row] += is_effort
        if above >= 0:
            reps[above] += reps[row]
            efforts[above] += efforts[row]
            timed[above] = timed[above] or timed[row]
            worked[above] += 0 if is_effort else worked[row]
            if attributes[above].get(c.BLOCK_TYPE) != "effort":
                uncut[above] = uncut[above] and uncut[row]
            for phase, length in phases[row].items():
                phases[above][phase] = phases[above].get(phase, 0) + length
    fixed = _fixed(trace, attributes, order)
    most: dict[int, int] = {}
    for row in order:
        if attributes[row].get(c.SEGMENT_TYPE) in c.STRUCTURAL_SEGMENTS:
            most[trace.parent[row]] = max(efforts[row], most.get(trace.parent[row], 0))
    splits = []
    compared = []
    for row in order:
        given = attributes[row]
        if given.get(c.SEGMENT_TYPE) not in c.STRUCTURAL_SEGMENTS:
            continue
        above = trace.parent[row]
        length = trace.end_ns[row] - trace.start_ns[row]
        rest = length - sum(phases[row].values())
        if rest > 0:  # what no leaf tells
            phases[row]["unknown"] = rest
        splits.append(
            Split(
                span_id=trace.span_id[row],
                type=_text(given, c.SEGMENT_TYPE),
                index=_whole(given, c.SEGMENT_INDEX),
                label=_text(given, c.SEGMENT_LABEL) or records[row].name,
                operation=records[above].name if above >= 0 else "",
                start_ns=trace.start_ns[row],
                duration_ns=length,
                phases=split(phases[row]),
                reps=reps[row],
                full=uncut[row] and efforts[row] == most[above],
            )
        )
        # A round that was cut, or whose time the text sets while no repetition measures it, tells no pace.
        if splits[-1].full and splits[-1].phases.work_ns and (reps[row] or not timed[row]):
            compared.append((splits[-1].phases.work_ns, reps[row]))
    total = sum(trace.end_ns[row] - trace.start_ns[row] for row in trace.roots)
    paused = sum(phases[row].get("pause", 0) for row in trace.roots)
    return WorkoutReport(
        name=name,
        format=_text(root, c.WORKOUT_FORMAT),
        score=_text(root, c.SCORE_DISPLAY),
        splits=tuple(splits),
        movements=tuple(_movements(trace, attributes, worked, order, total - paused)),
        fade=fade(compared),
        ending=_ending(trace, attributes),
        fixed=tuple(sorted({trace.operations[trace.operation[row]][1] for row in fixed})),
    )


def _is_workout(attributes: Attributes) -> bool:
    return c.BLOCK_TYPE in attributes or c.SEGMENT_TYPE in attributes


def _is_whole(attributes: Attributes) -> bool:
    """Whether a block or segment ran to its own end, or had all its targets when cut; unknown counts as whole."""
    if attributes.get(c.INTERVAL_MADE) is False:
        return False
    cut = attributes.get(c.COMPLETION_REASON) in _CUT or attributes.get(c.STATUS) in ("skipped", "failed")
    if not cut or attributes.get(c.BLOCK_TYPE) == "rest":  # rest that is cut leaves no work undone
        return True
    targets = [(attributes.get(done), attributes[target]) for done, target in _TARGETS if target in attributes]
    return bool(targets) and all(
        isinstance(done, (int, float)) and isinstance(target, (int, float)) and done >= target
        for done, target in targets
    )


def _tells_pace(attributes: Attributes, reps: int) -> bool:
    """Whether the time of a set measures the athlete.

    Not where it was cut short of its target: what was begun when the clock cut it is in the time, not in the
    repetitions. Without repetitions, neither where it was cut at all or where the text sets the time.
    """
    if reps > 0:
        return _is_whole(attributes) or not any(target in attributes for _, target in _TARGETS)
    return _is_whole(attributes) and not _is_timed(attributes)


def _is_timed(attributes: Attributes) -> bool:
    return c.TIMER_PLANNED in attributes and attributes.get(c.TIMER_DIRECTION) != "up"


def _fixed(trace: Trace, attributes: list[Attributes], order: list[int]) -> set[int]:
    """The leaves whose time the text sets: under a clock that counts down, on the block itself or further out."""
    under: set[int] = set()
    for row in order:
        given = attributes[row]
        if _is_timed(given) or trace.parent[row] in under:
            under.add(row)
    return {row for row in under if row in trace.phase or attributes[row].get(c.BLOCK_TYPE) in ("effort", "rest")}


def _ending(trace: Trace, attributes: list[Attributes]) -> WorkoutEnding:
    roots = [attributes[row] for row in trace.roots]
    if any(given.get(c.COMPLETION_REASON) == "interrupted" for given in roots):
        return "interrupted"
    if any(given.get(c.STATUS) == "skipped" or given.get(c.COMPLETION_REASON) == "aborted" for given in roots):
        return "stopped"
    if any(given.get(c.BLOCK_TYPE) == "for_time" and given.get(c.STATUS) == "failed" for given in attributes):
        return "capped"
    return "completed"


def fade(efforts: list[tuple[int, int]]) -> float | None:
    """The last pace over the first, minus one, of (work ns, reps) in order; None for fewer than two.

    Paces are per repetition where any effort has repetitions, and then those without have none; else per effort.
    """
    paces, _ = _paces(efforts)
    return paces[-1] / paces[0] - 1 if len(paces) > 1 and paces[0] else None


def _paces(efforts: list[tuple[int, int]]) -> tuple[list[int], bool]:
    counted = [work // reps for work, reps in efforts if reps > 0]
    return (counted, True) if counted else ([work for work, _ in efforts], False)


def _movements(
    trace: Trace, attributes: list[Attributes], worked: list[int], order: list[int], unpaused: int
) -> list[MovementUse]:
    groups: dict[tuple[str, str], list[int]] = {}
    for row in order:
        name = _text(attributes[row], c.MOVEMENT_NAME)
        identity = _text(attributes[row], c.MOVEMENT_ID)
        if attributes[row].get(c.BLOCK_TYPE) == "effort":
            name = name or trace.operations[trace.operation[row]][1]
            groups.setdefault((identity or name, identity), []).append(row)
    found = []
    for (_, identity), rows in groups.items():
        first = rows[0]
        sets = [(worked[row], _whole(attributes[row], c.REPS_DONE)) for row in rows]
        free = [given for row, given in zip(rows, sets, strict=True) if _tells_pace(attributes[row], given[1])]
        paces, _ = _paces(free)
        _, per_rep = _paces(free or sets)
        ordered = sorted(paces)
        median = rank(ordered, 50) if ordered else 0
        # The loss is time: with repetitions known, each one beyond the median pace counts.
        by_rep = sum(max(0, work - median * reps) for work, reps in free if reps > 0)
        spent = sum(work for work, _ in sets)
        found.append(
            MovementUse(
                movement=_text(attributes[first], c.MOVEMENT_NAME) or trace.operations[trace.operation[first]][1],
                movement_id=identity,
                efforts=len(rows),
                reps=sum(reps for _, reps in sets),
                total_ns=spent,
                share=spent / unpaused if unpaused else 0.0,
                paces_ns=tuple(paces),
                per_rep=per_rep,
                median_pace_ns=median,
                fade=fade(free),
                slowdown_ns=by_rep if per_rep else slowdown(ordered, median),
                mean_pace_ns=_mean_pace(free or sets),
            )
        )
    found.sort(key=lambda use: (-use.total_ns, use.movement))
    return found


def _mean_pace(sets: list[tuple[int, int]]) -> int:
    """Work per repetition over the sets that counted some; per set where none did."""
    counted = [(work, reps) for work, reps in sets if reps > 0] or [(work, 1) for work, _ in sets]
    return sum(work for work, _ in counted) // sum(reps for _, reps in counted)


def _text(attributes: Attributes, name: str) -> str:
    value = attributes.get(name)
    return "" if value is None else str(value)


def _whole(attributes: Attributes, name: str) -> int:
    value = attributes.get(name)
    return int(value) if isinstance(value, (int, float)) and value == value and abs(value) < 1e15 else 0
