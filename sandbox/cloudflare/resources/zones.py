"""Accounts and zones: seeded, looked up, never made through the API."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import ids
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import Token, needs

router = APIRouter()


def seed_account(store: Store, account: str, name: str) -> None:
    """Makes the account, or renames it."""
    store.run(
        "INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2", account, name, ids.now()
    )


def seed_zone(store: Store, name: str, account: str, zone: str | None = None) -> Row:
    """Makes the zone unless it is there; gives its row. An empty zone takes the id that is asked for, since the one it has may be
    made up. Raises ValueError where id, name or account do not agree.
    """
    name = name.lower().rstrip(".")
    with store.transaction():
        if store.one("SELECT 1 FROM accounts WHERE id = ?", account) is None:
            raise ValueError(f"zone {name} names the account {account}, which is not here")
        found = store.one("SELECT * FROM zones WHERE name = ? OR id = ?", name, zone)
        if found is None:
            store.run("INSERT INTO zones VALUES (?, ?, ?, ?)", zone or ids.new_hex_id(), name, account, ids.now())
            found = store.one("SELECT * FROM zones WHERE name = ?", name)
        elif zone and found["name"] == name and found["id"] != zone and _is_empty(store, found["id"]):
            store.run("UPDATE zones SET id = ? WHERE id = ?", zone, found["id"])
            found = store.one("SELECT * FROM zones WHERE id = ?", zone)
    assert found is not None
    if found["name"] != name or found["account"] != account or (zone and found["id"] != zone):
        raise ValueError(
            f"zone {name} is here already as {found['id']} ({found['name']}) of account {found['account']}; "
            "give the zone that id, destroy the stacks that use it first, or start again with: sandbox down --delete"
        )
    return found


def _is_empty(store: Store, zone: str) -> bool:
    records = store.one("SELECT 1 FROM records WHERE zone = ?", zone)
    return records is None and store.one("SELECT 1 FROM objects WHERE scope = ?", zone) is None


def account_shown(row: Row) -> dict[str, Any]:
    settings = {"enforce_twofactor": False}
    return {
        "id": row["id"],
        "name": row["name"],
        "type": "standard",
        "settings": settings,
        "created_on": row["created"],
    }


def zone_shown(store: Store, row: Row) -> dict[str, Any]:
    """A zone as the API shows it: active, on the free plan."""
    account = store.one("SELECT * FROM accounts WHERE id = ?", row["account"])
    assert account is not None
    return {
        "id": row["id"],
        "name": row["name"],
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.local", "bob.ns.local"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "activated_on": row["created"],
        "created_on": row["created"],
        "modified_on": row["created"],
        "owner": {"id": None, "name": None, "type": "user"},
        "account": {"id": account["id"], "name": account["name"]},
        "permissions": ["#zone:read", "#dns_records:edit"],
        "plan": {
            "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
            "name": "Free Website",
            "price": 0,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": False,
            "can_subscribe": False,
            "legacy_id": "free",
            "legacy_discount": False,
            "externally_managed": False,
        },
        "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": False},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
    }


@router.get("/user/tokens/verify")
async def verify(request: Request) -> Response:
    return success({"id": request.state.token.id, "status": "active"})


@router.get("/accounts")
async def list_accounts(request: Request) -> Response:
    store: Store = request.app.state.store
    rows = store.all("SELECT * FROM accounts ORDER BY name")
    if "name" in request.query_params:
        rows = [row for row in rows if row["name"] == request.query_params["name"]]
    token: Token = request.state.token
    return page(request, [account_shown(row) for row in rows if token.may("Account Settings", "Read", row["id"])])


@router.get("/accounts/{account}", dependencies=[needs("Account Settings", "Read", code=9109)])
async def read_account(request: Request, account: str) -> Response:
    store: Store = request.app.state.store
    row = store.one("SELECT * FROM accounts WHERE id = ?", account)
    assert row is not None
    return success(account_shown(row))


@router.get("/zones")
async def list_zones(request: Request) -> Response:
    """Only zones the token may read are listed; a token that may read none is refused."""
    store: Store = request.app.state.store
    token: Token = request.state.token
    rows = [row for row in store.all("SELECT * FROM zones ORDER BY name") if token.may("Zone", "Read", row["id"])]
    if not any(grant.permission == "Zone" for grant in token.grants):
        raise ApiError(
            403,
            9109,
            "Unauthorized to access requested resource",
            hint=f"the token {token.name!r} lacks 'Zone: Read', which a look-up by name needs",
        )
    wanted = request.query_params
    if "name" in wanted:
        rows = [row for row in rows if row["name"] == wanted["name"].removeprefix("equal:").lower()]
    if "account.id" in wanted:
        rows = [row for row in rows if row["account"] == wanted["account.id"]]
    if wanted.get("status", "active") != "active":
        rows = []
    return page(request, [zone_shown(store, row) for row in rows], at_most=50)


@router.get("/zones/{zone}", dependencies=[needs("Zone", "Read", code=9109)])
async def read_zone(request: Request, zone: str) -> Response:
    store: Store = request.app.state.store
    row = store.one("SELECT * FROM zones WHERE id = ?", zone)
    assert row is not None
    return success(zone_shown(store, row))
