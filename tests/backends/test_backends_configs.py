"""Every configuration that we ship, checked by its own program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from backend_programs import find_program
from backend_services import SHIPPED

pytestmark = pytest.mark.backend
COLLECTORS = ["collector.yaml", "gateway-balancer.yaml", "gateway-sampler.yaml"]


def check(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(find_program(name)), *arguments], cwd=SHIPPED, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("config", COLLECTORS)
def test_the_collector_takes_its_configuration(config: str) -> None:
    done = check("otelcol", "validate", "--config", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_check_can_fail(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text((SHIPPED / "collector.yaml").read_text().replace("memory_limiter]", "nobody]"))
    text = (SHIPPED / "collector.yaml").read_text().replace("check_interval", "chck_interval")
    (tmp_path / "bad.yaml").write_text(text)
    done = check("otelcol", "validate", "--config", str(tmp_path / "bad.yaml"))
    assert done.returncode != 0
    assert "chck_interval" in done.stderr


@pytest.mark.parametrize("config", COLLECTORS)
def test_the_memory_limiter_comes_first(config: str) -> None:
    shipped = yaml.safe_load((SHIPPED / config).read_text())
    for name, pipeline in shipped["service"]["pipelines"].items():
        assert pipeline["processors"][0] == "memory_limiter", name


def test_jaeger_takes_its_configuration() -> None:
    done = check("jaeger", "validate", "--config", "jaeger.yaml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "--lint=all", "--lint-fatal", "rules.yml", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
    ],
)
def test_prometheus_takes_its_configuration_and_rules(arguments: tuple[str, ...]) -> None:
    done = check("promtool", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested() -> None:
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text())
    tests = yaml.safe_load((SHIPPED / "alerts.test.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    fired = {case["alertname"] for test in tests["tests"] for case in test["alert_rule_test"] if case.get("exp_alerts")}
    assert fired == alerts
