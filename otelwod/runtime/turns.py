"""Holding back a turn until it is final, for whoever cannot take events back."""

from __future__ import annotations

from collections.abc import Callable

from otelwod.runtime.events import Event, TapUndone


class FinalEvents:
    """A subscriber that passes events on once no `TapUndone` can void them any more.

    A turn is final when an event of a later turn arrives, or at `close`. What a tap ended is thus one turn late; its
    moments are not, because every event carries its own.
    """

    __slots__ = ("_deliver", "_held", "_turn")

    def __init__(self, deliver: Callable[[Event], None]) -> None:
        self._deliver = deliver
        self._held: list[Event] = []
        self._turn = -1

    def __call__(self, event: Event) -> None:
        """Takes one event of the stream."""
        if isinstance(event, TapUndone):
            if event.undone_turn == self._turn:
                self._held.clear()
            self._turn = event.turn
            return
        if event.turn != self._turn:
            self.close()
            self._turn = event.turn
        self._held.append(event)

    def close(self) -> None:
        """Passes on what is held: nothing more can be undone."""
        held, self._held = self._held, []
        for event in held:
            self._deliver(event)
