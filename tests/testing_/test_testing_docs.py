"""What docs/telemetry.md says a test looks like is run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "telemetry.md"

PIPELINE = """
from opentelemetry import trace

def my_pipeline(clock):
    tracer = trace.get_tracer("mine")
    with tracer.start_as_current_span("my_pipeline"):
        with tracer.start_as_current_span("load", attributes={"otelwod.phase": "work", "rows": 3}):
            clock.sleep(3600)
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_the_examples_run(tmp_path: Path) -> None:
    configure, files, test = blocks("python")
    folder = "import pathlib, tempfile\nfolder = pathlib.Path(tempfile.mkdtemp())\nsession_id, records = 'x', []\n"
    for code in (configure, folder + files):
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "test_user.py").write_text(PIPELINE + test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert "1 passed" in done.stdout, done.stdout
