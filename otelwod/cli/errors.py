"""The one error that ends a command: a user's mistake, said with place and remedy, exit status 2."""

from __future__ import annotations


class UsageError(Exception):
    """Bad usage or bad input. Each of ``lines`` is ``file:line:column: what, and what to do`` or ``what, …``."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
