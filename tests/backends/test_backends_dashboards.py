"""Dashboards and compose file: what the generator writes, what their schemas accept, what Grafana's grammar reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from backend_programs import REPOSITORY
from backend_services import SHIPPED
from backend_traceql import errors_in

DASHBOARDS = REPOSITORY / "dashboards"
FILES = sorted(DASHBOARDS.glob("*.json"))
FENCE = re.compile(r"^```(traceql|promql)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def texts_of_docs(language: str) -> list[str]:
    """Every query in the fenced blocks of the docs: a line each, but for continued ones and comments."""
    found: list[str] = []
    for path in sorted((REPOSITORY / "docs").glob("*.md")):
        for kind, block in FENCE.findall(path.read_text()):
            if kind == language:
                found += [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
    return found


def test_pictures_are_there_and_small() -> None:
    shown = set()
    for path in (REPOSITORY / "docs").glob("*.md"):
        for place in re.findall(r"!\[[^\]]{10,}\]\((\S+\.png)\)", path.read_text()):
            picture = path.parent / place
            assert picture.read_bytes().startswith(b"\x89PNG"), place
            assert picture.stat().st_size < 300_000, place
            shown.add(picture.resolve())
    assert shown == {path.resolve() for path in (REPOSITORY / "docs" / "images").glob("*.png")}


def targets(source: str) -> list[tuple[str, str, dict[str, object]]]:
    """(dashboard, panel, target) for each query to a data source."""
    return [
        (path.stem, panel["title"], target)
        for path in FILES
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
        if target["datasource"]["uid"] == source
    ]


def in_range(text: str, seconds: int = 300) -> str:
    """A query of a dashboard, with Grafana's variables filled in: one step of a chart is the whole range."""
    filled = text.replace("$__range", f"{seconds}s").replace("$__rate_interval", f"{seconds}s")
    filled = filled.replace("$__interval_ms", str(seconds * 1000)).replace("$__interval", f"{seconds}s")
    assert "$__" not in filled
    return filled


def test_the_files_are_what_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, str(DASHBOARDS / "generate.py"), "--check"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_drift_is_noticed(tmp_path: Path) -> None:
    for path in [*FILES, DASHBOARDS / "generate.py"]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    changed = tmp_path / FILES[0].name
    changed.write_text(changed.read_text().replace("Spans", "Spanns"))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "generate.py"), "--check"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert FILES[0].name in done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafanas_types_take_the_dashboard(path: Path) -> None:
    dashboard = pytest.importorskip("grafana_foundation_sdk.models.dashboard")
    read = dashboard.Dashboard.from_json(json.loads(path.read_text()))
    assert read.uid == f"otelwod-{path.stem}"
    assert len(read.panels) > 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(path.read_text())["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_data_source_is_provisioned() -> None:
    provisioned = yaml.safe_load((SHIPPED / "grafana" / "datasources.yaml").read_text())["datasources"]
    known = {source["uid"]: source["type"] for source in provisioned}
    for path in FILES:
        for panel in json.loads(path.read_text())["panels"]:
            for place in (panel, *panel["targets"]):
                assert known[place["datasource"]["uid"]] == place["datasource"]["type"]


def test_what_grafana_is_provisioned_with_leads_where_compose_puts_it() -> None:
    """Grafana itself is not run: addresses, folders, and the data sources that data sources name, must be there."""
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    mounted = dict(volume.split(":")[:2][::-1] for volume in compose["grafana"]["volumes"])
    sources = yaml.safe_load((SHIPPED / "grafana" / "datasources.yaml").read_text())
    (provider,) = yaml.safe_load((SHIPPED / "grafana" / "dashboards.yaml").read_text())["providers"]
    assert (
        mounted["/etc/grafana/provisioning/datasources/otelwod.yaml"] == "./collector-config/grafana/datasources.yaml"
    )
    assert mounted["/etc/grafana/provisioning/dashboards/otelwod.yaml"] == "./collector-config/grafana/dashboards.yaml"
    assert (provider["type"], mounted[provider["options"]["path"]]) == ("file", "./dashboards")
    home = compose["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (REPOSITORY / "dashboards" / Path(home).name).exists()
    uids = {source["uid"] for source in sources["datasources"]}
    for source in sources["datasources"]:
        host, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()  # type: ignore[union-attr]
        assert any(published.endswith(f":{port}") for published in compose[host]["ports"])
        assert set(re.findall(r'"datasourceUid": "(\w+)"', json.dumps(source))) <= uids


def test_tempos_configuration_has_no_key_that_tempo_3_has_dropped() -> None:
    """Tempo 3 is not run; these are the mistakes that its changes invite."""
    tempo = yaml.safe_load((SHIPPED / "tempo.yaml").read_text())
    assert not {"compactor", "ingester", "search_enabled", "ingester_client"} & set(tempo)
    assert "defaults" in tempo["overrides"], "the flat form is gone"
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    assert "-target=all" in compose["tempo"]["command"], "else it asks for Kafka"
    # What the tests show with Tempo 1.5 for workouts of years ago, under the names of Tempo 3.
    tried = (REPOSITORY / "tests" / "backends" / "configs" / "tempo.yaml").read_text()
    assert f"ingestion_time_range_slack: {tempo['live_store']['wal']['ingestion_time_range_slack']}" in tried
    assert f"max_duration: {tempo['query_frontend']['search']['max_duration']}" in tried
    assert f"block_retention: {tempo['overrides']['defaults']['compaction']['block_retention']}" in tried
    (write,) = tempo["metrics_generator"]["storage"]["remote_write"]
    assert write["url"] == "http://prometheus:9090/api/v1/write"
    assert "--web.enable-remote-write-receiver" in compose["prometheus"]["command"]


def test_compose_keeps_to_its_schema_and_to_this_machine() -> None:
    pytest.importorskip("check_jsonschema")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), f"{name}: the image is not pinned"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (REPOSITORY / volume.split(":")[0]).exists(), volume


def test_every_traceql_text_is_read_by_grafanas_grammar() -> None:
    texts = [str(target["query"]) for _, _, target in targets("tempo")] + texts_of_docs("traceql")
    assert len(texts) > 5
    assert dict(zip(texts, errors_in(texts), strict=True)) == {text: [] for text in texts}


def test_the_grammar_finds_errors() -> None:
    assert errors_in(["{ span.otelwod.phase = }", "{ } | nonsense()"]) != [[], []]
    assert all(errors_in(["{ span.otelwod.phase = }", '{ span.otelwod.phase == "rest" && }']))
