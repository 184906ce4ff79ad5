"""The Cloudflare side: a tunnel, the rules it follows and the token that opens it."""

import base64
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_random as random


class TunnelArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account, 32 hex digits."""
    ingress_rules: pulumi.Input[list[dict[str, Any]]]
    """Rules in the order they are tried, the last one matching everything; each `{hostname, path, service,
    origin_request}` as `ZeroTrustTunnelCloudflaredConfig` takes them, durations in whole seconds."""
    protect: NotRequired[bool]
    """Whether the engine refuses to delete the tunnel, by an update or a destroy; false by default."""
    token_epoch: NotRequired[int]
    """Another number is another secret, and so another token; 0 by default."""
    adopt: NotRequired[str | None]
    """`<account id>/<tunnel id>` of a remotely configured tunnel that somebody else made: it is taken over, with its rules,
    brought into line, and gone with the stack. To be left out once that is done."""


class Tunnel(pulumi.ComponentResource):
    """A remotely configured tunnel named like the component.

    Creates a RandomPassword, a ZeroTrustTunnelCloudflared and a ZeroTrustTunnelCloudflaredConfig: two calls to
    Cloudflare, both writes. The connector refuses rules that break its own checks and keeps the old ones, silently:
    `Settings` makes those checks, this class does not.

    A tunnel that is taken over keeps its id and so its records and connections; name, secret and rules become the stack's.
    Connectors that hold the old token stay connected, get the new rules too, and cannot come back once they stop.

    With another `token_epoch` the tunnel's secret changes: the tunnel is patched in place, and connectors holding the old
    token stay connected until they are replaced. The tunnel itself is replaced only where the
    account changes or somebody asks for it, and is away for as long as that takes.
    """

    tunnel_id: pulumi.Output[str]
    """UUID of the tunnel."""
    tunnel_name: pulumi.Output[str]
    """Name of the tunnel in the account."""
    target: pulumi.Output[str]
    """What a hostname's CNAME record points at: `<id>.cfargotunnel.com`."""
    token: pulumi.Output[str]
    """What a connector registers with; secret."""
    config_version: pulumi.Output[int]
    """Version of the rules, raised by Cloudflare at each change; connectors report the one they run in `/config`."""

    def __init__(self, name: str, args: TunnelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:Tunnel", name, {}, opts)
        # Not RandomBytes: its id is its value, and ids stand in the clear in the state and in every diff.
        password = random.RandomPassword(
            f"{name}-secret",
            length=64,
            special=False,
            # None at first, so that a stack from before there were epochs keeps its secret.
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
                # The rules that were there are taken over too, so that the preview shows what becomes of them.
                opts=pulumi.ResourceOptions(parent=self, import_=adopt),
            )

        # Of a tunnel that is taken over, the rules first: Cloudflare's provider (5.22), once it has given a tunnel its first
        # secret, leaves texts out of what it sends next in the same run (docs/adoption.md).
        first = [rules(adopt.rpartition("/")[2])] if adopt else []
        self.tunnel = tunnel = cloudflare.ZeroTrustTunnelCloudflared(
            f"{name}-tunnel",
            account_id=args["account_id"],
            name=name,
            # The default is "local", with which the rules below would never reach a connector.
            config_src="cloudflare",
            tunnel_secret=secret,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Names are unique in an account: a successor made first would end in error 1013. And a tunnel that is
                # connected cannot be deleted (1022): whoever runs its connectors replaces them with it.
                delete_before_replace=True,
                # Of all that is made, the one thing whose loss takes every hostname along.
                protect=args.get("protect", False),
                import_=adopt,
                depends_on=first,
            ),
        )
        self.rules = first[0] if first else rules(tunnel.id)
        self.tunnel_id = tunnel.id
        self.tunnel_name = tunnel.name
        self.target = pulumi.Output.concat(tunnel.id, ".cfargotunnel.com")
        # Computed, not looked up: no call, no right to edit for a read, and the looked-up one is not marked secret.
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
