"""The policy rules one by one: near misses on both sides of each rule."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from typing import Any

import pytest
from hypothesis import given, strategies

from policy import environments
from policy.property_paths import UNKNOWN
from policy.rule import Rule
from policy.rules import ACCESS, CONNECTOR_ISOLATION, EGRESS, IMAGES, ORIGINS, RECORDS, REPLICAS, TOKEN
from policy.rules.egress import PRIVATE
from policy.stack import Resource, Stack
from tests.support.policy_stacks import changed, judged
from tests.support.sealed_secrets import certificate

Properties = dict[str, Any]
DIGEST = "sha256:" + "0" * 64
LABELS = {"app.kubernetes.io/name": "cloudflared"}


def resource(type_: str, properties: Properties, shown: Properties | None = None) -> Resource:
    return Resource(type_, "it", properties, properties if shown is None else shown)


def connector(kind: str = "apps/v1:Deployment", **container: Any) -> Resource:
    pod = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "cloudflared", **container}]}}
    return resource(f"kubernetes:{kind}", {"metadata": {"namespace": "blog"}, "spec": {"template": pod}})


def network_policy(egress: Iterable[Properties] = (), **spec: Any) -> Resource:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": list(egress), **spec}
    return resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", {"metadata": {"namespace": "blog"}, "spec": spec})


def tunnel(*rules: Properties, **shared: Any) -> Resource:
    kind = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
    return resource(kind, {"config": {"ingresses": list(rules), "originRequest": shared or None}})


def application(**properties: Any) -> Resource:
    return resource("cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication", properties)


def broken(rule: Rule, *resources: Resource, configuration: dict[str, str] | None = None, **options: Any) -> list[str]:
    """The messages of one rule about a stack of these resources."""
    stack = Stack(resources, configuration or {})
    given = {**environments.resolve_config({}, [rule])[rule.name].options, **options}
    return [message for found in resources for message in rule.validate(found, stack, given)]


def block(cidr: str, *excepted: str, port: int | None = None) -> Properties:
    ports = {"ports": [{"protocol": "TCP", "port": port}]} if port else {}
    return {"to": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}], **ports}


# connector-has-network-policy


def test_the_message_names_the_namespace_or_the_open_policy() -> None:
    assert broken(CONNECTOR_ISOLATION, connector()) == [
        "no network policy of this stack selects its pods in namespace blog"
    ]
    assert broken(CONNECTOR_ISOLATION, connector(), network_policy(policyTypes=["Egress"])) == [
        "it selects its pods but does not restrict Ingress"
    ]


def test_a_policy_may_select_by_expressions() -> None:
    def selecting(*expressions: Properties) -> Resource:
        return network_policy(podSelector={"matchExpressions": list(expressions)})

    name = "app.kubernetes.io/name"
    meant = {"key": name, "operator": "In", "values": ["cloudflared", "other"]}
    for expression in (meant, {"key": name, "operator": "Exists"}, {"key": "x", "operator": "DoesNotExist"}):
        assert not broken(CONNECTOR_ISOLATION, connector(), selecting(expression))
    other = {"key": name, "operator": "NotIn", "values": ["cloudflared"]}
    for expression in (other, {"key": "x", "operator": "Exists"}, {"key": "x", "operator": "In", "values": ["y"]}):
        assert broken(CONNECTOR_ISOLATION, connector(), selecting(meant, expression))


def test_a_policy_without_types_isolates_egress_only_with_egress_rules() -> None:
    assert broken(CONNECTOR_ISOLATION, connector(), network_policy(policyTypes=None))
    assert not broken(CONNECTOR_ISOLATION, connector(), network_policy([block("198.41.192.0/24")], policyTypes=None))


def test_two_policies_may_isolate_one_direction_each() -> None:
    assert not broken(
        CONNECTOR_ISOLATION,
        connector(),
        network_policy(policyTypes=["Ingress"]),
        network_policy(policyTypes=["Egress"]),
    )


def test_policies_of_unknown_engines_are_ignored() -> None:
    other = replace(network_policy(), type="kubernetes:projectcalico.org/v3:NetworkPolicy")
    assert broken(CONNECTOR_ISOLATION, connector(), other)


@pytest.mark.parametrize(
    "container",
    [
        {"image": f"registry.example.com:5000/mirror/cloudflared@{DIGEST}"},
        {"image": "x", "args": ["tunnel", "--no-autoupdate", "run"]},
        {"image": "x", "command": ["sh", "-c", "cloudflared tunnel run"]},
        {"image": "x", "env": [{"name": "TUNNEL_TOKEN_FILE", "value": "/token"}]},
    ],
)
def test_a_connector_is_recognised_by_image_command_or_environment(container: Properties) -> None:
    pod = {"metadata": {"labels": {}}, "spec": {"containers": [container]}}
    found = resource("kubernetes:apps/v1:DaemonSet", {"spec": {"template": pod}})
    assert broken(CONNECTOR_ISOLATION, found)


def test_a_pod_that_is_not_a_connector_needs_no_policy() -> None:
    pod = {"metadata": {"labels": {}}, "spec": {"containers": [{"image": "nginx", "args": ["run"]}]}}
    assert not broken(CONNECTOR_ISOLATION, resource("kubernetes:apps/v1:Deployment", {"spec": {"template": pod}}))


# no-private-egress


def reached(*egress: Properties, more: tuple[Resource, ...] = (), **options: Any) -> list[str]:
    return broken(EGRESS, connector(), network_policy(egress), *more, **options)


def test_an_origin_address_is_declared_on_its_port_only() -> None:
    origin = tunnel(
        {"hostname": "nas.example.com", "service": "https://192.168.7.9"}, {"service": "tcp://[fd00::7]:22"}
    )
    assert not reached(block("192.168.7.9/32", port=443), block("fd00::7/128", port=22), more=(origin,))
    assert reached(block("192.168.7.9/32", port=22), more=(origin,))
    assert reached(block("192.168.7.9/32"), more=(origin,))
    assert reached(block("192.168.7.9/31", port=443), more=(origin,))
    even = tunnel({"hostname": "nas.example.com", "service": "https://192.168.7.8"})
    assert reached(block("192.168.7.8/31", port=443), more=(even,))
    ports = {"ports": [{"port": 443, "endPort": 9000}]}
    assert reached({**block("192.168.7.9/32"), **ports}, more=(origin,))


def test_an_address_is_no_violation_while_an_ingress_rule_is_unknown() -> None:
    later = tunnel({"hostname": "nas.example.com", "service": UNKNOWN})  # pyright: ignore[reportArgumentType]
    assert not reached(block("192.168.7.9/32", port=443), more=(later,))
    assert reached(block("192.168.7.0/24", port=443), more=(later,))


def test_a_network_routed_through_the_tunnel_is_declared() -> None:
    kind = "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute"
    route = resource(kind, {"network": "10.1.0.0/16"})
    assert not reached(block("10.1.2.0/24"), more=(route,))
    assert reached(block("10.0.0.0/8"), more=(route,))


def test_a_range_in_the_option_ranges_is_declared() -> None:
    assert not reached(block("10.1.2.0/24", port=80), ranges=["10.1.0.0/16"])
    assert reached(block("10.1.2.0/24", port=80), ranges=["10.2.0.0/16", "fd00::/8"])


def test_private_dns_servers_are_declared_on_port_53() -> None:
    assert not reached(block("169.254.20.10/32", port=53))
    assert reached(block("169.254.20.10/32"))
    assert not reached(block("10.0.0.10/32", port=53), resolvers=["10.0.0.10/32"])


def test_pods_of_a_selected_namespace_are_allowed() -> None:
    named = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}, "podSelector": {}}
    dns = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    assert not reached({"to": [named, {"podSelector": {}}, dns]})
    assert reached({"to": [named, {"namespaceSelector": {}}]})


def test_policies_of_other_pods_are_not_checked() -> None:
    database = network_policy([block("10.0.0.0/8")], podSelector={"matchLabels": {"app": "database"}})
    assert not broken(EGRESS, connector(), network_policy(), database)


@pytest.mark.parametrize("network", PRIVATE, ids=str)
def test_excepting_every_private_range_is_necessary_and_sufficient(network: Any) -> None:
    everything = "0.0.0.0/0" if network.version == 4 else "::/0"
    excepted = [str(inside) for inside in PRIVATE if inside.version == network.version]
    assert not reached(block(everything, *excepted))
    (message,) = reached(block(everything, *(cidr for cidr in excepted if cidr != str(network))))
    assert str(network) in message


@given(
    strategies.ip_addresses(v=4, network="10.0.0.0/8"),
    strategies.lists(strategies.tuples(strategies.ip_addresses(v=4, network="10.0.0.0/8"), strategies.integers(8, 32))),
)
def test_subtracting_exceptions_leaves_exactly_the_rest(
    address: IPv4Address, excepted: list[tuple[IPv4Address, int]]
) -> None:
    exceptions = [ip_network(f"{base}/{length}", strict=False) for base, length in excepted]
    shut = any(address in exception for exception in exceptions)
    open_ = reached(block(f"{address}/32", *(str(e) for e in exceptions)))
    assert bool(open_) != shut


@given(strategies.ip_addresses())
def test_every_address_that_python_calls_private_is_private(address: Any) -> None:
    special = ("192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4")
    special += ("::/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "64:ff9b:1::/48", "100:0:0:1::/64")
    nothing_answers = any(
        address in ip_network(cidr) for cidr in special if ip_network(cidr).version == address.version
    )
    if address.is_private and not nothing_answers:
        assert any(address in network for network in PRIVATE if network.version == address.version)


# images-by-digest


def test_a_digest_is_enough_without_a_tag() -> None:
    assert not broken(IMAGES, connector(image=f"cloudflare/cloudflared@{DIGEST}"))
    assert not broken(IMAGES, connector(image=f"registry:5000/cloudflared:1@{DIGEST}"))
    assert broken(IMAGES, connector(image="cloudflare/cloudflared@sha256:0"))
    assert broken(IMAGES, connector())


# connector-is-redundant


def test_only_connectors_must_be_redundant(good: Stack) -> None:
    site = resource(
        "kubernetes:apps/v1:Deployment", {"spec": {"replicas": 1, "template": {"spec": {"containers": []}}}}
    )
    assert not broken(REPLICAS, site)
    assert not broken(REPLICAS, connector("apps/v1:DaemonSet"))
    found = next(deployment for deployment in good.every("Deployment"))
    assert not broken(REPLICAS, found, minimum=3)
    assert broken(REPLICAS, found, minimum=4)


def test_external_replicas_are_not_the_stacks_to_count(good: Stack) -> None:
    (found,) = (each for each in good.every("Deployment") if broken(REPLICAS, each, minimum=4))
    assert not broken(REPLICAS, replace(found, ignored=frozenset({"spec.replicas"})), minimum=4)
    assert broken(REPLICAS, replace(found, ignored=frozenset({"spec.paused"})), minimum=4)


# origins-are-verified

UNVERIFIED = {"hostname": "nas.example.com", "service": "https://10.0.0.7", "originRequest": {"noTlsVerify": True}}


def test_a_reason_permits_an_unverified_origin() -> None:
    assert broken(ORIGINS, tunnel(UNVERIFIED), reasons={"nas.example.com": " ", "other.example.com": "because"})
    assert not broken(ORIGINS, tunnel(UNVERIFIED), reasons={"nas.example.com": "its certificate cannot be changed"})


def test_the_reason_may_come_from_the_settings() -> None:
    def settings(reason: str) -> dict[str, str]:
        return {"culvert:routes": json.dumps([{"hostname": "NAS.example.com", "origin": {"reason": reason}}])}

    assert not broken(ORIGINS, tunnel(UNVERIFIED), configuration=settings("its certificate cannot be changed"))
    assert broken(ORIGINS, tunnel(UNVERIFIED), configuration=settings(" "))


def test_a_rules_own_option_overrides_the_tunnels() -> None:
    verified = {**UNVERIFIED, "originRequest": {"noTlsVerify": False}}
    assert not broken(ORIGINS, tunnel(verified, noTlsVerify=True))
    assert broken(ORIGINS, tunnel({**UNVERIFIED, "originRequest": None}, noTlsVerify=True))


def test_a_socket_with_tls_has_a_certificate_too() -> None:
    assert broken(ORIGINS, tunnel({**UNVERIFIED, "service": "unix+tls:/run/app.sock"}))


def test_an_origin_without_a_certificate_has_none_to_verify() -> None:
    assert not broken(ORIGINS, tunnel({**UNVERIFIED, "service": "http://10.0.0.7"}))


# records-are-proxied


def record(**properties: Any) -> Resource:
    return resource("cloudflare:index/dnsRecord:DnsRecord", {"name": "mail.example.com", "type": "A", **properties})


def test_a_listed_record_need_not_be_proxied() -> None:
    assert broken(RECORDS, record(proxied=False), unproxied=["other.example.com"])
    assert not broken(RECORDS, record(proxied=False), unproxied=["mail.example.com"])


def test_records_that_cannot_be_proxied_need_not_be() -> None:
    assert not broken(RECORDS, record(type="TXT"))
    assert not broken(RECORDS, record(type="MX", proxied=False))


def test_a_record_of_the_former_resource_type_counts() -> None:
    assert broken(RECORDS, replace(record(), type="cloudflare:index/record:Record"))


# routes-require-access

BLOG = {"hostname": "blog.example.com", "service": "http://blog.blog"}
V1 = {**BLOG, "path": r"^/v1\.0(/|$)"}


@pytest.mark.parametrize(
    ("rule", "guard"),
    [
        (BLOG, {"domain": "blog.example.com"}),
        (BLOG, {"domain": "*.example.com"}),
        (BLOG, {"domain": "other.example.com", "selfHostedDomains": ["blog.example.com"]}),
        (BLOG, {"destinations": [{"type": "public", "uri": "blog.example.com"}]}),
        (V1, {"domain": "blog.example.com"}),
        (V1, {"domain": "blog.example.com/v1.0"}),
        ({**BLOG, "path": "^/v1-0/x$"}, {"domain": "blog.example.com/v1-0"}),
        ({**BLOG, "path": "^/v1/[0-9]+"}, {"domain": "blog.example.com/v1"}),
        ({**BLOG, "hostname": "*.example.com"}, {"domain": "*.example.com"}),
        (BLOG, {"domain": "blog.example.com", "policies": [{"decision": "allow"}]}),
    ],
)
def test_an_application_that_covers_a_whole_route_protects_it(rule: Properties, guard: Properties) -> None:
    assert broken(ACCESS, tunnel(rule))
    assert not broken(ACCESS, tunnel(rule), application(**guard))


@pytest.mark.parametrize(
    ("rule", "guard"),
    [
        (BLOG, {"domain": "other.example.com"}),
        (BLOG, {"domain": "blog.example.com/v1.0"}),
        ({**BLOG, "hostname": "a.blog.example.com"}, {"domain": "*.example.com"}),
        ({**BLOG, "hostname": "example.com"}, {"domain": "*.example.com"}),
        ({**BLOG, "hostname": "*.example.com"}, {"domain": "blog.example.com"}),
        ({**BLOG, "path": "^/v1-0(/|$)"}, {"domain": "blog.example.com/v1.0"}),
        ({**BLOG, "path": "^/v1"}, {"domain": "blog.example.com/v1.0"}),
        ({**BLOG, "path": "^/v1"}, {"domain": "blog.example.com/v1"}),
        ({**BLOG, "path": "^/v1/?x"}, {"domain": "blog.example.com/v1"}),
        ({**BLOG, "path": "/v1/"}, {"domain": "blog.example.com/v1"}),
        ({**BLOG, "path": "^/v1/|/v2"}, {"domain": "blog.example.com/v1"}),
        (BLOG, {"domain": "blog.example.com", "policies": [{"decision": "bypass"}]}),
        (BLOG, {"domain": "blog.example.com", "policies": [{"id": "bypass"}]}),
    ],
)
def test_an_application_that_misses_some_requests_protects_nothing(rule: Properties, guard: Properties) -> None:
    policy = {"id": "bypass", "decision": "bypass"}
    bypass = resource("cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy", policy)
    assert broken(ACCESS, tunnel(rule), application(**guard), bypass)


def test_a_required_access_jwt_protects_a_route() -> None:
    assert not broken(ACCESS, tunnel({**BLOG, "originRequest": {"access": {"required": True}}}))
    assert not broken(ACCESS, tunnel(BLOG, access={"required": True}))
    assert broken(ACCESS, tunnel({**BLOG, "originRequest": {"access": {"required": False}}}))


def test_the_settings_may_declare_a_hostname_public() -> None:
    cafe = {**BLOG, "hostname": "xn--caf-dma.example.com"}
    blog = {"hostname": "Blog.example.com", "public": True}

    def said(*routes: Properties) -> dict[str, str]:
        return {"culvert:routes": json.dumps(routes)}

    both = said(blog, {"hostname": "café.example.com", "public": True})
    assert not broken(ACCESS, tunnel(BLOG, cafe), configuration=both)
    two = (BLOG, {**BLOG, "path": "^/admin(/|$)"})
    assert broken(ACCESS, tunnel(*two), configuration=said(blog, {"hostname": "blog.example.com", "path": "/admin"}))
    assert not broken(ACCESS, tunnel(*two), application(domain="blog.example.com/admin"), configuration=said(blog))
    gone = {"hostname": "blog.example.com", "path": "/gone", "service": "http_status:410"}
    assert not broken(ACCESS, tunnel(BLOG), configuration=said(blog, gone))


def test_a_fixed_status_needs_no_access() -> None:
    assert not broken(ACCESS, tunnel({"hostname": "blog.example.com", "service": "http_status:410"}))


# token-stays-secret


def test_a_secret_output_may_contain_the_token(good: Stack) -> None:
    secret = good.every("ZeroTrustTunnelCloudflared")[0].properties["tunnelSecret"]
    resources = (
        replace(found, properties={**found.properties, "secret": secret}, shown={**found.shown, "secret": None})
        if found.kind == "Stack"
        else found
        for found in good.resources
    )
    assert not judged(Stack(tuple(resources), good.configuration), "prod")


def test_a_variable_may_refer_to_the_tokens_secret() -> None:
    def variable(**more: Any) -> Resource:
        return connector(image=f"x@{DIGEST}", env=[{"name": "TUNNEL_TOKEN", **more}])

    assert not broken(TOKEN, variable(valueFrom={"secretKeyRef": {"name": "token", "key": "token"}}))
    assert broken(TOKEN, variable(value="known only later"))


def test_a_token_file_argument_is_allowed() -> None:
    assert not broken(TOKEN, connector(args=["tunnel", "run", "--token-file", "/token"]))
    assert broken(TOKEN, connector(args=["tunnel", "run", "--token=$(TOKEN)"]))


def test_secrets_of_other_providers_are_not_kubernetes_secrets() -> None:
    assert not broken(TOKEN, resource("aws:secretsmanager/secret:Secret", {"data": {"a": "b"}}))


def test_the_secrets_of_every_tunnel_are_searched_for(good: Stack) -> None:
    first = good.every("ZeroTrustTunnelCloudflared")[0]
    second = replace(first, properties={**first.properties, "tunnelSecret": "d" * 44})
    stack = replace(good, resources=(*good.resources, second))
    leak: Callable[[Properties], None] = lambda outputs: outputs.update(secret="d" * 44)  # noqa: E731
    assert [found.rule.name for found in judged(changed(stack, "Stack", leak), "prod")] == ["token-stays-secret"]


WAYS = {
    "sealed": {"certificate": certificate()},
    "existing": {"secret": {"name": "tunnel-token"}},
    "external": {"store": {"name": "vault"}},
}


@pytest.mark.parametrize("delivery", WAYS)
def test_every_way_to_deliver_the_token_keeps_it_secret(run: Callable[..., Stack], delivery: str) -> None:
    assert not judged(run("prod", token=json.dumps({"delivery": delivery, **WAYS[delivery]})), "prod")


@pytest.mark.parametrize(
    ("delivery", "kind", "leak"),
    [
        ("sealed", "SealedSecret", lambda spec, token: spec["template"].update(data={"token": token})),
        ("external", "ExternalSecret", lambda spec, token: spec["target"]["template"].update(data={"token": token})),
        ("external", "PushSecret", lambda spec, token: spec.update(template={"data": {"token": token}})),
    ],
)
def test_a_custom_resource_with_a_plain_token_is_a_violation(
    run: Callable[..., Stack], delivery: str, kind: str, leak: Callable[[Any, str], None]
) -> None:
    stack = run("prod", token=json.dumps({"delivery": delivery, **WAYS[delivery]}))
    parts = {
        "a": "account",
        "t": "tunnel",
        "s": stack.every("ZeroTrustTunnelCloudflared")[0].properties["tunnelSecret"],
    }
    token = base64.b64encode(json.dumps(parts).encode()).decode()
    spoilt = changed(stack, kind, lambda properties: leak(properties["spec"], token))
    assert [found.rule.name for found in judged(spoilt, "prod")] == ["token-stays-secret"]
