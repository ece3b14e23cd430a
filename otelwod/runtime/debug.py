"""`DebugMemoryView`: looks into a session's memory and cannot change it."""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from dataclasses import replace

from otelwod.runtime.memory import MemoryChange, MemoryEntry, RuntimeMemory


def _copy(entry: MemoryEntry) -> MemoryEntry:
    return replace(entry, value=deepcopy(entry.value))


class DebugMemoryView:
    """A reader's view of a `RuntimeMemory`: every value it shows is a copy.

    With ``log=True`` it also keeps the last ``capacity`` changes; without it, nothing is subscribed and the memory
    works as fast as if the view did not exist.
    """

    def __init__(self, memory: RuntimeMemory, *, log: bool = False, capacity: int = 10_000) -> None:
        self._memory = memory
        self._log: deque[MemoryChange] = deque(maxlen=capacity)
        self._unsubscribe = (
            memory.subscribe(lambda change: self._log.append(replace(change, entry=_copy(change.entry))))
            if log
            else None
        )

    def close(self) -> None:
        """Ends the log. What was logged stays readable."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def snapshot(self) -> tuple[MemoryEntry, ...]:
        """All references, oldest first."""
        return tuple(_copy(entry) for entry in self._memory.snapshot())

    def by_type(self) -> dict[str, tuple[MemoryEntry, ...]]:
        """All references by their type."""
        return self._grouped("type")

    def by_owner(self) -> dict[str, tuple[MemoryEntry, ...]]:
        """All references by their owner."""
        return self._grouped("owner")

    def hierarchy(self) -> tuple[tuple[int, MemoryEntry], ...]:
        """``(depth, entry)`` in pre-order: children stand behind their parent, owners in the order of allocation."""
        entries = self.snapshot()
        children: dict[int | None, list[MemoryEntry]] = {}
        for entry in entries:
            children.setdefault(entry.parent, []).append(entry)
        rows: list[tuple[int, MemoryEntry]] = []
        pending = [(0, entry) for entry in reversed(children.get(None, []))]
        while pending:
            depth, entry = pending.pop()
            rows.append((depth, entry))
            pending.extend((depth + 1, child) for child in reversed(children.get(entry.id, [])))
        return tuple(rows)

    def format(self) -> str:
        """The hierarchy as text, one owner a paragraph."""
        lines: list[str] = []
        owner = None
        for depth, entry in self.hierarchy():
            if entry.owner != owner:
                owner = entry.owner
                lines.append(f"{entry.scope} {owner}")
            lines.append(f"{'  ' * (depth + 1)}{entry.type} = {entry.value!r}")
        return "\n".join(lines)

    def log(self) -> tuple[MemoryChange, ...]:
        """The last changes, oldest first; empty unless the view was made with ``log=True``."""
        return tuple(self._log)

    def _grouped(self, field: str) -> dict[str, tuple[MemoryEntry, ...]]:
        groups: dict[str, list[MemoryEntry]] = {}
        for entry in self.snapshot():
            groups.setdefault(getattr(entry, field), []).append(entry)
        return {key: tuple(entries) for key, entries in groups.items()}
