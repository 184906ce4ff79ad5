"""Checks of Cloudflare's API: the token, the account, the zones, and each permission that the stack needs."""

from collections.abc import Mapping
from typing import Any

from clients.cloudflare import TOKENS_PAGE, CloudflareApi
from clients.errors import CheckUnavailable, CloudflareApiError
from ops.expected_stack import ExpectedStack
from ops.preflight.checks import permissions, zones
from ops.verify.result import Check, CheckResult, Status, attempt

TOKEN = Check("api", "token")
ACCOUNT = Check("api", "account")
_NOTHING = "pulumi up ends before anything is made"


def run(stack: ExpectedStack) -> list[CheckResult]:
    settings = stack.settings
    try:
        api = CloudflareApi()
        token = api.token(settings.account_id)
    except CloudflareApiError as error:
        if error.status not in zones.REFUSED:
            return [TOKEN.unavailable(stack.name, error)]
        # Every other check would fail for the same reason.
        return [_invalid("CLOUDFLARE_API_TOKEN", error.reason)]
    except CheckUnavailable as error:
        return [TOKEN.unavailable(stack.name, error)]
    results = attempt(TOKEN, "CLOUDFLARE_API_TOKEN", lambda: [is_valid(token)])
    account = attempt(ACCOUNT, settings.account_id, lambda: [is_reachable(api, settings.account_id)])
    found, ids = zones.run(api, settings)
    granted = permissions.run(api, settings, account[0].status is Status.PASSED, ids)
    return [*results, *account, *found, *granted]


def is_valid(token: Mapping[str, Any]) -> CheckResult:
    """Whether the token is in use, by the API's description of it."""
    status, expires = str(token["status"]), token.get("expires_on")
    if status == "active":
        return TOKEN.passed("CLOUDFLARE_API_TOKEN", f"valid, expires {expires}" if expires else "valid, never expires")
    return _invalid("CLOUDFLARE_API_TOKEN", f"the token is {status}" + (f"; it expired {expires}" if expires else ""))


def _invalid(subject: str, observed: str) -> CheckResult:
    return TOKEN.failed(
        subject,
        observed,
        impact=_NOTHING,
        cause="the token was deleted, rolled, or has expired, or was not copied whole",
        remedy=f"create or roll one at {TOKENS_PAGE} and export it as CLOUDFLARE_API_TOKEN (README, 'Deploy')",
    )


def is_reachable(api: CloudflareApi, account: str) -> CheckResult:
    """Whether the token sees the account and its tunnels."""
    try:
        api.items(f"/accounts/{account}/cfd_tunnel", "Cloudflare Tunnel", paged=False, per_page="1")
    except CloudflareApiError as error:
        if error.status not in zones.REFUSED:
            raise
        others = _accounts(api)
        cause = "accountId is another one's, or the token lacks Account > Cloudflare Tunnel: Edit on this account"
        if account in others:
            cause = "the token lacks Account > Cloudflare Tunnel: Edit on this account"
        elif others:
            seen = ", ".join(f"{id} ({name})" for id, name in sorted(others.items())[:5])
            cause = f"accountId is another account's: the token is for {seen}"
        return ACCOUNT.failed(
            account,
            error.reason,
            impact=_NOTHING,
            cause=cause,
            remedy=f"correct accountId, or give the token that permission, at {TOKENS_PAGE}",
        )
    return ACCOUNT.passed(account, "its tunnels can be listed")


def _accounts(api: CloudflareApi) -> dict[str, str]:
    """Names of the accounts that the token can list, by id; empty where it may list none."""
    try:
        return {
            each["id"]: str(each.get("name", "")) for each in api.items("/accounts", "Account Settings", paged=False)
        }
    except CheckUnavailable:
        return {}
