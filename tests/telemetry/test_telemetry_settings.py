from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelwod.telemetry.settings import NamedExporter, OtlpTarget, Settings, public_url, read_settings


def only_target(**environ: str) -> OtlpTarget:
    settings = read_settings(environ)
    assert settings.problems == ()
    (target,) = settings.traces
    assert isinstance(target, OtlpTarget)
    return target


def test_nothing_set_means_nothing_sent() -> None:
    settings = read_settings({"HOME": "/root"})
    assert settings == Settings(resource={"service.name": "otelwod"})
    assert settings.traces == settings.metrics == ()


@pytest.mark.parametrize(
    ("environ", "protocol", "endpoint"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4318"}, "http/protobuf", "http://h:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://h/otlp/"}, "http/protobuf", "https://h/otlp/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://h/otlp?a=b"}, "http/protobuf", "https://h/otlp/v1/traces?a=b"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317"}, "grpc", "http://h:4317"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h:1/x"}, "http/protobuf", "http://h:1/x"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://own:1/x", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:2"},
            "http/protobuf",
            "http://own:1/x",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            "http/protobuf",
            "http://h:4317/v1/traces",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc", "http://h:9"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:9",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
            },
            "grpc",
            "http://h:9",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "h:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc", "https://h:9"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "h:9",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_INSECURE": "true",
            },
            "grpc",
            "http://h:9",
        ),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http/protobuf", "http://localhost:4318/v1/traces"),
        ({"OTEL_TRACES_EXPORTER": "otlp_proto_grpc"}, "grpc", "http://localhost:4317"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp_proto_http", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:4317"},
            "http/protobuf",
            "http://h:4317/v1/traces",
        ),
    ],
)
def test_endpoint_and_protocol(environ: dict[str, str], protocol: str, endpoint: str) -> None:
    target = only_target(**environ)
    assert (target.protocol, target.endpoint) == (protocol, endpoint)


def test_signals_have_their_own_endpoints() -> None:
    settings = read_settings({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m:1/api/v1/otlp/v1/metrics"})
    assert settings.traces == ()
    assert settings.metrics == (
        OtlpTarget("metrics", "http/protobuf", "http://m:1/api/v1/otlp/v1/metrics", insecure=True),
    )
    both = read_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1"})
    assert [t.endpoint for t in (*both.traces, *both.metrics) if isinstance(t, OtlpTarget)] == [
        "http://h:1/v1/traces",
        "http://h:1/v1/metrics",
    ]


def test_details_of_a_target() -> None:
    target = only_target(
        OTEL_EXPORTER_OTLP_ENDPOINT="https://user:pass@h:1?token=x",
        OTEL_EXPORTER_OTLP_HEADERS="Api-Key=a%20b, x=1=2",
        OTEL_EXPORTER_OTLP_TIMEOUT="2.5",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        OTEL_EXPORTER_OTLP_CERTIFICATE="/ca.pem",
        OTEL_EXPORTER_OTLP_CLIENT_KEY="/key.pem",
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE="/cert.pem",
    )
    assert target.headers == (("api-key", "a b"), ("x", "1=2"))
    assert (target.timeout_s, target.compression, target.insecure) == (2.5, "gzip", False)
    assert (target.certificate, target.client_key, target.client_certificate) == ("/ca.pem", "/key.pem", "/cert.pem")
    assert target.place == "https://h:1/v1/traces"
    assert "a b" not in repr(target)


def test_urls_are_shown_without_secrets() -> None:
    assert public_url("https://user:pass@h:1/p?token=x#y") == "https://h:1/p"
    assert public_url("127.0.0.1:4317") == "127.0.0.1:4317"
    assert public_url("http://[") == "http://["


def test_own_headers_replace_the_general_ones() -> None:
    target = only_target(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://h:1",
        OTEL_EXPORTER_OTLP_HEADERS="a=1",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS="b=2",
        OTEL_EXPORTER_OTLP_TRACES_COMPRESSION="deflate",
    )
    assert target.headers == (("b", "2"),)
    assert target.compression == "deflate"


def test_exporters_by_name() -> None:
    settings = read_settings(
        {
            "OTEL_TRACES_EXPORTER": "console, otlp,console",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1",
        }
    )
    assert settings.traces[0] == NamedExporter("traces", "console")
    assert isinstance(settings.traces[1], OtlpTarget)
    assert len(settings.traces) == 2
    assert settings.metrics == ()


def test_who_we_are() -> None:
    settings = read_settings({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a,host.name=b%2Cc"})
    assert settings.service_name == "a"
    assert settings.resource == {"service.name": "a", "host.name": "b,c"}
    assert read_settings({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "n"}).service_name == "n"


def test_disabled_reads_no_targets() -> None:
    settings = read_settings({"OTEL_SDK_DISABLED": " TRUE ", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://h:1"})
    assert settings.disabled
    assert settings.traces == settings.metrics == ()


def test_sampler_and_limits() -> None:
    settings = read_settings(
        {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "5",
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "7",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "9",
            "OTEL_SPAN_LINK_COUNT_LIMIT": "unset",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "100",
            "OTEL_BSP_MAX_QUEUE_SIZE": "10",
            "OTEL_BSP_SCHEDULE_DELAY": "250",
        }
    )
    assert settings.problems == ()
    assert (settings.sampler, settings.sampler_argument) == ("parentbased_traceidratio", 0.25)
    assert (settings.event_limit, settings.link_limit, settings.attribute_limit) == (5, None, 9)
    assert (settings.event_attribute_limit, settings.link_attribute_limit) == (7, 7)
    assert settings.attribute_length_limit == 100
    assert (settings.queue_size, settings.batch_size, settings.schedule_s) == (10, 10, 0.25)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318", "not a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:99999", "not a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1", "not a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://h", "not a URL"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "x", "not a URL"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "from 0.0 to 1.0"),
        ("OTEL_TRACES_SAMPLER_ARG", "nan", "from 0.0 to 1.0"),
        ("OTEL_SDK_DISABLED", "yes", "neither true nor false"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", "not a count"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "²", "not a count"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1" * 5000, "not a number"),
        ("OTEL_BSP_SCHEDULE_DELAY", "abc", "not a number"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", "not a number"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b", "not of the form key=value"),
    ],
)
def test_what_cannot_be_used_is_told_and_replaced(name: str, value: str, part: str) -> None:
    settings = read_settings({"OTEL_TRACES_SAMPLER": "traceidratio", name: value})
    (problem,) = settings.problems
    assert problem.startswith(f"{name}: ")
    assert part in problem
    assert len(problem) < 200
    assert settings.traces == settings.metrics == ()
    assert settings.sampler_argument == 1.0


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "http/protobuf is used"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "carrier pigeon", "http/protobuf is used"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "none is used"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1", "10.0 is used"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret", "not of the form"),
    ],
)
def test_a_bad_detail_does_not_cost_the_target(name: str, value: str, part: str) -> None:
    settings = read_settings({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h:1", name: value})
    (problem,) = settings.problems
    assert problem.startswith(f"{name}: ")
    assert part in problem
    assert "secret" not in problem
    (target,) = settings.traces
    assert target == OtlpTarget("traces", "http/protobuf", "http://h:1", insecure=True)


NAMES = st.sampled_from(
    [
        "OTEL_SDK_DISABLED",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_EXPORTER_OTLP_INSECURE",
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_BSP_MAX_QUEUE_SIZE",
    ]
)
VALUES = st.text(max_size=30) | st.sampled_from(
    ["grpc", "http://h:4317", "h:1", "otlp", "none", "true", "a=b", "1e3", "//", "http://[", "inf", "🏋=%ff"]
)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_no_environment_raises(environ: dict[str, str]) -> None:
    settings = read_settings(environ)
    assert settings.service_name
    assert all("\n" not in problem for problem in settings.problems)


def test_a_variable_of_ours_that_nobody_reads_is_a_problem() -> None:
    environ = {"OTELWOD_BUDGTE": "0.1", "OTELWOD_BUDGET": "0.1", "OTELWOD_MAX_SPANS": "5", "OTELWOD_REQUIRE_X": "1"}
    assert read_settings(environ).problems == ("OTELWOD_BUDGTE is not read by otelwod; is OTELWOD_BUDGET meant?",)
