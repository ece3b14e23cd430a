"""Those who are told of each complete trace."""

from __future__ import annotations

from collections.abc import Callable

from otelwod.insight.live.guard import warn
from otelwod.trace import Trace


class Subscribers:
    """Callbacks of the host. One that raises is not called again; false while there are none."""

    __slots__ = ("_callbacks",)

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Trace], None]] = []

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[[Trace], None]) -> Callable[[], None]:
        """Returns the way to end it, which may be gone more than once."""
        self._callbacks.append(callback)

        def leave() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return leave

    def tell(self, trace: Trace) -> None:
        """Call everybody."""
        for callback in tuple(self._callbacks):
            try:
                callback(trace)
            except BaseException as error:  # noqa: BLE001 - foreign code, in our thread
                self._callbacks.remove(callback)
                warn("a subscriber raised %s and is not called again", type(error).__name__)
