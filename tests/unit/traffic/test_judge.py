"""Verdicts on flows where the meaning of a policy is less than obvious, or belongs to one engine alone."""

from typing import Any

import pytest

from traffic import Flow, Host, judge
from traffic.flow import host_of_pod, port_names
from traffic.judge import isolates, selects

CONNECTOR = Host("10.244.1.5", "web", (("app", "connector"),))
API = Host("10.244.2.8", "shop", (("app", "api"), ("tier", "web")), namespace_labels=(("team", "shop"),))
NEIGHBOUR = Host("10.244.1.9", "web", (("app", "blog"),))
LAN, LAN6 = Host("192.168.7.9"), Host("fd12::9")
NODE = Host("10.0.0.10", reserved=("remote-node",))
CONTROL_PLANE = Host("34.90.12.7", reserved=("kube-apiserver",))


def kubernetes(namespace: str = "web", name: str = "own", **spec: Any) -> dict[str, Any]:
    return policy("networking.k8s.io/v1", "NetworkPolicy", namespace, name, {"podSelector": {}, **spec})


def calico(namespace: str = "web", name: str = "default.own", **spec: Any) -> dict[str, Any]:
    return policy("projectcalico.org/v3", "NetworkPolicy", namespace, name, spec)


def cilium(namespace: str = "web", name: str = "own", **spec: Any) -> dict[str, Any]:
    return policy("cilium.io/v2", "CiliumNetworkPolicy", namespace, name, {"endpointSelector": {}, **spec})


def policy(api_version: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def to(destination: Host, port: int = 8080, *names: str, protocol: str = "TCP", source: Host = CONNECTOR) -> Flow:
    return Flow(source, destination, port, protocol, names)


def allowed(flow: Flow, *policies: dict[str, Any]) -> bool:
    return judge(flow, policies).allowed


def test_a_closed_flow_names_the_direction_and_the_policies() -> None:
    egress, ingress = kubernetes(policyTypes=["Egress"]), kubernetes("shop", "closed", policyTypes=["Ingress"])
    both = judge(to(API), [egress, ingress, kubernetes(name="other", policyTypes=["Egress"])])
    assert (both.direction, both.policies) == ("Egress", ("NetworkPolicy web/own", "NetworkPolicy web/other"))
    assert str(both) == "NetworkPolicy web/own and NetworkPolicy web/other allow no such egress"
    assert str(judge(to(API), [ingress])) == "NetworkPolicy shop/closed allows no such ingress"
    assert str(judge(to(API), [])) == "the network policies allow it"


def test_the_pods_of_a_nodes_network_are_under_no_policy() -> None:
    pod = {
        "metadata": {"name": "p", "namespace": "web"},
        "spec": {"hostNetwork": True},
        "status": {"podIP": "10.0.0.9"},
    }
    host = host_of_pod(pod)
    assert (host.ip, host.is_pod, host.reserved) == ("10.0.0.9", False, ("remote-node",))
    assert allowed(to(API, source=host), kubernetes(policyTypes=["Egress"]))


def test_a_pods_host_has_its_namespaces_labels_and_the_address_in_use() -> None:
    pod = {"metadata": {"name": "p", "namespace": "web", "labels": {"a": "b"}}, "spec": {}, "status": {"podIP": "::1"}}
    namespace = {"metadata": {"labels": {"team": "x"}}}
    assert host_of_pod(pod, namespace, "10.1.2.3") == Host("10.1.2.3", "web", (("a", "b"),), (), (), (("team", "x"),))
    assert host_of_pod(pod).ip == "::1"


def test_the_names_of_a_port_are_those_of_containers_and_sidecars() -> None:
    def container(name: str, number: int, **more: Any) -> dict[str, Any]:
        return {"name": name, "ports": [{"name": name, "containerPort": number, **more}]}

    spec = {
        "containers": [container("http", 8080), container("dns", 8080, protocol="UDP"), container("tls", 8443)],
        "initContainers": [{**container("mesh", 8080), "restartPolicy": "Always"}, container("init", 8080)],
    }
    assert port_names({"spec": spec}, 8080) == ("http", "mesh")


def test_kubernetes_ranges_of_ports_and_names_of_ports() -> None:
    def opens(**port: Any) -> dict[str, Any]:
        return kubernetes(policyTypes=["Egress"], egress=[{"ports": [port]}])

    assert [allowed(to(API, number), opens(port=8000, endPort=8100)) for number in (7999, 8000, 8100, 8101)] == [
        False,
        True,
        True,
        False,
    ]
    assert allowed(to(API, 8080, "metrics", "http"), opens(port="http"))
    assert not allowed(to(API, 8080), opens(port="http"))
    assert allowed(to(API, 1), opens(protocol="TCP"))
    assert not allowed(to(API, 1, protocol="UDP"), opens(protocol="TCP"))


def test_a_label_that_a_pod_lacks_is_not_in_any_list() -> None:
    expression = {"key": "tier", "operator": "NotIn", "values": ["db"]}
    closed = kubernetes(podSelector={"matchExpressions": [expression]}, policyTypes=["Egress"])
    assert not allowed(to(LAN), closed)


def test_calico_applies_the_first_rule_that_matches_in_the_policies_order() -> None:
    allow = {"action": "Allow", "destination": {"nets": ["192.168.0.0/16"]}}
    deny = {"action": "Deny", "destination": {"nets": ["192.168.7.0/24"]}}
    types: dict[str, Any] = {"types": ["Egress"]}
    assert allowed(to(LAN), calico(**types, egress=[allow, deny]))
    assert not allowed(to(LAN), calico(**types, egress=[{"action": "Log"}, deny, allow]))
    first, last = (
        calico(name="z", order=10, **types, egress=[deny]),
        calico(name="a", order=20, **types, egress=[allow]),
    )
    assert judge(to(LAN), [last, first]).policies == ("NetworkPolicy web/z",)
    assert allowed(to(LAN), first | {"spec": {**first["spec"], "order": 30}}, last)
    # Kubernetes' own have the order 1,000.
    own = kubernetes(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "192.168.0.0/16"}}]}])
    assert not allowed(to(LAN), own, first)
    assert allowed(to(LAN), own, calico(order=2000, **types, egress=[deny]))
    assert allowed(to(LAN), calico(**types, egress=[{"action": "Pass"}, deny]))
    # Of two with one order, the name decides: Kubernetes' own is stored as `knp.default.NAME`.
    own["metadata"]["name"] = "a"
    assert not allowed(to(LAN), own, calico(name="default.b", order=1000, **types, egress=[deny]))
    assert allowed(to(LAN), own, calico(name="z", order=1000, **types, egress=[deny]))


@pytest.mark.parametrize(
    ("destination", "host", "expected"),
    [
        ({"selector": "app == 'blog'"}, NEIGHBOUR, True),
        ({"selector": "app == 'api'"}, API, False),  # of the policy's own namespace only
        ({"namespaceSelector": "all()"}, API, True),
        ({"namespaceSelector": "all()"}, LAN, False),
        ({"namespaceSelector": "team == 'shop'", "selector": "tier in {'web', 'db'}"}, API, True),
        ({"namespaceSelector": "projectcalico.org/name == 'shop'"}, API, True),
        ({"namespaceSelector": "team == 'shop'", "selector": "tier != 'web'"}, API, False),
        ({"notSelector": "app == 'api'"}, API, False),
        ({"notSelector": "app == 'api'"}, LAN, True),
        ({"serviceAccounts": {"names": ["default"]}}, NEIGHBOUR, True),
        ({"serviceAccounts": {"names": ["other"]}}, NEIGHBOUR, False),
        ({"nets": ["fd00::/8"]}, LAN6, True),
        ({"nets": ["0.0.0.0/0"]}, API, True),
        ({"nets": ["0.0.0.0/0"], "notNets": ["192.168.0.0/16"]}, LAN, False),
        ({"ports": ["8000:8080"]}, API, True),
        ({"ports": ["http", 80]}, API, True),
        ({"notPorts": [8080]}, API, False),
    ],
)
def test_calico_destinations(destination: dict[str, Any], host: Host, expected: bool) -> None:
    rule = {"action": "Allow", "protocol": "TCP", "destination": destination}
    assert allowed(to(host, 8080, "http"), calico(types=["Egress"], egress=[rule])) is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"protocol": 6}, True),
        ({"protocol": "UDP"}, False),
        ({"notProtocol": "UDP"}, True),
        ({"notProtocol": "TCP"}, False),
        ({"ipVersion": 4}, True),
        ({"ipVersion": 6}, False),
        ({"icmp": {"type": 8}}, False),
        ({"source": {"selector": "app == 'connector'"}}, True),
        ({"source": {"selector": "app == 'blog'"}}, False),
    ],
)
def test_calico_rules(rule: dict[str, Any], expected: bool) -> None:
    assert allowed(to(API), calico(types=["Egress"], egress=[{"action": "Allow", **rule}])) is expected


@pytest.mark.parametrize(
    ("rule", "host", "expected"),
    [
        ({}, API, False),
        ({"toEndpoints": []}, API, False),
        ({"toEndpoints": [{}]}, NEIGHBOUR, True),
        ({"toEndpoints": [{}]}, API, False),  # of the policy's own namespace only
        ({"toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop"}}]}, API, True),
        ({"toEndpoints": [{"matchLabels": {"io.kubernetes.pod.namespace": "shop", "any:app": "db"}}]}, API, False),
        ({"toEndpoints": [{"matchLabels": {"k8s:io.cilium.k8s.namespace.labels.team": "shop"}}]}, API, True),
        (
            {"toEndpoints": [{"matchExpressions": [{"key": "io.kubernetes.pod.namespace", "operator": "Exists"}]}]},
            API,
            True,
        ),
        ({"toEndpoints": [{"matchLabels": {"reserved:kube-apiserver": ""}}]}, CONTROL_PLANE, True),
        ({"toEndpoints": [{}]}, LAN, False),
        ({"toCIDR": ["0.0.0.0/0"]}, LAN, True),
        ({"toCIDR": ["0.0.0.0/0"]}, API, False),
        ({"toCIDR": ["0.0.0.0/0"]}, NODE, False),
        ({"toCIDRSet": [{"cidr": "192.168.0.0/16", "except": ["192.168.7.0/24"]}]}, LAN, False),
        ({"toEntities": ["world"]}, LAN, True),
        ({"toEntities": ["world-ipv6"]}, LAN, False),
        ({"toEntities": ["world"]}, NODE, False),
        ({"toEntities": ["cluster"]}, NODE, True),
        ({"toEntities": ["cluster"]}, LAN, False),
        ({"toEntities": ["all"]}, API, True),
        ({"toFQDNs": [{"matchPattern": "*.example.org"}]}, Host("93.184.215.14", names=("a.example.org",)), True),
        ({"toFQDNs": [{"matchPattern": "*.example.org"}]}, Host("93.184.215.14", names=("a.b.example.org",)), False),
        ({"toFQDNs": [{"matchPattern": "*"}]}, Host("93.184.215.14", names=("a.b.example.org",)), True),
        ({"toFQDNs": [{"matchName": "A.example.org."}]}, Host("93.184.215.14", names=("a.example.org",)), True),
        ({"toPorts": [{"ports": [{"port": "8000", "endPort": 8100, "protocol": "TCP"}]}]}, API, True),
        ({"toPorts": [{"ports": [{"port": "8080"}]}]}, API, True),
        ({"toPorts": [{"ports": [{"port": "0", "protocol": "UDP"}]}]}, API, False),
        ({"toPorts": [{"ports": [{"port": "http", "protocol": "TCP"}]}]}, API, True),
        ({"icmps": [{"fields": [{"type": 8}]}]}, API, False),
    ],
)
def test_cilium_rules(rule: dict[str, Any], host: Host, expected: bool) -> None:
    assert allowed(to(host, 8080, "http"), cilium(egress=[rule])) is expected


def test_in_cilium_a_denial_precedes_what_any_policy_allows() -> None:
    everything, nowhere = {"toEntities": ["all"]}, {"toCIDR": ["192.168.7.9/32"]}
    assert not allowed(to(LAN), cilium(egress=[everything]), cilium(name="deny", egressDeny=[nowhere]))
    assert not allowed(to(LAN), kubernetes(policyTypes=["Egress"], egress=[{}]), cilium(egressDeny=[nowhere]))
    assert allowed(to(Host("192.168.7.8")), cilium(egress=[everything], egressDeny=[nowhere]))


def test_in_cilium_a_policy_may_leave_a_direction_open_or_have_several_specs() -> None:
    rule = {"toCIDR": ["192.168.7.8/32"]}
    assert allowed(to(LAN), cilium(egress=[rule], enableDefaultDeny={"egress": False}))
    several = {**cilium(), "spec": None, "specs": [{"endpointSelector": {}, "egress": [each]} for each in (rule, {})]}
    assert not allowed(to(LAN), several)
    assert allowed(to(Host("192.168.7.8")), several)


def test_kubernetes_policies_add_up_with_those_of_an_engine() -> None:
    closed = kubernetes(policyTypes=["Egress"])
    opened = {"action": "Allow", "destination": {"nets": ["192.168.7.9/32"]}}
    assert allowed(to(LAN), closed, calico(types=["Egress"], egress=[opened]))
    assert allowed(to(LAN), closed, cilium(egress=[{"toCIDR": ["192.168.7.9/32"]}]))
    assert not allowed(to(API), closed, cilium(egress=[{"toCIDR": ["192.168.7.9/32"]}]))
    # Two engines in one cluster: both must allow.
    assert not allowed(to(LAN), calico(types=["Egress"], egress=[opened]), cilium(egress=[{}]))


CONDITIONS = [
    (calico(types=["Egress"], egress=[{"action": "Allow", "destination": {"services": {"name": "a"}}}]), "services"),
    (calico(types=["Egress"], egress=[{"action": "Deny", "http": {"methods": ["GET"]}}]), "http"),
    (calico(types=["Egress"], serviceAccountSelector="role == 'x'"), "serviceAccountSelector"),
    (calico(types=["Egress"], selector="app =="), "lacks an operand"),
    (calico(types=["Egress"], tier="security"), "tier"),
    (cilium(egress=[{"toServices": [{"k8sService": {"serviceName": "a"}}]}]), "toServices"),
    (cilium(egress=[{"toCIDRSet": [{"cidrGroupRef": "lan"}]}]), "cidrGroupRef"),
    (cilium(egress=[{"toPorts": [{"ports": [{"port": "8080"}], "rules": {"http": [{}]}}]}]), "toPorts.rules.http"),
    (cilium(egressDeny=[{"toGroups": [{"aws": {}}]}]), "toGroups"),
    (cilium(egress=[{"toEntities": ["moon"]}]), "entity moon"),
]


@pytest.mark.parametrize(("condition", "field"), CONDITIONS)
def test_what_cannot_be_evaluated_closes_the_flow_and_is_named(condition: dict[str, Any], field: str) -> None:
    verdict = judge(to(LAN), [condition])
    assert not verdict.allowed
    assert field in verdict.unsupported
    assert field in str(verdict)
    assert f"{condition['kind']} web/" in str(verdict)


def test_what_cannot_be_evaluated_has_no_effect_where_the_verdict_does_not_depend_on_it() -> None:
    grouped = {"toCIDRSet": [{"cidrGroupRef": "lan"}], "toPorts": [{"ports": [{"port": "53"}]}]}
    assert judge(to(LAN), [cilium(egress=[grouped])]).unsupported == ""
    assert allowed(to(LAN), cilium(egress=[{**grouped, "toPorts": []}, {"toEntities": ["world"]}]))
    named = {"action": "Allow", "destination": {"services": {"name": "a"}, "ports": [53]}}
    assert judge(to(LAN), [calico(types=["Egress"], egress=[named])]).unsupported == ""


def test_a_policy_selects_and_isolates_by_its_own_engines_rules() -> None:
    assert selects(kubernetes(podSelector={"matchLabels": {"app": "connector"}}), CONNECTOR)
    assert not selects(kubernetes("other"), CONNECTOR)
    assert selects(calico(selector="has(app)", serviceAccountSelector="all()"), CONNECTOR)
    assert selects(cilium(endpointSelector={"matchLabels": {"k8s:app": "connector"}}), CONNECTOR)
    assert not selects(cilium(endpointSelector={"matchLabels": {"reserved:host": ""}}), CONNECTOR)
    assert selects(calico(selector="app =="), CONNECTOR)
    assert [isolates(kubernetes(policyTypes=["Egress"]), way) for way in ("Egress", "Ingress")] == [True, False]
    assert [isolates(cilium(ingress=[{}]), way) for way in ("Egress", "Ingress")] == [False, True]
