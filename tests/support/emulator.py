"""Emulators to test against: in a thread of this process, or in a process of their own."""

import base64
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from sandbox.cloudflare.app import build
from sandbox.cloudflare.faults import FaultInjector
from sandbox.cloudflare.server import listen, server
from sandbox.cloudflare.store import Store
from tests.support.paths import PROJECT

ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONE = "89abcdef0123456789abcdef01234567"
OTHER_ZONE = "99abcdef0123456789abcdef01234567"
TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"
RECORDS = f"/zones/{ZONE}/dns_records"
RULESETS = f"/zones/{ZONE}/rulesets"
ALL_PERMISSIONS = (
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
    "Access: Organizations, Identity Providers, and Groups: Edit",
)
_OWNER = "owner"


@dataclass
class Emulator:
    """One emulator, with its admin API and the API for a token."""

    http: httpx.Client
    admin_secret: str
    token: str = ""

    @property
    def base_url(self) -> str:
        """The value for CLOUDFLARE_BASE_URL."""
        return f"{str(self.http.base_url).rstrip('/')}/client/v4"

    def owner_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.admin_secret}"}
        return self.http.request(method, f"/sandbox{path}", json=body, headers=headers)

    def owner(self, method: str, path: str, body: Any = None) -> Any:
        """A call to `/sandbox/*` that must succeed; its JSON."""
        reply = self.owner_call(method, path, body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def seed(self) -> None:
        """An account, two zones, and a token with every permission."""
        zones = [
            {"id": ZONE, "name": "example.com", "account": ACCOUNT},
            {"id": OTHER_ZONE, "name": "example.org", "account": ACCOUNT},
        ]
        self.owner("POST", "/seed", {"accounts": [{"id": ACCOUNT, "name": "Home"}], "zones": zones})
        self.token = self.create_token(ALL_PERMISSIONS)

    def create_token(self, permissions: Sequence[Any] | None) -> str:
        listed = None if permissions is None else list(permissions)
        return self.owner("POST", "/tokens", {"name": "test", "permissions": listed})["value"]

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        """An API call; `body` is sent as JSON, bytes unchanged."""
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
        """Creates a tunnel and returns its id."""
        return self.done("POST", TUNNELS, {"name": name, "config_src": "cloudflare", "tunnel_secret": secret()})["id"]

    def connect(self, tunnel: str, connectors: list[int]) -> Any:
        """Replaces the connections of a tunnel; `connectors` are the numbers of connections of each connector."""
        return self.owner("PUT", "/connections", {"tunnel": tunnel, "connectors": connectors})


def secret(length: int = 32) -> str:
    return base64.b64encode(secrets.token_bytes(length)).decode()


def refusal(reply: httpx.Response) -> tuple[int, int]:
    """Status and first code of an error reply; fails on a reply that succeeded or has no envelope."""
    body = reply.json()
    assert body["success"] is False
    assert body["result"] is None
    return reply.status_code, body["errors"][0]["code"]


class EmulatorThread:
    """One server for many tests, each with a database of its own."""

    def __init__(self, folder: Path, altered: Callable[[ASGIApp], ASGIApp] | None = None) -> None:
        """`altered` wraps the application in a middleware."""
        self._app = build(folder / "unused.sqlite3", _OWNER)
        listener, self._server = listen(0), server(altered(self._app) if altered else self._app)
        self._url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    @contextmanager
    def emulator(self, database: Path) -> Iterator[Emulator]:
        """An emulator on this database, seeded and without faults."""
        self._app.state.store = Store(database)
        self._app.state.faults = FaultInjector()
        try:
            # It speaks plain HTTP. To read all certificate authorities for each test would take 10 s of a whole run.
            with httpx.Client(base_url=self._url, timeout=30, trust_env=False, verify=False) as client:
                emulator = Emulator(client, _OWNER)
                emulator.seed()
                yield emulator
        finally:
            self._app.state.store.close()


@contextmanager
def emulator_process(database: Path, *, admin: str = _OWNER) -> Iterator[Emulator]:
    """An emulator in a process of its own, not seeded; terminated at the end."""
    port_file = database.with_name(f"port-{secrets.token_hex(4)}.json")
    command = [sys.executable, "-m", "sandbox.cloudflare", "--database", str(database), "--port-file", str(port_file)]
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "CULVERT_SANDBOX_ADMIN": admin})
    try:
        for _ in range(600):
            if port_file.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
        assert port_file.exists(), "the emulator did not start"
        address = f"http://127.0.0.1:{json.loads(port_file.read_text())['port']}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            yield Emulator(client, admin)
    finally:
        process.terminate()
        process.wait(timeout=20)
