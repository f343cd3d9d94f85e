"""What Prometheus and Grafana are told: valid, and about measurements that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import REGISTRY

import storyteller.metrics  # noqa: F401 - registers what is measured
from storyteller.ingest.manifest import State
from storyteller.library.runs import RunState

MONITORING = Path(__file__).parents[2] / "monitoring"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))


def _expressions() -> list[str]:
    panels = [
        panel for board in DASHBOARDS for panel in json.loads(board.read_text("utf-8"))["panels"]
    ]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return asked + re.findall(
        r"expr: (?:\|\n)?(.*?)\n +(?:for|labels):",
        (MONITORING / "alerts.yml").read_text("utf-8"),
        re.DOTALL,
    )


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_its_settings_and_rules():
    checked = subprocess.run(
        ["promtool", "check", "config", MONITORING / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_measurement_asked_for_is_taken():
    taken = {metric.name for metric in REGISTRY.collect()}

    asked = {name for e in _expressions() for name in re.findall(r"\bstoryteller_\w+", e)}

    assert len(asked) > 10
    for name in asked:
        assert re.sub(r"_(bucket|sum|count|total)$", "", name) in taken, name


def test_every_measurement_of_ours_is_shown():
    ours = {m.name for m in REGISTRY.collect() if m.name.startswith("storyteller_")}
    shown = " ".join(_expressions())

    assert {name for name in ours if name not in shown} == set()


def test_an_alert_asks_for_states_that_exist():
    alerts = (MONITORING / "alerts.yml").read_text("utf-8")

    runs = re.findall(r'storyteller_runs_total{state=~"([a-z|]+)"}', alerts)
    ingested = re.findall(r'storyteller_ingested_total{state="([a-z]+)"}', alerts)

    assert runs
    assert ingested
    assert set("|".join(runs).split("|")) <= set(get_args(RunState))
    assert set(ingested) <= {state.value for state in State}


def test_each_panel_says_what_it_shows_and_asks_the_provisioned_source():
    source = (MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")

    for board in DASHBOARDS:
        panels = json.loads(board.read_text("utf-8"))["panels"]
        for panel in (p for p in panels if p["type"] != "row"):
            assert panel["title"]
            assert panel["description"]
            assert f"uid: {panel['datasource']['uid']}\n" in source
