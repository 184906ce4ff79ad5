"""The controller of sealed-secrets, in the embedded cluster: the real one, with a key of the sandbox's own.

A stack file names the certificate of its real cluster, and what is sealed for that opens nowhere else. So a rehearsal seals for
this certificate in its place, and goes through the same code, the same schema and the same controller.
"""

import base64
import contextlib
from pathlib import Path
from typing import Any

import trustme

from sandbox import tools
from sandbox.cluster.access import connect
from sandbox.directory import SandboxDirectory
from sandbox.tools.processes import Supervisor
from sandbox.tools.tool import Progress

NAME = "sealed-secrets"
_KEYS = "kube-system"
_LABELS = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}


def certificate(home: SandboxDirectory) -> str:
    """The certificate to seal for here, in PEM; its key, made with it, is `sealing/key.pem` (mode 0600)."""
    place = home.path / "sealing" / "certificate.pem"
    if not place.exists():
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = trustme.CA(organization_name="culvert sandbox", key_type=trustme.KeyType.RSA)
        home.write_secret("sealing/key.pem", made.private_key_pem.bytes().decode())
        made.cert_pem.write_to_path(str(place))
    return place.read_text()


def start(home: SandboxDirectory, kubeconfig: Path, supervisor: Supervisor, progress: Progress) -> None:
    """Run the controller, if it does not run yet. `SandboxError` where it cannot be had."""
    if supervisor.running(NAME):
        return
    tool = tools.ensure([NAME], progress)[NAME]
    content = {"tls.crt": certificate(home).encode(), "tls.key": (home.path / "sealing" / "key.pem").read_bytes()}
    key: Any = {
        "metadata": {"name": "sealed-secrets-key", "labels": _LABELS},
        "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(value).decode() for name, value in content.items()},
    }
    from kubernetes import client
    from kubernetes.client.exceptions import ConflictException

    with connect(kubeconfig) as api, contextlib.suppress(ConflictException):  # there since an earlier start
        client.CoreV1Api(api).create_namespaced_secret(_KEYS, key)
    progress("starting the controller of sealed-secrets")
    supervisor.start(NAME, [tool.path, "--kubeconfig", kubeconfig, "--key-namespace", _KEYS])
