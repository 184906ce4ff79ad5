"""Deterministic encryption of a token for a cluster's sealed-secrets controller.

Format: https://github.com/bitnami/sealed-secrets/blob/main/docs/developer/crypto.md. Why nothing here is random, and
why that is safe for a token and would not be for a password: docs/decisions/deterministic-sealing.md.
"""

import base64
import hashlib

_SALT = b"culvert: a token sealed for a cluster"
"""Never change it: another salt would roll the pods of every stack."""
_SESSION_KEY, _SEED = 32, hashlib.sha256().digest_size


def seal(token: str, certificate: str, namespace: str, name: str) -> str:
    """An entry of a SealedSecret's `encryptedData`, in base64, which decrypts only for the Secret `namespace`/`name`.

    `token` must have too much entropy to guess; `certificate` is the controller's, in PEM, with an RSA key.
    """
    # Here, because most stacks use no SealedSecret and these imports take time.
    from Crypto.Cipher import AES, PKCS1_OAEP
    from Crypto.Hash import SHA256
    from Crypto.Protocol.KDF import HKDF
    from Crypto.PublicKey import RSA

    key = RSA.import_key(certificate)
    label = f"{namespace}/{name}".encode()
    # Bound to everything that the result depends on: another cluster, Secret or token derives another key, so each key
    # encrypts one message.
    context = SHA256.new(key.public_key().export_key("DER")).digest() + label
    derived = HKDF(token.encode(), _SESSION_KEY + _SEED, _SALT, SHA256, context=context)
    assert isinstance(derived, bytes)
    session_key, seed = derived[:_SESSION_KEY], derived[_SESSION_KEY:]
    locked = PKCS1_OAEP.new(key, SHA256, label=label, randfunc=lambda size: seed[:size]).encrypt(session_key)
    # The nonce is upstream's, all zeros: safe for a key that encrypts one message.
    content, tag = AES.new(session_key, AES.MODE_GCM, nonce=bytes(12)).encrypt_and_digest(token.encode())
    return base64.b64encode(len(locked).to_bytes(2, "big") + locked + content + tag).decode()


def fingerprint(token: str) -> str:
    """Eight hex digits that differ between tokens and reveal nothing: a token has too much entropy to guess."""
    return hashlib.sha256(_SALT + token.encode()).hexdigest()[:8]
