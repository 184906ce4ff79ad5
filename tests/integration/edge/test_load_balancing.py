"""One hostname before two tunnels: who answers, and who does when one is away."""

import contextlib
from collections.abc import AsyncIterator

from tests.support.edge_connector import Connector, Incoming, Origin
from tests.support.emulator import ACCOUNT, ZONE
from tests.support.local_edge import Exposed, LocalEdge, asynchronous, until

POOLS = f"/accounts/{ACCOUNT}/load_balancers/pools"


def saying(word: str) -> Origin:
    async def origin(connector: Connector, stream: int, _incoming: Incoming) -> None:
        await connector.reply(stream, 200, {"content-type": "text/plain"}, word.encode())

    return origin


def balanced(edge: LocalEdge, name: str, *tunnels: Exposed, **changes: object) -> str:
    """A load balancer before these tunnels, each in a pool of its own; its hostname."""
    hostname = f"{name}.example.com"
    pools = [
        edge.api.done(
            "POST",
            POOLS,
            {
                "name": f"{name}-{number}",
                "origins": [{"name": "only", "address": f"{exposed.tunnel}.cfargotunnel.com"}],
            },
        )["id"]
        for number, exposed in enumerate(tunnels)
    ]
    body = {"name": hostname, "default_pools": pools, "fallback_pool": pools[-1], "proxied": True, **changes}
    edge.api.done("POST", f"/zones/{ZONE}/load_balancers", body)
    return hostname


@contextlib.asynccontextmanager
async def answering(edge: LocalEdge, exposed: Exposed, word: str) -> AsyncIterator[None]:
    async with edge.connected(exposed, origin=saying(word)):
        yield


@asynchronous
async def test_the_second_cluster_answers_while_the_first_is_away(edge: LocalEdge) -> None:
    first, second = edge.expose("balanced-first", "http://a"), edge.expose("balanced-second", "http://b")
    hostname = balanced(edge, "balanced", first, second)
    async with answering(edge, second, "second"):
        assert (await edge.get(hostname)).text == "second"
        async with answering(edge, first, "first"):
            assert (await edge.get(hostname)).text == "first"
        await until(lambda: edge.shown(first)["connections"] == [])
        assert (await edge.get(hostname)).text == "second"


@asynchronous
async def test_a_hostname_that_no_pool_answers_for_is_told_so(edge: LocalEdge) -> None:
    exposed = edge.expose("balanced-alone")
    away = await edge.get(balanced(edge, "balanced-away", exposed))
    assert away.status_code == 530
    assert "1033" in away.text
    unproxied = await edge.get(balanced(edge, "balanced-unproxied", exposed, proxied=False))
    assert "not proxied" in unproxied.text


@asynchronous
async def test_a_load_balancer_comes_before_a_record_of_its_name(edge: LocalEdge) -> None:
    recorded, behind = edge.expose("balanced-record", "http://a"), edge.expose("balanced-behind", "http://b")
    async with answering(edge, recorded, "recorded"), answering(edge, behind, "behind"):
        assert (await edge.get(recorded.host)).text == "recorded"
        balanced(edge, "balanced-record", behind)
        assert (await edge.get(recorded.host)).text == "behind"
