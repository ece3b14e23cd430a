"""`open_source`: any file or backend → traces, with all that was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from otelwod.archive import remote
from otelwod.archive.columns import Gathering
from otelwod.archive.document import Documents
from otelwod.archive.garbage import uncollected
from otelwod.archive.inflate import Progress, read_bytes
from otelwod.archive.limits import Limits, ReadError
from otelwod.archive.parse import read_data
from otelwod.archive.tally import Tally
from otelwod.archive.values import MICROSECOND
from otelwod.trace import Quality, Trace


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What sources held.

    ``skipped``: what could not be analysed, ``repaired``: what was put right, both as counts by reason; ``warnings``:
    sentences, with the place. ``eps_ns``: the precision of the coarsest source, 1,000 for those in microseconds.
    ``formats``: otlp, jaeger, zipkin, tempo, in the order in which they were met.
    """

    traces: tuple[Trace, ...]
    spans: int
    formats: tuple[str, ...]
    skipped: Mapping[str, int]
    repaired: Mapping[str, int]
    warnings: tuple[str, ...]
    eps_ns: int


def open_source(
    source: str | Path | Sequence[str | Path], *, limits: Limits | None = None, progress: Progress | None = None
) -> ReadResult:
    """Read a source, or several as one run: the spans of a trace may be spread over all of them.

    A source is the path of a file (``-``: standard input) or the address of a trace in a backend (`remote`). Formats
    and compression are told by the content. Damage is counted, not raised. Raises `ReadError` (a ValueError) for what
    cannot be read at all or is over one of the ``limits``; memory and time are bounded by those.
    """
    limits = limits or Limits()
    tally = Tally()
    documents = Documents(Gathering(), tally)
    for one in [source] if isinstance(source, (str, Path)) else source:
        place = "standard input" if one == "-" else str(one)
        if isinstance(one, str) and remote.is_remote(one):
            data, warning = remote.fetch(one, limits, progress)
        else:
            data, warning = read_bytes(one, limits, progress)
        tally.warn(warning)
        try:
            with uncollected():
                read_data(data, place, documents, limits)
        except MemoryError:
            raise ReadError(place, "needs more memory than there is; split it") from None
    gathering = documents.gathering
    counts = Quality(unreadable=sum(tally.skipped.values()), dropped_events=tally.dropped, missing_times=tally.undated)
    with uncollected():
        traces = gathering.traces(counts)
    return ReadResult(
        traces=traces,
        spans=gathering.spans,
        formats=tuple(documents.formats),
        skipped=dict(tally.skipped),
        repaired=dict(tally.repaired),
        warnings=tuple(tally.warnings),
        eps_ns=MICROSECOND if documents.coarse else 0,
    )
