"""A load balancer with two tunnels: which one serves its hostname, and which one when the first is down."""

import contextlib
from collections.abc import AsyncIterator

from tests.support.edge_connector import Connector, IncomingStream, Origin
from tests.support.emulator import ACCOUNT, ZONE
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test, until

POOLS = f"/accounts/{ACCOUNT}/load_balancers/pools"


def answer_with(word: str) -> Origin:
    async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        await connector.reply(stream, 200, {"content-type": "text/plain"}, word.encode())

    return origin


def add_load_balancer(edge: LocalEdge, name: str, *tunnels: ExposedHostname, **changes: object) -> str:
    """A load balancer with a pool for each of these tunnels; its hostname."""
    hostname = f"{name}.example.com"
    pools = [
        edge.api.done(
            "POST",
            POOLS,
            {
                "name": f"{name}-{number}",
                "origins": [{"name": "only", "address": f"{exposed.tunnel_id}.cfargotunnel.com"}],
            },
        )["id"]
        for number, exposed in enumerate(tunnels)
    ]
    body = {"name": hostname, "default_pools": pools, "fallback_pool": pools[-1], "proxied": True, **changes}
    edge.api.done("POST", f"/zones/{ZONE}/load_balancers", body)
    return hostname


@contextlib.asynccontextmanager
async def serving(edge: LocalEdge, exposed: ExposedHostname, word: str) -> AsyncIterator[None]:
    async with edge.connected(exposed, origin=answer_with(word)):
        yield


@async_test
async def test_the_second_cluster_serves_while_the_first_is_down(edge: LocalEdge) -> None:
    first, second = edge.expose("balanced-first", "http://a"), edge.expose("balanced-second", "http://b")
    hostname = add_load_balancer(edge, "balanced", first, second)
    async with serving(edge, second, "second"):
        assert (await edge.get(hostname)).text == "second"
        async with serving(edge, first, "first"):
            assert (await edge.get(hostname)).text == "first"
        await until(lambda: edge.get_tunnel(first)["connections"] == [])
        assert (await edge.get(hostname)).text == "second"


@async_test
async def test_a_hostname_without_a_usable_pool_gets_an_error_page(edge: LocalEdge) -> None:
    exposed = edge.expose("balanced-alone")
    down = await edge.get(add_load_balancer(edge, "balanced-away", exposed))
    assert down.status_code == 530
    assert "1033" in down.text
    unproxied = await edge.get(add_load_balancer(edge, "balanced-unproxied", exposed, proxied=False))
    assert "not proxied" in unproxied.text


@async_test
async def test_a_load_balancer_takes_precedence_over_a_record_of_its_name(edge: LocalEdge) -> None:
    recorded, behind = edge.expose("balanced-record", "http://a"), edge.expose("balanced-behind", "http://b")
    async with serving(edge, recorded, "recorded"), serving(edge, behind, "behind"):
        assert (await edge.get(recorded.host)).text == "recorded"
        add_load_balancer(edge, "balanced-record", behind)
        assert (await edge.get(recorded.host)).text == "behind"
