"""Which tunnels a list has: the query parameters of `/cfd_tunnel` and `/tunnels`.

https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/methods/list/
"""

from typing import Any

from sandbox.cloudflare.crud import Query

KIND = "cfd_tunnel"
"""The only kind of tunnel here; others (WARP connectors, Magic WAN) have endpoints of their own."""


def matches(tunnel: dict[str, Any], query: Query) -> bool:
    """Whether the query selects this tunnel, given as the API shows it. Times are compared in RFC 3339, UTC."""
    tests = {key: test for key, test in _TESTS.items() if key in query}
    return all(test(tunnel, query[key]) for key, test in tests.items())


def _before(moment: str | None, limit: str) -> bool:
    """Times of this emulator have one notation, so text in the same zone compares to the second."""
    return moment is not None and moment[:19] <= limit[:19]


def _existed(tunnel: dict[str, Any], at: str) -> bool:
    return _before(tunnel["created_at"], at) and not _before(tunnel["deleted_at"], at)


_TESTS = {
    "name": lambda tunnel, value: tunnel["name"] == value,
    "status": lambda tunnel, value: tunnel["status"] == value,
    "uuid": lambda tunnel, value: tunnel["id"] == value.lower(),
    "is_deleted": lambda tunnel, value: bool(tunnel["deleted_at"]) == (value.lower() == "true"),
    "include_prefix": lambda tunnel, value: tunnel["name"].startswith(value),
    "exclude_prefix": lambda tunnel, value: not tunnel["name"].startswith(value),
    "existed_at": _existed,
    "was_active_at": lambda tunnel, value: _before(tunnel["conns_active_at"], value),
    "was_inactive_at": lambda tunnel, value: _before(tunnel["conns_inactive_at"], value),
}
