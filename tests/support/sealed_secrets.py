"""Sealing certificates, generated for each run, and the unsealing that a cluster's controller does."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

_keys: dict[str, rsa.RSAPrivateKey] = {}


def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The private key of `name`, generated on first use."""
    return _keys.get(name) or _keys.setdefault(name, rsa.generate_private_key(65537, bits))


def certificate(name: str = "controller", bits: int = 2048, elliptic: bool = False) -> str:
    """A self-signed certificate in PEM; its key is that of `name`."""
    signing = ec.generate_private_key(ec.SECP256R1()) if elliptic else key(name, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, signing.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(signing, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def unseal(entry: str, label: str, name: str = "controller") -> str:
    """The unsealed value, as `pkg/crypto` of sealed-secrets computes it; raises if the key or the label differs."""
    sealed = base64.b64decode(entry)
    length = int.from_bytes(sealed[:2], "big")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label.encode())
    session_key = key(name).decrypt(sealed[2 : 2 + length], oaep)
    return AESGCM(session_key).decrypt(bytes(12), sealed[2 + length :], None).decode()
