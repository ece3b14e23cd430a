"""The one model of a span. Ids are text, times integer nanoseconds since the Unix epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

AttributeValue: TypeAlias = str | bool | int | float | Sequence[str] | Sequence[bool] | Sequence[int] | Sequence[float]
Attributes: TypeAlias = Mapping[str, AttributeValue]
SpanKind = Literal["internal", "server", "client", "producer", "consumer"]
SpanStatus = Literal["unset", "ok", "error"]


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at one moment of a span."""

    name: str
    time_ns: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A reference to another span that is not the parent."""

    trace_id: str
    span_id: str
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One finished (or, with ``end_ns=None``, still open) span: ``[start_ns, end_ns)``."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    start_ns: int
    end_ns: int | None
    kind: SpanKind = "internal"
    status: SpanStatus = "unset"
    status_message: str = ""
    attributes: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    resource: Attributes = field(default_factory=dict)
    scope: str = ""
    scope_version: str = ""

    @property
    def duration_ns(self) -> int:
        """``end − start``, never negative; 0 while the span is open."""
        return max(0, self.end_ns - self.start_ns) if self.end_ns is not None else 0

    @property
    def service(self) -> str:
        """The resource's ``service.name``, or an empty text."""
        return str(self.resource.get("service.name", ""))
