"""A tunnel that cannot be deleted because somebody's connectors hold it: what the program does about it.

The stack's own connector is gone by then. The connections of others end with the tunnel anyway, but Cloudflare does not
delete it as long as there are any (error 1022), and connectors come back when they are dropped: so they are dropped when
the deletion was refused, and it is tried again at once, by a hook for errors (https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/).
A `before_delete` hook would have the engine refuse every `pulumi destroy` without `--run-program`, needed or not.
"""

import os
import re
from typing import Any

import pulumi

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
HOOK = "drop-connections"
CONNECTED = re.compile(r'"code": ?1022\b')
TRIES = 5
"""How often a connector may be quicker to come back than the deletion."""


def drop_connections(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Gives a tunnel the hook: for `transformations` of the component that makes it, or of the whole stack."""
    if args.type_ != TUNNEL:
        return None
    hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(HOOK, _refused)])
    return pulumi.ResourceTransformationResult(
        args.props, pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
    )


def _refused(args: pulumi.ErrorHookArgs) -> bool:
    """Whether to try again: after the connections were dropped."""
    if args.failed_operation != "delete" or not CONNECTED.search(args.errors[0]) or len(args.errors) > TRIES:
        return False
    # Here, since every run of the program would pay for it.
    from clients.cloudflare import Cloudflare

    account = (args.old_inputs or {})["accountId"]
    config = pulumi.Config("cloudflare")
    own = {"CLOUDFLARE_API_TOKEN": config.get("apiToken"), "CLOUDFLARE_BASE_URL": config.get("baseUrl")}
    cloudflare = Cloudflare(environ={**os.environ, **{name: value for name, value in own.items() if value}})
    holding = cloudflare.connections(account, args.id)
    pulumi.warn(f"{args.name} is held by connectors that are not this stack's, and drops them: {_named(holding)}")
    cloudflare.delete(f"/accounts/{account}/cfd_tunnel/{args.id}/connections", "Cloudflare Tunnel")
    return True


def _named(connectors: list[dict[str, Any]]) -> str:
    """Each with where it comes from, for whoever wonders whose it is."""
    from_where = (
        f"{one['id']} ({', '.join(sorted({each.get('origin_ip', '?') for each in one.get('conns') or []}))})"
        for one in connectors
    )
    return ", ".join(from_where) or "gone meanwhile"
