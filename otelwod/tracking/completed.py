"""Finished records, bounded: beyond the capacity the oldest move to the session's file and stay findable there."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Final, Protocol

from otelwod.trace import SpanRecord

_log = logging.getLogger(__name__)

DEFAULT_CAPACITY: Final = 100_000
"""Records kept in memory by one tracker."""


class Overflow(Protocol):
    """Where records go that memory has no room for; `otelwod.archive` has one that is the session's file."""

    def put(self, record: SpanRecord) -> None:
        """Take this record over. One that is there already (by span id) may be left as it is."""

    def get(self, span_id: str) -> SpanRecord | None:
        """The record with this span id, None when it never came here."""


class Completed:
    """The finished records of one session, in the order in which they ended: children before their parents.

    Without an ``overflow`` the oldest beyond ``capacity`` are let go and counted in ``let_go``; with one they are
    counted in ``moved``.
    """

    __slots__ = ("_capacity", "_overflow", "_records", "let_go", "moved")

    def __init__(self, capacity: int = DEFAULT_CAPACITY, overflow: Overflow | None = None) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; it must be at least 1")
        self._capacity = capacity
        self._overflow = overflow
        self._records: OrderedDict[str, SpanRecord] = OrderedDict()
        self.moved = 0
        self.let_go = 0

    @property
    def records(self) -> tuple[SpanRecord, ...]:
        """Those in memory."""
        return tuple(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def add(self, record: SpanRecord) -> None:
        """One more; the oldest leave when there is no room."""
        self._records[record.span_id] = record
        while len(self._records) > self._capacity:
            _, oldest = self._records.popitem(last=False)
            self._move(oldest)

    def get(self, span_id: str) -> SpanRecord | None:
        """The record with this span id, from memory or from where it moved to."""
        record = self._records.get(span_id)
        if record is not None or self._overflow is None or not self.moved:
            return record
        try:
            return self._overflow.get(span_id)
        except Exception:  # noqa: BLE001 - a file may be gone; the host is not to notice
            _log.warning("otelwod: a span that moved out of memory cannot be read back", exc_info=True)
            return None

    def _move(self, record: SpanRecord) -> None:
        if self._overflow is not None:
            try:
                self._overflow.put(record)
            except Exception:  # noqa: BLE001 - a full disk costs this record, counted, and nothing else
                if not self.let_go:
                    _log.warning("otelwod: finished spans cannot move out of memory and are let go", exc_info=True)
            else:
                self.moved += 1
                return
        self.let_go += 1
