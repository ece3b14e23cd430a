"""Clock skew between hosts, corrected by Jaeger's rule (`clockskew.go`); off unless asked for.

A child on another host than its parent is shifted so that it fits: centred in its parent, as if the network took as
long on the way back as on the way there; a child longer than its parent only so far that it does not begin before
it. A child on the same host moves with its parent. Nothing moves that fits already, nor where a host is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from otelwod.trace import Attributes, Trace


@dataclass(frozen=True, slots=True)
class SkewReport:
    """``trace`` with corrected times, ``shifts_ns`` {row before: shift}, and what was not done, in words."""

    trace: Trace
    shifts_ns: Mapping[int, int]
    warnings: tuple[str, ...]


def host_of(resource: Attributes) -> str:
    """The key by which hosts are told apart: ``host.id``, else the first ``host.ip``, else ``host.name``, else ''."""
    for name in ("host.id", "host.ip", "host.name"):
        value = resource.get(name)
        if isinstance(value, (list, tuple)):
            value = value[0] if value else None
        if value:
            return str(value)
    return ""


def correct_skew(trace: Trace, max_adjust_ns: int) -> SkewReport:
    """Shift spans whose clock was off, each by no more than ``max_adjust_ns`` (0: nothing moves, only warnings).

    Corrections beyond the limit are left out and said. A trace with two spans of one id is not touched: nobody
    could say which of them is the parent.
    """
    if len(set(trace.span_id)) < len(trace):
        return SkewReport(trace, {}, ("duplicate span ids: clock skew is not corrected",))
    hosts = [host_of(trace.record(row).resource) for row in range(len(trace))]
    start, end, parent = trace.start_ns, trace.end_ns, trace.parent
    shifts: dict[int, int] = {}
    carried: list[tuple[str, int]] = [("", 0)] * len(trace)  # the skew that a span's children inherit: host, shift
    warnings = []
    for row, _ in trace.preorder():
        above, host = parent[row], hosts[row]
        if above < 0:
            carried[row] = (host, 0)
            continue
        skew = carried[above]
        if host != skew[0]:
            known = bool(host and skew[0])  # nobody can say that an unknown host is another one
            moved = shifts.get(above, 0)
            shift = _shift(start[above] + moved, end[above] + moved, start[row], end[row]) if known else 0
            skew = (host, shift)
        carried[row] = skew
        shift = skew[1]
        if not shift:
            continue
        if abs(shift) > max_adjust_ns:
            over = "is off" if not max_adjust_ns else f"is limited to {max_adjust_ns} ns"
            warnings.append(f"span {trace.span_id[row]}: clock skew of {shift} ns; the correction {over}")
            continue
        shifts[row] = shift
    return SkewReport(trace.shifted(shifts) if shifts else trace, shifts, tuple(warnings))


def _shift(parent_start: int, parent_end: int, start: int, end: int) -> int:
    duration, room = end - start, parent_end - parent_start
    if duration > room:
        return max(0, parent_start - start)
    if start >= parent_start and end <= parent_end:
        return 0
    return parent_start + (room - duration) // 2 - start
