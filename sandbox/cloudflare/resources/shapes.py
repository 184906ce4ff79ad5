"""What the simple groups keep of a body: its fields, the service's defaults, and what the service adds.

Each takes the store, the body, and what was kept before (None for a new object); defaults as the recorded replies have them.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import ids
from sandbox.cloudflare.store import Store

Body = dict[str, Any]
Text = Annotated[str, StringConstraints(min_length=1)]


class _Open(BaseModel):
    """What must be there, and the types of what is looked into; the rest is kept as it comes."""

    model_config = ConfigDict(strict=True, extra="allow")


class Notification(_Open):
    name: Text
    alert_type: Text
    mechanisms: Body


def _dated(body: Body, old: Body | None) -> Body:
    moment, number = ids.now(), ids.new_uuid()
    made = {"id": number, "created_at": moment} if old is None else {"id": old["id"], "created_at": old["created_at"]}
    return {**{key: value for key, value in body.items() if value is not None}, **made, "updated_at": moment}


def policy(_store: Store, body: Body, old: Body | None) -> Body:
    empty = {"include": [], "exclude": [], "require": [], "session_duration": "24h", "reusable": True, "app_count": 0}
    return {**empty, **_dated(body, old)}


def application(_store: Store, body: Body, old: Body | None) -> Body:
    defaults = {
        "type": "self_hosted",
        "session_duration": "24h",
        "app_launcher_visible": True,
        "auto_redirect_to_identity": False,
        "enable_binding_cookie": False,
        "http_only_cookie_attribute": True,
        "options_preflight_bypass": False,
        "allowed_idps": [],
        "tags": [],
    }
    kept = {**defaults, **_dated(body, old)}
    public = [each for each in kept.get("destinations") or [] if each.get("type", "public") == "public"]
    domain = kept.get("domain") or (public[0].get("uri") if public else None)
    return {
        **kept,
        "domain": domain,
        "policies": [_applied(each, number) for number, each in enumerate(kept.get("policies") or [], start=1)],
        "uid": kept["id"],
        "aud": old["aud"] if old else secrets.token_hex(32),
        "self_hosted_domains": kept.get("self_hosted_domains") or ([domain] if domain else []),
        "destinations": kept.get("destinations") or ([{"type": "public", "uri": domain}] if domain else []),
    }


def _applied(wanted: str | Body, number: int) -> Body:
    """A reusable policy by its id and its place; one of the application's own as it is."""
    policy = wanted if isinstance(wanted, dict) else {"id": wanted}
    return {**policy, "precedence": policy.get("precedence") or number}


def service_token(_store: Store, body: Body, old: Body | None) -> Body:
    expiry = (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = {"duration": "8760h", "client_secret_version": 1, **_dated(body, old)}
    kept["client_id"] = old["client_id"] if old else f"{ids.new_hex_id()}.access"
    kept["expires_at"] = expiry if old is None else old["expires_at"]
    return kept


def notification(_store: Store, body: Body, old: Body | None) -> Body:
    kept = {"enabled": True, **_dated(body, old)}
    return {**kept, "created": kept["created_at"], "modified": kept["updated_at"]}
