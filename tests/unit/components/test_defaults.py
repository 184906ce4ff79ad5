"""What the components create from their required arguments alone, as another program may call them."""

from typing import Any

import pulumi

import components
from tests.support.mock_recorder import TUNNEL_ID, Deploy
from tests.support.registered import assert_registered

ACCOUNT = "0123456789abcdef0123456789abcdef"


def test_each_component_has_the_same_defaults_as_before(deploy: Deploy) -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        parent.register_outputs({})
        inside = pulumi.ResourceOptions(parent=parent)
        access: Any = {
            "account_id": ACCOUNT,
            "applications": {"blog": {"domains": ["blog.example.com"], "emails": ["ann@example.com"]}},
        }
        components.Access("a", access, inside)
        components.Connector("a", {"namespace": "blog", "token": "t"}, inside)
        components.Connector(
            "b", {"namespace": "blog", "token": "t", "token_delivery": {"secret": {"name": "own"}}}, inside
        )
        components.Connector(
            "c", {"namespace": "blog", "token": "t", "token_delivery": {"store": {"name": "vault"}}}, inside
        )
        components.LoadBalancer(
            "a",
            {
                "account_id": ACCOUNT,
                "zone": "example.com",
                "hostname": "shop.example.com",
                "tunnel_id": TUNNEL_ID,
                "pools": [{"name": "here", "tunnels": ["own"]}],
            },
            inside,
        )
        components.Monitoring("a", {"namespace": "blog", "alerts": {}, "dashboard": {}}, inside)
        components.Namespace("a", {"name": "blog"}, inside)
        pods: Any = {"namespace": "shop", "every_pod": True, "port": 80}
        policy: Any = {
            "namespace": "blog",
            "destinations": [pods, {"cidr": "192.0.2.7/32", "every_port": True}],
            "resolvers": [{"cidr": "169.254.20.10/32"}],
        }
        components.NetworkPolicy("a", policy, inside)
        for engine in ("calico", "calico-crd", "cilium"):
            chosen: Any = {**policy, "engine": engine}
            components.NetworkPolicy(engine, chosen, inside)
        components.Notification(
            "a", {"account_id": ACCOUNT, "tunnel_id": TUNNEL_ID, "email": ["ops@example.com"]}, inside
        )
        components.PrivateNetworks(
            "a",
            {
                "account_id": ACCOUNT,
                "tunnel_id": TUNNEL_ID,
                "routes": [{"network": "10.43.0.0/16"}, {"hostname": "wiki.example.net"}],
            },
            inside,
        )
        components.Records(
            "a", {"account_id": ACCOUNT, "hostnames": {"blog.example.com": "example.com"}, "target": "tunnel"}, inside
        )
        components.SampleSite("a", {"namespace": "blog", "service": "site"}, inside)
        components.Tunnel("a", {"account_id": ACCOUNT, "ingress_rules": [{"service": "http_status:404"}]}, inside)
        rule = {"zone": "example.com", "name": "own", "action": "block", "expression": "ssl"}
        limit = {**rule, "rate": {"requests": 9, "period": 10, "timeout": 10, "per": "ip"}}
        rules: Any = [rule, limit]
        components.WafRules("a", {"account_id": ACCOUNT, "zones": {"example.com": None}, "rules": rules}, inside)

    assert_registered("defaults", deploy(program))
