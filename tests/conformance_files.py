"""Where the conformance cases are: beside the repository, or where OTELWOD_CONFORMANCE says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("OTELWOD_CONFORMANCE") or Path(__file__).resolve().parents[2] / "shared" / "conformance")


def conformance(name: str) -> Path:
    """The path of a file such as ``wodscript/run_cases.jsonl``.

    Without it the test is skipped, saying so; with ``OTELWOD_REQUIRE_CONFORMANCE`` set (the gate) it fails.
    """
    path = ROOT / name
    if not path.exists():
        if os.environ.get("OTELWOD_REQUIRE_CONFORMANCE"):
            pytest.fail(f"conformance case file {path} is absent", pytrace=False)
        pytest.skip(f"conformance case file {path} is absent (set OTELWOD_CONFORMANCE)", allow_module_level=True)
    return path
