"""Private networks under the engine: a route that moves between virtual networks, and a foreign route."""

from typing import Any

from tests.e2e.conftest import ACCOUNT, Sandbox, settings

NETWORK = "10.143.0.0/16"
TEAMNET = f"/accounts/{ACCOUNT}/teamnet"


def routed_settings(virtual: dict[str, str] | None = None) -> dict[str, Any]:
    network = {"virtualNetwork": virtual} if virtual else {}
    return settings("routed", privateNetworks={"routes": [{"network": NETWORK}], **network})


def test_a_route_moves_and_a_foreign_route_stays(sandbox: Sandbox) -> None:
    first = sandbox.up("routed", routed_settings())
    (route,) = sandbox.api("GET", f"{TEAMNET}/routes?comment=culvert/routed")
    assert first["outputs"]["virtualNetworkId"] == route["virtual_network_id"]
    assert route["virtual_network_name"] == "default"

    assert sandbox.up("routed", routed_settings({"name": "homelab"}))["summary"]["delete"] == 1
    (route,) = sandbox.api("GET", f"{TEAMNET}/routes?comment=culvert/routed")
    assert route["virtual_network_name"] == "homelab"

    # A foreign tunnel gets the route's former network, and keeps it.
    tunnel = sandbox.api("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": "elsewhere"})["id"]
    other = sandbox.api("POST", f"{TEAMNET}/routes", {"network": NETWORK, "tunnel_id": tunnel})
    file = sandbox.stack_file("routed", routed_settings())
    errors = sandbox.run("up", "--stack", "routed", "--config", str(file), fails=True)["errors"]
    # The official plugin, which asks for minutes, adds errors of its own.
    error = next(one for one in errors if "1014" in one["message"])
    assert "python -m ops recover" in error["accepted"]
    assert sandbox.api("GET", f"{TEAMNET}/routes/{other['id']}") == other
    assert len(sandbox.api("GET", f"{TEAMNET}/routes?comment=culvert/routed")) == 1

    sandbox.api("DELETE", f"{TEAMNET}/routes/{other['id']}")
    sandbox.api("DELETE", f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel}")
    sandbox.up("routed", routed_settings())
    (route,) = sandbox.api("GET", f"{TEAMNET}/routes?comment=culvert/routed")
    assert route["virtual_network_name"] == "default"
    assert "homelab" not in [network["name"] for network in sandbox.api("GET", f"{TEAMNET}/virtual_networks")]

    sandbox.destroy("routed")
    assert sandbox.api("GET", f"{TEAMNET}/routes?comment=culvert/routed") == []
    assert "culvert-routed" not in sandbox.tunnels()
