"""An edge that learns of changes after a while, as visitors see it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.edge.delays import EdgeDelays
from tests.support.edge_connector import Connector, IncomingStream
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test, separate_edge

DELAYS = EdgeDelays(use=1.5, forget=2.5, rules=3.0)
"""Long enough for a request or two on a busy machine."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    with separate_edge(tmp_path_factory.mktemp("slow-edge"), *DELAYS.arguments()) as edge:
        yield edge


async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
    """Like cloudflared: 503 without ingress rules."""
    await connector.reply(stream, 200 if connector.configurations else 503, {}, b"")


async def connect(edge: LocalEdge, exposed: ExposedHostname) -> Connector:
    connector = await Connector(origin).dial(edge.ports[0], edge.authority)
    assert (await connector.register(exposed.token)).which() == "connectionDetails"
    return connector


async def responses(edge: LocalEdge, host: str, last: str) -> list[str]:
    """The visitor's responses until one begins with `last`: status and first line, without repetitions."""
    seen: list[str] = []
    while not seen or not seen[-1].startswith(last):
        response: httpx.Response = await edge.get(host)
        line = f"{response.status_code} {response.text.partition(chr(10))[0]}".strip()
        if not seen or seen[-1] != line:
            seen.append(line)
        await asyncio.sleep(0.02)
    return seen


@async_test
async def test_a_new_connection_is_used_after_a_while_and_may_not_have_its_rules_yet(edge: LocalEdge) -> None:
    exposed = edge.expose("new", "http://blog")
    connector = await connect(edge, exposed)
    assert await responses(edge, exposed.host, "200") == ["530 error code: 1033", "503", "200"]
    edge.configure(exposed, "http://other")
    changed = asyncio.get_running_loop().time()
    await connector.configured(2)
    assert asyncio.get_running_loop().time() - changed >= DELAYS.rules - 0.05
    await connector.close()


@async_test
async def test_a_gone_connection_is_remembered_for_a_while(edge: LocalEdge) -> None:
    exposed = edge.expose("gone", "http://blog")
    old, other = await connect(edge, exposed), await connect(edge, exposed)
    await responses(edge, exposed.host, "200")
    await asyncio.gather(old.configured(), other.configured())
    old.abort()
    # Requests that meet it are sent to the other one.
    assert {(await edge.get(exposed.host)).status_code for _ in range(10)} == {200}
    await other.unregister()
    assert await responses(edge, exposed.host, "530") == ["502 error code: 502", "530 error code: 1033"]
    await asyncio.gather(old.close(), other.close())


def test_the_edge_reports_its_delays(edge: LocalEdge) -> None:
    reported = json.loads((Path(edge.home.path) / "edge.port").read_text())
    assert reported["delays"] == {"use": 1.5, "forget": 2.5, "rules": 3.0}
