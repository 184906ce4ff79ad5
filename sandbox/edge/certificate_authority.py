"""The sandbox's own certificate authority: what connectors and visitors here are told to trust, and nobody else is."""

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
class Leaf:
    """A certificate, those between it and the authority, and its key."""

    certificate: Certificate
    chain: list[Certificate]
    key: PrivateKeyTypes


class Authority:
    """Issues certificates for any name, each made when it is first asked for and kept in memory alone.

    Only the authority itself is on disk, in the sandbox's own folder: its certificate as `edge/ca.pem`, for whoever is to
    trust it, and its key as `edge/ca.key` (mode 0600). Nothing here puts it into a trust store.
    """

    def __init__(self, home: SandboxDirectory) -> None:
        self.certificate = home.path / "edge" / "ca.pem"
        """What `TUNNEL_CACERT`, `SSL_CERT_FILE` or `curl --cacert` take."""
        self._authority = self._load(home)
        self._context = lru_cache(maxsize=1024)(self._make_context)

    def _load(self, home: SandboxDirectory) -> trustme.CA:
        folder = self.certificate.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = folder / "ca.key"
        with contextlib.suppress(FileNotFoundError):
            return trustme.CA.from_pem(self.certificate.read_bytes(), key.read_bytes())
        made = trustme.CA(organization_name="culvert sandbox", organization_unit_name="for this sandbox alone")
        # The key first: a certificate without it would be taken for the authority of an earlier run.
        home.write_secret("edge/ca.key", made.private_key_pem.bytes().decode())
        made.cert_pem.write_to_path(str(self.certificate))
        return made

    def context(self, *names: str) -> ssl.SSLContext:
        """A server's side of TLS for these names, HTTP/1.1 only."""
        return self._context(*names)

    def any_name(self) -> ssl.SSLContext:
        """A server's side of TLS under whatever name the client asks for; `localhost` where it names none."""
        context = self._make_context("localhost", "127.0.0.1")

        def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
            if name:
                try:
                    connection.context = self.context(name.lower())
                except (ValueError, UnicodeError):
                    return _ALERT
            return None

        context.sni_callback = choose  # pyright: ignore[reportAttributeAccessIssue] declared for sockets, called with objects too
        return context

    def _make_context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._issue(*names).configure_cert(context)
        return context

    def leaf(self, *names: str) -> Leaf:
        """A certificate for these names, for what does TLS by itself."""
        issued = self._issue(*names)
        certificate, *chain = [load_pem_x509_certificate(pem.bytes()) for pem in issued.cert_chain_pems]
        return Leaf(certificate, chain, load_pem_private_key(issued.private_key_pem.bytes(), None))

    def _issue(self, *names: str) -> trustme.LeafCert:
        now = datetime.now(UTC)
        # Clocks differ a little, and macOS takes no certificate that is valid for more than 825 days.
        return self._authority.issue_cert(
            *names,
            organization_name="culvert sandbox",
            not_before=now - timedelta(hours=1),
            not_after=now + timedelta(days=397),
        )
