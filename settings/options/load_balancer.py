"""One hostname before the tunnels of several stacks."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, StrictInt, field_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

TUNNELS = "ids of tunnels (`pulumi stack output tunnelId` of their stacks), and own for this stack's"
POOL = "1 to 40 letters, digits, hyphens and underscores"
PATH = "a path such as /healthz, without query"
HOSTNAME = "the hostname of one of this stack's routes, no wildcard"
OWN = "own"


def _tunnel(text: str) -> str:
    if text != OWN and not types.is_uuid(text):
        reject("it is no id of a tunnel", TUNNELS, references.CLOUDFLARE_BALANCERS)
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        reject("Cloudflare takes no such name", POOL, references.CLOUDFLARE_BALANCERS)
    return text


def _path(text: str) -> str:
    if not re.fullmatch(r"/[^\s?#]*", text):
        reject("a health check asks for a path", PATH, references.CLOUDFLARE_BALANCERS)
    return text


def _hostname(text: str) -> str:
    if text.startswith("*"):
        reject("a health check asks for one hostname", HOSTNAME, references.CLOUDFLARE_BALANCERS)
    return types.domain_name(text, HOSTNAME)


class PoolOptions(Options):
    """Tunnels that share the visitors of one pool."""

    name: Annotated[str, AfterValidator(_name)] = setting(
        "Name of the pool; the stack's own comes before it.",
        POOL,
        references.CLOUDFLARE_BALANCERS,
        examples=["frankfurt"],
    )
    tunnels: tuple[Annotated[str, AfterValidator(_tunnel)], ...] = setting(
        "The tunnels in it, each of the same account, and each with rules for the hostname.",
        TUNNELS,
        references.CLOUDFLARE_BALANCERS,
        examples=[["own"], ["34864f21-9c07-48f1-a4d4-496d83c62d38"]],
        min_length=1,
    )


class HealthOptions(Options):
    """The question that Cloudflare puts to every tunnel again and again."""

    path: Annotated[str, AfterValidator(_path)] = setting(
        "Path that each tunnel answers with 200 for the hostname, by a route to http_status:200 or by the site itself.",
        PATH,
        references.CLOUDFLARE_BALANCERS,
        examples=["/healthz"],
        default="/",
    )
    interval: StrictInt = setting(
        "Seconds from one check to the next; fewer than 60 take a paid plan.",
        "a whole number from 5 to 3600",
        references.CLOUDFLARE_BALANCERS,
        examples=[60],
        default=60,
        ge=5,
        le=3600,
    )


class LoadBalancerOptions(Options):
    """A load balancer that this stack owns. The stacks of the other tunnels only have rules for its hostname."""

    hostname: Annotated[str, AfterValidator(_hostname)] = setting(
        "The hostname. It gets no record: the load balancer answers for it.",
        HOSTNAME,
        references.CLOUDFLARE_BALANCERS,
        examples=["shop.example.com"],
    )
    pools: tuple[PoolOptions, ...] = setting(
        "The pools, in the order in which they are tried. The last one also takes the visitors when none is healthy.",
        "one or more of {name, tunnels}, this stack's own tunnel in one of them",
        references.CLOUDFLARE_BALANCERS,
        examples=[[{"name": "here", "tunnels": ["own"]}]],
        min_length=1,
    )
    steering: Literal["failover", "random", "latency"] = setting(
        "Which healthy pool takes a visitor: the first, any, or the nearest by measured time.",
        "one of failover, random and latency",
        references.CLOUDFLARE_STEERING,
        examples=["failover"],
        default="failover",
    )
    health: HealthOptions = setting(
        "How Cloudflare finds out which tunnels answer.",
        "{path, interval}",
        references.CLOUDFLARE_BALANCERS,
        examples=[{"path": "/healthz"}],
        default=HealthOptions(),
    )

    @field_validator("pools")
    @classmethod
    def _sensible(cls, pools: tuple[PoolOptions, ...]) -> tuple[PoolOptions, ...]:
        called = [pool.name for pool in pools]
        if len(set(called)) < len(called):
            reject("two pools have one name", "each name once", references.CLOUDFLARE_BALANCERS)
        tunnels = [tunnel for pool in pools for tunnel in pool.tunnels]
        if len(set(tunnels)) < len(tunnels):
            reject("a tunnel is there more than once", "each tunnel in one pool", references.CLOUDFLARE_BALANCERS)
        if OWN not in tunnels:
            why = "this stack's own tunnel is in none of them, and nobody else's load balancer is this stack's to keep"
            reject(why, "own among the tunnels of one pool", references.CLOUDFLARE_BALANCERS)
        return pools
