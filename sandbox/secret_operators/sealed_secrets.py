"""The real controller of sealed-secrets, in the embedded cluster, with a key of the sandbox's own.

A stack file names the certificate of its real cluster, and only that cluster can unseal what is sealed with it. A
rehearsal therefore seals with this certificate instead; the code, the schema and the controller are the same.
"""

import base64
import contextlib
from pathlib import Path
from typing import Any

from sandbox import tools
from sandbox.cluster.access import connect
from sandbox.directory import SandboxDirectory
from sandbox.tools.processes import Supervisor
from sandbox.tools.tool import Progress

NAME = "sealed-secrets"
_KEY_NAMESPACE = "kube-system"
_LABELS = {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}


def certificate(directory: SandboxDirectory) -> str:
    """The sandbox's sealing certificate in PEM, created on first use; its key is `sealing/key.pem` (mode 0600)."""
    path = directory.path / "sealing" / "certificate.pem"
    if not path.exists():
        import trustme

        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="culvert sandbox", key_type=trustme.KeyType.RSA)
        directory.write_secret("sealing/key.pem", authority.private_key_pem.bytes().decode())
        directory.write_secret("sealing/certificate.pem", authority.cert_pem.bytes().decode())
    return path.read_text()


def start(directory: SandboxDirectory, kubeconfig: Path, supervisor: Supervisor, progress: Progress) -> None:
    """Starts the controller unless it runs. Raises `SandboxError` if it is not available."""
    if supervisor.running(NAME):
        return
    tool = tools.ensure([NAME], progress)[NAME]
    content = {
        "tls.crt": certificate(directory).encode(),
        "tls.key": (directory.path / "sealing" / "key.pem").read_bytes(),
    }
    key: Any = {
        "metadata": {"name": "sealed-secrets-key", "labels": _LABELS},
        "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(value).decode() for name, value in content.items()},
    }
    from kubernetes import client
    from kubernetes.client.exceptions import ConflictException

    with connect(kubeconfig) as api, contextlib.suppress(ConflictException):  # it exists since an earlier start
        client.CoreV1Api(api).create_namespaced_secret(_KEY_NAMESPACE, key)
    progress("starting the sealed-secrets controller")
    supervisor.start(NAME, [tool.path, "--kubeconfig", kubeconfig, "--key-namespace", _KEY_NAMESPACE])
