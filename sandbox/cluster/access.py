"""Who may talk to a cluster, and how: tokens, kubeconfigs, and a client made from one."""

import base64
import contextlib
import os
import secrets
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import yaml
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    # The client of Kubernetes takes half a second to import, and a command that finds its cluster running needs none.
    from kubernetes import client


def write_private(path: Path, text: str) -> None:
    """Replace `path` at once by a file of this text which its owner alone can read."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def admin_token(table: Path) -> str:
    """The administrator's token, out of the API server's token table (CSV, made where there is none)."""
    if not table.exists():
        write_private(table, f"{secrets.token_urlsafe(32)},sandbox-admin,sandbox-admin,system:masters\n")
    return table.read_text().split(",", 1)[0]


def kubeconfig(port: int, authority: bytes, token: str) -> str:
    """A kubeconfig for the API server on 127.0.0.1:`port`, which is known by the PEM `authority`."""
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


def answers(path: Path) -> bool:
    """Whether the API server of the kubeconfig at `path`, which is ours, is ready."""
    with contextlib.suppress(httpx.HTTPError, OSError):
        known = yaml.safe_load(path.read_text())
        cluster, user = known["clusters"][0]["cluster"], known["users"][0]["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        authorization = {"Authorization": f"Bearer {user['token']}"}
        with httpx.Client(verify=trust, trust_env=False, timeout=10) as api:
            return api.get(f"{cluster['server']}/readyz", headers=authorization).status_code == 200
    return False


@contextlib.contextmanager
def connect(path: Path | str) -> Iterator["client.ApiClient"]:
    """A client for the current context of the kubeconfig at `path` (or several, joined as in `KUBECONFIG`).

    A cluster on this machine is never reached through a proxy.
    """
    from kubernetes import client, config

    settings = client.Configuration()
    config.load_kube_config(str(path), client_configuration=settings)
    if settings.host.startswith(("https://127.0.0.1:", "https://localhost:", "https://[::1]:")):
        settings.proxy = None
    settings.retries = 0
    with client.ApiClient(settings) as api:
        yield api


def external(path: Path | str) -> str:
    """Name, in words, the cluster of a kubeconfig that somebody gave us; `SandboxError` where it does not answer."""

    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config.config_exception import ConfigException

    def refuse(message: str) -> SandboxError:
        return SandboxError(message, key="KUBECONFIG", value=str(path), accepted="a kubeconfig whose cluster answers")

    try:
        with connect(path) as api:
            server = api.configuration.host
            version = client.VersionApi(api).get_code(_request_timeout=10)
    except (ConfigException, YAMLError) as error:
        raise refuse(f"{path} is no kubeconfig that can be used: {error}") from error
    except ApiException as error:
        denied = error.status in (401, 403)
        reason = "does not accept the credentials given" if denied else f"answers with an error ({error.reason})"
        raise refuse(f"The cluster that {path} names {reason}: HTTP {error.status}.") from error
    except (HTTPError, OSError) as error:
        raise refuse(f"The cluster that {path} names cannot be reached: {getattr(error, 'reason', error)}") from error
    return f"Kubernetes {version.git_version} at {server}"
