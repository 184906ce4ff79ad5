"""Kinds of resources at Cloudflare that the program creates, and how a stack's own are recognized."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clients import cloudflare
from clients.pulumi_values import UNKNOWN
from components.waf.zone_rulesets import ownership_tag
from ops.recover.owner import Owner

Body = Mapping[str, Any]


@dataclass(frozen=True)
class CloudflareKind:
    """A kind of resource at Cloudflare, at `/<scope>/<id of the account or zone>/<collection>`."""

    type: str
    noun: str
    scope: str
    """`accounts` or `zones`."""
    collection: str
    permission: str
    """Group of the API token's permissions."""
    belongs: Callable[[Body, Owner], bool]
    """Whether a resource is the stack's own, by its name, comment or description."""
    key: Mapping[str, str]
    """Inputs that identify a resource, each with its name in the API."""
    subjects: Callable[[Body], Iterable[str]] = lambda _: ()
    """Hostnames and ids that a resource mentions, by which stacks of the same name are told apart."""
    marked: bool = False
    """Whether a comment names project and stack, so that stacks of the same name are told apart by it."""
    name: str = "name"
    """The API's field with the name for display."""
    current: Mapping[str, str] | None = None
    """Query that leaves out deleted resources."""
    paged: bool = True
    """Whether the list of all has pages."""

    def path(self, scope_id: str, id: str = "") -> str:
        """Path of one resource, or of all of its account or zone."""
        return f"/{self.scope}/{scope_id}/{self.collection}" + (f"/{id}" if id else "")

    def scope_id(self, inputs: Mapping[str, Any]) -> str:
        return inputs["accountId" if self.scope == "accounts" else "zoneId"]

    def matches(self, body: Body, inputs: Mapping[str, Any]) -> bool:
        """Whether a resource is the one with these inputs, of which unknown and absent ones match every value."""
        wanted = {api: inputs.get(name) for name, api in self.key.items()}
        return all(value in (None, UNKNOWN) or value == body.get(api) for api, value in wanted.items())


def is_own(comment: str | None, mark: str) -> bool:
    """Whether a comment is the stack's: its mark, alone or as a prefix of the user's own comment."""
    return comment == mark or (comment or "").startswith(f"{mark}: ")


def _commented(body: Body, owner: Owner) -> bool:
    return is_own(body.get("comment"), owner.mark)


def _described(body: Body, owner: Owner) -> bool:
    return (body.get("description") or "").startswith(f"{owner.name}: ")


def _described_hostname(body: Body) -> list[str]:
    return [(body.get("description") or "").rpartition(": ")[2]]


def _host(application: Body) -> str:
    return (application.get("domain") or "").partition("/")[0]


def _is_application(body: Body, owner: Owner) -> bool:
    # By the domain as well: a name that begins with the stack's proves little.
    prefix, _, name = (body.get("name") or "").partition(" ")
    return bool(_host(body)) and prefix == owner.name and name.startswith(_host(body))


_POLICY = re.compile(r"(?P<owner>\S+) (?P<application>\S+): (programs|people|elsewhere|everybody)")


def _is_policy(body: Body, owner: Owner) -> bool:
    match = _POLICY.fullmatch(body.get("name") or "")
    return bool(match) and match["owner"] == owner.name


def _policy_subjects(body: Body) -> list[str]:
    match = _POLICY.fullmatch(body.get("name") or "")
    return [match["application"].partition("/")[0].removesuffix("-public")] if match else []


def tokens_of(policy: Body) -> list[str]:
    """Ids of the service tokens that a policy admits."""
    return [rule["service_token"]["token_id"] for rule in policy.get("include") or () if "service_token" in rule]


def _is_token(body: Body, owner: Owner) -> bool:
    # The prefix alone proves little: declared by the stack file, or admitted by one of the stack's policies.
    return bool({body.get("name"), body.get("id")} & owner.service_tokens)


def _is_notification(body: Body, owner: Owner) -> bool:
    return body.get("name") == f"{owner.name} tunnel health" and body.get("alert_type") == "tunnel_health_event"


def _is_ruleset(body: Body, owner: Owner) -> bool:
    return body.get("kind") == "zone" and (body.get("description") or "").endswith(ownership_tag(owner.name))


def _type(name: str) -> str:
    return f"cloudflare:index/{name[0].lower()}{name[1:]}:{name}"


_NOT_DELETED = {"is_deleted": "false"}
_TUNNEL, _ACCESS = cloudflare.TUNNEL, cloudflare.ACCESS

RECORD = CloudflareKind(
    _type("DnsRecord"),
    "record",
    "zones",
    "dns_records",
    cloudflare.DNS,
    lambda body, owner: (body.get("comment") or "") == owner.mark,
    {"name": "name", "type": "type", "comment": "comment"},
    lambda body: (body.get("name", ""), (body.get("content") or "").partition(".")[0]),
    marked=True,
)
LOAD_BALANCER = CloudflareKind(
    _type("LoadBalancer"),
    "load balancer",
    "zones",
    "load_balancers",
    cloudflare.LOAD_BALANCERS,
    _described,
    {"name": "name", "description": "description"},
    _described_hostname,
    paged=False,
)
POOL = CloudflareKind(
    _type("LoadBalancerPool"),
    "load-balancer pool",
    "accounts",
    "load_balancers/pools",
    cloudflare.MONITORS_AND_POOLS,
    _described,
    {"name": "name", "description": "description"},
    _described_hostname,
    paged=False,
)
MONITOR = CloudflareKind(
    _type("LoadBalancerMonitor"),
    "load-balancer monitor",
    "accounts",
    "load_balancers/monitors",
    cloudflare.MONITORS_AND_POOLS,
    _described,
    {"description": "description"},
    _described_hostname,
    name="description",
    paged=False,
)
NOTIFICATION = CloudflareKind(
    _type("NotificationPolicy"),
    "notification policy",
    "accounts",
    "alerting/v3/policies",
    cloudflare.NOTIFICATIONS,
    _is_notification,
    {"name": "name", "alertType": "alert_type"},
    lambda body: (body.get("filters") or {}).get("tunnel_id") or (),
    paged=False,
)
ROUTE = CloudflareKind(
    _type("ZeroTrustTunnelCloudflaredRoute"),
    "private route",
    "accounts",
    "teamnet/routes",
    _TUNNEL,
    _commented,
    {"network": "network", "comment": "comment", "virtualNetworkId": "virtual_network_id"},
    lambda body: (body.get("tunnel_id") or "",),
    marked=True,
    name="network",
    current=_NOT_DELETED,
)
HOSTNAME_ROUTE = CloudflareKind(
    _type("ZeroTrustNetworkHostnameRoute"),
    "private hostname",
    "accounts",
    "zerotrust/routes/hostname",
    _TUNNEL,
    _commented,
    {"hostname": "hostname", "comment": "comment"},
    lambda body: (body.get("tunnel_id") or "",),
    marked=True,
    name="hostname",
    current=_NOT_DELETED,
)
APPLICATION = CloudflareKind(
    _type("ZeroTrustAccessApplication"),
    "Access application",
    "accounts",
    "access/apps",
    _ACCESS,
    _is_application,
    {"name": "name"},
    lambda body: (_host(body),),
)
POLICY = CloudflareKind(
    _type("ZeroTrustAccessPolicy"),
    "Access policy",
    "accounts",
    "access/policies",
    _ACCESS,
    _is_policy,
    {"name": "name"},
    _policy_subjects,
)
SERVICE_TOKEN = CloudflareKind(
    _type("ZeroTrustAccessServiceToken"),
    "service token",
    "accounts",
    "access/service_tokens",
    cloudflare.SERVICE_TOKENS,
    _is_token,
    {"name": "name"},
    lambda body: (body["id"],),
)
RULESET = CloudflareKind(
    _type("Ruleset"),
    "ruleset",
    "zones",
    "rulesets",
    cloudflare.WAF,
    _is_ruleset,
    {"phase": "phase", "description": "description"},
    lambda body: (body.get("zone_id") or "",),
    paged=False,
)
NETWORK = CloudflareKind(
    _type("ZeroTrustTunnelCloudflaredVirtualNetwork"),
    "virtual network",
    "accounts",
    "teamnet/virtual_networks",
    _TUNNEL,
    _commented,
    {"name": "name", "comment": "comment"},
    marked=True,
    current=_NOT_DELETED,
)
TUNNEL = CloudflareKind(
    _type("ZeroTrustTunnelCloudflared"),
    "tunnel",
    "accounts",
    "cfd_tunnel",
    _TUNNEL,
    lambda body, owner: body.get("name") == owner.name,
    {"name": "name"},
    lambda body: (body["id"],),
    current=_NOT_DELETED,
)

BEFORE_THE_CONNECTOR = (RECORD, LOAD_BALANCER, POOL, MONITOR, NOTIFICATION, ROUTE, HOSTNAME_ROUTE)
"""What is deleted before the objects of the cluster: what leads visitors to the connector, or reports on it."""
AFTER_THE_CONNECTOR = (APPLICATION, POLICY, SERVICE_TOKEN, RULESET, NETWORK, TUNNEL)
"""What is deleted last: what protects hostnames, and the tunnel. Each is deleted ahead of those that it refers to."""
