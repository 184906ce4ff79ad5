"""Sealing a text for a cluster's sealed-secrets controller, the same way each time.

Format: https://github.com/bitnami/sealed-secrets/blob/main/docs/developer/crypto.md. Why nothing here is random, and why that is
safe for a token and would not be for a password: docs/decisions/deterministic-sealing.md.
"""

import base64
import hashlib

_SALT = b"culvert: a token sealed for a cluster"
"""As it was first written: another would roll every pod."""
_SESSION_KEY, _SEED = 32, hashlib.sha256().digest_size


def sealed(token: str, certificate: str, namespace: str, name: str) -> str:
    """An entry of a SealedSecret's `encryptedData`, in base64, that opens only as part of the Secret `namespace`/`name`.

    `token` must be beyond guessing; `certificate` is the controller's, in PEM, with an RSA key.
    """
    # Most stacks seal nothing, and need not wait for these imports.
    from Crypto.Cipher import AES, PKCS1_OAEP
    from Crypto.Hash import SHA256
    from Crypto.Protocol.KDF import HKDF
    from Crypto.PublicKey import RSA

    key = RSA.import_key(certificate)
    label = f"{namespace}/{name}".encode()
    # Bound to all that the result depends on: another cluster, place or token has another key, so that each encrypts once.
    context = SHA256.new(key.public_key().export_key("DER")).digest() + label
    derived = HKDF(token.encode(), _SESSION_KEY + _SEED, _SALT, SHA256, context=context)
    assert isinstance(derived, bytes)
    session_key, seed = derived[:_SESSION_KEY], derived[_SESSION_KEY:]
    locked = PKCS1_OAEP.new(key, SHA256, label=label, randfunc=lambda size: seed[:size]).encrypt(session_key)
    # The nonce is upstream's: a key that encrypts one text needs no other.
    content, tag = AES.new(session_key, AES.MODE_GCM, nonce=bytes(12)).encrypt_and_digest(token.encode())
    return base64.b64encode(len(locked).to_bytes(2, "big") + locked + content + tag).decode()


def fingerprint(token: str) -> str:
    """Eight hex digits that differ from token to token and tell nothing of it: the token is beyond guessing."""
    return hashlib.sha256(_SALT + token.encode()).hexdigest()[:8]
