"""Monitoring, notifications and load balancers: options that are rejected."""

from typing import Any

import pytest

from tests.support.settings_examples import Case, a_route, assert_rejected, monitoring, values


def _balanced(**changes: Any) -> dict[str, Any]:
    good = {"hostname": "blog.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]}
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


SEEING: dict[str, Case] = {
    "a monitor without allowed ingress": (
        values(monitoring=True),
        "networkPolicy.metricsFrom",
        "is missing: with monitoring Prometheus scrapes the connectors, and the",
    ),
    "a monitor of the Service without allowed ingress": (
        values(monitoring={"monitor": "service"}, networkPolicy={"preset": "guide"}),
        "networkPolicy.metricsFrom",
        "is missing",
    ),
    "a monitor and a network policy by word": (
        values(monitoring=True, networkPolicy="guide"),
        "networkPolicy",
        "must be an object",
    ),
    "a monitor of an unknown kind": (
        values(monitoring={"monitor": "probe"}),
        "monitoring.monitor",
        "one of pod, service and none",
    ),
    "monitoring by word": (values(monitoring="on"), "monitoring", "true, false, or {monitor"),
    "a monitor's label with a space": (
        monitoring(labels={"team": "the web"}),
        "monitoring.labels",
        "has an invalid label, team: the web",
    ),
    "an empty severity": (
        monitoring(alerts={"severity": ""}),
        "monitoring.alerts.severity",
        "is not a valid value of a label. Accepted: the value of a label: 1 to 63 letters,",
    ),
    "every error an alert": (
        monitoring(alerts={"errorPercent": 0}),
        "monitoring.alerts.errorPercent",
        "must be at least 1",
    ),
    "no error an alert": (
        monitoring(alerts={"errorPercent": 100}),
        "monitoring.alerts.errorPercent",
        "must be at most 99",
    ),
    "a runbook that is a path": (
        monitoring(alerts={"runbookUrl": "docs/monitoring.md"}),
        "monitoring.alerts.runbookUrl",
        "is not the URL of a page. Accepted: the http:// or https:// URL of a page, without #",
    ),
    "a runbook with a section": (
        monitoring(alerts={"runbookUrl": "https://example.com/page#part"}),
        "monitoring.alerts.runbookUrl",
        "is not the URL of a page",
    ),
    "a dashboard without labels": (
        monitoring(dashboard={"labels": {}}),
        "monitoring.dashboard.labels",
        "must not be empty",
    ),
    "a notification without a recipient": (
        values(notify={"when": ["down"]}),
        "notify",
        "has no recipient. Accepted: at least one of email, webhook and",
    ),
    "a mail address without a domain": (
        values(notify={"email": ["ops"]}),
        "notify.email[0]",
        "is not an e-mail address. Accepted: e-mail addresses, such as",
    ),
    "a webhook by its address": (
        values(notify={"webhook": ["https://example.com/hook"]}),
        "notify.webhook[0]",
        "is not the id of a destination",
    ),
    "a webhook twice": (
        values(notify={"webhook": ["a" * 32] * 2}),
        "notify.webhook",
        "must have each value once",
    ),
    "an unknown status": (
        values(notify={"email": ["ops@example.com"], "when": ["up"]}),
        "notify.when[0]",
        "must be one of healthy, degraded, down and inactive",
    ),
}

OTHER = "34864f21-9c07-48f1-a4d4-496d83c62d38"
BALANCED: dict[str, Case] = {
    name: (values(loadBalancer=_balanced(**changes)), f"loadBalancer{key}", words)
    for name, changes, key, words in (
        ("a load balancer of no hostname", {"hostname": None}, ".hostname", "is missing"),
        ("a balanced hostname without a route", {"hostname": "shop.example.com"}, ".hostname", "would answer 404"),
        (
            "a balanced wildcard",
            {"hostname": "*.example.com"},
            ".hostname",
            "must not be a wildcard: a health check requests one hostname",
        ),
        ("no pools", {"pools": []}, ".pools", "must not be empty"),
        (
            "only other stacks' tunnels",
            {"pools": [{"name": "there", "tunnels": [OTHER]}]},
            ".pools",
            "must have this stack's own tunnel: the load balancer of other tunnels",
        ),
        ("a pool of nothing", {"pools": [{"name": "here", "tunnels": []}]}, ".pools[0].tunnels", "must not be empty"),
        (
            "a tunnel by name",
            {"pools": [{"name": "here", "tunnels": ["own", "culvert-prod"]}]},
            ".pools[0].tunnels[1]",
            "is not the id of a tunnel. Accepted: ids of tunnels (`pulumi stack output",
        ),
        (
            "a tunnel in two pools",
            {"pools": [{"name": name, "tunnels": ["own"]} for name in ("here", "there")]},
            ".pools",
            "must have each tunnel once. Accepted: each tunnel in one pool",
        ),
        (
            "two pools of one name",
            {"pools": [{"name": "here", "tunnels": [tunnel]} for tunnel in ("own", OTHER)]},
            ".pools",
            "must have a different name for each pool",
        ),
        (
            "a pool's name with a space",
            {"pools": [{"name": "a b", "tunnels": ["own"]}]},
            ".pools[0].name",
            "is not a valid name of a pool",
        ),
        ("an unknown steering", {"steering": "geo"}, ".steering", "one of failover, random and latency"),
        ("a health check without a slash", {"health": {"path": "up"}}, ".health.path", "a path such as /healthz"),
        ("a health check every second", {"health": {"interval": 1}}, ".health.interval", "from 5 to 3600"),
    )
}

BALANCED["a balanced hostname without a record"] = (
    values(a_route(dns="none"), loadBalancer=_balanced()),
    "loadBalancer.hostname",
    "has no route with a record in this stack, so the stack's own tunnel would answer 404",
)
BALANCED["a balanced hostname beside two routes"] = (
    values(a_route(), a_route(hostname="api.example.com"), loadBalancer=_balanced(hostname="shop.example.com")),
    "loadBalancer.hostname",
    "Accepted: api.example.com or blog.example.com.",
)
CASES = {**SEEING, **BALANCED}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)
