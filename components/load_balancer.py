"""Cloudflare load balancer for one hostname, with pools of tunnels and a health check."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments
from components.zone_lookup import zone_id
from settings import TUNNEL_DOMAIN

OWN = "own"
STEERING = {
    # The first healthy pool, in order.
    "failover": "off",
    "random": "random",
    "latency": "dynamic_latency",
}


class PoolArgs(TypedDict):
    name: str
    """Name of the pool, unique in the load balancer."""
    tunnels: list[str]
    """UUIDs of tunnels of the same account; `own` stands for `tunnel_id`."""


class LoadBalancerArgs(TypedDict):
    account_id: pulumi.Input[str]
    """Id of the Cloudflare account of the tunnels, 32 hex digits."""
    zone: str
    """Name of the hostname's zone."""
    zones: NotRequired[dict[str, str | None]]
    """Zone name → zone id (32 hex digits). A zone without an id is looked up by name, which needs *Zone: Read*."""
    hostname: str
    """Full lower-case hostname. It needs no DNS record: the load balancer answers for it."""
    tunnel_id: pulumi.Input[str]
    """UUID of the tunnel that is `own` in pools."""
    pools: list[PoolArgs]
    """Pools in the order in which they are tried. The last one is the fallback when no pool is healthy."""
    steering: NotRequired[str]
    """`failover` (the default) uses the first healthy pool, `random` any, `latency` the one with the lowest latency."""
    health_path: NotRequired[str]
    """Path of the health check, which every tunnel must answer with 200 for the hostname; `/` by default."""
    health_interval: NotRequired[int]
    """Seconds between health checks, 60 by default; fewer than 60 need a paid plan."""
    depends_on: NotRequired[pulumi.Input[list[Any]]]
    """Resources to create before the load balancer and to delete after it: the connector."""


class LoadBalancer(pulumi.ComponentResource):
    """One hostname served by several tunnels, each in a cluster of its own.

    Creates a LoadBalancerMonitor, a LoadBalancerPool per pool and a LoadBalancer. Load balancing is a paid add-on.
    Needs *Load Balancing: Monitors and Pools: Edit* on the account and *Load Balancers: Edit* on the zone.
    """

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, LoadBalancerArgs)
        super().__init__("culvert:index:LoadBalancer", name, opts=opts)
        child = pulumi.ResourceOptions(parent=self)
        hostname = args["hostname"]
        monitor = cloudflare.LoadBalancerMonitor(
            f"{name}-health",
            account_id=args["account_id"],
            description=f"{name}: {hostname}",
            type="https",
            method="GET",
            path=args.get("health_path", "/"),
            # A tunnel has ingress rules for hostnames, none for its own address.
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
                # The API returns origins sorted by name; any other order would be a change at every refresh
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.get("depends_on")),
        )
        self.register_outputs({})
