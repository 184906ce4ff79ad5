"""Tunnels, their configuration, token, connectors and connections."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, Emulator, secret

RULES: list[Any] = [
    {"hostname": "a.example.com", "service": "http://a:80", "originRequest": {"connectTimeout": 10}},
    {"hostname": "", "service": "http_status:404"},
]
EARLY, LATE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


def create(sdk: Any, name: str) -> str:
    made = sdk.zero_trust.tunnels.cloudflared.create(
        account_id=ACCOUNT, name=name, config_src="cloudflare", tunnel_secret=secret()
    )
    assert made
    assert made.id
    return made.id


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, {"one", "two", "old"}),
        ({"name": "one"}, {"one"}),
        ({"include_prefix": "o", "exclude_prefix": "ol"}, {"one"}),
        ({"is_deleted": True}, {"old"}),
        ({"is_deleted": False}, {"one", "two"}),
        ({"status": "degraded"}, {"one"}),
        ({"existed_at": EARLY}, set()),
        ({"existed_at": LATE}, {"one", "two"}),
        ({"was_active_at": LATE}, {"one"}),
        ({"was_inactive_at": LATE}, {"two", "old"}),
    ],
)
def test_tunnels_are_listed_by_filters(emulator: Emulator, sdk: Any, filters: dict[str, Any], names: set[str]) -> None:
    tunnels = sdk.zero_trust.tunnels
    one, _, old = create(sdk, "one"), create(sdk, "two"), create(sdk, "old")
    emulator.connect(one, [4, 1])
    tunnels.cloudflared.delete(old, account_id=ACCOUNT)
    assert {tunnel.name for tunnel in tunnels.cloudflared.list(account_id=ACCOUNT, **filters)} == names
    assert {tunnel.name for tunnel in tunnels.list(account_id=ACCOUNT, tun_types=["cfd_tunnel"], **filters)} == names
    assert list(tunnels.list(account_id=ACCOUNT, tun_types=["warp_connector", "magic"], **filters)) == []
    assert len(list(tunnels.cloudflared.list(account_id=ACCOUNT, uuid=one.upper()))) == 1


def test_a_tunnel_is_renamed_connected_drained_and_deleted(emulator: Emulator, sdk: Any) -> None:
    cloudflared, account = sdk.zero_trust.tunnels.cloudflared, {"account_id": ACCOUNT}
    tunnel = create(sdk, "one")
    renamed = cloudflared.edit(tunnel, name="two", **account)
    assert renamed
    assert renamed.name == "two"
    assert cloudflared.token.get(tunnel, **account)
    emulator.connect(tunnel, [4, 1])
    first, second = cloudflared.connections.get(tunnel, **account)
    assert first.conns
    assert second.conns
    assert (len(first.conns), len(second.conns)) == (4, 1)
    assert first.id
    assert second.id
    assert cloudflared.connectors.get(second.id, tunnel_id=tunnel, **account) == second
    cloudflared.connections.delete(tunnel, client_id=first.id, **account)
    assert list(cloudflared.connections.get(tunnel, **account)) == [second]
    cloudflared.connections.delete(tunnel, **account)
    deleted = cloudflared.delete(tunnel, **account)
    assert deleted
    assert deleted.deleted_at


def test_a_configuration_is_replaced_and_read(sdk: Any) -> None:
    configurations, tunnel = sdk.zero_trust.tunnels.cloudflared.configurations, create(sdk, "one")
    empty = configurations.get(tunnel, account_id=ACCOUNT)
    assert empty
    assert (empty.version, empty.config) == (0, None)
    configurations.update(tunnel, account_id=ACCOUNT, config={"ingress": RULES})
    read = configurations.get(tunnel, account_id=ACCOUNT)
    assert read
    assert read.version == 1
    assert read.config
    assert read.config.ingress
    first = read.config.ingress[0]
    assert (first.hostname, first.origin_request and first.origin_request.connect_timeout) == ("a.example.com", 10)
