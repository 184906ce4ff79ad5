"""The Cloudflare API: read, and for those who mend something also asked to delete."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from ops.verify.result import Unread

BASE_URL = "https://api.cloudflare.com/client/v4"
TOKENS = "https://dash.cloudflare.com/profile/api-tokens"
_PAGE = 1000


class Cloudflare:
    """A client with the ambient token (`CLOUDFLARE_API_TOKEN`), at `CLOUDFLARE_BASE_URL` where that is set.

    Every call raises Unread where there is no answer to judge by. https://developers.cloudflare.com/api/.
    """

    def __init__(self, client: httpx.Client | None = None, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        token = environ.get("CLOUDFLARE_API_TOKEN", "")
        if not token:
            raise Unread("CLOUDFLARE_API_TOKEN is not set", f"set it to a token from {TOKENS} (README, 'For real')")
        self.base_url = environ.get("CLOUDFLARE_BASE_URL", "").rstrip("/") or BASE_URL
        self._client = client or httpx.Client(timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"}

    def tunnels(self, account: str, name: str) -> list[dict[str, Any]]:
        """Tunnels of this name that are not deleted: one, or none."""
        return self._all(f"/accounts/{account}/cfd_tunnel", "Cloudflare Tunnel", name=name, is_deleted="false")

    def configuration(self, account: str, tunnel: str) -> dict[str, Any]:
        """`{version, config: {ingress, originRequest, …}}`; `config` may be null."""
        return self._get(f"/accounts/{account}/cfd_tunnel/{tunnel}/configurations", "Cloudflare Tunnel")

    def connections(self, account: str, tunnel: str) -> list[dict[str, Any]]:
        """The tunnel's connectors, each `{id, version, config_version, conns: […]}`."""
        return self._get(f"/accounts/{account}/cfd_tunnel/{tunnel}/connections", "Cloudflare Tunnel") or []

    def zone_id(self, account: str, name: str) -> str:
        """Id of the zone of that name in the account."""
        # One at most, and pages of zones are shorter than others: 50 is the most that is given.
        found = self._get("/zones", "Zone", **{"name": name, "account.id": account}) or []
        if not found:
            raise Unread(f"the token sees no zone {name} in the account", f"give it Zone: Read on {name}, at {TOKENS}")
        return found[0]["id"]

    def records(self, zone: str) -> list[dict[str, Any]]:
        """Every record of the zone."""
        return self._all(f"/zones/{zone}/dns_records", "DNS")

    def access_applications(self, account: str) -> list[dict[str, Any]] | None:
        """The account's Access applications; None where the token may not read them, which culvert itself need not."""
        try:
            return self._all(f"/accounts/{account}/access/apps", "Access: Apps and Policies")
        except Unread:
            return None

    def private_routes(self, account: str) -> list[dict[str, Any]]:
        """Networks that are routed through tunnels, each `{id, network, tunnel_id, virtual_network_id, comment}`."""
        return self._all(f"/accounts/{account}/teamnet/routes", "Cloudflare Tunnel", is_deleted="false")

    def virtual_networks(self, account: str) -> list[dict[str, Any]]:
        """The account's virtual networks, each `{id, name, comment, is_default_network}`."""
        return self._all(f"/accounts/{account}/teamnet/virtual_networks", "Cloudflare Tunnel", is_deleted="false")

    def rulesets(self, zone: str) -> list[dict[str, Any]]:
        """The zone's rulesets, without their rules."""
        return self._get(f"/zones/{zone}/rulesets", "Zone WAF") or []

    def tunnel(self, account: str, number: str) -> dict[str, Any] | None:
        """One tunnel; None where it is gone. Deleted ones stay listed for a while, and are as good as gone."""
        path = f"/accounts/{account}/cfd_tunnel/{number}"
        found = self._ask("GET", path, "'Cloudflare Tunnel: Read' (or Edit)", missing=True)
        return None if found is None or found.get("deleted_at") else found

    def delete(self, path: str, permission: str) -> None:
        """Deletes what is at `path`, which takes `permission: Edit`. What is not there any more is no error."""
        self._ask("DELETE", path, f"'{permission}: Edit'", missing=True)

    def _all(self, path: str, permission: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for number in range(1, 1000):
            part = self._get(path, permission, **query, page=str(number), per_page=str(_PAGE))
            found += part or []
            if not part or len(part) < _PAGE:
                break
        return found

    def _get(self, path: str, permission: str, **query: str) -> Any:
        return self._ask("GET", path, f"'{permission}: Read' (or Edit)", query)

    def _ask(
        self, method: str, path: str, right: str, query: Mapping[str, str] | None = None, *, missing: bool = False
    ) -> Any:
        """The reply's `result`; None for HTTP 404 where `missing` is no trouble."""
        try:
            reply = self._client.request(method, self.base_url + path, params=query, headers=self._headers)
        except httpx.HTTPError as error:
            why = f"the API at {self.base_url} does not answer: {type(error).__name__}"
            raise Unread(why, "check the network, and CLOUDFLARE_BASE_URL where it is set") from None
        if missing and reply.status_code == 404:
            return None
        try:
            body = reply.json()
        except ValueError:
            raise Unread(
                f"the API answered {path} with HTTP {reply.status_code} and no JSON", "try again later"
            ) from None
        if reply.is_success and body.get("success"):
            return body.get("result")
        said = "; ".join(f"{each.get('code')} {each.get('message')}" for each in body.get("errors") or [])
        why = f"the API refused {method} {path}: HTTP {reply.status_code}, {said or 'no reason given'}"
        if reply.status_code in (401, 403):
            raise Unread(why, f"give the token of CLOUDFLARE_API_TOKEN {right}, at {TOKENS}")
        if reply.status_code == 429:
            raise Unread(why, f"wait {reply.headers.get('retry-after', '300')} seconds and try again")
        raise Unread(why, "check accountId and zones in the stack file")
