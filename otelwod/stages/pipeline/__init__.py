"""Pipelines of named stages."""

from otelwod.stages.pipeline.model import (
    Failure,
    FunctionStage,
    PipelineError,
    PipelineResult,
    PipelineStage,
    StageTotals,
)
from otelwod.stages.pipeline.pipeline import Pipeline

__all__ = [
    "Failure",
    "FunctionStage",
    "Pipeline",
    "PipelineError",
    "PipelineResult",
    "PipelineStage",
    "StageTotals",
]
