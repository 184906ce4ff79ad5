"""A load balancer in front of the tunnels of several stacks."""

import re
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, StrictInt, field_validator

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Example, Options
from settings.types.cloudflare import is_uuid
from settings.types.dns import domain_name

OWN = "own"
"""Stands for the tunnel of the stack itself."""


def _tunnel(text: str) -> str:
    if text != OWN and not is_uuid(text):
        reject("is not the id of a tunnel")
    return text


def _pool_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        reject("is not a valid name of a pool")
    return text


def _health_path(text: str) -> str:
    if not re.fullmatch(r"/[^\s?#*]*", text):
        bare = re.split(r"[\s?#*]", text)[0]
        reject("is not a path", bare if bare.startswith("/") else None)
    return text


def _hostname(text: str) -> str:
    if text.startswith("*"):
        reject("must not be a wildcard: a health check requests one hostname")
    return domain_name(text)


PoolName = Annotated[
    str,
    AfterValidator(_pool_name),
    Accepts("1 to 40 letters, digits, hyphens and underscores", examples=("frankfurt",)),
]
Tunnel = Annotated[str, AfterValidator(_tunnel)]
HealthPath = Annotated[
    str, AfterValidator(_health_path), Accepts("a path such as /healthz, without query", examples=("/healthz",))
]
BalancedHostname = Annotated[
    str,
    AfterValidator(_hostname),
    Accepts("the hostname of one of this stack's routes, not a wildcard", examples=("shop.example.com",)),
]


class PoolOptions(Options):
    """Tunnels that share the visitors of one pool."""

    SOURCE = references.CLOUDFLARE_BALANCERS

    name: PoolName
    """Name of the pool, after the stack's own name."""
    tunnels: Annotated[
        tuple[Tunnel, ...],
        MinLen(1),
        Accepts(
            "ids of tunnels (`pulumi stack output tunnelId` of their stacks), and own for this stack's",
            examples=(["own"], ["34864f21-9c07-48f1-a4d4-496d83c62d38"]),
        ),
    ]
    """Tunnels of the pool, all of the same account, each with an ingress rule for the hostname."""


class HealthOptions(Options):
    """The health check of every tunnel."""

    SOURCE = references.CLOUDFLARE_BALANCERS

    path: HealthPath = "/"
    """Path that each tunnel answers with 200 for the hostname, by a route to http_status:200 or by the site itself."""
    interval: Annotated[StrictInt, Ge(5), Le(3600)] = 60
    """Seconds between two checks; fewer than 60 require a paid plan."""


class LoadBalancerOptions(Options):
    """A load balancer that this stack owns. The stacks of the other tunnels only have rules for its hostname."""

    SOURCE = references.CLOUDFLARE_BALANCERS

    hostname: BalancedHostname
    """Hostname of the load balancer, which answers in place of a DNS record."""
    pools: Annotated[
        tuple[PoolOptions, ...],
        MinLen(1),
        Accepts(
            "one or more of {name, tunnels}, this stack's own tunnel in one of them",
            examples=([{"name": "here", "tunnels": ["own"]}],),
        ),
    ]
    """Pools, in the order of failover. The last one also receives visitors when no pool is healthy."""
    steering: Annotated[Literal["failover", "random", "latency"], Accepts(source=references.CLOUDFLARE_STEERING)] = (
        "failover"
    )
    """Which healthy pool receives a visitor: the first, any, or the nearest by measured latency."""
    health: Annotated[HealthOptions, Example({"path": "/healthz"})] = HealthOptions.defaults()
    """Health check of the tunnels."""

    @field_validator("pools")
    @classmethod
    def _own_tunnel_once(cls, pools: tuple[PoolOptions, ...]) -> tuple[PoolOptions, ...]:
        names = [pool.name for pool in pools]
        if len(set(names)) < len(names):
            reject("must have a different name for each pool", "each name once")
        tunnels = [tunnel for pool in pools for tunnel in pool.tunnels]
        if len(set(tunnels)) < len(tunnels):
            reject("must have each tunnel once", "each tunnel in one pool")
        if OWN not in tunnels:
            problem = "must have this stack's own tunnel: the load balancer of other tunnels belongs to their stacks"
            reject(problem, "own among the tunnels of one pool")
        return pools
