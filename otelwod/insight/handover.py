"""Hand-overs: consumers that go on after the roots of their trace have ended.

A PRODUCER does not wait for its CONSUMER, so the consumer is on no path of the producer's.
What it does when all the rest is over is nevertheless time that somebody waits for: it is a tree of its own, and holds
the trace from where the trees before it ended. The time in which no tree was open (the message lay in the queue)
belongs to nobody.
"""

from __future__ import annotations

from otelwod.insight.criticalpath import extent
from otelwod.trace import Trace


def handed_over(trace: Trace) -> tuple[int, ...]:
    """The consumers that nobody waits for and that end after all roots and all such consumers that began before them.

    In row order, which is that of their starts.
    """
    if not trace.nonblocking:
        return ()
    reach = extent(trace)[1]
    found = []
    for row in sorted(trace.nonblocking):
        if trace.end_ns[row] > reach and trace.record(row).kind == "consumer":
            found.append(row)
            reach = trace.end_ns[row]
    return tuple(found)
