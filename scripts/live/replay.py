"""The recorded calls once more, against an emulator with the same account and zone."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.cloudflare import connections, responses, tokens
from sandbox.cloudflare.app import build
from sandbox.cloudflare.middleware import API
from sandbox.cloudflare.resources import accounts, zones
from sandbox.cloudflare.store import Store
from scripts.live.exchange import Exchange, Reply
from scripts.live.generated_values import learn, translated

_SHORTEST = 16
"""Characters from which on a value is one that a server has generated, such as an id."""


@dataclass(frozen=True)
class Comparison:
    """A call with both replies."""

    exchange: Exchange
    emulated: Reply


def replay(exchanges: Sequence[Exchange], account: str, zone_id: str, zone: str) -> list[Comparison]:
    """Each call with the emulator's reply. Ids that the service generated are replaced by those of the emulator."""
    with tempfile.TemporaryDirectory() as folder:
        app = build(Path(folder) / "emulator.sqlite3", "")
        store: Store = app.state.store
        accounts.seed(store, account, "account")
        zones.seed(store, zone, account, zone_id)
        permissions = (*tokens.ACCOUNT_PERMISSIONS, *tokens.ZONE_PERMISSIONS)
        token = tokens.create_token(store, "live", [f"{permission}: Edit" for permission in permissions])
        known: dict[str, str] = {}

        async def answer_all() -> list[Comparison]:
            # An error of the emulator is its answer 500 to one call, as from a server: the other calls are compared.
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
                return [await _compare(client, store, exchange, token, known) for exchange in exchanges]

        try:
            return asyncio.run(answer_all())
        finally:
            store.close()


async def _compare(
    client: httpx.AsyncClient, store: Store, exchange: Exchange, token: str, known: dict[str, str]
) -> Comparison:
    headers = {"authorization": f"Bearer {token}", "content-type": exchange.content_type}
    path = translated(exchange.path, known)
    body = translated(exchange.body.decode(errors="replace"), known)
    tunnel = _connect(store, exchange, path)
    answer = await client.request(exchange.method, API + path, content=body, headers=headers)
    if tunnel:
        connections.close(store, tunnel)
    content_type = answer.headers.get("content-type", "")
    emulated = Reply(answer.status_code, answer.content, content_type, answer.headers.get(responses.GUESS, ""))
    learn(exchange.reply.body, emulated.body, known, _SHORTEST)
    return Comparison(exchange, emulated)


def _connect(store: Store, exchange: Exchange, path: str) -> str:
    """Connects as many connectors as the service saw in a list of connections; the tunnel's id where there are any.

    The emulator of a replay has no edge, and an empty list would say nothing about the items.
    """
    result = exchange.reply.result
    if exchange.method != "GET" or not exchange.route.endswith("/connections") or not isinstance(result, list):
        return ""
    tunnel = path.partition("?")[0].split("/")[-2]
    known = store.one("SELECT id FROM tunnels WHERE id = ?", tunnel) is not None
    for found in result if known else []:
        connector = connections.Connector()
        for _ in found.get("conns") or []:
            connections.open_connection(store, tunnel, connector)
    return tunnel if known else ""
