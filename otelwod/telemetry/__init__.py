"""`configure()`: providers, exporters, ids, and the account of what was delivered.

Importing this package loads no SDK; the names that need it load it when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelwod.telemetry.configuration import Telemetry, configure
from otelwod.telemetry.delivery import Delivery, Destination
from otelwod.telemetry.ids import format_span_id, format_trace_id, planned_ids, session_trace_id, span_id_for

if TYPE_CHECKING:
    from otelwod.telemetry.export_processor import ExportProcessor
    from otelwod.telemetry.id_generator import PlannedIdGenerator, SeededIdGenerator

__all__ = [
    "Delivery",
    "Destination",
    "ExportProcessor",
    "PlannedIdGenerator",
    "SeededIdGenerator",
    "Telemetry",
    "configure",
    "format_span_id",
    "format_trace_id",
    "planned_ids",
    "session_trace_id",
    "span_id_for",
]

_NEEDS_SDK = {
    "ExportProcessor": "otelwod.telemetry.export_processor",
    "PlannedIdGenerator": "otelwod.telemetry.id_generator",
    "SeededIdGenerator": "otelwod.telemetry.id_generator",
}


def __getattr__(name: str) -> Any:
    if name in _NEEDS_SDK:
        from importlib import import_module

        return getattr(import_module(_NEEDS_SDK[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
