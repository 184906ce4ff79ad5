"""Accounts: seeded by the emulator's owner, read through the API."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import ids
from sandbox.cloudflare.responses import page, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import Token, requires

PERMISSIONS = ("Account Settings", "Load Balancers: Monitors And Pools")
"""Either reads an account, as do others that this emulator does not have:
https://developers.cloudflare.com/api/resources/accounts/methods/get/."""
router = APIRouter()


@router.get("/accounts")
async def index(request: Request) -> Response:
    """Accounts that the token may read: a token that may read none gets an empty list
    (https://github.com/cloudflare/cloudflare-go/issues/725)."""
    store: Store = request.app.state.store
    rows = store.all("SELECT * FROM accounts ORDER BY name")
    if "name" in request.query_params:
        rows = [row for row in rows if row["name"] == request.query_params["name"]]
    token: Token = request.state.token
    return page(request, [describe(row) for row in rows if token.is_allowed(PERMISSIONS, "Read", row["id"])])


@router.get("/accounts/{account}", dependencies=[requires(PERMISSIONS, "Read", code=9109)])
async def read(request: Request, account: str) -> Response:
    store: Store = request.app.state.store
    row = store.one("SELECT * FROM accounts WHERE id = ?", account)
    assert row is not None
    return success(describe(row))


def seed(store: Store, account: str, name: str) -> None:
    """Creates the account, or renames it."""
    store.run(
        "INSERT INTO accounts VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2", account, name, ids.now()
    )


def describe(row: Row) -> dict[str, Any]:
    """An account as the API shows it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "type": "standard",
        "settings": {"enforce_twofactor": False},
        "created_on": row["created"],
    }
