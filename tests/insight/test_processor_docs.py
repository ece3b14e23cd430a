"""The code on the pages runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from otelwod.insight.live.options import ProcessorOptions

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["processor.md", "monitoring.md"])
def test_the_examples_of_the_page_run(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    assert code
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (ran.returncode, ran.stderr) == (0, "")
    if page == "processor.md":
        assert ran.stdout.splitlines()[1] == "2"


def test_every_option_is_on_the_page() -> None:
    text = (ROOT / "docs" / "processor.md").read_text(encoding="utf-8")
    for name in ProcessorOptions.__dataclass_fields__:
        assert f"`{name}`" in text or f"_{name.upper()}`" in text, name


def test_the_celery_example_runs() -> None:
    pytest.importorskip("celery")
    pytest.importorskip("opentelemetry.instrumentation.celery")
    ran = subprocess.run(
        [sys.executable, "examples/celery_app.py"], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
    assert "[3, 3, 3, 3, 3]" in ran.stdout
    assert "thumbnail" in ran.stderr
