"""Zones: seeded by the emulator's owner, looked up through the API."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import ids
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import Token, requires

UNAUTHORIZED = (9109, "Unauthorized to access requested resource")
"""With 403."""
_NAME_TESTS: dict[str, Callable[[str, str], bool]] = {
    "": str.__eq__,
    "equal": str.__eq__,
    "not_equal": str.__ne__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
    "starts_with_case_sensitive": str.startswith,
    "ends_with_case_sensitive": str.endswith,
    "contains_case_sensitive": str.__contains__,
}
"""Operators of the query parameter `name`, as in `contains:example`."""
router = APIRouter()


@router.get("/zones")
async def index(request: Request) -> Response:
    """Zones the token may read. A token that may read none is refused."""
    store: Store = request.app.state.store
    token: Token = request.state.token
    if not any(grant.permission == "Zone" for grant in token.grants):
        hint = f"the token {token.name!r} lacks 'Zone: Read', which a lookup by name needs"
        raise ApiError(403, *UNAUTHORIZED, hint=hint)
    rows = store.all("SELECT * FROM zones ORDER BY name")
    rows = [row for row in rows if token.is_allowed("Zone", "Read", row["id"])]
    query = request.query_params
    if "name" in query:
        operator, _, text = query["name"].lower().rpartition(":")
        rows = [row for row in rows if _NAME_TESTS.get(operator, _NAME_TESTS[""])(row["name"], text)]
    if "account.name" in query:
        named = [row["id"] for row in store.all("SELECT id FROM accounts WHERE name = ?", query["account.name"])]
        rows = [row for row in rows if row["account"] in named]
    if "account.id" in query:
        rows = [row for row in rows if row["account"] == query["account.id"]]
    if query.get("status", "active") != "active":
        rows = []
    return page(request, [describe(store, row) for row in rows], at_most=50)


@router.get("/zones/{zone}", dependencies=[requires("Zone", "Read", code=9109)])
async def read(request: Request, zone: str) -> Response:
    store: Store = request.app.state.store
    row = store.one("SELECT * FROM zones WHERE id = ?", zone)
    assert row is not None
    return success(describe(store, row))


def seed(store: Store, name: str, account: str, zone: str | None = None) -> Row:
    """Creates the zone unless it exists and returns its row.

    An empty zone adopts the id `zone`: the one it has may have been generated. Raises ValueError where id, name or
    account do not agree.
    """
    name = name.lower().rstrip(".")
    with store.transaction():
        if store.one("SELECT 1 FROM accounts WHERE id = ?", account) is None:
            raise ValueError(f"zone {name} names the account {account}, which does not exist here")
        row = store.one("SELECT * FROM zones WHERE name = ? OR id = ?", name, zone)
        if row is None:
            store.run("INSERT INTO zones VALUES (?, ?, ?, ?)", zone or ids.new_hex_id(), name, account, ids.now())
            row = store.one("SELECT * FROM zones WHERE name = ?", name)
        elif zone and row["name"] == name and row["id"] != zone and _is_empty(store, row["id"]):
            store.run("UPDATE zones SET id = ? WHERE id = ?", zone, row["id"])
            row = store.one("SELECT * FROM zones WHERE id = ?", zone)
    assert row is not None
    if row["name"] != name or row["account"] != account or (zone and row["id"] != zone):
        raise ValueError(
            f"zone {name} exists already as {row['id']} ({row['name']}) of account {row['account']}; "
            "give the zone that id, destroy the stacks that use it first, or start again with: "
            "python -m sandbox down --delete"
        )
    return row


def _is_empty(store: Store, zone: str) -> bool:
    records = store.one("SELECT 1 FROM records WHERE zone = ?", zone)
    return records is None and store.one("SELECT 1 FROM objects WHERE scope = ?", zone) is None


def describe(store: Store, row: Row) -> dict[str, Any]:
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
