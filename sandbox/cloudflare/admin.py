"""`/sandbox/*`: what the emulator's owner does to it, and no API client may. The bearer secret comes by environment."""

import hmac
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import ids, request_log, snapshot, tokens
from sandbox.cloudflare.faults import Faults, Trouble
from sandbox.cloudflare.resources import connections, dns_records, private_networks, tunnels, zones
from sandbox.cloudflare.store import Store


def _owner(request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    expected: str = request.app.state.admin
    if scheme != "Bearer" or not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(401, "the sandbox's own secret is needed here")


router = APIRouter(prefix="/sandbox", dependencies=[Depends(_owner)])
_HEX = r"^[0-9a-f]{32}$"


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Account(_Closed):
    id: str = Field(pattern=_HEX)
    name: str = Field(min_length=1)


class Zone(_Closed):
    id: str | None = Field(None, pattern=_HEX)
    name: str = Field(min_length=3)
    account: str


class Tunnel(_Closed):
    id: str = Field(pattern=ids.UUID.pattern)
    name: str = Field(min_length=1)
    account: str


class Record(_Closed):
    id: str = Field(pattern=_HEX)
    name: str
    zone: str = Field(description="name of its zone")


class Seed(_Closed):
    accounts: list[Account] = []
    zones: list[Zone] = []
    tunnels: list[Tunnel] = []
    records: list[Record] = []
    virtual_networks: list[Tunnel] = Field([], description="each {id, name, account}, as a tunnel is")


@router.post("/seed")
async def seed(request: Request, wanted: Seed) -> dict[str, Any]:
    """What is to be there before any API client comes; what is there stays as it is.

    A tunnel is a remotely configured one, a record a proxied CNAME.
    """
    store: Store = request.app.state.store
    for account in wanted.accounts:
        zones.seed_account(store, account.id, account.name)
    try:
        rows = [zones.seed_zone(store, zone.name, zone.account, zone.id) for zone in wanted.zones]
    except ValueError as mistake:
        raise HTTPException(409, str(mistake)) from mistake
    for tunnel in wanted.tunnels:
        tunnels.seed(store, tunnel.id, tunnel.account, tunnel.name)
    for network in wanted.virtual_networks:
        private_networks.seed(store, network.id, network.account, network.name)
    ids = {row["name"]: row["id"] for row in rows}
    for record in wanted.records:
        if record.zone not in ids:
            raise HTTPException(
                409, f"record {record.name} names the zone {record.zone}, which is not among the seed's"
            )
        dns_records.seed(store, ids[record.zone], record.id, record.name)
    return {"zones": [{"id": row["id"], "name": row["name"], "account": row["account"]} for row in rows]}


class NewToken(_Closed):
    name: str = Field(min_length=1)
    permissions: list[str | dict[str, Any]] | None = None


@router.post("/tokens")
async def mint(request: Request, wanted: NewToken) -> dict[str, str]:
    """A new API token; this reply is the only place its value is ever seen."""
    try:
        return {"value": tokens.mint(request.app.state.store, wanted.name, wanted.permissions)}
    except ValueError as mistake:
        raise HTTPException(422, str(mistake)) from mistake


@router.get("/calls")
async def list_calls(request: Request, since: int = 0, bodies: bool = False) -> dict[str, Any]:
    """API calls after a mark; with `bodies=1` also when, and what was sent, its secrets masked."""
    store: Store = request.app.state.store
    shown = ("method", "path", "status", *(("time", "body") if bodies else ()))
    rows = request_log.since(store, since)
    mark = rows[-1]["mark"] if rows else request_log.last_mark(store)
    return {"mark": mark, "calls": [{key: row[key] for key in shown} for row in rows]}


@router.get("/faults")
async def read_faults(request: Request) -> Faults:
    trouble: Trouble = request.app.state.trouble
    return trouble.faults


@router.put("/faults")
async def set_faults(request: Request, wanted: Faults) -> Faults:
    """Replaces all faults; `{}` ends them."""
    trouble: Trouble = request.app.state.trouble
    trouble.set(wanted)
    connections.take_away(request.app.state.store, wanted.edge_away)
    return wanted


class Connectors(_Closed):
    tunnel: str
    connectors: list[int] = Field([], description="for each connector, how many connections it holds")


@router.put("/connections")
async def set_connections(request: Request, wanted: Connectors) -> dict[str, Any]:
    """Declares who is connected to a tunnel, in place of who was; an empty list is nobody."""
    store: Store = request.app.state.store
    row = tunnels.find(store, wanted.tunnel)
    if row is None or row["deleted"]:
        raise HTTPException(404, f"no tunnel {wanted.tunnel}")
    connections.close(store, row["id"])
    for count in wanted.connectors:
        connector = connections.Connector()
        for _ in range(count):
            connections.open_connection(store, row["id"], connector)
    return tunnels.shown(store, tunnels.find(store, row["id"]) or row)


@router.get("/state")
async def everything(request: Request) -> dict[str, Any]:
    """All there is, without secrets."""
    return snapshot.picture(request.app.state.store)
