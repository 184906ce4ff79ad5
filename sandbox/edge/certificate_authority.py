"""The sandbox's own certificate authority, which its connectors and visitors trust, and no other program does."""

import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import trustme
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate

from sandbox.directory import SandboxDirectory

_ALERT = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate with its private key; `chain` holds the certificates between it and the authority."""

    certificate: Certificate
    chain: list[Certificate]
    key: PrivateKeyTypes


class CertificateAuthority:
    """Issues certificates for any name, each on first use and kept in memory only.

    Only the authority itself is on disk, in the sandbox's own folder: its certificate as `edge/ca.pem`, for programs
    that are to trust it, and its key as `edge/ca.key` (mode 0600). Nothing here adds it to a trust store.
    """

    def __init__(self, home: SandboxDirectory) -> None:
        self.certificate = home.path / "edge" / "ca.pem"
        """The file for `TUNNEL_CACERT`, `SSL_CERT_FILE` or `curl --cacert`."""
        self._authority = self._load(home)
        self._context = lru_cache(maxsize=1024)(self._create_context)

    def _load(self, home: SandboxDirectory) -> trustme.CA:
        folder = self.certificate.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = folder / "ca.key"
        with contextlib.suppress(FileNotFoundError):
            return trustme.CA.from_pem(self.certificate.read_bytes(), key.read_bytes())
        authority = trustme.CA(organization_name="culvert sandbox", organization_unit_name="for this sandbox only")
        # The key first: after an interruption, a certificate without its key would be trusted and of no use.
        home.write_secret("edge/ca.key", authority.private_key_pem.bytes().decode())
        home.write_secret("edge/ca.pem", authority.cert_pem.bytes().decode())
        return authority

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A TLS context for servers with these names, for HTTP/1.1 only."""
        return self._context(*names)

    def sni_context(self) -> ssl.SSLContext:
        """A TLS context for servers that presents a certificate for the client's SNI; `localhost` without one."""
        context = self._create_context("localhost", "127.0.0.1")

        def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
            if name:
                try:
                    connection.context = self.server_context(name.lower())
                except (ValueError, UnicodeError):
                    return _ALERT
            return None

        # Typeshed declares the callback for sockets; asyncio calls it with SSL objects.
        context.sni_callback = choose  # pyright: ignore[reportAttributeAccessIssue]
        return context

    def _create_context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._issue(*names).configure_cert(context)
        return context

    def server_certificate(self, *names: str) -> ServerCertificate:
        """A certificate for these names, for protocols with a TLS stack of their own (QUIC)."""
        issued = self._issue(*names)
        certificate, *chain = [load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems]
        return ServerCertificate(certificate, chain, load_pem_private_key(issued.private_key_pem.bytes(), None))

    def _issue(self, *names: str) -> trustme.LeafCert:
        now = datetime.now(UTC)
        # The hour allows for clock skew; macOS rejects certificates that are valid for more than 825 days.
        return self._authority.issue_cert(
            *names,
            organization_name="culvert sandbox",
            not_before=now - timedelta(hours=1),
            not_after=now + timedelta(days=397),
        )
