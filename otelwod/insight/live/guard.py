"""Our own failures: counted, said once, and after a few of them everything of ours is switched off."""

from __future__ import annotations

import logging
from collections.abc import Callable

MOST_FAILURES = 3
_logger = logging.getLogger("otelwod.insight")


class Guard:
    """Counts internal failures; at the third it calls ``switch_off`` and says so in the log, once. Never raises."""

    __slots__ = ("_switch_off", "_what", "disabled", "failures", "reason")

    def __init__(self, what: str, switch_off: Callable[[], None]) -> None:
        self._what = what
        self._switch_off = switch_off
        self.failures = 0
        self.disabled = False
        self.reason = ""

    def failed(self, error: BaseException, place: str) -> None:
        """Note an error of ours at ``place``."""
        try:
            self.failures += 1
            self.reason = f"{type(error).__name__} in {place}"
            if self.failures < MOST_FAILURES or self.disabled:
                return
            self.disabled = True
            self._switch_off()
            _logger.warning("%s is disabled after %d internal errors: %s", self._what, self.failures, self.reason)
        except Exception:  # noqa: BLE001 - not even the telling may hurt the host
            self.disabled = True


def warn(message: str, *arguments: object) -> None:
    """One line in the log; never raises."""
    try:
        _logger.warning(message, *arguments)
    except Exception:  # noqa: BLE001 - a handler of the host that fails is not to fail the host through us
        return
