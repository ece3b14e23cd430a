"""Grafana's own grammar of TraceQL, from npm."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from backend_programs import HERE, REQUIRED, backends_folder, is_required

SOURCE = HERE / "traceql"


def checker() -> Path:
    """The folder with the grammar, installed by the lock file once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        message = "node and npm are not installed: TraceQL texts are not parsed"
        if is_required("traceql"):
            pytest.fail(f"{message} ({REQUIRED}={os.environ[REQUIRED]})", pytrace=False)
        pytest.skip(message)
    folder = backends_folder() / "traceql"
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()))).hexdigest()
    stamp = folder / ".recipe"
    if not stamp.exists() or stamp.read_text() != recipe:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SOURCE, folder)
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )
        stamp.write_text(recipe)
    return folder


def errors_in(queries: list[str]) -> list[list[int]]:
    """For each text the places where the grammar finds an error; empty lists are good news."""
    node = shutil.which("node")
    folder = checker()
    done = subprocess.run(
        [node or "node", "check.mjs"],
        cwd=folder,
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[list[int]] = json.loads(done.stdout)
    return found
