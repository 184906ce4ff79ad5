"""Functions of the cloudflare plugin: lookups of zones, records, tunnels, tokens and rulesets."""

from typing import Any

from sandbox.providers.cloudflare.client import Client
from sandbox.providers.cloudflare.fields import COMPUTED, Field, compact, snake
from sandbox.providers.cloudflare.records import DNS_RECORD
from sandbox.providers.cloudflare.rulesets import RULESET
from sandbox.providers.cloudflare.serialization import decode
from sandbox.providers.cloudflare.tunnels import TUNNEL
from sandbox.providers.interface import ProviderError

ZONE = Field(
    "object",
    fields={
        **dict.fromkeys(
            [
                "cnameSuffix",
                "name",
                "originalDnshost",
                "originalRegistrar",
                "status",
                "type",
                "verificationKey",
                "nameServers",
                "originalNameServers",
                "permissions",
                "vanityNameServers",
                "developmentMode",
                "paused",
                "account",
                "meta",
                "owner",
                "plan",
                "tenant",
                "tenantUnit",
            ],
            Field("any", COMPUTED),
        ),
        **dict.fromkeys(["activatedOn", "createdOn", "modifiedOn"], Field("time", COMPUTED)),
    },
)
RECORD = {name: rule for name, rule in DNS_RECORD.fields.items() if not rule.path}


def zone(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """A zone by `zoneId` (one call) or by `filter` (a list, then the zone: two calls), without nulls."""
    id = arguments.get("zoneId")
    wanted = arguments.get("filter")
    if wanted is not None:
        query = {}
        for name, value in wanted.items():
            if name not in ("account", "direction", "match", "name", "order", "status", "types"):
                raise ProviderError(f"getZone's filter has no property {name}")
            if name == "account":
                query |= {f"account.{part}": text for part, text in value.items()}
            else:
                query["type" if name == "types" else snake(name)] = (
                    ",".join(value) if isinstance(value, list) else value
                )
        found = client.call("GET", "/zones", query=query)
        if len(found) != 1:
            raise ProviderError(f"failed to find exactly one result: {len(found)} found")
        id = found[0]["id"]
    if not id:
        raise ProviderError("Invalid zone configuration: empty or null zone ID")
    answer = decode(ZONE, client.call("GET", f"/zones/{id}"))
    return compact({**answer, "id": id, "zoneId": id, "filter": wanted})


def records(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """A zone's records, read as the official plugin does: pages until one is empty, at most `maxItems` (1000)."""
    query: dict[str, str] = {}
    for name, value in arguments.items():
        if name not in ("zoneId", "maxItems", "name", "content", "comment", "type", "match", "order", "direction"):
            raise ProviderError(f"getDnsRecords has no property {name}")
        if isinstance(value, dict):
            query |= {f"{name}.{test}": text for test, text in value.items()}
        elif name not in ("zoneId", "maxItems"):
            query[name] = value
    limit = arguments.get("maxItems") or 1000
    found: list[dict[str, Any]] = []
    page_number = 1
    while len(found) < limit:
        page = {"page": str(page_number)} if page_number > 1 else {}
        rows = client.call("GET", f"/zones/{arguments['zoneId']}/dns_records", query={**query, **page})
        if not rows:
            break
        found += rows
        page_number += 1
    results = [{name: decode(rule, row.get(rule.api_name(name))) for name, rule in RECORD.items()} for row in found]
    return compact({**arguments, "results": results[:limit]})


def tunnel(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """A tunnel by its id, also a deleted one."""
    account, id = arguments.get("accountId"), arguments.get("tunnelId")
    if not account or not id:
        raise ProviderError("getZeroTrustTunnelCloudflared needs accountId and tunnelId")
    answer = client.call("GET", f"/accounts/{account}/cfd_tunnel/{id}")
    values = {name: decode(rule, answer.get(rule.api_name(name))) for name, rule in TUNNEL.fields.items()}
    return compact({**values, "id": id, "accountId": account, "tunnelId": id, "tunnelSecret": None})


def tunnels(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """The account's tunnels on one page of the list, at most `maxItems`."""
    known = ("accountId", "name", "isDeleted", "maxItems")
    if others := sorted(arguments.keys() - set(known)):
        raise ProviderError(f"the stand-in's getZeroTrustTunnelCloudflareds does not support {', '.join(others)}")
    query = {"name": arguments.get("name"), "is_deleted": arguments.get("isDeleted")}
    given = {key: str(value).lower() if isinstance(value, bool) else value for key, value in query.items()}
    present = {key: value for key, value in given.items() if value is not None}
    rows = client.call("GET", f"/accounts/{arguments['accountId']}/cfd_tunnel", query=present)
    fields = {name: rule for name, rule in TUNNEL.fields.items() if name != "tunnelSecret"}
    listed = [{name: decode(rule, row.get(rule.api_name(name))) for name, rule in fields.items()} for row in rows]
    return compact({**arguments, "results": listed[: arguments.get("maxItems")]})


def tunnel_token(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """The connector token, in plain text: the official plugin does not mark it secret either."""
    account, tunnel = arguments.get("accountId"), arguments.get("tunnelId")
    if not account or not tunnel:
        raise ProviderError("getZeroTrustTunnelCloudflaredToken needs accountId and tunnelId")
    token = client.call("GET", f"/accounts/{account}/cfd_tunnel/{tunnel}/token")
    return {"accountId": account, "tunnelId": tunnel, "token": token}


def rulesets(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """All rulesets of a zone or an account, without their rules. One call: the list is not paged."""
    names = ("id", "name", "description", "kind", "phase", "lastUpdated", "version")
    found = client.call("GET", _rulesets_of(arguments))
    listed = [
        compact({name: decode(RULESET.fields[name], each.get(RULESET.fields[name].api_name(name))) for name in names})
        for each in found
    ]
    return compact({**arguments, "rulesets": listed, "results": listed})


def ruleset(client: Client, arguments: dict[str, Any]) -> dict[str, Any]:
    """One ruleset with its rules."""
    id = arguments.get("id") or arguments.get("rulesetId")
    if not id:
        raise ProviderError("getRuleset needs id")
    answer = client.call("GET", f"{_rulesets_of(arguments)}/{id}")
    known = {name: field for name, field in RULESET.fields.items() if not field.path}
    return compact(
        {
            **arguments,
            **{name: decode(field, answer.get(field.api_name(name))) for name, field in known.items()},
            "rulesetId": id,
        }
    )


def _rulesets_of(arguments: dict[str, Any]) -> str:
    if bool(arguments.get("accountId")) == bool(arguments.get("zoneId")):
        raise ProviderError("exactly one of accountId and zoneId is required")
    scope = f"accounts/{arguments['accountId']}" if arguments.get("accountId") else f"zones/{arguments['zoneId']}"
    return f"/{scope}/rulesets"


FUNCTIONS = {
    "cloudflare:index/getRuleset:getRuleset": ruleset,
    "cloudflare:index/getRulesets:getRulesets": rulesets,
    "cloudflare:index/getDnsRecords:getDnsRecords": records,
    "cloudflare:index/getZeroTrustTunnelCloudflared:getZeroTrustTunnelCloudflared": tunnel,
    "cloudflare:index/getZeroTrustTunnelCloudflareds:getZeroTrustTunnelCloudflareds": tunnels,
    "cloudflare:index/getZone:getZone": zone,
    "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken": tunnel_token,
}
