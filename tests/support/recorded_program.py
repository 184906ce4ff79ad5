"""The program that the official plugins were recorded with, without its Kubernetes part."""

from collections.abc import Mapping
from typing import Any

from sandbox.providers.values import Secret
from tests.support.emulator import ACCOUNT
from tests.support.plugin_client import Goal, ResourceState

ZONE = "61019e82473e2926d28b8c0319cd097b"
FIRST_SECRET = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="  # noqa: S105 - 32 times the digit one
SECOND_SECRET = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI="  # noqa: S105 - 32 times the digit two

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
CONFIG = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
ROUTE = "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute"
NETWORK = "cloudflare:index/zeroTrustTunnelCloudflaredVirtualNetwork:ZeroTrustTunnelCloudflaredVirtualNetwork"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
APPLICATION = "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication"
SERVICE_TOKEN = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken"  # noqa: S105 - a type
NOTIFICATION = "cloudflare:index/notificationPolicy:NotificationPolicy"


def program(
    secret: str = FIRST_SECRET, service: str = "http://blog.blog.svc.cluster.local:80", host: str = "blog"
) -> list[Goal]:
    def goal(name: str, type: str, /, **inputs: Any) -> Goal:
        def resolved(state: Mapping[str, ResourceState]) -> dict[str, Any]:
            return {key: value(state) if callable(value) else value for key, value in inputs.items()}

        return Goal(name, type, resolved)

    def tunnel_id(state: Mapping[str, ResourceState]) -> str:
        return state["tun"].id

    def zone_ruleset(phase: str, **rule: Any) -> dict[str, Any]:
        return {"kind": "zone", "zoneId": ZONE, "phase": phase, "rules": [{"action": "block", "enabled": True, **rule}]}

    access = {"audTags": ["a" * 64], "required": True, "teamName": "team"}
    blog = {"access": access, "connectTimeout": 10, "keepAliveConnections": -1, "noTlsVerify": False}
    api = {"caPool": "/etc/ca.pem", "http2Origin": True, "originServerName": "api.shop"}
    ingresses = [
        {"hostname": "blog.example.test", "originRequest": blog, "service": service},
        {
            "hostname": "api.example.test",
            "originRequest": api,
            "path": "^/v1(/|$)",
            "service": "https://api.shop.svc.cluster.local:443",
        },
        {"service": "http_status:404"},
    ]
    rate_limited = '(http.host in {"blog.example.test"})'
    blocked = '(http.host in {"blog.example.test"} and ip.src.country in {"XX"})'
    limit = {
        "characteristics": ["ip.src", "cf.colo.id"],
        "mitigationTimeout": 10,
        "period": 10,
        "requestsPerPeriod": 50,
    }
    return [
        goal(
            "pol",
            POLICY,
            accountId=ACCOUNT,
            decision="allow",
            includes=[{"emailDomain": {"domain": "example.com"}}],
            name="rig-friends",
            sessionDuration="24h",
        ),
        goal("st", SERVICE_TOKEN, accountId=ACCOUNT, name="rig-ci"),
        goal(
            "waf",
            RULESET,
            name="rig-guard",
            **zone_ruleset("http_request_firewall_custom", description="block", expression=blocked),
        ),
        goal(
            "tun",
            TUNNEL,
            accountId=ACCOUNT,
            configSrc="cloudflare",
            name="rig-dev",
            tunnelSecret=Secret(secret),
        ),
        goal(
            "rl",
            RULESET,
            name="rig-rate",
            **zone_ruleset("http_ratelimit", description="rate", expression=rate_limited, ratelimit=limit),
        ),
        goal(
            "cfg",
            CONFIG,
            accountId=ACCOUNT,
            tunnelId=tunnel_id,
            config={"ingresses": ingresses, "originRequest": {"tlsTimeout": 5}},
            source="cloudflare",
        ),
        goal(
            "note",
            NOTIFICATION,
            accountId=ACCOUNT,
            alertType="tunnel_health_event",
            enabled=True,
            filters=lambda state: {"newStatuses": ["TUNNEL_STATUS_TYPE_DOWN"], "tunnelIds": [tunnel_id(state)]},
            mechanisms={"emails": [{"id": "ops@example.com"}]},
            name="rig-health",
        ),
        goal(
            f"dns-{host}.example.test",
            RECORD,
            comment="rig/dev",
            content=lambda state: f"{tunnel_id(state)}.cfargotunnel.com",
            name=f"{host}.example.test",
            proxied=True,
            ttl=1,
            type="CNAME",
            zoneId=ZONE,
        ),
        goal(
            "app",
            APPLICATION,
            accountId=ACCOUNT,
            domain="blog.example.test",
            name="rig-blog",
            policies=lambda state: [{"id": state["pol"].id, "precedence": 1}],
            sessionDuration="24h",
            type="self_hosted",
        ),
    ]
