"""Cloudflare's API, through Cloudflare's own SDK: what a stack's tunnel, records and rules look like, and deletions.

The SDK authenticates, sends and retries; paths are given to it as https://developers.cloudflare.com/api/ has them,
and replies are plain JSON. Its typed resources are not used: to import those for tunnels and records takes five times
as long as the SDK itself. Import this module where it is used, since the SDK takes 0.2 s.
"""

import os
import re
import time
from collections.abc import Mapping
from typing import Any

import cloudflare
import httpx

from clients.errors import ApiUnreachable, CheckUnavailable, CloudflareApiError
from clients.limited_http import LimitedClient, Stalled
from clients.limits import time_limit, too_late
from settings import json_text
from settings.plain_text import shortened

Body = dict[str, Any]

BASE_URL = "https://api.cloudflare.com/client/v4"
TOKENS_PAGE = "https://dash.cloudflare.com/profile/api-tokens"
TUNNEL, DNS, WAF, ACCESS = "Cloudflare Tunnel", "DNS", "Zone WAF", "Access: Apps and Policies"
SERVICE_TOKENS, NOTIFICATIONS = "Access: Service Tokens", "Notifications"
MONITORS_AND_POOLS, LOAD_BALANCERS = "Load Balancing: Monitors And Pools", "Load Balancers"
"""Groups of permissions of an API token."""
_PAGE_SIZE = 1000


class CloudflareApi:
    """A client with the API token of `CLOUDFLARE_API_TOKEN`, for the API at `CLOUDFLARE_BASE_URL` where that is set.

    Raises ApiUnreachable where there is no token or no answer, CloudflareApiError where the API refuses.
    """

    def __init__(
        self, environ: Mapping[str, str] | None = None, *, retries: int = 0, http: httpx.Client | None = None
    ) -> None:
        """`retries` is how often a call is repeated that was answered 408, 409, 429 or 5xx, or could not be sent. With
        none, an API that did not answer in time is not asked again: every further question would wait as long."""
        environ = os.environ if environ is None else environ
        token = environ.get("CLOUDFLARE_API_TOKEN", "")
        if not token:
            remedy = f"set it to a token from {TOKENS_PAGE} (README, 'Deploy')"
            raise ApiUnreachable("CLOUDFLARE_API_TOKEN is not set", remedy)
        self.base_url = environ.get("CLOUDFLARE_BASE_URL", "").rstrip("/") or BASE_URL
        http = http or LimitedClient(follow_redirects=True)
        self._limit = time_limit()
        self._persistent, self._stalled = retries > 0, False
        self._sdk = cloudflare.Cloudflare(
            api_token=token, base_url=self.base_url, timeout=self._limit, max_retries=retries, http_client=http
        )
        # The SDK takes these from the environment, and prefers them to the token.
        self._sdk.api_key = self._sdk.api_email = self._sdk.user_service_key = None

    def token(self, account: str) -> Body:
        """`{id, status, expires_on?, not_before?}` of the calling token: a user's, or one that the account owns."""
        try:
            return self._object("/user/tokens/verify", "User Details")
        except CloudflareApiError as refusal:
            try:
                return self._object(f"/accounts/{account}/tokens/verify", "Account Settings")
            except CloudflareApiError:
                raise refusal from None

    def tunnels(self, account: str, name: str) -> list[Body]:
        """Tunnels of this name that are not deleted: one, or none."""
        return self.items(f"/accounts/{account}/cfd_tunnel", TUNNEL, name=name, is_deleted="false")

    def tunnel(self, account: str, tunnel_id: str) -> Body | None:
        """One tunnel; None if it does not exist or is deleted. Deleted tunnels stay listed for a while."""
        found = self.find(f"/accounts/{account}/cfd_tunnel/{tunnel_id}", TUNNEL)
        return None if found is None or found.get("deleted_at") else found

    def configuration(self, account: str, tunnel_id: str) -> Body:
        """`{version, config: {ingress, originRequest, …}}`; `config` may be null."""
        return self._object(f"/accounts/{account}/cfd_tunnel/{tunnel_id}/configurations", TUNNEL)

    def connectors(self, account: str, tunnel_id: str) -> list[Body]:
        """The tunnel's connectors, each `{id, version, config_version, conns: […]}`."""
        return self._objects(f"/accounts/{account}/cfd_tunnel/{tunnel_id}/connections", TUNNEL)

    def drop_connections(self, account: str, tunnel_id: str) -> None:
        """Drops all connections of a tunnel; connectors that still run connect again."""
        self.delete(f"/accounts/{account}/cfd_tunnel/{tunnel_id}/connections", TUNNEL)

    def zone_id(self, account: str, name: str) -> str:
        """Id of the account's zone of this name. Raises CheckUnavailable if the token sees none."""
        # At most one matches, so no page size is given: the API takes no more than 50 for zones.
        found = self._objects("/zones", "Zone", {"name": name, "account.id": account})
        if not found:
            remedy = f"give it Zone: Read on {name}, at {TOKENS_PAGE}"
            raise CheckUnavailable(f"the token sees no zone {name} in the account", remedy)
        return found[0]["id"]

    def records(self, zone_id: str) -> list[Body]:
        """All DNS records of the zone."""
        return self.items(f"/zones/{zone_id}/dns_records", DNS)

    def access_applications(self, account: str) -> list[Body] | None:
        """The account's Access applications; None if the token may not read them, which culvert does not require."""
        try:
            return self.items(f"/accounts/{account}/access/apps", ACCESS)
        except CheckUnavailable:
            return None

    def ruleset(self, zone_id: str, ruleset_id: str) -> Body | None:
        """One ruleset with its rules; None if it does not exist."""
        return self.find(f"/zones/{zone_id}/rulesets/{ruleset_id}", WAF)

    def replace_ruleset(self, zone_id: str, ruleset_id: str, description: str, rules: list[Body]) -> None:
        """Writes a ruleset's description and all of its rules."""
        body = {"description": description, "rules": rules}
        self._call("PUT", f"/zones/{zone_id}/rulesets/{ruleset_id}", f"'{WAF}: Edit'", body=body)

    def delete_ruleset(self, zone_id: str, ruleset_id: str) -> None:
        self.delete(f"/zones/{zone_id}/rulesets/{ruleset_id}", WAF)

    def delete(self, path: str, permission: str) -> None:
        """Deletes what is at `path`, which takes `permission: Edit`. A 404 counts as deleted."""
        try:
            self._call("DELETE", path, f"'{permission}: Edit'")
        except CloudflareApiError as error:
            if error.status != 404:
                raise

    def _get(
        self, path: str, permission: str, query: Mapping[str, str] | None = None, until: float | None = None
    ) -> Any:
        return self._call("GET", path, f"'{permission}: Read' (or Edit)", query, until=until)

    def _object(self, path: str, permission: str) -> Body:
        found = self._get(path, permission)
        if not isinstance(found, dict):
            raise _unexpected(path, "with something else than an object")
        return found

    def _objects(
        self, path: str, permission: str, query: Mapping[str, str] | None = None, until: float | None = None
    ) -> list[Body]:
        """The objects of a list, each of which has an id; a list may also be null."""
        found = self._get(path, permission, query, until) or []
        if not isinstance(found, list) or not all(isinstance(each, dict) and _is_id(each.get("id")) for each in found):
            raise _unexpected(path, "with something else than a list of objects with ids")
        return found

    def find(self, path: str, permission: str) -> Body | None:
        """What is at `path`, which takes `permission: Read`; None if it does not exist."""
        try:
            return self._object(path, permission)
        except CloudflareApiError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, permission: str, *, paged: bool = True, **query: str) -> list[Body]:
        """The items of all pages, which share one limit of time, or of a list that has one page.

        The SDK's own paging takes a refused page for an empty one, so it is not used.
        """
        if not paged:
            return self._objects(path, permission, query)
        until = time.monotonic() + self._limit
        items: list[Body] = []
        first_ids: set[str] = set()
        for number in range(1, 1000):
            of_page = {**query, "page": str(number), "per_page": str(_PAGE_SIZE)}
            page = self._objects(path, permission, of_page, until)
            if page and page[0]["id"] in first_ids:
                raise _unexpected(path, f"with an earlier page in place of page {number}")
            first_ids |= {each["id"] for each in page[:1]}
            items += page
            if len(page) < _PAGE_SIZE:
                break
        return items

    def _call(
        self,
        method: str,
        path: str,
        permission: str,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        *,
        until: float | None = None,
    ) -> Any:
        """The reply's `result`. `permission` is what the API token needs for this call, `until` the time of
        `time.monotonic` at which it must be there."""
        seconds = self._limit if until is None else until - time.monotonic()
        if self._stalled or seconds <= 0:
            raise self._unanswered(too_late(self._limit))
        send = {"GET": self._sdk.get, "PUT": self._sdk.put, "DELETE": self._sdk.delete}[method]
        content = {} if body is None else {"body": body}
        try:
            options: Any = {"params": dict(query or {}), "timeout": seconds}
            reply = send(path, cast_to=httpx.Response, options=options, **content)
        except cloudflare.APIStatusError as error:
            reply = error.response
        except Stalled:
            self._stalled = not self._persistent
            raise self._unanswered(too_late(self._limit)) from None
        except cloudflare.APIConnectionError as error:
            raise self._unanswered(type(error.__cause__ or error).__name__) from None
        if reply.status_code == 204:
            return None
        try:
            envelope = json_text.loads(reply.content)
        except ValueError:
            envelope = None
        if not isinstance(envelope, dict):
            page = "a web page" if "html" in reply.headers.get("content-type", "") else "no JSON object"
            raise _unexpected(path, f"with HTTP {reply.status_code} and {page}") from None
        if reply.is_success and envelope.get("success"):
            return envelope.get("result")
        raise _refusal(method, path, permission, reply, envelope)

    def _unanswered(self, reason: str) -> ApiUnreachable:
        remedy = "check the network, and CLOUDFLARE_BASE_URL where it is set"
        return ApiUnreachable(f"the API at {self.base_url} does not answer: {reason}", remedy)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[\w.:-]{1,100}", value))


def _unexpected(path: str, answer: str) -> ApiUnreachable:
    remedy = "check CLOUDFLARE_BASE_URL where it is set, and whether a proxy in between asks for a login"
    return ApiUnreachable(f"the API answered {path} {answer}", remedy)


def _refusal(method: str, path: str, permission: str, reply: httpx.Response, envelope: Body) -> CloudflareApiError:
    status, errors = reply.status_code, envelope.get("errors")
    listed = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    codes = "; ".join(f"{each.get('code')} {each.get('message')}" for each in listed[:5]) or "no reason given"
    remedy = "check accountId and zones in the stack file"
    if status in (401, 403):
        remedy = f"give the token of CLOUDFLARE_API_TOKEN {permission}, at {TOKENS_PAGE}"
    elif status == 429:
        wait = re.fullmatch(r"[0-9]{1,5}", reply.headers.get("retry-after", ""))
        remedy = f"wait {wait[0] if wait else 300} seconds and try again"
    reason = f"the API refused {method} {path}: HTTP {status}, {shortened(codes, 500)}"
    return CloudflareApiError(status, reason, remedy)
