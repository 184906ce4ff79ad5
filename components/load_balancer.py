"""One hostname before several tunnels: Cloudflare's load balancer, with pools of tunnels and a health check."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.zone_lookup import zone_id

OWN = "own"
STEERING = {
    # To the first pool that is healthy, in the order given.
    "failover": "off",
    "random": "random",
    "latency": "dynamic_latency",
}
TUNNEL_DOMAIN = "cfargotunnel.com"


class PoolArgs(TypedDict):
    name: str
    """Name of the pool, unique in the load balancer."""
    tunnels: list[str]
    """UUIDs of tunnels of the same account; `own` is the one given as `tunnel_id`."""


class LoadBalancerArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Cloudflare account that holds the tunnels."""
    zone: str
    """Name of the zone that the hostname is in."""
    zones: NotRequired[dict[str, str | None]]
    """Zone name → zone id (32 hex digits). A zone without one is looked up by name, which takes *Zone: Read*."""
    hostname: str
    """Full lower-case hostname. The load balancer answers for it, so it needs no record."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel that pools call `own`."""
    pools: list[PoolArgs]
    """In the order in which they are tried; the last one also takes the visitors when none is healthy."""
    steering: NotRequired[str]
    """`failover` (the default) takes the first healthy pool, `random` any, `latency` the nearest by measured time."""
    health_path: NotRequired[str]
    """Path that every tunnel answers with 200 for the hostname; `/` by default."""
    health_interval: NotRequired[int]
    """Seconds from one health check to the next, 60 by default; fewer than 60 take a paid plan."""
    after: NotRequired[pulumi.Input[list[Any]]]
    """Resources to be there before visitors are sent, and to go after: the connector."""


class LoadBalancer(pulumi.ComponentResource):
    """A hostname that several tunnels, each in a cluster of its own, answer for.

    Creates a LoadBalancerMonitor, a LoadBalancerPool for each pool and a LoadBalancer. Load balancing is a paid
    addition; takes *Load Balancing: Monitors and Pools: Edit* on the account and *Load Balancers: Edit* on the zone.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:LoadBalancer", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        hostname = args["hostname"]
        monitor = cloudflare.LoadBalancerMonitor(
            f"{name}-health",
            account_id=args["account_id"],
            description=f"{name}: {hostname}",
            type="https",
            method="GET",
            path=args.get("health_path", "/"),
            # A tunnel has rules for hostnames and none for its own address.
            header={"Host": [hostname]},
            expected_codes="200",
            interval=args.get("health_interval", 60),
            opts=child,
        )
        pools = [
            cloudflare.LoadBalancerPool(
                f"{name}-pool-{pool['name']}",
                account_id=args["account_id"],
                # Unique in the account.
                name=f"{name}-{pool['name']}",
                description=f"{name}: {hostname}",
                monitor=monitor.id,
                # The API gives them back by name, and another order would be a change at every refresh
                # (cloudflare/terraform-provider-cloudflare#6140).
                origins=[
                    {
                        "name": name if tunnel == OWN else tunnel,
                        "address": pulumi.Output.concat(
                            args["tunnel_id"] if tunnel == OWN else tunnel, ".", TUNNEL_DOMAIN
                        ),
                        "header": {"hosts": [hostname]},
                        "enabled": True,
                        "weight": 1,
                    }
                    for tunnel in sorted(pool["tunnels"], key=lambda tunnel: name if tunnel == OWN else tunnel)
                ],
                opts=child,
            )
            for pool in args["pools"]
        ]
        cloudflare.LoadBalancer(
            f"{name}-{hostname}",
            zone_id=zone_id(self, args["zone"], args.get("zones", {}), args["account_id"]),
            name=hostname,
            description=f"{name}: {hostname}",
            proxied=True,
            steering_policy=STEERING[args.get("steering", "failover")],
            default_pools=[pool.id for pool in pools],
            fallback_pool=pools[-1].id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.get("after")),
        )
        self.register_outputs({})
