"""The processor and the summary without a line of code: entry points, `opentelemetry-instrument`, declarative YAML."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from processor_programs import Program

from otelwod.insight.live.instrumentor import OtelwodInstrumentor, attached
from otelwod.insight.live.options import ProcessorOptions, read_options
from otelwod.insight.live.sampling import SeeAllSampler
from otelwod.insight.live.summary_exporter import SummaryExporter
from otelwod.telemetry.variables import OF_PROCESSOR, warn_once

APP = """
from opentelemetry import trace
tracer = trace.get_tracer("app")
for _ in range(3):
    with tracer.start_as_current_span("request"):
        with tracer.start_as_current_span("slow query") as span:
            pass
processors = trace.get_tracer_provider()._active_span_processor._span_processors
print([type(processor).__name__ for processor in processors])
"""
ROOT = Path(__file__).parents[2]
INSTRUMENT = Path(sys.executable).with_name("opentelemetry-instrument")
needs_instrument = pytest.mark.skipif(not INSTRUMENT.exists(), reason="opentelemetry-distro is not installed")
needs_entry_points = pytest.mark.skipif(
    not entry_points(group="opentelemetry_instrumentor", name="otelwod"), reason="installed without its entry points"
)


def instrumented(
    tmp_path: Path, *, arguments: tuple[str, ...] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    app = tmp_path / "app.py"
    app.write_text(APP)
    quiet = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
    if "OTEL_CONFIG_FILE" in environ:
        quiet = {}
    return subprocess.run(
        [str(INSTRUMENT), sys.executable, str(app)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **quiet, **environ},
        cwd=tmp_path,
    )


def test_every_option_of_the_processor_is_a_known_variable() -> None:
    assert [f"OTELWOD_{field.name.upper()}" for field in fields(ProcessorOptions)] == list(OF_PROCESSOR)


def test_a_variable_that_nobody_reads_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    warn_once.cache_clear()
    for name in (
        "OTELWOD_MAX_SPAN",
        "OTELWOD_REQUIRE_BACKENDS",
        "OTELWOD_MAX_SPANS",
        "OTELWOD_BUDGET",
        "OTELWOD_XYZZY",
    ):
        monkeypatch.setenv(name, "0.5")
    monkeypatch.setenv("OTELWOD_ENABLED", "false")
    for _ in range(2):
        assert OtelwodInstrumentor().instrument() is None
    told = [record.getMessage() for record in caplog.records if "is not read" in record.getMessage()]
    assert sorted(told) == [
        "OTELWOD_MAX_SPAN is not read by otelwod; is OTELWOD_MAX_SPANS meant?",
        "OTELWOD_XYZZY is not read by otelwod; see its docs",
    ]


@needs_instrument
@needs_entry_points
def test_merely_being_installed_is_no_choice(tmp_path: Path) -> None:
    ran = instrumented(tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]", "no processor of ours, and no cost"
    assert ran.stderr == ""


@needs_instrument
@needs_entry_points
def test_instrument_attaches_it_and_nothing_is_printed(tmp_path: Path) -> None:
    ran = instrumented(tmp_path, OTELWOD_ENABLED="true")
    assert ran.returncode == 0, ran.stderr
    assert "PerformanceProcessor" in ran.stdout
    assert "slow query" not in ran.stderr


@needs_instrument
@needs_entry_points
def test_options_come_from_the_environment(tmp_path: Path) -> None:
    ran = instrumented(tmp_path, OTELWOD_REPORT_AT_EXIT="true", OTELWOD_SEE_ALL="yes", OTEL_TRACES_SAMPLER="always_off")
    assert ran.returncode == 0, ran.stderr
    assert "6 spans" in ran.stderr
    assert "slow query" in ran.stderr


@needs_instrument
@needs_entry_points
@pytest.mark.parametrize(
    "environ",
    [
        {"OTELWOD_ENABLED": "false", "OTELWOD_MAX_SPANS": "7"},
        {"OTELWOD_ENABLED": "true", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "otelwod"},
    ],
)
def test_it_can_be_kept_away(tmp_path: Path, environ: dict[str, str]) -> None:
    assert "PerformanceProcessor" not in instrumented(tmp_path, **environ).stdout


@needs_instrument
@needs_entry_points
def test_the_exporter_prints_the_summary_at_exit(tmp_path: Path) -> None:
    ran = instrumented(tmp_path, OTEL_TRACES_EXPORTER="otelwod", OTELWOD_ENABLED="false")
    assert ran.returncode == 0, ran.stderr
    assert "BatchSpanProcessor" in ran.stdout
    assert "6 spans" in ran.stderr


@needs_instrument
@needs_entry_points
def test_declarative_configuration(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.configuration")
    config = tmp_path / "otel.yaml"
    text = (ROOT / "examples" / "otel.yaml").read_text(encoding="utf-8")
    endpoint = "otlp_http:\n            endpoint: http://localhost:4318/v1/traces"
    assert endpoint in text
    config.write_text(text.replace(endpoint, "console:"), encoding="utf-8")  # nobody listens here
    ran = instrumented(tmp_path, OTEL_CONFIG_FILE=str(config), OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="*")
    assert ran.returncode == 0, ran.stderr
    assert "PerformanceProcessor" in ran.stdout, ran.stderr
    assert "6 spans" in ran.stderr


def test_naming_the_entry_points_loads_no_sdk() -> None:
    code = "import sys; import otelwod.insight.live.instrumentor; print('opentelemetry.sdk.trace' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ran.stdout.strip() == "False", ran.stderr


@pytest.mark.parametrize(
    ("environ", "call", "attaches"),
    [
        ({}, {"skip_dep_check": True}, False),
        ({"OTELWOD_MAX_SPANS": " ", "OTELWOD_BUDGET": "0.02"}, {"skip_dep_check": True}, False),
        ({"OTELWOD_MAX_SPANS": "9"}, {"skip_dep_check": True}, True),
        ({"OTELWOD_ENABLED": "true"}, {"skip_dep_check": True}, True),
        ({}, {}, True),
        ({"OTELWOD_ENABLED": "false"}, {}, False),
    ],
)
def test_it_attaches_where_somebody_chose_it(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], call: dict[str, bool], attaches: bool
) -> None:
    for name in [name for name in os.environ if name.startswith("OTELWOD_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    provider = TracerProvider(shutdown_on_exit=False)
    found = OtelwodInstrumentor().instrument(tracer_provider=provider, **call)
    assert (found is not None, attached(provider) is not None) == (attaches, attaches)


def test_one_processor_a_provider() -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    first = OtelwodInstrumentor().instrument(tracer_provider=provider, metrics=False, max_spans=7)
    assert first is not None
    assert OtelwodInstrumentor().instrument(tracer_provider=provider) is first
    assert attached(provider) is first
    assert list(OtelwodInstrumentor().instrumentation_dependencies()) == []
    OtelwodInstrumentor().uninstrument(tracer_provider=provider)
    OtelwodInstrumentor().uninstrument(tracer_provider=provider)
    assert attached(provider) is None


def test_see_all_reaches_tracers_that_were_given_out_before() -> None:
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    tracer = provider.get_tracer("early")
    processor = OtelwodInstrumentor().instrument(tracer_provider=provider, metrics=False, see_all=True)
    assert processor is not None
    with tracer.start_as_current_span("seen") as span:
        assert span.is_recording()
        assert not span.get_span_context().trace_flags.sampled
    assert processor.summary().ended == 1
    assert "SeeAll{AlwaysOffSampler}" in provider.sampler.get_description()
    assert isinstance(provider.sampler, SeeAllSampler)


def test_without_an_sdk_it_says_so_and_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert OtelwodInstrumentor().instrument(tracer_provider=trace.NoOpTracerProvider()) is None
    assert "nothing to attach" in caplog.text
    OtelwodInstrumentor().uninstrument(tracer_provider=trace.NoOpTracerProvider())


def test_a_provider_that_refuses_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Refuses:
        def add_span_processor(self, _: object) -> None:
            raise RuntimeError("no more")

    assert OtelwodInstrumentor().instrument(tracer_provider=Refuses()) is None
    assert "no more" in caplog.text


def test_bad_options_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "OTELWOD_MAX_SPANS": "-1",
        "OTELWOD_REPORT_AT_EXIT": "maybe",
        "OTELWOD_INTERVAL_S": "nan",
        "OTELWOD_TRACE_TIMEOUT_S": "soon",
        "OTELWOD_MAX_TRACES": " 12 ",
        "OTELWOD_METRICS": "",
    }
    assert read_options(environ, {"max_open": "9" * 12, "interval_s": 2, "see_all": True, "unknown": 1}) == {
        "max_traces": 12,
        "interval_s": 2.0,
        "see_all": True,
    }
    assert caplog.text.count("the default is used") == 4


def test_the_exporter_agrees_with_the_analysis() -> None:
    out = io.StringIO()
    program = Program()
    exporter = SummaryExporter(stream=out)
    program.provider.add_span_processor(SimpleSpanProcessor(exporter))
    program.serial([("slow", 900_000_000), ("quick", 10)])
    assert exporter.report().to_dict() == program.exported.report().to_dict()
    assert exporter.force_flush()
    program.provider.shutdown()
    exporter.shutdown()
    assert out.getvalue().count("`slow` holds") == 1
    silent = io.StringIO()
    SummaryExporter(stream=silent).shutdown()
    assert silent.getvalue() == ""


def test_an_exporter_that_cannot_print_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no printing")

    exporter = SummaryExporter()
    monkeypatch.setattr("otelwod.insight.live.summary_exporter.print_verdict", refuse)
    program = Program()
    program.provider.add_span_processor(SimpleSpanProcessor(exporter))
    program.serial([("a", 1)])
    program.provider.shutdown()
