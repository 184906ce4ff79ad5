"""When each alert fires and when it does not, evaluated by Prometheus' own promtool.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.monitoring.alerts import AlertsArgs, alert_groups
from sandbox import tools

OTHER_STACKS = {
    # Another stack in the same namespace, and a stack of the same name in another: no alert may count them.
    'cloudflared_tunnel_ha_connections{namespace="blog",pod="culvert-prod-cloudflared-1"}': "4x60",
    'cloudflared_tunnel_ha_connections{namespace="shop",pod="culvert-dev-cloudflared-1"}': "4x60",
    'cloudflared_tunnel_tunnel_register_fail{namespace="shop",pod="culvert-dev-cloudflared-1"}': "0+9x60",
    'cloudflared_orchestration_config_version{namespace="blog",pod="culvert-prod-cloudflared-1"}': "77x60",
}
HEALTHY = {"ha_connections": ("4x60", "4x60"), "total_requests": ("0+60x60", "0+60x60"), "config": ("3x60", "3x60")}
NAMES = {
    "ha_connections": "cloudflared_tunnel_ha_connections",
    "total_requests": "cloudflared_tunnel_total_requests",
    "request_errors": "cloudflared_tunnel_request_errors",
    "register_fail": "cloudflared_tunnel_tunnel_register_fail",
    "config": "cloudflared_orchestration_config_version",
}
# The samples of two pods, one a minute (`4x60`: four, sixty times; `0+2x60`: counting up by two), the minute of the
# evaluation, and the alerts that fire then.
CASES: dict[str, tuple[dict[str, tuple[str, ...]], int, set[str]]] = {
    "all healthy": ({}, 30, set()),
    "an unreachable edge": ({"ha_connections": ("0x60", "0x60")}, 3, {"CulvertNoConnection"}),
    "an edge unreachable for a moment": ({"ha_connections": ("4 0 4x60", "4 0 4x60")}, 3, set()),
    "no pod, or no scraped pod": (
        {"ha_connections": (), "config": (), "total_requests": ()},
        3,
        {"CulvertNoConnection"},
    ),
    "one pod of two": ({"ha_connections": ("4x60", "0x60")}, 11, {"CulvertFewerConnections"}),
    "one pod of two, during a rollout": ({"ha_connections": ("4x60", "0x5 4x60")}, 11, set()),
    "one connection fewer": ({"ha_connections": ("4x60", "3x60")}, 11, {"CulvertFewerConnections"}),
    "one pod more, during a rollout": ({"ha_connections": ("4x60", "4x60", "4x60")}, 11, set()),
    "registrations that keep failing": ({"register_fail": ("0+1x60", "0x60")}, 16, {"CulvertRegistrationsFailing"}),
    "a registration that failed once": ({"register_fail": ("0 1x60", "0x60")}, 16, set()),
    "one failed request of ten": ({"request_errors": ("0+6x60", "0+6x60")}, 11, {"CulvertRequestErrors"}),
    "one failed request of twenty": ({"request_errors": ("0+3x60", "0+3x60")}, 11, set()),
    "no requests": ({"total_requests": ("7x60", "7x60"), "request_errors": ("0x60", "0x60")}, 11, set()),
    "a pod that rejected the rules": ({"config": ("3x60", "3x2 4x60")}, 10, {"CulvertConfigurationsDiffer"}),
    "a rollout of rules": ({"config": ("3x2 4x60", "3x4 4x60")}, 10, set()),
}


@pytest.fixture(scope="session")
def promtool() -> Path:
    return tools.ensure(["promtool"], print)["promtool"].path


def test_each_alert_fires_in_its_cases_only(promtool: Path, tmp_path: Path) -> None:
    groups = alert_groups("culvert-dev", "blog", 2, {})
    alerts = {rule["alert"]: rule for rule in groups[0]["rules"]}
    assert set().union(*(fired for *_, fired in CASES.values())) == set(alerts)
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in series_of(changes).items()],
            "alert_rule_test": [
                {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": firing(rule) if alert in fired else []}
                for alert, rule in alerts.items()
            ],
        }
        for name, (changes, minute, fired) in CASES.items()
    ]
    # Annotations contain values, which another test asserts.
    without_annotations = [{"name": "all", "rules": [{**rule, "annotations": {}} for rule in alerts.values()]}]
    assert run_promtool(promtool, tmp_path, without_annotations, tests) == ""


def test_an_alerts_description_has_the_measured_value(promtool: Path, tmp_path: Path) -> None:
    groups = alert_groups("culvert-dev", "blog", 2, {})
    rules = {rule["alert"]: rule for rule in groups[0]["rules"]}
    changes = {"ha_connections": ("4x60", "3x60"), "request_errors": ("0+6x60", "0+6x60")}
    values = {
        "CulvertFewerConnections": ("{{ $value }}", "7"),
        "CulvertRequestErrors": ("{{ $value | humanize }}", "10"),
    }
    expected: list[Any] = []
    for alert, (template, value) in values.items():
        annotations = {key: text.replace(template, value) for key, text in rules[alert]["annotations"].items()}
        assert f" {value}" in annotations["description"]
        fired = {"exp_labels": rules[alert]["labels"], "exp_annotations": annotations}
        expected.append({"eval_time": "15m", "alertname": alert, "exp_alerts": [fired]})
    series = [{"series": series, "values": values} for series, values in series_of(changes).items()]
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": expected}]
    assert run_promtool(promtool, tmp_path, groups, tests) == ""


def test_severities_threshold_and_replicas_come_from_the_settings(promtool: Path, tmp_path: Path) -> None:
    options: AlertsArgs = {"down_severity": "page", "severity": "ticket", "error_percent": 20}
    groups = alert_groups("culvert-dev", "blog", 3, options)
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in groups[0]["rules"]}
    assert severities.pop("CulvertNoConnection") == "page"
    assert set(severities.values()) == {"ticket"}
    (errors,) = (rule for rule in groups[0]["rules"] if rule["alert"] == "CulvertRequestErrors")
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": series, "values": values}
                for series, values in series_of({"request_errors": (f"0+{failed}x60", f"0+{failed}x60")}).items()
            ],
            "promql_expr_test": [
                {"expr": errors["expr"], "eval_time": "10m", "exp_samples": [{"value": 25}] if failed == 15 else []},
                # Two pods of three.
                {"expr": groups[0]["rules"][1]["expr"], "eval_time": "10m", "exp_samples": [{"value": 8}]},
            ],
        }
        for failed in (6, 15)
    ]
    assert run_promtool(promtool, tmp_path, groups, tests) == ""


def test_without_a_known_number_of_pods_those_that_are_scraped_count(promtool: Path, tmp_path: Path) -> None:
    (group,) = alert_groups("culvert-dev", "blog", None, {})
    (expr,) = (rule["expr"] for rule in group["rules"] if rule["alert"] == "CulvertFewerConnections")
    cases: dict[tuple[str, ...], list[int]] = {
        ("4x60",): [],
        ("4x60", "4x60", "4x60"): [],
        ("4x60", "3x60", "4x60"): [11],
        ("4x60", "0x60"): [4],
        ("0x60", "0x60"): [],
        (): [],
    }
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": series, "values": values}
                for series, values in series_of({"ha_connections": connections}).items()
            ],
            "promql_expr_test": [
                {"expr": expr, "eval_time": "10m", "exp_samples": [{"value": value} for value in firing_values]}
            ],
        }
        for connections, firing_values in cases.items()
    ]
    assert run_promtool(promtool, tmp_path, [group], tests) == ""


def series_of(changes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Series of two pods that are healthy except for `changes`, and of other stacks."""
    ours = {
        f'{NAMES[metric]}{{namespace="blog",pod="culvert-dev-cloudflared-{number}"}}': values
        for metric, pods in {**HEALTHY, **changes}.items()
        for number, values in enumerate(pods)
    }
    return ours | OTHER_STACKS


def firing(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The expectation that the alert fires once."""
    return [{"exp_labels": rule["labels"]}]


def run_promtool(promtool: Path, folder: Path, groups: list[Any], tests: list[Any]) -> str:
    """The output of promtool's failed tests; empty if all pass. Its files are YAML, of which JSON is a subset."""
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}))
    (folder / "tests.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "tests": tests}))
    completed = subprocess.run([promtool, "test", "rules", "tests.yaml"], cwd=folder, capture_output=True, text=True)
    return "" if completed.returncode == 0 else completed.stdout + completed.stderr
