"""Check of the API token's permissions: each that the stack needs, on its account and on each of its zones.

The API has no way to ask a token for its permissions that a token with only these may use. So each one is tried: by the
deletion of a resource with an id of zeros, which no resource has. A token without the permission is refused before the
API looks for the resource; one with it is answered that there is none.
"""

from collections.abc import Iterator, Mapping

from clients.cloudflare import TOKENS_PAGE, CloudflareApi
from clients.errors import CheckUnavailable, CloudflareApiError
from ops.declared_kinds import cloudflare_kinds
from ops.recover.cloudflare_kinds import (
    APPLICATION,
    LOAD_BALANCER,
    NOTIFICATION,
    POOL,
    RECORD,
    RULESET,
    SERVICE_TOKEN,
    TUNNEL,
    CloudflareKind,
)
from ops.verify.result import Check, CheckResult
from settings import Settings

PERMISSION = Check("api", "permission")
NO_UUID, NO_ID = "00000000-0000-0000-0000-000000000000", "0" * 32
TRIED: tuple[tuple[CloudflareKind, str, str], ...] = (
    (TUNNEL, NO_UUID, "every tunnel"),
    (RECORD, NO_ID, "hostnames"),
    (APPLICATION, NO_UUID, "access of routes"),
    (SERVICE_TOKEN, NO_UUID, "serviceTokens"),
    (RULESET, NO_ID, "waf"),
    (LOAD_BALANCER, NO_ID, "loadBalancer"),
    (POOL, NO_ID, "loadBalancer"),
    (NOTIFICATION, NO_ID, "notify"),
)
"""A kind for each permission, an id that none of it has, and what needs it."""


def run(api: CloudflareApi, settings: Settings, account_reachable: bool, zones: Mapping[str, str]) -> list[CheckResult]:
    """A result for each permission and each account or zone; `zones` are those that can be judged, with their ids."""
    return [
        is_granted(api, kind, scope, scope_id, none, need)
        for kind, none, need in TRIED
        if kind.type in cloudflare_kinds(settings)
        for scope, scope_id in _scopes(kind, settings, account_reachable, zones)
    ]


def is_granted(
    api: CloudflareApi, kind: CloudflareKind, scope: str, scope_id: str, no_resource: str, need: str
) -> CheckResult:
    """Whether the token has `kind.permission: Edit` on the account or zone `scope`."""
    level = "Account" if kind.scope == "accounts" else "Zone"
    subject = f"{level} > {kind.permission}: Edit" + (f" on {scope}" if level == "Zone" else "")
    try:
        api.delete(kind.path(scope_id, no_resource), kind.permission)
    except CloudflareApiError as error:
        if error.status in (401, 403):
            return PERMISSION.failed(
                subject,
                _granted_level(api, kind, scope_id),
                impact=f"pulumi up fails where it makes what this permission is for: {need}",
                cause="the token was made without it, or for other accounts or zones",
                remedy=f"add it to the token, at {TOKENS_PAGE}: the token's value stays the same",
            )
        if error.status == 429 or error.status >= 500:
            return PERMISSION.unavailable(subject, error)
        # Refused for another reason than the token: the API looked for the resource.
    except CheckUnavailable as error:
        return PERMISSION.unavailable(subject, error)
    return PERMISSION.passed(subject, f"granted, for {need}")


def _granted_level(api: CloudflareApi, kind: CloudflareKind, scope_id: str) -> str:
    try:
        api.items(kind.path(scope_id), kind.permission, paged=False, **(kind.current or {}))
    except CheckUnavailable:
        return "missing"
    return "Read only"


def _scopes(
    kind: CloudflareKind, settings: Settings, account_reachable: bool, zones: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Name and id of the account, or of each zone, in which the stack makes resources of a kind."""
    if kind.scope == "accounts":
        if account_reachable:
            yield settings.account_id, settings.account_id
        return
    balanced = settings.load_balancer.hostname if settings.load_balancer else None
    used = {
        RECORD.type: set(settings.hostnames().values()),
        RULESET.type: set(settings.waf.owns),
        LOAD_BALANCER.type: {settings.zone_of(balanced)} if balanced else set[str](),
    }[kind.type]
    yield from ((zone, id) for zone, id in zones.items() if zone in used)
