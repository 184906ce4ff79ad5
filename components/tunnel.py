"""Cloudflare Tunnel with its ingress rules and its token."""

import base64
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_random as random

from components.argument_check import check_arguments
from components.ingress_rule import IngressRuleArgs
from settings import TUNNEL_DOMAIN


class TunnelArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account, 32 hex digits."""
    ingress_rules: pulumi.Input[list[IngressRuleArgs]]
    """Ingress rules in order: the first match decides, and the last rule must match everything."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the tunnel; false by default."""
    token_epoch: NotRequired[int]
    """Change it to rotate the tunnel's secret, and so its token; 0 by default."""
    depends_on: NotRequired[list[Any]]
    """Resources to update before the tunnel: with a new secret, what the connector needs before it gets the token."""
    before_update: NotRequired[list[Any]]
    """Resource hooks that the engine calls before it updates the tunnel."""
    adopt: NotRequired[str | None]
    """`<account id>/<tunnel id>` of an existing, remotely configured tunnel to import together with its ingress rules.
    It is updated to match and deleted with the stack. Remove the argument once the import is done."""


class Tunnel(pulumi.ComponentResource):
    """A remotely configured tunnel with the name of the component.

    Creates a RandomPassword, a ZeroTrustTunnelCloudflared and a ZeroTrustTunnelCloudflaredConfig, with two API calls.
    The connector rejects ingress rules that fail its own checks and silently keeps the old ones. This component does
    not check them; `Exposure` does.

    An imported tunnel keeps its id, and so its records and connections; its name, secret and ingress rules become the
    stack's. Connectors with the old token stay connected and get the new rules, but cannot reconnect once they stop.

    A new `token_epoch` changes the secret in place; connectors with the old token stay connected until they are
    replaced. The tunnel is replaced only if the account changes or on request, and is unavailable meanwhile.
    """

    tunnel_id: pulumi.Output[str]
    """UUID of the tunnel."""
    tunnel_name: pulumi.Output[str]
    """Name of the tunnel in the account."""
    target: pulumi.Output[str]
    """Target of CNAME records: `<tunnel id>.cfargotunnel.com`."""
    token: pulumi.Output[str]
    """Token that connectors register with; secret."""
    config_version: pulumi.Output[int]
    """Version of the ingress rules, which Cloudflare increases with each change; connectors report theirs at
    `/config`."""

    def __init__(self, name: str, args: TunnelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, TunnelArgs)
        super().__init__("culvert:index:Tunnel", name, opts=opts)
        # Not RandomBytes: its id is its value, and ids are plain text in the state and in every diff.
        password = random.RandomPassword(
            f"{name}-secret",
            length=64,
            special=False,
            # None for 0, so that stacks without an epoch keep their secret.
            keepers={"epoch": str(epoch)} if (epoch := args.get("token_epoch")) else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        secret = pulumi.Output.secret(password.result).apply(_base64)
        adopt = args.get("adopt")

        def rules(tunnel_id: pulumi.Input[str]) -> cloudflare.ZeroTrustTunnelCloudflaredConfig:
            return cloudflare.ZeroTrustTunnelCloudflaredConfig(
                f"{name}-rules",
                account_id=args["account_id"],
                tunnel_id=tunnel_id,
                source="cloudflare",
                config={"ingresses": args["ingress_rules"]},
                # Imports the existing rules too, so that the preview shows how they change.
                opts=pulumi.ResourceOptions(parent=self, import_=adopt),
            )

        # Rules of an imported tunnel first: after the Cloudflare provider (5.22) has set a tunnel's secret, it omits
        # strings from the next request of the same run (docs/adoption.md).
        first = [rules(adopt.rpartition("/")[2])] if adopt else []
        self.tunnel = tunnel = cloudflare.ZeroTrustTunnelCloudflared(
            f"{name}-tunnel",
            account_id=args["account_id"],
            name=name,
            # With the default, "local", the ingress rules would never reach a connector.
            config_src="cloudflare",
            tunnel_secret=secret,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Names are unique in an account: creating the replacement first would fail (1013). A tunnel with
                # connections cannot be deleted (1022): its connectors must be replaced with it.
                delete_before_replace=True,
                # Losing the tunnel takes down every hostname.
                protect=args.get("protect"),
                import_=adopt,
                depends_on=[*first, *args.get("depends_on", [])],
                hooks=pulumi.ResourceHookBinding(before_update=args.get("before_update")),
            ),
        )
        self.rules = first[0] if first else rules(tunnel.id)
        self.tunnel_id = tunnel.id
        self.tunnel_name = tunnel.name
        self.target = pulumi.Output.concat(tunnel.id, ".", TUNNEL_DOMAIN)
        # Computed, not looked up: the look-up needs a right to edit, and its result is not marked secret.
        self.token = pulumi.Output.json_dumps(
            {"a": args["account_id"], "t": tunnel.id, "s": secret},
            separators=(",", ":"),
        ).apply(_base64)
        self.config_version = self.rules.version
        self.register_outputs(
            {
                "tunnel_id": self.tunnel_id,
                "tunnel_name": self.tunnel_name,
                "target": self.target,
                "token": self.token,
                "config_version": self.config_version,
            }
        )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
