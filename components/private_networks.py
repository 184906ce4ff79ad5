"""Private networks behind the tunnel, for people with the WARP client."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.records import COMMENT_LIMIT  # the API takes no longer comments of routes either


class PrivateRouteArgs(TypedDict):
    network: str
    """Addresses in CIDR notation, IPv4 or IPv6: `10.43.0.0/16`. The network policy has to open them too."""
    comment: NotRequired[str]
    """Shown beside the route in the dashboard, after the component's own comment."""


class PrivateNetworksArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account that holds the tunnel."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel that the networks are behind."""
    routes: list[PrivateRouteArgs]
    """The networks, each once."""
    virtual_network_name: NotRequired[str | None]
    """Name of a virtual network to make for the routes, free in the account."""
    virtual_network_id: NotRequired[str | None]
    """UUID of a virtual network that is there, in place of one to be made; without either, the account's default one."""
    comment: str
    """Shown in the dashboard: who made these. Cut at 100 characters."""
    after: NotRequired[pulumi.Input[list[Any]]]
    """Resources to be there before the first route is, and to stay until the last one is gone: the connector, or packets
    lead nowhere."""
    replaced_with: NotRequired[list[Any]]
    """Resources that cannot be replaced while routes lead to them: the tunnel, which Cloudflare does not delete as long as it
    has some (error 1023). The routes go before it does, and come back after."""


class PrivateNetworks(pulumi.ComponentResource):
    """Networks that people with the WARP client reach by private addresses.

    Creates a ZeroTrustTunnelCloudflaredRoute for each network, keyed by it, so that another network is one route made and
    one deleted; and with `virtual_network_name` a ZeroTrustTunnelCloudflaredVirtualNetwork, which is never made the account's
    default. A route of the same network in the same virtual network that somebody else made is not overwritten: the API
    refuses (1014). Takes *Cloudflare Tunnel: Edit* on the account and nothing more. Who may reach what is said elsewhere, by
    the account's Gateway policies.
    """

    virtual_network_id: pulumi.Output[str]
    """UUID of the virtual network that the routes are in, the account's default one included."""

    def __init__(self, name: str, args: PrivateNetworksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:PrivateNetworks", name, {}, opts)
        cannot_outlive = list(args.get("replaced_with", []))
        virtual_network: Any = args.get("virtual_network_id")
        if wanted := args.get("virtual_network_name"):
            made = cloudflare.ZeroTrustTunnelCloudflaredVirtualNetwork(
                f"{name}-network",
                account_id=args["account_id"],
                name=wanted,
                comment=args["comment"][:COMMENT_LIMIT],
                # Names are unique in an account, so a successor made first would be refused.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            virtual_network = made.id
            # With routes in it, it is not deleted.
            cannot_outlive.append(made)
        # The provider takes a virtual network that is no longer said for the one there was. Under another name the route
        # into the default one is a new resource, and the old one leaves the virtual network before that goes.
        kind = "route" if virtual_network is None else "network-route"
        routes = [
            cloudflare.ZeroTrustTunnelCloudflaredRoute(
                # Two colons in a row part a URN.
                f"{name}-{kind}-{route['network'].replace(':', '-')}",
                account_id=args["account_id"],
                tunnel_id=args["tunnel_id"],
                network=route["network"],
                virtual_network_id=virtual_network,
                comment=_comment(args["comment"], route.get("comment", "")),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # A second route of one network is refused (1014), so a successor cannot come first.
                    delete_before_replace=True,
                    # See `after` and `replaced_with`; on the way down the same order in reverse.
                    depends_on=args.get("after"),
                    replace_with=cannot_outlive,
                ),
            )
            for route in args["routes"]
        ]
        self.virtual_network_id = pulumi.Output.from_input(virtual_network or routes[0].virtual_network_id)
        self.register_outputs({"virtual_network_id": self.virtual_network_id})


def _comment(whose: str, what: str) -> str:
    return (f"{whose}: {what}" if what else whose)[:COMMENT_LIMIT]
