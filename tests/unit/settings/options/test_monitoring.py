"""Monitoring, notification, load balancers: what is refused, alone, at its key, and in words."""

from typing import Any

import pytest

from tests.support.settings_examples import a_route, monitoring, the_mistake, values

Case = tuple[dict[str, Any], str, str]


def _balanced(**changes: Any) -> dict[str, Any]:
    good = {"hostname": "blog.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]}
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


SEEING: dict[str, Case] = {
    "a monitor behind a shut fence": (
        values(monitoring=True),
        "networkPolicy.metricsFrom",
        "is missing: monitoring has Prometheus scrape the connectors, and the network policy lets nobody in",
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
        "no Kubernetes label",
    ),
    "an empty severity": (
        monitoring(alerts={"severity": ""}),
        "monitoring.alerts.severity",
        "no value of a label; accepted: 1 to 63",
    ),
    "every error an alert": (monitoring(alerts={"errorPercent": 0}), "monitoring.alerts.errorPercent", "too small"),
    "no error an alert": (monitoring(alerts={"errorPercent": 100}), "monitoring.alerts.errorPercent", "too large"),
    "a dashboard that nobody finds": (
        monitoring(dashboard={"labels": {}}),
        "monitoring.dashboard.labels",
        "it is empty",
    ),
    "nobody told": (
        values(notify={"when": ["down"]}),
        "notify",
        "nobody would be told; accepted: at least one of email",
    ),
    "a mail address without a domain": (
        values(notify={"email": ["ops"]}),
        "notify.email[0]",
        "no mail address; accepted: mail addresses, such as ops@example.com",
    ),
    "a webhook by its address": (
        values(notify={"webhook": ["https://example.com/hook"]}),
        "notify.webhook[0]",
        "no id of a destination",
    ),
    "a webhook twice": (
        values(notify={"webhook": ["a" * 32] * 2}),
        "notify.webhook",
        "more than once; accepted: each once",
    ),
    "an unknown status": (
        values(notify={"email": ["ops@example.com"], "when": ["up"]}),
        "notify.when[0]",
        "one or more of healthy, degraded, down, inactive",
    ),
}

OTHER = "34864f21-9c07-48f1-a4d4-496d83c62d38"
BALANCED: dict[str, Case] = {
    name: (values(loadBalancer=_balanced(**changes)), f"loadBalancer{key}", words)
    for name, changes, key, words in (
        ("a load balancer of no hostname", {"hostname": None}, ".hostname", "is missing"),
        ("a balanced hostname without a route", {"hostname": "shop.example.com"}, ".hostname", "would answer 404"),
        ("a balanced wildcard", {"hostname": "*.example.com"}, ".hostname", "asks for one hostname"),
        ("no pools", {"pools": []}, ".pools", "it is empty"),
        (
            "only other stacks' tunnels",
            {"pools": [{"name": "there", "tunnels": [OTHER]}]},
            ".pools",
            "own tunnel is in none of them",
        ),
        ("a pool of nothing", {"pools": [{"name": "here", "tunnels": []}]}, ".pools[0].tunnels", "it is empty"),
        (
            "a tunnel by name",
            {"pools": [{"name": "here", "tunnels": ["own", "culvert-prod"]}]},
            ".pools[0].tunnels[1]",
            "no id of a tunnel; accepted: ids of tunnels",
        ),
        (
            "a tunnel in two pools",
            {"pools": [{"name": name, "tunnels": ["own"]} for name in ("here", "there")]},
            ".pools",
            "accepted: each tunnel in one pool",
        ),
        (
            "two pools of one name",
            {"pools": [{"name": "here", "tunnels": [tunnel]} for tunnel in ("own", OTHER)]},
            ".pools",
            "two pools have one name",
        ),
        (
            "a pool's name with a space",
            {"pools": [{"name": "a b", "tunnels": ["own"]}]},
            ".pools[0].name",
            "no such name",
        ),
        ("an unknown steering", {"steering": "geo"}, ".steering", "one of failover, random and latency"),
        ("a health check without a slash", {"health": {"path": "up"}}, ".health.path", "a path such as /healthz"),
        ("a health check every second", {"health": {"interval": 1}}, ".health.interval", "from 5 to 3600"),
    )
}

BALANCED["a balanced hostname that is another's to keep"] = (
    values(a_route(dns="none"), loadBalancer=_balanced()),
    "loadBalancer.hostname",
    "or the route says dns: none",
)
CASES = {**SEEING, **BALANCED}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_bad_setting_is_refused_in_words(case: Case) -> None:
    given, key, words = case
    mistake = the_mistake(given)
    assert mistake.key == f"culvert:{key}"
    assert words in mistake.message
