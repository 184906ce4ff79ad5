"""What the service demands of Access policies, applications and service tokens, beyond the shape of their bodies.

Sources: cloudflare-docs (cloudflare-one/access-controls/policies, account-limits) and what people report of the API: 12130
"policy precedences must be unique", 409 and 11010 for a domain that another application has (ChrispyBacon-dev/DockFlare#217),
an "Allow" policy that takes no service token. Refusals of what is still in use, and the words behind invalid_request where
nobody reports them, are guesses.
"""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sandbox.cloudflare.responses import ApiError
from sandbox.cloudflare.store import Store

Body = dict[str, Any]
Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[str, StringConstraints(pattern=r"^([0-9]+(ns|us|µs|ms|s|m|h))+$")]

INVALID = (12130, "access.api.error.invalid_request: {why}")
MOST_DOMAINS = 5
HASHED = "_secret"
"""Where a service token keeps the SHA-256 of its secret; shown to nobody."""

IDENTITY = {
    **{"email": "email", "email_domain": "domain", "email_list": "id", "login_method": "id", "group": "id"},
    **{"azureAD": "", "github-organization": "", "gsuite": "", "okta": "", "saml": "", "oidc": "", "auth_method": ""},
    **{"auth_context": "", "external_evaluation": "", "cloudflare_account_member": "", "user_risk_score": ""},
}
"""Selectors that ask who somebody is, each with the field that it must have."""
CREDENTIALS = {"service_token": "token_id", "any_valid_service_token": "", "linked_app_token": ""}
"""Selectors that want the action Service Auth (`non_identity`)."""
OTHERS = {"everyone": "", "geo": "country_code", "ip": "ip", "ip_list": "id", "device_posture": "integration_uid"}
OTHERS |= {"certificate": "", "common_name": "common_name"}


class _Closed(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Policy(_Closed):
    name: Text
    decision: Literal["allow", "deny", "non_identity", "bypass"]
    include: Annotated[list[Body], Field(min_length=1)]
    exclude: list[Body] | None = None
    require: list[Body] | None = None
    session_duration: Duration | None = None
    precedence: int | None = None
    approval_required: bool | None = None
    isolation_required: bool | None = None
    purpose_justification_required: bool | None = None
    purpose_justification_prompt: str | None = None
    approval_groups: list[Body] | None = None
    connection_rules: Body | None = None
    mfa_config: Body | None = None


class Applied(BaseModel):
    """A policy of an application: a reusable one by its id, or one of its own, which is only kept."""

    model_config = ConfigDict(strict=True, extra="allow")
    id: str | None = None
    precedence: Annotated[int, Field(ge=1)] | None = None


class Destination(_Closed):
    type: Literal["public", "private", "via_mcp_server_portal"] = "public"
    uri: Text | None = None
    cidr: str | None = None
    hostname: str | None = None
    l4_protocol: str | None = None
    port_range: str | None = None
    vnet_id: str | None = None
    mcp_server_id: str | None = None


class Application(BaseModel):
    """Its many cosmetic fields are kept as they come."""

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
    policies: list[str | Applied] | None = None


class ServiceToken(_Closed):
    name: Annotated[str, StringConstraints(min_length=1, max_length=350)]
    duration: Duration | Literal["forever"] | None = None
    enabled: bool | None = None
    client_secret_version: int | None = None
    previous_client_secret_expires_at: str | None = None


def check_policy(store: Store, account: str, body: Body, _old: Body | None) -> None:
    for part in ("include", "exclude", "require"):
        for rule in body.get(part) or []:
            _check_rule(store, account, rule, body["decision"])


def _check_rule(store: Store, account: str, rule: Body, decision: str) -> None:
    if len(rule) != 1:
        raise _invalid("a rule has exactly one selector")
    ((selector, value),) = rule.items()
    fields = {**IDENTITY, **CREDENTIALS, **OTHERS}
    if selector not in fields or not isinstance(value, dict):
        raise _invalid(f"unknown selector {selector}")
    needed = fields[selector]
    if needed and not (isinstance(value.get(needed), str) and value[needed]):
        raise _invalid(f"{selector} needs {needed}")
    if selector in CREDENTIALS and decision in ("allow", "bypass"):
        raise _invalid(f"{selector} needs the decision non_identity")
    if selector in IDENTITY and decision in ("non_identity", "bypass"):
        raise _invalid(f"{selector} cannot be asked for with the decision {decision}")
    if selector == "service_token" and _one(store, "service_tokens", account, value["token_id"]) is None:
        raise _invalid("no such service token")


def check_application(store: Store, account: str, body: Body, old: Body | None) -> None:
    places = domains(body)
    if body["type"] == "self_hosted" and not places and not body.get("destinations"):
        raise _invalid("a self-hosted application needs a domain or a destination")
    if len(places) > MOST_DOMAINS:
        raise _invalid(f"at most {MOST_DOMAINS} domains per application")
    zones = [row["name"] for row in store.all("SELECT name FROM zones WHERE account = ?", account)]
    for place in places:
        host = place.partition("/")[0].removeprefix("*.")
        if re.search(r"[:?#\s]", place) or not any(f".{host}".endswith(f".{zone}") for zone in zones):
            raise _invalid("domain does not belong to zone", hint=f"{place} is in no zone of this account")
    for other in store.bodies("apps", account):
        if other["id"] != (old or {}).get("id") and set(domains(other)) & set(places):
            raise ApiError(409, 11010, "access.api.error.application_already_exists", hint=f"it is {other.get('name')}")
    applied = [each if isinstance(each, dict) else {"id": each} for each in body.get("policies") or []]
    order = [each["precedence"] for each in applied if each.get("precedence") is not None]
    if len(set(order)) < len(order):
        raise _invalid("policy precedences must be unique")
    for each in applied:
        if each.get("id") is not None and _one(store, "policies", account, each["id"]) is None:
            raise ApiError(400, 12003, "access.api.error.unknown_policy")


def domains(application: Body) -> list[str]:
    """What an application stands before, `host` or `host/path`, each once."""
    public = [each for each in application.get("destinations") or [] if each.get("type", "public") == "public"]
    named = [
        application.get("domain"),
        *(application.get("self_hosted_domains") or []),
        *(e.get("uri") for e in public),
    ]
    if public:
        # What was derived from an earlier list does not outlive it.
        named = [each.get("uri") for each in public]
    return list(dict.fromkeys(str(each).lower().rstrip("/") for each in named if each))


def release_policy(store: Store, account: str, number: str) -> None:
    used = [app for app in store.bodies("apps", account) if any(p.get("id") == number for p in app["policies"])]
    if used:
        raise _invalid("policy is in use", hint=f"by the application {used[0].get('name')}")


def release_service_token(store: Store, account: str, number: str) -> None:
    for policy in store.bodies("policies", account):
        rules = [rule for part in ("include", "exclude", "require") for rule in policy.get(part) or []]
        if any(rule.get("service_token", {}).get("token_id") == number for rule in rules):
            raise _invalid("service token is in use", hint=f"by the policy {policy['name']}")


def show_application(store: Store, kept: Body) -> Body:
    """Reusable policies as they are now, each with its place."""
    policies = [
        {**(_one(store, "policies", None, each["id"]) or {} if each.get("id") else {}), **each}
        for each in kept["policies"]
    ]
    return {**kept, "policies": policies}


def _one(store: Store, kind: str, account: str | None, number: str) -> Body | None:
    row = store.one("SELECT scope, body FROM objects WHERE kind = ? AND id = ?", kind, number)
    return json.loads(row["body"]) if row and account in (None, row["scope"]) else None


def _invalid(why: str, hint: str = "") -> ApiError:
    code, words = INVALID
    return ApiError(400, code, words.format(why=why), hint=hint)
