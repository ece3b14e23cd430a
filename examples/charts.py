"""Data for the dashboards: workouts with their instruments, and a pipeline with a bottleneck and an error now and then.

Run: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 python examples/charts.py [RUNS]

`otelwod run --simulate` touches no instrument, because it tells of a time that was not now. This program asks for it
(``live=True``), so that every panel has something to show. It prints the totals that the charts must agree with.
"""

import json
import random
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import otelwod
from otelwod import conventions as c
from otelwod.insight.processor import PerformanceProcessor
from otelwod.stages.pipeline import FunctionStage, Pipeline
from otelwod.trace import SpanRecord

WORKOUTS = ("fran", "cindy", "emom-12", "tabata", "intervals")


class Pulse:
    """An athlete with a heart-rate strap: the pace model's inputs, and a sample before each of them."""

    def __init__(self, seed: int) -> None:
        self._athlete = otelwod.SimulatedAthlete(seed)
        self._random = random.Random(seed)  # noqa: S311
        self._next: otelwod.Input | None = None
        self._rate = 95.0

    def propose(self, session: otelwod.Session) -> otelwod.Input | None:
        """A sample first, then what the athlete wanted to do."""
        wanted, self._next = self._next or self._athlete.propose(session), None
        if wanted is None or wanted.kind == "record" or self._random.random() < 0.5:
            return wanted
        self._next = wanted
        self._rate = min(188.0, self._rate + self._random.uniform(0, 6))
        rate = round(self._rate)
        return replace(wanted, kind="record", metric="heart_rate", value=rate, unit=c.UNIT_BEATS_PER_MINUTE, type=None)


def work_out(name: str, seed: int, telemetry: otelwod.telemetry.Telemetry) -> list[SpanRecord]:
    """One session in virtual time that ends now."""
    workout = otelwod.load(str(Path(__file__).with_name(f"{name}.wod")))
    program = otelwod.compile_workout(workout)
    rehearsal = otelwod.Session(program)
    for _ in otelwod.drive(rehearsal, Pulse(seed)):
        pass
    records: list[SpanRecord] = []
    session = otelwod.Session(program)
    tracker = otelwod.SessionTracker(
        session_id=f"{name}-{seed}-{time.time_ns():x}",
        anchor_ns=time.time_ns() - rehearsal.now,
        tracer=telemetry.tracer,
        meter=telemetry.meter,
        workout_name=workout.name,
        workout_format=workout.format,
        workout_id=workout.id,
        workout_source="script",
        live=True,
        on_record=records.append,
    )
    session.subscribe(tracker)
    for _ in otelwod.drive(session, Pulse(seed)):
        pass
    tracker.close()
    return records


def fetch(number: int) -> int:
    """Fast."""
    time.sleep(0.001)
    return number


def parse(number: int) -> int:
    """Fails for one item in ten."""
    if number % 10 == 7:
        raise ValueError(f"item {number} is no record")
    return number


@otelwod.stage("write", histogram=True)
def store(number: int) -> int:
    """The bottleneck."""
    time.sleep(0.004)
    return number


def main() -> None:
    """Runs workouts and pipelines, and prints their totals as JSON."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    telemetry = otelwod.configure(service_name="charts", live=False)
    telemetry.provider.add_span_processor(PerformanceProcessor())  # type: ignore[attr-defined]
    totals: Counter[str] = Counter()
    for run in range(runs):
        for name in WORKOUTS:
            for record in work_out(name, run, telemetry):
                attributes = record.attributes
                totals["sessions"] += attributes.get(c.BLOCK_TYPE) == "session"
                if c.PHASE in attributes:
                    totals[f"{attributes[c.PHASE]}_ns"] += record.duration_ns or 0
                for event in record.events:
                    said = event.attributes
                    if event.name == c.EVENT_METRIC_RECORDED and said[c.METRIC_NAME] == "reps":
                        totals[f"reps {said.get(c.MOVEMENT_ID)}"] += said[c.METRIC_VALUE]
        stages = [FunctionStage(fetch, workers=2), FunctionStage(parse), FunctionStage(store, name="store")]
        result = Pipeline("etl", stages, on_error="collect").run(range(30))
        totals["items"] += len(result.outputs)
        totals["failures"] += result.failed
    telemetry.force_flush(30)
    delivery = telemetry.shutdown(30)
    print(json.dumps({"totals": totals, "delivered": delivery.delivered, "lost": delivery.lost}))


if __name__ == "__main__":
    main()
