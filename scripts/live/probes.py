"""Calls that the API must refuse: what shows the error codes that the emulator guesses.

Each is harmless. Reads name ids that do not exist, and writes are refused, or create something with the run's id that
is deleted again.
"""

import base64
import uuid
from typing import Any

import httpx

_UNKNOWN, _UNKNOWN_HEX = str(uuid.UUID(int=1)), f"{1:032x}"
_TEST_NETWORK = "192.0.2.0/24"
"""For documentation (RFC 5737): routed in a virtual network of the run's own, and used by nothing."""


class Probes:
    """Makes the calls at `base_url`, the recorder's address. Replies are recorded there."""

    def __init__(self, base_url: str, token: str, account: str, zone_id: str, hostname: str, run: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=60)
        self._account, self._zone = f"/accounts/{account}", f"/zones/{zone_id}"
        self._hostname, self._run = hostname, run

    def run(self) -> None:
        with self._client:
            self._unknown_objects()
            self._refused_bodies()
            self._private_networks()

    def _unknown_objects(self) -> None:
        tunnels = f"{self._account}/cfd_tunnel"
        self._call("GET", f"{tunnels}/{_UNKNOWN}")
        self._call("GET", f"{self._account}/alerting/v3/policies/{_UNKNOWN_HEX}")
        self._call("GET", f"{self._account}/load_balancers/monitors/{_UNKNOWN_HEX}")
        self._call("GET", f"{self._account}/teamnet/virtual_networks/{_UNKNOWN}")
        self._call("GET", f"{self._account}/zerotrust/routes/hostname/{_UNKNOWN}")
        self._call("GET", f"{self._account}/access/identity_providers/{_UNKNOWN}")
        self._call("GET", f"{self._account}/access/service_tokens/{_UNKNOWN}")
        self._call("GET", f"{self._zone}/rulesets/{_UNKNOWN_HEX}")
        self._call("GET", f"{self._zone}/dns_records/{_UNKNOWN_HEX}")

    def _refused_bodies(self) -> None:
        short = base64.b64encode(b"short").decode()
        self._call("POST", f"{self._account}/cfd_tunnel", {"name": f"{self._run}-refused", "tunnel_secret": short})
        self._call("POST", f"{self._account}/alerting/v3/policies", {"name": self._run})
        self._call("POST", f"{self._zone}/rulesets", {"name": self._run, "kind": "zone", "rules": []})
        record = {"type": "TXT", "name": f"refused-{self._hostname}", "content": '"refused"', "ttl": 60}
        # Refused on the free plan; elsewhere it is created, and deleted below.
        self._delete(self._call("POST", f"{self._zone}/dns_records", {**record, "comment": "c" * 101}))

    def _private_networks(self) -> None:
        networks = f"{self._account}/teamnet/virtual_networks"
        tunnel = self._call("POST", f"{self._account}/cfd_tunnel", {"name": f"{self._run}-probe"})
        self._call("GET", f"{tunnel}/connectors/{_UNKNOWN}")
        network = self._call("POST", networks, {"name": self._run})
        self._delete(self._call("POST", networks, {"name": self._run}))
        ids = {"tunnel_id": tunnel.rpartition("/")[2], "comment": self._run}
        route = {**ids, "network": _TEST_NETWORK, "virtual_network_id": network.rpartition("/")[2]}
        routed = self._call("POST", f"{self._account}/teamnet/routes", route)
        self._delete(self._call("POST", f"{self._account}/teamnet/routes", route))
        self._delete(network)
        named = self._call("POST", f"{self._account}/zerotrust/routes/hostname", {**ids, "hostname": self._hostname})
        self._delete(
            self._call("POST", f"{self._account}/zerotrust/routes/hostname", {**ids, "hostname": self._hostname})
        )
        for path in (named, routed, network, tunnel):
            self._delete(path)

    def _call(self, method: str, path: str, body: Any = None) -> str:
        """The path of what the call created; empty where it created nothing."""
        reply = self._client.request(method, path, json=body) if body else self._client.request(method, path)
        try:
            result = reply.json()["result"]
            return f"{path}/{result['id']}" if method == "POST" and reply.is_success else ""
        except (ValueError, KeyError, TypeError):
            return ""

    def _delete(self, path: str) -> None:
        if path:
            self._client.delete(path)
