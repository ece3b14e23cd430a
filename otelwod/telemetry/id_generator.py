"""The id generator of our own provider. Imports the SDK: reach it through ``otelwod.telemetry``."""

from __future__ import annotations

from random import Random

from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator

from otelwod.telemetry.ids import take_span_id, take_trace_id


class PlannedIdGenerator(IdGenerator):
    """Gives the ids of an enclosing `otelwod.telemetry.planned_ids` once, and ids of ``fallback`` otherwise."""

    def __init__(self, fallback: IdGenerator | None = None) -> None:
        self._fallback = fallback if fallback is not None else RandomIdGenerator()

    def generate_trace_id(self) -> int:
        planned = take_trace_id()
        return planned if planned is not None else self._fallback.generate_trace_id()

    def generate_span_id(self) -> int:
        planned = take_span_id()
        return planned if planned is not None else self._fallback.generate_span_id()

    def is_trace_id_random(self) -> bool:
        """False: some ids are hashes, and the flag is a promise to other programs about all of them."""
        return False


class SeededIdGenerator(IdGenerator):
    """The same seed gives the same ids in the same order: for runs that are to be repeated exactly."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - ids are names, not secrets

    def generate_trace_id(self) -> int:
        return self._random.getrandbits(128) or 1

    def generate_span_id(self) -> int:
        return self._random.getrandbits(64) or 1

    def is_trace_id_random(self) -> bool:
        """False: they repeat."""
        return False
