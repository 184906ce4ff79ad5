"""The key exchange X25519MLKEM768 for aioquic, which lacks it.

Connectors offer it first and send a key share for it alone, and aioquic cannot request another one. It takes the place
of X448, which no connector offers (https://datatracker.ietf.org/doc/draft-ietf-tls-ecdhe-mlkem/).
"""

from types import SimpleNamespace
from typing import Any

from aioquic import tls
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

GROUP = 0x11EC
_ENCAPSULATION_KEY = 1184


class ClientKeyShare:
    """The client's ML-KEM encapsulation key and X25519 key. Raises ValueError for a malformed share."""

    def __init__(self, share: bytes) -> None:
        self.mlkem = MLKEM768PublicKey.from_public_bytes(share[:_ENCAPSULATION_KEY])
        self.x25519 = X25519PublicKey.from_public_bytes(share[_ENCAPSULATION_KEY:])


class ServerKeyShare:
    """The server's key share, in the shape of an X448 private key; `share` exists once `exchange` has been called."""

    share: bytes

    @classmethod
    def generate(cls) -> "ServerKeyShare":
        return cls()

    def public_key(self) -> "ServerKeyShare":
        return self

    def exchange(self, client: ClientKeyShare) -> bytes:
        x25519 = X25519PrivateKey.generate()
        secret, ciphertext = client.mlkem.encapsulate()
        self.share = ciphertext + x25519.public_key().public_bytes_raw()
        return secret + x25519.exchange(client.x25519)


def install() -> None:
    """Adds the group to aioquic, for the servers of this process."""
    module: Any = tls
    if module.x448.X448PublicKey is ClientKeyShare:
        return
    decode, encode, init = module.decode_public_key, module.encode_public_key, module.Context.__init__

    def init_with_group(self: Any, *arguments: Any, **keywords: Any) -> None:
        init(self, *arguments, **keywords)
        self._supported_groups = [GROUP, *(group for group in self._supported_groups if group != tls.Group.X448)]

    module.x448 = SimpleNamespace(X448PublicKey=ClientKeyShare, X448PrivateKey=ServerKeyShare)
    module.decode_public_key = lambda share: ClientKeyShare(share[1]) if share[0] == GROUP else decode(share)
    module.encode_public_key = lambda key: (GROUP, key.share) if isinstance(key, ServerKeyShare) else encode(key)
    module.Context.__init__ = init_with_group
