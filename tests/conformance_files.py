"""Where the conformance cases are: beside the repository, or where OTELWOD_CONFORMANCE says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("OTELWOD_CONFORMANCE") or Path(__file__).resolve().parents[2] / "shared" / "conformance")


def conformance(name: str) -> Path:
    """The path of a file such as ``wodscript/run_cases.jsonl``; without it the test is skipped, saying so."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"conformance case file {path} is absent (set OTELWOD_CONFORMANCE)", allow_module_level=True)
    return path
