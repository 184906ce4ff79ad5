"""Private routes, by network and by hostname, and virtual networks."""

from typing import Any

import pytest
from cloudflare import BadRequestError, NotFoundError

from tests.support.emulator import ACCOUNT, Emulator

HERE: dict[str, Any] = {"account_id": ACCOUNT}


def test_the_default_virtual_network_is_as_old_as_the_account(sdk: Any) -> None:
    networks = sdk.zero_trust.networks.virtual_networks
    account = sdk.accounts.get(account_id=ACCOUNT)
    (default,) = networks.list(**HERE)
    assert (default.is_default_network, default.created_at) == (True, account.created_on)
    lab = networks.create(**HERE, name="lab", comment="x", is_default_network=False)
    assert networks.edit(lab.id, **HERE, name="laboratory").name == "laboratory"
    assert [network.id for network in networks.list(**HERE, is_default_network=True)] == [default.id]
    assert [network.id for network in networks.list(**HERE, is_default=False)] == [lab.id]
    with pytest.raises(BadRequestError):
        networks.delete(default.id, **HERE)
    networks.edit(lab.id, **HERE, is_default_network=True)
    with pytest.raises(BadRequestError):
        networks.delete(default.id, **HERE)


def test_an_address_takes_the_route_with_the_longest_prefix(emulator: Emulator, sdk: Any) -> None:
    routes = sdk.zero_trust.networks.routes
    tunnel = emulator.tunnel("home")
    wide = routes.create(**HERE, network="10.0.0.0/8", tunnel_id=tunnel, comment="wide")
    narrow = routes.create(**HERE, network="10.1.0.0/16", tunnel_id=tunnel)
    six = routes.create(**HERE, network="fd00::/16", tunnel_id=tunnel)
    found = routes.ips.get("10.1.2.3", **HERE)
    assert (found.id, found.tunnel_name, found.virtual_network_name) == (narrow.id, "home", "default")
    assert routes.ips.get("10.2.0.1", **HERE).id == wide.id
    assert routes.ips.get("fd00::1", **HERE).id == six.id
    with pytest.raises(NotFoundError):
        routes.ips.get("192.0.2.1", **HERE)
    with pytest.raises(BadRequestError):
        routes.ips.get("home", **HERE)
    assert [each.id for each in routes.list(**HERE, network_subset="10.0.0.0/12")] == [narrow.id]
    assert [each.id for each in routes.list(**HERE, network_superset="10.2.0.0/24")] == [wide.id]
    assert [each.tunnel_name for each in routes.list(**HERE, tunnel_id=tunnel, comment="wide")] == ["home"]
    assert routes.edit(wide.id, **HERE, comment="changed").comment == "changed"
    routes.delete(narrow.id, **HERE)
    assert routes.ips.get("10.1.2.3", **HERE).id == wide.id


def test_a_hostname_route_is_changed_and_deleted(emulator: Emulator, sdk: Any) -> None:
    routes = sdk.zero_trust.networks.hostname_routes
    made = routes.create(**HERE, hostname="wiki.internal", tunnel_id=emulator.tunnel(), comment="x")
    assert routes.edit(made.id, **HERE, comment="y").comment == "y"
    assert [route.hostname for route in routes.list(**HERE, hostname="wiki.internal")] == ["wiki.internal"]
    assert routes.get(made.id, **HERE).comment == "y"
    routes.delete(made.id, **HERE)
    assert list(routes.list(**HERE)) == []
