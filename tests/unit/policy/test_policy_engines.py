"""Policy rules on Calico's and Cilium's network policies."""

import json
from typing import Any

import pytest

from components.network_policy.engines import ENGINES
from components.network_policy.flows import DestinationArgs, egress, ingress
from policy import calico_selectors
from policy.rules import CONNECTOR_ISOLATION, EGRESS
from policy.stack import Resource
from tests.unit.policy.test_rules import LABELS, broken, connector, resource, tunnel

BACKENDS: list[DestinationArgs] = [
    {"namespace": "shop", "pod_selector": {"app": "api"}, "port": 8080},
    {"cidr": "192.168.7.9/32", "port": 443},
]
ORIGIN = tunnel({"hostname": "nas.example.com", "service": "https://192.168.7.9"})
GROUPS = {name: f"kubernetes:{each.api_version}:{each.kind}" for name, each in ENGINES.items()}
KINDS = {"calico": GROUPS["calico"], "cilium": GROUPS["cilium"]}


def made(engine: str, spec: dict[str, Any], namespace: str = "blog") -> Resource:
    return resource(GROUPS[engine], {"metadata": {"namespace": namespace}, "spec": spec})


def own(engine: str, preset: str = "strict", **changes: Any) -> Resource:
    """The policy of culvert's own component, with changed fields of its spec; None removes one."""
    spec = ENGINES[engine].write(LABELS, egress(preset, "blog", BACKENDS), ingress("monitoring"))
    return made(engine, {key: value for key, value in {**spec, **changes}.items() if value is not None})


def reached(engine: str, *rules: dict[str, Any], settings: dict[str, Any] | None = None) -> list[str]:
    """The messages for a policy with these egress rules."""
    configuration = {"culvert:networkPolicy": json.dumps(settings)} if settings else None
    return broken(EGRESS, connector(), own(engine, egress=list(rules)), configuration=configuration)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_culverts_own_policy_violates_no_rule(engine: str, preset: str) -> None:
    for rule in (CONNECTOR_ISOLATION, EGRESS):
        assert broken(rule, connector(), own(engine, preset), ORIGIN) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_an_undeclared_address_is_a_violation(engine: str) -> None:
    (message,) = broken(EGRESS, connector(), own(engine))
    assert "192.168.7.9/32" in message


@pytest.mark.parametrize("engine", ENGINES)
def test_allowed_destinations_are_declared_on_their_ports_only(engine: str) -> None:
    def said(**opening: Any) -> list[str]:
        written = {"culvert:networkPolicy": json.dumps({"allow": [{"cidr": "192.168.7.0/24", **opening}]})}
        return broken(EGRESS, connector(), own(engine), configuration=written)

    assert said(ports=[443, 8443]) == []
    assert said(ports=[8443])
    servers = json.dumps({"dns": [{"cidr": "192.168.7.9", "port": 443}]})
    assert broken(EGRESS, connector(), own(engine), configuration={"culvert:networkPolicy": servers}) == []


@pytest.mark.parametrize(
    ("engine", "changes"),
    [
        ("calico", {"selector": "app == 'other'"}),
        ("calico", {"selector": "app.kubernetes.io/name == 'cloudflared' && !all()"}),
        ("calico", {"selector": "what is this"}),
        ("cilium", {"endpointSelector": {"matchLabels": {"k8s:app": "other"}}}),
        ("cilium", {"endpointSelector": {"matchExpressions": [{"key": "k8s:app", "operator": "Exists"}]}}),
    ],
)
def test_a_policy_for_other_pods_does_not_isolate_the_connector(engine: str, changes: dict[str, Any]) -> None:
    (message,) = broken(CONNECTOR_ISOLATION, connector(), own(engine, **changes))
    assert message == "no network policy of this stack selects its pods in namespace blog"


@pytest.mark.parametrize(
    ("engine", "changes", "direction"),
    [
        ("calico", {"types": ["Egress"]}, "Ingress"),
        ("calico", {"types": ["Ingress"]}, "Egress"),
        ("calico", {"types": None, "ingress": None}, "Ingress"),
        ("calico", {"types": None, "egress": None}, "Egress"),
        ("cilium", {"ingress": None}, "Ingress"),
        ("cilium", {"ingress": []}, "Ingress"),
        ("cilium", {"egress": None}, "Egress"),
        ("cilium", {"enableDefaultDeny": {"egress": False}}, "Egress"),
    ],
)
def test_an_unrestricted_direction_is_a_violation(engine: str, changes: dict[str, Any], direction: str) -> None:
    (message,) = broken(CONNECTOR_ISOLATION, connector(), own(engine, **changes))
    assert message.endswith(f"does not restrict {direction}")


@pytest.mark.parametrize("engine", KINDS)
def test_a_policy_of_another_namespace_does_not_isolate_the_connector(engine: str) -> None:
    elsewhere = made(engine, dict(own(engine).properties["spec"]), "shop")
    assert broken(CONNECTOR_ISOLATION, connector(), elsewhere)


CALICO = {"action": "Allow", "protocol": "TCP"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"action": "Allow"}, "has no `to`, which allows every destination"),
        ({**CALICO, "destination": {"ports": [443]}}, "has no `to`, which allows every destination"),
        ({**CALICO, "destination": {"nets": ["0.0.0.0/0"], "ports": [443]}}, "10.0.0.0/8 by 0.0.0.0/0"),
        ({**CALICO, "destination": {"notNets": ["10.0.0.0/8"]}}, "192.168.0.0/16"),
        ({**CALICO, "destination": {"namespaceSelector": "all()"}}, "every pod of every namespace"),
        ({**CALICO, "destination": {"nets": ["169.254.20.10/32"], "ports": ["53:99"]}}, "169.254.20.10/32"),
        ({**CALICO, "destination": {"nets": ["169.254.20.10/32"], "notPorts": [53]}}, "169.254.20.10/32"),
    ],
)
def test_private_egress_in_a_calico_policy_is_a_violation(rule: dict[str, Any], words: str) -> None:
    assert words in " ".join(reached("calico", rule))


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "Deny"},
        {**CALICO, "destination": {"nets": ["198.41.192.0/24"], "ports": [7844]}},
        {**CALICO, "destination": {"nets": ["169.254.20.10/32"], "ports": [53]}},
        {**CALICO, "destination": {"selector": "app == 'db'"}},
        {**CALICO, "destination": {"namespaceSelector": "all()", "selector": "k8s-app == 'kube-dns'"}},
    ],
)
def test_public_or_selected_egress_in_a_calico_policy_is_allowed(rule: dict[str, Any]) -> None:
    assert reached("calico", rule) == []


HTTPS = {"toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}]}
NAMESPACES = {"matchExpressions": [{"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (HTTPS, "has no `to`, which allows every destination"),
        ({"toEntities": ["all"]}, "the entity all"),
        ({"toEntities": ["cluster"], **HTTPS}, "the entity cluster"),
        ({"toEntities": ["kube-apiserver"]}, "the entity kube-apiserver"),
        ({"toEntities": ["world"]}, "10.0.0.0/8 by 0.0.0.0/0"),
        ({"toCIDR": ["10.0.0.0/8"], **HTTPS}, "10.0.0.0/8"),
        ({"toCIDRSet": [{"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}]}, "192.168.0.0/16"),
        ({"toFQDNs": [{"matchPattern": "*"}]}, "10.0.0.0/8"),
        ({"toEndpoints": [NAMESPACES]}, "every pod of every namespace"),
    ],
)
def test_private_egress_in_a_cilium_policy_is_a_violation(rule: dict[str, Any], words: str) -> None:
    assert words in " ".join(reached("cilium", rule))


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"toFQDNs": [{"matchName": "db.example.net"}], **HTTPS},
        {"toEndpoints": [{}]},
        {"toCIDR": ["169.254.20.10/32"], "toPorts": [{"ports": [{"port": "53"}], "rules": {"dns": []}}]},
    ],
)
def test_public_or_named_egress_in_a_cilium_policy_is_allowed(rule: dict[str, Any]) -> None:
    assert reached("cilium", rule) == []


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ("", True),
        ("all()", True),
        ("global()", False),
        ("a == 'x'", True),
        ('a == "y"', False),
        ("a != 'y' && b != 'z'", True),
        ("has(a) && !has(b)", True),
        ("!(has(a) || has(b))", False),
        ("a in {'w', 'x'}", True),
        ("a not in {'x'}", False),
        ("b not in {'x'}", True),
        ("a.io/name-1 starts with 'clo' && a.io/name-1 ends with 'ed'", True),
        ("a.io/name-1 contains 'udf' || has(b)", True),
        ("has(b) || a == 'x' && has(b)", False),
    ],
)
def test_calico_selectors_are_evaluated(selector: str, taken: bool) -> None:
    assert calico_selectors.selects(selector, {"a": "x", "a.io/name-1": "cloudflared"}) is taken


@pytest.mark.parametrize("selector", ["a ==", "a 'x'", "a == x", "a == 'x' b", "(a == 'x'", "a in 'x'", "#"])
def test_a_malformed_selector_is_an_error(selector: str) -> None:
    with pytest.raises(ValueError, match="'"):
        calico_selectors.selects(selector, {"a": "x"})
