"""Access to a cluster: the administrator's token, the kubeconfig, and a client of the API."""

import base64
import contextlib
import http.client
import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sandbox.directory import write_private

if TYPE_CHECKING:
    # The Kubernetes client takes half a second to import; a command that finds its cluster running does not need it.
    from kubernetes import client


def admin_token(table: Path) -> str:
    """The administrator's token from the API server's token file (CSV), which is created if it does not exist."""
    if not table.exists():
        write_private(table, f"{secrets.token_urlsafe(32)},sandbox-admin,sandbox-admin,system:masters\n")
    return table.read_text().split(",", 1)[0]


def kubeconfig(port: int, authority: bytes, token: str) -> str:
    """A kubeconfig for the API server on 127.0.0.1:`port`. `authority` is its CA certificate in PEM."""
    cluster = {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": base64.b64encode(authority).decode(),
    }
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": "sandbox", "user": {"token": token}}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox"}}],
            "current-context": "sandbox",
        }
    )


def is_ready(path: Path) -> bool:
    """Whether the embedded API server, whose kubeconfig is at `path`, is ready."""
    with contextlib.suppress(http.client.HTTPException, OSError):
        config = yaml.safe_load(path.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        address = cluster["server"].removeprefix("https://")
        # A larger client takes longer to import than all of the rest of a command that finds its cluster running.
        with contextlib.closing(http.client.HTTPSConnection(address, context=trust, timeout=10)) as api:
            api.request("GET", "/readyz", headers={"Authorization": f"Bearer {user['token']}"})
            return api.getresponse().status == 200
    return False


@contextlib.contextmanager
def connect(path: Path | str) -> Iterator["client.ApiClient"]:
    """A client for the current context of the kubeconfig at `path` (or several, joined as in `KUBECONFIG`).

    Raises ApiUnreachable for a kubeconfig that cannot be used.
    """
    from kubernetes import client

    from clients.kubeconfig import load

    server = load(str(path))
    with client.ApiClient(client.Configuration(host=server.url)) as api:
        api.rest_client.pool_manager = server.pool
        api.default_headers.update(server.headers)
        yield api
