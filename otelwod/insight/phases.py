"""How a trace's time line splits into work, rest, transition and pause."""

from __future__ import annotations

from collections.abc import Mapping

from otelwod.insight.criticalpath import Path
from otelwod.insight.report import PhaseSplit
from otelwod.trace import Trace

_KNOWN = ("work", "rest", "transition", "pause")


def phase_split(trace: Trace, path: Path, overlap: Mapping[int, int]) -> PhaseSplit:
    """Split the critical path by ``otelwod.phase``; the parts add up to the length of the path.

    A span's phase holds for its whole subtree, as far as nothing below has its own. Without any, the span's own
    sections are work as far as no child ran meanwhile (its self time), and unknown for the rest. Time in which no
    root was open is unknown too.
    """
    sums = dict.fromkeys((*_KNOWN, "unknown"), 0)
    phase = [*_inherited(trace), "unknown"]  # the last is VIRTUAL's
    for row, begin, stop in zip(path.row, path.start_ns, path.end_ns, strict=True):
        sums[phase[row]] += stop - begin
    for row, shared in overlap.items():
        if row not in trace.phase and phase[row] == "work":
            sums["work"] -= shared
            sums["unknown"] += shared
    return split(sums)


def split(sums: Mapping[str, int]) -> PhaseSplit:
    """A `PhaseSplit` of sums by phase; what has another name is unknown."""
    known = {f"{name}_ns": sums.get(name, 0) for name in _KNOWN}
    return PhaseSplit(**known, unknown_ns=sum(sums.values()) - sum(known.values()))


def _inherited(trace: Trace) -> list[str]:
    """The phase that holds for each row: its own, else that of its nearest ancestor that has one, else work."""
    if not trace.phase:
        return ["work"] * len(trace)
    held = ["work"] * len(trace)
    for row, _ in trace.preorder():
        own, above = trace.phase.get(row), trace.parent[row]
        if own is not None:
            held[row] = own if own in _KNOWN else "unknown"
        elif above >= 0:
            held[row] = held[above]
    return held
