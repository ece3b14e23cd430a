"""A workout's trace in numbers: splits, movements, fade. The words are the views'."""

from __future__ import annotations

from otelwod import conventions as c
from otelwod.insight.phases import split
from otelwod.insight.report import MovementUse, Split, WorkoutReport
from otelwod.insight.statistics import rank, slowdown
from otelwod.trace import Attributes, Trace


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
    order = [row for row, _ in trace.preorder()]
    for row in reversed(order):
        own, above = trace.phase.get(row), trace.parent[row]
        if own is not None:
            phases[row] = {own: trace.end_ns[row] - trace.start_ns[row]}
        reps[row] += _whole(attributes[row], c.REPS_DONE)
        if above >= 0:
            reps[above] += reps[row]
            for phase, length in phases[row].items():
                phases[above][phase] = phases[above].get(phase, 0) + length
    splits = []
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
            )
        )
    total = sum(trace.end_ns[row] - trace.start_ns[row] for row in trace.roots)
    return WorkoutReport(
        name=name,
        format=_text(root, c.WORKOUT_FORMAT),
        score=_text(root, c.SCORE_DISPLAY),
        splits=tuple(splits),
        movements=tuple(_movements(trace, attributes, phases, order, total)),
        fade=fade([(s.phases.work_ns, s.reps) for s in splits if s.phases.work_ns]),
    )


def _is_workout(attributes: Attributes) -> bool:
    return c.BLOCK_TYPE in attributes or c.SEGMENT_TYPE in attributes


def fade(efforts: list[tuple[int, int]]) -> float | None:
    """The last pace over the first, minus one, of (work ns, reps) in order; None for fewer than two.

    Paces are per repetition where every effort has repetitions, else per effort. A last one that was cut short before
    its first repetition, behind others that have some, has no pace.
    """
    paces, _ = _paces(efforts)
    return paces[-1] / paces[0] - 1 if len(paces) > 1 and paces[0] else None


def _paces(efforts: list[tuple[int, int]]) -> tuple[list[int], bool]:
    counted = [reps > 0 for _, reps in efforts]
    if len(counted) > 2 and not counted[-1] and all(counted[:-1]):
        efforts, counted = efforts[:-1], counted[:-1]
    per_rep = bool(counted) and all(counted)
    return [work // reps if per_rep else work for work, reps in efforts], per_rep


def _movements(
    trace: Trace, attributes: list[Attributes], phases: list[dict[str, int]], order: list[int], total: int
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
        efforts = [(phases[row].get("work", 0), _whole(attributes[row], c.REPS_DONE)) for row in rows]
        paces, per_rep = _paces(efforts)
        ordered = sorted(paces)
        median = rank(ordered, 50)
        # The loss is time: with repetitions known, each one beyond the median pace counts.
        by_rep = sum(max(0, work - median * reps) for work, reps in efforts if reps > 0)
        spent = sum(trace.end_ns[row] - trace.start_ns[row] for row in rows)
        found.append(
            MovementUse(
                movement=_text(attributes[first], c.MOVEMENT_NAME) or trace.operations[trace.operation[first]][1],
                movement_id=identity,
                efforts=len(rows),
                reps=sum(reps for _, reps in efforts),
                total_ns=spent,
                share=spent / total if total else 0.0,
                paces_ns=tuple(paces),
                per_rep=per_rep,
                median_pace_ns=median,
                fade=fade(efforts),
                slowdown_ns=by_rep if per_rep else slowdown(ordered, median),
            )
        )
    found.sort(key=lambda use: (-use.total_ns, use.movement))
    return found


def _text(attributes: Attributes, name: str) -> str:
    value = attributes.get(name)
    return "" if value is None else str(value)


def _whole(attributes: Attributes, name: str) -> int:
    value = attributes.get(name)
    return int(value) if isinstance(value, (int, float)) and value == value and abs(value) < 1e15 else 0
