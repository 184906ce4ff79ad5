"""Private network routes of the tunnel, for users of the WARP client."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments
from components.naming import owner
from components.records import COMMENT_LIMIT  # the limit of comments on routes too


class PrivateRouteArgs(TypedDict):
    network: NotRequired[str]
    """Addresses in CIDR notation, IPv4 or IPv6: `10.43.0.0/16`. The network policy must allow them too."""
    hostname: NotRequired[str]
    """A private hostname in place of a network. The network policy must allow the addresses that it resolves to."""
    comment: NotRequired[str]
    """Comment of the route in the dashboard, after the component's own comment."""


class PrivateNetworksArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account of the tunnel, 32 hex digits."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel that leads to the networks."""
    routes: list[PrivateRouteArgs]
    """The networks and hostnames, each once."""
    virtual_network_name: NotRequired[str | None]
    """Name of a virtual network to create for the routes, unique in the account."""
    virtual_network_id: NotRequired[str | None]
    """UUID of an existing virtual network, instead of a new one; without either, the account's default one."""
    comment: NotRequired[str]
    """Comment in the dashboard that names the owner, `<project>/<stack>` when omitted; truncated to 100
    characters."""
    depends_on: NotRequired[pulumi.Input[list[Any]]]
    """Resources to create before the first route and to delete after the last one: the connector, without which packets
    are dropped."""
    replace_with: NotRequired[list[Any]]
    """Resources whose replacement replaces the routes: the tunnel, which Cloudflare does not delete while it has routes
    (error 1023). The routes are deleted before it and created after it."""


class PrivateNetworks(pulumi.ComponentResource):
    """Private networks that users of the WARP client reach through the tunnel.

    Creates a ZeroTrustTunnelCloudflaredRoute per network, a ZeroTrustNetworkHostnameRoute per hostname and, with
    `virtual_network_name`, a ZeroTrustTunnelCloudflaredVirtualNetwork, which never becomes the account's default. A
    route of another owner for the same network in the same virtual network is not overwritten: the API rejects the new
    one (1014). Needs *Cloudflare Tunnel: Edit* on the account and nothing more. The account's Gateway policies decide
    which users reach which addresses.
    """

    virtual_network_id: pulumi.Output[str] | None
    """UUID of the networks' virtual network, including the account's default one; None without a network."""

    def __init__(self, name: str, args: PrivateNetworksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, PrivateNetworksArgs)
        super().__init__("culvert:index:PrivateNetworks", name, opts=opts)
        replace_with = list(args.get("replace_with", []))
        comment = args.get("comment") or owner()
        virtual_network: Any = args.get("virtual_network_id")
        if network_name := args.get("virtual_network_name"):
            created = cloudflare.ZeroTrustTunnelCloudflaredVirtualNetwork(
                f"{name}-network",
                account_id=args["account_id"],
                name=network_name,
                comment=comment[:COMMENT_LIMIT],
                # Names are unique in an account, so a replacement cannot be created first.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            virtual_network = created.id
            # Cloudflare does not delete a virtual network that has routes.
            replace_with.append(created)
        # When the virtual network is removed from the inputs, the provider keeps the route in it. So a route in the
        # default network has another name: it is a new resource, and the old one is deleted ahead of its network.
        kind = "network-route" if virtual_network else "route"
        routes = [
            cloudflare.ZeroTrustTunnelCloudflaredRoute(
                # `::` separates the parts of a URN, so no name may contain it.
                f"{name}-{kind}-{route['network'].replace(':', '-')}",
                account_id=args["account_id"],
                tunnel_id=args["tunnel_id"],
                network=route["network"],
                virtual_network_id=virtual_network,
                comment=_comment(comment, route.get("comment")),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # The API rejects a second route of one network (1014), so a replacement cannot be created first.
                    delete_before_replace=True,
                    # Deletion runs in the reverse order: see PrivateNetworksArgs.
                    depends_on=args.get("depends_on"),
                    replace_with=replace_with,
                ),
            )
            for route in args["routes"]
            if "network" in route
        ]
        for route in args["routes"]:
            if "hostname" in route:
                cloudflare.ZeroTrustNetworkHostnameRoute(
                    f"{name}-hostname-{route['hostname']}",
                    account_id=args["account_id"],
                    tunnel_id=args["tunnel_id"],
                    hostname=route["hostname"],
                    comment=_comment(comment, route.get("comment")),
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        # A hostname leads to one tunnel, so a replacement cannot be created first.
                        delete_before_replace=True,
                        depends_on=args.get("depends_on"),
                        replace_with=args.get("replace_with"),
                    ),
                )
        virtual_network = virtual_network or (routes[0].virtual_network_id if routes else None)
        self.virtual_network_id = None if virtual_network is None else pulumi.Output.from_input(virtual_network)
        self.register_outputs({"virtual_network_id": self.virtual_network_id})


def _comment(component: str, route: str | None) -> str:
    return (f"{component}: {route}" if route else component)[:COMMENT_LIMIT]
