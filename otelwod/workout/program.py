"""Text → `Workout`: the one entry of the language."""

from __future__ import annotations

import hashlib

from otelwod.workout.building import build
from otelwod.workout.drafts import Draft, read_drafts
from otelwod.workout.format import workout_format
from otelwod.workout.headings import settle_headers
from otelwod.workout.model import Scalar, Workout
from otelwod.workout.nesting import adopt, attach_caps, in_order
from otelwod.workout.regroup import regroup
from otelwod.workout.remarks import Diagnostics
from otelwod.workout.rests import spread_rests
from otelwod.workout.source import decode, read_source
from otelwod.workout.turns import settle_turns


def parse(source: str | bytes, *, name: str | None = None, markdown: bool = False) -> Workout:
    """Read a workout: any text and any bytes end in a `Workout`, with diagnostics for all that was not understood.

    ``name`` is used where the text has no title (a first heading, a ``name:`` line, a quoted first line or the name
    of a benchmark workout). ``markdown`` reads fences only, also where none is runnable. Never raises; time and memory
    grow with the length of the text.
    """
    diagnostics = Diagnostics()
    text = decode(source, diagnostics)
    readable = bool(text) or not len(diagnostics)
    found = read_source(text, diagnostics, markdown=markdown)
    drafts = read_drafts(found, _default_unit(text))
    identity = _identity(drafts.drafts)
    regroup(drafts)
    settle_headers(drafts)
    caps, dropped = attach_caps(drafts)
    adopt(drafts, caps, dropped)
    settle_turns(drafts)
    caps, dropped = in_order(drafts, caps, dropped)
    caps, dropped = spread_rests(drafts, caps, dropped)
    statements = build(drafts, caps, dropped)
    if readable and not any(s.type is not None for s in statements):
        message = "nothing here can be run" if text.strip() else "the text is empty"
        if not diagnostics.failed:
            diagnostics.add(1, 1, "error", message, "write a line such as 10 Burpees")
    values: dict[str, Scalar] = {}
    for s in statements:
        if s.values and s.type is None and s.parent is None:
            values.update(s.values)
    kept = [draft for i, draft in enumerate(drafts.drafts) if i not in dropped]
    return Workout(
        drafts.title or found.heading or name or "Workout",
        workout_format(statements),
        identity,
        statements,
        diagnostics.in_order(),
        _fences(kept, len(found.fences)),
        values,
    )


def _default_unit(text: str) -> str:
    """Loads without a unit are kilograms where the text says kg and never lb, else pounds."""
    lowered = text.lower()
    return "kg" if "kg" in lowered and "lb" not in lowered else "lb"


def _fences(kept: list[Draft], count: int) -> tuple[tuple[int, int], ...]:
    """The (first, past the last) statement of each fence."""
    sizes = [0] * count
    if sizes:
        for draft in kept:
            sizes[draft.fence] += 1
    ranges: list[tuple[int, int]] = []
    start = 0
    for size in sizes:
        ranges.append((start, start + size))
        start += size
    return tuple(ranges)


def _identity(drafts: list[Draft]) -> str:
    """A hash of the normalised text: nesting, words and numbers; not white space, case, comments or line ends."""
    depth: list[int] = []
    parts: list[str] = []
    normalised: dict[str, str] = {}
    before = -1
    for draft in drafts:
        level = 0 if draft.parent is None else depth[draft.parent] + 1
        depth.append(level)
        if draft.line == before:
            continue  # a further step of the same line
        before = draft.line
        line = normalised.get(draft.text)
        if line is None:
            line = normalised[draft.text] = _normal(draft.text)
        parts.append(f"{level} {line}")
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _normal(text: str) -> str:
    for mark in ("//", " #"):
        cut = text.find(mark)
        if cut >= 0:
            text = text[:cut]
    return " ".join(text.casefold().split())
