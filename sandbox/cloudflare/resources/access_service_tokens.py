"""Access service tokens: client id and secret of a program. Of the secret only a hash is stored.

The refusal to delete a token in use is a guess.
"""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.request_body import Duration
from sandbox.cloudflare.resources.access_policies import INVALID, invalid
from sandbox.cloudflare.responses import success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

SECRET_HASH = "_secret"  # noqa: S105 - a key
"""Where the SHA-256 of the secret is stored, in hex."""


class ServiceToken(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: Annotated[str, StringConstraints(min_length=1, max_length=350)]
    duration: Duration | Literal["forever"] | None = None
    enabled: bool | None = None
    client_secret_version: int | None = None
    previous_client_secret_expires_at: str | None = None


class ServiceTokens(crud.Resource):
    kind = "service_tokens"
    path = "/accounts/{account}/access/service_tokens"
    permission = "Access: Service Tokens"
    model = ServiceToken
    missing = (12008, "access.api.error.unknown_service_token")
    malformed = INVALID
    filters = ("name",)
    defaults = {"duration": "8760h", "client_secret_version": 1}
    shown_once = frozenset({"client_secret"})

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        """A new token has a secret, and so has one whose version changes."""
        built = super().build(fields, old, stamp)
        if old:
            built |= {key: old[key] for key in ("client_id", "expires_at", SECRET_HASH)}
        else:
            built |= {"client_id": f"{ids.new_hex_id()}.access", "expires_at": _in_a_year()}
        if old is None or built["client_secret_version"] != old["client_secret_version"]:
            built |= _new_secret()
        return built

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        for policy in store.bodies("policies", scope):
            rules = [rule for part in ("include", "exclude", "require") for rule in policy.get(part) or []]
            if any(rule.get("service_token", {}).get("token_id") == stored["id"] for rule in rules):
                raise invalid("service token is in use", hint=f"by the policy {policy['name']}")


router = crud.router(ServiceTokens())
_TOKENS = ServiceTokens()


@router.post(f"{_TOKENS.path}/{{id}}/rotate", dependencies=[requires(_TOKENS.permission, "Edit")])
async def rotate(request: Request, account: str, id: str) -> Response:
    """A new secret, shown in this reply only. The old one is refused at once: here a token has one secret."""
    store: Store = request.app.state.store
    old = _TOKENS.find(store, account, id)
    secret = _new_secret()
    version = old["client_secret_version"] + 1
    stored = {**old, SECRET_HASH: secret[SECRET_HASH], "client_secret_version": version, "updated_at": ids.now()}
    _TOKENS.save(store, account, stored)
    return success({**crud.visible(stored), "client_secret": secret["client_secret"]})


@router.post(f"{_TOKENS.path}/{{id}}/refresh", dependencies=[requires(_TOKENS.permission, "Edit")])
async def refresh(request: Request, account: str, id: str) -> Response:
    """Extends the token's expiration."""
    store: Store = request.app.state.store
    stored = {**_TOKENS.find(store, account, id), "expires_at": _in_a_year(), "updated_at": ids.now()}
    _TOKENS.save(store, account, stored)
    return success(crud.visible(stored))


def _in_a_year() -> str:
    return (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _new_secret() -> Body:
    secret = secrets.token_hex(32)
    return {"client_secret": secret, SECRET_HASH: sha256(secret.encode()).hexdigest()}
