"""One stream of events to many subscribers; a failing one harms nobody, a late one may catch up."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from otelwod.runtime.events import Event

Subscriber: TypeAlias = Callable[[Event], None]
_logger = logging.getLogger("otelwod.runtime")


class EventBus:
    """Delivers each event to every subscriber in turn and remembers the last ``history`` events."""

    __slots__ = ("_history", "_subscribers", "failures")

    def __init__(self, history: int) -> None:
        self._subscribers: tuple[Subscriber, ...] = ()
        self._history: deque[Event] = deque(maxlen=history)
        self.failures = 0
        """How often a subscriber raised."""

    def subscribe(self, subscriber: Subscriber, *, catch_up: bool = False) -> Callable[[], None]:
        """Adds a subscriber; call what is returned to end it. ``catch_up`` first delivers what is remembered."""
        if catch_up:
            for event in list(self._history):
                self._deliver(subscriber, event)
        self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            left = list(self._subscribers)
            if subscriber in left:
                left.remove(subscriber)
                self._subscribers = tuple(left)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Delivers one event."""
        self._history.append(event)
        for subscriber in self._subscribers:
            self._deliver(subscriber, event)

    def _deliver(self, subscriber: Subscriber, event: Event) -> None:
        try:
            subscriber(event)
        except Exception:
            self.failures += 1
            if self.failures == 1:
                _logger.warning(
                    "a subscriber of the workout's events failed; it is told of later ones all the same", exc_info=True
                )
