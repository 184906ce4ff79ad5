"""Error hook of a tunnel that cannot be deleted while connectors of others are connected to it.

The stack's own connector is gone by the time its tunnel is deleted. Connections that others hold would end with the
tunnel, but Cloudflare refuses the deletion as long as there are any (error 1022), and connectors reconnect when they
are dropped. So the connections are dropped after the refusal and the deletion is tried again at once, by a hook for
errors (https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/). With a `before_delete` hook the engine
would refuse every `pulumi destroy` without `--run-program`, needed or not.
"""

import re
from typing import Any

import pulumi

from components.exposure.hooks.provider_api import provider_api
from components.exposure.hooks.transformation import with_hooks

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
HOOK = "drop-connections"
HAS_CONNECTIONS = re.compile(r'"code": ?1022\b')
MAX_TRIES = 5
"""Deletions tried before giving up: a connector may reconnect before the next one arrives."""


def drop_connections(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Transformation that gives a tunnel the hook: for the component that makes the tunnel, or for the whole stack."""
    if args.type_ != TUNNEL:
        return None
    return with_hooks(args, pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(HOOK, retry_deletion)]))


def retry_deletion(args: pulumi.ErrorHookArgs) -> bool:
    """The hook: drops the connections that a deletion was refused for. Returns whether to try the deletion again."""
    refused = args.failed_operation == "delete" and HAS_CONNECTIONS.search(args.errors[0])
    if not refused or len(args.errors) > MAX_TRIES:
        return False
    account = (args.old_inputs or {})["accountId"]
    api = provider_api()
    connectors = api.connectors(account, args.id)
    pulumi.warn(
        f"{args.name} has connectors that are not this stack's. Dropping their connections: {_list(connectors)}"
    )
    api.drop_connections(account, args.id)
    return True


def _list(connectors: list[dict[str, Any]]) -> str:
    """Each connector's id with the addresses that it connects from, which tell whose it is."""
    return (
        ", ".join(
            f"{one['id']} ({', '.join(sorted({each.get('origin_ip', '?') for each in one.get('conns') or []}))})"
            for one in connectors
        )
        or "none left"
    )
