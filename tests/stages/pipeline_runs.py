"""How the tests of pipelines run one: on threads and on asyncio, with a limit that a hanging run breaks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from otelwod.stages.pipeline import Pipeline, PipelineResult

LIMIT_S = 20
WAYS = ("threads", "asyncio")


def run(way: str, pipeline: Pipeline[Any, Any], items: Iterable[Any]) -> PipelineResult[Any]:
    """The result of a run, on threads or on asyncio; its error raised. Fails where it hangs or leaves a thread."""
    answers: list[Any] = []

    def target() -> None:
        try:
            if way == "threads":
                answers.append(pipeline.run(items))
            else:
                answers.append(asyncio.run(pipeline.arun(items)))
        except BaseException as error:  # noqa: BLE001 - handed to the test
            answers.append(error)

    before = threading.active_count()
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    if thread.is_alive():
        pytest.fail(f"the pipeline hangs on {way}")
    assert threading.active_count() == before, "a thread was left running"
    if isinstance(answers[0], BaseException):
        raise answers[0]
    result: PipelineResult[Any] = answers[0]
    return result
