"""The certificates by which the API server and the sandbox's kubelet recognise each other."""

import ssl
from pathlib import Path

NAME = "localhost"
"""The host name of the kubelet."""
AUTHORITY, CLIENT, SERVER = "kubelet/ca.pem", "kubelet/client.pem", "kubelet/server.pem"
"""Files below the control plane's folder; the last two hold a private key as well."""


def write(folder: Path) -> None:
    """Writes the certificates on first use, each readable by its owner only. Their authority's key is not kept."""
    if (folder / SERVER).exists():
        return
    import trustme

    from sandbox.directory import write_private

    (folder / AUTHORITY).parent.mkdir(mode=0o700, exist_ok=True)
    authority = trustme.CA(organization_name="culvert sandbox", organization_unit_name="kubelet")
    client = authority.issue_cert("kube-apiserver", common_name="kube-apiserver")
    write_private(folder / AUTHORITY, authority.cert_pem.bytes().decode())
    write_private(folder / CLIENT, client.private_key_and_cert_chain_pem.bytes().decode())
    server = authority.issue_cert(NAME).private_key_and_cert_chain_pem
    write_private(folder / SERVER, server.bytes().decode())


def server_context(folder: Path) -> ssl.SSLContext:
    """A TLS context for the kubelet, which answers the API server alone."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / AUTHORITY))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / SERVER)
    return context
