"""An emulator to test against: in this process, or served by one of its own."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.paths import PROJECT

ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONE = "89abcdef0123456789abcdef01234567"
OTHER_ZONE = "99abcdef0123456789abcdef01234567"
TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"
RECORDS = f"/zones/{ZONE}/dns_records"
RULESETS = f"/zones/{ZONE}/rulesets"
EVERYTHING = (
    "Account Settings: Read",
    "Cloudflare Tunnel: Edit",
    "DNS: Edit",
    "Zone: Read",
    "Zone WAF: Edit",
    "Access: Apps and Policies: Edit",
    "Access: Service Tokens: Edit",
    "Notifications: Edit",
    "Load Balancers: Monitors And Pools: Edit",
    "Load Balancers: Edit",
)


@dataclass
class Emulated:
    """The owner's side and a token's side of one emulator."""

    http: httpx.Client
    admin: str
    token: str = ""

    def owner(self, method: str, path: str, body: Any = None) -> Any:
        """A call to `/sandbox/*`, which must succeed; its JSON."""
        reply = self.http.request(
            method, f"/sandbox{path}", json=body, headers={"Authorization": f"Bearer {self.admin}"}
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    def begin(self) -> None:
        """An account, two zones, and a token that may do everything."""
        zones = [
            {"id": ZONE, "name": "example.com", "account": ACCOUNT},
            {"id": OTHER_ZONE, "name": "example.org", "account": ACCOUNT},
        ]
        self.owner("POST", "/seed", {"accounts": [{"id": ACCOUNT, "name": "Home"}], "zones": zones})
        self.token = self.mint(EVERYTHING)

    def mint(self, permissions: Sequence[Any] | None) -> str:
        wanted = None if permissions is None else list(permissions)
        return self.owner("POST", "/tokens", {"name": "test", "permissions": wanted})["value"]

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        """An API call; `body` is sent as JSON, or as it is where it is bytes."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self.http.request(method, f"/client/v4{path}", content=content, headers=headers)

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """An API call that must succeed; its result."""
        reply = self.call(method, path, body)
        assert reply.status_code == 200, reply.text
        assert reply.json()["success"] is True
        return reply.json()["result"]

    def tunnel(self, name: str = "culvert-dev") -> str:
        """Makes a tunnel; its id."""
        return self.done("POST", TUNNELS, {"name": name, "config_src": "cloudflare", "tunnel_secret": secret()})["id"]

    def connect(self, tunnel: str, connectors: list[int]) -> Any:
        return self.owner("PUT", "/connections", {"tunnel": tunnel, "connectors": connectors})


def secret(length: int = 32) -> str:
    return base64.b64encode(secrets.token_bytes(length)).decode()


def refusal(reply: httpx.Response) -> tuple[int, int]:
    """A refusal's status and first code; fails on a reply that is none, or not in the envelope."""
    body = reply.json()
    assert body["success"] is False
    assert body["result"] is None
    return reply.status_code, body["errors"][0]["code"]


@contextmanager
def served(database: Path, *, admin: str = "owner") -> Iterator[Emulated]:
    """An emulator in a process of its own, stopped at the end."""
    port_file = database.with_name(f"port-{secrets.token_hex(4)}.json")
    command = [sys.executable, "-m", "sandbox.cloudflare", "--database", str(database), "--port-file", str(port_file)]
    root = PROJECT
    process = subprocess.Popen(command, cwd=root, env={**os.environ, "CULVERT_SANDBOX_ADMIN": admin})
    try:
        for _ in range(600):
            if port_file.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        assert port_file.exists(), "the emulator did not start"
        address = f"http://127.0.0.1:{json.loads(port_file.read_text())['port']}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            yield Emulated(client, admin)
    finally:
        process.terminate()
        process.wait(timeout=20)
