"""What a run has left at Cloudflare, found by the run's id; and its deletion."""

from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from clients.cloudflare import CloudflareApi
from clients.errors import CheckUnavailable

_DELETE_TRIES = 3


@dataclass(frozen=True)
class Kind:
    """A kind of object that a run creates. `field` holds the run's id."""

    noun: str
    path: str
    permission: str
    field: str = "name"
    query: str = ""
    paged: bool = True


KINDS = (
    Kind("DNS record", "/zones/{zone}/dns_records", "DNS"),
    Kind("Access application", "/accounts/{account}/access/apps", "Access: Apps and Policies"),
    Kind("Access policy", "/accounts/{account}/access/policies", "Access: Apps and Policies"),
    Kind("Access service token", "/accounts/{account}/access/service_tokens", "Access: Service Tokens"),
    Kind("notification policy", "/accounts/{account}/alerting/v3/policies", "Notifications", paged=False),
    Kind("hostname route", "/accounts/{account}/zerotrust/routes/hostname", "Cloudflare Tunnel", "comment"),
    Kind("private route", "/accounts/{account}/teamnet/routes", "Cloudflare Tunnel", "comment", "is_deleted"),
    Kind("virtual network", "/accounts/{account}/teamnet/virtual_networks", "Cloudflare Tunnel", "name", "is_deleted"),
    Kind("tunnel", "/accounts/{account}/cfd_tunnel", "Cloudflare Tunnel", "name", "is_deleted"),
)
"""In the order of deletion."""


@dataclass(frozen=True)
class Leftover:
    noun: str
    path: str

    def __str__(self) -> str:
        return f"{self.noun} at {self.path}"


def find(api: CloudflareApi, account: str, zone_id: str, run: str) -> tuple[list[Leftover], list[str]]:
    """Objects with the run's id, in the order of deletion, and the nouns of the kinds that could not be listed."""
    found: list[Leftover] = []
    unread: list[str] = []
    for kind in KINDS:
        path = kind.path.format(account=account, zone=zone_id)
        query = {kind.query: "false"} if kind.query else {}
        try:
            items = api.items(path, kind.permission, paged=kind.paged, **query)
        except CheckUnavailable:
            unread.append(kind.noun)
            continue
        found += [Leftover(kind.noun, f"{path}/{item['id']}") for item in items if run in str(item.get(kind.field))]
    return found, unread


def delete(base_url: str, token: str, paths: Iterable[str]) -> list[str]:
    """Deletes what is at these paths, and returns those that still exist.

    A path whose object another one needs is tried again after the others: a tunnel, for one, after its routes.
    """
    left = list(dict.fromkeys(paths))
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
        for _ in range(_DELETE_TRIES):
            left = [path for path in left if not _is_gone(client, path)]
    return left


def _is_gone(client: httpx.Client, path: str) -> bool:
    try:
        cascade = "?cascade=true" if "/cfd_tunnel/" in path else ""
        return client.delete(path + cascade).status_code in (200, 204, 404)
    except httpx.HTTPError:
        return False
