"""The monitor, alert rules and dashboard: for this stack's pods alone, with metrics that exist."""

import json
import re
from typing import Any

import pytest

from components import Connector, Monitoring
from components.argument_check import ArgumentError
from components.monitoring import metrics
from components.monitoring.alerts import alert_groups
from components.monitoring.dashboard import dashboard
from tests.support.mock_recorder import Deploy, Recorded
from tests.support.paths import PROJECT
from tests.support.snapshot import assert_message_matches

NAMES = {name for key, name in vars(metrics).items() if key.isupper() and isinstance(name, str)}
SELECTOR = '{namespace="blog",pod=~"culvert-dev-cloudflared-.+"}'


def deployed(deploy: Deploy, **more: Any) -> Recorded:
    return deploy(lambda: Monitoring("culvert-dev", {"namespace": "blog", **more}))  # pyright: ignore[reportArgumentType]


def test_monitoring_has_a_monitor_alert_rules_and_a_dashboard(deploy: Deploy) -> None:
    recorded = deployed(deploy, alerts={}, dashboard={})
    assert recorded.names == {
        "PodMonitor culvert-dev-monitor",
        "PrometheusRule culvert-dev-alerts",
        "ConfigMap culvert-dev-dashboard",
    }
    assert {found.parent for found in recorded.resources} == {"culvert:index:Monitoring"}
    assert {found.inputs["metadata"]["namespace"] for found in recorded.resources} == {"blog"}


def test_each_part_can_be_left_out(deploy: Deploy) -> None:
    assert deployed(deploy, monitor="none").names == set()
    assert deployed(deploy, monitor="none", alerts={}).names == {"PrometheusRule culvert-dev-alerts"}
    assert deployed(deploy, monitor="none", dashboard={}).names == {"ConfigMap culvert-dev-dashboard"}
    with pytest.raises(ArgumentError, match="probe") as rejected:
        deployed(deploy, monitor="probe")
    assert_message_matches(str(rejected.value))


@pytest.mark.parametrize("monitor", ["pod", "service"])
def test_a_monitor_selects_the_connectors_pods_and_their_metrics_port(deploy: Deploy, monitor: str) -> None:
    def program() -> None:
        Connector("culvert-dev", {"namespace": "blog", "token": "t"})
        Monitoring("culvert-dev", {"namespace": "blog", "monitor": monitor})

    recorded = deploy(program)
    template = recorded.one("Deployment").inputs["spec"]["template"]
    service = recorded.one("Service").inputs
    if monitor == "pod":
        spec = recorded.one("PodMonitor").inputs["spec"]
        labels, (endpoint,) = template["metadata"]["labels"], spec["podMetricsEndpoints"]
        ports = [port["name"] for port in template["spec"]["containers"][0]["ports"]]
    else:
        spec = recorded.one("ServiceMonitor").inputs["spec"]
        labels, (endpoint,) = service["metadata"]["labels"], spec["endpoints"]
        ports = [port["name"] for port in service["spec"]["ports"]]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert endpoint["port"] in ports


def test_alerts_count_the_scraped_pods_where_others_decide_the_replicas(deploy: Deploy) -> None:
    def bound(**more: Any) -> str:
        (group,) = deployed(deploy, alerts={}, **more).one("PrometheusRule").inputs["spec"]["groups"]
        (rule,) = (rule for rule in group["rules"] if rule["alert"] == "CulvertFewerConnections")
        return rule["expr"].rpartition(" < ")[2]

    assert bound() == "8"
    assert bound(replicas=3) == "12"
    assert bound(replicas=3, external_replicas=True).startswith("4 * count(cloudflared_tunnel_ha_connections{")


def test_alerts_say_how_many_connections_are_expected() -> None:
    for replicas in (3, None):
        (group,) = alert_groups("culvert-dev", "blog", replicas, {})
        (rule,) = (rule for rule in group["rules"] if rule["alert"] == "CulvertFewerConnections")
        assert_message_matches(rule["annotations"]["summary"], rule["annotations"]["description"])


def test_alerts_have_the_configured_severities_and_percentage() -> None:
    (group,) = alert_groups(
        "culvert-dev", "blog", 2, {"down_severity": "page", "severity": "ticket", "error_percent": 1}
    )
    down, *others = (rule["labels"]["severity"] for rule in group["rules"])
    assert (down, set(others)) == ("page", {"ticket"})
    (errors,) = (rule["expr"] for rule in group["rules"] if rule["alert"] == "CulvertRequestErrors")
    assert errors.endswith(" > 1")


def test_the_monitor_and_the_rules_have_the_configured_labels(deploy: Deploy) -> None:
    recorded = deployed(deploy, labels={"release": "prometheus"}, alerts={}, dashboard={"labels": {"grafana": "yes"}})
    for kind in ("PodMonitor", "PrometheusRule"):
        labels = recorded.one(kind).inputs["metadata"]["labels"]
        assert labels["release"] == "prometheus"
        assert labels["app.kubernetes.io/instance"] == "culvert-dev"
    labels = recorded.one("ConfigMap").inputs["metadata"]["labels"]
    assert labels["grafana"] == "yes"
    assert "release" not in labels


def test_queries_select_existing_metrics_of_this_stack_alone() -> None:
    rules = [rule["expr"] for rule in alert_groups("culvert-dev", "blog", 2, {})[0]["rules"]]
    panels = [target["expr"] for panel in dashboard("culvert-dev", "blog")["panels"] for target in panel["targets"]]
    queries = rules + panels
    assert len(queries) > 10
    assert all(SELECTOR in query for query in queries)
    used = {name for query in queries for name in re.findall(r"(\w+)\{", query)}
    assert used == NAMES


def test_each_alert_links_to_its_section_of_the_page() -> None:
    page = "https://git.example.com/culvert/docs/monitoring.md"
    rules = alert_groups("culvert-dev", "blog", 2, {"runbook_url": page})[0]["rules"]
    sections = re.findall(r"^### (Culvert\w+)$", (PROJECT / "docs/monitoring.md").read_text(), re.MULTILINE)
    assert [rule["alert"] for rule in rules] == sections
    assert [rule["annotations"]["runbook_url"] for rule in rules] == [f"{page}#{name.lower()}" for name in sections]
    without = alert_groups("culvert-dev", "blog", 2, {})[0]["rules"]
    assert not any("runbook_url" in rule["annotations"] for rule in without)


def test_the_dashboard_queries_the_chosen_data_source_and_its_panels_do_not_overlap() -> None:
    shown = dashboard("culvert-dev", "blog")
    (variable,) = shown["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    for panel in shown["panels"]:
        for asked in (panel, *panel["targets"]):
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in shown["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in shown["panels"]}) == len(places)


def test_dashboards_of_two_stacks_have_different_files_and_ids(deploy: Deploy) -> None:
    data = deployed(deploy, dashboard={}).one("ConfigMap").inputs["data"]
    assert json.loads(data["culvert-dev.json"]) == dashboard("culvert-dev", "blog")
    uids = {dashboard(f"culvert-{stack}", place)["uid"] for stack in ("dev", "prod") for place in ("blog", "shop")}
    assert len(uids) == 4
    assert all(len(uid) <= 40 for uid in uids)
