"""`/sandbox/*`: seeding, tokens, faults, the call log and the state, for the emulator's owner.

Every call carries the owner's secret as a bearer token.
"""

import hmac
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import connections, edge_locations, ids, request_log, snapshot, tokens
from sandbox.cloudflare.faults import FaultInjector, Faults
from sandbox.cloudflare.resources import accounts, dns_records, tunnels, virtual_networks, zones
from sandbox.cloudflare.store import Store


def _owner(request: Request) -> None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    expected: str = request.app.state.admin
    if scheme != "Bearer" or not expected or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise HTTPException(401, "this endpoint requires the sandbox's own secret")


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
    """Creates what has to exist before any API client connects. What exists already is left unchanged.

    Tunnels are remotely configured, records are proxied CNAMEs.
    """
    store: Store = request.app.state.store
    for account in wanted.accounts:
        accounts.seed(store, account.id, account.name)
    try:
        rows = [zones.seed(store, zone.name, zone.account, zone.id) for zone in wanted.zones]
    except ValueError as error:
        raise HTTPException(409, str(error)) from error
    for tunnel in wanted.tunnels:
        tunnels.seed(store, tunnel.id, tunnel.account, tunnel.name)
    for network in wanted.virtual_networks:
        virtual_networks.seed(store, network.id, network.account, network.name)
    zone_ids = {row["name"]: row["id"] for row in rows}
    for record in wanted.records:
        if record.zone not in zone_ids:
            raise HTTPException(409, f"record {record.name} names the zone {record.zone}, which the seed does not have")
        dns_records.seed(store, zone_ids[record.zone], record.id, record.name)
    return {"zones": [{"id": row["id"], "name": row["name"], "account": row["account"]} for row in rows]}


class NewToken(_Closed):
    name: str = Field(min_length=1)
    permissions: list[str | dict[str, Any]] | None = None


@router.post("/tokens")
async def create_token(request: Request, wanted: NewToken) -> dict[str, str]:
    """Creates an API token. Its value is shown in this reply only."""
    try:
        return {"value": tokens.create_token(request.app.state.store, wanted.name, wanted.permissions)}
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


@router.get("/calls")
async def list_calls(request: Request, since: int = 0, bodies: bool = False) -> dict[str, Any]:
    """API calls after a mark; with `bodies=1` also their times and bodies, with secrets masked."""
    store: Store = request.app.state.store
    columns = ("method", "path", "status", *(("time", "body") if bodies else ()))
    rows = request_log.since(store, since)
    mark = rows[-1]["mark"] if rows else request_log.last_mark(store)
    return {"mark": mark, "calls": [{key: row[key] for key in columns} for row in rows]}


@router.get("/faults")
async def read_faults(request: Request) -> Faults:
    injector: FaultInjector = request.app.state.faults
    return injector.faults


@router.put("/faults")
async def set_faults(request: Request, wanted: Faults) -> Faults:
    """Replaces all faults; `{}` ends them."""
    injector: FaultInjector = request.app.state.faults
    injector.set(wanted)
    edge_locations.set_down(request.app.state.store, wanted.edge_down)
    return wanted


class Connectors(_Closed):
    tunnel: str
    connectors: list[int] = Field([], description="number of connections of each connector")
    config_version: int | None = Field(None, description="version of the rules that they run; by default the current")


@router.put("/connections")
async def set_connections(request: Request, wanted: Connectors) -> dict[str, Any]:
    """Replaces a tunnel's connections by those of made-up connectors, an hour old; an empty list drops them all."""
    store: Store = request.app.state.store
    row = tunnels.find(store, wanted.tunnel)
    if row is None or row["deleted"]:
        raise HTTPException(404, f"no tunnel {wanted.tunnel}")
    connections.close(store, row["id"])
    for count in wanted.connectors:
        connector = connections.Connector()
        for _ in range(count):
            opened = connections.open_connection(store, row["id"], connector, age=timedelta(hours=1))
            if wanted.config_version is not None:
                connections.set_config_version(store, opened, wanted.config_version)
    return tunnels.describe(store, tunnels.find(store, row["id"]) or row)


@router.get("/state")
async def state(request: Request) -> dict[str, Any]:
    """Everything the emulator stores, without secrets."""
    return snapshot.take(request.app.state.store)
