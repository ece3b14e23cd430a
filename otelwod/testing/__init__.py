"""For the tests of programs that use otelwod: a clock that stands still, ids that repeat, spans that are captured.

    def test_my_pipeline(otelwod_spans):
        with otelwod_spans.installed():
            my_pipeline()
        assert otelwod_spans.tree() == "my_pipeline\\n  load\\n  store"

The pytest plugin (``otelwod.testing.plugin``) is found by pytest itself and does nothing unless a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otelwod.testing.clock import FakeClock
    from otelwod.testing.ids import SequentialIdGenerator
    from otelwod.testing.spans import CapturedSpans

__all__ = ["CapturedSpans", "FakeClock", "SequentialIdGenerator"]

_MODULES = {
    "CapturedSpans": "otelwod.testing.spans",
    "FakeClock": "otelwod.testing.clock",
    "SequentialIdGenerator": "otelwod.testing.ids",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
