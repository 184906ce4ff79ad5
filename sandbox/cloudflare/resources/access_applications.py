"""Access applications: the hostnames and paths that Access protects, each with its policies in order.

Sources: cloudflare-docs (cloudflare-one/account-limits) and reports about the API: 12130 "policy precedences must be
unique"; 409 and 11010 for a domain that another application has (ChrispyBacon-dev/DockFlare#217). Other messages behind
invalid_request are guesses.
"""

import json
import re
import secrets
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.request_body import Duration, Text
from sandbox.cloudflare.resources.access_policies import INVALID, PERMISSION, UNKNOWN_POLICY, invalid
from sandbox.cloudflare.responses import ApiError
from sandbox.cloudflare.store import Store

MAX_DOMAINS = 5
DOMAIN_TAKEN = (11010, "access.api.error.application_already_exists")
"""With 409."""


class AppliedPolicy(BaseModel):
    """A policy of an application: a reusable one by its id, or one of its own, which is stored unchecked."""

    model_config = ConfigDict(strict=True, extra="allow")
    id: str | None = None
    precedence: Annotated[int, Field(ge=1)] | None = None


class Destination(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    type: Literal["public", "private", "via_mcp_server_portal"] = "public"
    uri: Text | None = None
    cidr: str | None = None
    hostname: str | None = None
    l4_protocol: str | None = None
    port_range: str | None = None
    vnet_id: str | None = None
    mcp_server_id: str | None = None


class Application(BaseModel):
    """Its many cosmetic fields are stored unchecked."""

    model_config = ConfigDict(strict=True, extra="allow")
    type: (
        Literal["self_hosted", "saas", "ssh", "vnc", "app_launcher", "warp", "biso", "bookmark", "dash_sso"]
        | Literal["infrastructure", "rdp", "mcp", "mcp_portal", "proxy_endpoint"]
    )
    name: Annotated[str, StringConstraints(max_length=350)] | None = None
    domain: str | None = None
    session_duration: Duration | None = None
    self_hosted_domains: list[str] | None = None
    destinations: list[Destination] | None = None
    policies: list[str | AppliedPolicy] | None = None


class Applications(crud.Resource):
    kind = "apps"
    path = "/accounts/{account}/access/apps"
    permission = PERMISSION
    model = Application
    missing = (12002, "access.api.error.unknown_application")
    malformed = INVALID
    filters = ("name", "domain", "aud")
    not_ids = frozenset({"ca"})
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

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        _check_domains(store, scope, fields, old["id"] if old else "")
        policies = [_applied(policy, None) for policy in fields.get("policies") or []]
        order = [policy["precedence"] for policy in policies if policy["precedence"] is not None]
        if len(set(order)) < len(order):
            raise invalid("policy precedences must be unique")
        for policy in policies:
            if policy.get("id") is not None and not store.has("policies", scope, policy["id"]):
                raise ApiError(400, *UNKNOWN_POLICY)
        return fields

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        built = super().build(fields, old, stamp)
        public = [each for each in built.get("destinations") or [] if each.get("type", "public") == "public"]
        domain = built.get("domain") or (public[0].get("uri") if public else None)
        return {
            **built,
            "domain": domain,
            "policies": [_applied(policy, number) for number, policy in enumerate(built.get("policies") or [], 1)],
            "uid": built["id"],
            "aud": old["aud"] if old else secrets.token_hex(32),
            "self_hosted_domains": built.get("self_hosted_domains") or ([domain] if domain else []),
            "destinations": built.get("destinations") or ([{"type": "public", "uri": domain}] if domain else []),
        }

    def show(self, store: Store, stored: Body) -> Body:
        return with_policies(store, stored)


router = crud.router(Applications())


def _check_domains(store: Store, account: str, fields: Body, application_id: str) -> None:
    protected = domains(fields)
    if fields["type"] == "self_hosted" and not protected and not fields.get("destinations"):
        raise invalid("a self-hosted application needs a domain or a destination")
    if len(protected) > MAX_DOMAINS:
        raise invalid(f"at most {MAX_DOMAINS} domains per application")
    zones = [row["name"] for row in store.all("SELECT name FROM zones WHERE account = ?", account)]
    for domain in protected:
        host = domain.partition("/")[0].removeprefix("*.")
        if re.search(r"[:?#\s]", domain) or not any(f".{host}".endswith(f".{zone}") for zone in zones):
            raise invalid("domain does not belong to zone", hint=f"{domain} is in no zone of this account")
    for other in store.bodies("apps", account):
        if other["id"] != application_id and set(domains(other)) & set(protected):
            raise ApiError(409, *DOMAIN_TAKEN, hint=f"it is {other.get('name')}")


def _applied(policy: str | Body, precedence: int | None) -> Body:
    """A policy of an application with its precedence; a reusable one may be given as its id alone."""
    fields = policy if isinstance(policy, dict) else {"id": policy}
    return {**fields, "precedence": fields.get("precedence") or precedence}


def domains(application: Body) -> list[str]:
    """The domains an application protects, `host` or `host/path`, each once."""
    public = [each for each in application.get("destinations") or [] if each.get("type", "public") == "public"]
    if public:
        # The other two fields are derived from destinations, and may still have an earlier list's.
        named = [each.get("uri") for each in public]
    else:
        named = [application.get("domain"), *(application.get("self_hosted_domains") or [])]
    return list(dict.fromkeys(str(each).lower().rstrip("/") for each in named if each))


def with_policies(store: Store, application: Body) -> Body:
    """An application with its reusable policies as they are now, each with its precedence."""
    policies = []
    for policy in application["policies"]:
        row = store.one("SELECT body FROM objects WHERE kind = 'policies' AND id = ?", policy.get("id"))
        policies.append({**(json.loads(row["body"]) if row else {}), **policy})
    return {**application, "policies": policies}
