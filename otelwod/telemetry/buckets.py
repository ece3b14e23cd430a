"""Histogram buckets that fit what otelwod measures; the SDK's defaults are meant for milliseconds. No SDK here.

Use them as ``explicit_bucket_boundaries_advisory`` on a foreign meter provider; on our own they are views.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from otelwod import conventions

# fmt: off
DURATION_S: Final = (
    0.005, 0.05, 0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 120, 180, 240, 300, 420, 600, 900,
    1200, 1800, 2700, 3600, 5400, 7200,
)
# fmt: on
"""Seconds: from a short effort to a long session."""
# fmt: off
STAGE_S: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
)
# fmt: on
"""Seconds: one call of a stage, from a tenth of a millisecond to half an hour."""
HEART_RATE: Final = (50, 70, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200)
"""Beats per minute."""
POWER_W: Final = (50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800, 1000, 1500)
"""Watts."""

BY_INSTRUMENT: Final[Mapping[str, tuple[float, ...]]] = {
    conventions.INSTRUMENT_SESSION_DURATION: DURATION_S,
    conventions.INSTRUMENT_BLOCK_DURATION: DURATION_S,
    conventions.INSTRUMENT_STAGE_DURATION: STAGE_S,
    conventions.INSTRUMENT_HEART_RATE: HEART_RATE,
    conventions.INSTRUMENT_POWER: POWER_W,
}
"""Bucket boundaries of every histogram in `otelwod.conventions`."""
