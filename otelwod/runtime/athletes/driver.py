"""From an athlete to a session's inputs, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from otelwod.runtime.events import Event
from otelwod.runtime.inputs import Input
from otelwod.runtime.session import Session


class Athlete(Protocol):
    """Decides what happens next. Live input, a simulation and a robot in a test all fit."""

    def propose(self, session: Session) -> Input | None:
        """The next thing the athlete would do, at or after ``session.now``; None to wait for the next boundary.

        Asked again after every boundary: what was proposed for a block that ended meanwhile is not sent.
        """
        ...


def drive(session: Session, athlete: Athlete) -> Iterator[list[Event]]:
    """Runs a session to its end, yielding the events of each input. Stops it where nothing more can happen."""
    if not session.is_started:
        yield session.send(Input("start", 0))
    while not session.is_done:
        entry = athlete.propose(session)
        boundary = session.next_boundary
        if entry is None and boundary is None:
            yield session.send(Input("stop", session.now))
        elif entry is None or (boundary is not None and boundary <= entry.t):
            yield session.send(Input("tick", boundary if boundary is not None else session.now))
        else:
            yield session.send(entry)


def replay(session: Session, inputs: Iterable[Input]) -> Iterator[list[Event]]:
    """Runs recorded inputs; behind the last the clock runs on to the end, or stops where no timer would end it."""
    for entry in inputs:
        yield session.send(entry)
    if not session.is_started:
        yield session.send(Input("start", 0))
    while not session.is_done:
        boundary = session.next_boundary
        yield session.send(Input("stop", session.now) if boundary is None else Input("tick", boundary))
