"""API tokens: authentication of calls and their permissions.

Only a token's hash is stored: its value is shown once, when it is created.
Permission names are those of https://developers.cloudflare.com/fundamentals/api/reference/permissions/.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from sandbox.cloudflare import ids
from sandbox.cloudflare.responses import ApiError, no_route
from sandbox.cloudflare.store import Row, Store

ACCOUNT_PERMISSIONS = (
    "Account Settings",
    "Cloudflare Tunnel",
    "Access: Apps and Policies",
    "Access: Service Tokens",
    "Access: Organizations, Identity Providers, and Groups",
    "Account Rulesets",
    "Notifications",
    "Load Balancers: Monitors And Pools",
)
ZONE_PERMISSIONS = ("Zone", "DNS", "Zone WAF", "Load Balancers")
DEFAULT_PERMISSIONS = (
    *("Cloudflare Tunnel: Edit", "DNS: Edit", "Zone: Read", "Zone WAF: Edit"),
    *("Access: Apps and Policies: Edit", "Access: Service Tokens: Edit"),
    *("Load Balancers: Monitors And Pools: Edit", "Load Balancers: Edit"),
    "Notifications: Edit",
)
"""All that culvert's token ever needs (README); a new token has them by default."""


@dataclass(frozen=True)
class Grant:
    """One permission on the accounts or zones with these ids; an empty `only` means all of them."""

    permission: str
    level: str
    only: tuple[str, ...] = ()

    def allows(self, permission: str, level: str, resource: str) -> bool:
        enough = self.level == "Edit" or level == "Read"
        return self.permission == permission and enough and (not self.only or resource in self.only)


@dataclass(frozen=True)
class Token:
    """An authenticated token: its id, its name and its grants."""

    id: str
    name: str
    grants: tuple[Grant, ...]

    def is_allowed(self, permission: str | tuple[str, ...], level: str, resource: str) -> bool:
        """Whether it has the permission, or one of several, on an account or a zone."""
        accepted = (permission,) if isinstance(permission, str) else permission
        return any(grant.allows(each, level, resource) for grant in self.grants for each in accepted)


def create_token(store: Store, name: str, permissions: Sequence[Any] | None) -> str:
    """Creates a token and returns its value, which is not stored.

    Each permission is a name with its level (`DNS: Edit`), for every account or zone, or an object
    `{"permission": "DNS: Edit", "only": [names or ids]}`. Raises ValueError for an unknown permission, account or zone.
    """
    grants = [_grant(store, each) for each in (DEFAULT_PERMISSIONS if permissions is None else permissions)]
    value = secrets.token_urlsafe(30)
    written = json.dumps([[grant.permission, grant.level, list(grant.only)] for grant in grants])
    store.run("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", _hash(value), ids.new_hex_id(), name, written, ids.now())
    return value


def _grant(store: Store, wanted: Any) -> Grant:
    entry = wanted if isinstance(wanted, Mapping) else {"permission": wanted}
    permission, _, level = str(entry.get("permission", "")).rpartition(": ")
    known = (*ACCOUNT_PERMISSIONS, *ZONE_PERMISSIONS)
    if permission not in known or level not in ("Read", "Edit"):
        accepted = ", ".join(known)
        raise ValueError(f"unknown permission {wanted!r}: must be one of {accepted}, followed by ': Read' or ': Edit'")
    table = "zones" if permission in ZONE_PERMISSIONS else "accounts"
    only = []
    for resource in entry.get("only") or ():
        row = store.one(f"SELECT id FROM {table} WHERE id = ? OR name = ?", resource, resource)
        if row is None:
            raise ValueError(f"permission {permission!r} names {resource!r}, which is not one of the {table} here")
        only.append(row["id"])
    return Grant(permission, level, tuple(only))


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def authenticate(store: Store, request: Request) -> Token:
    """The caller's token. Raises ApiError as the service does: 6003 and 6111 for a malformed header, 10000 without one
    (over 9106, which some endpoints give alone), and for an unknown token 9109 at the paths of users, accounts and
    zones, 10000 elsewhere.

    Sources: jeessy2/ddns-go#916 (6003 with 6111, 400); cloudflare/ddns reports of 9109 "Invalid access token" on /zones
    (403); reports of 10000 "Authentication error" with 401 on account endpoints.
    """
    header = request.headers.get("authorization")
    if header is None:
        missing = (9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        raise ApiError(401, 10000, "Authentication error", chain=[missing])
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer" or not re.fullmatch(r"[\w-]+", value, re.ASCII):
        malformed = (6111, "Invalid format for Authorization header")
        raise ApiError(400, 6003, "Invalid request headers", chain=[malformed])
    row = store.one("SELECT * FROM tokens WHERE hash = ?", _hash(value))
    if row is None:
        if re.fullmatch(r"/client/v4/(user/.*|accounts(/[^/]+)?|zones(/[^/]+)?)", request.url.path):
            raise ApiError(403, 9109, "Invalid access token", hint="this emulator has no such token")
        raise ApiError(401, 10000, "Authentication error", hint="this emulator has no such token")
    return _token(row)


def _token(row: Row) -> Token:
    grants = (Grant(permission, level, tuple(only)) for permission, level, only in json.loads(row["grants"]))
    return Token(row["id"], row["name"], tuple(grants))


def requires(permission: str | tuple[str, ...], level: str, *, code: int = 10000) -> Any:
    """A dependency of routes with `{account}` or `{zone}`: it exists, and the token has the permission, or one of
    several, on it.

    The service answers a missing permission and a missing account or zone alike: 403 with 10000 "Authentication error",
    or 9109 where the account or the zone itself is read.
    """

    async def check(request: Request) -> None:
        kind = "account" if "account" in request.path_params else "zone"
        resource = request.path_params[kind]
        if not ids.HEX_ID.fullmatch(resource):
            raise no_route(request.url.path)
        store: Store = request.app.state.store
        if store.one(f"SELECT id FROM {kind}s WHERE id = ?", resource) is None:
            raise _refusal(code, f"this emulator has no {kind} {resource}")
        if not request.state.token.is_allowed(permission, level, resource):
            first = permission if isinstance(permission, str) else permission[0]
            raise _refusal(code, f"the token {request.state.token.name!r} lacks '{first}: {level}' on this {kind}")

    return Depends(check)


def _refusal(code: int, hint: str) -> ApiError:
    message = "Unauthorized to access requested resource" if code == 9109 else "Authentication error"
    return ApiError(403, code, message, hint=hint)
