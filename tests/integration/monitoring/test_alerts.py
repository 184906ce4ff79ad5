"""When each alert fires and when it does not, judged by Prometheus' own evaluator.

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

OTHERS = {
    # Another stack of the same namespace, another namespace's of the same name: neither is ours to speak of.
    'cloudflared_tunnel_ha_connections{namespace="blog",pod="culvert-prod-cloudflared-1"}': "4x60",
    'cloudflared_tunnel_ha_connections{namespace="shop",pod="culvert-dev-cloudflared-1"}': "4x60",
    'cloudflared_tunnel_tunnel_register_fail{namespace="shop",pod="culvert-dev-cloudflared-1"}': "0+9x60",
    'cloudflared_orchestration_config_version{namespace="blog",pod="culvert-prod-cloudflared-1"}': "77x60",
}
WELL = {"ha_connections": ("4x60", "4x60"), "total_requests": ("0+60x60", "0+60x60"), "config": ("3x60", "3x60")}
NAMES = {
    "ha_connections": "cloudflared_tunnel_ha_connections",
    "total_requests": "cloudflared_tunnel_total_requests",
    "request_errors": "cloudflared_tunnel_request_errors",
    "register_fail": "cloudflared_tunnel_tunnel_register_fail",
    "config": "cloudflared_orchestration_config_version",
}
# What two pods show minute by minute (`4x60`: four, sixty times; `0+2x60`: counting up by two), when it is looked at, and
# what fires then.
CASES: dict[str, tuple[dict[str, tuple[str, ...]], int, set[str]]] = {
    "all is well": ({}, 30, set()),
    "an edge out of reach": ({"ha_connections": ("0x60", "0x60")}, 3, {"CulvertNoConnection"}),
    "an edge out of reach for a moment": ({"ha_connections": ("4 0 4x60", "4 0 4x60")}, 3, set()),
    "no pod, or none that is scraped": (
        {"ha_connections": (), "config": (), "total_requests": ()},
        3,
        {"CulvertNoConnection"},
    ),
    "one pod of two": ({"ha_connections": ("4x60", "0x60")}, 11, {"CulvertFewerConnections"}),
    "one pod of two, during a rollout": ({"ha_connections": ("4x60", "0x5 4x60")}, 11, set()),
    "one connection less": ({"ha_connections": ("4x60", "3x60")}, 11, {"CulvertFewerConnections"}),
    "one pod more, during a rollout": ({"ha_connections": ("4x60", "4x60", "4x60")}, 11, set()),
    "registrations that go on failing": ({"register_fail": ("0+1x60", "0x60")}, 16, {"CulvertRegistrationsFailing"}),
    "a registration that failed once": ({"register_fail": ("0 1x60", "0x60")}, 16, set()),
    "one request of ten": ({"request_errors": ("0+6x60", "0+6x60")}, 11, {"CulvertRequestErrors"}),
    "one request of twenty": ({"request_errors": ("0+3x60", "0+3x60")}, 11, set()),
    "no requests at all": ({"total_requests": ("7x60", "7x60"), "request_errors": ("0x60", "0x60")}, 11, set()),
    "a pod that refused the rules": ({"config": ("3x60", "3x2 4x60")}, 10, {"CulvertConfigurationsDiffer"}),
    "rules on their way": ({"config": ("3x2 4x60", "3x4 4x60")}, 10, set()),
}


@pytest.fixture(scope="session")
def promtool() -> Path:
    return tools.ensure(["promtool"], print)["promtool"].path


def test_each_alert_fires_when_it_should_and_not_before(promtool: Path, tmp_path: Path) -> None:
    groups = alert_groups("culvert-dev", "blog", 2, {})
    alerts = {rule["alert"]: rule for rule in groups[0]["rules"]}
    assert set().union(*(fired for *_, fired in CASES.values())) == set(alerts)
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": series, "values": values} for series, values in shown(changes).items()],
            "alert_rule_test": [
                {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": told(rule) if alert in fired else []}
                for alert, rule in alerts.items()
            ],
        }
        for name, (changes, minute, fired) in CASES.items()
    ]
    # Of the words, which hold values, there is a test of their own.
    wordless = [{"name": "all", "rules": [{**rule, "annotations": {}} for rule in alerts.values()]}]
    assert judged(promtool, tmp_path, wordless, tests) == ""


def test_an_alert_says_how_bad_it_is(promtool: Path, tmp_path: Path) -> None:
    groups = alert_groups("culvert-dev", "blog", 2, {})
    rules = {rule["alert"]: rule for rule in groups[0]["rules"]}
    changes = {"ha_connections": ("4x60", "3x60"), "request_errors": ("0+6x60", "0+6x60")}
    said = {"CulvertFewerConnections": ("{{ $value }}", "7"), "CulvertRequestErrors": ("{{ $value | humanize }}", "10")}
    expected: list[Any] = []
    for alert, (template, value) in said.items():
        annotations = {key: text.replace(template, value) for key, text in rules[alert]["annotations"].items()}
        assert f" {value}" in annotations["description"]
        fired = {"exp_labels": rules[alert]["labels"], "exp_annotations": annotations}
        expected.append({"eval_time": "15m", "alertname": alert, "exp_alerts": [fired]})
    series = [{"series": series, "values": values} for series, values in shown(changes).items()]
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": expected}]
    assert judged(promtool, tmp_path, groups, tests) == ""


def test_severities_threshold_and_replicas_are_the_settings_own(promtool: Path, tmp_path: Path) -> None:
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
                for series, values in shown({"request_errors": (f"0+{failed}x60", f"0+{failed}x60")}).items()
            ],
            "promql_expr_test": [
                {"expr": errors["expr"], "eval_time": "10m", "exp_samples": [{"value": 25}] if failed == 15 else []},
                # Two pods where three should be.
                {"expr": groups[0]["rules"][1]["expr"], "eval_time": "10m", "exp_samples": [{"value": 8}]},
            ],
        }
        for failed in (6, 15)
    ]
    assert judged(promtool, tmp_path, groups, tests) == ""


def shown(changes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What Prometheus holds of two pods that are well but for `changes`, and of others'."""
    ours = {
        f'{NAMES[metric]}{{namespace="blog",pod="culvert-dev-cloudflared-{number}"}}': values
        for metric, pods in {**WELL, **changes}.items()
        for number, values in enumerate(pods)
    }
    return ours | OTHERS


def told(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """That the alert fires, once."""
    return [{"exp_labels": rule["labels"]}]


def judged(promtool: Path, folder: Path, groups: list[Any], tests: list[Any]) -> str:
    """What promtool objects to in these rules and their tests; nothing where all is well. JSON is YAML."""
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}))
    (folder / "tests.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", "tests.yaml"], cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr
