"""API tokens: who is calling, and what they may do.

Only a token's hash is kept, so its value is seen once, where it is made.
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
    "Account Rulesets",
    "Notifications",
    "Load Balancers: Monitors And Pools",
)
ZONE_PERMISSIONS = ("Zone", "DNS", "Zone WAF", "Load Balancers")
NEEDED = (
    *("Cloudflare Tunnel: Edit", "DNS: Edit", "Zone: Read", "Zone WAF: Edit"),
    *("Access: Apps and Policies: Edit", "Access: Service Tokens: Edit"),
    *("Load Balancers: Monitors And Pools: Edit", "Load Balancers: Edit"),
    "Notifications: Edit",
)
"""What a token of culvert's needs at most (README): the default of a new one."""


@dataclass(frozen=True)
class Grant:
    """One permission on the named accounts or zones (their ids); an empty `only` means every one there is."""

    permission: str
    level: str
    only: tuple[str, ...] = ()

    def allows(self, permission: str, level: str, resource: str) -> bool:
        enough = self.level == "Edit" or level == "Read"
        return self.permission == permission and enough and (not self.only or resource in self.only)


@dataclass(frozen=True)
class Token:
    """A token as calls see it: its id, its name, and what it may do."""

    id: str
    name: str
    grants: tuple[Grant, ...]

    def may(self, permission: str, level: str, resource: str) -> bool:
        return any(grant.allows(permission, level, resource) for grant in self.grants)


def mint(store: Store, name: str, permissions: Sequence[Any] | None) -> str:
    """Makes a token and gives its value, which is kept nowhere.

    Each permission is a name with its level (`DNS: Edit`), for every account or zone, or an object
    `{"permission": "DNS: Edit", "only": [names or ids]}`. Raises ValueError naming what it does not know.
    """
    grants = [_grant(store, each) for each in (NEEDED if permissions is None else permissions)]
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
        raise ValueError(
            f"unknown permission {wanted!r}: accepted is one of {accepted}, followed by ': Read' or ': Edit'"
        )
    table = "zones" if permission in ZONE_PERMISSIONS else "accounts"
    only = []
    for resource in entry.get("only") or ():
        row = store.one(f"SELECT id FROM {table} WHERE id = ? OR name = ?", resource, resource)
        if row is None:
            raise ValueError(f"permission {permission!r} names {resource!r}, which is none of the {table} here")
        only.append(row["id"])
    return Grant(permission, level, tuple(only))


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def authenticate(store: Store, request: Request) -> Token:
    """The caller's token. Raises ApiError as the service does: 6003 and 6111 for a header that can be none, 10000
    without one (over 9106, which some endpoints give alone), and for a token it does not know 9109 where users,
    accounts and zones are kept, 10000 elsewhere.

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
            raise ApiError(403, 9109, "Invalid access token", hint="no such token here")
        raise ApiError(401, 10000, "Authentication error", hint="no such token here")
    return _token(row)


def _token(row: Row) -> Token:
    grants = (Grant(permission, level, tuple(only)) for permission, level, only in json.loads(row["grants"]))
    return Token(row["id"], row["name"], tuple(grants))


def needs(permission: str, level: str, *, code: int = 10000) -> Any:
    """A dependency for routes with `{account}` or `{zone}` in their path: it must exist and the token must reach it.

    The service answers the same to a stranger and to someone who asks for what is not there: 403 and 10000
    "Authentication error", or 9109 where the zone itself is read.
    """

    async def check(request: Request) -> None:
        kind = "account" if "account" in request.path_params else "zone"
        resource = request.path_params[kind]
        if not ids.HEX_ID.fullmatch(resource):
            raise no_route(request.url.path)
        store: Store = request.app.state.store
        if store.one(f"SELECT id FROM {kind}s WHERE id = ?", resource) is None:
            raise _refusal(code, f"no {kind} {resource} here")
        if not request.state.token.may(permission, level, resource):
            raise _refusal(code, f"the token {request.state.token.name!r} lacks '{permission}: {level}' on this {kind}")

    return Depends(check)


def _refusal(code: int, hint: str) -> ApiError:
    words = "Unauthorized to access requested resource" if code == 9109 else "Authentication error"
    return ApiError(403, code, words, hint=hint)
