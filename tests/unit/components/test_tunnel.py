"""The tunnel and its configuration: their inputs, and the secrets that stay hidden."""

import base64
import json
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components import Tunnel
from components.tunnel import TunnelArgs
from tests.support.mock_recorder import PASSWORD, TUNNEL_ID, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
RULES = [
    {
        "hostname": "blog.example.com",
        "path": "^/v1(/|$)",
        "service": "https://blog.blog.svc.cluster.local:443",
        "origin_request": {"no_tls_verify": False, "connect_timeout": 10},
    },
    {"service": "http_status:404"},
]
SECRET = base64.b64encode(PASSWORD.encode()).decode()


@pytest.fixture
def recorded(deploy: Deploy) -> Recorded:
    def program() -> None:
        tunnel = Tunnel("culvert-dev", {"account_id": ACCOUNT, "ingress_rules": RULES})
        for what in ("tunnel_id", "tunnel_name", "target", "token", "config_version"):
            pulumi.export(what, getattr(tunnel, what))

    return deploy(program)


def test_a_tunnel_has_a_password_a_tunnel_and_its_rules(recorded: Recorded) -> None:
    assert recorded.names == {
        "RandomPassword culvert-dev-secret",
        "ZeroTrustTunnelCloudflared culvert-dev-tunnel",
        "ZeroTrustTunnelCloudflaredConfig culvert-dev-rules",
    }
    assert recorded.components == ["culvert:index:Tunnel culvert-dev"]
    assert {resource.parent for resource in recorded.resources} == {"culvert:index:Tunnel"}


def test_the_tunnel_takes_its_rules_from_cloudflare(recorded: Recorded) -> None:
    tunnel = recorded.one("ZeroTrustTunnelCloudflared").inputs
    assert tunnel["configSrc"] == "cloudflare"
    assert tunnel["name"] == "culvert-dev"
    assert tunnel["accountId"] == ACCOUNT
    rules = recorded.one("ZeroTrustTunnelCloudflaredConfig").inputs
    assert (rules["source"], rules["tunnelId"], rules["accountId"]) == ("cloudflare", TUNNEL_ID, ACCOUNT)


def test_rules_are_sent_in_order_with_the_names_of_the_api(recorded: Recorded) -> None:
    assert recorded.one("ZeroTrustTunnelCloudflaredConfig").inputs["config"] == {
        "ingresses": [
            {
                "hostname": "blog.example.com",
                "path": "^/v1(/|$)",
                "service": "https://blog.blog.svc.cluster.local:443",
                "originRequest": {"noTlsVerify": False, "connectTimeout": 10},
            },
            {"service": "http_status:404"},
        ]
    }


def test_the_secret_is_a_long_password_in_base64(recorded: Recorded) -> None:
    password = recorded.one("RandomPassword").inputs
    assert password["length"] >= 48
    assert password["special"] is False
    assert recorded.one("ZeroTrustTunnelCloudflared").inputs["tunnelSecret"] == SECRET


def test_the_token_has_the_form_that_cloudflared_decodes(recorded: Recorded) -> None:
    token = base64.b64decode(recorded.outputs["pulumi:pulumi:Stack"]["token"]).decode()
    assert json.loads(token) == {"a": ACCOUNT, "t": TUNNEL_ID, "s": SECRET}
    assert " " not in token


def test_neither_password_nor_secret_nor_token_is_shown(recorded: Recorded) -> None:
    token = recorded.outputs["pulumi:pulumi:Stack"]["token"]
    assert '"token": "[secret]"' in recorded.shown
    assert '"tunnelSecret": "[secret]"' in recorded.shown
    for secret in (PASSWORD, SECRET, token):
        assert secret not in recorded.shown


def test_a_tunnel_is_deleted_before_its_replacement_since_names_are_unique(recorded: Recorded) -> None:
    assert recorded.one("ZeroTrustTunnelCloudflared").delete_before_replace


def test_a_tunnel_that_exists_is_imported_after_its_rules(deploy: Deploy) -> None:
    existing = f"{ACCOUNT}/{TUNNEL_ID}"
    args: TunnelArgs = {"account_id": ACCOUNT, "ingress_rules": RULES, "adopt": existing}
    recorded = deploy(lambda: Tunnel("culvert-dev", args))
    tunnel, rules = recorded.one("ZeroTrustTunnelCloudflared"), recorded.one("ZeroTrustTunnelCloudflaredConfig")
    assert tunnel.imported == rules.imported == existing
    assert str(rules) in tunnel.dependencies
    assert rules.inputs["tunnelId"] == TUNNEL_ID
    assert recorded.outputs["culvert:index:Tunnel"]["config_version"] == 7


def test_protection_dependencies_and_hooks_are_those_of_the_tunnel_alone(deploy: Deploy, recorded: Recorded) -> None:
    def program() -> None:
        first = random.RandomPassword("first", length=8)
        hook = pulumi.ResourceHook("check", lambda _: None)
        more: Any = {"protect": True, "depends_on": [first], "before_update": [hook]}
        args: Any = {"account_id": ACCOUNT, "ingress_rules": RULES, **more}
        Tunnel("culvert-dev", args)

    unprotected = recorded.one("ZeroTrustTunnelCloudflared")
    assert (unprotected.protect, unprotected.before_update) == (False, set())
    tunnel, *others = sorted(deploy(program).resources, key=lambda each: not each.protect)
    assert str(tunnel) == "ZeroTrustTunnelCloudflared culvert-dev-tunnel"
    assert "RandomPassword first" in tunnel.dependencies
    assert tunnel.before_update == {"check"}
    assert not any(each.protect or each.before_update for each in others)


def test_outputs_have_the_tunnels_id_name_and_target(recorded: Recorded) -> None:
    outputs = recorded.outputs["pulumi:pulumi:Stack"]
    assert recorded.outputs["culvert:index:Tunnel"] == outputs
    assert outputs["tunnel_id"] == TUNNEL_ID
    assert outputs["tunnel_name"] == "culvert-dev"
    assert outputs["target"] == f"{TUNNEL_ID}.cfargotunnel.com"
    assert outputs["config_version"] == 7
